//! How well two colours can be told apart, by WCAG 2.2, for the tests of what is shown.

/// The least contrast of text with what is behind it (success criterion 1.4.3).
pub const OF_TEXT: f64 = 4.5;

/// The least contrast of a border or a mark with what is beside it (1.4.11).
pub const OF_MARKS: f64 = 3.0;

/// The contrast of two colours such as `#1c2733`, from 1 to 21.
pub fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let channel = |from: usize| {
        let value = u8::from_str_radix(&colour[from..from + 2], 16).expect("a colour has six hexadecimal digits");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}
