//! What is recorded of a case, as tables.

use jiff::civil::Date;

use super::told::capitalised;
use crate::api::case_view::summaries::AttendanceView;
use crate::api::case_view::{CaseView, MilestoneView};
use crate::domain::calendar::{Counted, in_words};
use crate::domain::case::{
    Assessment, AssessmentKind, Extension, ExtensionDecision, Grade, Meeting, MeetingKind, Outcome, Oversight, OversightKind,
};
use crate::domain::milestone::{Milestone, Timing};

/// The tables.
pub struct Record {
    pub milestones: Table,
    pub meetings: Table,
    pub assessments: Table,
    pub extensions: Table,
    /// What the extensions come to.
    pub more_time: Option<String>,
    pub appointments: Table,
    pub oversight: Table,
}

/// A table: its title, its columns, and each row as wide as they are.
pub struct Table {
    pub title: &'static str,
    pub id: &'static str,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
    /// What is said in place of an empty one.
    pub none: &'static str,
}

impl Record {
    /// Lays out what a case is made of.
    pub fn of(view: &CaseView) -> Self {
        let case = &view.case;
        let mut looked: Vec<&Oversight> = case.oversight.iter().collect();
        looked.sort_by_key(|looked| std::cmp::Reverse(looked.on));
        Self {
            milestones: milestones(view),
            meetings: Table {
                title: "Meetings",
                id: "meetings",
                columns: &["Number", "Meeting", "Planned for", "Held", "Cancelled"],
                rows: case.meetings.iter().map(of_a_meeting).collect(),
                none: "No meeting is recorded.",
            },
            assessments: Table {
                title: "Assessments",
                id: "assessments",
                columns: &["Number", "Assessment", "Commissioned", "Due", "Received"],
                rows: case.assessments.iter().map(of_an_assessment).collect(),
                none: "No assessment is recorded.",
            },
            extensions: Table {
                title: "Extensions",
                id: "extensions",
                columns: &["Number", "Requested", "Decision", "Approved by", "New end", "Reason"],
                rows: case.extensions.iter().map(of_an_extension).collect(),
                none: "No extension was asked for.",
            },
            more_time: more_time(view),
            appointments: appointments(view),
            oversight: Table {
                title: "Oversight",
                id: "oversight",
                columns: &["Day", "By", "Reasons"],
                rows: looked.into_iter().map(of_oversight).collect(),
                none: "Nobody is recorded to have looked at it from above.",
            },
        }
    }
}

fn day(day: Option<Date>) -> String {
    day.map_or_else(|| "–".to_owned(), in_words)
}

fn milestones(view: &CaseView) -> Table {
    let ends_with_a_birth = view.end.as_ref().is_some_and(|end| end.set_by.is_a_birth());
    let row = |standing: &MilestoneView| {
        let is_hidden = ends_with_a_birth && standing.code == Milestone::FinalReview;
        let due = if is_hidden { "Set by a birth; not shown".to_owned() } else { day(standing.due) };
        let how = if is_hidden { String::new() } else { how(standing) };
        vec![standing.code.title().title.to_owned(), due, day(standing.met), how]
    };
    Table {
        title: "Milestones",
        id: "milestones",
        columns: &["Step", "Due", "Met", "How it stands"],
        rows: view.milestones.iter().map(row).collect(),
        none: "",
    }
}

/// How a step stands to its day.
fn how(standing: &MilestoneView) -> String {
    let (Some(days), Some(timing)) = (standing.working_days, standing.timing) else {
        return if standing.due.is_none() { "Not due".to_owned() } else { "Not expected any more".to_owned() };
    };
    let days = Counted(days.abs(), "working day");
    match timing {
        Timing::Early => format!("Met {days} early"),
        Timing::OnTime => "Met on its day".to_owned(),
        Timing::Late => format!("Met {days} late"),
        Timing::Left => format!("{days} left"),
        Timing::DueToday => "Due today".to_owned(),
        Timing::Over => format!("{days} over"),
    }
}

fn of_a_meeting(held: &Meeting) -> Vec<String> {
    vec![
        held.sequence.to_string(),
        meeting(held.kind).to_owned(),
        day(held.planned_on),
        day(held.held_on),
        day(held.cancelled_on),
    ]
}

fn of_an_assessment(wanted: &Assessment) -> Vec<String> {
    vec![
        wanted.sequence.to_string(),
        assessment(wanted.kind).to_owned(),
        day(wanted.commissioned_on),
        day(wanted.due_on),
        day(wanted.received_on),
    ]
}

