//! The family stepped down not long ago and is back (`re_entry`).

use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Steps, Subject};
use crate::domain::timeline::Stretch;

/// The family's other episodes ended in a step down within a year before this start; nothing else about them matters.
pub fn re_entry(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let Some(started_on) = course.case.started_on else { return steps };
    let limits = course.policy.re_entry;
    let from = course.calendar().minus(started_on, limits.within);
    let count = course.case.family_step_downs.iter().filter(|&&day| from <= day && day <= started_on).count();
    if let Some(severity) = limits.counts.severity(count) {
        let evidence = Evidence::ReEntered { count, within: limits.within, started_on };
        steps.record(Subject::Whole, severity, started_on, Stretch::from(started_on), course, evidence);
    }
    steps
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
