//! The entries of the lists of a case document, each on its own: how one is read, and how it is written.

use serde_json::{Value, json};

use super::Reading;
use crate::domain::case::{
    Allocation, Assessment, AssessmentKind, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind, Oversight,
    OversightKind,
};
use crate::domain::fact::LARGEST_SEQUENCE;
use crate::fields::Fields;

/// The number of an entry; absent where it is not given.
pub(super) fn sequence(fields: &mut Fields) -> Option<u32> {
    fields.number("sequence", 1..=LARGEST_SEQUENCE)
}

pub(super) fn child(fields: &mut Fields, reading: Reading) -> Option<Child> {
    let reference = fields.text("reference");
    let reference = fields.required("reference", reference);
    Some(Child {
        date_of_birth: reading.done(fields, "date_of_birth"),
        expected_delivery_on: fields.date("expected_delivery_on"),
        pregnancy_ended_on: reading.done(fields, "pregnancy_ended_on"),
        reference: reference?.to_owned(),
    })
}

pub(super) fn write_child(child: &Child) -> Value {
    json!({
        "reference": child.reference,
        "date_of_birth": child.date_of_birth,
        "expected_delivery_on": child.expected_delivery_on,
        "pregnancy_ended_on": child.pregnancy_ended_on,
    })
}

pub(super) fn meeting(fields: &mut Fields, reading: Reading, sequence: Option<u32>) -> Option<Meeting> {
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
        held_on: reading.done(fields, "held_on"),
        cancelled_on: reading.done(fields, "cancelled_on"),
        sequence: sequence?,
        kind: kind?,
    })
}

pub(super) fn write_meeting(meeting: &Meeting) -> Value {
    json!({
        "sequence": meeting.sequence,
        "kind": meeting.kind,
        "planned_on": meeting.planned_on,
        "held_on": meeting.held_on,
        "cancelled_on": meeting.cancelled_on,
    })
}

pub(super) fn assessment(fields: &mut Fields, reading: Reading, sequence: Option<u32>) -> Option<Assessment> {
    let kind = fields.word("kind", AssessmentKind::ALL, AssessmentKind::code);
    let kind = fields.required("kind", kind);
    Some(Assessment {
        commissioned_on: reading.done(fields, "commissioned_on"),
        due_on: fields.date("due_on"),
        received_on: reading.done(fields, "received_on"),
        sequence: sequence?,
        kind: kind?,
    })
}

pub(super) fn write_assessment(assessment: &Assessment) -> Value {
    json!({
        "sequence": assessment.sequence,
        "kind": assessment.kind,
        "commissioned_on": assessment.commissioned_on,
        "due_on": assessment.due_on,
        "received_on": assessment.received_on,
    })
}

pub(super) fn extension(fields: &mut Fields, reading: Reading, sequence: Option<u32>) -> Option<Extension> {
    let requested_on = reading.done(fields, "requested_on");
    let requested_on = fields.required("requested_on", requested_on);
    let decision = fields.word("decision", ExtensionDecision::ALL, ExtensionDecision::code);
    let decision = fields.required("decision", decision);
    let decided_on = reading.done(fields, "decided_on");
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
}

pub(super) fn write_extension(extension: &Extension) -> Value {
    json!({
        "sequence": extension.sequence,
        "requested_on": extension.requested_on,
        "decision": extension.decision,
        "decided_on": extension.decided_on,
        "new_end_on": extension.new_end_on,
        "approved_by_grade": extension.approved_by_grade,
        "rationale_recorded": extension.rationale_recorded,
    })
}

pub(super) fn engagement(fields: &mut Fields, reading: Reading) -> Option<Engagement> {
    let on = reading.done(fields, "on");
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

pub(super) fn write_engagement(appointment: &Engagement) -> Value {
    json!({
        "on": appointment.on,
        "attended": appointment.attended,
        "person": appointment.person,
        "kind": appointment.kind,
        "excused": appointment.excused,
    })
}

pub(super) fn oversight(fields: &mut Fields, reading: Reading) -> Option<Oversight> {
    let on = reading.done(fields, "on");
    let on = fields.required("on", on);
    let kind = fields.word("kind", OversightKind::ALL, OversightKind::code);
    let kind = fields.required("kind", kind);
    let rationale_recorded = fields.flag("rationale_recorded").unwrap_or(false);
    Some(Oversight { rationale_recorded, on: on?, kind: kind? })
}

pub(super) fn write_oversight(oversight: &Oversight) -> Value {
    json!({
        "on": oversight.on,
        "kind": oversight.kind,
        "rationale_recorded": oversight.rationale_recorded,
    })
}

pub(super) fn allocation(fields: &mut Fields, reading: Reading) -> Option<Allocation> {
    let from_on = reading.done(fields, "from_on");
    let from_on = fields.required("from_on", from_on);
    let worker = fields.text("worker").map(str::to_owned);
    let worker = fields.required("worker", worker);
    Some(Allocation { from_on: from_on?, worker: worker? })
}

pub(super) fn write_allocation(allocation: &Allocation) -> Value {
    json!({
        "from_on": allocation.from_on,
        "worker": allocation.worker,
    })
}
