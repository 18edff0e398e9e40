//! The family stepped down not long ago and is back (`re_entry`).

use jiff::civil::Date;

use super::count_below;
use crate::domain::case::Case;
use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::policy::Policy;
use crate::domain::schedule::{Steps, Subject};
use crate::domain::timeline::Stretch;

/// The family's other episodes ended in a step down within a year before this start; nothing else about them matters.
pub fn re_entry(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let Some(started_on) = course.case.started_on else { return steps };
    let limits = course.policy.re_entry;
    let count = step_downs_before(course.case, course.policy).count();
    if let Some(severity) = limits.counts.severity(count) {
        let evidence = Evidence::ReEntered { count, within: limits.within, started_on };
        steps.record(Subject::Whole, severity, started_on, Stretch::from(started_on), course, evidence);
    }
    steps
}

/// How many of the family's other episodes ended in a step down not long before.
pub fn quiet(course: &Course, _: Date) -> String {
    let limits = course.policy.re_entry;
    let counted = format!("of the family's other episodes in the {} before the start", limits.within);
    count_below(step_downs_before(course.case, course.policy).count(), "step down", &counted, limits.counts)
        .replace("step downs", "steps down")
}

/// The steps down of the family's other episodes that count: those not long before the start.
pub fn step_downs_before(case: &Case, policy: &Policy) -> impl Iterator<Item = Date> {
    let counts = case.started_on.map(|started_on| policy.calendar.minus(started_on, policy.re_entry.within)..=started_on);
    case.family_step_downs.iter().copied().filter(move |day| counts.as_ref().is_some_and(|counts| counts.contains(day)))
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::re_entry;

    // 52 weeks before 1 June 2026 is 2 June 2025.
    #[rstest::rstest]
    #[case::once("start 2026-06-01; stepped_down 2025-06-02", "amber 2026-06-01")]
    #[case::twice("start 2026-06-01; stepped_down 2025-06-02; stepped_down 2026-06-01", "red 2026-06-01")]
    #[case::too_long_ago("start 2026-06-01; stepped_down 2025-06-01", "")]
    #[case::after_the_start("start 2026-06-01; stepped_down 2026-06-02", "")]
    #[case::the_panel_looks_again(
        "start 2026-06-01; stepped_down 2026-01-05; panel 2026-06-01; panel 2026-06-02",
        "amber 2026-06-01, notice 2026-06-02"
    )]
    fn a_family_comes_back(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(re_entry, facts), expected);
    }
}
