//! How long what is over is kept, and what keeps a case beyond its time.
//!
//! The periods are a council's decision: nothing goes unless the policy says when.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;

use super::calendar::{Calendar, Counted, Span, shift};
use super::case::coded;

/// The longest term, in years.
const LONGEST_YEARS: u16 = 150;

/// How long something is kept, as the policy writes it: `75 years`, `520 weeks`, `3650 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Years of the calendar.
    Years(u16),
    /// Weeks of seven days.
    Weeks(u16),
    /// Days.
    Days(u16),
}

/// Why a text is not a [`Term`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be a whole number and a unit, as in \"75 years\", \"520 weeks\" or \"3650 days\", of at most 150 years")]
pub struct NotATerm;

impl FromStr for Term {
    type Err = NotATerm;

    fn from_str(text: &str) -> Result<Self, NotATerm> {
        let (number, unit) = text.split_once(' ').ok_or(NotATerm)?;
        let number: u16 = number.parse().map_err(|_| NotATerm)?;
        let term = match unit {
            "year" | "years" => Self::Years(number),
            "week" | "weeks" => Self::Weeks(number),
            "day" | "days" => Self::Days(number),
            _ => return Err(NotATerm),
        };
        (term.least_days() <= Self::Years(LONGEST_YEARS).least_days()).then_some(term).ok_or(NotATerm)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self {
            Self::Years(number) => (number, "year"),
            Self::Weeks(number) => (number, "week"),
            Self::Days(number) => (number, "day"),
        };
        write!(f, "{}", Counted(i64::from(*number), unit))
    }
}

impl Term {
    /// The day that lies so long before another. What happened on an earlier day has outlived the term.
    #[must_use]
    pub fn before(self, day: Date) -> Date {
        match self {
            Self::Years(number) => day.saturating_sub(i64::from(number).years()),
            Self::Weeks(number) => shift(day, -7 * i64::from(number)),
            Self::Days(number) => shift(day, -i64::from(number)),
        }
    }

    /// How many days it has at least.
    #[must_use]
    pub fn least_days(self) -> u32 {
        match self {
            Self::Years(number) => 365 * u32::from(number),
            Self::Weeks(number) => 7 * u32::from(number),
            Self::Days(number) => u32::from(number),
        }
    }
}

/// How long what is over is kept; for ever where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// A case with everything about it, after the last day on which anything about it was concluded.
    pub cases_after: Option<Term>,
    /// Who read and changed what over the API.
    pub audit_after: Option<Term>,
    /// The bytes of a message, after its last alert was resolved.
    pub message_bytes_after: Option<Term>,
    /// Entries of the journal that are about no case.
    pub journal_after: Option<Term>,
}

coded! {
    /// What keeps a case beyond its time.
    HeldBack {
        /// It has an alert that is not resolved.
        UnresolvedAlert = "unresolved_alert",
        /// A live episode of the family is judged by its step down.
        NeededByFamily = "needed_by_family",
        /// A message about it has not left yet.
        MessageUnderWay = "message_under_way",
        /// Somebody else works on it at this moment.
        InUse = "in_use",
    }
}

impl HeldBack {
    /// Why, in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnresolvedAlert => "it has an alert that is not resolved",
            Self::NeededByFamily => "a live case of the family is judged by its step down",
            Self::MessageUnderWay => "a message about it has not left yet",
            Self::InUse => "somebody else works on it at this moment",
        }
    }
}

/// What is asked of a case before it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last day on which anything about it was concluded, if it is.
    pub concluded_on: Option<Date>,
    /// Alerts that are not resolved.
    pub unresolved: i64,
    /// Messages about it that have not left.
    pub under_way: i64,
    /// The day of the decision to step down.
    pub step_down_on: Option<Date>,
    /// When the family's live episodes started; absent for one that has not.
    pub live_starts: Vec<Option<Date>>,
}

