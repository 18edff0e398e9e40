//! Working days in England and Wales, and arithmetic on civil dates.
//!
//! Owns bank holidays (computed for any year, with the one-off changes of record from 2020 on) and the two operations
//! every rule is made of, [`Calendar::plus`] and [`Calendar::minus`]. It knows no time of day and no time zone.
//!
//! Source of the holidays: the Banking and Financial Dealings Act 1971 and the royal proclamations that changed single years.

mod days;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use jiff::civil::{Date, Weekday, date};

pub use self::days::{days_between, next_day, shift};

/// The first and last day that a fact or a "today" may have.
pub const YEARS: (Date, Date) = (date(2000, 1, 1), date(2100, 12, 31));

/// The calendar is laid out for more years than facts may have, because deadlines reach beyond them.
const LAID_OUT: (i16, i16) = (1960, 2160);

/// Stands for "for ever" as the end of a stretch of days.
pub const FOREVER: Date = Date::MAX;

/// A length of time as the policy writes it: `5 working days`, `16 weeks`, `56 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Working days of the [`Calendar`].
    WorkingDays(u16),
    /// Weeks of seven days.
    Weeks(u16),
    /// Days of the week, working or not.
    Days(u16),
}

impl Span {
    /// The number of days that it leads over at least, whichever are worked.
    #[must_use]
    pub fn least_days(self) -> i64 {
        match self {
            Self::WorkingDays(number) | Self::Days(number) => number.into(),
            Self::Weeks(number) => 7 * i64::from(number),
        }
    }

    /// The whole weeks that it lasts, five working days each where it is made of those.
    #[must_use]
    pub fn whole_weeks(self) -> u16 {
        match self {
            Self::WorkingDays(number) => number / 5,
            Self::Weeks(number) => number,
            Self::Days(number) => number / 7,
        }
    }
}

/// The longest span that a policy may name: five years in whichever unit.
const LONGEST_DAYS: u16 = 1_830;

/// Why a text is not a [`Span`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be a whole number and a unit, as in \"5 working days\", \"16 weeks\" or \"56 days\", of at most five years")]
pub struct NotASpan;

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let (number, unit) = text.split_once(' ').ok_or(NotASpan)?;
        let number: u16 = number.parse().map_err(|_| NotASpan)?;
        let (span, days_each) = match unit {
            "working day" | "working days" => (Self::WorkingDays(number), 1),
            "week" | "weeks" => (Self::Weeks(number), 7),
            "day" | "days" => (Self::Days(number), 1),
            _ => return Err(NotASpan),
        };
        (u32::from(number) * days_each <= u32::from(LONGEST_DAYS)).then_some(span).ok_or(NotASpan)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self {
            Self::WorkingDays(number) => (number, "working day"),
            Self::Weeks(number) => (number, "week"),
            Self::Days(number) => (number, "day"),
        };
        write!(f, "{}", Counted(i64::from(*number), unit))
    }
}

/// A number with its noun, in the plural where the number is not 1: `1 week`, `3 weeks`.
pub struct Counted(pub i64, pub &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// Which weekdays are not worked, beyond the bank holidays that are computed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarChanges {
    /// The council's own closures, such as the days between Christmas and New Year.
    pub closures: BTreeSet<Date>,
    /// Bank holidays that were proclaimed after this program was made.
    pub added_bank_holidays: BTreeSet<Date>,
    /// Computed bank holidays that do not apply.
    pub removed_bank_holidays: BTreeSet<Date>,
}

/// The days of the years 1960 to 2160, laid out so that moving a date and counting working days are look-ups.
#[derive(Clone)]
pub struct Calendar(Arc<LaidOut>);

struct LaidOut {
    changes: CalendarChanges,
    days: Vec<Date>,
    /// For each day: how many working days lie before it.
    worked_before: Vec<u32>,
    working_days: Vec<Date>,
}

impl Calendar {
    /// Lays out the calendar of England and Wales with a policy's changes.
    #[must_use]
    pub fn new(changes: CalendarChanges) -> Self {
        let mut free: BTreeSet<Date> = (LAID_OUT.0..=LAID_OUT.1).flat_map(bank_holidays).collect();
        free.retain(|day| !changes.removed_bank_holidays.contains(day));
        free.extend(&changes.added_bank_holidays);
        free.extend(&changes.closures);

        let last = date(LAID_OUT.1, 12, 31);
        let (mut days, mut worked_before, mut working_days) = (Vec::new(), Vec::new(), Vec::new());
        let mut day = first_laid_out();
        while day <= last {
            days.push(day);
            worked_before.push(u32::try_from(working_days.len()).expect("two centuries of days fit in 32 bits"));
            if !is_weekend(day) && !free.contains(&day) {
                working_days.push(day);
            }
            day = next_day(day);
        }
        Self(Arc::new(LaidOut { changes, days, worked_before, working_days }))
    }

