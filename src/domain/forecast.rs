//! When the decision would come if everything still to do went at the usual pace from today.

use jiff::civil::Date;

use super::calendar::{Span, days_between, shift};
use super::course::{Course, Status};
use super::timeline::Stretch;

/// The forecast as it stood on a day; absent unless the case is open.
#[must_use]
pub fn forecast_on(course: &Course, day: Date) -> Option<Date> {
    let started = course.case.started_on?;
    (course.status_on(day) == Status::Open).then(|| at_pace(course, started, day))
}

/// The days on which what the forecast starts from can change.
pub fn can_change(course: &Course) -> impl Iterator<Item = Date> {
    steps(course).into_iter().filter_map(|(met_on, _)| met_on)
}

/// Of some days on which no step is met and that end, the first on which the forecast is after `limit`.
///
/// Between two met steps the forecast only ever moves later, so the first such day is found by halving.
#[must_use]
pub fn first_day_after(course: &Course, limit: Date, days: Stretch) -> Option<Date> {
    let started = course.case.started_on.filter(|_| !days.is_empty())?;
    let is_after = |offset: i64| at_pace(course, started, shift(days.from, offset)) > limit;
    let (mut low, mut high) = (0, days_between(days.from, days.until));
    while low < high {
        let middle = low.midpoint(high);
        if is_after(middle) { high = middle } else { low = middle + 1 }
    }
    let first = shift(days.from, low);
    days.holds(first).then_some(first)
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
