//! Facts that must be there and are not, and facts that contradict each other (`missing_data`, `dates_out_of_order`).
//! Missing data is a finding of its own: it is never read as "on time".

use jiff::civil::Date;

use crate::domain::calendar::{FOREVER, in_words};
use crate::domain::course::{Course, Status, earliest};
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// A fact is missing that the case cannot be judged without.
pub fn missing(course: &Course) -> Steps {
    let case = course.case;
    let Some(_) = case.started_on else { return no_start(course) };
    let mut steps = Steps::within(course.while_in(&[Status::Open, Status::DecidedIssue]));
    let mut raise = |field, what, days| steps.raise(Subject::Code(field), Severity::Amber, days, Evidence::Missing { what });

    if let (Some(decided), None) = (case.step_decision_on, case.outcome) {
        raise("outcome", "A step decision is recorded without its outcome", Stretch::from(decided));
    }
    if let Some(first_held) = course.held.first() {
        let no_letter = Stretch::from(first_held.on).until(case.lbp_sent_on);
        raise("lbp_sent_on", "A meeting was held and no letter before proceedings is recorded", no_letter);
    }
    for assessment in case.assessments.iter().filter(|assessment| assessment.due_on.is_none()) {
        if let Some(commissioned) = assessment.commissioned_on {
            let outstanding = Stretch::from(commissioned).until(assessment.received_on);
            raise("assessments", "An assessment is commissioned without a day on which it is due", outstanding);
        }
    }
    for child in &case.children {
        match (child.date_of_birth, child.expected_delivery_on) {
            (None, None) => {
                let always = Stretch::from(Date::MIN);
                raise("children", "A child is recorded with neither a date of birth nor an expected one", always);
            }
            (_, Some(expected)) => {
                let not_known = Stretch::after(expected).until(earliest([child.date_of_birth, child.pregnancy_ended_on]));
                raise("birth", "The record of a child lacks a date that it should hold by now", not_known);
            }
            (Some(_), None) => {}
        }
    }

    steps.now_within(course.while_in(&[Status::Issued]));
    let evidence = Evidence::Missing { what: "An application to the court is recorded without the decision to make it" };
    let undecided = Stretch::from(Date::MIN).until(case.step_decision_on);
    steps.raise(Subject::Code("step_decision_on"), Severity::Amber, undecided, evidence);
    steps
}

/// Without a start nothing else can be judged: the only finding of such a case, until it is closed.
fn no_start(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_in(&[Status::NotStarted]));
    let recorded = Stretch::from(course.case.recorded_on);
    let evidence = Evidence::Missing { what: "No decision to enter pre-proceedings is recorded" };
    steps.raise(Subject::Code("started_on"), Severity::Amber, recorded, evidence);
    steps
}

/// Two dates are the wrong way round.
pub fn out_of_order(course: &Course) -> Steps {
    let case = course.case;
    let mut steps = Steps::within(course.while_in(&[Status::Open, Status::DecidedIssue]));
    let Some(started) = case.started_on else { return steps };
    let first_held = course.held.first().map(|held| held.on);
    for (field, what, on) in [
        ("lbp_sent_on", &["The letter before proceedings", "the start"], case.lbp_sent_on),
        ("meetings", &["A meeting", "the start"], first_held),
        ("step_decision_on", &["The step decision", "the start"], case.step_decision_on),
    ] {
        if let Some(on) = on.filter(|&on| on < started) {
            let evidence = Evidence::OutOfOrder { what, on, before: started };
            steps.raise(Subject::Code(field), Severity::Amber, Stretch::from(on), evidence);
        }
    }

    steps.now_within(course.while_in(&[Status::Issued]));
    if let (Some(applied), Some(decided)) = (case.court_application_on, case.step_decision_on)
        && applied < decided
    {
        let what = &["The application to the court", "the decision to make it"];
        let evidence = Evidence::OutOfOrder { what, on: applied, before: decided };
        let known = Stretch { from: decided, until: FOREVER };
        steps.raise(Subject::Code("court_application_on"), Severity::Amber, known, evidence);
    }
    steps
}

