//! Reviews that are planned and not held, put off, too far apart, or not planned at all
//! (`review_not_held`, `review_postponed`, `review_gap`, `no_next_review`).

use jiff::civil::Date;

use super::count_below;
use crate::domain::calendar::{FOREVER, in_words};
use crate::domain::case::Meeting;
use crate::domain::course::{Course, Held, earliest};
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// A meeting's day has passed, and it was neither held nor cancelled; a meeting of any kind held since puts it right.
pub fn not_held(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for meeting in &course.case.meetings {
        let Some(planned_on) = meeting.planned_on else { continue };
        let first_held_since = course.held.iter().map(|held| held.on).find(|&held_on| held_on >= planned_on);
        let put_right_on = earliest([meeting.held_on, meeting.cancelled_on, first_held_since]);
        let not_held = Stretch::from(Date::MIN).until(put_right_on);
        let evidence = Evidence::MeetingNotHeld { sequence: meeting.sequence, kind: meeting.kind, planned_on };
        let red_after = course.policy.review_not_held_red_after;
        steps.overdue(Subject::Number(meeting.sequence), planned_on, red_after, not_held, course, evidence);
    }
    steps
}

/// Meetings cancelled one after another since the last one held (since the start, if none is held).
pub fn postponed(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let Some(started) = course.case.started_on else { return steps };
    let mut cancelled: Vec<Date> = course.case.meetings.iter().filter_map(|meeting| meeting.cancelled_on).collect();
    cancelled.sort_unstable();
    let first_held = course.held.first().map(|held| held.on);
    let before_any = (Stretch::from(Date::MIN).until(first_held), started, false);
    for (days, since, since_meeting) in
        [before_any].into_iter().chain(course.last_held().map(|(days, held)| (days, held.on, true)))
    {
        let since_then: Vec<Date> = cancelled.iter().copied().filter(|&day| day > since && day < days.until).collect();
        for (index, day) in since_then.iter().enumerate() {
            let count = index + 1;
            if let Some(severity) = course.policy.review_postponed.severity(count) {
                let while_so_many = Stretch::from(*day).until(since_then.get(count).copied());
                let evidence = Evidence::MeetingsCancelled { count, since, since_meeting };
                steps.raise(Subject::Whole, severity, days.and(while_so_many), evidence);
            }
        }
    }
    steps
}

/// Too long since the last meeting, unless that was the final review.
pub fn gap(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let limits = course.policy.review_gap;
    for (days, Held { on: last, .. }) in course.last_held().filter(|(_, held)| !held.is_final_review) {
        steps.too_long_since(Subject::Whole, last, limits, days, course, Evidence::NoReviewSince { last });
    }
    steps
}

/// After a meeting that was not the final review, nothing further is planned.
pub fn none_planned(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for (days, Held { on: last, .. }) in course.last_held().filter(|(_, held)| !held.is_final_review) {
        let waiting_for = |meeting: &&Meeting| {
            meeting.planned_on.is_some_and(|planned| planned >= last) && meeting.held_on.is_none_or(|held| held > last)
        };
        let all_cancelled_on = (course.case.meetings.iter().filter(waiting_for))
            .map(|meeting| meeting.cancelled_on.unwrap_or(FOREVER))
            .max()
            .unwrap_or(last);
        let too_late = Stretch::after(course.calendar().plus(last, course.policy.no_next_review_after));
        let none_left = Stretch::from(all_cancelled_on);
        steps.raise(Subject::Whole, Severity::Amber, days.and(too_late).and(none_left), Evidence::NoReviewPlanned { last });
    }
    steps
}

/// Whether there is a planned meeting that can be missed.
pub fn quiet_about_planned(course: &Course, day: Date) -> String {
    let planned = course.case.meetings.iter().filter_map(|meeting| Some((meeting.planned_on?, meeting)));
    let planned: Vec<(Date, &Meeting)> = planned.collect();
    let to_come = planned.iter().filter(|(on, meeting)| *on >= day && meeting.held_on.or(meeting.cancelled_on).is_none());
    match to_come.map(|(on, _)| *on).min() {
        Some(next) => format!("No planned meeting has been missed; the next is planned for {}", in_words(next)),
        None if planned.is_empty() => "No planned meeting is recorded".to_owned(),
        None => "Every planned meeting was held or cancelled, or another was held since".to_owned(),
    }
}

/// How many meetings have been cancelled since the last one held.
pub fn quiet_about_cancelled(course: &Course, _: Date) -> String {
    let last_held = course.held.last().map(|held| held.on);
    let since = last_held.or(course.case.started_on);
    let cancelled = course.case.meetings.iter().filter_map(|meeting| meeting.cancelled_on);
    let count = cancelled.filter(|&cancelled| since.is_some_and(|since| cancelled > since)).count();
    let since = if last_held.is_some() { "since the last one held" } else { "since the start" };
    count_below(count, "meeting", &format!("cancelled {since}"), course.policy.review_postponed)
}

/// When the last meeting was.
pub fn quiet_about_last(course: &Course, _: Date) -> String {
    match course.held.last() {
        None => "No meeting has been held".to_owned(),
        Some(Held { on, is_final_review: true }) => format!("The last meeting, on {}, was the final review", in_words(*on)),
        Some(Held { on, is_final_review: false }) => format!("The last meeting was held on {}", in_words(*on)),
    }
}

