//! The four steps on the way through pre-proceedings: when each is due and when it was met.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::calendar::Calendar;
use super::case::coded;
use super::course::{Course, Status};
use super::timeline::Timeline;

coded! {
    /// A step that is due by a day.
    Milestone {
        /// The letter before proceedings is sent.
        LetterBeforeProceedings = "letter_before_proceedings",
        /// The initial meeting is held.
        InitialMeeting = "initial_meeting",
        /// The final review is held.
        FinalReview = "final_review",
        /// The application is made; due only once it is decided to issue.
        CourtApplication = "court_application",
    }
}

coded! {
    /// How a milestone stands to its day.
    Timing {
        /// Met before its day.
        Early = "early",
        /// Met on its day.
        OnTime = "on_time",
        /// Met after its day.
        Late = "late",
        /// Not met, and its day is still to come.
        Left = "left",
        /// Not met, and today is its day.
        DueToday = "due_today",
        /// Not met, and its day has passed.
        Over = "over",
    }
}

impl Timing {
    /// How what is due on a day stands to it: when it was met, or as of the day on which it is looked at.
    #[must_use]
    pub fn of(due_on: Date, met_on: Option<Date>, day: Date) -> Self {
        match (met_on, met_on.unwrap_or(day).cmp(&due_on)) {
            (Some(_), Ordering::Less) => Self::Early,
            (Some(_), Ordering::Equal) => Self::OnTime,
            (Some(_), Ordering::Greater) => Self::Late,
            (None, Ordering::Less) => Self::Left,
            (None, Ordering::Equal) => Self::DueToday,
            (None, Ordering::Greater) => Self::Over,
        }
    }
}

/// How sentences speak of a milestone.
#[derive(Clone, Copy, Debug)]
pub struct Title {
    /// What it is called.
    pub title: &'static str,
    /// What is said while it is not met.
    pub undone: &'static str,
}

/// How a milestone stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The day it is due; absent while it is not due at all.
    pub due_on: Option<Date>,
    /// The day it was met, if it is.
    pub met_on: Option<Date>,
    /// How many working days after its day it was met or, not being met, how many it is over; negative where it was met early
    /// or has days left. Absent where it is not due, or neither met nor expected any more.
    pub working_days: Option<i64>,
    /// Which way these working days go; absent where they are.
    pub timing: Option<Timing>,
}

impl Milestone {
    /// How sentences speak of it.
    #[must_use]
    pub fn title(self) -> Title {
        let (title, undone) = match self {
            Self::LetterBeforeProceedings => ("Letter before proceedings", "not sent"),
            Self::InitialMeeting => ("Initial meeting", "not held"),
            Self::FinalReview => ("Final review", "not held"),
            Self::CourtApplication => ("Court application", "not made"),
        };
        Title { title, undone }
    }

    /// The day it is due, day by day; it has none while it is not due at all.
    #[must_use]
    pub fn due(self, course: &Course) -> Timeline<Date> {
        let numbers = &course.policy.milestones;
        let calendar = course.calendar();
        let Some(started) = course.case.started_on else { return Timeline::never() };
        let after = |event: Option<Date>, span| {
            event.map_or_else(Timeline::never, |event| Timeline::from(event.max(started), calendar.plus(event, span)))
        };
        match self {
            Self::LetterBeforeProceedings => after(Some(started), numbers.letter_before_proceedings),
            Self::InitialMeeting => after(course.case.lbp_sent_on, numbers.initial_meeting),
            Self::FinalReview => course.ends().map(|end| calendar.minus(end.on, numbers.final_review)),
            Self::CourtApplication => after(course.case.step_decision_on, numbers.court_application),
        }
    }

    /// The day it is due, as it stood on a day; absent while it is not due at all.
    #[must_use]
    pub fn due_on(self, course: &Course, day: Date) -> Option<Date> {
        self.due(course).on(day).copied()
    }

    /// The day it was met, whenever that is.
    #[must_use]
    pub fn met_on(self, course: &Course) -> Option<Date> {
        match self {
            Self::LetterBeforeProceedings => course.case.lbp_sent_on,
            Self::InitialMeeting => course.first_initial_on,
            Self::FinalReview => course.first_final_review_on,
            Self::CourtApplication => course.case.court_application_on,
        }
    }

