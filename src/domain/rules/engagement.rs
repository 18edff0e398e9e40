//! Appointments missed in a row (`missed_engagement`).

use std::collections::BTreeMap;

use jiff::civil::Date;
use smallvec::SmallVec;

use super::count_below;
use crate::domain::case::{Case, Engagement};
use crate::domain::course::Course;
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Steps, Subject};
use crate::domain::timeline::Timeline;

/// The longest run of appointments missed without excuse that ends somebody's records; excused ones count neither way.
pub fn missed(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for appointments in by_person(&in_order(course.case)) {
        for (days, &(count, last)) in missed_in_a_row(appointments).runs() {
            if let Some(severity) = course.policy.missed_engagement.severity(count) {
                steps.raise(Subject::Whole, severity, days, Evidence::MissedInARow { count, last });
            }
        }
    }
    steps
}

/// How many appointments each person, by their role, has missed in a row without excuse, and the last of them, as it stood on a day;
/// people without an appointment that counts are left out.
#[must_use]
pub fn runs_of_missed(case: &Case, day: Date) -> BTreeMap<&str, (usize, Date)> {
    let run = |appointments: &[&Engagement]| missed_in_a_row(appointments).on(day).map_or((0, day), |run| *run);
    let people = in_order(case);
    by_person(&people).map(|appointments| (appointments[0].person.as_str(), run(appointments))).collect()
}

/// How many of one person's appointments in a row were missed, and the last of them, as it stood each day.
fn missed_in_a_row(appointments: &[&Engagement]) -> Timeline<(usize, Date)> {
    let mut timeline = Timeline::from(Date::MIN, (0, Date::MIN));
    let mut count = 0;
    for of_one_day in appointments.chunk_by(|one, next| one.on == next.on) {
        for appointment in of_one_day {
            count = if appointment.attended { 0 } else { count + 1 };
        }
        timeline.then(of_one_day[0].on, (count, of_one_day[0].on));
    }
    timeline
}

/// The longest run of missed appointments, or that there is no appointment to speak of.
pub fn quiet(course: &Course, day: Date) -> String {
    let Some((longest, _)) = runs_of_missed(course.case, day).into_values().max() else {
        return "No appointment is recorded".to_owned();
    };
    count_below(longest, "appointment", "missed in a row and not excused", course.policy.missed_engagement)
}

/// The longest run of missed appointments that ends somebody's records, and the last appointment of it, as it stood on a day.
#[must_use]
pub fn longest_missed(case: &Case, day: Date) -> Option<(usize, Date)> {
    runs_of_missed(case, day).into_values().filter(|&(count, _)| count > 0).max()
}

/// Person by person, their appointments in order, without the excused ones.
fn in_order(case: &Case) -> SmallVec<[&Engagement; 16]> {
    let mut appointments: SmallVec<[&Engagement; 16]> =
        case.engagement.iter().filter(|appointment| !appointment.excused).collect();
    appointments.sort_by(|one, other| one.person.cmp(&other.person).then(one.on.cmp(&other.on)));
    appointments
}

fn by_person<'a, 'c>(in_order: &'a [&'c Engagement]) -> impl Iterator<Item = &'a [&'c Engagement]> {
    in_order.chunk_by(|one, other| one.person == other.person)
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::missed;

    #[rstest::rstest]
    #[case::two_then_three(
        "start 2026-06-01; missed 2026-06-10 mother; missed 2026-06-17 mother; missed 2026-06-24 mother",
        "amber 2026-06-17, red 2026-06-24"
    )]
    #[case::attended_again(
        "start 2026-06-01; missed 2026-06-10 mother; missed 2026-06-17 mother; attended 2026-06-24 mother",
        "amber 2026-06-17, gone 2026-06-24"
    )]
    #[case::an_excuse_neither_counts_nor_breaks(
        "start 2026-06-01; missed 2026-06-10 mother; excused 2026-06-12 mother; missed 2026-06-17 mother",
        "amber 2026-06-17"
    )]
    #[case::each_person_alone("start 2026-06-01; missed 2026-06-10 mother; missed 2026-06-17 father", "")]
    #[case::the_longest_run_counts(
        "start 2026-06-01; missed 2026-06-10 mother; missed 2026-06-11 mother; missed 2026-06-10 father; missed 2026-06-17 father; \
         missed 2026-06-24 father; attended 2026-06-25 mother",
        "amber 2026-06-11, red 2026-06-24"
    )]
    #[case::as_given_on_one_day(
        "start 2026-06-01; missed 2026-06-10 mother; attended 2026-06-10 mother; missed 2026-06-10 mother",
        ""
    )]
    #[case::two_on_one_day(
        "start 2026-06-01; attended 2026-06-10 mother; missed 2026-06-10 mother; missed 2026-06-10 mother",
        "amber 2026-06-10"
    )]
    #[case::before_the_start("start 2026-06-01; missed 2026-05-10 mother; missed 2026-05-17 mother", "amber 2026-06-01")]
    fn appointments_missed_in_a_row(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(missed, facts), expected);
    }
}
