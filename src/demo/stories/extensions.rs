//! More time: for parents who do not come, after the end, again and again, or asked for in vain.

use super::usual::going_well;
use crate::demo::story::Story;
use crate::demo::when::{Today, day, week, weeks_ago, workdays_ago};
use crate::domain::case::Grade::{HeadOfService, ServiceManager, TeamManager};

/// The parents miss appointments, are given more time, miss them again and are given more time again.
pub fn repeated_opportunities(today: &Today) -> Story {
    let story =
        Story::begun(today, weeks_ago(22)).opened_well().assessed_well().reviews([6, 10, 14, 18]).final_review(week(23));
    let story = story.engaging_until(week(8)).missed("mother", week(11)).missed("mother", week(13)).overseen();
    let story = story.asked_for_time(week(14)).granted(week(15), week(20), HeadOfService);
    let story = story.kept("mother", week(16)).missed("mother", week(17)).missed("mother", week(18)).kept("mother", week(21));
    story.asked_for_time(day(129)).granted(week(19), week(24), HeadOfService)
}

/// A team manager approved more time two weeks after the end, and nobody wrote down why.
pub fn approved_after_the_end(today: &Today) -> Story {
    let story =
        Story::begun(today, weeks_ago(20)).opened_well().assessed_well().reviews([6, 10, 14, 18]).final_review(week(22));
    let story = story.asked_for_time(week(17)).granted_without_reason(week(18), week(23), TeamManager);
    story.overseen().engaging()
}

/// Two extensions and three social workers, and much that was wrong; then the panel looked again and wrote down why it goes on.
pub fn panel_looked_again(today: &Today) -> Story {
    let story =
        Story::begun(today, weeks_ago(24)).opened_well().assessed_well().reviews([6, 10, 14, 18, 22]).final_review(week(25));
    let story = story.new_worker(week(8)).new_worker(week(13)).missed("mother", week(14)).missed("mother", week(16));
    let story = story.asked_for_time(day(117)).granted_without_reason(week(17), week(21), TeamManager);
    let story = story.asked_for_time(week(19)).granted(week(20), week(27), ServiceManager);
    story.kept("mother", week(20)).kept("mother", week(22)).overseen().panel(workdays_ago(4))
}

/// Two extensions, approved by those who may, that add up to nine weeks.
pub fn extended_by_nine_weeks(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(18)).opened_well().assessed_well().reviews([6, 10, 14]).final_review(week(23));
    let story = story.asked_for_time(week(12)).granted(week(13), week(20), ServiceManager);
    story.asked_for_time(week(16)).granted(week(17), week(25), HeadOfService).overseen().engaging()
}

/// A request for more time has waited for its decision for four weeks, while the end comes nearer.
pub fn request_forgotten(today: &Today) -> Story {
    going_well(today, 14).asked_for_time(week(10))
}

/// More time was refused three weeks ago, and the case goes on as if it had not been.
pub fn refused_and_still_open(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(18)).letter(day(3)).initial_meeting(week(2)).reviews([6, 10, 14]).restricted();
    story.exempt_from_family_meeting().asked_for_time(week(14)).refused(week(15)).assessed_well().overseen().engaging()
}
