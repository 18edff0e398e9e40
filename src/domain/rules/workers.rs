//! The social worker changes again and again (`worker_change`).

use jiff::civil::Date;

use super::count_below;
use crate::domain::case::Allocation;
use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::schedule::Steps;
use crate::domain::timeline::Stretch;

/// One finding for the number of changes so far; each further one is a new finding.
pub fn changes(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let Some(started) = course.case.started_on else { return steps };
    let changes = changes_after(started, &course.case.allocations);
    for (index, &changed_on) in changes.iter().enumerate() {
        let count = index + 1;
        if let Some(severity) = course.policy.worker_change.severity(count) {
            let while_so_many = Stretch::from(changed_on).until(changes.get(count).copied());
            let evidence = Evidence::WorkersChanged { count, last: changed_on };
            steps.record(count.into(), severity, changed_on, while_so_many, course, evidence);
        }
    }
    steps
}

/// The days after the start on which another worker took over from the one before, whenever that one began.
fn changes_after(started: Date, allocations: &[Allocation]) -> Vec<Date> {
    let mut in_order: Vec<&Allocation> = allocations.iter().collect();
    in_order.sort_by_key(|allocation| allocation.from_on);
    (in_order.windows(2))
        .filter(|pair| pair[1].worker != pair[0].worker && pair[1].from_on > started)
        .map(|pair| pair[1].from_on)
        .collect()
}

/// How many changes of worker there were.
pub fn quiet(course: &Course, _: Date) -> String {
    let changes = course.case.started_on.map_or(0, |started| changes_after(started, &course.case.allocations).len());
    count_below(changes, "change", "of social worker since the start", course.policy.worker_change)
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::changes;

    #[rstest::rstest]
    #[case::two_then_three(
        "start 2026-06-01; worker 2026-05-01 A; worker 2026-07-01 B; worker 2026-07-15 A; worker 2026-08-03 C",
        "2 amber 2026-07-15, gone 2026-08-03; 3 red 2026-08-03"
    )]
    #[case::the_first_of_all_is_no_change("start 2026-06-01; worker 2026-06-02 A; worker 2026-07-01 B", "")]
    #[case::on_the_day_of_the_start_does_not_count(
        "start 2026-06-01; worker 2026-05-01 A; worker 2026-06-01 B; worker 2026-07-01 C",
        ""
    )]
    #[case::the_same_worker_again(
        "start 2026-06-01; worker 2026-05-01 A; worker 2026-07-01 A; worker 2026-07-08 B; worker 2026-07-09 B",
        ""
    )]
    #[case::two_on_one_day_as_given(
        "start 2026-06-01; worker 2026-05-01 A; worker 2026-07-01 B; worker 2026-07-01 C",
        "2 amber 2026-07-01"
    )]
    #[case::given_out_of_order(
        "start 2026-06-01; worker 2026-07-15 C; worker 2026-07-01 B; worker 2026-05-01 A; panel 2026-08-03",
        "2 amber 2026-07-15, notice 2026-08-03"
    )]
    fn workers_change(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(changes, facts), expected);
    }
}
