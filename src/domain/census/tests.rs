use jiff::civil::date;

use super::*;
use crate::domain::case::{Meeting, MeetingKind};
use crate::domain::policy::CensusOutcomes;

fn year(text: &str) -> Year {
    text.parse().expect("it is a year")
}

fn policy() -> Policy {
    let census_outcomes =
        CensusOutcomes { issue: Some(OutcomeCode::A), step_down: Some(OutcomeCode::B), other: Some(OutcomeCode::C) };
    Policy { census_outcomes, ..Policy::default() }
}

fn child(reference: &str) -> Child {
    Child {
        reference: reference.to_owned(),
        date_of_birth: Some(date(2019, 7, 3)),
        expected_delivery_on: None,
        pregnancy_ended_on: None,
    }
}

fn meeting(sequence: u32, kind: MeetingKind, held_on: Date) -> Meeting {
    Meeting { sequence, kind, planned_on: None, held_on: Some(held_on), cancelled_on: None }
}

/// Started in May 2026, went to court in September, all as it should be.
fn whole() -> Case {
    Case {
        children: vec![child("K-1")],
        started_on: Some(date(2026, 5, 4)),
        lbp_sent_on: Some(date(2026, 5, 8)),
        fgdm_offered: Some(true),
        fgdm_facilitated: Some(false),
        meetings: vec![
            meeting(1, MeetingKind::Initial, date(2026, 5, 22)),
            meeting(2, MeetingKind::Review, date(2026, 6, 26)),
            meeting(3, MeetingKind::FinalReview, date(2026, 8, 7)),
        ],
        step_decision_on: Some(date(2026, 8, 14)),
        outcome: Some(Outcome::Issue),
        court_application_on: Some(date(2026, 8, 28)),
        letter_of_issue_on: Some(date(2026, 9, 1)),
        ..Case::new("PP-1", date(2026, 5, 4))
    }
}

fn slice(case: &Case, of: &str) -> Slice {
    let mut slice = Slice::of(year(of));
    slice.add(case, &policy());
    slice.finish().expect("every outcome has a code")
}

