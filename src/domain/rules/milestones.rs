//! Milestones not met by their day (`milestone_missed`).

use jiff::civil::Date;

use crate::domain::calendar::{FOREVER, in_words};
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
        for (days, &due) in milestone.due(course).runs() {
            let calendar = course.calendar();
            let numbers = &course.policy.milestones;
            let unmet = days.until(met_on);
            let set_by_birth = *milestone == Milestone::FinalReview && a_birth_sets_the_end_within(days, course);
            let evidence = Evidence::Milestone { milestone: *milestone, due, set_by_birth };
            let subject = Subject::Code(milestone.code());
            let soon = Stretch::from(calendar.minus(due, numbers.notice_before)).through(due);
            steps.raise(subject, Severity::Notice, unmet.and(soon), evidence);
            steps.overdue(subject, due, numbers.red_after, unmet, course, evidence);
        }
    }
    steps
}

/// Tells whether a birth sets the end on one of these days: two ends can make the same day due, and only one of them may be told.
fn a_birth_sets_the_end_within(days: Stretch, course: &Course) -> bool {
    course.ends().runs().any(|(held, end)| end.set_by.is_a_birth() && !held.and(days).is_empty())
}

/// How each milestone that is expected stands.
pub fn quiet(course: &Course, day: Date) -> String {
    let expected = Milestone::ALL.iter().filter(|milestone| milestone.is_expected_in(course.status_on(day)));
    let each: Vec<String> = expected.map(|&milestone| standing(milestone, course, day)).collect();
    each.join("; ")
}

fn standing(milestone: Milestone, course: &Course, day: Date) -> String {
    let Title { title, undone } = milestone.title();
    let by_a_birth = milestone == Milestone::FinalReview && course.a_birth_sets_an_end();
    match (milestone.met_on(course), milestone.due_on(course, day)) {
        (Some(met), _) => format!("{title} {} on {}", undone.trim_start_matches("not "), in_words(met)),
        (None, Some(_)) if by_a_birth => format!("{title} {undone}, and its day, which a birth sets, is not near"),
        (None, Some(due)) => format!("{title} {undone}, due on {}", in_words(due)),
        (None, None) => format!("{title} {undone}, not due before the letter before proceedings is sent"),
    }
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
