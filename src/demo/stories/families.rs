//! What happens in families: births, appointments nobody comes to, new social workers, and a second time round.

use super::usual::{closed_after_stepping_down, going_well, stepped_down};
use crate::demo::story::Story;
use crate::demo::when::{Today, week, weeks_ago, weeks_ahead};
use crate::domain::case::Outcome::StepDown;

/// The baby is expected in five weeks, so that what is left of sixteen weeks is one.
pub fn birth_comes_before_the_end(today: &Today) -> Story {
    going_well(today, 8).expected(weeks_ahead(5))
}

/// The day on which the baby was expected passed two weeks ago, and no birth is recorded.
pub fn birth_not_recorded(today: &Today) -> Story {
    going_well(today, 12).aged(3).expected(weeks_ago(2))
}

/// The pregnancy has ended, and the period is sixteen weeks again for the other child.
pub fn pregnancy_ended(today: &Today) -> Story {
    going_well(today, 10).aged(4).expected_until(weeks_ahead(3), week(8))
}

/// The mother has stopped coming: four appointments missed, besides one when she was ill.
pub fn mother_stopped_coming(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(11)).opened_well().assessed_well().reviewed_well().overseen();
    let story = story.engaging_until(week(4)).missed("mother", week(6)).missed("mother", week(7));
    story.excused("mother", week(8)).missed("mother", week(9)).missed("mother", week(10))
}

/// The family has had four social workers in three months.
pub fn three_changes_of_social_worker(today: &Today) -> Story {
    going_well(today, 12).new_worker(week(3)).new_worker(week(7)).new_worker(week(11))
}

/// The family stepped down half a year ago, and is back.
pub fn stepped_down_and_back(today: &Today) -> Story {
    going_well(today, 9).after(stepped_down(today, 40))
}

/// The family has stepped down twice within a year, and is back again.
pub fn back_a_second_time(today: &Today) -> Story {
    let first = Story::begun(today, weeks_ago(62)).opened_well().assessed_well().reviews([6]).overseen_until(week(10));
    let first = first.engaging_until(week(10)).decided(StepDown, week(11));
    going_well(today, 6).after(first.closed(week(14))).after(stepped_down(today, 32).closed(week(18)))
}

/// The family came back soon after its case was closed, and the panel has since looked at why.
pub fn back_and_looked_at(today: &Today) -> Story {
    going_well(today, 4).after(closed_after_stepping_down(today)).panel(week(2))
}
