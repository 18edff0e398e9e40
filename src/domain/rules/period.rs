//! The period: its end (`time_limit`), a forecast beyond it (`forecast_overrun`), and the decision it is for (`decision_overdue`).

use jiff::civil::Date;

use crate::domain::calendar::in_words;
use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::forecast;
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// Noticed some weeks before the end of the period; red after it.
pub fn time_limit(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for (days, &end) in course.ends().runs() {
        let soon = Stretch::from(course.calendar().minus(end.on, course.policy.time_limit_notice_before)).through(end.on);
        steps.raise(Subject::Whole, Severity::Notice, days.and(soon), Evidence::PeriodEnd { end });
        steps.raise(Subject::Whole, Severity::Red, days.and(Stretch::after(end.on)), Evidence::PeriodEnd { end });
    }
    steps
}

/// Until the end, the decision is forecast after it: noticed, and amber where it is long after.
pub fn forecast_overrun(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let long_after = course.policy.forecast.amber_after;
    for (days, &end) in course.ends().runs() {
        let long_after_end = course.calendar().plus(end.on, long_after);
        for days in days.and(course.while_open()).through(end.on).cut(forecast::can_change(course)) {
            let Some(late) = forecast::days_after(course, end.on, days) else { continue };
            steps.raise(Subject::Whole, Severity::Notice, late, Evidence::ForecastAfterEnd { end, over: None });
            let Some(very_late) = forecast::days_after(course, long_after_end, late) else { continue };
            steps.raise(Subject::Whole, Severity::Amber, very_late, Evidence::ForecastAfterEnd { end, over: Some(long_after) });
        }
    }
    steps
}

/// The last meeting was a final review, and no decision is recorded after it.
pub fn decision_overdue(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let numbers = course.policy.decision_overdue;
    for (days, held) in course.last_held().filter(|(_, held)| held.is_final_review) {
        let due = course.calendar().plus(held.on, numbers.due);
        steps.overdue(Subject::Whole, due, numbers.red_after, days, course, Evidence::DecisionDue { due });
    }
    steps
}

/// When the period ends.
pub fn quiet_about_end(course: &Course, day: Date) -> String {
    match course.end_on(day) {
        Some(end) if !course.a_birth_sets_an_end() => format!("The pre-proceedings period ends on {}", in_words(end.on)),
        _ => "The end of the pre-proceedings period, which a birth sets, is not near".to_owned(),
    }
}

/// What the forecast is, against the end.
pub fn quiet_about_forecast(course: &Course, day: Date) -> String {
    let end = course.end_on(day);
    if end.is_some_and(|end| end.on < day) {
        return "The period has ended, and nothing is forecast any more".to_owned();
    }
    let forecast = forecast::forecast_on(course, day).map_or_else(String::new, |at| format!(" on {}", in_words(at)));
    let end = match end {
        Some(end) if !course.a_birth_sets_an_end() => format!(" on {}", in_words(end.on)),
        _ => ", which a birth sets".to_owned(),
    };
    format!("At the usual pace the decision would come{forecast}, not after the end of the period{end}")
}

/// Whether there was a final review.
pub fn quiet_about_decision(course: &Course, _: Date) -> String {
    match course.held.last() {
        None => "No final review has been held".to_owned(),
        Some(held) if held.is_final_review => format!("The final review was held on {}", in_words(held.on)),
        Some(held) => format!("The last meeting, on {}, was no final review", in_words(held.on)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{decision_overdue, forecast_overrun, time_limit};

    #[rstest::rstest]
    #[case::sixteen_weeks("start 2026-06-01", "notice 2026-09-07, red 2026-09-22")]
    #[case::extended_in_time(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-10 to 2026-10-19",
        "notice 2026-09-07, gone 2026-09-10, notice 2026-10-05, red 2026-10-20"
    )]
    #[case::extended_too_late(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-28 to 2026-10-05",
        "notice 2026-09-07, red 2026-09-22, notice 2026-09-28, red 2026-10-06"
    )]
    #[case::refused_changes_nothing(
        "start 2026-06-01; extension 1 requested 2026-09-01 refused 2026-09-10",
        "notice 2026-09-07, red 2026-09-22"
    )]
    #[case::before_an_expected_birth("start 2026-06-01; child A expected 2026-08-31", "notice 2026-07-20, red 2026-08-04")]
    #[case::an_extension_cannot_move_a_birth(
        "start 2026-06-01; child A expected 2026-08-31; extension 1 requested 2026-06-02 approved 2026-06-03 to 2027-01-01",
        "notice 2026-07-20, red 2026-08-04"
    )]
    #[case::born_early("start 2026-06-01; child A expected 2026-08-31 born 2026-07-25", "notice 2026-07-20, red 2026-07-26")]
    #[case::born_late_gives_no_time_back(
        "start 2026-06-01; child A expected 2026-08-31 born 2026-09-10",
        "notice 2026-07-20, red 2026-08-04"
    )]
    #[case::born_by_the_start(
        "start 2026-06-01; child A expected 2026-06-20 born 2026-06-01",
        "notice 2026-09-07, red 2026-09-22"
    )]
    #[case::the_pregnancy_ended(
        "start 2026-06-01; child A expected 2026-08-31 ended 2026-08-10",
        "notice 2026-07-20, red 2026-08-04, gone 2026-08-10, notice 2026-09-07, red 2026-09-22"
    )]
    #[case::decided("start 2026-06-01; decision 2026-09-25 step_down", "notice 2026-09-07, red 2026-09-22, gone 2026-09-25")]
    fn the_period_ends(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(time_limit, facts), expected);
    }

    #[rstest::rstest]
    // From the start: 5 working days, 10, 5 weeks, 6 weeks and 5 working days make 15 weeks: a week to spare.
    #[case::nothing_done("start 2026-06-01", "notice 2026-06-16, amber 2026-06-30, gone 2026-09-22")]
    // From 8 July 11 weeks and 5 working days are left to do, until 30 September; on 18 August they reach beyond 5 October.
    #[case::two_steps_late(
        "start 2026-06-01; letter 2026-07-01; meeting 1 initial held 2026-07-08",
        "notice 2026-06-16, amber 2026-06-30, notice 2026-07-08, amber 2026-08-18, gone 2026-09-22"
    )]
    fn the_forecast_overruns(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(forecast_overrun, facts), expected);
    }

    #[rstest::rstest]
    #[case::no_decision("start 2026-06-01; meeting 1 final_review held 2026-08-03", "amber 2026-08-11, red 2026-08-18")]
    #[case::decided_in_time("start 2026-06-01; meeting 1 final_review held 2026-08-03; decision 2026-08-10 issue", "")]
    #[case::a_decision_without_outcome_is_none(
        "start 2026-06-01; meeting 1 final_review held 2026-08-03; decision 2026-08-10",
        "amber 2026-08-11, red 2026-08-18"
    )]
    #[case::another_review_was_held(
        "start 2026-06-01; meeting 1 final_review held 2026-08-03; meeting 2 review held 2026-08-12",
        "amber 2026-08-11, gone 2026-08-12"
    )]
    fn the_decision_is_due_after_the_final_review(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(decision_overdue, facts), expected);
    }
}
