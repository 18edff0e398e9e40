//! The synthetic caseload: sixty families in six teams, told relative to today.
//!
//! About half of them go well or have only small trouble; the others show what drift looks like. The same day always gives the
//! same cases. Nobody in it is real: there are references, dates and words from lists, and nothing else.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::stories::{Tale, delay, extensions, families, records, small_trouble, usual};
use super::when::Today;
use crate::domain::calendar::{Calendar, shift};
use crate::domain::case::{Case, Child};
use crate::exchange::caseload::introduce_families;

/// Each team with its families.
const TEAMS: [(&str, [Tale; 10]); 6] = [
    (
        "North",
        [
            delay::open_over_forty_weeks,
            |today| usual::going_well(today, 3),
            small_trouble::review_some_days_late,
            |today| usual::stepped_down(today, 26),
            delay::letter_never_sent,
            |today| usual::going_well(today, 12),
            small_trouble::two_changes_of_social_worker,
            families::pregnancy_ended,
            delay::late_assessments,
            |today| usual::issued(today, 21),
        ],
    ),
    (
        "Harbour",
        [
            |today| usual::going_well(today, 7),
            delay::decided_and_not_applied,
            usual::extended_for_good_reason,
            extensions::repeated_opportunities,
            usual::just_started,
            small_trouble::two_appointments_missed,
            families::birth_comes_before_the_end,
            |today| usual::going_well(today, 14),
            records::application_before_the_decision,
            delay::no_oversight,
        ],
    ),
    (
        "Riverside",
        [
            delay::reviews_planned_and_not_held,
            |today| usual::going_well(today, 1),
            families::stepped_down_and_back,
            |today| usual::going_well(today, 10),
            small_trouble::request_waits,
            extensions::approved_after_the_end,
            usual::about_to_issue,
            records::recorded_without_a_start,
            small_trouble::five_quiet_weeks,
            delay::most_of_the_time_used_up,
        ],
    ),
    (
        "Hillside",
        [
            |today| usual::going_well(today, 5),
            delay::reviews_cancelled_one_after_another,
            small_trouble::nothing_planned,
            extensions::panel_looked_again,
            families::three_changes_of_social_worker,
            usual::closed_after_stepping_down,
            delay::ticks_without_rationale,
            |today| usual::going_well(today, 13).restricted(),
            small_trouble::decision_some_days_late,
            extensions::request_forgotten,
        ],
    ),
    (
        "Safeguarding 1",
        [
            extensions::refused_and_still_open,
            |today| usual::going_well(today, 8),
            small_trouble::initial_meeting_late,
            families::back_a_second_time,
            usual::slow_beginning,
            delay::assessments_never_commissioned,
            |today| usual::stepped_down(today, 18),
            delay::final_review_without_decision,
            small_trouble::gaps_in_the_record,
            records::application_without_a_decision,
        ],
    ),
    (
        "Safeguarding 2",
        [
            families::mother_stopped_coming,
            |today| usual::going_well(today, 4),
            families::back_and_looked_at,
            extensions::extended_by_nine_weeks,
            small_trouble::two_reviews_cancelled,
            delay::nobody_works_on_it,
            families::birth_not_recorded,
            usual::moved_away,
            small_trouble::application_some_days_late,
            records::letter_before_the_start,
        ],
    ),
];

/// The synthetic caseload as it stands on a day, in the order of the references.
///
/// Sixty families, a few of them with earlier episodes. The years that facts may have must leave room for thirteen years before
/// the day and one after it.
#[must_use]
pub fn cases(today: Date, calendar: &Calendar) -> Vec<Case> {
    let told = Today::new(today, calendar);
    let mut cases = Vec::new();
    for (team, (name, tales)) in (1..).zip(&TEAMS) {
        for (place, tale) in (0..).zip(tales) {
            let family = Family { team, place, name };
            let episodes = tale(&told).episodes().into_iter();
            cases.extend(episodes.map(|case| family.named(case, today)));
        }
    }
    number(&mut cases);
    introduce_families(&mut cases);
    cases
}

/// One family's place in the caseload, from which its references follow.
struct Family {
    team: i64,
    place: i64,
    name: &'static str,
}

impl Family {
    fn number(&self) -> i64 {
        1000 + 10 * self.team + self.place
    }

    /// Gives the family, its children and its social workers their references.
    fn named(&self, mut case: Case, today: Date) -> Case {
        case.family_reference = Some(format!("F-{}", self.number()));
        case.team = Some(self.name.to_owned());
        if case.children.is_empty() {
            case.children = self.children(today);
        }
        for (index, child) in (1..).zip(&mut case.children) {
            child.reference = format!("C-{}{index}", self.number());
        }
        for (index, allocation) in (self.place..).zip(&mut case.allocations) {
            allocation.worker = format!("W-{}{:02}", self.team, index % 7 + 1);
        }
        case
    }

    /// One to three children between two and twelve years old: all born before the family's first episode.
    fn children(&self, today: Date) -> Vec<Child> {
        let days_old = |index| 800 + (397 * self.number() + 1_009 * index) % 3_700;
        let born = (0..=self.number() % 3).map(|index| shift(today, -days_old(index)));
        let child = |born| Child {
            reference: String::new(),
            date_of_birth: Some(born),
            expected_delivery_on: None,
            pregnancy_ended_on: None,
        };
        born.map(child).collect()
    }
}

