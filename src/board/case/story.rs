//! The days of a case, as its timeline tells them.

use jiff::civil::Date;

use super::record::{assessment, by_grade, meeting, outcome};
use crate::api::case_view::{CaseView, EndView};
use crate::board::draw::timeline::{Lane, Line, LineKind, Mark, Shape, Story};
use crate::board::words;
use crate::domain::case::{Assessment, Case, Extension, ExtensionDecision, Meeting};
use crate::domain::course::Status;
use crate::domain::milestone::Milestone;
use crate::domain::period::Period;

/// Everything that has a day.
pub fn of(view: &CaseView) -> Story {
    let case = &view.case;
    let end = view.end.as_ref().filter(|end| !end.set_by.is_a_birth());
    Story {
        title: format!("The days of {} in lanes; the list that follows says the same", view.reference),
        period: period(view, end),
        lines: lines(view, end),
        lanes: vec![
            lane("Letter", letter(view)),
            lane("Meetings", meetings(view)),
            lane("Assessments", case.assessments.iter().flat_map(assessments)),
            lane("Extensions", case.extensions.iter().flat_map(extensions)),
            lane("Decision", decision(view)),
        ],
    }
}

/// The period up to today or, where the case has left pre-proceedings, up to then.
fn period(view: &CaseView, end: Option<&EndView>) -> Option<Period> {
    let (case, end) = (&view.case, end?.on);
    let left = match view.status {
        Status::NotStarted => return None,
        Status::Open | Status::DecidedIssue => None,
        Status::Issued => case.court_application_on,
        Status::SteppedDown | Status::Closed => case.step_decision_on.or(case.closed_on),
    };
    let start = view.clock_start?;
    let today = left.unwrap_or(view.on).clamp(start, view.on.max(start));
    (end > start).then_some(Period { start, base_end: view.base_end, end, today })
}

