//! What becomes of a case's alerts once its findings are known: opened, changed or resolved. Only this resolves an alert.

use jiff::civil::Date;

use super::policy::AlertPolicy;
use super::schedule::{Finding, Severity};

/// An alert that is not resolved, as it stands; `Id` is whatever the caller knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<Id> {
    /// What the caller knows it by.
    pub id: Id,
    /// The code of its rule; an alert of a rule that is no more is resolved.
    pub rule: String,
    /// What it is about, within its rule.
    pub subject: String,
    /// How grave.
    pub severity: Severity,
    /// Its sentence.
    pub message: String,
    /// Since when it is at amber or above.
    pub since_on: Date,
    /// Since when it is as grave as it is.
    pub severity_since_on: Date,
    /// Whether its days could give a birth away, now or before.
    pub gives_a_birth_away: bool,
}

impl<Id> Standing<Id> {
    fn is_about(&self, finding: &Finding) -> bool {
        self.rule == finding.rule.code() && self.subject == finding.subject
    }

    /// Tells whether it says what the finding says. Days that could once give a birth away stay hidden.
    fn says(&self, finding: &Finding) -> bool {
        (self.message.as_str(), self.since_on, self.severity_since_on)
            == (finding.message.as_str(), finding.since_on, finding.severity_since_on)
            && (self.gives_a_birth_away || !finding.gives_a_birth_away)
    }
}

/// One decision about an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<Id> {
    /// A finding has no alert yet.
    Open(Finding),
    /// The finding has become graver: people are told again, and an alert that was put aside is open again.
    Raise(Id, Finding),
    /// The finding has become less grave.
    Lower(Id, Finding),
    /// The finding is as grave as before; its sentence or its days have changed.
    Keep(Id, Finding),
    /// The finding is gone, or has fallen below what opens an alert.
    Resolve(Id, Resolved),
}

/// Why an alert was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The finding holds no more.
    Gone,
    /// It holds, below the severity that opens an alert.
    Fallen,
}

impl Resolved {
    /// The reason that the journal keeps.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Gone => "the finding holds no more",
            Self::Fallen => "the finding has fallen below what opens an alert",
        }
    }
}

/// Compares what holds with what stands: nothing is to be done where alerts follow findings. Each fact (rule, subject) has at most one
/// standing alert.
#[must_use]
pub fn reconcile<Id: Clone>(findings: &[Finding], standing: &[Standing<Id>], policy: &AlertPolicy) -> Vec<Change<Id>> {
    let mut changes = Vec::new();
    for alert in standing {
        let id = alert.id.clone();
        match findings.iter().find(|finding| alert.is_about(finding)) {
            None => changes.push(Change::Resolve(id, Resolved::Gone)),
            Some(finding) if finding.severity < policy.alert_from => changes.push(Change::Resolve(id, Resolved::Fallen)),
            Some(finding) if finding.severity > alert.severity => changes.push(Change::Raise(id, finding.clone())),
            Some(finding) if finding.severity < alert.severity => changes.push(Change::Lower(id, finding.clone())),
            Some(finding) if !alert.says(finding) => changes.push(Change::Keep(id, finding.clone())),
            Some(_) => {}
        }
    }
    let opened = findings.iter().filter(|finding| finding.severity >= policy.alert_from);
    let opened = opened.filter(|finding| !standing.iter().any(|alert| alert.is_about(finding)));
    changes.extend(opened.cloned().map(Change::Open));
    changes
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::policy::Policy;
    use super::super::rules::Rule;
    use super::*;

    fn finding(rule: Rule, subject: &str, severity: Severity) -> Finding {
        let day = date(2026, 6, 1);
        Finding {
            rule,
            subject: subject.into(),
            severity,
            since_on: day,
            severity_since_on: day,
            message: "it drifts".into(),
            gives_a_birth_away: false,
        }
    }

    fn standing(id: u8, rule: &str, subject: &str, severity: Severity) -> Standing<u8> {
        let day = date(2026, 6, 1);
        Standing {
            id,
            rule: rule.into(),
            subject: subject.into(),
            severity,
            message: "it drifts".into(),
            since_on: day,
            severity_since_on: day,
            gives_a_birth_away: false,
        }
    }

    fn decided(findings: &[Finding], standing: &[Standing<u8>]) -> Vec<Change<u8>> {
        reconcile(findings, standing, &Policy::default().alerts)
    }

    #[test]
    fn a_new_finding_opens_an_alert_and_a_standing_one_is_kept() {
        let (old, new) = (finding(Rule::TimeLimit, "", Severity::Red), finding(Rule::ReviewNotHeld, "2", Severity::Amber));
        let alerts = [standing(1, "time_limit", "", Severity::Red), standing(2, "review_not_held", "1", Severity::Red)];
        let changes = decided(&[old, new.clone()], &alerts);
        assert_eq!(changes, [Change::Resolve(2, Resolved::Gone), Change::Open(new)]);
    }

    #[test]
    fn what_an_alert_says_follows_its_finding_and_a_birth_stays_hidden() {
        let alerts = [standing(1, "time_limit", "", Severity::Red)];
        let same = finding(Rule::TimeLimit, "", Severity::Red);
        let later = date(2026, 6, 2);
        for changed in [
            Finding { message: "it drifts on".into(), ..same.clone() },
            Finding { since_on: later, ..same.clone() },
            Finding { severity_since_on: later, ..same.clone() },
            Finding { gives_a_birth_away: true, ..same.clone() },
        ] {
            assert_eq!(decided(std::slice::from_ref(&changed), &alerts), [Change::Keep(1, changed)]);
        }
        let hidden = Standing { gives_a_birth_away: true, ..alerts[0].clone() };
        assert_eq!(decided(&[same], &[hidden]), []);
    }

    #[test]
    fn a_notice_opens_nothing_and_resolves_what_was_graver() {
        let notices = [finding(Rule::TimeLimit, "", Severity::Notice), finding(Rule::ReEntry, "", Severity::Notice)];
        let changes = decided(&notices, &[standing(7, "re_entry", "", Severity::Red)]);
        assert_eq!(changes, [Change::Resolve(7, Resolved::Fallen)]);
    }

    #[test]
    fn severity_moves_with_the_finding() {
        let (red, amber) = (finding(Rule::ReviewGap, "", Severity::Red), finding(Rule::OversightGap, "", Severity::Amber));
        let alerts = [standing(1, "review_gap", "", Severity::Amber), standing(2, "oversight_gap", "", Severity::Red)];
        let changes = decided(&[red.clone(), amber.clone()], &alerts);
        assert_eq!(changes, [Change::Raise(1, red), Change::Lower(2, amber)]);
    }

    #[test]
    fn an_alert_of_a_rule_that_is_no_more_is_resolved() {
        assert_eq!(decided(&[], &[standing(1, "full_moon", "", Severity::Red)]), [Change::Resolve(1, Resolved::Gone)]);
    }
}
