//! One case as callers read it: its facts, and what the rules make of them on a day.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use super::alerts::Alert;
use crate::domain::calendar::days_between;
use crate::domain::case::Case;
use crate::domain::course::{Course, End, EndSetBy, Status};
use crate::domain::evaluation::Evaluation;
use crate::domain::milestone::Milestone;
use crate::domain::policy::Policy;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::domain::schedule::{Finding, Severity};
use crate::exchange::document;
use crate::store::alert_list;

/// One case.
#[derive(Debug, Serialize)]
pub struct CaseView {
    reference: String,
    on: Date,
    status: Status,
    rag: Rag,
    facts: Value,
    clock_start: Option<Date>,
    base_end: Option<Date>,
    end: Option<EndView>,
    weeks_open: Option<i64>,
    forecast: Option<Date>,
    milestones: Vec<MilestoneView>,
    findings: Vec<FindingView>,
    next_change_on: Option<Date>,
    alerts: Vec<Alert>,
}

/// The end of the period, and what set it.
#[derive(Debug, Serialize)]
pub struct EndView {
    on: Date,
    set_by: EndSetBy,
}

#[derive(Debug, Serialize)]
struct MilestoneView {
    code: Milestone,
    due: Option<Date>,
    met: Option<Date>,
    working_days: Option<i64>,
}

#[derive(Debug, Serialize)]
struct FindingView {
    rule: Rule,
    title: &'static str,
    subject: String,
    severity: Severity,
    since_on: Date,
    severity_since_on: Date,
    message: String,
}

impl CaseView {
    /// Evaluates a case on a day, and lays its alerts beside.
    #[must_use]
    pub fn of(case: &Case, policy: &Policy, day: Date, alerts: Vec<alert_list::Listed>) -> Self {
        let evaluation = Evaluation::of(case, policy, day);
        let course = Course::of(case, policy);
        Self {
            reference: case.reference.clone(),
            on: day,
            status: evaluation.status,
            rag: evaluation.risk.rag,
            facts: document::write(case),
            clock_start: evaluation.clock_start,
            base_end: evaluation.base_end,
            end: evaluation.end.map(EndView::from),
            weeks_open: weeks_open(Some(evaluation.status), case.started_on, day),
            forecast: evaluation.forecast,
            milestones: Milestone::ALL.iter().map(|&milestone| MilestoneView::of(milestone, &course, day)).collect(),
            findings: evaluation.findings.into_iter().map(FindingView::from).collect(),
            next_change_on: evaluation.next_change_on,
            alerts: alerts.into_iter().map(Alert::from).collect(),
        }
    }
}

/// For how many whole weeks a case has been in pre-proceedings; absent where it is not.
#[must_use]
pub fn weeks_open(status: Option<Status>, started_on: Option<Date>, today: Date) -> Option<i64> {
    let is_in_pre_proceedings = matches!(status, Some(Status::Open | Status::DecidedIssue));
    let started_on = started_on.filter(|&started_on| is_in_pre_proceedings && started_on <= today)?;
    Some(days_between(started_on, today) / 7)
}

impl From<End> for EndView {
    fn from(end: End) -> Self {
        Self { on: end.on, set_by: end.set_by }
    }
}

impl MilestoneView {
    fn of(milestone: Milestone, course: &Course, day: Date) -> Self {
        let standing = milestone.standing_on(course, day);
        Self { code: milestone, due: standing.due_on, met: standing.met_on, working_days: standing.working_days }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            rule: finding.rule,
            title: finding.rule.title(),
            subject: finding.subject,
            severity: finding.severity,
            since_on: finding.since_on,
            severity_since_on: finding.severity_since_on,
            message: finding.message,
        }
    }
}
