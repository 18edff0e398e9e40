//! What a case does in which nobody drifts: the usual steps at the usual pace.

use super::Story;
use crate::demo::when::{When, day, week, weeks_ago};
use crate::domain::case::AssessmentKind::{ConnectedPersons, Parenting};

impl Story {
    /// The family is offered a meeting of its own, the letter goes out and the initial meeting is held, all in two weeks.
    pub fn opened_well(self) -> Self {
        self.family_meeting(true).letter(day(3)).initial_meeting(week(2))
    }

    /// The two assessments that every case needs come when they are needed.
    pub fn assessed_well(self) -> Self {
        self.assessed(Parenting, week(3), week(10)).assessed(ConnectedPersons, week(5), week(12))
    }

    /// Reviews that go to plan, in these weeks of the case.
    pub fn reviews(self, weeks: impl IntoIterator<Item = i64>) -> Self {
        weeks.into_iter().fold(self, |story, number| story.review(week(number)))
    }

    /// Reviews every four weeks, and the final one two weeks before the end.
    pub fn reviewed_well(self) -> Self {
        self.reviews([6, 10]).final_review(week(14))
    }

    /// A manager looks at the case every three weeks.
    pub fn overseen(self) -> Self {
        self.overseen_until(weeks_ago(0))
    }

    /// A manager looks at the case every three weeks, until some day.
    pub fn overseen_until(self, until: When) -> Self {
        self.every(3, until, Self::managed)
    }

    /// The mother keeps an appointment every two weeks.
    pub fn engaging(self) -> Self {
        self.engaging_until(weeks_ago(0))
    }

    /// The mother keeps an appointment every two weeks, until some day.
    pub fn engaging_until(self, until: When) -> Self {
        self.every(2, until, |story, when| story.kept("mother", when))
    }

    /// Something that happens every so many weeks from the first week on.
    fn every(self, weeks: usize, until: When, happens: impl Fn(Self, When) -> Self) -> Self {
        let until = self.on(until);
        let mut story = self;
        for number in (1..).step_by(weeks) {
            if story.on(week(number)) > until {
                break;
            }
            story = happens(story, week(number));
        }
        story
    }
}
