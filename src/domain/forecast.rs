//! When the decision would come if everything still to do went at the usual pace from today.

use jiff::civil::Date;

use super::calendar::{Span, next_day};
use super::course::{Course, Status};
use super::timeline::Stretch;

/// The forecast as it stood on a day; absent unless the case is open.
#[must_use]
pub fn forecast_on(course: &Course, day: Date) -> Option<Date> {
    let started = course.case.started_on?;
    (course.status_on(day) == Status::Open).then(|| at_pace(course, started, day))
}

/// The days on which what the forecast starts from can change.
pub fn can_change(course: &Course) -> impl Iterator<Item = Date> + Clone + use<> {
    steps(course).into_iter().filter_map(|(met_on, _)| met_on)
}

/// Of some days on which no step is met, those from the first on which the forecast is after `limit`.
///
/// A day's forecast only ever moves later with the day, so the way to the decision can be walked backwards: the calendar's
/// [`minus`](super::calendar::Calendar::minus) gives the first day from which a step reaches the day that must be reached.
#[must_use]
pub fn days_after(course: &Course, limit: Date, days: Stretch) -> Option<Stretch> {
    let started = course.case.started_on?;
    let calendar = course.calendar();
    let mut first = next_day(limit);
    let mut must_reach = calendar.minus(first, course.policy.forecast.decision);
    for &(met_on, pace) in steps(course).iter().rev() {
        match met_on.filter(|&met| met <= days.from) {
            Some(met) if met >= must_reach => return Some(days),
            Some(_) => {}
            None => {
                first = must_reach;
                must_reach = calendar.minus(must_reach, pace);
            }
        }
    }
    let after = if started >= must_reach { days } else { days.and(Stretch::from(first)) };
    Some(after).filter(|after| !after.is_empty())
}

/// Each step on the way to the decision: the day it was met, and its pace.
fn steps(course: &Course) -> [(Option<Date>, Span); 4] {
    let pace = &course.policy.forecast;
    [
        (course.case.lbp_sent_on, pace.letter),
        (course.first_initial_on, pace.initial_meeting),
        (course.first_review_on, pace.first_review),
        (course.first_final_review_on, pace.final_review),
    ]
}

fn at_pace(course: &Course, started: Date, day: Date) -> Date {
    let calendar = course.calendar();
    let at = steps(course).into_iter().fold(started, |at, (met_on, pace)| match met_on.filter(|&met| met <= day) {
        Some(met) => at.max(met),
        None => calendar.plus(at, pace).max(day),
    });
    calendar.plus(at, course.policy.forecast.decision).max(day)
}
