//! How much room a text takes.

/// The width of a character in thousandths of its size: never less than in Arial, or in what Linux has in its place.
fn thousandths(character: char) -> i32 {
    match character {
        'i' | 'j' | 'l' | '\'' => 290,
        ' ' | '.' | ',' | ':' | ';' | '|' | '/' | 'f' | 'I' => 360,
        't' | 'r' | '(' | ')' | '-' | '!' => 420,
        'a'..='l' | 'n'..='v' | 'x'..='z' | '0'..='9' => 640,
        'A'..='L' | 'N'..='V' | 'X'..='Z' | 'w' => 820,
        _ => 1_030,
    }
}

/// How wide a text is at most, of this size.
pub fn width(text: &str, size: i32) -> i32 {
    let thousandths = text.chars().map(thousandths).fold(0, i32::saturating_add);
    thousandths.saturating_mul(size) / 1_000 + 1
}

/// The text, or as much of its beginning as there is room for.
pub fn fitted(text: &str, size: i32, room: i32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let shortened = format!("{}…", short.trim_end());
        if width(&shortened, size) <= room {
            return shortened;
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_shortened() {
        assert_eq!(fitted("Final review held", 13, 400), "Final review held");
        let short = fitted("Approved by the assistant director of children's services", 13, 120);
        assert_eq!(short, "Approved by th…");
        assert!(width(&short, 13) <= 120);
        assert_eq!(fitted("Meeting", 13, 3), "");
    }
}
