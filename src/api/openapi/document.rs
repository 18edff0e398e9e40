//! The case document as the contract lists it. [`crate::exchange::document`] reads and writes it field by field; a test holds that
//! the two have the same fields.

use std::borrow::Cow;

use jiff::civil::Date;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::case::{AssessmentKind, ExtensionDecision, MeetingKind, Outcome, OversightKind};

macro_rules! documented {
    ($($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $field:ident: $kind:ty,)+ })+) => {
        $(
            #[derive(ToSchema)]
            $(#[$about])*
            #[expect(dead_code, reason = "it only describes")]
            pub struct $name { $($(#[$note])* $field: $kind,)+ }
        )+
    };
}

/// The document of a case that is put: the path says its reference, so that the document need not.
#[derive(Debug)]
pub struct CaseToPut;

impl PartialSchema for CaseToPut {
    fn schema() -> RefOr<Schema> {
        let mut schema = CaseDocument::schema();
        if let RefOr::T(Schema::Object(document)) = &mut schema {
            let description = document.description.take().unwrap_or_default();
            document.description = Some(description.replace("null but `reference`, and", "null but"));
            document.required.retain(|field| field != "reference");
            if let Some(RefOr::T(Schema::Object(reference))) = document.properties.get_mut("reference") {
                reference.schema_type = SchemaType::Array(vec![Type::String, Type::Null]);
                reference.description = Some("The reference in the path, or left out.".to_owned());
            }
        }
        schema
    }
}

impl ToSchema for CaseToPut {
    fn name() -> Cow<'static, str> {
        "CaseToPut".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        CaseDocument::schemas(schemas);
    }
}

documented! {
    /// One pre-proceedings episode of one family, with all its facts. Every field may be missing or null but `reference`, and those
    /// of the entries of lists that are marked as required. A day on which something was done cannot lie in the future.
    #[schema(example = json!({
        "reference": "PP-2026-014", "family_reference": "F-0031", "team": "North", "started_on": "2026-01-05", "lbp_sent_on": "2026-01-09",
        "children": [{"reference": "C-1", "date_of_birth": "2021-03-02"}],
        "meetings": [{"sequence": 1, "kind": "initial", "planned_on": "2026-01-20", "held_on": "2026-01-20"},
            {"sequence": 2, "kind": "review", "planned_on": "2026-02-24"}],
        "oversight": [{"on": "2026-02-02", "kind": "panel_review", "rationale_recorded": true}]
    }))]
    CaseDocument {
        /// The council's pseudonymous case reference: one line of at most 200 characters.
        #[schema(min_length = 1, max_length = 200)]
        reference: String,
        /// Links a family's episodes.
        #[schema(min_length = 1, max_length = 200)]
        family_reference: Option<String>,
        /// The owning team.
        #[schema(min_length = 1, max_length = 200)]
        team: Option<String>,
        /// Only cleared people may know of it; false where it is not given.
        restricted: Option<bool>,
        /// When the case was first recorded; the day it arrives where it is not given, and never moved later.
        recorded_on: Option<Date>,
        /// Decision to enter pre-proceedings (census N00826).
        started_on: Option<Date>,
        /// Letter before proceedings sent (N00827).
        lbp_sent_on: Option<Date>,
        /// Family group decision-making offered (N00828).
        fgdm_offered: Option<bool>,
        /// Family group decision-making held (N00829).
        fgdm_facilitated: Option<bool>,
        /// Family group decision-making not needed, with a reason on file.
        fgdm_exempt: Option<bool>,
        /// Decision to step up or down (N00832).
        step_decision_on: Option<Date>,
        /// What that decision was (N00833).
        outcome: Option<Outcome>,
        /// Application to the court (N00834).
        court_application_on: Option<Date>,
        /// Letter telling the parents that proceedings begin (N00835).
        letter_of_issue_on: Option<Date>,
        /// Closed, for whatever reason.
        closed_on: Option<Date>,
        /// The children, born and unborn, each with a reference of its own.
        children: Option<Vec<ChildEntry>>,
        /// Meetings planned, held and cancelled.
        meetings: Option<Vec<MeetingEntry>>,
        /// Assessments asked for and received.
        assessments: Option<Vec<AssessmentEntry>>,
        /// Requests for more time.
        extensions: Option<Vec<ExtensionEntry>>,
        /// Appointments that the family kept or missed, in their order.
        engagement: Option<Vec<EngagementEntry>>,
        /// Looks from above. One counts only with a recorded rationale.
        oversight: Option<Vec<OversightEntry>>,
        /// Social workers, in their order.
        allocations: Option<Vec<AllocationEntry>>,
    }

    /// A meeting to be added: an entry whose number may be left out.
    #[schema(example = json!({"kind": "review", "planned_on": "2026-02-24"}))]
    NewMeeting {
        /// From 1, not taken in the list; the next where it is not given.
        #[schema(minimum = 1, maximum = 2_147_483_647)]
        sequence: Option<u32>,
        kind: MeetingKind,
        /// The day it is planned for.
        planned_on: Option<Date>,
        /// The day it was held.
        held_on: Option<Date>,
        /// The day it was called off.
        cancelled_on: Option<Date>,
    }

    /// An assessment to be added: an entry whose number may be left out.
    #[schema(example = json!({"kind": "parenting", "commissioned_on": "2026-02-02", "due_on": "2026-03-30"}))]
    NewAssessment {
        /// From 1, not taken in the list; the next where it is not given.
        #[schema(minimum = 1, maximum = 2_147_483_647)]
        sequence: Option<u32>,
        kind: AssessmentKind,
        /// Asked for.
        commissioned_on: Option<Date>,
        /// Promised for.
        due_on: Option<Date>,
        /// Arrived.
        received_on: Option<Date>,
    }

    /// A request for more time to be added: an entry whose number may be left out.
    #[schema(example = json!({"requested_on": "2026-04-20", "decision": "approved", "decided_on": "2026-04-22",
        "new_end_on": "2026-05-25", "approved_by_grade": "service_manager", "rationale_recorded": true}))]
    NewExtension {
        /// From 1, not taken in the list; the next where it is not given.
        #[schema(minimum = 1, maximum = 2_147_483_647)]
        sequence: Option<u32>,
        /// Asked for.
        requested_on: Date,
        decision: ExtensionDecision,
        /// When it was decided; given exactly when the decision is not pending.
        decided_on: Option<Date>,
        /// The end it moves the period to; needed where it is approved.
        new_end_on: Option<Date>,
        /// The grade of the person who approved it, in the source's words; the policy knows `team_manager` to `director`.
        #[schema(min_length = 1, max_length = 200)]
        approved_by_grade: Option<String>,
        /// Whether the reason is on file; false where it is not given.
        rationale_recorded: Option<bool>,
    }

    /// A child of the family.
    ChildEntry {
        /// Pseudonymous.
        #[schema(min_length = 1, max_length = 200)]
        reference: String,
        /// Born.
        date_of_birth: Option<Date>,
        /// Expected to be born.
        expected_delivery_on: Option<Date>,
        /// From this day the expected date counts for nothing.
        pregnancy_ended_on: Option<Date>,
    }

    /// A meeting with the parents. `planned_on` or `held_on` is needed, and not both of `held_on` and `cancelled_on`.
    MeetingEntry {
        /// From 1, unique in the list.
        #[schema(minimum = 1, maximum = 2_147_483_647)]
        sequence: u32,
        kind: MeetingKind,
        /// The day it is planned for.
        planned_on: Option<Date>,
        /// The day it was held.
        held_on: Option<Date>,
        /// The day it was called off.
        cancelled_on: Option<Date>,
    }

    /// An assessment.
    AssessmentEntry {
        /// From 1, unique in the list.
        #[schema(minimum = 1, maximum = 2_147_483_647)]
        sequence: u32,
        kind: AssessmentKind,
        /// Asked for.
        commissioned_on: Option<Date>,
        /// Promised for.
        due_on: Option<Date>,
        /// Arrived.
        received_on: Option<Date>,
    }

    /// A request for more time.
    ExtensionEntry {
        /// From 1, unique in the list.
        #[schema(minimum = 1, maximum = 2_147_483_647)]
        sequence: u32,
        /// Asked for.
        requested_on: Date,
        decision: ExtensionDecision,
        /// When it was decided; given exactly when the decision is not pending.
        decided_on: Option<Date>,
        /// The end it moves the period to; needed where it is approved.
        new_end_on: Option<Date>,
        /// The grade of the person who approved it, in the source's words; the policy knows `team_manager` to `director`.
        #[schema(min_length = 1, max_length = 200)]
        approved_by_grade: Option<String>,
        /// Whether the reason is on file; false where it is not given.
        rationale_recorded: Option<bool>,
    }

    /// An appointment that the family kept or missed.
    #[schema(example = json!({"on": "2026-02-10", "attended": false, "person": "mother", "kind": "parenting assessment session"}))]
    EngagementEntry {
        /// The day of the appointment.
        on: Date,
        /// Whether they came.
        attended: bool,
        /// A role such as `mother`, never a name; empty where it is not known.
        #[schema(max_length = 200)]
        person: Option<String>,
        /// What it was.
        #[schema(min_length = 1, max_length = 200)]
        kind: Option<String>,
        /// Missed through illness, or because the council called it off; only where `attended` is false.
        excused: Option<bool>,
    }

    /// A look from above.
    #[schema(example = json!({"on": "2026-02-02", "kind": "management_oversight", "rationale_recorded": true}))]
    OversightEntry {
        /// The day.
        on: Date,
        kind: OversightKind,
        /// Whether the thinking is on file; false where it is not given. A tick is not oversight.
        rationale_recorded: Option<bool>,
    }

    /// A social worker takes the case on.
    AllocationEntry {
        /// From this day.
        from_on: Date,
        /// Pseudonymous reference of the social worker.
        #[schema(min_length = 1, max_length = 200)]
        worker: String,
    }
}
