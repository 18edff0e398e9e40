//! Assessments not received, or never asked for (`assessment_late`, `assessment_not_commissioned`).

use jiff::civil::Date;

use crate::domain::calendar::in_words;
use crate::domain::case::{AssessmentKind, Case};
use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Steps, Subject};
use crate::domain::timeline::Stretch;

/// An assessment is not received by the day it was promised for.
pub fn late(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for assessment in &course.case.assessments {
        let Some(due) = assessment.due_on else { continue };
        let evidence = Evidence::AssessmentLate { sequence: assessment.sequence, kind: assessment.kind, due };
        let outstanding = Stretch::from(Date::MIN).until(assessment.received_on);
        let red_after = course.policy.assessments.late_red_after;
        steps.overdue(Subject::Number(assessment.sequence), due, red_after, outstanding, course, evidence);
    }
    steps
}

/// An assessment that every case needs is neither commissioned nor received in time.
pub fn not_commissioned(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let numbers = &course.policy.assessments;
    for required in &numbers.required {
        let begun_on = begun_on(course.case, required.kind);
        for (days, &clock_start) in course.clock_starts().runs() {
            let due = course.calendar().plus(clock_start, required.within);
            let evidence = Evidence::AssessmentNotCommissioned { kind: required.kind, due };
            let subject = Subject::Code(required.kind.code());
            steps.overdue(subject, due, numbers.not_commissioned_red_after, days.until(begun_on), course, evidence);
        }
    }
    steps
}

/// What is promised, and for when.
pub fn quiet_about_late(course: &Course, _: Date) -> String {
    let promised = || course.case.assessments.iter().filter(|assessment| assessment.due_on.is_some());
    let outstanding = promised().filter(|assessment| assessment.received_on.is_none());
    match outstanding.filter_map(|assessment| assessment.due_on).min() {
        Some(due) => format!("The next assessment is due on {}", in_words(due)),
        None if promised().next().is_none() => "No assessment with a day on which it is due is recorded".to_owned(),
        None => "Every assessment with a day on which it was due is received".to_owned(),
    }
}

/// What every case needs, and whether it is begun.
pub fn quiet_about_required(course: &Course, day: Date) -> String {
    let required = &course.policy.assessments.required;
    let each = required.iter().map(|required| match (begun_on(course.case, required.kind), course.clock_start_on(day)) {
        (Some(begun), _) => format!("{} begun on {}", required.kind.title(), in_words(begun)),
        (None, Some(start)) => {
            let due = course.calendar().plus(start, required.within);
            format!("{} to be commissioned by {}", required.kind.title(), in_words(due))
        }
        (None, None) => format!("{} is not to be commissioned before the start", required.kind.title()),
    });
    if required.is_empty() { "The policy requires no assessment".to_owned() } else { each.collect::<Vec<_>>().join("; ") }
}

/// The day on which the first assessment of a kind was commissioned, or received.
fn begun_on(case: &Case, kind: AssessmentKind) -> Option<Date> {
    let of_kind = case.assessments.iter().filter(|assessment| assessment.kind == kind);
    of_kind.flat_map(|assessment| [assessment.commissioned_on, assessment.received_on]).flatten().min()
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{late, not_commissioned};

    #[rstest::rstest]
    #[case::late("start 2026-06-01; assessed 2 parenting due 2026-07-06", "2 amber 2026-07-07, red 2026-07-21")]
    #[case::received(
        "start 2026-06-01; assessed 1 other due 2026-07-06 received 2026-07-10",
        "1 amber 2026-07-07, gone 2026-07-10"
    )]
    #[case::no_day_promised("start 2026-06-01; assessed 1 other commissioned 2026-06-10", "")]
    fn an_assessment_is_late(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(late, facts), expected);
    }

    #[rstest::rstest]
    #[case::neither(
        "start 2026-06-01",
        "connected_persons amber 2026-07-28, red 2026-08-11; parenting amber 2026-06-30, red 2026-07-14"
    )]
    #[case::commissioned_and_received(
        "start 2026-06-01; assessed 1 parenting commissioned 2026-07-01; assessed 2 connected_persons received 2026-07-27",
        "parenting amber 2026-06-30, gone 2026-07-01"
    )]
    fn an_assessment_is_not_commissioned(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(not_commissioned, facts), expected);
    }
}
