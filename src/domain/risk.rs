//! How bad it is: red, amber or green, and the order in which cases are put before people.

use jiff::civil::Date;

use super::case::coded;
use super::rules::Rule;
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

/// What drifts: what one rule finds at one severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The rule.
    pub rule: Rule,
    /// Amber or red.
    pub severity: Severity,
    /// How often it finds it.
    pub findings: usize,
}

impl Drift {
    /// Sums up the findings of one day: the red before the amber, then what has lasted longest.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Vec<Self> {
        let mut at_risk: Vec<&Finding> = findings.iter().filter(|finding| finding.severity.is_at_risk()).collect();
        at_risk.sort_by_key(|finding| finding.since_on);
        let mut drifts: Vec<Self> = Vec::new();
        for Finding { rule, severity, .. } in at_risk {
            match drifts.iter_mut().find(|drift| (drift.rule, drift.severity) == (*rule, *severity)) {
                Some(drift) => drift.findings += 1,
                None => drifts.push(Self { rule: *rule, severity: *severity, findings: 1 }),
            }
        }
        drifts.sort_by_key(|drift| std::cmp::Reverse(drift.severity));
        drifts
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_drifts_is_summed_up_the_red_first_then_what_has_lasted_longest() {
        let finding = |rule, subject: &str, severity, day| Finding {
            rule,
            subject: subject.to_owned(),
            severity,
            since_on: date(2026, 6, day),
            severity_since_on: date(2026, 6, 30),
            message: "it drifts".to_owned(),
            gives_a_birth_away: false,
        };
        let findings = [
            finding(Rule::ReviewGap, "", Severity::Amber, 2),
            finding(Rule::MilestoneMissed, "letter", Severity::Red, 9),
            finding(Rule::MissingData, "", Severity::Notice, 1),
            finding(Rule::TimeLimit, "", Severity::Red, 8),
            finding(Rule::MilestoneMissed, "review", Severity::Red, 3),
            finding(Rule::MilestoneMissed, "meeting", Severity::Amber, 1),
        ];
        let drifts: Vec<_> = Drift::of(&findings).iter().map(|drift| (drift.severity, drift.rule, drift.findings)).collect();
        let expected = [
            (Severity::Red, Rule::MilestoneMissed, 2),
            (Severity::Red, Rule::TimeLimit, 1),
            (Severity::Amber, Rule::MilestoneMissed, 1),
            (Severity::Amber, Rule::ReviewGap, 1),
        ];
        assert_eq!(drifts, expected);
        assert!(Drift::of(&findings[2..3]).is_empty(), "a notice is no drift");
    }
}