fn lines(view: &CaseView, end: Option<&EndView>) -> Vec<Line> {
    let line = |on: Option<Date>, kind, label: &str, words: &str| {
        Some(Line { on: on?, kind, label: label.to_owned(), words: words.to_owned() })
    };
    let clock_start = view.clock_start.filter(|_| view.clock_start != view.case.started_on);
    let first_end = view.base_end.filter(|&base| view.end.as_ref().is_some_and(|end| end.on != base));
    let set_by = end.map_or_else(String::new, |end| format!("The period ends, as set by {}", words::set_by(end.set_by)));
    // What is over has no today, and neither has what has no other day.
    let goes_on = matches!(view.status, Status::NotStarted | Status::Open | Status::DecidedIssue);
    let today = Some(view.on).filter(|_| goes_on && view.case.started_on.is_some());
    let end_is = if first_end.is_some() { "Extended end" } else { "End" };
    [
        line(view.case.started_on, LineKind::Start, "Start", "Decision to enter pre-proceedings"),
        line(clock_start, LineKind::Start, "Counted from", "The period is counted from here"),
        line(first_end, LineKind::FirstEnd, "First end", "The period would end without extensions and births"),
        line(end.map(|end| end.on), LineKind::End, end_is, &set_by),
        line(
            view.forecast,
            LineKind::Forecast,
            "Forecast",
            "A decision is to be expected, if what is left goes at the usual pace",
        ),
        line(today, LineKind::Today, "Today", "Today"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn lane(title: &'static str, marks: impl IntoIterator<Item = Mark>) -> Lane {
    Lane { title, marks: marks.into_iter().collect() }
}

fn mark(on: Option<Date>, shape: Shape, label: String, words: String) -> Option<Mark> {
    Some(Mark { on: on?, shape, label, words })
}

fn letter(view: &CaseView) -> impl Iterator<Item = Mark> {
    let sent = view.case.lbp_sent_on;
    let due = due(view, Milestone::LetterBeforeProceedings).filter(|_| due(view, Milestone::LetterBeforeProceedings) != sent);
    let marks = [
        mark(due, Shape::Due, "Due".to_owned(), "Letter before proceedings due".to_owned()),
        mark(sent, Shape::Done, "Sent".to_owned(), "Letter before proceedings sent".to_owned()),
    ];
    marks.into_iter().flatten()
}

/// The day by which a step is due, unless it follows from a birth.
fn due(view: &CaseView, milestone: Milestone) -> Option<Date> {
    let follows_from_a_birth =
        milestone == Milestone::FinalReview && view.end.as_ref().is_some_and(|end| end.set_by.is_a_birth());
    let standing = view.milestones.iter().find(|standing| standing.code == milestone)?;
    standing.due.filter(|_| !follows_from_a_birth)
}

fn meetings(view: &CaseView) -> impl Iterator<Item = Mark> {
    let steps = [Milestone::InitialMeeting, Milestone::FinalReview].into_iter().filter_map(|step| {
        let met = view.milestones.iter().any(|standing| standing.code == step && standing.met.is_some());
        let title = step.title().title;
        mark(due(view, step).filter(|_| !met), Shape::Due, format!("{title} due"), format!("{title} due"))
    });
    view.case.meetings.iter().flat_map(of_a_meeting).chain(steps)
}

fn of_a_meeting(held: &Meeting) -> impl Iterator<Item = Mark> {
    let kind = meeting(held.kind);
    let planned = held.planned_on.filter(|_| held.planned_on != held.held_on);
    let named = |what: &str| format!("Meeting {} ({}) {what}", held.sequence, held.kind.words());
    let marks = [
        mark(planned, Shape::Due, format!("{kind} planned"), named("planned")),
        mark(held.cancelled_on, Shape::Off, format!("{kind} cancelled"), named("cancelled")),
        mark(held.held_on, Shape::Done, format!("{kind} held"), named("held")),
    ];
    marks.into_iter().flatten()
}

fn assessments(wanted: &Assessment) -> impl Iterator<Item = Mark> {
    let title = assessment(wanted.kind);
    let named = |what: &str| format!("{title} ({}) {what}", wanted.sequence);
    let due = wanted.due_on.filter(|_| wanted.due_on != wanted.received_on);
    let marks = [
        mark(due, Shape::Due, format!("{title} due"), named("due")),
        mark(wanted.received_on, Shape::Done, format!("{title} received"), named("received")),
    ];
    marks.into_iter().flatten()
}

fn extensions(extension: &Extension) -> impl Iterator<Item = Mark> {
    let number = extension.sequence;
    let decided = match extension.decision {
        ExtensionDecision::Pending => None,
        ExtensionDecision::Approved => {
            let by = by_grade(extension.approved_by_grade.as_deref());
            let to = extension
                .new_end_on
                .map_or_else(String::new, |day| format!(", to end on {}", crate::domain::calendar::in_words(day)));
            mark(
                extension.decided_on,
                Shape::Decided,
                format!("{number} approved"),
                format!("Extension {number} approved {by}{to}"),
            )
        }
        ExtensionDecision::Refused => {
            mark(extension.decided_on, Shape::Off, format!("{number} refused"), format!("Extension {number} refused"))
        }
    };
    let requested =
        mark(Some(extension.requested_on), Shape::Due, format!("{number} requested"), format!("Extension {number} requested"));
    [requested, decided].into_iter().flatten()
}

fn decision(view: &CaseView) -> impl Iterator<Item = Mark> {
    let Case { step_decision_on, court_application_on, letter_of_issue_on, closed_on, .. } = view.case;
    let decided = view.case.outcome.map_or("Decided", outcome);
    let application_due = due(view, Milestone::CourtApplication).filter(|_| court_application_on.is_none());
    let marks = [
        mark(step_decision_on, Shape::Decided, decided.to_owned(), decided.to_owned()),
        mark(application_due, Shape::Due, "Application due".to_owned(), "Application to the court due".to_owned()),
        mark(court_application_on, Shape::Done, "Application made".to_owned(), "Application to the court made".to_owned()),
        mark(letter_of_issue_on, Shape::Done, "Letter of issue".to_owned(), "Letter of issue sent".to_owned()),
        mark(closed_on, Shape::Decided, "Closed".to_owned(), "Case closed".to_owned()),
    ];
    marks.into_iter().flatten()
}
