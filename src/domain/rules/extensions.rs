//! More time: not decided, again and again, or much of it (`extension_pending`, `repeated_extensions`, `extension_total`).

use jiff::civil::Date;

use super::count_below;
use crate::domain::calendar::{Counted, days_between, in_words};
use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::more_time;
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// Said of every rule about approvals where there is none.
pub const NONE_APPROVED: &str = "No extension is approved";

/// A request for more time waits for its decision.
pub fn pending(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let limits = course.policy.extension_pending;
    for extension in &course.case.extensions {
        let (sequence, requested_on) = (extension.sequence, extension.requested_on);
        let due = course.calendar().plus(requested_on, limits.amber_after);
        let undecided = Stretch::from(requested_on).until(extension.decided_on);
        let evidence = Evidence::ExtensionUndecided { sequence, requested_on, due };
        steps.too_long_since(Subject::Number(sequence), requested_on, limits, undecided, course, evidence);
    }
    steps
}

/// One finding for the number of extensions approved so far; each further one is a new finding.
pub fn repeated(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for (index, approved) in course.approved.iter().enumerate() {
        let count = index + 1;
        if let Some(severity) = course.policy.repeated_extensions.severity(count) {
            let while_so_many = Stretch::from(approved.on).until(course.approved.get(count).map(|next| next.on));
            let evidence = Evidence::ExtensionsRepeated { count, last: approved.on };
            steps.record(count.into(), severity, approved.on, while_so_many, course, evidence);
        }
    }
    steps
}

/// The end has been moved far beyond where it was without extensions.
pub fn total(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let limits = course.policy.extension_total;
    for (index, approved) in course.approved.iter().enumerate() {
        let in_force = Stretch::from(approved.on).until(course.approved.get(index + 1).map(|next| next.on));
        for (days, &base_end) in course.base_ends().runs() {
            let added = days_between(base_end, approved.new_end_on);
            let severity = if added > i64::from(limits.red_over_days) {
                Severity::Red
            } else if added > i64::from(limits.amber_over_days) {
                Severity::Amber
            } else {
                continue;
            };
            let evidence = Evidence::ExtensionsAddUp { base_end, extended_end: approved.new_end_on };
            steps.record(Subject::Whole, severity, approved.on, in_force.and(days), course, evidence);
        }
    }
    steps
}

/// Whether a request waits.
pub fn quiet_about_pending(course: &Course, _: Date) -> String {
    let extensions = &course.case.extensions;
    match extensions.iter().filter(|extension| extension.decided_on.is_none()).map(|extension| extension.requested_on).min() {
        Some(requested) => format!("A request for more time waits since {}", in_words(requested)),
        None if extensions.is_empty() => "No extension is recorded".to_owned(),
        None => "Every extension requested is decided".to_owned(),
    }
}

/// How many extensions are approved.
pub fn quiet_about_repeated(course: &Course, _: Date) -> String {
    count_below(course.approved.len(), "extension", "approved", course.policy.repeated_extensions)
}

/// How far the extensions move the end.
pub fn quiet_about_total(course: &Course, day: Date) -> String {
    let Some(days) = more_time::days_on(course, day) else { return NONE_APPROVED.to_owned() };
    let added = Counted(days.max(0), "day");
    let limit = Counted(course.policy.extension_total.amber_over_days.into(), "day");
    format!("Extensions move the end by {added}; more than {limit} is amber")
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{pending, repeated, total};

    #[rstest::rstest]
    #[case::waits("start 2026-06-01; extension 2 requested 2026-08-03", "2 amber 2026-08-11, red 2026-08-18")]
    #[case::decided_late(
        "start 2026-06-01; extension 1 requested 2026-08-03 refused 2026-08-12",
        "1 amber 2026-08-11, gone 2026-08-12"
    )]
    #[case::decided_before_it_was_requested(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-08-01 to 2026-10-01",
        ""
    )]
    fn a_request_waits(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(pending, facts), expected);
    }

    #[rstest::rstest]
    #[case::the_second_and_the_third(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-08-04 to 2026-10-01; \
         extension 2 requested 2026-09-03 approved 2026-09-04 to 2026-11-01; extension 3 requested 2026-10-03 approved 2026-10-05 to 2026-12-01",
        "2 amber 2026-09-04, gone 2026-10-05; 3 red 2026-10-05"
    )]
    #[case::two_on_one_day(
        "start 2026-06-01; extension 2 requested 2026-08-03 approved 2026-08-04 to 2026-10-01; \
         extension 1 requested 2026-08-03 approved 2026-08-04 to 2026-11-01; extension 3 requested 2026-08-03 refused 2026-08-04",
        "2 amber 2026-08-04"
    )]
    #[case::the_panel_looks_again(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-08-04 to 2026-10-01; \
         extension 2 requested 2026-09-03 approved 2026-09-04 to 2026-11-01; panel 2026-09-04; panel 2026-09-10",
        "2 amber 2026-09-04, notice 2026-09-10"
    )]
    #[case::a_tick_is_not_a_look(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-08-04 to 2026-10-01; \
         extension 2 requested 2026-09-03 approved 2026-09-04 to 2026-11-01; panel 2026-09-10 tick; oversight 2026-09-11",
        "2 amber 2026-09-04"
    )]
    fn more_time_again_and_again(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(repeated, facts), expected);
    }

    // Started on 1 June 2026, the period ends on 21 September without extensions.
    #[rstest::rstest]
    #[case::fifty_six_days("start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-11-16", "")]
    #[case::fifty_seven_days(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-11-17",
        "amber 2026-09-02"
    )]
    #[case::eighty_four_days(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-12-14",
        "amber 2026-09-02"
    )]
    #[case::eighty_five_days(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-12-15",
        "red 2026-09-02"
    )]
    #[case::the_last_one_counts_and_has_its_own_day(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-11-17; panel 2026-09-20; \
         extension 2 requested 2026-09-01 approved 2026-10-01 to 2026-12-15",
        "amber 2026-09-02, notice 2026-09-20, red 2026-10-01"
    )]
    fn much_more_time(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(total, facts), expected);
    }
}