/// Orders the cases by the day they began and numbers them within its year: `PP-2026-014`.
fn number(cases: &mut [Case]) {
    let began_on = |case: &Case| case.started_on.unwrap_or(case.recorded_on);
    cases.sort_by_key(began_on);
    let mut so_far: BTreeMap<i16, u16> = BTreeMap::new();
    for case in cases {
        let year = began_on(case).year();
        let number = so_far.entry(year).or_default();
        *number += 1;
        case.reference = format!("PP-{year}-{number:03}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::course::Status;
    use crate::domain::evaluation::Evaluation;
    use crate::domain::policy::Policy;
    use crate::domain::risk::Rag;
    use crate::domain::rules::{self, Rule};
    use crate::domain::schedule::Severity::{self, Amber, Notice, Red};
    use crate::exchange::document::{self, Reading};

    fn told_on(today: Date) -> Vec<Case> {
        cases(today, &Calendar::default())
    }

    fn evaluated(cases: &[Case], today: Date) -> Vec<Evaluation> {
        let policy = Policy::default();
        cases.iter().map(|case| Evaluation::of(case, &policy, today)).collect()
    }

    fn severities(evaluations: &[Evaluation]) -> BTreeSet<(&'static str, Severity)> {
        let findings = evaluations.iter().flat_map(|evaluation| &evaluation.findings);
        findings.map(|finding| (finding.rule.code(), finding.severity)).collect()
    }

    /// Every severity that each rule can reach under the default policy.
    fn reachable() -> BTreeSet<(&'static str, Severity)> {
        let severities = |rule: Rule| -> &[Severity] {
            match rule {
                Rule::FgdmOfferMissing => &[],
                Rule::NoNextReview | Rule::MissingData | Rule::DatesOutOfOrder => &[Amber],
                Rule::TimeLimit | Rule::ExtensionNotAuthorised | Rule::ExtensionAfterMissedEngagement => &[Notice, Red],
                Rule::ForecastOverrun | Rule::ExtensionRetrospective | Rule::ExtensionWithoutRationale => &[Notice, Amber],
                Rule::MilestoneMissed
                | Rule::RepeatedExtensions
                | Rule::ExtensionTotal
                | Rule::ReEntry
                | Rule::WorkerChange => &[Notice, Amber, Red],
                _ => &[Amber, Red],
            }
        };
        rules::ALL
            .iter()
            .flat_map(|entry| severities(entry.rule).iter().map(|&severity| (entry.rule.code(), severity)))
            .collect()
    }

    fn check(today: Date) {
        let cases = told_on(today);
        let families: HashSet<_> = cases.iter().map(|case| case.family_reference.as_deref()).collect();
        assert_eq!(families.len(), 60);
        let references: HashSet<_> = cases.iter().map(|case| &case.reference).collect();
        assert_eq!(references.len(), cases.len());
        for case in &cases {
            let read = document::read(&document::write(case), Reading::RecordedOn(today)).expect("the document is right");
            assert_eq!(read, Case { family_step_downs: Vec::new(), ..case.clone() });
        }
        let evaluations = evaluated(&cases, today);
        assert_eq!(severities(&evaluations), reachable(), "{today}");
        let statuses: HashSet<Status> = evaluations.iter().map(|evaluation| evaluation.status).collect();
        assert_eq!(statuses.len(), Status::ALL.len(), "{today}");
        let green = evaluations.iter().filter(|evaluation| evaluation.risk.rag == Rag::Green).count();
        assert!(green >= 20, "{green} are green on {today}");
    }

    #[rstest::rstest]
    #[case::a_monday(date(2026, 11, 23))]
    #[case::a_saturday(date(2026, 8, 15))]
    #[case::new_year(date(2027, 1, 1))]
    #[case::a_leap_day(date(2028, 2, 29))]
    #[case::easter_monday(date(2026, 4, 6))]
    #[case::boxing_day(date(2025, 12, 26))]
    fn every_rule_is_shown_at_every_severity_and_every_case_is_right(#[case] today: Date) {
        check(today);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn so_it_is_on_any_day_of_a_year(days in 0i64..366) {
            check(shift(date(2026, 11, 23), days));
        }
    }

    #[test]
    fn the_same_day_gives_the_same_cases() {
        assert_eq!(told_on(date(2026, 11, 23)), told_on(date(2026, 11, 23)));
    }

    #[test]
    fn what_goes_well_is_green_at_every_stage() {
        let calendar = Calendar::default();
        for days in 0..366 {
            let today = shift(date(2026, 11, 23), days);
            let told = Today::new(today, &calendar);
            for weeks in 0..=14 {
                let cases = usual::going_well(&told, weeks).episodes();
                let [evaluation] = &evaluated(&cases, today)[..] else { panic!("one episode") };
                assert_eq!(evaluation.risk.rag, Rag::Green, "{weeks} weeks on {today}: {:?}", evaluation.findings);
            }
        }
    }

    #[test]
    fn a_restricted_case_is_red_and_letters_went_out_without_an_offer() {
        let today = date(2026, 11, 23);
        let cases = told_on(today);
        let with_offers = Policy { fgdm_required_from: Some(date(2026, 1, 1)), ..Policy::default() };
        let evaluations: Vec<Evaluation> = cases.iter().map(|case| Evaluation::of(case, &with_offers, today)).collect();
        assert!(cases.iter().zip(&evaluations).any(|(case, evaluation)| case.restricted && evaluation.risk.rag == Rag::Red));
        let shown = severities(&evaluations);
        for severity in [Amber, Red] {
            assert!(shown.contains(&(Rule::FgdmOfferMissing.code(), severity)));
        }
    }
}
