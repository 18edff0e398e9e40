//! Why each rule says what it says of a case on a day, and why it says nothing.
//!
//! Every sentence may be read out: as those of [`super::evidence`] it holds no date of birth, no expected delivery date, no day
//! from which one of them could be worked out, and nothing that was typed into a record.

use jiff::civil::Date;

use super::calendar::in_words;
use super::case::Case;
use super::course::{Course, Status};
use super::evidence::gives_a_birth_away;
use super::in_effect::in_effect_on;
use super::policy::Policy;
use super::rules::{self, Entry, Rule};
use super::schedule::{Finding, Schedule, Severity, Subject, Turn};

/// What one rule says of a case on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The rule.
    pub rule: Rule,
    /// Its findings, ordered by subject.
    pub findings: Vec<Finding>,
    /// Where there is no finding, why: a plain sentence without a full stop.
    pub why_none: Option<String>,
}

/// Explains a case on a day, rule by rule, from what was in effect on that day: nothing that is dated later counts, not even
/// where a sentence looks ahead.
#[must_use]
pub fn explain(case: &Case, policy: &Policy, day: Date) -> Vec<Explained> {
    // Findings are those of the whole case, so that their days are hidden where a birth that is dated later sets an end.
    let whole = Course::of(case, policy);
    let findings = Schedule::of(&whole).on(day, &policy.calendar);
    let known = in_effect_on(case, day);
    let course = Course::of(&known, policy);
    let schedule = Schedule::of(&course);
    let of_rule = |entry: &Entry| {
        let findings: Vec<Finding> = findings.iter().filter(|finding| finding.rule == entry.rule).cloned().collect();
        let why_none = findings.is_empty().then(|| why_none(entry, &course, &schedule, day, whole.a_birth_sets_an_end()));
        Explained { rule: entry.rule, findings, why_none }
    };
    rules::ALL.iter().map(of_rule).collect()
}

/// Why a rule has no finding: what there is to judge, when it had one last, and when it will have one next.
fn why_none(entry: &Entry, course: &Course, schedule: &Schedule, day: Date, a_birth_sets_an_end: bool) -> String {
    let status = course.status_on(day);
    let quiet = if entry.statuses.contains(&status) { (entry.quiet)(course, day) } else { does_not_apply(entry, status) };
    let is_private = |turn: &Turn| gives_a_birth_away(entry.rule, &turn.subject.text(), a_birth_sets_an_end);
    let before = schedule.ended_before(entry.rule, day).map(|last| {
        let until = if is_private(&last) { "before".to_owned() } else { format!("up to and including {}", in_words(last.on)) };
        format!("{} was {} {until}", what(&last), colour(last.severity))
    });
    let after = schedule.begins_after(entry.rule, day).map(|next| {
        let from =
            if is_private(&next) { "on a day that a birth sets,".to_owned() } else { format!("from {}", in_words(next.on)) };
        format!("{} is {} {from} if nothing changes", what(&next), colour(next.severity))
    });
    [Some(quiet), before, after].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn does_not_apply(entry: &Entry, status: Status) -> String {
    let wanted: Vec<&str> = entry.statuses.iter().map(|&status| in_the_words_of(status)).collect();
    format!("Applies only while the case is {}; on this day it was {}", wanted.join(" or "), in_the_words_of(status))
}

/// What a turn is about, within its rule.
fn what(turn: &Turn) -> String {
    match turn.subject {
        Subject::Whole => "it".to_owned(),
        Subject::Code(code) => code.replace('_', " "),
        Subject::Number(number) => format!("number {number}"),
    }
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "noticed",
        Severity::Amber => "amber",
        Severity::Red => "red",
    }
}