/// What is planned after the last meeting.
pub fn quiet_about_next(course: &Course, day: Date) -> String {
    let last = quiet_about_last(course, day);
    let Some(held) = course.held.last().filter(|held| !held.is_final_review) else { return last };
    let to_come = course.case.meetings.iter().filter(|meeting| meeting.held_on.or(meeting.cancelled_on).is_none());
    match to_come.filter_map(|meeting| meeting.planned_on).filter(|&planned| planned >= held.on).max() {
        Some(planned) => format!("{last}; another is planned for {}", in_words(planned)),
        None => format!("{last}; no other is planned"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{gap, none_planned, not_held, postponed};

    #[rstest::rstest]
    #[case::forgotten("start 2026-06-01; meeting 3 review planned 2026-07-06", "3 amber 2026-07-07, red 2026-07-14")]
    #[case::held_late(
        "start 2026-06-01; meeting 1 review planned 2026-07-06 held 2026-07-10",
        "1 amber 2026-07-07, gone 2026-07-10"
    )]
    #[case::held_early("start 2026-06-01; meeting 1 review planned 2026-07-06 held 2026-07-01", "")]
    #[case::cancelled_late(
        "start 2026-06-01; meeting 1 review planned 2026-07-06 cancelled 2026-07-15",
        "1 amber 2026-07-07, red 2026-07-14, gone 2026-07-15"
    )]
    #[case::another_was_held_since(
        "start 2026-06-01; meeting 1 review planned 2026-07-06; meeting 2 initial held 2026-07-08",
        "1 amber 2026-07-07, gone 2026-07-08"
    )]
    #[case::another_was_held_on_the_day(
        "start 2026-06-01; meeting 1 review planned 2026-07-06; meeting 2 review held 2026-07-06",
        ""
    )]
    #[case::another_was_held_before(
        "start 2026-06-01; meeting 1 review planned 2026-07-06; meeting 2 review held 2026-07-05",
        "1 amber 2026-07-07, red 2026-07-14"
    )]
    fn a_planned_meeting_is_held_cancelled_or_found(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(not_held, facts), expected);
    }

    #[rstest::rstest]
    #[case::one_is_no_pattern("start 2026-06-01; meeting 1 review planned 2026-07-01 cancelled 2026-07-01", "")]
    #[case::two_then_three(
        "start 2026-06-01; meeting 1 review planned 2026-07-01 cancelled 2026-07-01; \
         meeting 2 review planned 2026-07-08 cancelled 2026-07-07; meeting 3 review planned 2026-07-15 cancelled 2026-07-15; \
         meeting 4 review planned 2026-07-22 held 2026-07-22",
        "amber 2026-07-07, red 2026-07-15, gone 2026-07-22"
    )]
    #[case::on_the_day_of_the_last_held_does_not_count(
        "start 2026-06-01; meeting 1 initial held 2026-07-01; meeting 2 review planned 2026-07-01 cancelled 2026-07-01; \
         meeting 3 review planned 2026-07-08 cancelled 2026-07-07",
        ""
    )]
    #[case::on_the_day_of_the_start_does_not_count(
        "start 2026-06-01; meeting 1 initial planned 2026-06-01 cancelled 2026-06-01; meeting 2 initial planned 2026-06-08 cancelled 2026-06-05",
        ""
    )]
    fn cancelled_one_after_another(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(postponed, facts), expected);
    }

    #[rstest::rstest]
    #[case::amber_then_red("start 2026-06-01; meeting 1 initial held 2026-06-10", "amber 2026-07-23, red 2026-08-06")]
    #[case::put_right(
        "start 2026-06-01; meeting 1 initial held 2026-06-10; meeting 2 review held 2026-07-30",
        "amber 2026-07-23, gone 2026-07-30, amber 2026-09-11, red 2026-09-25"
    )]
    #[case::of_two_on_a_day_the_final_review(
        "start 2026-06-01; meeting 1 final_review held 2026-06-10; meeting 2 review held 2026-06-10",
        ""
    )]
    #[case::a_review_after_the_final_one(
        "start 2026-06-01; meeting 1 final_review held 2026-06-10; meeting 2 review held 2026-06-11",
        "amber 2026-07-24, red 2026-08-07"
    )]
    fn the_last_review_is_too_long_ago(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(gap, facts), expected);
    }

    #[rstest::rstest]
    #[case::nothing_planned("start 2026-06-01; meeting 1 initial held 2026-06-10", "amber 2026-06-18")]
    #[case::something_planned("start 2026-06-01; meeting 1 initial held 2026-06-10; meeting 2 review planned 2026-07-08", "")]
    #[case::planned_for_the_day_itself(
        "start 2026-06-01; meeting 1 initial held 2026-06-10; meeting 2 review planned 2026-06-10",
        ""
    )]
    #[case::planned_for_before(
        "start 2026-06-01; meeting 1 initial held 2026-06-10; meeting 2 review planned 2026-06-09",
        "amber 2026-06-18"
    )]
    #[case::cancelled_without_a_new_day(
        "start 2026-06-01; meeting 1 initial held 2026-06-10; meeting 2 review planned 2026-07-08 cancelled 2026-07-01; meeting 3 review held 2026-08-05; meeting 4 final_review held 2026-08-06",
        "amber 2026-07-01, gone 2026-08-05"
    )]
    fn nothing_further_is_planned(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(none_planned, facts), expected);
    }
}
