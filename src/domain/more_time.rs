//! How much more time a case has been given, as it is told.

use jiff::civil::Date;

use super::calendar::days_between;
use super::case::ExtensionDecision;
use super::course::Course;

/// The extensions of a case up to a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoreTime {
    /// Requests made.
    pub requested: usize,
    /// Requests that wait for a decision.
    pub pending: usize,
    /// Requests that were refused.
    pub refused: usize,
    /// Approvals, in the order in which they were given.
    pub approved: Vec<Given>,
    /// By how many days the end lies after where it was without extensions; never less than none.
    pub days: i64,
}

/// An extension that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its number.
    pub sequence: u32,
    /// When it was approved.
    pub on: Date,
    /// The grade of the person who approved it, in the source's words.
    pub by: Option<String>,
    /// The end it moved the period to.
    pub new_end_on: Date,
}

impl MoreTime {
    /// What was asked for and given up to a day.
    #[must_use]
    pub fn of(course: &Course, day: Date) -> Self {
        let requested = course.case.extensions.iter().filter(|extension| extension.requested_on <= day);
        let is_decided = |on: Option<Date>| on.is_some_and(|on| on <= day);
        let mut more_time = Self { days: days_on(course, day).unwrap_or_default().max(0), ..Self::default() };
        for extension in requested {
            more_time.requested += 1;
            if !is_decided(extension.decided_on) {
                more_time.pending += 1;
            } else if extension.decision == ExtensionDecision::Refused {
                more_time.refused += 1;
            }
        }
        more_time.approved = (course.approved.iter().filter(|approved| approved.on <= day))
            .map(|approved| Given {
                sequence: approved.extension.sequence,
                on: approved.on,
                by: approved.extension.approved_by_grade.clone(),
                new_end_on: approved.new_end_on,
            })
            .collect();
        more_time
    }
}

/// By how many days the last approved extension moves the end, as it stood on a day; absent where none was approved.
#[must_use]
pub fn days_on(course: &Course, day: Date) -> Option<i64> {
    let (last, base_end) = course.last_approved_on(day).zip(course.base_end_on(day))?;
    Some(days_between(base_end, last.new_end_on))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::policy::Policy;
    use crate::domain::rules::case;

    // Started on 1 June 2026, the period ends on 21 September without extensions.
    #[rstest::rstest]
    #[case::none("start 2026-06-01", "0 0 0, 0 days")]
    #[case::pending("start 2026-06-01; extension 1 requested 2026-08-03", "1 1 0, 0 days")]
    #[case::decided_later(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-10-01 to 2026-10-05",
        "1 1 0, 0 days"
    )]
    #[case::refused("start 2026-06-01; extension 1 requested 2026-08-03 refused 2026-08-04", "1 0 1, 0 days")]
    #[case::the_last_counts(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-08-04 to 2026-10-05; \
         extension 2 requested 2026-09-01 approved 2026-09-02 to 2026-10-19",
        "2 0 0, 28 days, 1 2026-10-05, 2 2026-10-19"
    )]
    #[case::not_a_day_back(
        "start 2026-06-01; extension 1 requested 2026-08-03 approved 2026-08-04 to 2026-09-01",
        "1 0 0, 0 days, 1 2026-09-01"
    )]
    fn more_time_is_added_up(#[case] facts: &str, #[case] expected: &str) {
        let (case, policy) = (case(facts), Policy::default());
        let more = MoreTime::of(&Course::of(&case, &policy), date(2026, 9, 30));
        let given = more.approved.iter().map(|given| format!(", {} {}", given.sequence, given.new_end_on));
        let said = format!("{} {} {}, {} days", more.requested, more.pending, more.refused, more.days);
        assert_eq!(given.fold(said, |said, given| said + &given), expected);
    }
}
