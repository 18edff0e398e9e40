//! The agenda as callers read it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::case_view::{EndView, FindingView, weeks_open};
use crate::domain::briefing::{Approval, Briefing, LateAssessment, Met};
use crate::domain::case::{AssessmentKind, MeetingKind};
use crate::domain::course::Status;
use crate::domain::pause::PauseKind;
use crate::domain::policy::{Delivery, Policy, Role};
use crate::domain::question::Question;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::agenda::item::Item;
use crate::store::agenda::{PutAside, StandingAlert};

/// The agenda of a panel meeting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PanelAgenda)]
pub struct PanelView {
    /// The day of the next meeting; today, where the panel meets today.
    pub meeting_on: Date,
    /// Whether anybody works on that day.
    pub is_working_day: bool,
    /// The day as of which the cases are judged: today.
    pub on: Date,
    /// The cases, gravest first as of the last sweep.
    pub cases: Vec<PanelCase>,
    /// How many cases at risk were not looked at: the 1,000 gravest are.
    pub not_shown: usize,
}

/// A case on the agenda.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PanelCase)]
pub struct PanelCase {
    /// The council's pseudonymous reference.
    #[schema(example = "PP-2026-014")]
    pub reference: String,
    /// The owning team.
    pub team: Option<String>,
    /// Whether only cleared people may know of it.
    pub restricted: bool,
    /// Where it stands: open or decided to issue.
    pub status: Status,
    /// Red or amber.
    pub rag: Rag,
    /// What the panel must decide.
    pub question: QuestionView,
    /// Decision to enter pre-proceedings.
    pub started_on: Option<Date>,
    /// For how many whole weeks it has been in pre-proceedings.
    pub weeks_open: Option<i64>,
    /// The end of the period without extensions and births.
    pub base_end: Option<Date>,
    /// The end of the period, and what set it.
    pub end: Option<EndView>,
    /// When the decision would come at the usual pace; null where it is made.
    pub forecast: Option<Date>,
    /// Extensions so far.
    pub extensions: ExtensionsView,
    /// The last meeting held.
    pub last_meeting: Option<MeetingView>,
    /// The next meeting planned, for today or later.
    pub next_meeting: Option<MeetingView>,
    /// Assessments that were due and are not received, the longest overdue first.
    pub late_assessments: Vec<LateAssessmentView>,
    /// The longest run of appointments missed without excuse that ends somebody's records; null where there is none.
    pub missed_in_a_row: Option<MissedView>,
    /// The last panel review with a recorded rationale.
    pub last_panel_review_on: Option<Date>,
    /// What puts it at risk, each with its evidence: red before amber, then what has lasted longest.
    pub findings: Vec<FindingView>,
    /// Alerts that are not resolved, by rule and subject.
    pub alerts: Vec<PanelAlert>,
    /// The roles that have been told of these alerts, in the order in which they were.
    pub told: Vec<Role>,
    /// Who is told next, while an alert is open.
    pub next_rung: Option<RungView>,
}

/// A question to the panel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PanelQuestion)]
pub struct QuestionView {
    /// Its permanent code.
    pub code: Question,
    /// The question as a person would ask it.
    pub text: &'static str,
}

/// Extensions so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionsSoFar)]
pub struct ExtensionsView {
    /// How many were approved.
    pub approved: usize,
    /// By how many days the last of them moved the end.
    pub days: i64,
    /// How many requests wait for an answer.
    pub pending: usize,
    /// Those that were approved, in the order of their decision.
    pub approvals: Vec<ApprovalView>,
}

/// An extension that was approved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalView {
    /// Its sequence.
    pub sequence: u32,
    /// The day of the decision.
    pub decided_on: Date,
    /// The end it moved the period to.
    pub new_end_on: Date,
    /// The grade of whoever approved it, in the source's words.
    pub by_grade: Option<String>,
    /// Whether the reason is on file.
    pub rationale_recorded: bool,
}

/// A meeting, held or planned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatedMeeting)]
pub struct MeetingView {
    /// Its sequence.
    pub sequence: u32,
    /// Which one.
    pub kind: MeetingKind,
    /// The day.
    pub on: Date,
}

/// An assessment that is late.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LateAssessment)]
pub struct LateAssessmentView {
    /// Its sequence.
    pub sequence: u32,
    /// Of what.
    pub kind: AssessmentKind,
    /// Promised for.
    pub due_on: Date,
    /// How many working days over.
    pub working_days_over: i64,
}

/// Appointments missed in a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissedInARow)]
pub struct MissedView {
    /// How many.
    pub appointments: usize,
    /// The last of them.
    pub last_on: Date,
}