/// The block of the first episode, an element a word.
fn block(slice: &Slice) -> String {
    let word = |(item, value): &(&Item, Value)| match value {
        Value::Day(day) => format!("{}={day}", item.element),
        Value::Flag(flag) => format!("{}={flag}", item.element),
        Value::Count(count) => format!("{}={count}", item.element),
        Value::Code(code) => format!("{}={code}", item.element),
    };
    slice.episodes[0].block.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_block_says_what_fell_in_the_year_in_the_order_of_the_elements() {
    let slice = slice(&whole(), "2026-27");
    assert_eq!(
        block(&slice),
        "PPStartDate=2026-05-04 LBPSentDate=2026-05-08 FGDMMeetingOffer=true FGDMMeetingFac=false \
        InitialPPMeetingDate=2026-05-22 ReviewMeetingsCount=2 StepDecisionDate=2026-08-14 PPOutcome=A CourtAppDate=2026-08-28 \
        LetterInitCPDate=2026-09-01"
    );
    assert!(slice.failures.is_empty() && slice.left_out == 0, "{slice:?}");
}

/// Letter and start in March, everything else from April on: each return has its own, and neither is wrong.
#[test]
fn an_episode_over_two_years_is_in_both_each_with_what_is_its_own() {
    let case = Case {
        started_on: Some(date(2027, 3, 22)),
        lbp_sent_on: Some(date(2027, 3, 31)),
        meetings: vec![
            meeting(1, MeetingKind::Initial, date(2027, 3, 31)),
            meeting(2, MeetingKind::Review, date(2027, 3, 31)),
            meeting(3, MeetingKind::Review, date(2027, 5, 5)),
            meeting(4, MeetingKind::FinalReview, date(2027, 6, 9)),
        ],
        step_decision_on: Some(date(2027, 6, 11)),
        outcome: Some(Outcome::StepDown),
        court_application_on: None,
        letter_of_issue_on: None,
        ..whole()
    };
    let (this, next) = (slice(&case, "2026-27"), slice(&case, "2027-28"));
    assert_eq!(
        block(&this),
        "PPStartDate=2027-03-22 LBPSentDate=2027-03-31 FGDMMeetingOffer=true FGDMMeetingFac=false \
        InitialPPMeetingDate=2027-03-31 ReviewMeetingsCount=1"
    );
    assert_eq!(block(&next), "ReviewMeetingsCount=2 StepDecisionDate=2027-06-11 PPOutcome=B");
    assert_eq!((this.left_out, next.left_out), (1, 3));
    assert!(this.failures.is_empty() && next.failures.is_empty(), "{:?} {:?}", this.failures, next.failures);
    assert!(slice(&case, "2028-29").episodes.is_empty());
}

/// What a case differs in from [`whole`].
type Change = fn(&mut Case);

#[rstest::rstest]
#[case::letter_before_the_start(|case: &mut Case| case.lbp_sent_on = Some(date(2026, 5, 3)), "N00827 9006 2026-05-03 lies before N00826 (PPStartDate), 2026-05-04")]
#[case::letter_on_the_day_of_the_start(|case: &mut Case| case.lbp_sent_on = case.started_on, "")]
#[case::no_start(|case: &mut Case| case.started_on = None, "")]
#[case::letter_before_a_start_of_the_next_year(|case: &mut Case| case.started_on = Some(date(2027, 4, 1)), "N00827 9006 2026-05-08 lies before N00826 (PPStartDate), 2027-04-01; N00832 9009 2026-08-14 lies before N00826 (PPStartDate), 2027-04-01")]
#[case::letter_before_the_year(|case: &mut Case| case.lbp_sent_on = Some(date(2026, 3, 31)), "N00827 9006 2026-03-31 lies before the year, and the episode began in it: no return has it")]
#[case::no_offer_recorded(|case: &mut Case| { case.fgdm_offered = None; case.fgdm_facilitated = None; }, "N00828 9007 nothing is recorded, and must be where there is N00827 (LBPSentDate)")]
#[case::no_offer_and_no_letter(|case: &mut Case| { case.lbp_sent_on = None; case.fgdm_offered = None; }, "")]
#[case::offered_and_not_known_whether_held(|case: &mut Case| case.fgdm_facilitated = None, "N00829 9010Q please check: nothing is recorded, and is expected where N00828 (FGDMMeetingOffer) is 1")]
#[case::not_offered(|case: &mut Case| { case.fgdm_offered = Some(false); case.fgdm_facilitated = None; }, "")]
#[case::initial_meeting_before_the_year(|case: &mut Case| case.meetings[0].held_on = Some(date(2026, 3, 31)), "N00830 9008 2026-03-31 lies before the year, and the episode began in it: no return has it")]
#[case::initial_meeting_before_the_start(|case: &mut Case| case.meetings[0].held_on = Some(date(2026, 4, 1)), "")]
#[case::decision_before_the_start(|case: &mut Case| case.step_decision_on = Some(date(2026, 5, 3)), "N00832 9009 2026-05-03 lies before N00826 (PPStartDate), 2026-05-04")]
#[case::decision_before_the_year(|case: &mut Case| case.step_decision_on = Some(date(2026, 3, 31)), "N00832 9009 2026-03-31 lies before the year, and the episode began in it: no return has it")]
#[case::application_before_the_decision(|case: &mut Case| case.court_application_on = Some(date(2026, 8, 13)), "N00834 9012 2026-08-13 lies before N00832 (StepDecisionDate), 2026-08-14")]
#[case::application_before_a_decision_of_the_next_year(|case: &mut Case| case.step_decision_on = Some(date(2027, 4, 1)), "N00834 9012 2026-08-28 lies before N00832 (StepDecisionDate), 2027-04-01")]
#[case::application_before_the_year(|case: &mut Case| case.court_application_on = Some(date(2026, 3, 31)), "N00834 9012 2026-03-31 lies before the year, and the episode began in it: no return has it")]
#[case::application_without_a_decision(|case: &mut Case| { case.step_decision_on = None; case.outcome = None; }, "")]
#[case::letter_of_issue_before_the_application(|case: &mut Case| case.letter_of_issue_on = Some(date(2026, 8, 27)), "N00835 9013 2026-08-27 lies before N00834 (CourtAppDate), 2026-08-28")]
#[case::letter_of_issue_before_the_year(|case: &mut Case| case.letter_of_issue_on = Some(date(2026, 3, 31)), "N00835 9013 2026-03-31 lies before the year, and the episode began in it: no return has it")]
#[case::began_the_year_before(|case: &mut Case| { case.started_on = Some(date(2026, 2, 2)); case.lbp_sent_on = Some(date(2026, 2, 6)); }, "")]
#[case::goes_on_in_the_next_year(|case: &mut Case| { case.court_application_on = Some(date(2027, 4, 1)); case.letter_of_issue_on = Some(date(2027, 4, 2)); }, "")]
fn each_check_that_fails_is_told(#[case] change: Change, #[case] expected: &str) {
    let mut case = whole();
    change(&mut case);
    let slice = slice(&case, "2026-27");
    let told: Vec<String> = (slice.failures.iter())
        .map(|failure| format!("{} {} {}", failure.item.map_or("", |item| item.number), failure.code, failure.reason))
        .collect();
    assert_eq!(told.join("; "), expected);
    assert!(slice.failures.iter().all(|failure| failure.case == "PP-1" && failure.child.as_deref() == Some("K-1")));
}

#[rstest::rstest]
#[case::never_started(|case: &mut Case| case.started_on = None, false)]
#[case::under_way_all_year(|case: &mut Case| case.started_on = Some(date(2026, 3, 31)), true)]
#[case::starts_on_the_last_day(|case: &mut Case| case.started_on = Some(date(2027, 3, 31)), true)]
#[case::starts_after_the_year(|case: &mut Case| case.started_on = Some(date(2027, 4, 1)), false)]
#[case::closed_on_the_first_day(|case: &mut Case| { case.started_on = Some(date(2026, 1, 5)); case.closed_on = Some(date(2026, 4, 1)); }, false)]
#[case::closed_on_the_second_day(|case: &mut Case| { case.started_on = Some(date(2026, 1, 5)); case.closed_on = Some(date(2026, 4, 2)); }, true)]
#[case::stepped_down_before(|case: &mut Case| { case.started_on = Some(date(2026, 1, 5)); case.step_decision_on = Some(date(2026, 3, 31)); case.outcome = Some(Outcome::StepDown); }, false)]
#[case::decided_to_issue_before_and_not_issued(|case: &mut Case| { case.started_on = Some(date(2026, 1, 5)); case.step_decision_on = Some(date(2026, 3, 31)); case.outcome = Some(Outcome::Issue); }, true)]
#[case::letter_of_issue_in_the_year(|case: &mut Case| { case.started_on = Some(date(2026, 1, 5)); case.court_application_on = Some(date(2026, 3, 31)); case.letter_of_issue_on = Some(date(2026, 4, 1)); }, true)]
#[case::only_a_letter(|case: &mut Case| { case.started_on = None; case.lbp_sent_on = Some(date(2026, 4, 1)); }, true)]
#[case::only_an_initial_meeting(|case: &mut Case| { case.started_on = None; case.meetings = vec![meeting(1, MeetingKind::Initial, date(2026, 4, 1))]; }, true)]
#[case::only_a_review(|case: &mut Case| { case.started_on = None; case.meetings = vec![meeting(1, MeetingKind::Review, date(2026, 4, 1))]; }, false)]
fn an_episode_belongs_to_a_year_by_a_day_in_it_or_by_being_under_way(#[case] change: Change, #[case] expected: bool) {
    let mut case = Case { children: vec![child("K-1")], ..Case::new("PP-1", date(2026, 1, 5)) };
    change(&mut case);
    assert_eq!(!slice(&case, "2026-27").episodes.is_empty(), expected);
}

#[test]
fn each_child_has_a_block_and_each_failure_but_not_one_that_was_never_born() {
    let expected = Child { date_of_birth: None, expected_delivery_on: Some(date(2026, 9, 1)), ..child("K-2") };
    let lost_before = Child { pregnancy_ended_on: Some(date(2026, 3, 31)), ..expected.clone() };
    let lost_within = Child { reference: "K-3".to_owned(), pregnancy_ended_on: Some(date(2026, 4, 1)), ..expected.clone() };
    let case = Case { children: vec![child("K-1"), expected, lost_within], fgdm_facilitated: None, ..whole() };
    let found = slice(&case, "2026-27");
    assert_eq!((found.blocks(), &found.episodes[0].children), (3, &["K-1", "K-2", "K-3"].map(str::to_owned).to_vec()));
    let told: Vec<_> = found.failures.iter().map(|failure| (failure.child.as_deref(), failure.code)).collect();
    assert_eq!(told, [(Some("K-1"), "9010Q"), (Some("K-2"), "9010Q"), (Some("K-3"), "9010Q")]);

    let none_left = slice(&Case { children: vec![lost_before], ..whole() }, "2026-27");
    assert!(none_left.episodes.is_empty() && none_left.failures.is_empty());
}

#[test]
fn a_case_of_the_year_without_a_child_is_told_and_has_no_block() {
    let found = slice(&Case { children: Vec::new(), ..whole() }, "2026-27");
    assert!(found.episodes.is_empty());
    assert_eq!(
        found.failures.iter().map(|failure| (failure.code, failure.child.as_deref())).collect::<Vec<_>>(),
        [(NO_CHILD, None)]
    );
}

#[rstest::rstest]
#[case::another_meeting_of_the_same_day(&[(1, MeetingKind::Initial, 2), (2, MeetingKind::Review, 2)], Some(1))]
#[case::before_the_initial_one(&[(1, MeetingKind::Review, 1), (2, MeetingKind::Initial, 2)], Some(0))]
#[case::a_second_initial_one(&[(1, MeetingKind::Initial, 2), (2, MeetingKind::Initial, 9)], Some(1))]
#[case::no_initial_one(&[(1, MeetingKind::Review, 2), (2, MeetingKind::Review, 9)], None)]
fn reviews_are_the_meetings_held_after_the_first_initial_one(
    #[case] held: &[(u32, MeetingKind, i8)],
    #[case] expected: Option<usize>,
) {
    let meetings = held.iter().map(|&(sequence, kind, day)| meeting(sequence, kind, date(2026, 6, day))).collect();
    let planned = Meeting {
        sequence: 9,
        kind: MeetingKind::Review,
        planned_on: Some(date(2026, 7, 1)),
        held_on: None,
        cancelled_on: None,
    };
    let mut case = Case { meetings, ..whole() };
    case.meetings.push(planned);
    assert_eq!(items::reviews(&case, year("2026-27")), expected);
    assert_eq!(items::reviews(&case, year("2027-28")), expected.map(|_| 0), "of a later year none was held");
}

/// One missing code stops the return where it is needed, and nowhere else.
#[rstest::rstest]
#[case::needed("2026-27", Some(Outcome::Issue), &[Outcome::Issue])]
#[case::of_another_outcome("2026-27", Some(Outcome::StepDown), &[])]
#[case::decided_in_another_year("2027-28", Some(Outcome::Issue), &[])]
#[case::not_decided("2026-27", None, &[])]
fn a_return_is_refused_where_it_needs_a_code_that_is_missing(
    #[case] of: &str,
    #[case] outcome: Option<Outcome>,
    #[case] expected: &[Outcome],
) {
    let mut policy = policy();
    policy.census_outcomes.issue = None;
    let mut slice = Slice::of(year(of));
    let case = Case { outcome, court_application_on: Some(date(2027, 4, 2)), ..whole() };
    slice.add(&case, &policy);
    assert_eq!(slice.episodes.len(), 1);
    assert_eq!(slice.finish().err().map_or_else(Vec::new, |missing| missing.0), expected);
}

#[test]
fn a_refusal_says_what_to_fill_in_and_where() {
    let refusal = NotMapped(vec![Outcome::Issue, Outcome::Other]).to_string();
    assert_eq!(
        refusal,
        "the census needs a code for the outcome issue and the outcome other: give the policy (policy.toml, or PUT /api/v1/policy) \
        census.outcomes.issue and census.outcomes.other, each \"A\", \"B\" or \"C\" as code set CS131 of the census has them, and \
        export again"
    );
}
