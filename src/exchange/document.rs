//! The case document: one case with all its facts, as JSON.
//!
//! Reads it strictly (an unknown field, an impossible date, a sequence given twice are refused by pointer and reason) and writes
//! it back. What the facts mean is the domain's.

mod entries;

use std::collections::HashSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::domain::case::{Case, Child, Outcome};
use crate::domain::fact::{Fact, FactList};
use crate::fields::{self, Fields, Mistake};

/// What a document is read for.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// To be evaluated as of a day, which fills in a missing `recorded_on`: facts may be dated later.
    AsOf(Date),
    /// To be recorded on a day: what is said to be done cannot lie after it.
    RecordedOn(Date),
}

impl Reading {
    fn day(self) -> Date {
        match self {
            Self::AsOf(day) | Self::RecordedOn(day) => day,
        }
    }

    /// The day on which something was done.
    fn done(self, fields: &mut Fields, name: &'static str) -> Option<Date> {
        let date = fields.date(name)?;
        match self {
            Self::RecordedOn(today) if date > today => {
                fields.mistake(name, "must not lie in the future: it says that something was done")
            }
            _ => Some(date),
        }
    }
}

/// Reads one case document.
///
/// # Errors
///
/// Every mistake in it.
pub fn read(document: &Value, reading: Reading) -> Result<Case, Vec<Mistake>> {
    fields::read(document, |fields| case(fields, reading))
}

/// Reads a case document that is part of another document.
pub fn case(fields: &mut Fields, reading: Reading) -> Option<Case> {
    let reference = fields.text("reference");
    let reference = fields.required("reference", reference);
    Some(Case {
        family_reference: fields.text("family_reference").map(str::to_owned),
        team: fields.text("team").map(str::to_owned),
        restricted: fields.flag("restricted").unwrap_or(false),
        recorded_on: reading.done(fields, "recorded_on").unwrap_or(reading.day()),
        started_on: reading.done(fields, "started_on"),
        lbp_sent_on: reading.done(fields, "lbp_sent_on"),
        fgdm_offered: fields.flag("fgdm_offered"),
        fgdm_facilitated: fields.flag("fgdm_facilitated"),
        fgdm_exempt: fields.flag("fgdm_exempt"),
        step_decision_on: reading.done(fields, "step_decision_on"),
        outcome: fields.word("outcome", Outcome::ALL, Outcome::code),
        court_application_on: reading.done(fields, "court_application_on"),
        letter_of_issue_on: reading.done(fields, "letter_of_issue_on"),
        closed_on: reading.done(fields, "closed_on"),
        children: children(fields, reading),
        meetings: numbered(fields, "meetings", |fields, sequence| entries::meeting(fields, reading, sequence)),
        assessments: numbered(fields, "assessments", |fields, sequence| entries::assessment(fields, reading, sequence)),
        extensions: numbered(fields, "extensions", |fields, sequence| entries::extension(fields, reading, sequence)),
        engagement: fields.objects("engagement", |fields| entries::engagement(fields, reading)),
        oversight: fields.objects("oversight", |fields| entries::oversight(fields, reading)),
        allocations: fields.objects("allocations", |fields| entries::allocation(fields, reading)),
        family_step_downs: Vec::new(),
        reference: reference?.to_owned(),
    })
}

fn children(fields: &mut Fields, reading: Reading) -> Vec<Child> {
    let mut seen = HashSet::new();
    fields.objects("children", |fields| {
        let child = entries::child(fields, reading);
        if child.as_ref().is_some_and(|child| !seen.insert(child.reference.clone())) {
            fields.mistake::<()>("reference", "is given to another child of the case already");
        }
        child
    })
}

/// A list whose entries have numbers of their own.
fn numbered<T>(fields: &mut Fields, name: &'static str, read: impl Fn(&mut Fields, Option<u32>) -> Option<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    fields.objects(name, |fields| {
        let sequence = entries::sequence(fields);
        let sequence = fields.required("sequence", sequence);
        let is_taken = sequence.is_some_and(|sequence| !seen.insert(sequence));
        let entry = read(fields, sequence);
        if is_taken { fields.mistake("sequence", "is given to another entry of the list already") } else { entry }
    })
}

