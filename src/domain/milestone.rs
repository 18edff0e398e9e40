//! The four steps on the way through pre-proceedings: when each is due and when it was met.

use jiff::civil::Date;

use super::case::coded;
use super::course::Course;
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

/// How sentences speak of a milestone.
#[derive(Clone, Copy, Debug)]
pub struct Title {
    /// What it is called.
    pub title: &'static str,
    /// What is said while it is not met.
    pub undone: &'static str,
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

    /// The day it is due, as it stood on a day; absent while it is not due at all.
    #[must_use]
    pub fn due_on(self, course: &Course, day: Date) -> Option<Date> {
        let numbers = &course.policy.milestones;
        let calendar = course.calendar();
        let in_effect = |date: Option<Date>| date.filter(|&date| date <= day);
        let started = in_effect(course.case.started_on)?;
        match self {
            Self::LetterBeforeProceedings => Some(calendar.plus(started, numbers.letter_before_proceedings)),
            Self::InitialMeeting => in_effect(course.case.lbp_sent_on).map(|sent| calendar.plus(sent, numbers.initial_meeting)),
            Self::FinalReview => course.end_on(day).map(|end| calendar.minus(end.on, numbers.final_review)),
            Self::CourtApplication => {
                in_effect(course.case.step_decision_on).map(|decided| calendar.plus(decided, numbers.court_application))
            }
        }
    }

    /// The day it is due, day by day.
    #[must_use]
    pub fn due(self, course: &Course) -> Timeline<Option<Date>> {
        let Some(started) = course.case.started_on else { return Timeline::never() };
        let can_change: Vec<Date> = match self {
            Self::LetterBeforeProceedings => Vec::new(),
            Self::InitialMeeting => course.case.lbp_sent_on.into_iter().collect(),
            Self::FinalReview => course.ends().runs().map(|(days, _)| days.from).collect(),
            Self::CourtApplication => course.case.step_decision_on.into_iter().collect(),
        };
        Timeline::sample(started, can_change, |day| self.due_on(course, day))
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
}
