//! Days before and after a day.
//!
//! The judging of a case moves dates about so often that this is worth its own arithmetic: a date is turned into a number and back.

use jiff::civil::Date;

/// The day after; for ever stays for ever.
#[must_use]
pub fn next_day(day: Date) -> Date {
    shift(day, 1)
}

/// How many days lie from `from` to `to`; negative where `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from(ordinal(to) - ordinal(from))
}

/// `day` and this many days more (or less); stops at the ends of the civil calendar.
#[must_use]
pub fn shift(day: Date, days: i64) -> Date {
    let (first, last) = (i64::from(ordinal(Date::MIN)), i64::from(ordinal(Date::MAX)));
    let shifted = i64::from(ordinal(day)).saturating_add(days).clamp(first, last);
    of_ordinal(i32::try_from(shifted).expect("the days of the civil calendar fit in 32 bits"))
}

/// The days of 400 years, after which the calendar repeats itself.
const ERA: i32 = 146_097;

/// The number of a day, counted from 1 March of the year 0. Years are taken to begin in March, so that a leap day is a year's last; the
/// judging of a case moves dates about so often that this is worth its own arithmetic.
fn ordinal(day: Date) -> i32 {
    let (year, month) = (i32::from(day.year()) - i32::from(day.month() <= 2), i32::from(day.month()));
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(day.day()) - 1;
    era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
}

/// The day of a number, as [`ordinal`] counts.
fn of_ordinal(ordinal: i32) -> Date {
    let (era, day_of_era) = (ordinal.div_euclid(ERA), ordinal.rem_euclid(ERA));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i32::from(month <= 2);
    let narrow = |number: i32| i8::try_from(number).expect("a month and a day of a month are small");
    let day = narrow(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    Date::new(i16::try_from(year).expect("a year of the civil calendar"), narrow(month), day)
        .expect("it is a day of that month")
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
