//! The case document: one case with all its facts, as JSON.
//!
//! Reads it strictly (an unknown field, an impossible date, a sequence given twice are refused by pointer and reason) and writes
//! it back. What the facts mean is the domain's.

use std::collections::HashSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};
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
}

/// Reads one case document.
///
/// # Errors
///
/// Every mistake in it.
pub fn read(document: &Value, reading: Reading) -> Result<Case, Vec<Mistake>> {
    fields::read(document, |fields| Reader { reading }.case(fields))
}

struct Reader {
    reading: Reading,
}

impl Reader {
    fn case(&self, fields: &mut Fields) -> Option<Case> {
        let reference = fields.text("reference");
        let reference = fields.required("reference", reference);
        Some(Case {
            family_reference: fields.text("family_reference").map(str::to_owned),
            team: fields.text("team").map(str::to_owned),
            restricted: fields.flag("restricted").unwrap_or(false),
            recorded_on: self.done(fields, "recorded_on").unwrap_or(self.reading.day()),
            started_on: self.done(fields, "started_on"),
            lbp_sent_on: self.done(fields, "lbp_sent_on"),
            fgdm_offered: fields.flag("fgdm_offered"),
            fgdm_facilitated: fields.flag("fgdm_facilitated"),
            fgdm_exempt: fields.flag("fgdm_exempt"),
            step_decision_on: self.done(fields, "step_decision_on"),
            outcome: fields.word("outcome", Outcome::ALL, Outcome::code),
            court_application_on: self.done(fields, "court_application_on"),
            letter_of_issue_on: self.done(fields, "letter_of_issue_on"),
            closed_on: self.done(fields, "closed_on"),
            children: self.children(fields),
            meetings: self.meetings(fields),
            assessments: self.assessments(fields),
            extensions: self.extensions(fields),
            engagement: fields.objects("engagement", |fields| self.engagement(fields)),
            oversight: fields.objects("oversight", |fields| self.oversight(fields)),
            allocations: fields.objects("allocations", |fields| self.allocation(fields)),
            family_step_downs: Vec::new(),
            reference: reference?.to_owned(),
        })
    }

    /// The day on which something was done.
    fn done(&self, fields: &mut Fields, name: &'static str) -> Option<Date> {
        let date = fields.date(name)?;
        match self.reading {
            Reading::RecordedOn(today) if date > today => {
                fields.mistake(name, "must not lie in the future: it says that something was done")
            }
            _ => Some(date),
        }
    }

    fn children(&self, fields: &mut Fields) -> Vec<Child> {
        let mut seen = HashSet::new();
        fields.objects("children", |fields| {
            let reference = fields.text("reference");
            let reference = fields.required("reference", reference);
            if reference.is_some_and(|reference| !seen.insert(reference.to_owned())) {
                fields.mistake::<()>("reference", "is given to another child of the case already");
            }
            Some(Child {
                date_of_birth: self.done(fields, "date_of_birth"),
                expected_delivery_on: fields.date("expected_delivery_on"),
                pregnancy_ended_on: self.done(fields, "pregnancy_ended_on"),
                reference: reference?.to_owned(),
            })
        })
    }

    fn meetings(&self, fields: &mut Fields) -> Vec<Meeting> {
        let mut seen = HashSet::new();
        fields.objects("meetings", |fields| {
            let sequence = sequence(fields, &mut seen);
            let kind = fields.word("kind", MeetingKind::ALL, MeetingKind::code);
            let kind = fields.required("kind", kind);
            if !fields.has("planned_on") && !fields.has("held_on") {
                fields.mistake::<()>("planned_on", "must be given, unless held_on is");
            }
            if fields.has("held_on") && fields.has("cancelled_on") {
                fields.mistake::<()>("cancelled_on", "must not be given where held_on is");
            }
            Some(Meeting {
                planned_on: fields.date("planned_on"),
                held_on: self.done(fields, "held_on"),
                cancelled_on: self.done(fields, "cancelled_on"),
                sequence: sequence?,
                kind: kind?,
            })
        })
    }

    fn assessments(&self, fields: &mut Fields) -> Vec<Assessment> {
        let mut seen = HashSet::new();
        fields.objects("assessments", |fields| {
            let sequence = sequence(fields, &mut seen);
            let kind = fields.word("kind", AssessmentKind::ALL, AssessmentKind::code);
            let kind = fields.required("kind", kind);
            Some(Assessment {
                commissioned_on: self.done(fields, "commissioned_on"),
                due_on: fields.date("due_on"),
                received_on: self.done(fields, "received_on"),
                sequence: sequence?,
                kind: kind?,
            })
        })
    }