    /// The changes this calendar was laid out with.
    #[must_use]
    pub fn changes(&self) -> &CalendarChanges {
        &self.0.changes
    }

    /// Tells whether people are at work on `day`.
    #[must_use]
    pub fn is_working_day(&self, day: Date) -> bool {
        self.0.working_days.binary_search(&day).is_ok()
    }

    /// The Nth working day strictly after `day`, or `day` plus N weeks or days. Never rolls to a working day; N = 0 is `day`.
    #[must_use]
    pub fn plus(&self, day: Date, span: Span) -> Date {
        match span {
            Span::WorkingDays(0) => day,
            Span::WorkingDays(number) => self.working_day(self.worked_through(day) + usize::from(number) - 1),
            Span::Weeks(number) => self.shift(day, 7 * i64::from(number)),
            Span::Days(number) => self.shift(day, i64::from(number)),
        }
    }

    /// The mirror of [`Calendar::plus`]; over working days it does not undo it, and gives the first day from which the span leads to
    /// `day` or beyond.
    #[must_use]
    pub fn minus(&self, day: Date, span: Span) -> Date {
        match span {
            Span::WorkingDays(0) => day,
            Span::WorkingDays(number) => self.working_day(self.worked_before(day).saturating_sub(usize::from(number))),
            Span::Weeks(number) => self.shift(day, -7 * i64::from(number)),
            Span::Days(number) => self.shift(day, -i64::from(number)),
        }
    }

    /// `day` and this many days more (or less), as [`shift`] has it, and faster.
    #[must_use]
    #[inline]
    pub fn shift(&self, day: Date, days: i64) -> Date {
        let laid_out = usize::try_from(days_between(first_laid_out(), day).saturating_add(days)).ok();
        laid_out.and_then(|index| self.0.days.get(index).copied()).unwrap_or_else(|| shift(day, days))
    }

    /// How many working days lie after `from`, up to and including `to`; 0 where `to` is not after `from`.
    #[must_use]
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        let count = self.worked_through(to).saturating_sub(self.worked_through(from));
        i64::try_from(count).expect("a count of days fits in 64 bits")
    }

    /// The weekdays of `year` that are not worked: bank holidays and closures, in order.
    pub fn days_off(&self, year: i16) -> impl Iterator<Item = Date> + '_ {
        let mut day = Date::new(year, 1, 1).expect("every year that a command takes has a first of January");
        std::iter::from_fn(move || {
            let this = (day.year() == year).then_some(day)?;
            day = next_day(day);
            Some(this)
        })
        .filter(|&day| !is_weekend(day) && !self.is_working_day(day))
    }

    fn worked_before(&self, day: Date) -> usize {
        self.worked_before_index(days_between(first_laid_out(), day))
    }

    fn worked_through(&self, day: Date) -> usize {
        self.worked_before_index(days_between(first_laid_out(), day) + 1)
    }

    fn worked_before_index(&self, index: i64) -> usize {
        let last = self.0.worked_before.len() - 1;
        self.0.worked_before[usize::try_from(index).unwrap_or(0).min(last)] as usize
    }

    fn working_day(&self, index: usize) -> Date {
        self.0.working_days[index.min(self.0.working_days.len() - 1)]
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar").field("changes", &self.0.changes).finish_non_exhaustive()
    }
}

impl Default for Calendar {
    fn default() -> Self {
        static UNCHANGED: LazyLock<Calendar> = LazyLock::new(|| Calendar::new(CalendarChanges::default()));
        UNCHANGED.clone()
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.0.changes == other.0.changes
    }
}

/// A date as people write it: `8 June 2026`.
#[must_use]
pub fn in_words(day: Date) -> String {
    InWords(day).to_string()
}

/// A date as people write it, within a longer text.
pub struct InWords(pub Date);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.0.year(), MONTHS[usize::from(self.0.month().unsigned_abs()) - 1], self.0.day());
        write!(f, "{day} {month} {year}")
    }
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A day on which somebody has to do something, with its weekday: `Wednesday 3 June 2026`.
#[must_use]
pub fn with_weekday(day: Date) -> String {
    let weekday = match day.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    format!("{weekday} {}", in_words(day))
}

