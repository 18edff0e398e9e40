//! Cases that go well, and how they end.

use crate::demo::story::Story;
use crate::demo::when::{Today, day, week, weeks_ago, workdays_ago};
use crate::domain::case::Grade::ServiceManager;
use crate::domain::case::Outcome::{Issue, Other, StepDown};

/// The decision is two days old, and the letter is being written.
pub fn just_started(today: &Today) -> Story {
    Story::begun(today, workdays_ago(2)).letter(day(7)).overseen()
}

/// Everybody does what they should, so many weeks into the case (at most 14: then comes the decision).
pub fn going_well(today: &Today, weeks: i64) -> Story {
    Story::begun(today, weeks_ago(weeks)).opened_well().assessed_well().reviewed_well().overseen().engaging()
}

/// A case that went well until its decision in the fifteenth week.
pub fn went_well(today: &Today, weeks: i64) -> Story {
    let story = Story::begun(today, weeks_ago(weeks)).opened_well().assessed_well().reviewed_well();
    story.family_met().overseen_until(week(15)).engaging_until(week(15)).panel(week(15))
}

/// The parents did what was asked of them, and the family left pre-proceedings in time.
pub fn stepped_down(today: &Today, weeks: i64) -> Story {
    went_well(today, weeks).decided(StepDown, week(15))
}

/// The family stepped down and needs nobody any more.
pub fn closed_after_stepping_down(today: &Today) -> Story {
    stepped_down(today, 24).closed(week(19))
}

/// The family moved to another council, which took the case on.
pub fn moved_away(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(12)).opened_well().assessed_well().reviews([6]);
    story.overseen_until(week(7)).engaging_until(week(7)).decided(Other, week(8))
}

/// The case went to court in time.
pub fn issued(today: &Today, weeks: i64) -> Story {
    went_well(today, weeks).decided(Issue, week(15)).applied(week(16))
}

/// It was decided to go to court, and the application is being written.
pub fn about_to_issue(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(16)).opened_well().assessed_well().reviews([6, 10]).final_review(week(13));
    story.overseen().engaging().decided(Issue, workdays_ago(7))
}

/// The letter and the initial meeting came late, and the case has since caught up: the forecast is still beyond the end.
pub fn slow_beginning(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(6)).family_meeting(true).letter(week(2)).initial_meeting(week(5));
    story.assessed_well().reviews([8]).final_review(week(14)).overseen().engaging()
}

/// One extension, asked for and granted before the end by somebody who may, because an assessment needed five weeks more.
pub fn extended_for_good_reason(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(17)).opened_well().assessed_well().reviews([6, 10, 14]).final_review(week(19));
    story.asked_for_time(week(14)).granted(week(15), week(21), ServiceManager).overseen().engaging()
}
