//! Records that cannot be right, so that nobody can say how long the case has taken.

use super::usual::went_well;
use crate::demo::story::Story;
use crate::demo::when::{Today, day, week, weeks_ago};
use crate::domain::case::Outcome::Issue;

/// Recorded three weeks ago, without the day on which pre-proceedings began.
pub fn recorded_without_a_start(today: &Today) -> Story {
    Story::recorded(today, weeks_ago(3)).new_worker(day(0)).kept("mother", week(1))
}

/// The letter and the initial meeting are dated before the decision that they follow from.
pub fn letter_before_the_start(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(5)).letter(day(-12)).initial_meeting(day(-4)).reviews([4, 8]);
    story.assessed_well().final_review(week(14)).overseen().engaging()
}

/// The application was made to the court a week before the decision to make it.
pub fn application_before_the_decision(today: &Today) -> Story {
    went_well(today, 20).applied(week(14)).decided(Issue, week(15))
}

/// The application was made to the court, and nobody recorded a decision to make it.
pub fn application_without_a_decision(today: &Today) -> Story {
    went_well(today, 19).applied(week(16))
}
