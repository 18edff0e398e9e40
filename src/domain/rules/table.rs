//! Tables of cases for the rules' tests: facts in a line of words, findings in a line of words.
//!
//! `start 2026-06-01; meeting 1 review planned 2026-07-06 held 2026-07-10` gives
//! `1 amber 2026-07-07, gone 2026-07-10`: subject, then each severity with its first day.

use jiff::civil::Date;

use crate::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};
use crate::domain::course::Course;
use crate::domain::policy::Policy;
use crate::domain::schedule::Steps;

/// What a rule says of a case, under the default policy.
pub fn said(rule: fn(&Course) -> Steps, facts: &str) -> String {
    said_under(&Policy::default(), rule, facts)
}

/// What a rule says of a case, under a policy.
pub fn said_under(policy: &Policy, rule: fn(&Course) -> Steps, facts: &str) -> String {
    let case = case(facts);
    rule(&Course::of(&case, policy)).in_words()
}

/// Reads a case from a line of words.
pub fn case(facts: &str) -> Case {
    let mut case = Case::new("T-1", day("2026-01-05"));
    for fact in facts.split(';').map(str::trim).filter(|fact| !fact.is_empty()) {
        let words: Vec<&str> = fact.split_whitespace().collect();
        add(&mut case, &words);
    }
    case
}

fn day(text: &str) -> Date {
    text.parse().expect("a date in a test table")
}

fn add(case: &mut Case, words: &[&str]) {
    let first = words.get(1).copied().unwrap_or_default();
    let after = |word: &str| words.iter().position(|&other| other == word).map(|index| words[index + 1]);
    let day_after = |word: &str| after(word).map(day);
    let number = || first.parse().expect("a sequence");
    match words[0] {
        "recorded" => case.recorded_on = day(first),
        "start" => case.started_on = Some(day(first)),
        "letter" => case.lbp_sent_on = Some(day(first)),
        "court" => case.court_application_on = Some(day(first)),
        "closed" => case.closed_on = Some(day(first)),
        "stepped_down" => case.family_step_downs.push(day(first)),
        "fgdm" => {
            case.fgdm_offered = Some(first == "offered");
            case.fgdm_exempt = Some(first == "exempt");
        }
        "decision" => {
            case.step_decision_on = Some(day(first));
            case.outcome = words.get(2).map(|code| Outcome::from_code(code).expect("an outcome"));
        }
        "child" => case.children.push(Child {
            reference: first.to_owned(),
            date_of_birth: day_after("born"),
            expected_delivery_on: day_after("expected"),
            pregnancy_ended_on: day_after("ended"),
        }),
        "meeting" => case.meetings.push(Meeting {
            sequence: number(),
            kind: MeetingKind::from_code(words[2]).expect("a kind of meeting"),
            planned_on: day_after("planned"),
            held_on: day_after("held"),
            cancelled_on: day_after("cancelled"),
        }),
        "assessed" => case.assessments.push(Assessment {
            sequence: number(),
            kind: AssessmentKind::from_code(words[2]).expect("a kind of assessment"),
            commissioned_on: day_after("commissioned"),
            due_on: day_after("due"),
            received_on: day_after("received"),
        }),
        "extension" => case.extensions.push(Extension {
            sequence: number(),
            requested_on: day_after("requested").expect("when it was requested"),
            decision: match (after("approved"), after("refused")) {
                (Some(_), _) => ExtensionDecision::Approved,
                (_, Some(_)) => ExtensionDecision::Refused,
                _ => ExtensionDecision::Pending,
            },
            decided_on: day_after("approved").or(day_after("refused")),
            new_end_on: day_after("to"),
            approved_by_grade: after("by").map(str::to_owned),
            rationale_recorded: words.contains(&"because"),
        }),
        kind @ ("missed" | "excused" | "attended") => case.engagement.push(Engagement {
            on: day(first),
            attended: kind == "attended",
            person: words[2].to_owned(),
            kind: None,
            excused: kind == "excused",
        }),
        kind @ ("panel" | "oversight") => case.oversight.push(Oversight {
            on: day(first),
            kind: if kind == "panel" { OversightKind::PanelReview } else { OversightKind::ManagementOversight },
            rationale_recorded: !words.contains(&"tick"),
        }),
        "worker" => case.allocations.push(Allocation { from_on: day(first), worker: words[2].to_owned() }),
        other => panic!("no such fact in test tables: {other}"),
    }
}
