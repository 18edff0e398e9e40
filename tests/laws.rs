//! The law that ties the rules together: for any case, any policy and any day, what the schedule says is what a plain reading
//! of the rules says, and nothing changes before the day on which it says that something will.
//!
//! Each law holds two years of a random case, day by day, against [`support::naive`]. A case that breaks a law is printed, shrunk,
//! and kept nowhere: turn it into a test of its rule. `PROPTEST_CASES=10000 cargo test --release --test laws` looks longer.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::iter::successors;

use jiff::civil::Date;
use plo_drift::domain::calendar::{YEARS, in_words, shift};
use plo_drift::domain::case::{AssessmentKind, Case};
use plo_drift::domain::course::Course;
use plo_drift::domain::evaluation::Evaluation;
use plo_drift::domain::explain::explain;
use plo_drift::domain::forecast::forecast_on;
use plo_drift::domain::in_effect::in_effect_on;
use plo_drift::domain::policy::Policy;
use plo_drift::domain::rules::{self, Rule};
use plo_drift::domain::schedule::Severity::{self, Amber, Notice, Red};
use plo_drift::domain::schedule::{Finding, Schedule};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use support::any_case::{FIRST_DAY, any_case, any_policy, any_span, days};
use support::naive::{self, Findings};

/// Enough cases to meet most mistakes, few enough to wait for; one that breaks a law may take a minute to shrink.
fn laws() -> ProptestConfig {
    const CASES: u32 = 40;
    let asked = ProptestConfig { failure_persistence: None, max_shrink_iters: 10_000, ..ProptestConfig::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { CASES };
    ProptestConfig { cases, max_shrink_time: 60_000, ..asked }
}

/// What the schedule says, without the words.
fn said(findings: &[Finding]) -> Findings {
    findings.iter().map(|finding| ((finding.rule.code(), finding.subject.clone()), finding.severity)).collect()
}

/// What a plain reading says of each day of the story.
fn story(case: &Case, policy: &Policy) -> Vec<(Date, Findings)> {
    days().map(|day| (day, naive::findings_on(case, policy, day))).collect()
}

/// The severity of one finding on each day of the story.
fn told_of(finding: &Finding, story: &[(Date, Findings)]) -> Vec<Option<Severity>> {
    let key = (finding.rule.code(), finding.subject.clone());
    story.iter().map(|(_, findings)| findings.get(&key).copied()).collect()
}

/// The index of the first of these days, back from the last of them, on which the severity is wanted without a break.
fn unbroken_since(told: &[Option<Severity>], wanted: impl Fn(Severity) -> bool) -> usize {
    told.iter().rposition(|severity| !severity.is_some_and(&wanted)).map_or(0, |broken| broken + 1)
}

proptest! {
    #![proptest_config(laws())]

    #[test]
    fn the_calendar_counts_days_one_by_one(which in any::<Index>(), span in any_span(), policy in any_policy()) {
        let day = days().nth(which.index(days().count())).expect("the index was held to the days");
        let calendar = &policy.calendar;
        prop_assert_eq!(calendar.plus(day, span), naive::plus(calendar, day, span));
        prop_assert_eq!(calendar.minus(day, span), naive::minus(calendar, day, span));
    }

    #[test]
    fn the_schedule_says_on_every_day_what_a_plain_reading_says(case in any_case(), policy in any_policy()) {
        let schedule = Schedule::of(&Course::of(&case, &policy));
        for day in days() {
            let findings = schedule.on(day, &policy.calendar);
            prop_assert_eq!(said(&findings), naive::findings_on(&case, &policy, day), "on {}", day);
            let in_order = findings.is_sorted_by_key(|finding| (finding.rule.code(), finding.subject.clone()));
            prop_assert!(in_order && findings.len() == said(&findings).len(), "on {}: {:#?}", day, findings);
        }
    }

    #[test]
    fn a_finding_stands_since_the_first_day_of_its_unbroken_run(case in any_case(), policy in any_policy()) {
        let schedule = Schedule::of(&Course::of(&case, &policy));
        let story = story(&case, &policy);
        let mut told = BTreeMap::new();
        for (index, &(day, _)) in story.iter().enumerate() {
            for finding in schedule.on(day, &policy.calendar) {
                let told = told.entry((finding.rule, finding.subject.clone())).or_insert_with(|| told_of(&finding, &story));
                let least = finding.severity.min(Amber);
                let since = unbroken_since(&told[..=index], |severity| severity >= least);
                let severity_since = unbroken_since(&told[..=index], |severity| severity == finding.severity);
                prop_assert_eq!(finding.since_on, story[since].0, "on {}: {:?}", day, &finding);
                prop_assert_eq!(finding.severity_since_on, story[severity_since].0, "on {}: {:?}", day, &finding);
                prop_assert!(finding.since_on >= case.started_on.unwrap_or(case.recorded_on), "on {}: {:?}", day, finding);
            }
        }
    }

    #[test]
    fn nothing_changes_before_the_next_change_and_something_does_on_it(case in any_case(), policy in any_policy()) {
        let schedule = Schedule::of(&Course::of(&case, &policy));
        let story = story(&case, &policy);
        let (last, told) = story.last().expect("the story has days");
        let mut next_change = schedule.next_change_after(*last);
        let unchanged_on = next_change.map_or(YEARS.1, |next| shift(next, -1));
        prop_assert_eq!(&naive::findings_on(&case, &policy, unchanged_on), told, "next is {:?}", next_change);
        if let Some(next) = next_change {
            prop_assert_ne!(&naive::findings_on(&case, &policy, next), told, "on {}", next);
        }
        for pair in story.windows(2).rev() {
            let [(day, before), (then, after)] = pair else { unreachable!("a window of two") };
            if before != after {
                next_change = Some(*then);
            }
            prop_assert_eq!(schedule.next_change_after(*day), next_change, "after {}", day);
        }
    }

    #[test]
    fn status_end_and_forecast_are_on_every_day_those_of_a_plain_reading(case in any_case(), policy in any_policy()) {
        let course = Course::of(&case, &policy);
        for day in days() {
            prop_assert_eq!(course.status_on(day), naive::status_on(&case, &policy, day), "on {}", day);
            prop_assert_eq!(course.end_on(day).map(|end| end.on), naive::end_on(&case, &policy, day), "on {}", day);
            prop_assert_eq!(forecast_on(&course, day), naive::forecast_on(&case, &policy, day), "on {}", day);
        }
    }

    #[test]
    fn what_is_dated_later_is_not_in_effect(case in any_case(), policy in any_policy(), which in any::<Index>()) {
        let day = days().nth(which.index(days().count())).expect("the index was held to the days");
        let (known, whole) = (in_effect_on(&case, day), Evaluation::of(&case, &policy, day));
        let evaluation = Evaluation::of(&known, &policy, day);
        // A birth that is dated later hides days, and changes nothing else.
        let told = |findings: &[Finding]| -> Vec<Finding> {
            findings.iter().map(|finding| Finding { gives_a_birth_away: false, ..finding.clone() }).collect()
        };
        prop_assert_eq!(told(&evaluation.findings), told(&whole.findings), "on {}: {:#?}", day, known);
        let stands = |on: &Evaluation| (on.status, on.clock_start, on.base_end, on.end, on.forecast);
        prop_assert_eq!(stands(&evaluation), stands(&whole), "on {}: {:#?}", day, known);
        prop_assert_eq!(&in_effect_on(&known, day), &known);
    }

    #[test]
    fn each_rule_says_its_findings_or_why_there_is_none(case in any_case(), policy in any_policy(), which in any::<Index>()) {
        let day = days().nth(which.index(days().count())).expect("the index was held to the days");
        let evaluation = Evaluation::of(&case, &policy, day);
        let known = in_effect_on(&case, day);
        let schedule = Schedule::of(&Course::of(&known, &policy));
        let explained = explain(&case, &policy, day);
        prop_assert_eq!(explained.iter().map(|explained| explained.rule).collect::<Vec<_>>(), Rule::ALL);
        for (explained, entry) in explained.into_iter().zip(&rules::ALL) {
            let findings: Vec<Finding> = explained.findings;
            let of_rule = |findings: Vec<Finding>| findings.into_iter().filter(|finding| finding.rule == explained.rule);
            prop_assert_eq!(&findings, &of_rule(evaluation.findings.clone()).collect::<Vec<_>>(), "on {}", day);
            let Some(reason) = explained.why_none else {
                prop_assert!(!findings.is_empty() && entry.statuses.contains(&evaluation.status), "{:?} on {}", explained.rule, day);
                continue;
            };
            prop_assert!(findings.is_empty() && !reason.is_empty() && reason.len() < 500, "on {}: {}", day, reason);
            let later = days().filter(|&later| later > day);
            let next = later.map(|later| (later, of_rule(schedule.on(later, &policy.calendar)).map(|finding| finding.severity).max()))
                .find_map(|(later, severity)| Some((later, severity?)));
            if let Some((on, severity)) = next {
                let severity = if severity == Notice { "noticed" } else { severity.code() };
                let named = [format!(" is {severity} from {} if", in_words(on)), format!(" is {severity} on a day that a birth sets, if")];
                prop_assert!(named.iter().any(|named| reason.contains(named.as_str())), "on {}: {} but: {}", day, named[0], reason);
            } else if reason.contains("if nothing changes") {
                prop_assert!(schedule.next_change_after(days().last().expect("the story has days")).is_some(), "{}", reason);
            }
        }
    }
}

/// What a rule can say, as the specification has it: of which subjects (`n` is any number, `kind` any kind of assessment) and
/// how grave.
const CAN_BE_SAID: &[(&str, &[&str], &[Severity])] = &[
    (
        "milestone_missed",
        &["letter_before_proceedings", "initial_meeting", "final_review", "court_application"],
        &[Notice, Amber, Red],
    ),
    ("review_not_held", &["n"], &[Amber, Red]),
    ("review_postponed", &[""], &[Amber, Red]),
    ("review_gap", &[""], &[Amber, Red]),
    ("no_next_review", &[""], &[Amber]),
    ("decision_overdue", &[""], &[Amber, Red]),
    ("time_limit", &[""], &[Notice, Red]),
    ("forecast_overrun", &[""], &[Notice, Amber]),
    ("extension_pending", &["n"], &[Amber, Red]),
    ("missed_engagement", &[""], &[Amber, Red]),
    ("oversight_gap", &[""], &[Amber, Red]),
    ("no_recorded_work", &[""], &[Amber, Red]),
    ("assessment_late", &["n"], &[Amber, Red]),
    ("assessment_not_commissioned", &["kind"], &[Amber, Red]),
    ("fgdm_offer_missing", &[""], &[Amber, Red]),
    (
        "missing_data",
        &["started_on", "outcome", "lbp_sent_on", "assessments", "children", "birth", "step_decision_on"],
        &[Amber],
    ),
    ("dates_out_of_order", &["lbp_sent_on", "meetings", "step_decision_on", "court_application_on"], &[Amber]),
    ("repeated_extensions", &["n"], &[Notice, Amber, Red]),
    ("extension_total", &[""], &[Notice, Amber, Red]),
    ("extension_not_authorised", &["n"], &[Notice, Red]),
    ("extension_retrospective", &["n"], &[Notice, Amber]),
    ("extension_without_rationale", &["n"], &[Notice, Amber]),
    ("extension_after_missed_engagement", &["n"], &[Notice, Red]),
    ("re_entry", &[""], &[Notice, Amber, Red]),
    ("worker_change", &["n"], &[Notice, Amber, Red]),
];

#[test]
fn random_cases_meet_everything_that_can_be_said_and_nothing_else() {
    const CASES: usize = 200;
    let mut runner = TestRunner::deterministic();
    let mut said = BTreeSet::new();
    for _ in 0..CASES {
        let (case, policy) = (any_case(), any_policy()).new_tree(&mut runner).expect("nothing is filtered out").current();
        let schedule = Schedule::of(&Course::of(&case, &policy));
        let changes = successors(Some(FIRST_DAY), |&day| schedule.next_change_after(day));
        let findings = changes.flat_map(|day| naive::findings_on(&case, &policy, day));
        said.extend(findings.map(|((rule, subject), severity)| (rule, kind_of(subject), severity)));
    }
    let mut can_be_said = BTreeSet::new();
    for &(rule, subjects, severities) in CAN_BE_SAID {
        for &subject in subjects {
            can_be_said.extend(severities.iter().map(|&severity| (rule, subject.to_owned(), severity)));
        }
    }
    let never_met: Vec<_> = can_be_said.difference(&said).collect();
    let never_heard_of: Vec<_> = said.difference(&can_be_said).collect();
    assert!(never_met.is_empty() && never_heard_of.is_empty(), "never met: {never_met:?}, never heard of: {never_heard_of:?}");
}

fn kind_of(subject: String) -> String {
    if subject.parse::<u32>().is_ok() {
        "n".into()
    } else if AssessmentKind::from_code(&subject).is_some() {
        "kind".into()
    } else {
        subject
    }
}