fn first_laid_out() -> Date {
    date(LAID_OUT.0, 1, 1)
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The bank holidays of one year in England and Wales, substitute days in place of the days they stand for.
fn bank_holidays(year: i16) -> impl Iterator<Item = Date> {
    let easter = easter_sunday(year);
    let christmas = date(year, 12, 25);
    let mut days = BTreeSet::from([
        shift(easter, -2),
        shift(easter, 1),
        first_monday_from(date(year, 5, 1)),
        first_monday_from(date(year, 5, 25)),
        first_monday_from(date(year, 8, 25)),
    ]);
    for holiday in [date(year, 1, 1), christmas, next_day(christmas)] {
        let mut kept_on = holiday;
        while is_weekend(kept_on) || days.contains(&kept_on) {
            kept_on = next_day(kept_on);
        }
        days.insert(kept_on);
    }
    for (from, to) in ONE_OFF_CHANGES {
        if from.is_some_and(|from| from.year() == year) {
            days.retain(|&day| Some(day) != from);
        }
        if to.year() == year {
            days.insert(to);
        }
    }
    days.into_iter()
}

/// Bank holidays that were moved (from, to) or added (none, to) by proclamation, from 2020 on.
const ONE_OFF_CHANGES: [(Option<Date>, Date); 5] = [
    (Some(date(2020, 5, 4)), date(2020, 5, 8)),  // VE Day, 75 years
    (Some(date(2022, 5, 30)), date(2022, 6, 2)), // Platinum Jubilee
    (None, date(2022, 6, 3)),                    // Platinum Jubilee
    (None, date(2022, 9, 19)),                   // State Funeral of Queen Elizabeth II
    (None, date(2023, 5, 8)),                    // Coronation of King Charles III
];

fn first_monday_from(day: Date) -> Date {
    let past_monday = i64::from(day.weekday().to_monday_zero_offset());
    shift(day, (7 - past_monday) % 7)
}

/// Easter Sunday by the Gregorian computus (the "anonymous" algorithm that Meeus, Jones and Butcher published).
fn easter_sunday(year: i16) -> Date {
    let year = i32::from(year);
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let lunar_correction = (century - (century + 8) / 25 + 1) / 3;
    let full_moon = (19 * golden + century - century / 4 - lunar_correction + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - full_moon - of_century % 4) % 7;
    let late = (golden + 11 * full_moon + 22 * to_sunday) / 451;
    let day_of_year = full_moon + to_sunday - 7 * late + 114;
    date(
        i16::try_from(year).expect("the year came as 16 bits"),
        i8::try_from(day_of_year / 31).expect("Easter is in March or April"),
        i8::try_from(day_of_year % 31 + 1).expect("a day of a month"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days_off(year: i16) -> Vec<String> {
        Calendar::default().days_off(year).map(|day| day.to_string()).collect()
    }

    /// As published for England and Wales, <https://www.gov.uk/bank-holidays>, with the one-off changes.
    #[rstest::rstest]
    #[case(2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28")]
    #[case(2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28")]
    #[case(2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27")]
    #[case(2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26")]
    #[case(2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26")]
    #[case(2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26")]
    #[case(2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28")]
    #[case(2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28")]
    #[case(2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26")]
    fn bank_holidays_with_their_substitute_days(#[case] year: i16, #[case] expected: &str) {
        let expected: Vec<String> = expected.split(' ').map(|day| format!("{year}-{day}")).collect();
        assert_eq!(days_off(year), expected);
    }

    #[rstest::rstest]
    #[case("2026-12-24", "2 working days", "2026-12-30")] // Christmas on a Friday, Boxing Day kept on Monday 28
    #[case("2027-12-24", "1 working day", "2027-12-29")] // both Christmas days fall at a weekend
    #[case("2026-04-02", "1 working day", "2026-04-07")] // Easter
    #[case("2026-05-02", "5 working days", "2026-05-11")] // from a Saturday over the early May holiday
    #[case("2024-02-28", "1 day", "2024-02-29")]
    #[case("2024-02-29", "52 weeks", "2025-02-27")]
    #[case("2026-03-28", "1 day", "2026-03-29")] // the clocks go forward: civil dates do not notice
    #[case("2026-10-24", "2 days", "2026-10-26")] // and back
    #[case("2026-06-01", "0 working days", "2026-06-01")]
    #[case("2026-06-06", "0 working days", "2026-06-06")]
    fn plus_counts_strictly_after_and_never_rolls(#[case] day: Date, #[case] span: Span, #[case] expected: Date) {
        assert_eq!(Calendar::default().plus(day, span), expected);
    }

    #[rstest::rstest]
    #[case("2026-12-29", "1 working day", "2026-12-24")]
    #[case("2026-05-03", "1 working day", "2026-05-01")]
    #[case("2026-06-08", "5 working days", "2026-06-01")]
    #[case("2026-06-08", "4 weeks", "2026-05-11")]
    fn minus_mirrors_plus(#[case] day: Date, #[case] span: Span, #[case] expected: Date) {
        assert_eq!(Calendar::default().minus(day, span), expected);
    }

    #[test]
    fn a_policy_may_close_add_and_remove_days() {
        let calendar = Calendar::new(CalendarChanges {
            closures: BTreeSet::from([date(2026, 12, 29), date(2026, 12, 26)]),
            added_bank_holidays: BTreeSet::from([date(2026, 7, 6)]),
            removed_bank_holidays: BTreeSet::from([date(2026, 5, 4)]),
        });
        assert!(!calendar.is_working_day(date(2026, 7, 6)));
        assert!(calendar.is_working_day(date(2026, 5, 4)));
        let off: Vec<Date> = calendar.days_off(2026).collect();
        assert!(off.contains(&date(2026, 12, 29)));
        assert!(!off.contains(&date(2026, 12, 26)), "a Saturday is not a weekday");
    }

    #[rstest::rstest]
    #[case("")]
    #[case("5")]
    #[case("five weeks")]
    #[case("5 fortnights")]
    #[case("-1 weeks")]
    #[case("262 weeks")]
    fn a_span_is_a_number_and_a_unit(#[case] text: &str) {
        assert_eq!(text.parse::<Span>(), Err(NotASpan));
    }

    fn any_day() -> impl Strategy<Value = Date> {
        (0..=days_between(YEARS.0, YEARS.1)).prop_map(|days| shift(YEARS.0, days))
    }

    proptest! {
        #[test]
        fn the_nth_working_day_after_has_n_working_days_up_to_it(day in any_day(), number in 1u16..400) {
            let calendar = Calendar::default();
            let then = calendar.plus(day, Span::WorkingDays(number));
            prop_assert!(calendar.is_working_day(then));
            prop_assert_eq!(calendar.working_days_between(day, then), i64::from(number));
            let back = calendar.minus(then, Span::WorkingDays(number));
            prop_assert!(back <= day && calendar.working_days_between(back, day) <= 1);
        }

        #[test]
        fn later_days_have_later_deadlines(day in any_day(), number in 0u16..60) {
            let calendar = Calendar::default();
            for span in [Span::WorkingDays(number), Span::Weeks(number), Span::Days(number)] {
                prop_assert!(calendar.plus(day, span) <= calendar.plus(next_day(day), span));
                prop_assert!(calendar.minus(day, span) <= calendar.minus(next_day(day), span));
                prop_assert!(calendar.minus(day, span) <= day && day <= calendar.plus(day, span));
            }
        }

        #[test]
        fn a_span_leads_to_a_day_from_the_day_before_by_as_much(day in any_day(), to in -20i64..120, number in 0u16..60) {
            let calendar = Calendar::default();
            let to = shift(day, to);
            for span in [Span::WorkingDays(number), Span::Weeks(number), Span::Days(number)] {
                prop_assert_eq!(calendar.plus(day, span) >= to, day >= calendar.minus(to, span), "{} by {}", to, span);
            }
        }

        #[test]
        fn spans_add_up(day in any_day(), first in 1u16..60, second in 1u16..60) {
            let calendar = Calendar::default();
            let both = calendar.plus(day, Span::WorkingDays(first + second));
            prop_assert_eq!(calendar.plus(calendar.plus(day, Span::WorkingDays(first)), Span::WorkingDays(second)), both);
        }

        #[test]
        fn easter_is_a_sunday_between_22_march_and_25_april(year in 1900i16..2200) {
            let easter = easter_sunday(year);
            prop_assert_eq!(easter.weekday(), Weekday::Sunday);
            prop_assert!(easter >= date(year, 3, 22) && easter <= date(year, 4, 25));
        }

        #[test]
        fn a_span_reads_back_as_it_is_written(number in 0u16..260) {
            for span in [Span::WorkingDays(number), Span::Weeks(number), Span::Days(number)] {
                prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
            }
        }
    }
}
