//! The stories of the synthetic caseload: what inspectors found elsewhere, and what goes well.

pub mod delay;
pub mod extensions;
pub mod families;
pub mod records;
pub mod small_trouble;
pub mod usual;

use super::story::Story;
use super::when::Today;

/// Tells one family's story on a day.
pub type Tale = fn(&Today) -> Story;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;
    use crate::domain::calendar::Calendar;
    use crate::domain::evaluation::Evaluation;
    use crate::domain::policy::Policy;
    use crate::exchange::caseload::introduce_families;

    /// What stands at amber or red in the last episode of a story told on Monday 23 November 2026.
    fn shown(tale: Tale) -> String {
        let today = date(2026, 11, 23);
        let mut episodes = tale(&Today::new(today, &Calendar::default())).episodes();
        for case in &mut episodes {
            case.family_reference = Some("F-1".into());
            for (number, allocation) in case.allocations.iter_mut().enumerate() {
                allocation.worker = format!("W-{number}");
            }
        }
        introduce_families(&mut episodes);
        let case = episodes.last().expect("a story has an episode");
        let findings = Evaluation::of(case, &Policy::default(), today).findings.into_iter();
        let at_risk = findings.filter(|finding| finding.severity.is_at_risk());
        let words: BTreeSet<String> = at_risk.map(|finding| format!("{} {}", finding.rule, finding.severity)).collect();
        words.into_iter().collect::<Vec<_>>().join(", ")
    }

    #[rstest::rstest]
    #[case(usual::just_started, "")]
    #[case(usual::closed_after_stepping_down, "")]
    #[case(usual::moved_away, "")]
    #[case(usual::about_to_issue, "")]
    #[case(usual::slow_beginning, "")]
    #[case(usual::extended_for_good_reason, "")]
    #[case(small_trouble::initial_meeting_late, "milestone_missed amber")]
    #[case(small_trouble::review_some_days_late, "review_not_held amber")]
    #[case(small_trouble::two_reviews_cancelled, "review_postponed amber")]
    #[case(small_trouble::nothing_planned, "no_next_review amber, review_gap amber")]
    #[case(small_trouble::two_appointments_missed, "missed_engagement amber")]
    #[case(small_trouble::five_quiet_weeks, "no_recorded_work amber, oversight_gap amber, review_gap amber")]
    #[case(small_trouble::request_waits, "extension_pending amber")]
    #[case(small_trouble::decision_some_days_late, "decision_overdue amber")]
    #[case(small_trouble::application_some_days_late, "milestone_missed amber")]
    #[case(small_trouble::two_changes_of_social_worker, "worker_change amber")]
    #[case(small_trouble::gaps_in_the_record, "missing_data amber")]
    #[case(
        delay::open_over_forty_weeks,
        "extension_total red, milestone_missed red, no_next_review amber, \
         oversight_gap amber, repeated_extensions red, review_gap amber, time_limit red"
    )]
    #[case(delay::letter_never_sent, "milestone_missed red, missing_data amber")]
    #[case(delay::most_of_the_time_used_up, "forecast_overrun amber")]
    #[case(delay::decided_and_not_applied, "milestone_missed red, oversight_gap red")]
    #[case(delay::final_review_without_decision, "decision_overdue red, missing_data amber")]
    #[case(delay::reviews_planned_and_not_held, "review_gap red, review_not_held red")]
    #[case(delay::reviews_cancelled_one_after_another, "no_next_review amber, review_gap amber, review_postponed red")]
    #[case(
        delay::nobody_works_on_it,
        "assessment_late amber, assessment_not_commissioned red, forecast_overrun amber, no_next_review amber, \
         no_recorded_work red, review_gap red"
    )]
    #[case(delay::late_assessments, "assessment_late amber, assessment_late red")]
    #[case(delay::assessments_never_commissioned, "assessment_not_commissioned amber, assessment_not_commissioned red")]
    #[case(delay::no_oversight, "oversight_gap red")]
    #[case(delay::ticks_without_rationale, "oversight_gap red")]
    #[case(extensions::repeated_opportunities, "extension_after_missed_engagement red, repeated_extensions amber")]
    #[case(
        extensions::approved_after_the_end,
        "extension_not_authorised red, extension_retrospective amber, extension_without_rationale amber"
    )]
    #[case(extensions::panel_looked_again, "")]
    #[case(extensions::extended_by_nine_weeks, "extension_total amber, repeated_extensions amber")]
    #[case(extensions::request_forgotten, "extension_pending red")]
    #[case(extensions::refused_and_still_open, "milestone_missed red, no_next_review amber, time_limit red")]
    #[case(families::birth_comes_before_the_end, "forecast_overrun amber, milestone_missed amber")]
    #[case(families::birth_not_recorded, "milestone_missed red, missing_data amber, time_limit red")]
    #[case(families::pregnancy_ended, "")]
    #[case(families::mother_stopped_coming, "missed_engagement red")]
    #[case(families::three_changes_of_social_worker, "worker_change red")]
    #[case(families::stepped_down_and_back, "re_entry amber")]
    #[case(families::back_a_second_time, "re_entry red")]
    #[case(families::back_and_looked_at, "")]
    #[case(records::recorded_without_a_start, "missing_data amber")]
    #[case(records::letter_before_the_start, "dates_out_of_order amber")]
    #[case(records::application_before_the_decision, "dates_out_of_order amber")]
    #[case(records::application_without_a_decision, "missing_data amber")]
    fn each_story_shows_what_it_is_about(#[case] tale: Tale, #[case] expected: &str) {
        assert_eq!(shown(tale), expected);
    }
}