/// An alert that is not resolved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PanelAlert)]
pub struct PanelAlert {
    /// Its identity.
    pub id: Uuid,
    /// The code of its rule.
    #[schema(value_type = Rule)]
    pub rule: String,
    /// The rule as a person would say it.
    pub title: String,
    /// What within the rule; empty for the case as a whole.
    pub subject: String,
    /// How grave, in its code.
    #[schema(value_type = Severity)]
    pub severity: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How somebody has put it aside; null while it is open.
    pub aside: Option<AsideView>,
}

/// How an alert is put aside. What was typed with it is in the alert's own story.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PutAside)]
pub struct AsideView {
    /// Acknowledged or snoozed.
    pub kind: PauseKind,
    /// In which role, or `api` where it was done over the API.
    pub by: &'static str,
    /// On which day.
    pub made_on: Date,
    /// The day on which the alert opens again if nothing has changed.
    pub until: Date,
}

/// Who is told next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PanelRung)]
pub struct RungView {
    /// In which role.
    pub role: Role,
    /// On which day.
    pub on: Date,
    /// How.
    pub deliver: Delivery,
}

impl PanelView {
    /// The agenda of a meeting, as the cases stand on a day.
    pub(super) fn of(items: &[Item], meeting_on: Date, not_shown: usize, policy: &Policy, today: Date) -> Self {
        Self {
            meeting_on,
            is_working_day: policy.calendar.is_working_day(meeting_on),
            on: today,
            cases: items.iter().map(|item| PanelCase::of(item, policy, today)).collect(),
            not_shown,
        }
    }
}

impl PanelCase {
    fn of(item: &Item, policy: &Policy, today: Date) -> Self {
        let Item { case, evaluation, question, alerts, follow_up } = item;
        let briefing = Briefing::of(case, policy, today);
        let mut told: Vec<Role> = Vec::new();
        for &(role, _) in &follow_up.told {
            if !told.contains(&role) {
                told.push(role);
            }
        }
        Self {
            reference: case.reference.clone(),
            team: case.team.clone(),
            restricted: case.restricted,
            status: evaluation.status,
            rag: evaluation.risk.rag,
            question: QuestionView { code: *question, text: question.text() },
            started_on: case.started_on,
            weeks_open: weeks_open(Some(evaluation.status), case.started_on, today),
            base_end: evaluation.base_end,
            end: evaluation.end.map(EndView::from),
            forecast: evaluation.forecast,
            extensions: ExtensionsView {
                approved: briefing.approvals.len(),
                days: briefing.days_extended,
                pending: briefing.requests_pending,
                approvals: briefing.approvals.into_iter().map(ApprovalView::from).collect(),
            },
            last_meeting: briefing.last_meeting.map(MeetingView::from),
            next_meeting: briefing.next_meeting.map(MeetingView::from),
            late_assessments: briefing.late_assessments.into_iter().map(LateAssessmentView::from).collect(),
            missed_in_a_row: briefing.missed_in_a_row.map(|(appointments, last_on)| MissedView { appointments, last_on }),
            last_panel_review_on: briefing.last_panel_review_on,
            findings: item.drifting().into_iter().cloned().map(FindingView::from).collect(),
            alerts: alerts.iter().map(PanelAlert::from).collect(),
            told,
            next_rung: follow_up.next.map(|(role, on, deliver)| RungView { role, on, deliver }),
        }
    }
}

impl From<Approval> for ApprovalView {
    fn from(approval: Approval) -> Self {
        let Approval { sequence, decided_on, new_end_on, by_grade, rationale_recorded } = approval;
        Self { sequence, decided_on, new_end_on, by_grade, rationale_recorded }
    }
}

impl From<Met> for MeetingView {
    fn from(met: Met) -> Self {
        Self { sequence: met.sequence, kind: met.kind, on: met.on }
    }
}

impl From<LateAssessment> for LateAssessmentView {
    fn from(late: LateAssessment) -> Self {
        let LateAssessment { sequence, kind, due_on, working_days_over } = late;
        Self { sequence, kind, due_on, working_days_over }
    }
}

impl From<&StandingAlert> for PanelAlert {
    fn from(alert: &StandingAlert) -> Self {
        Self {
            id: alert.id,
            rule: alert.rule.clone(),
            title: Rule::from_code(&alert.rule).map_or_else(|| alert.rule.clone(), |rule| rule.title().to_owned()),
            subject: alert.subject.clone(),
            severity: alert.severity.clone(),
            opened_at: alert.opened_at,
            aside: alert.aside.map(AsideView::from),
        }
    }
}

impl From<PutAside> for AsideView {
    fn from(aside: PutAside) -> Self {
        Self { kind: aside.kind, by: aside.by.map_or("api", Role::code), made_on: aside.made_on, until: aside.until_on }
    }
}