fn of_an_extension(extension: &Extension) -> Vec<String> {
    let decision = match extension.decision {
        ExtensionDecision::Pending => "Waits for a decision".to_owned(),
        ExtensionDecision::Approved => format!("Approved on {}", day(extension.decided_on)),
        ExtensionDecision::Refused => format!("Refused on {}", day(extension.decided_on)),
    };
    let approved = extension.decision == ExtensionDecision::Approved;
    vec![
        extension.sequence.to_string(),
        in_words(extension.requested_on),
        decision,
        if approved { grade(extension.approved_by_grade.as_deref()) } else { "–".to_owned() },
        day(extension.new_end_on),
        if extension.rationale_recorded { "Recorded".to_owned() } else { "Not recorded".to_owned() },
    ]
}

fn more_time(view: &CaseView) -> Option<String> {
    let extensions = &view.extensions;
    let limit = &extensions.limit;
    let given = match (extensions.approved.len(), extensions.days) {
        (0, _) => return None,
        (1, days) => format!("1 extension is approved and moves the end by {}", Counted(days, "day")),
        (many, days) => format!("{many} extensions are approved and move the end by {} altogether", Counted(days, "day")),
    };
    Some(format!(
        "{given}. That is amber from {} or with more than {}, and red from {} or with more than {}. A {} or above may approve.",
        Counted(limit.amber_from.into(), "approval"),
        Counted(limit.amber_over_days.into(), "day"),
        Counted(limit.red_from.into(), "approval"),
        Counted(limit.red_over_days.into(), "day"),
        grade_words(limit.minimum_grade.code()),
    ))
}

fn appointments(view: &CaseView) -> Table {
    let row = |who: String, kept: &AttendanceView| {
        let counts = [kept.attended, kept.missed, kept.excused, kept.missed_in_a_row];
        [who].into_iter().chain(counts.map(|count| count.to_string())).collect()
    };
    let people = &view.engagement.by_person;
    let name = |person: &str| if person.is_empty() { "Not recorded whose".to_owned() } else { capitalised(person) };
    let mut rows: Vec<Vec<String>> = people.iter().map(|person| row(name(&person.person), &person.attendance)).collect();
    if people.len() > 1 {
        rows.push(row("Altogether".to_owned(), &view.engagement.all));
    }
    Table {
        title: "Appointments",
        id: "appointments",
        columns: &["Person", "Kept", "Missed", "Missed with an excuse", "Missed in a row up to now"],
        rows,
        none: "No appointment is recorded.",
    }
}

fn of_oversight(looked: &Oversight) -> Vec<String> {
    let by = match looked.kind {
        OversightKind::PanelReview => "Legal gateway panel",
        OversightKind::ManagementOversight => "Manager",
        OversightKind::LegalPlanningMeeting => "Legal planning meeting",
    };
    let reasons = if looked.rationale_recorded { "Recorded" } else { "Not recorded" };
    vec![in_words(looked.on), by.to_owned(), reasons.to_owned()]
}

/// A meeting as a line begins with it.
pub fn meeting(kind: MeetingKind) -> &'static str {
    match kind {
        MeetingKind::Initial => "Initial meeting",
        MeetingKind::Review => "Review",
        MeetingKind::FinalReview => "Final review",
    }
}

/// An assessment as a line begins with it.
pub fn assessment(kind: AssessmentKind) -> &'static str {
    match kind {
        AssessmentKind::Other => "Another assessment",
        known => known.title(),
    }
}

/// What was decided, as a line begins with it.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Issue => "Decided to issue",
        Outcome::StepDown => "Decided to step down",
        Outcome::Other => "Decided otherwise",
    }
}

/// By whom it was approved, within a sentence.
pub fn by_grade(grade: Option<&str>) -> String {
    grade.map_or_else(|| "with no grade recorded".to_owned(), |grade| format!("by {}", grade_words(grade)))
}

fn grade(grade: Option<&str>) -> String {
    grade.map_or_else(|| "No grade recorded".to_owned(), |grade| capitalised(&grade_words(grade)))
}

/// A grade as people say it where it is one that is known, or else as it was recorded.
fn grade_words(recorded: &str) -> String {
    if Grade::from_code(recorded).is_some() { recorded.replace('_', " ") } else { recorded.to_owned() }
}