    fn extensions(&self, fields: &mut Fields) -> Vec<Extension> {
        let mut seen = HashSet::new();
        fields.objects("extensions", |fields| {
            let sequence = sequence(fields, &mut seen);
            let requested_on = self.done(fields, "requested_on");
            let requested_on = fields.required("requested_on", requested_on);
            let decision = fields.word("decision", ExtensionDecision::ALL, ExtensionDecision::code);
            let decision = fields.required("decision", decision);
            let decided_on = self.done(fields, "decided_on");
            match decision {
                Some(ExtensionDecision::Pending) if fields.has("decided_on") => {
                    fields.mistake::<()>("decided_on", "must not be given while the decision is pending");
                }
                Some(ExtensionDecision::Approved | ExtensionDecision::Refused) if !fields.has("decided_on") => {
                    fields.mistake::<()>("decided_on", "must be given unless the decision is pending");
                }
                _ => {}
            }
            if decision == Some(ExtensionDecision::Approved) && !fields.has("new_end_on") {
                fields.mistake::<()>("new_end_on", "must be given where the decision is approved");
            }
            Some(Extension {
                decided_on,
                new_end_on: fields.date("new_end_on"),
                approved_by_grade: fields.text("approved_by_grade").map(str::to_owned),
                rationale_recorded: fields.flag("rationale_recorded").unwrap_or(false),
                sequence: sequence?,
                requested_on: requested_on?,
                decision: decision?,
            })
        })
    }

    fn engagement(&self, fields: &mut Fields) -> Option<Engagement> {
        let on = self.done(fields, "on");
        let on = fields.required("on", on);
        let attended = fields.flag("attended");
        let attended = fields.required("attended", attended);
        let excused = fields.flag("excused").unwrap_or(false);
        if excused && attended == Some(true) {
            fields.mistake::<()>("excused", "must not be true where attended is");
        }
        Some(Engagement {
            person: fields.text_or_empty("person").unwrap_or_default().to_owned(),
            kind: fields.text("kind").map(str::to_owned),
            excused,
            on: on?,
            attended: attended?,
        })
    }

    fn oversight(&self, fields: &mut Fields) -> Option<Oversight> {
        let on = self.done(fields, "on");
        let on = fields.required("on", on);
        let kind = fields.word("kind", OversightKind::ALL, OversightKind::code);
        let kind = fields.required("kind", kind);
        let rationale_recorded = fields.flag("rationale_recorded").unwrap_or(false);
        Some(Oversight { rationale_recorded, on: on?, kind: kind? })
    }

    fn allocation(&self, fields: &mut Fields) -> Option<Allocation> {
        let from_on = self.done(fields, "from_on");
        let from_on = fields.required("from_on", from_on);
        let worker = fields.text("worker").map(str::to_owned);
        let worker = fields.required("worker", worker);
        Some(Allocation { from_on: from_on?, worker: worker? })
    }
}

fn sequence(fields: &mut Fields, seen: &mut HashSet<u32>) -> Option<u32> {
    let sequence = fields.number("sequence", 1..=i32::MAX.unsigned_abs());
    let sequence = fields.required("sequence", sequence)?;
    if !seen.insert(sequence) {
        return fields.mistake("sequence", "is given to another entry of the list already");
    }
    Some(sequence)
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
        "children": each(&case.children, |child| json!({
            "reference": child.reference,
            "date_of_birth": child.date_of_birth,
            "expected_delivery_on": child.expected_delivery_on,
            "pregnancy_ended_on": child.pregnancy_ended_on,
        })),
        "meetings": each(&case.meetings, |meeting| json!({
            "sequence": meeting.sequence,
            "kind": meeting.kind,
            "planned_on": meeting.planned_on,
            "held_on": meeting.held_on,
            "cancelled_on": meeting.cancelled_on,
        })),
        "assessments": each(&case.assessments, |assessment| json!({
            "sequence": assessment.sequence,
            "kind": assessment.kind,
            "commissioned_on": assessment.commissioned_on,
            "due_on": assessment.due_on,
            "received_on": assessment.received_on,
        })),
        "extensions": each(&case.extensions, |extension| json!({
            "sequence": extension.sequence,
            "requested_on": extension.requested_on,
            "decision": extension.decision,
            "decided_on": extension.decided_on,
            "new_end_on": extension.new_end_on,
            "approved_by_grade": extension.approved_by_grade,
            "rationale_recorded": extension.rationale_recorded,
        })),
        "engagement": each(&case.engagement, |appointment| json!({
            "on": appointment.on,
            "attended": appointment.attended,
            "person": appointment.person,
            "kind": appointment.kind,
            "excused": appointment.excused,
        })),
        "oversight": each(&case.oversight, |oversight| json!({
            "on": oversight.on,
            "kind": oversight.kind,
            "rationale_recorded": oversight.rationale_recorded,
        })),
        "allocations": each(&case.allocations, |allocation| json!({
            "from_on": allocation.from_on,
            "worker": allocation.worker,
        })),
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
