//! The explanation as callers read it, and what the rules make of the case in it. No day gives a birth away.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::the_day::TheDayView;
use crate::domain::course::Status;
use crate::domain::explain::Explained;
use crate::domain::rules::Rule;
use crate::domain::schedule::{Finding, Severity};

/// Why a case was, or was not, alerted on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The case.
    pub reference: String,
    /// The day, in London.
    pub on: Date,
    /// What the rules make of the case.
    #[serde(flatten)]
    pub judged: Judged,
    /// Who was told, who was not, and what the mail server said.
    #[serde(flatten)]
    pub the_day: TheDayView,
}

/// What the rules make of a case on a day, by what was recorded when it ended and by what is recorded now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Judged {
    /// The policy by which both are judged.
    pub policy: PolicyView,
    /// When the service first heard of the case; absent where the history does not go back as far.
    pub first_recorded_at: Option<Timestamp>,
    /// Where the case stood, by what was recorded when the day ended; absent where the case itself was recorded later.
    pub status: Option<Status>,
    /// Each rule, by what was recorded when the day ended; empty where the case itself was recorded later.
    pub as_recorded: Vec<RuleView>,
    /// Whether facts that count for the day were recorded, corrected or taken back after it.
    pub recorded_later: bool,
    /// Of each rule for which that makes a difference, what it says by what is recorded now.
    pub now_known: Vec<RuleView>,
}

/// The policy in force when the day ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyThen)]
pub struct PolicyView {
    /// Its number; absent where none was in force yet.
    pub version: Option<i64>,
    /// Since when it was in force.
    pub in_force_from: Option<Timestamp>,
    /// Whether it is still in force.
    pub is_current: bool,
    /// Whether the rules are judged by today's policy in its place: none was in force yet, or its text was not kept.
    pub substituted: bool,
    /// The least severity of a finding that opens an alert, by the policy that the rules are judged by.
    pub alert_from: Severity,
}

/// One rule: its findings or, where there are none, why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedRule)]
pub struct RuleView {
    /// The permanent code.
    pub rule: Rule,
    /// The heading for people, which may change.
    pub title: &'static str,
    /// What the rule finds, ordered by subject.
    pub findings: Vec<FindingView>,
    /// Why there is no finding: a plain sentence. Absent exactly where there is one.
    pub why_none: Option<String>,
}

/// A finding, as it stood on the day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedFinding)]
pub struct FindingView {
    /// What it is about, within its rule; empty for the case as a whole.
    pub subject: String,
    /// How grave it is.
    pub severity: Severity,
    /// Since when it is at amber or above (for a notice: present at all); absent where that would give a birth away.
    pub since_on: Option<Date>,
    /// Since when it is at this severity; absent as above.
    pub severity_since_on: Option<Date>,
    /// The evidence: a plain sentence.
    pub message: String,
}

impl Explanation {
    /// Lays everything side by side.
    #[must_use]
    pub fn of(reference: String, on: Date, judged: Judged, the_day: TheDayView) -> Self {
        Self { reference, on, judged, the_day }
    }
}

impl From<Explained> for RuleView {
    fn from(explained: Explained) -> Self {
        Self {
            rule: explained.rule,
            title: explained.rule.title(),
            findings: explained.findings.into_iter().map(FindingView::from).collect(),
            why_none: explained.why_none,
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let gives_a_birth_away = finding.gives_a_birth_away;
        Self {
            subject: finding.subject,
            severity: finding.severity,
            since_on: (!gives_a_birth_away).then_some(finding.since_on),
            severity_since_on: (!gives_a_birth_away).then_some(finding.severity_since_on),
            message: finding.message,
        }
    }
}
