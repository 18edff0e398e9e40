//! How bad it is: red, amber or green, and the order in which cases are put before people.

use jiff::civil::Date;

use super::case::coded;
use super::schedule::{Finding, Severity};

coded! {
    /// Red, amber or green: the highest severity, green below amber.
    Rag {
        /// No finding at amber or above.
        Green = "green",
        /// At least one amber finding, none red.
        Amber = "amber",
        /// At least one red finding.
        Red = "red",
    }
}

/// What the risk order compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    /// The highest severity.
    pub rag: Rag,
    /// How many findings are red.
    pub reds: u16,
    /// How many findings are amber.
    pub ambers: u16,
    /// The earliest day since which a finding is at amber or above.
    pub since_on: Option<Date>,
}

impl Risk {
    /// Sums up the findings of one day.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let count = |severity| {
            let count = findings.iter().filter(|finding| finding.severity == severity).count();
            u16::try_from(count).unwrap_or(u16::MAX)
        };
        let (reds, ambers) = (count(Severity::Red), count(Severity::Amber));
        let rag = match (reds, ambers) {
            (0, 0) => Rag::Green,
            (0, _) => Rag::Amber,
            _ => Rag::Red,
        };
        let at_risk = findings.iter().filter(|finding| finding.severity.is_at_risk());
        Self { rag, reds, ambers, since_on: at_risk.map(|finding| finding.since_on).min() }
    }

    /// Sorts the most severe first, then more reds, then more ambers, then the earliest since. Ties go by reference.
    #[must_use]
    pub fn order(&self) -> impl Ord + use<> {
        use std::cmp::Reverse;
        (Reverse(self.rag), Reverse(self.reds), Reverse(self.ambers), self.since_on.unwrap_or(Date::MAX))
    }
}
