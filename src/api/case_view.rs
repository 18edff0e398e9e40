//! One case as callers read it: its facts, what the rules make of them on a day, and where each comes from.

pub mod provenance;
pub mod sources;
pub mod summaries;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::alerts::Alert;
use super::openapi::CaseDocument;
use super::problem::Problem;
use super::{case_tag, etag};
use crate::data_quality::how_derived;
use crate::domain::calendar::days_between;
use crate::domain::case::Case;
use crate::domain::course::{Course, End, EndSetBy, Status};
use crate::domain::evaluation::Evaluation;
use crate::domain::milestone::{Milestone, Timing};
use crate::domain::policy::Policy;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::domain::schedule::{Finding, Severity};
use crate::exchange::document;
use crate::store::{alert_list, changes, sources as kept};
pub use provenance::OriginView;
use provenance::ProvenanceView;
use sources::SourceView;
use summaries::{EngagementView, ExtensionsView};

/// One case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Case)]
pub struct CaseView {
    /// The council's pseudonymous reference.
    #[schema(example = "PP-2026-014")]
    pub reference: String,
    /// The day as of which it is evaluated: today, in London.
    pub on: Date,
    /// Where it stands.
    pub status: Status,
    /// Its gravest finding.
    pub rag: Rag,
    /// Everything that is recorded of it.
    #[schema(value_type = CaseDocument)]
    pub facts: Value,
    /// The same for the rest of the program.
    #[serde(skip)]
    pub case: Case,
    /// The day from which the period is counted; null before the start.
    pub clock_start: Option<Date>,
    /// The end of the period without extensions and births.
    pub base_end: Option<Date>,
    /// The end of the period as it stands, and what set it.
    pub end: Option<EndView>,
    /// For how many whole weeks it has been in pre-proceedings; null where it is not.
    pub weeks_open: Option<i64>,
    /// When a decision is to be expected at the usual pace; null unless it is open.
    pub forecast: Option<Date>,
    /// The four steps, in their order.
    pub milestones: Vec<MilestoneView>,
    /// What the rules find, ordered by rule and subject.
    pub findings: Vec<FindingView>,
    /// The next day on which a finding comes, goes or changes if no fact does; null where that is never.
    pub next_change_on: Option<Date>,
    /// How the family has kept its appointments.
    pub engagement: EngagementView,
    /// How much more time was asked for and given.
    pub extensions: ExtensionsView,
    /// Its alerts, newest first, resolved ones too.
    pub alerts: Vec<Alert>,
    /// Where each fact that is recorded comes from.
    pub provenance: Vec<ProvenanceView>,
    /// The imports that have had a word on it.
    pub sources: Vec<SourceView>,
}

/// A case as it is shown, with its tag.
pub struct TaggedView {
    /// See [`case_tag`].
    pub tag: String,
    /// The view as JSON.
    pub body: Vec<u8>,
}

/// The end of the period, and what set it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = End)]
pub struct EndView {
    /// The last day of the period.
    pub on: Date,
    /// What set it.
    pub set_by: EndSetBy,
}

/// How a step stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MilestoneStanding)]
pub struct MilestoneView {
    /// Which step.
    pub code: Milestone,
    /// The day it is due; null while it is not due at all.
    pub due: Option<Date>,
    /// The day it was met.
    pub met: Option<Date>,
    /// How many working days after its day it was met or, not being met, how many it is over; negative where it was met early or has
    /// days left. Null where it is not due, or neither met nor expected any more.
    pub working_days: Option<i64>,
    /// Which way these working days go.
    pub timing: Option<Timing>,
}

/// A finding, with its evidence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingView {
    /// The permanent code of the rule.
    pub rule: Rule,
    /// The heading for people, which may change.
    pub title: &'static str,
    /// What it is about, within its rule; empty for the case as a whole.
    pub subject: String,
    /// How grave it is.
    pub severity: Severity,
    /// Since when it is at amber or above (for a notice: present at all).
    pub since_on: Date,
    /// Since when it is at this severity.
    pub severity_since_on: Date,
    /// The evidence: a plain sentence.
    pub message: String,
    /// Whether a birth could be worked out from its days; people at pages are shown none of them.
    #[serde(skip)]
    pub gives_a_birth_away: bool,
}

impl CaseView {
    /// Evaluates a case on a day, and lays beside it what else is kept of it.
    ///
    /// # Errors
    ///
    /// The database does not answer, or holds what is not known here.
    pub async fn read(connection: &mut PgConnection, case: &Case, policy: &Policy, day: Date) -> Result<Self, sqlx::Error> {
        let alerts = alert_list::of_case(connection, &case.reference).await?;
        let origins = changes::origins(connection, &case.reference).await?;
        let sources = kept::of_case(connection, &case.reference).await?;
        let facts = document::write(case);
        let evaluation = Evaluation::of(case, policy, day);
        let course = Course::of(case, policy);
        Ok(Self {
            reference: case.reference.clone(),
            on: day,
            status: evaluation.status,
            rag: evaluation.risk.rag,
            clock_start: evaluation.clock_start,
            base_end: evaluation.base_end,
            end: evaluation.end.map(EndView::from),
            weeks_open: weeks_open(Some(evaluation.status), case.started_on, day),
            forecast: evaluation.forecast,
            milestones: Milestone::ALL.iter().map(|&milestone| MilestoneView::of(milestone, &course, day)).collect(),
            findings: evaluation.findings.into_iter().map(FindingView::from).collect(),
            next_change_on: evaluation.next_change_on,
            engagement: EngagementView::of(case, day),
            extensions: ExtensionsView::of(&course, policy, day),
            alerts: alerts.into_iter().map(Alert::from).collect(),
            provenance: provenance::provenance(case, origins, |field, origin| how_derived(&sources, &facts, field, origin)),
            sources: sources.iter().map(|source| SourceView::of(source, &facts)).collect(),
            facts,
            case: case.clone(),
        })
    }

    /// The view as it is sent.
    ///
    /// # Errors
    ///
    /// It cannot be written as JSON.
    pub fn tagged(&self) -> Result<TaggedView, Problem> {
        let body = etag::written(self)?;
        Ok(TaggedView { tag: case_tag::tag(&self.facts, &body), body })
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
        Self {
            code: milestone,
            due: standing.due_on,
            met: standing.met_on,
            working_days: standing.working_days,
            timing: standing.timing,
        }
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
            gives_a_birth_away: finding.gives_a_birth_away,
        }
    }
}
