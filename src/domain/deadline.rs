//! The next thing that a case has to keep: what a mail says of it beside what has gone wrong.

use std::fmt;

use jiff::civil::Date;

use super::case::{AssessmentKind, MeetingKind};
use super::course::{Course, Status};
use super::milestone::Milestone;

/// The next day on which something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// What, as a person would say it.
    pub what: String,
    /// When.
    pub on: Date,
}

/// What can be due, written out only for the first of all.
enum Due {
    Milestone(Milestone),
    Meeting(u32, MeetingKind),
    Assessment(AssessmentKind, u32),
    End,
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milestone(milestone) => f.write_str(milestone.title().title),
            Self::Meeting(sequence, kind) => write!(f, "Meeting {sequence} ({})", kind.words()),
            Self::Assessment(kind, sequence) => write!(f, "{} ({sequence})", kind.title()),
            Self::End => f.write_str("End of the period"),
        }
    }
}

/// The next deadline on this day or later; absent where nothing is due any more. An end that a birth sets is left out, with what
/// follows from it: the day would give the birth away.
#[must_use]
pub fn next_deadline(course: &Course, day: Date) -> Option<Deadline> {
    let status = course.status_on(day);
    let while_open = (status == Status::Open).then(|| plans(course, day).chain(end(course, day)));
    let deadlines = milestones(course, status, day).chain(while_open.into_iter().flatten());
    let in_words = |due: &Due| due.to_string();
    let (on, what) = deadlines
        .filter(|&(on, _)| on >= day)
        .min_by(|(on, what), (other_on, other)| on.cmp(other_on).then_with(|| in_words(what).cmp(&in_words(other))))?;
    Some(Deadline { what: in_words(&what), on })
}

/// Milestones that are expected still.
fn milestones(course: &Course, status: Status, day: Date) -> impl Iterator<Item = (Date, Due)> {
    let by_birth = course.end_on(day).is_some_and(|end| end.set_by.is_a_birth());
    let told = Milestone::ALL.iter().filter(move |&&milestone| milestone != Milestone::FinalReview || !by_birth);
    let expected = told.filter(move |milestone| milestone.is_expected_in(status));
    let unmet = expected.filter(move |milestone| milestone.met_on(course).is_none_or(|met| met > day));
    unmet.filter_map(move |&milestone| Some((milestone.due_on(course, day)?, Due::Milestone(milestone))))
}

/// Meetings that are planned and assessments that are awaited.
fn plans(course: &Course, day: Date) -> impl Iterator<Item = (Date, Due)> {
    let in_effect = move |date: Option<Date>| date.is_some_and(|date| date <= day);
    let meetings = course.case.meetings.iter().filter_map(move |meeting| {
        let on = meeting.planned_on.filter(|_| !in_effect(meeting.held_on) && !in_effect(meeting.cancelled_on))?;
        Some((on, Due::Meeting(meeting.sequence, meeting.kind)))
    });
    let assessments = course.case.assessments.iter().filter_map(move |assessment| {
        let on = assessment.due_on.filter(|_| !in_effect(assessment.received_on))?;
        Some((on, Due::Assessment(assessment.kind, assessment.sequence)))
    });
    meetings.chain(assessments)
}

fn end(course: &Course, day: Date) -> Option<(Date, Due)> {
    let end = course.end_on(day).filter(|end| !end.set_by.is_a_birth())?;
    Some((end.on, Due::End))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::case::{Case, Child, Meeting, MeetingKind};
    use crate::domain::policy::Policy;

    /// Started on Monday 1 June 2026 with the letter sent that day: the initial meeting is due on 15 June, the final review on
    /// 14 September, and the period ends on 21 September.
    fn started() -> Case {
        let started_on = Some(date(2026, 6, 1));
        Case { started_on, lbp_sent_on: started_on, ..Case::new("C-1", date(2026, 6, 1)) }
    }

    fn next(case: &Case, day: Date) -> String {
        let policy = Policy::default();
        let deadline = next_deadline(&Course::of(case, &policy), day);
        deadline.map_or_else(|| "none".to_owned(), |deadline| format!("{} {}", deadline.what, deadline.on))
    }

    fn meeting(sequence: u32, planned_on: Date) -> Meeting {
        Meeting { sequence, kind: MeetingKind::Review, planned_on: Some(planned_on), held_on: None, cancelled_on: None }
    }

    #[rstest::rstest]
    #[case(date(2026, 6, 1), "Initial meeting 2026-06-15")]
    #[case(date(2026, 6, 15), "Initial meeting 2026-06-15")]
    #[case(date(2026, 6, 16), "Final review 2026-09-14")]
    #[case(date(2026, 9, 15), "End of the period 2026-09-21")]
    #[case(date(2026, 9, 22), "none")]
    fn the_next_deadline_is_the_first_that_has_not_passed(#[case] day: Date, #[case] expected: &str) {
        assert_eq!(next(&started(), day), expected);
    }

    #[test]
    fn plans_count_until_they_are_held_or_cancelled() {
        let planned = Case { meetings: vec![meeting(2, date(2026, 7, 1))], ..started() };
        assert_eq!(next(&planned, date(2026, 6, 20)), "Meeting 2 (review) 2026-07-01");
        let cancelled = Meeting { cancelled_on: Some(date(2026, 6, 19)), ..meeting(2, date(2026, 7, 1)) };
        assert_eq!(next(&Case { meetings: vec![cancelled], ..started() }, date(2026, 6, 20)), "Final review 2026-09-14");
    }

    #[test]
    fn what_would_give_a_birth_away_is_left_out() {
        let child = Child {
            reference: "X".to_owned(),
            date_of_birth: None,
            expected_delivery_on: Some(date(2026, 9, 1)),
            pregnancy_ended_on: None,
        };
        assert_eq!(next(&Case { children: vec![child], ..started() }, date(2026, 6, 20)), "none");
    }

    #[test]
    fn a_case_that_has_left_pre_proceedings_has_none() {
        let closed = Case { closed_on: Some(date(2026, 6, 10)), ..started() };
        assert_eq!(next(&closed, date(2026, 6, 10)), "none");
    }
}
