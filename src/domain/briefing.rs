//! What whoever decides on a case has to know of it beside its findings.

use jiff::civil::Date;

use super::calendar::days_between;
use super::case::{Assessment, AssessmentKind, Case, ExtensionDecision, Meeting, MeetingKind};
use super::course::Course;
use super::policy::Policy;
use super::rules::longest_missed;

/// The facts of a case that bear on a decision, as they stand on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    /// Approved extensions, in the order of their decision.
    pub approvals: Vec<Approval>,
    /// By how many days the last of them moved the end; negative where it moved it forward, 0 where there is none.
    pub days_extended: i64,
    /// How many requests for more time wait for an answer.
    pub requests_pending: usize,
    /// The last meeting held; of two on a day, the final review.
    pub last_meeting: Option<Met>,
    /// The next meeting planned, for the day or later.
    pub next_meeting: Option<Met>,
    /// Assessments that were due and are not received, the longest overdue first.
    pub late_assessments: Vec<LateAssessment>,
    /// How many appointments somebody has missed in a row, and the last of them; absent where nobody has.
    pub missed_in_a_row: Option<(usize, Date)>,
    /// The last panel review with a recorded rationale.
    pub last_panel_review_on: Option<Date>,
}

/// An extension that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// Its sequence.
    pub sequence: u32,
    /// Which one.
    pub kind: MeetingKind,
    /// The day.
    pub on: Date,
}

/// An assessment that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateAssessment {
    /// Its sequence.
    pub sequence: u32,
    /// Of what.
    pub kind: AssessmentKind,
    /// Promised for.
    pub due_on: Date,
    /// How many working days over.
    pub working_days_over: i64,
}

impl Briefing {
    /// Reads the facts of a case, as they stand on a day.
    #[must_use]
    pub fn of(case: &Case, policy: &Policy, day: Date) -> Self {
        let course = Course::of(case, policy);
        let last_approved = course.last_approved_on(day).zip(course.base_end_on(day));
        Self {
            approvals: approvals(&course, day),
            days_extended: last_approved.map_or(0, |(last, base_end)| days_between(base_end, last.new_end_on)),
            requests_pending: requests_pending(case, day),
            last_meeting: last_meeting(case, day),
            next_meeting: next_meeting(case, day),
            late_assessments: late_assessments(case, policy, day),
            missed_in_a_row: longest_missed(case, day),
            last_panel_review_on: course.last_panel_review_on(day),
        }
    }
}

fn approvals(course: &Course, day: Date) -> Vec<Approval> {
    let approved = course.approved.iter().filter(|approved| approved.on <= day);
    let approval = approved.map(|approved| Approval {
        sequence: approved.extension.sequence,
        decided_on: approved.on,
        new_end_on: approved.new_end_on,
        by_grade: approved.extension.approved_by_grade.clone(),
        rationale_recorded: approved.extension.rationale_recorded,
    });
    approval.collect()
}

/// A request waits from its day until it is decided, whatever was decided then.
fn requests_pending(case: &Case, day: Date) -> usize {
    let waits = |decision, decided_on: Option<Date>| {
        decision == ExtensionDecision::Pending || decided_on.is_some_and(|decided| decided > day)
    };
    let requested = case.extensions.iter().filter(|extension| extension.requested_on <= day);
    requested.filter(|extension| waits(extension.decision, extension.decided_on)).count()
}

fn last_meeting(case: &Case, day: Date) -> Option<Met> {
    let held = case.meetings.iter().filter_map(|meeting| met(meeting, meeting.held_on)).filter(|held| held.on <= day);
    held.max_by_key(|held| (held.on, held.kind, held.sequence))
}

fn next_meeting(case: &Case, day: Date) -> Option<Met> {
    let by_then = |on: Option<Date>| on.is_some_and(|on| on <= day);
    let standing = case.meetings.iter().filter(|meeting| !by_then(meeting.held_on) && !by_then(meeting.cancelled_on));
    let planned = standing.filter_map(|meeting| met(meeting, meeting.planned_on)).filter(|planned| planned.on >= day);
    planned.min_by_key(|planned| (planned.on, planned.sequence))
}

fn met(meeting: &Meeting, on: Option<Date>) -> Option<Met> {
    Some(Met { sequence: meeting.sequence, kind: meeting.kind, on: on? })
}