    /// How it stands on a day.
    #[must_use]
    pub fn standing_on(self, course: &Course, day: Date) -> Standing {
        let status = course.status_on(day);
        let may_be_due = self != Self::CourtApplication || matches!(status, Status::DecidedIssue | Status::Issued);
        let due_on = self.due_on(course, day).filter(|_| may_be_due);
        let met_on = self.met_on(course).filter(|&met| met <= day);
        let judged_on = met_on.or(self.is_expected_in(status).then_some(day));
        let working_days = due_on.zip(judged_on).map(|(due, judged)| working_days_after(due, judged, course.calendar()));
        let timing = due_on.zip(judged_on).map(|(due, _)| Timing::of(due, met_on, day));
        Standing { due_on, met_on, working_days, timing }
    }

    /// Tells whether it is waited for while the case stands there.
    #[must_use]
    pub fn is_expected_in(self, status: Status) -> bool {
        status == if self == Self::CourtApplication { Status::DecidedIssue } else { Status::Open }
    }
}

/// How many working days a day lies after one that is due; negative where it lies before.
fn working_days_after(due: Date, day: Date, calendar: &Calendar) -> i64 {
    calendar.working_days_between(due, day) - calendar.working_days_between(day, due)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::case::{Case, Outcome};
    use crate::domain::policy::Policy;

    /// Started on Monday 1 June 2026; the letter is due on 8 June, and the application ten working days after the decision.
    #[rstest::rstest]
    #[case::days_left(date(2026, 6, 4), "2026-06-08 none -2 left")]
    #[case::over(date(2026, 6, 15), "2026-06-08 none 5 over")]
    #[case::met_late(date(2026, 6, 16), "2026-06-08 2026-06-16 6 late")]
    #[case::met_long_ago(date(2026, 9, 1), "2026-06-08 2026-06-16 6 late")]
    fn the_letter_counts_until_it_is_sent(#[case] day: Date, #[case] expected: &str) {
        let case = Case { lbp_sent_on: Some(date(2026, 6, 16)), ..started() };
        assert_eq!(in_words(Milestone::LetterBeforeProceedings, &case, day), expected);
    }

    #[rstest::rstest]
    #[case::not_decided(Milestone::CourtApplication, date(2026, 7, 14), "none none none none")]
    #[case::decided(Milestone::CourtApplication, date(2026, 7, 15), "2026-07-29 none -10 left")]
    #[case::over(Milestone::CourtApplication, date(2026, 7, 31), "2026-07-29 none 2 over")]
    #[case::applied(Milestone::CourtApplication, date(2026, 8, 3), "2026-07-29 2026-08-03 3 late")]
    #[case::no_longer_expected(Milestone::LetterBeforeProceedings, date(2026, 7, 15), "2026-06-08 none none none")]
    #[case::before_the_start(Milestone::LetterBeforeProceedings, date(2026, 5, 1), "none none none none")]
    fn the_application_counts_from_the_decision_to_issue(
        #[case] milestone: Milestone,
        #[case] day: Date,
        #[case] expected: &str,
    ) {
        let case = Case {
            step_decision_on: Some(date(2026, 7, 15)),
            outcome: Some(Outcome::Issue),
            court_application_on: Some(date(2026, 8, 3)),
            ..started()
        };
        assert_eq!(in_words(milestone, &case, day), expected);
    }

    /// The letter is due on Monday 8 June 2026.
    #[rstest::rstest]
    #[case::early(Some(date(2026, 6, 5)), date(2026, 6, 20), Timing::Early)]
    #[case::on_time(Some(date(2026, 6, 8)), date(2026, 6, 20), Timing::OnTime)]
    #[case::late(Some(date(2026, 6, 9)), date(2026, 6, 20), Timing::Late)]
    #[case::left(None, date(2026, 6, 7), Timing::Left)]
    #[case::today(None, date(2026, 6, 8), Timing::DueToday)]
    #[case::over(None, date(2026, 6, 9), Timing::Over)]
    fn what_is_due_is_on_one_side_of_its_day(#[case] met_on: Option<Date>, #[case] day: Date, #[case] expected: Timing) {
        assert_eq!(Timing::of(date(2026, 6, 8), met_on, day), expected);
    }

    fn started() -> Case {
        Case { started_on: Some(date(2026, 6, 1)), ..Case::new("C-1", date(2026, 6, 1)) }
    }

    fn in_words(milestone: Milestone, case: &Case, day: Date) -> String {
        let policy = Policy::default();
        let standing = milestone.standing_on(&Course::of(case, &policy), day);
        let word = |word: Option<String>| word.unwrap_or_else(|| "none".to_owned());
        let dates = [standing.due_on, standing.met_on].map(|date| word(date.map(|date| date.to_string())));
        let days = word(standing.working_days.map(|days| days.to_string()));
        format!("{} {} {days} {}", dates[0], dates[1], word(standing.timing.map(|timing| timing.to_string())))
    }
}