impl Standing {
    /// What keeps the case; absent where nothing does. `within` is how far back a re-entry is looked for.
    #[must_use]
    pub fn held_back(&self, within: Span, calendar: &Calendar, today: Date) -> Option<HeldBack> {
        if self.unresolved > 0 {
            Some(HeldBack::UnresolvedAlert)
        } else if self.is_needed_by_family(within, calendar, today) {
            Some(HeldBack::NeededByFamily)
        } else {
            (self.under_way > 0).then_some(HeldBack::MessageUnderWay)
        }
    }

    /// Whether a live episode of the family looks back to the step down of this one. One without a start may start any day.
    #[must_use]
    pub fn is_needed_by_family(&self, within: Span, calendar: &Calendar, today: Date) -> bool {
        let Some(step_down) = self.step_down_on else { return false };
        let needs = |start: Date| calendar.minus(start, within) <= step_down && step_down <= start;
        self.live_starts.iter().any(|start| needs(start.unwrap_or(today)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("75 years", Ok(Term::Years(75)))]
    #[case("1 year", Ok(Term::Years(1)))]
    #[case("520 weeks", Ok(Term::Weeks(520)))]
    #[case("3650 days", Ok(Term::Days(3_650)))]
    #[case("150 years", Ok(Term::Years(150)))]
    #[case("151 years", Err(NotATerm))]
    #[case("60000 weeks", Err(NotATerm))]
    #[case("5 working days", Err(NotATerm))]
    #[case("75", Err(NotATerm))]
    #[case("-1 years", Err(NotATerm))]
    fn a_term_is_a_number_of_years_weeks_or_days(#[case] text: &str, #[case] expected: Result<Term, NotATerm>) {
        assert_eq!(text.parse(), expected);
        if let Ok(term) = expected {
            assert_eq!(term.to_string(), text);
        }
    }

    #[rstest]
    #[case(Term::Years(1), date(2028, 2, 29), date(2027, 2, 28))]
    #[case(Term::Years(75), date(2101, 6, 1), date(2026, 6, 1))]
    #[case(Term::Weeks(52), date(2026, 6, 1), date(2025, 6, 2))]
    #[case(Term::Days(1), date(2026, 3, 1), date(2026, 2, 28))]
    fn a_term_looks_back_from_a_day(#[case] term: Term, #[case] day: Date, #[case] expected: Date) {
        assert_eq!(term.before(day), expected);
    }

    /// Stepped down on 2 June 2025, as of 1 June 2026.
    #[rstest]
    #[case::alone(&[], false)]
    #[case::at_the_edge(&[Some(date(2026, 6, 1))], true)]
    #[case::a_day_too_late(&[Some(date(2026, 6, 2))], false)]
    #[case::started_before(&[Some(date(2025, 6, 1))], false)]
    #[case::on_the_day(&[Some(date(2025, 6, 2))], true)]
    #[case::may_start_today(&[None], true)]
    #[case::one_of_two(&[Some(date(2020, 1, 6)), Some(date(2025, 9, 1))], true)]
    fn a_live_episode_needs_the_step_downs_that_it_looks_back_to(#[case] starts: &[Option<Date>], #[case] needed: bool) {
        let standing = Standing { step_down_on: Some(date(2025, 6, 2)), live_starts: starts.to_vec(), ..Standing::default() };
        let held_back = standing.held_back(Span::Weeks(52), &Calendar::default(), date(2026, 6, 1));
        assert_eq!(held_back, needed.then_some(HeldBack::NeededByFamily));
        let other = Standing { step_down_on: None, ..standing };
        assert_eq!(other.held_back(Span::Weeks(52), &Calendar::default(), date(2026, 6, 1)), None);
    }

    #[rstest]
    #[case(1, 0, Some(HeldBack::UnresolvedAlert))]
    #[case(0, 1, Some(HeldBack::MessageUnderWay))]
    #[case(0, 0, None)]
    fn what_is_not_over_holds_a_case_back(#[case] unresolved: i64, #[case] under_way: i64, #[case] expected: Option<HeldBack>) {
        let standing = Standing { unresolved, under_way, ..Standing::default() };
        assert_eq!(standing.held_back(Span::Weeks(52), &Calendar::default(), date(2026, 6, 1)), expected);
    }
}
