//! Days before and after a day.

use jiff::SignedDuration;
use jiff::civil::Date;

/// The day after; for ever stays for ever.
#[must_use]
#[inline]
pub fn next_day(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

/// How many days lie from `from` to `to`; negative where `to` is earlier.
#[must_use]
#[inline]
pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from(ordinal(to)) - i64::from(ordinal(from))
}

/// `day` and this many days more (or less); stops at the ends of the civil calendar.
#[must_use]
pub fn shift(day: Date, days: i64) -> Date {
    let duration = SignedDuration::from_secs(days.saturating_mul(24 * 60 * 60));
    day.checked_add(duration).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

/// The number of a day, counted from a day before the civil calendar begins. Years are taken to begin in March, so that a leap day is a
/// year's last, and nothing branches: the judging of a case asks for this more often than for anything else.
///
/// Source: C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms", 2022.
#[inline]
fn ordinal(day: Date) -> u32 {
    /// Whole cycles of 400 years, after which the calendar repeats itself: no year is negative any more.
    const YEARS_ADDED: i32 = 400 * 82;
    let in_next_year = day.month() <= 2;
    let year = (i32::from(day.year()) - i32::from(in_next_year) + YEARS_ADDED).cast_unsigned();
    let month = u32::from(day.month().cast_unsigned()) + if in_next_year { 12 } else { 0 };
    let century = year / 100;
    let before_year = 1_461 * year / 4 - century + century / 4;
    before_year + (979 * month - 2_919) / 32 + u32::from(day.day().cast_unsigned())
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_counted_as_the_civil_calendar_counts_them() {
        let mut day = date(1895, 12, 31);
        let first = day;
        for number in 0..150_000 {
            assert_eq!((days_between(first, day), shift(first, number), shift(day, -number)), (number, day, first), "{day}");
            day = day.tomorrow().expect("it is in the civil calendar");
        }
    }

    #[test]
    fn long_ways_are_those_of_the_civil_calendar_and_stop_at_its_ends() {
        let day = date(2026, 11, 26);
        for days in [-4_300_000, -800_000, -1, 0, 1, 730_485, 2_900_000] {
            let expected = day.checked_add(days.days()).expect("it is in the civil calendar");
            assert_eq!((shift(day, days), days_between(day, expected)), (expected, days));
        }
        assert_eq!((shift(day, i64::MAX), shift(day, i64::MIN)), (Date::MAX, Date::MIN));
        assert_eq!((next_day(Date::MAX), shift(Date::MIN, -1)), (Date::MAX, Date::MIN));
    }
}
