//! Cases in which one thing has slipped, and can be put right this week.

use super::usual::{going_well, went_well};
use crate::demo::story::Story;
use crate::demo::when::{Today, week, weeks_ago, workdays_ago, workdays_ahead};
use crate::domain::case::AssessmentKind::{ConnectedPersons, Parenting};
use crate::domain::case::Outcome::Issue;

/// The letter went out in time, and the parents could not come to the initial meeting: it is planned again, some days late.
pub fn initial_meeting_late(today: &Today) -> Story {
    Story::begun(today, workdays_ago(16)).letter(workdays_ago(13)).initial_meeting(workdays_ahead(2)).overseen().engaging()
}

/// A review was planned for three days ago, and nobody recorded what became of it.
pub fn review_some_days_late(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(10)).opened_well().assessed_well().reviews([6]);
    story.review_planned(workdays_ago(3)).final_review(week(14)).overseen().engaging()
}

/// Two reviews were called off, and the third is planned.
pub fn two_reviews_cancelled(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(10)).opened_well().assessed_well().reviews([6]);
    let story = story.review_cancelled(week(8), week(8)).review_cancelled(week(9), week(9));
    story.review_planned(workdays_ahead(3)).overseen().engaging()
}

/// Seven weeks since the last review, and no next one is planned.
pub fn nothing_planned(today: &Today) -> Story {
    Story::begun(today, weeks_ago(13)).opened_well().assessed_well().review(weeks_ago(7)).overseen().engaging()
}

/// The mother missed her last two appointments; the father keeps his.
pub fn two_appointments_missed(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(8)).opened_well().assessed_well().reviewed_well().overseen();
    let story = story.engaging_until(week(5)).missed("mother", week(6)).missed("mother", week(7));
    story.kept("father", week(5)).kept("father", week(7))
}

/// For five weeks nobody did anything that is recorded, and no manager asked.
pub fn five_quiet_weeks(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(9)).opened_well().review_planned(workdays_ahead(3)).managed(week(1));
    let story = story.outstanding(Parenting, week(3), week(14)).outstanding(ConnectedPersons, week(3), week(14));
    story.kept("mother", weeks_ago(5)).managed(weeks_ago(5))
}

/// A request for more time has waited for eight working days.
pub fn request_waits(today: &Today) -> Story {
    going_well(today, 13).asked_for_time(workdays_ago(8))
}

/// The final review was eight working days ago, and the decision is some days late.
pub fn decision_some_days_late(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(14)).opened_well().assessed_well().reviews([6, 10]);
    story.final_review(workdays_ago(8)).overseen().engaging()
}

/// It was decided to go to court in time, and the application is some days late.
pub fn application_some_days_late(today: &Today) -> Story {
    went_well(today, 18).decided(Issue, workdays_ago(13)).overseen()
}

/// The social worker has changed twice.
pub fn two_changes_of_social_worker(today: &Today) -> Story {
    going_well(today, 11).new_worker(week(4)).new_worker(week(9))
}

/// One of the children is recorded without a date of birth, and an assessment is promised for no day.
pub fn gaps_in_the_record(today: &Today) -> Story {
    going_well(today, 7).aged(6).child_without_dates().open_ended(Parenting, week(5))
}
