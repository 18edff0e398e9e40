//! The axis of a timeline: where months begin, and days in as few letters as they need.

use jiff::civil::{Date, date};

use crate::domain::calendar::in_words;

/// Where months begin between two days: each, or every few, so that there are no more than so many.
pub fn begins_of_months(first: Date, last: Date, most: usize) -> Vec<Date> {
    /// More are never looked at.
    const ENOUGH: usize = 100;
    let january = date(first.year(), 1, 1);
    let every = |step: usize| -> Vec<Date> {
        let begins = (0..).step_by(step).map(|months| month_after(january, months));
        begins.skip_while(|&day| day < first).take_while(|&day| day <= last).take(ENOUGH).collect()
    };
    let steps = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600];
    steps.into_iter().map(every).find(|begins| begins.len() <= most).unwrap_or_default()
}

/// `8 Jun`: the axis has the year.
pub fn day_and_month(day: Date) -> String {
    let words = in_words(day);
    let mut words = words.split(' ');
    let (number, month) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{number} {}", shortened(month))
}

/// `Jun 2026`.
pub fn month_and_year(day: Date) -> String {
    let words = in_words(day);
    let mut words = words.split(' ').skip(1);
    let (month, year) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{} {year}", shortened(month))
}

fn shortened(month: &str) -> &str {
    month.get(..3).unwrap_or(month)
}

fn month_after(january: Date, months: usize) -> Date {
    let years = i16::try_from(months / 12).unwrap_or(i16::MAX);
    let month = i8::try_from(months % 12 + 1).expect("there are twelve");
    date(january.year().saturating_add(years).min(9_999), month, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("2026-05-04", "2026-08-24", "Jun 2026, Jul 2026, Aug 2026")]
    #[case("2026-05-04", "2026-05-24", "")]
    #[case("2026-05-04", "2027-02-24", "Jul 2026, Sep 2026, Nov 2026, Jan 2027")]
    #[case("2020-05-04", "2026-02-24", "Jan 2022, Jan 2024, Jan 2026")]
    fn months_are_as_many_as_there_is_room_for(#[case] first: Date, #[case] last: Date, #[case] expected: &str) {
        let begins: Vec<String> = begins_of_months(first, last, 4).into_iter().map(month_and_year).collect();
        assert_eq!(begins.join(", "), expected);
    }

    #[test]
    fn days_are_short() {
        assert_eq!(day_and_month(date(2026, 6, 8)), "8 Jun");
    }

    #[test]
    fn the_end_of_the_civil_calendar_is_none_of_this() {
        assert!(begins_of_months(date(9_998, 1, 1), date(9_999, 12, 31), 4).len() <= 4);
    }
}
