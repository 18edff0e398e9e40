//! A policy put to the test: a case, a day, and what the rules must find.

use jiff::civil::Date;

use super::case::Case;
use super::evaluation::Evaluation;
use super::policy::Policy;
use super::rules::Rule;
use super::schedule::{Finding, Severity};

/// A case on a day, with what must be found.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// What it shows, in a few words.
    pub name: String,
    /// The day.
    pub on: Date,
    /// The case.
    pub case: Case,
    /// Every finding that must be there, and there may be no other.
    pub expected: Vec<Expected>,
    /// Only findings of these rules count; none means that all do.
    pub only: Vec<Rule>,
}

/// A finding that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The rule.
    pub rule: Rule,
    /// What it is about; empty for the case as a whole.
    pub subject: String,
    /// How grave.
    pub severity: Severity,
    /// Since when; a day that is not given may be any.
    pub since_on: Option<Date>,
}

/// Where what is found differs from what must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It must be there, and is not.
    Missing(Expected),
    /// It is there, and must not be.
    Unexpected(Finding),
    /// It is there, at another severity or since another day.
    Different(Expected, Finding),
}

impl Fixture {
    /// Where the rules, under a policy, find something else than they must; empty where the policy passes.
    #[must_use]
    pub fn differences(&self, policy: &Policy) -> Vec<Difference> {
        let mut found = Evaluation::of(&self.case, policy, self.on).findings;
        found.retain(|finding| self.only.is_empty() || self.only.contains(&finding.rule));
        let mut differences = Vec::new();
        for expected in &self.expected {
            match found.iter().position(|finding| expected.is_about(finding)).map(|index| found.remove(index)) {
                None => differences.push(Difference::Missing(expected.clone())),
                Some(finding) if expected.is_met_by(&finding) => {}
                Some(finding) => differences.push(Difference::Different(expected.clone(), finding)),
            }
        }
        differences.extend(found.into_iter().map(Difference::Unexpected));
        differences
    }
}

impl Expected {
    fn is_about(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.subject == finding.subject
    }

    fn is_met_by(&self, finding: &Finding) -> bool {
        self.severity == finding.severity && self.since_on.is_none_or(|since_on| since_on == finding.since_on)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::calendar::Span;
    use super::*;

    /// Started on Monday 1 June 2026, and no letter: due on the 8th, red from the 16th.
    fn no_letter(expected: Vec<Expected>) -> Fixture {
        let start = date(2026, 6, 1);
        let case = Case { started_on: Some(start), ..Case::new("C-1", start) };
        let only = vec![Rule::MilestoneMissed];
        Fixture { name: "no letter".to_owned(), on: date(2026, 6, 16), case, expected, only }
    }

    fn letter(severity: Severity, since_on: Option<Date>) -> Expected {
        Expected { rule: Rule::MilestoneMissed, subject: "letter_before_proceedings".to_owned(), severity, since_on }
    }

    fn in_words(differences: &[Difference]) -> Vec<String> {
        let word = |difference: &Difference| match difference {
            Difference::Missing(expected) => format!("missing {} {}", expected.rule, expected.severity),
            Difference::Unexpected(found) => format!("unexpected {} {}", found.rule, found.severity),
            Difference::Different(expected, found) => format!("{} {} for {}", found.rule, found.severity, expected.severity),
        };
        differences.iter().map(word).collect()
    }

    #[rstest::rstest]
    #[case::met(vec![letter(Severity::Red, Some(date(2026, 6, 9)))], &[])]
    #[case::met_since_any_day(vec![letter(Severity::Red, None)], &[])]
    #[case::another_severity(vec![letter(Severity::Amber, None)], &["milestone_missed red for amber"])]
    #[case::another_day(vec![letter(Severity::Red, Some(date(2026, 6, 8)))], &["milestone_missed red for red"])]
    #[case::unexpected(vec![], &["unexpected milestone_missed red"])]
    #[case::missing(vec![Expected { subject: "final_review".to_owned(), ..letter(Severity::Notice, None) }],
        &["missing milestone_missed notice", "unexpected milestone_missed red"])]
    fn what_is_found_is_held_against_what_must_be(#[case] expected: Vec<Expected>, #[case] differences: &[&str]) {
        assert_eq!(in_words(&no_letter(expected).differences(&Policy::default())), differences);
    }

    #[test]
    fn another_number_in_the_policy_makes_a_difference() {
        let mut policy = Policy::default();
        policy.milestones.red_after = Span::WorkingDays(6);
        let differences = no_letter(vec![letter(Severity::Red, None)]).differences(&policy);
        assert_eq!(in_words(&differences), ["milestone_missed amber for red"]);
    }
}
