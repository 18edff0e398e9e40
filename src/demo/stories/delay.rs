//! Cases that wait: for a letter, a review, an assessment, a decision, or for somebody to ask.

use super::usual::went_well;
use crate::demo::story::Story;
use crate::demo::when::{Today, day, week, weeks_ago, workdays_ago};
use crate::domain::case::AssessmentKind::{ConnectedPersons, Parenting, Psychological};
use crate::domain::case::Grade::{HeadOfService, ServiceManager};
use crate::domain::case::Outcome::Issue;

/// Open for more than forty weeks: three extensions, each for a good reason, and the last one has run out.
pub fn open_over_forty_weeks(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(43)).opened_well().assessed_well().reviews([6, 12, 18, 24, 30, 36]);
    let story = story.asked_for_time(week(14)).granted(week(15), week(24), ServiceManager);
    let story = story.asked_for_time(week(22)).granted(week(23), week(32), HeadOfService);
    let story = story.asked_for_time(week(31)).granted(week(32), week(40), HeadOfService);
    story.overseen_until(week(38)).engaging_until(week(40))
}

/// The letter before proceedings was never sent, and the parents came to a meeting without knowing why.
pub fn letter_never_sent(today: &Today) -> Story {
    Story::begun(today, weeks_ago(6)).initial_meeting(week(4)).reviews([9]).assessed_well().overseen().engaging()
}

/// So much time went by before the initial meeting that the decision cannot come before the end.
pub fn most_of_the_time_used_up(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(10)).letter(week(5)).initial_meeting(week(8)).reviews([12]);
    story.assessed_well().overseen().engaging()
}

/// It was decided to go to court seven weeks ago, and no application has been made.
pub fn decided_and_not_applied(today: &Today) -> Story {
    went_well(today, 22).family_meeting(false).decided(Issue, week(15))
}

/// Five weeks since the final review: a decision is noted without what it was, and nobody acts on it.
pub fn final_review_without_decision(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(15)).opened_well().assessed_well().reviews([6]).final_review(week(10));
    story.overseen().engaging().decided(None, week(13))
}

/// Two reviews were planned, and nothing shows that either was held.
pub fn reviews_planned_and_not_held(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(15)).opened_well().assessed_well().reviews([6]);
    story.review_planned(week(9)).review_planned(week(12)).overseen().engaging()
}

/// Three reviews were cancelled one after another, the last without a new day.
pub fn reviews_cancelled_one_after_another(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(14)).opened_well().assessed_well().reviews([6]).overseen().engaging();
    let story = story.review_cancelled(week(9), day(62)).review_cancelled(week(11), week(11));
    story.review_cancelled(week(13), day(89))
}

/// Nobody has done anything on the case for two months.
pub fn nobody_works_on_it(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(13)).letter(day(4)).initial_meeting(week(3)).overseen();
    story.outstanding(Parenting, week(4), week(11))
}

/// The parenting assessment is weeks late, the psychological one some days.
pub fn late_assessments(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(14)).opened_well().reviewed_well().overseen().engaging();
    let story = story.outstanding(Parenting, week(3), week(9)).assessed(ConnectedPersons, week(5), week(12));
    story.outstanding(Psychological, week(4), workdays_ago(4))
}

/// Neither of the assessments that every case needs has been asked for.
pub fn assessments_never_commissioned(today: &Today) -> Story {
    Story::begun(today, weeks_ago(9)).opened_well().reviewed_well().overseen().engaging()
}

/// No manager has ever looked at the case.
pub fn no_oversight(today: &Today) -> Story {
    Story::begun(today, weeks_ago(11)).opened_well().assessed_well().reviewed_well().engaging()
}

/// A manager ticks every four weeks that the case was looked at, and never writes down what was thought.
pub fn ticks_without_rationale(today: &Today) -> Story {
    let story = Story::begun(today, weeks_ago(12)).opened_well().assessed_well().reviewed_well().engaging();
    story.ticked(week(2)).ticked(week(6)).ticked(week(10))
}
