//! How a family keeps its appointments: counts by person, as a case is told.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::case::{Case, Engagement};
use super::rules::runs_of_missed;

/// How appointments were kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attendance {
    /// They came.
    pub attended: usize,
    /// They did not come, without excuse.
    pub missed: usize,
    /// They did not come, through illness or because the council called it off.
    pub excused: usize,
    /// Appointments missed in a row up to now, as the rule counts them.
    pub missed_in_a_row: usize,
}

/// How each person, by their role, has kept appointments up to a day.
#[must_use]
pub fn by_person(case: &Case, day: Date) -> BTreeMap<&str, Attendance> {
    let mut people: BTreeMap<&str, Attendance> = BTreeMap::new();
    for appointment in case.engagement.iter().filter(|appointment| appointment.on <= day) {
        people.entry(&appointment.person).or_default().count(appointment);
    }
    for (person, (run, _)) in runs_of_missed(case, day) {
        if let Some(attendance) = people.get_mut(person) {
            attendance.missed_in_a_row = run;
        }
    }
    people
}

/// All of them together: the counts added up, and the longest run.
#[must_use]
pub fn altogether<'a>(people: impl IntoIterator<Item = &'a Attendance>) -> Attendance {
    people.into_iter().fold(Attendance::default(), |all, one| Attendance {
        attended: all.attended + one.attended,
        missed: all.missed + one.missed,
        excused: all.excused + one.excused,
        missed_in_a_row: all.missed_in_a_row.max(one.missed_in_a_row),
    })
}

impl Attendance {
    fn count(&mut self, appointment: &Engagement) {
        let kept = match (appointment.attended, appointment.excused) {
            (true, _) => &mut self.attended,
            (false, true) => &mut self.excused,
            (false, false) => &mut self.missed,
        };
        *kept += 1;
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::rules::case;

    fn said(facts: &str, day: Date) -> String {
        let case = case(facts);
        let people = by_person(&case, day);
        let counts = |name: &str, one: &Attendance| {
            format!("{name} {} {} {} {}", one.attended, one.missed, one.excused, one.missed_in_a_row)
        };
        let all = counts("all", &altogether(people.values()));
        let each = people.iter().map(|(person, attendance)| counts(person, attendance));
        each.chain([all]).collect::<Vec<_>>().join("; ")
    }

    #[rstest::rstest]
    #[case::nobody("start 2026-06-01", "all 0 0 0 0")]
    #[case::an_excuse_neither_counts_nor_breaks(
        "start 2026-06-01; attended 2026-06-02 mother; missed 2026-06-10 mother; excused 2026-06-12 mother; missed 2026-06-17 mother",
        "mother 1 2 1 2; all 1 2 1 2"
    )]
    #[case::the_longest_run_of_anybody(
        "start 2026-06-01; missed 2026-06-02 father; missed 2026-06-03 mother; missed 2026-06-04 mother; attended 2026-06-05 father",
        "father 1 1 0 0; mother 0 2 0 2; all 1 3 0 2"
    )]
    #[case::later_ones_are_not_known(
        "start 2026-06-01; missed 2026-06-02 mother; attended 2026-07-02 mother",
        "mother 0 1 0 1; all 0 1 0 1"
    )]
    #[case::excused_alone("start 2026-06-01; excused 2026-06-02 mother", "mother 0 0 1 0; all 0 0 1 0")]
    fn appointments_are_counted_by_person(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(facts, date(2026, 6, 30)), expected);
    }
}