/// Reads one fact on its own, as an entry of its list in a case document; `next` is its number where it is to have one and none is
/// given.
pub fn fact(fields: &mut Fields, list: FactList, reading: Reading, next: Option<u32>) -> Option<Fact> {
    match list {
        FactList::Engagement => entries::engagement(fields, reading).map(Fact::Engagement),
        FactList::Oversight => entries::oversight(fields, reading).map(Fact::Oversight),
        numbered => {
            let sequence = match entries::sequence(fields) {
                None if !fields.has("sequence") && next.is_none() => {
                    fields.mistake("sequence", "must be given: none is left after the last")
                }
                None if !fields.has("sequence") => next,
                given => given,
            };
            match numbered {
                FactList::Meetings => entries::meeting(fields, reading, sequence).map(Fact::Meeting),
                FactList::Assessments => entries::assessment(fields, reading, sequence).map(Fact::Assessment),
                _ => entries::extension(fields, reading, sequence).map(Fact::Extension),
            }
        }
    }
}

/// Writes one fact as the entry that it would be read from.
#[must_use]
pub fn write_fact(fact: &Fact) -> Value {
    match fact {
        Fact::Meeting(meeting) => entries::write_meeting(meeting),
        Fact::Assessment(assessment) => entries::write_assessment(assessment),
        Fact::Extension(extension) => entries::write_extension(extension),
        Fact::Engagement(appointment) => entries::write_engagement(appointment),
        Fact::Oversight(oversight) => entries::write_oversight(oversight),
    }
}

/// Writes a case as the document that it would be read from.
#[must_use]
pub fn write(case: &Case) -> Value {
    json!({
        "reference": case.reference,
        "family_reference": case.family_reference,
        "team": case.team,
        "restricted": case.restricted,
        "recorded_on": case.recorded_on,
        "started_on": case.started_on,
        "lbp_sent_on": case.lbp_sent_on,
        "fgdm_offered": case.fgdm_offered,
        "fgdm_facilitated": case.fgdm_facilitated,
        "fgdm_exempt": case.fgdm_exempt,
        "step_decision_on": case.step_decision_on,
        "outcome": case.outcome,
        "court_application_on": case.court_application_on,
        "letter_of_issue_on": case.letter_of_issue_on,
        "closed_on": case.closed_on,
        "children": each(&case.children, entries::write_child),
        "meetings": each(&case.meetings, entries::write_meeting),
        "assessments": each(&case.assessments, entries::write_assessment),
        "extensions": each(&case.extensions, entries::write_extension),
        "engagement": each(&case.engagement, entries::write_engagement),
        "oversight": each(&case.oversight, entries::write_oversight),
        "allocations": each(&case.allocations, entries::write_allocation),
    })
}

