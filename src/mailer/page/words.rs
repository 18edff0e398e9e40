//! What sentences are pieced together of.

use std::fmt;

use jiff::civil::Date;

use crate::domain::calendar::{Counted, days_between};
use crate::domain::policy::Role;
use crate::domain::schedule::Severity;
use crate::mailer::bar::long;
use crate::mailer::render::{AlertLine, CaseBlock};

/// Some alerts, counted by severity, the gravest first; severities that none of them has are not in it.
pub struct Tally(Vec<(i64, Severity)>);

impl Tally {
    pub fn of(counts: impl IntoIterator<Item = (i64, Severity)>) -> Self {
        Self(counts.into_iter().filter(|&(count, _)| count > 0).collect())
    }

    pub fn of_blocks(blocks: &[CaseBlock]) -> Self {
        Self::of_alerts(blocks.iter().flat_map(|block| &block.alerts))
    }

    pub fn of_alerts<'a>(alerts: impl IntoIterator<Item = &'a AlertLine, IntoIter: Clone>) -> Self {
        let alerts = alerts.into_iter();
        let count = |severity| alerts.clone().filter(|alert| alert.severity == severity).count();
        Self::of(Severity::ALL.iter().rev().map(|&severity| (as_number(count(severity)), severity)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn is_one(&self) -> bool {
        matches!(self.0[..], [(1, _)])
    }

    /// `2 red and 1 amber drift alerts`.
    pub fn drift_alerts(&self) -> String {
        format!("{self} drift alert{}", if self.is_one() { "" } else { "s" })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self.0.iter().map(|(count, severity)| format!("{count} {severity}")).collect();
        f.write_str(&listed(&counts))
    }
}

pub fn counted(count: usize, noun: &'static str) -> Counted {
    Counted(as_number(count), noun)
}

fn as_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Some words as a list: `a, b and c`.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => "no".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Roles of other people as a list for somebody in some roles: `service manager and another legal gateway chair`.
pub fn others(roles: &[Role], own: &[Role]) -> String {
    let mut titles: Vec<String> = Vec::new();
    for &role in roles {
        let title = if own.contains(&role) { format!("another {}", role.title()) } else { role.title().to_owned() };
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    listed(&titles)
}

/// How far a day is from today: `in 6 weeks`, `today`, `5 days ago`.
pub fn away(on: Date, today: Date) -> String {
    match days_between(today, on) {
        0 => "today".to_owned(),
        days @ 1.. => format!("in {}", long(days)),
        days => format!("{} ago", long(-days)),
    }
}

/// A title within a sentence: `final review`, but `FGDM offer`.
pub fn within_a_sentence(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next();
    let is_word = letters.clone().next().is_some_and(char::is_lowercase);
    match first {
        Some(first) if is_word => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}