fn in_the_words_of(status: Status) -> &'static str {
    match status {
        Status::NotStarted => "not started",
        Status::Open => "open",
        Status::DecidedIssue => "decided for court",
        Status::Issued => "before the court",
        Status::SteppedDown => "stepped down",
        Status::Closed => "closed",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::rules::case;
    use super::*;

    fn why(rule: Rule, facts: &str, day: Date) -> String {
        let explained = explain(&case(facts), &Policy::default(), day).into_iter().find(|explained| explained.rule == rule);
        explained.and_then(|explained| explained.why_none).unwrap_or_else(|| "a finding".to_owned())
    }

    #[rstest::rstest]
    #[case::the_wrong_status(
        Rule::ReviewGap,
        "start 2026-01-05; meeting 1 initial held 2026-01-12; decision 2026-03-05 step_down",
        "Applies only while the case is open; on this day it was stepped down; it was amber up to and including 4 March 2026"
    )]
    #[case::two_statuses(
        Rule::OversightGap,
        "start 2026-06-01; court 2026-06-08",
        "Applies only while the case is open or decided for court; on this day it was before the court"
    )]
    #[case::not_yet(
        Rule::ReviewGap,
        "start 2026-05-01; meeting 1 initial held 2026-05-11",
        "The last meeting was held on 11 May 2026; it is amber from 23 June 2026 if nothing changes"
    )]
    #[case::put_right(
        Rule::OversightGap,
        "start 2026-05-01; oversight 2026-06-10",
        "The last oversight with a recorded rationale was on 10 June 2026; it was amber up to and including 9 June 2026; it is \
         amber from 9 July 2026 if nothing changes"
    )]
    #[case::what_is_known_later_counts_for_nothing(
        Rule::OversightGap,
        "start 2026-06-01; oversight 2026-06-20",
        "No oversight with a recorded rationale since the start; the days count from there; it is amber from 30 June 2026 if \
         nothing changes"
    )]
    #[case::nothing_to_judge(Rule::ExtensionPending, "start 2026-06-01", "No extension is recorded")]
    #[case::no_meeting(Rule::ReviewNotHeld, "start 2026-06-01", "No planned meeting is recorded")]
    #[case::of_one_subject(
        Rule::ReviewNotHeld,
        "start 2026-06-01; meeting 4 review planned 2026-06-19",
        "No planned meeting has been missed; the next is planned for 19 June 2026; number 4 is amber from 20 June 2026 if \
         nothing changes"
    )]
    #[case::the_policy(Rule::FgdmOfferMissing, "start 2026-06-01", "The policy does not set fgdm.required_from")]
    #[case::below_the_count(
        Rule::WorkerChange,
        "start 2026-06-01; worker 2026-06-01 A; worker 2026-06-05 B",
        "1 change of social worker since the start; 2 or more are amber"
    )]
    #[case::below_the_sum(
        Rule::ExtensionTotal,
        "start 2026-02-02; extension 1 requested 2026-05-18 approved 2026-05-20 to 2026-06-29",
        "Extensions move the end by 35 days; more than 56 days is amber"
    )]
    #[case::milestones(
        Rule::MilestoneMissed,
        "start 2026-05-25; letter 2026-06-11",
        "Letter before proceedings sent on 11 June 2026; Initial meeting not held, due on 25 June 2026; Final review not held, due \
         on 7 September 2026; letter before proceedings was red up to and including 10 June 2026; \
         initial meeting is noticed from 18 June 2026 if nothing changes"
    )]
    fn each_reason_is_its_own(#[case] rule: Rule, #[case] facts: &str, #[case] expected: &str) {
        assert_eq!(why(rule, facts, date(2026, 6, 15)), expected);
    }

    /// The birth is expected on 23 September, so the period ends on 26 August instead of 21 September.
    #[rstest::rstest]
    #[case(
        Rule::TimeLimit,
        "The end of the pre-proceedings period, which a birth sets, is not near; it is noticed on a day that a birth sets, if nothing changes"
    )]
    #[case(
        Rule::MissingData,
        "No fact is missing that the case cannot be judged without; birth is amber on a day that a birth sets, if nothing changes"
    )]
    fn no_reason_gives_a_birth_away(#[case] rule: Rule, #[case] expected: &str) {
        let facts = "start 2026-06-01; letter 2026-06-05; child K expected 2026-09-23";
        assert_eq!(why(rule, facts, date(2026, 6, 15)), expected);
        for explained in explain(&case(facts), &Policy::default(), date(2026, 6, 15)) {
            let reason = explained.why_none.unwrap_or_default();
            assert!(!reason.contains("August") && !reason.contains("23 September"), "{reason}");
        }
    }

    #[test]
    fn the_days_of_a_finding_that_a_birth_sets_are_marked() {
        let facts = "start 2026-06-01; child K expected 2026-09-23; child L";
        let explained = explain(&case(facts), &Policy::default(), date(2026, 9, 24));
        let marked: Vec<(Rule, String)> = (explained.into_iter().flat_map(|explained| explained.findings))
            .filter(|finding| finding.gives_a_birth_away)
            .map(|finding| (finding.rule, finding.subject))
            .collect();
        let expected = [(Rule::MilestoneMissed, "final_review"), (Rule::TimeLimit, ""), (Rule::MissingData, "birth")];
        assert_eq!(marked, expected.map(|(rule, subject)| (rule, subject.to_owned())));
    }
}