fn each<T>(items: &[T], write: fn(&T) -> Value) -> Value {
    items.iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 6, 15);

    fn mistakes(document: &Value) -> Vec<String> {
        let mistakes = read(document, Reading::RecordedOn(TODAY)).expect_err("the document is wrong");
        mistakes.iter().map(Mistake::to_string).collect()
    }

    #[rstest::rstest]
    #[case(json!({}), "/reference: must be given")]
    #[case(json!({"reference": ""}), "/reference: must not be blank; leave it out instead")]
    #[case(json!({"reference": "A\u{0}"}), "/reference: must not hold line breaks or other control characters")]
    #[case(json!({"reference": " A"}), "/reference: must not begin or end with a space")]
    #[case(json!({"reference": "A", "started": "2026-06-01"}), "/started: is not a field that is known here")]
    #[case(json!({"reference": "A", "started_on": "2026-02-30"}), "/started_on: must be a day that exists")]
    #[case(json!({"reference": "A", "started_on": "soon"}), "/started_on: must be a date written YYYY-MM-DD")]
    #[case(json!({"reference": "A", "started_on": 20_260_601}), "/started_on: must be a date as a text, written YYYY-MM-DD")]
    #[case(json!({"reference": "A", "lbp_sent_on": "2026-06-16"}), "/lbp_sent_on: must not lie in the future: it says that something was done")]
    #[case(json!({"reference": "A", "outcome": "Issue"}), "/outcome: must be one of: issue, step_down, other")]
    #[case(json!({"reference": "A", "meetings": {}}), "/meetings: must be a list")]
    #[case(json!({"reference": "A", "meetings": [{"sequence": 1, "kind": "review"}]}), "/meetings/0/planned_on: must be given, unless held_on is")]
    #[case(
        json!({"reference": "A", "meetings": [{"sequence": 1, "kind": "review", "held_on": "2026-06-01", "cancelled_on": "2026-06-01"}]}),
        "/meetings/0/cancelled_on: must not be given where held_on is"
    )]
    #[case(
        json!({"reference": "A", "oversight": [{"on": "2026-06-01"}]}),
        "/oversight/0/kind: must be given"
    )]
    #[case(
        json!({"reference": "A", "extensions": [{"sequence": 0, "requested_on": "2026-06-01", "decision": "pending"}]}),
        "/extensions/0/sequence: must be a whole number from 1 to 2147483647"
    )]
    #[case(
        json!({"reference": "A", "extensions": [{"sequence": 1, "requested_on": "2026-06-01", "decision": "pending", "decided_on": "2026-06-02"}]}),
        "/extensions/0/decided_on: must not be given while the decision is pending"
    )]
    #[case(
        json!({"reference": "A", "extensions": [{"sequence": 1, "requested_on": "2026-06-01", "decision": "approved", "decided_on": "2026-06-02"}]}),
        "/extensions/0/new_end_on: must be given where the decision is approved"
    )]
    #[case(
        json!({"reference": "A", "engagement": [{"on": "2026-06-01", "attended": true, "excused": true}]}),
        "/engagement/0/excused: must not be true where attended is"
    )]
    #[case(json!({"reference": "A", "children": [{"reference": "C"}, {"reference": "C"}]}), "/children/1/reference: is given to another child of the case already")]
    #[case(json!([]), "the document: must be an object with named fields")]
    fn a_wrong_document_is_refused_by_pointer_and_reason(#[case] document: Value, #[case] expected: &str) {
        assert_eq!(mistakes(&document), [expected]);
    }

    #[test]
    fn a_sequence_given_twice_is_refused() {
        let meeting = json!({"sequence": 1, "kind": "review", "planned_on": "2026-07-01"});
        let document = json!({"reference": "A", "meetings": [meeting, meeting]});
        assert_eq!(mistakes(&document), ["/meetings/1/sequence: is given to another entry of the list already"]);
    }

    #[test]
    fn plans_may_lie_in_the_future_and_a_missing_day_of_record_is_filled_in() {
        let document = json!({"reference": "A", "meetings": [{"sequence": 1, "kind": "review", "planned_on": "2026-07-01"}], "started_on": null});
        let case = read(&document, Reading::RecordedOn(TODAY)).expect("the document is right");
        assert_eq!((case.recorded_on, case.started_on), (TODAY, None));
    }

    #[test]
    fn facts_dated_later_are_read_where_a_case_is_evaluated_as_of_a_day() {
        let document = json!({"reference": "A", "started_on": "2026-09-01"});
        assert!(read(&document, Reading::AsOf(TODAY)).is_ok());
    }

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let document = json!({
            "reference": "A", "family_reference": "F", "team": "North", "restricted": true, "recorded_on": "2026-01-01",
            "started_on": "2026-01-02", "lbp_sent_on": "2026-01-05", "fgdm_offered": true, "fgdm_facilitated": false,
            "fgdm_exempt": null, "step_decision_on": "2026-05-01", "outcome": "issue", "court_application_on": "2026-05-05",
            "letter_of_issue_on": "2026-05-06", "closed_on": "2026-06-01",
            "children": [{"reference": "C", "date_of_birth": null, "expected_delivery_on": "2026-08-01", "pregnancy_ended_on": null}],
            "meetings": [{"sequence": 2, "kind": "initial", "planned_on": "2026-01-10", "held_on": "2026-01-11", "cancelled_on": null}],
            "assessments": [{"sequence": 1, "kind": "cognitive", "commissioned_on": "2026-01-12", "due_on": "2026-02-12", "received_on": null}],
            "extensions": [{"sequence": 1, "requested_on": "2026-03-01", "decision": "approved", "decided_on": "2026-03-02",
                "new_end_on": "2026-07-01", "approved_by_grade": "director", "rationale_recorded": true}],
            "engagement": [{"on": "2026-02-01", "attended": false, "person": "mother", "kind": "testing", "excused": true}],
            "oversight": [{"on": "2026-02-02", "kind": "panel_review", "rationale_recorded": true}],
            "allocations": [{"from_on": "2026-01-02", "worker": "W1"}],
        });
        let case = read(&document, Reading::RecordedOn(TODAY)).expect("the document is right");
        assert_eq!(write(&case), document);
    }
}
