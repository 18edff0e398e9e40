//! Nobody looks, or nothing happens (`oversight_gap`, `no_recorded_work`).

use jiff::civil::Date;

use crate::domain::calendar::in_words;
use crate::domain::case::Case;
use crate::domain::course::{Course, Status};
use crate::domain::evidence::Evidence;
use crate::domain::policy::Limits;
use crate::domain::schedule::{Steps, Subject};
use crate::domain::timeline::Stretch;

/// Too long since somebody looked from above and wrote down why; counted from the start where nobody has.
pub fn gap(course: &Course) -> Steps {
    let steps = Steps::within(course.while_in(&[Status::Open, Status::DecidedIssue]));
    too_long_since_the_last(course, steps, looks(course.case), course.policy.oversight_gap, |last, is_start| {
        Evidence::NoOversightSince { last, is_start }
    })
}

/// Too long since anything was recorded as done: letter, meeting, assessment, appointment kept.
pub fn no_recorded_work(course: &Course) -> Steps {
    let steps = Steps::within(course.while_open());
    too_long_since_the_last(course, steps, work(course), course.policy.no_recorded_work, |last, _| Evidence::NoWorkSince {
        last,
    })
}

fn too_long_since_the_last(
    course: &Course,
    mut steps: Steps,
    events: impl Iterator<Item = Date>,
    limits: Limits,
    evidence: impl Fn(Date, bool) -> Evidence,
) -> Steps {
    let Some(started) = course.case.started_on else { return steps };
    for days in Stretch::from(started).cut(events) {
        let last = days.from;
        steps.too_long_since(Subject::Whole, last, limits, days, course, evidence(last, last == started));
    }
    steps
}

/// When somebody last looked.
pub fn quiet_about_oversight(course: &Course, _: Date) -> String {
    match last(looks(course.case), course.case) {
        Some(look) => format!("The last oversight with a recorded rationale was on {}", in_words(look)),
        None => "No oversight with a recorded rationale since the start; the days count from there".to_owned(),
    }
}

/// When something was last done.
pub fn quiet_about_work(course: &Course, _: Date) -> String {
    match last(work(course), course.case) {
        Some(work) => format!("The last recorded work was on {}", in_words(work)),
        None => "No work is recorded since the start; the days count from there".to_owned(),
    }
}

fn last(events: impl Iterator<Item = Date>, case: &Case) -> Option<Date> {
    events.max().filter(|&event| case.started_on.is_some_and(|started| event > started))
}

/// The days on which somebody looked from above and wrote down why.
fn looks(case: &Case) -> impl Iterator<Item = Date> {
    case.oversight.iter().filter(|oversight| oversight.rationale_recorded).map(|oversight| oversight.on)
}

/// The days on which something was done.
fn work(course: &Course) -> impl Iterator<Item = Date> {
    let case = course.case;
    let assessments = case.assessments.iter().flat_map(|assessment| [assessment.commissioned_on, assessment.received_on]);
    let attended = case.engagement.iter().filter(|appointment| appointment.attended).map(|appointment| appointment.on);
    let held = course.held.iter().map(|held| held.on);
    case.lbp_sent_on.into_iter().chain(held).chain(assessments.flatten()).chain(attended)
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{gap, no_recorded_work};

    #[rstest::rstest]
    #[case::never("start 2026-06-01", "amber 2026-06-30, red 2026-07-14")]
    #[case::before_the_start_counts_for_nothing("start 2026-06-01; oversight 2026-05-31", "amber 2026-06-30, red 2026-07-14")]
    #[case::looked_at(
        "start 2026-06-01; oversight 2026-07-20",
        "amber 2026-06-30, red 2026-07-14, gone 2026-07-20, amber 2026-08-18, red 2026-09-01"
    )]
    #[case::a_tick_is_not_oversight("start 2026-06-01; oversight 2026-06-20 tick", "amber 2026-06-30, red 2026-07-14")]
    #[case::also_once_it_is_decided_to_issue(
        "start 2026-06-01; decision 2026-06-10 issue; court 2026-07-10",
        "amber 2026-06-30, gone 2026-07-10"
    )]
    #[case::not_once_stepped_down("start 2026-06-01; decision 2026-06-10 step_down", "")]
    fn nobody_looks(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(gap, facts), expected);
    }

    #[rstest::rstest]
    #[case::nothing("start 2026-06-01", "amber 2026-06-30, red 2026-07-14")]
    #[case::the_letter("start 2026-06-01; letter 2026-06-05", "amber 2026-07-04, red 2026-07-18")]
    #[case::a_meeting("start 2026-06-01; meeting 1 initial held 2026-06-05", "amber 2026-07-04, red 2026-07-18")]
    #[case::an_assessment(
        "start 2026-06-01; assessed 1 other commissioned 2026-06-03 received 2026-06-05",
        "amber 2026-07-04, red 2026-07-18"
    )]
    #[case::a_kept_appointment(
        "start 2026-06-01; attended 2026-06-05 mother; missed 2026-06-20 mother",
        "amber 2026-07-04, red 2026-07-18"
    )]
    #[case::not_once_it_is_decided("start 2026-06-01; decision 2026-06-10 issue", "")]
    fn nothing_happens(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(no_recorded_work, facts), expected);
    }
}
