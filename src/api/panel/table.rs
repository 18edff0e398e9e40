//! The agenda as a table: one row a case.

use jiff::civil::Date;

use super::view::{MeetingView, PanelAlert, PanelCase, PanelView};
use crate::domain::policy::Role;
use crate::exchange::table;

/// A column: its header, and its cell in the row of a case.
type Column = (&'static str, fn(&PanelCase) -> String);

#[rustfmt::skip]
const COLUMNS: &[Column] = &[
    ("reference", |case| case.reference.clone()),
    ("team", |case| case.team.clone().unwrap_or_default()),
    ("restricted", |case| case.restricted.to_string()),
    ("status", |case| case.status.to_string()),
    ("rag", |case| case.rag.to_string()),
    ("question", |case| case.question.code.to_string()),
    ("question_text", |case| case.question.text.to_owned()),
    ("started_on", |case| day(case.started_on)),
    ("weeks_open", |case| case.weeks_open.map_or_else(String::new, |weeks| weeks.to_string())),
    ("base_end", |case| day(case.base_end)),
    ("end", |case| case.end.as_ref().map_or_else(String::new, |end| end.on.to_string())),
    ("end_set_by", |case| case.end.as_ref().map_or_else(String::new, |end| end.set_by.to_string())),
    ("forecast", |case| day(case.forecast)),
    ("extensions_approved", |case| case.extensions.approved.to_string()),
    ("extension_days", |case| case.extensions.days.to_string()),
    ("extensions_approved_by", |case| joined(&case.extensions.approvals, |approval| approval.by_grade.clone().unwrap_or_else(|| "unknown".to_owned()))),
    ("extensions_pending", |case| case.extensions.pending.to_string()),
    ("last_meeting_on", |case| day(case.last_meeting.as_ref().map(|meeting| meeting.on))),
    ("last_meeting_kind", |case| kind(case.last_meeting.as_ref())),
    ("next_meeting_on", |case| day(case.next_meeting.as_ref().map(|meeting| meeting.on))),
    ("next_meeting_kind", |case| kind(case.next_meeting.as_ref())),
    ("late_assessments", |case| joined(&case.late_assessments, |late| format!("{}: due {}", late.kind, late.due_on))),
    ("missed_in_a_row", |case| case.missed_in_a_row.as_ref().map_or_else(String::new, |missed| missed.appointments.to_string())),
    ("last_missed_on", |case| day(case.missed_in_a_row.as_ref().map(|missed| missed.last_on))),
    ("last_panel_review_on", |case| day(case.last_panel_review_on)),
    ("findings", |case| joined(&case.findings, |finding| format!("{}: {}", finding.severity, finding.message))),
    ("alerts_open", |case| case.alerts.iter().filter(|alert| alert.aside.is_none()).count().to_string()),
    ("alerts_put_aside", |case| joined(case.alerts.iter().filter(|alert| alert.aside.is_some()), put_aside)),
    ("told", |case| joined(&case.told, |role: &Role| role.to_string())),
];

/// The agenda as a table.
///
/// # Errors
///
/// A row could not be written.
pub fn write(agenda: &PanelView) -> Result<Vec<u8>, csv::Error> {
    let header: Vec<&str> = ["meeting_on"].into_iter().chain(COLUMNS.iter().map(|(header, _)| *header)).collect();
    let rows = agenda.cases.iter().map(|case| {
        let cells = COLUMNS.iter().map(|(_, cell)| cell(case));
        [agenda.meeting_on.to_string()].into_iter().chain(cells)
    });
    table::write(&header, rows)
}

fn day(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn kind(meeting: Option<&MeetingView>) -> String {
    meeting.map_or_else(String::new, |meeting| meeting.kind.to_string())
}

fn put_aside(alert: &PanelAlert) -> String {
    let aside =
        alert.aside.as_ref().map_or_else(String::new, |aside| format!("{} by {} until {}", aside.kind, aside.by, aside.until));
    format!("{}: {aside}", alert.title)
}

fn joined<T>(parts: impl IntoIterator<Item = T>, word: impl Fn(T) -> String) -> String {
    parts.into_iter().map(word).collect::<Vec<_>>().join(" | ")
}
