//! How long an alert waited for somebody to say what will be done.

use jiff::civil::Date;

use super::survival::Stay;
use crate::domain::calendar::Calendar;

/// An alert, as far as it says whether somebody answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The team that owns its case now.
    pub team: Option<String>,
    /// When it was opened.
    pub opened_on: Date,
    /// What became of it.
    pub fate: Fate,
    /// For how many working days it has waited.
    pub waited: u32,
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Somebody acknowledged it.
    Acknowledged,
    /// What it is about was put right before anybody acknowledged it.
    ResolvedFirst,
    /// It stands, and nobody has acknowledged it.
    Waiting,
}

/// When an alert was opened, and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertDays {
    /// The team that owns its case now.
    pub team: Option<String>,
    /// When it was opened.
    pub opened_on: Date,
    /// When somebody first acknowledged it. To put it off is no acknowledgement.
    pub acknowledged_on: Option<Date>,
    /// When what it is about was put right.
    pub resolved_on: Option<Date>,
}

impl Answer {
    /// How an alert stands on a day: the working days after the one on which it was opened, up to the one on which it was
    /// acknowledged, resolved or is looked at.
    #[must_use]
    pub fn of(alert: AlertDays, as_of: Date, calendar: &Calendar) -> Self {
        let by_then = |day: Option<Date>| day.filter(|&day| day <= as_of);
        let (fate, until) = match (by_then(alert.acknowledged_on), by_then(alert.resolved_on)) {
            (Some(acknowledged_on), _) => (Fate::Acknowledged, acknowledged_on),
            (None, Some(resolved_on)) => (Fate::ResolvedFirst, resolved_on),
            (None, None) => (Fate::Waiting, as_of),
        };
        let waited = calendar.working_days_between(alert.opened_on, until);
        Self { team: alert.team, opened_on: alert.opened_on, fate, waited: u32::try_from(waited).unwrap_or_default() }
    }

    /// How long it waited; ended only where somebody acknowledged it.
    #[must_use]
    pub fn stay(&self) -> Stay {
        Stay { length: self.waited, has_ended: self.fate == Fate::Acknowledged }
    }
}
