//! Milestones not met by their day (`milestone_missed`).

use crate::domain::calendar::FOREVER;
use crate::domain::course::{Course, Status};
use crate::domain::evidence::Evidence;
use crate::domain::milestone::{Milestone, Title};
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// Noticed before the due day; amber after it, red some days after that. The court application counts in `decided_issue`.
pub fn missed(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for milestone in Milestone::ALL {
        if *milestone == Milestone::CourtApplication {
            steps.now_within(course.while_in(&[Status::DecidedIssue]));
        }
        let met_on = milestone.met_on(course).unwrap_or(FOREVER);
        for (days, due) in milestone.due(course).runs() {
            let Some(due) = *due else { continue };
            let calendar = course.calendar();
            let numbers = &course.policy.milestones;
            let unmet = days.until(met_on);
            let Title { title, undone } = milestone.title();
            let set_by_birth =
                *milestone == Milestone::FinalReview && course.end_on(days.from).is_some_and(|end| end.set_by.is_a_birth());
            let evidence = Evidence::Milestone { title, undone, due, set_by_birth };
            let subject = Subject::Code(milestone.code());
            let soon = Stretch::from(calendar.minus(due, numbers.notice_before)).through(due);
            steps.raise(subject, Severity::Notice, unmet.and(soon), evidence);
            steps.overdue(subject, due, calendar.plus(due, numbers.red_after), unmet, evidence);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::missed;

    #[rstest::rstest]
    #[case::letter_never_sent(
        "start 2026-06-01",
        "final_review notice 2026-09-07, amber 2026-09-15, red 2026-09-22; \
         letter_before_proceedings notice 2026-06-01, amber 2026-06-09, red 2026-06-16"
    )]
    #[case::letter_sent_on_the_due_day(
        "start 2026-06-01; letter 2026-06-08; meeting 1 final_review held 2026-06-08; meeting 2 initial held 2026-06-08",
        "letter_before_proceedings notice 2026-06-01, gone 2026-06-08"
    )]
    #[case::initial_meeting_is_due_once_the_letter_is_sent(
        "start 2026-06-01; letter 2026-06-03; meeting 1 initial held 2026-06-20; meeting 2 final_review held 2026-06-30",
        "initial_meeting notice 2026-06-10, amber 2026-06-18, gone 2026-06-20; \
         letter_before_proceedings notice 2026-06-01, gone 2026-06-03"
    )]
    #[case::an_extension_moves_the_final_review(
        "start 2026-06-01; letter 2026-06-01; meeting 1 initial held 2026-06-01; \
         extension 1 requested 2026-09-16 approved 2026-09-18 to 2026-10-19",
        "final_review notice 2026-09-07, amber 2026-09-15, gone 2026-09-18, notice 2026-10-05, amber 2026-10-13, red 2026-10-20"
    )]
    #[case::court_application_once_it_is_decided(
        "start 2026-06-01; decision 2026-06-03 issue; court 2026-07-02",
        "court_application notice 2026-06-10, amber 2026-06-18, red 2026-06-25, gone 2026-07-02; \
         letter_before_proceedings notice 2026-06-01, gone 2026-06-03"
    )]
    #[case::not_after_it_is_closed(
        "start 2026-06-01; closed 2026-06-02",
        "letter_before_proceedings notice 2026-06-01, gone 2026-06-02"
    )]
    #[case::not_started("", "")]
    fn milestones_become_due_and_are_missed(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(missed, facts), expected);
    }
}