/// That nothing is missing.
pub fn quiet_about_missing(course: &Course, day: Date) -> String {
    match (course.case.started_on, course.status_on(day)) {
        (None, _) => format!("The case is recorded from {}; nothing is missing before", in_words(course.case.recorded_on)),
        (Some(start), Status::NotStarted) => format!("A start is recorded, on {}", in_words(start)),
        (_, Status::Issued) => "The decision to apply to the court is recorded".to_owned(),
        _ => "No fact is missing that the case cannot be judged without".to_owned(),
    }
}

/// That nothing is contradicted.
pub fn quiet_about_order(course: &Course, day: Date) -> String {
    match course.status_on(day) {
        Status::Issued => "The application to the court is not dated before the decision to make it".to_owned(),
        _ => "No letter, meeting or step decision is dated before the start".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{missing, out_of_order};

    #[rstest::rstest]
    #[case::no_start("recorded 2026-05-04", "started_on amber 2026-05-04")]
    #[case::no_start_and_closed(
        "recorded 2026-05-04; meeting 1 initial held 2026-05-05; closed 2026-06-01",
        "started_on amber 2026-05-04, gone 2026-06-01"
    )]
    #[case::starts_later("recorded 2026-05-04; start 2026-06-01", "")]
    #[case::no_outcome("start 2026-06-01; decision 2026-08-03", "outcome amber 2026-08-03")]
    #[case::no_letter(
        "start 2026-06-01; meeting 1 initial held 2026-06-10; letter 2026-06-12",
        "lbp_sent_on amber 2026-06-10, gone 2026-06-12"
    )]
    #[case::no_due_day(
        "start 2026-06-01; assessed 1 other commissioned 2026-06-10 received 2026-07-10; assessed 2 other commissioned 2026-07-01 received 2026-08-01",
        "assessments amber 2026-06-10, gone 2026-08-01"
    )]
    #[case::no_date_of_a_child("start 2026-06-01; child A", "children amber 2026-06-01")]
    #[case::no_birth(
        "start 2026-06-01; child A expected 2026-07-01; child B expected 2026-07-05 born 2026-07-10",
        "birth amber 2026-07-02"
    )]
    #[case::born("start 2026-06-01; child A expected 2026-07-01 born 2026-07-03", "birth amber 2026-07-02, gone 2026-07-03")]
    #[case::pregnancy_ended("start 2026-06-01; child A expected 2026-07-01 ended 2026-06-20", "")]
    #[case::also_once_it_is_decided(
        "start 2026-06-01; decision 2026-06-02 issue; child A; court 2026-06-20; letter 2026-06-05",
        "children amber 2026-06-01, gone 2026-06-20"
    )]
    #[case::issued_without_a_decision(
        "start 2026-06-01; court 2026-07-01; decision 2026-07-08 issue",
        "step_decision_on amber 2026-07-01, gone 2026-07-08"
    )]
    fn facts_are_missing(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(missing, facts), expected);
    }

    #[rstest::rstest]
    #[case::letter("start 2026-06-02; letter 2026-06-01", "lbp_sent_on amber 2026-06-02")]
    #[case::meeting(
        "start 2026-06-02; meeting 1 review held 2026-06-05; meeting 2 review held 2026-06-01",
        "meetings amber 2026-06-02"
    )]
    #[case::decision(
        "start 2026-06-02; decision 2026-06-01 issue; court 2026-06-09",
        "step_decision_on amber 2026-06-02, gone 2026-06-09"
    )]
    #[case::stepped_down_before_the_start("start 2026-06-02; decision 2026-06-01 step_down", "")]
    #[case::on_the_day("start 2026-06-02; letter 2026-06-02; decision 2026-06-02 issue", "")]
    #[case::applied_before_decided(
        "start 2026-06-02; court 2026-06-05; decision 2026-06-08 issue",
        "court_application_on amber 2026-06-08"
    )]
    fn facts_contradict_each_other(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(out_of_order, facts), expected);
    }
}
