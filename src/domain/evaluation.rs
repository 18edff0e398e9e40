//! A case on one day: everything that the rules make of it.

use jiff::civil::Date;

use super::case::Case;
use super::course::{Course, End, Status};
use super::deadline::{Deadline, next_deadline};
use super::forecast;
use super::policy::Policy;
use super::risk::Risk;
use super::schedule::{Finding, Schedule};
use super::timeline::Timeline;

/// What the rules make of one case on one day.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Where the case stands.
    pub status: Status,
    /// The day from which the period is counted; absent before the start, as the next two.
    pub clock_start: Option<Date>,
    /// The end of the period without extensions and births.
    pub base_end: Option<Date>,
    /// The end of the period, and what set it.
    pub end: Option<End>,
    /// When the decision would come at the usual pace; absent unless the case is open.
    pub forecast: Option<Date>,
    /// How bad it is.
    pub risk: Risk,
    /// The next day on which any finding appears, goes or changes its severity; absent where none does any more.
    pub next_change_on: Option<Date>,
    /// The next day on which a finding, the status or the end changes: the case need not be looked at before.
    pub next_look_on: Option<Date>,
    /// The next thing that is due, unless its day would give a birth away.
    pub next_deadline: Option<Deadline>,
    /// What is wrong, ordered by rule and subject.
    pub findings: Vec<Finding>,
}

impl Evaluation {
    /// Evaluates a case on a day. Facts dated later are not in effect.
    #[must_use]
    pub fn of(case: &Case, policy: &Policy, day: Date) -> Self {
        let course = Course::of(case, policy);
        let schedule = Schedule::of(&course);
        let findings = schedule.on(day, &policy.calendar);
        let next_change_on = schedule.next_change_after(day);
        let end_changes_on = |ends: &Timeline<End>| ends.runs().map(|(days, _)| days.from).find(|&from| from > day);
        Self {
            status: course.status_on(day),
            clock_start: course.clock_start_on(day),
            base_end: course.base_end_on(day),
            end: course.end_on(day),
            forecast: forecast::forecast_on(&course, day),
            risk: Risk::of(&findings),
            next_change_on,
            next_look_on: [next_change_on, course.status_changes_after(day), end_changes_on(course.ends())]
                .into_iter()
                .flatten()
                .min(),
            next_deadline: next_deadline(&course, day),
            findings,
        }
    }
}
