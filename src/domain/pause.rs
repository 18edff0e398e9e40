//! Alerts that somebody has put aside, for a while.

use std::fmt;

use jiff::civil::Date;

use super::calendar::{Calendar, Span, in_words, next_day};
use super::case::coded;
use super::policy::AlertPolicy;

coded! {
    /// How an alert was put aside.
    PauseKind {
        /// Somebody has said what will be done, by whom, and when to look again.
        Acknowledged = "acknowledged",
        /// Somebody has said why it must wait, and until when.
        Snoozed = "snoozed",
    }
}

coded! {
    /// Why a pause ended.
    PauseEnd {
        /// Its day came, and the finding still holds.
        Day = "day",
        /// The finding turned graver.
        Raised = "raised",
        /// What the alert is about was put right.
        Resolved = "resolved",
    }
}

/// The last day until which an alert may be put aside today.
#[must_use]
pub fn latest_until(today: Date, policy: &AlertPolicy, calendar: &Calendar) -> Date {
    calendar.plus(today, policy.pause_at_most)
}

/// The days until which an alert may be put aside: both ends belong to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UntilDays {
    /// The day after today: a pause that ends today is none.
    pub first: Date,
    /// The last day that the policy lets it last.
    pub last: Date,
}

impl UntilDays {
    /// Those of today.
    #[must_use]
    pub fn of(today: Date, policy: &AlertPolicy, calendar: &Calendar) -> Self {
        Self { first: next_day(today), last: latest_until(today, policy, calendar) }
    }

    /// Insists that a day is one of them.
    ///
    /// # Errors
    ///
    /// What would be right.
    pub fn check(self, day: Date) -> Result<Date, String> {
        if (self.first..=self.last).contains(&day) { Ok(day) } else { Err(format!("must be a day {self}")) }
    }

    /// The day to propose: in a week from today, on a day on which somebody is there to look.
    #[must_use]
    pub fn usual(self, calendar: &Calendar) -> Date {
        let week_from_today = calendar.plus(self.first, Span::Days(6));
        let day = if calendar.is_working_day(week_from_today) {
            week_from_today
        } else {
            calendar.plus(week_from_today, Span::WorkingDays(1))
        };
        day.min(self.last)
    }
}

impl fmt::Display for UntilDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", in_words(self.first), in_words(self.last))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::policy::Policy;
    use super::*;

    fn days(today: Date) -> UntilDays {
        let policy = Policy::default();
        UntilDays::of(today, &policy.alerts, &policy.calendar)
    }

    #[rstest::rstest]
    #[case::today(date(2026, 6, 1), false)]
    #[case::tomorrow(date(2026, 6, 2), true)]
    #[case::twenty_working_days(date(2026, 6, 29), true)]
    #[case::a_day_more(date(2026, 6, 30), false)]
    #[case::yesterday(date(2026, 5, 31), false)]
    fn a_pause_ends_after_today_and_within_the_policy(#[case] until: Date, #[case] right: bool) {
        let refused = Err("must be a day from 2 June 2026 to 29 June 2026".to_owned());
        assert_eq!(days(date(2026, 6, 1)).check(until), if right { Ok(until) } else { refused });
    }

    #[rstest::rstest]
    #[case::in_a_week(date(2026, 6, 1), date(2026, 6, 8))]
    #[case::over_a_bank_holiday(date(2026, 5, 18), date(2026, 5, 26))]
    #[case::from_a_saturday(date(2026, 6, 6), date(2026, 6, 15))]
    fn a_week_is_proposed(#[case] today: Date, #[case] expected: Date) {
        assert_eq!(days(today).usual(&Calendar::default()), expected);
    }

    #[test]
    fn no_more_is_proposed_than_the_policy_lets_it_last() {
        let policy = AlertPolicy { pause_at_most: Span::WorkingDays(2), ..Policy::default().alerts };
        let days = UntilDays::of(date(2026, 6, 5), &policy, &Calendar::default());
        assert_eq!(days.usual(&Calendar::default()), date(2026, 6, 9));
    }
}
