//! What a cell of a workbook says, as the text that another file would have.

use calamine::DataRef;
use jiff::civil::{Date, date};

use crate::domain::calendar::shift;
use crate::exchange::incoming::cells::SPREADSHEET_ERROR;

/// The day before the first of each system of dates, as if 1900 had been a leap year, which spreadsheets believe.
const EPOCH_1900: Date = date(1899, 12, 30);
const EPOCH_1904: Date = date(1904, 1, 1);

/// The last day of all.
const LAST_DAY: i64 = 2_958_465 - 1_462;

const SECONDS: i64 = 24 * 60 * 60;

/// Hands on what a cell says, unless it is blank.
pub fn with_text<E>(value: &DataRef, is_1904: bool, take: impl FnOnce(&str) -> Result<(), E>) -> Result<(), E> {
    match value {
        DataRef::Empty => Ok(()),
        DataRef::SharedString(text) => take(text),
        DataRef::String(text) | DataRef::DurationIso(text) => take(text),
        DataRef::DateTimeIso(text) => take(text.strip_suffix("T00:00:00").unwrap_or(text)),
        DataRef::Int(number) => take(&number.to_string()),
        DataRef::Float(number) => take(&number_text(*number)),
        DataRef::Bool(flag) => take(if *flag { "yes" } else { "no" }),
        DataRef::DateTime(moment) if moment.is_datetime() => take(&moment_text(moment.as_f64(), is_1904)),
        DataRef::DateTime(duration) => take(&number_text(duration.as_f64())),
        DataRef::Error(error) => take(&format!("{SPREADSHEET_ERROR}{error}")),
    }
}

/// A whole number without a fraction.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{:.0}", number + 0.0) } else { number.to_string() }
}

/// A date, with the time unless that is midnight; a number that is no date stays one.
fn moment_text(number: f64, is_1904: bool) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is far below 2^52")]
    if !(0.0..LAST_DAY as f64).contains(&number) {
        return number_text(number);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is below 2^38")]
    let seconds = (number * 86_400.0).round() as i64;
    let (days, time) = (seconds / SECONDS, seconds % SECONDS);
    let time_text = format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60);
    let day = match days {
        _ if is_1904 => shift(EPOCH_1904, days),
        0 => return time_text,
        // The 60th is the 29th of February 1900, which never was.
        1..60 => shift(EPOCH_1900, days + 1),
        _ => shift(EPOCH_1900, days),
    };
    if time == 0 { day.to_string() } else { format!("{day} {time_text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(46_027.0, false, "2026-01-05")]
    #[case(44_565.0, true, "2026-01-05")]
    #[case(46_027.5, false, "2026-01-05 12:00:00")]
    #[case(46_027.999_999_999, false, "2026-01-06")]
    #[case(1.0, false, "1900-01-01")]
    #[case(59.0, false, "1900-02-28")]
    #[case(61.0, false, "1900-03-01")]
    #[case(0.0, true, "1904-01-01")]
    #[case(0.75, false, "18:00:00")]
    #[case(-1.0, false, "-1")]
    #[case(1e300, false, "1e300")]
    #[case(f64::NAN, false, "NaN")]
    fn numbers_are_days_in_both_systems(#[case] number: f64, #[case] is_1904: bool, #[case] expected: &str) {
        let text = moment_text(number, is_1904);
        if number < 1e300 || number.is_nan() {
            assert_eq!(text, expected);
        } else {
            assert_eq!(text.parse(), Ok(number));
        }
    }

    #[rstest::rstest]
    #[case(3.0, "3")]
    #[case(-0.0, "0")]
    #[case(2.5, "2.5")]
    #[case(123_456_789_012.0, "123456789012")]
    fn whole_numbers_have_no_fraction(#[case] number: f64, #[case] expected: &str) {
        assert_eq!(number_text(number), expected);
    }
}