fn late_assessments(case: &Case, policy: &Policy, day: Date) -> Vec<LateAssessment> {
    let late = |assessment: &Assessment| {
        let due_on = assessment.due_on.filter(|&due| due < day)?;
        let is_received = assessment.received_on.is_some_and(|received| received <= day);
        (!is_received).then(|| LateAssessment {
            sequence: assessment.sequence,
            kind: assessment.kind,
            due_on,
            working_days_over: policy.calendar.working_days_between(due_on, day),
        })
    };
    let mut all: Vec<LateAssessment> = case.assessments.iter().filter_map(late).collect();
    all.sort_by_key(|late| (late.due_on, late.sequence));
    all
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::rules::case;

    /// On Monday 15 June 2026, of a case that started on 5 January, so that its first end was 27 April.
    fn briefing(facts: &str) -> Briefing {
        Briefing::of(&case(&format!("start 2026-01-05; {facts}")), &Policy::default(), date(2026, 6, 15))
    }

    #[rstest::rstest]
    #[case::none("", 0, 0, 0)]
    #[case::approved("extension 1 requested 2026-04-01 approved 2026-04-10 to 2026-05-25 by service_manager", 1, 28, 0)]
    #[case::the_last_counts(
        "extension 2 requested 2026-05-11 approved 2026-05-20 to 2026-06-22; extension 1 requested 2026-04-01 approved 2026-04-10 to \
         2026-05-25",
        2,
        56,
        0
    )]
    #[case::moved_forward("extension 1 requested 2026-04-01 approved 2026-04-10 to 2026-04-20", 1, -7, 0)]
    #[case::refused("extension 1 requested 2026-04-01 refused 2026-04-10", 0, 0, 0)]
    #[case::pending("extension 1 requested 2026-06-15", 0, 0, 1)]
    #[case::not_requested_yet("extension 1 requested 2026-06-16", 0, 0, 0)]
    #[case::decided_tomorrow("extension 1 requested 2026-06-01 approved 2026-06-16 to 2026-07-27", 0, 0, 1)]
    fn extensions_are_counted_as_they_stand(
        #[case] facts: &str,
        #[case] approved: usize,
        #[case] days: i64,
        #[case] pending: usize,
    ) {
        let told = briefing(facts);
        assert_eq!((told.approvals.len(), told.days_extended, told.requests_pending), (approved, days, pending));
    }

    #[rstest::rstest]
    #[case::none("", "none, none")]
    #[case::held_and_planned(
        "meeting 1 initial planned 2026-02-02 held 2026-02-03; meeting 2 review planned 2026-06-15",
        "initial 2026-02-03, review 2026-06-15"
    )]
    #[case::missed("meeting 1 review planned 2026-06-12", "none, none")]
    #[case::cancelled("meeting 1 review planned 2026-06-22 cancelled 2026-06-12", "none, none")]
    #[case::cancelled_tomorrow("meeting 1 review planned 2026-06-22 cancelled 2026-06-16", "none, review 2026-06-22")]
    #[case::the_final_review_of_a_day(
        "meeting 1 final_review held 2026-06-01; meeting 2 review held 2026-06-01",
        "final_review 2026-06-01, none"
    )]
    #[case::the_earliest_plan(
        "meeting 1 final_review planned 2026-07-01; meeting 2 review planned 2026-06-24",
        "none, review 2026-06-24"
    )]
    fn the_last_meeting_and_the_next(#[case] facts: &str, #[case] expected: &str) {
        let told = briefing(facts);
        let word = |met: Option<Met>| met.map_or("none".to_owned(), |met| format!("{} {}", met.kind, met.on));
        assert_eq!(format!("{}, {}", word(told.last_meeting), word(told.next_meeting)), expected);
    }

    #[rstest::rstest]
    #[case::due_today("assessed 1 parenting due 2026-06-15", "")]
    #[case::late("assessed 1 parenting due 2026-06-12", "parenting 1")]
    #[case::received("assessed 1 parenting due 2026-06-12 received 2026-06-15", "")]
    #[case::the_longest_first(
        "assessed 1 parenting due 2026-06-12; assessed 2 cognitive due 2026-06-01",
        "cognitive 10, parenting 1"
    )]
    fn assessments_are_late_from_the_day_after(#[case] facts: &str, #[case] expected: &str) {
        let late: Vec<String> =
            (briefing(facts).late_assessments.iter()).map(|late| format!("{} {}", late.kind, late.working_days_over)).collect();
        assert_eq!(late.join(", "), expected);
    }

    #[test]
    fn missed_appointments_and_the_last_look_of_the_panel() {
        let told = briefing(
            "missed 2026-05-04 mother; missed 2026-05-11 mother; missed 2026-06-01 father; panel 2026-04-01; panel 2026-05-06; \
             panel 2026-06-03 tick; panel 2026-06-17",
        );
        assert_eq!(told.missed_in_a_row, Some((2, date(2026, 5, 11))));
        assert_eq!(told.last_panel_review_on, Some(date(2026, 5, 6)));
        assert_eq!(briefing("attended 2026-05-04 mother").missed_in_a_row, None);
    }
}
