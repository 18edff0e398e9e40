//! What one rule says next of a case, and what it said last.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::{Run, Schedule, Severity, Subject};
use crate::domain::calendar::{YEARS, shift};
use crate::domain::rules::Rule;

/// A day on which a rule begins to say something of a subject, or the last on which it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The day.
    pub on: Date,
    /// What it is about.
    pub subject: Subject,
    /// How grave.
    pub severity: Severity,
}

impl Schedule {
    /// The next day on which a rule that is silent has a finding: of several on that day, the gravest.
    #[must_use]
    pub fn begins_after(&self, rule: Rule, day: Date) -> Option<Turn> {
        let later = self.runs_of(rule).filter(|run| run.days.from > day && run.days.from <= YEARS.1);
        let first = later.min_by_key(|run| (run.days.from, Reverse(run.severity)));
        first.map(|run| Turn { on: run.days.from, subject: run.subject, severity: run.severity })
    }

    /// The last day on which a rule that is silent had a finding: of several on that day, the gravest.
    #[must_use]
    pub fn ended_before(&self, rule: Rule, day: Date) -> Option<Turn> {
        let earlier = self.runs_of(rule).filter(|run| run.days.until <= day);
        let last = earlier.max_by_key(|run| (run.days.until, run.severity));
        last.map(|run| Turn { on: shift(run.days.until, -1), subject: run.subject, severity: run.severity })
    }

    fn runs_of(&self, rule: Rule) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |(of, _)| *of == rule).map(|(_, run)| run)
    }
}
