//! What a case document holds, as columns of a sheet: every field with the kind of value that belongs there.

use crate::domain::case::{AssessmentKind, ExtensionDecision, MeetingKind, Outcome, OversightKind};

/// What belongs in a column.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A civil date.
    Date,
    /// Yes or no.
    Flag,
    /// A whole number from 1.
    Number,
    /// A short text.
    Text,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
}

/// A field with what belongs there.
pub type Field = (&'static str, Kind);

/// The fields of a case itself.
pub const CASE: &[Field] = &[
    ("reference", Kind::Text),
    ("family_reference", Kind::Text),
    ("team", Kind::Text),
    ("restricted", Kind::Flag),
    ("recorded_on", Kind::Date),
    ("started_on", Kind::Date),
    ("lbp_sent_on", Kind::Date),
    ("fgdm_offered", Kind::Flag),
    ("fgdm_facilitated", Kind::Flag),
    ("fgdm_exempt", Kind::Flag),
    ("step_decision_on", Kind::Date),
    ("outcome", Kind::Word(|| Outcome::ALL.iter().map(|word| word.code()).collect())),
    ("court_application_on", Kind::Date),
    ("letter_of_issue_on", Kind::Date),
    ("closed_on", Kind::Date),
];

/// A list of a case.
#[derive(Debug)]
pub struct List {
    /// What it is called.
    pub name: &'static str,
    /// The field that tells its entries apart, if there is one.
    pub key: Option<&'static str>,
    /// The fields of an entry.
    pub fields: &'static [Field],
}

/// The lists of a case.
pub const LISTS: &[List] = &[
    List {
        name: "children",
        key: Some("reference"),
        fields: &[
            ("reference", Kind::Text),
            ("date_of_birth", Kind::Date),
            ("expected_delivery_on", Kind::Date),
            ("pregnancy_ended_on", Kind::Date),
        ],
    },
    List {
        name: "meetings",
        key: Some("sequence"),
        fields: &[
            ("sequence", Kind::Number),
            ("kind", Kind::Word(|| MeetingKind::ALL.iter().map(|word| word.code()).collect())),
            ("planned_on", Kind::Date),
            ("held_on", Kind::Date),
            ("cancelled_on", Kind::Date),
        ],
    },
    List {
        name: "assessments",
        key: Some("sequence"),
        fields: &[
            ("sequence", Kind::Number),
            ("kind", Kind::Word(|| AssessmentKind::ALL.iter().map(|word| word.code()).collect())),
            ("commissioned_on", Kind::Date),
            ("due_on", Kind::Date),
            ("received_on", Kind::Date),
        ],
    },
    List {
        name: "extensions",
        key: Some("sequence"),
        fields: &[
            ("sequence", Kind::Number),
            ("requested_on", Kind::Date),
            ("decision", Kind::Word(|| ExtensionDecision::ALL.iter().map(|word| word.code()).collect())),
            ("decided_on", Kind::Date),
            ("new_end_on", Kind::Date),
            ("approved_by_grade", Kind::Text),
            ("rationale_recorded", Kind::Flag),
        ],
    },
    List {
        name: "engagement",
        key: None,
        fields: &[
            ("on", Kind::Date),
            ("attended", Kind::Flag),
            ("person", Kind::Text),
            ("kind", Kind::Text),
            ("excused", Kind::Flag),
        ],
    },
    List {
        name: "oversight",
        key: None,
        fields: &[
            ("on", Kind::Date),
            ("kind", Kind::Word(|| OversightKind::ALL.iter().map(|word| word.code()).collect())),
            ("rationale_recorded", Kind::Flag),
        ],
    },
    List { name: "allocations", key: None, fields: &[("from_on", Kind::Date), ("worker", Kind::Text)] },
];

/// The list of a name.
#[must_use]
pub fn list(name: &str) -> Option<&'static List> {
    LISTS.iter().find(|list| list.name == name)
}

/// The field of a name among some.
#[must_use]
pub fn field(fields: &'static [Field], name: &str) -> Option<Field> {
    fields.iter().copied().find(|(field, _)| *field == name)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::case::{Allocation, Assessment, Case, Child, Engagement, Extension, Meeting, Oversight};
    use crate::exchange::document;

    /// A case with one entry in each list.
    fn full() -> Case {
        let on = date(2026, 1, 5);
        let mut case = Case::new("A", on);
        case.children.push(Child {
            reference: "C".into(),
            date_of_birth: None,
            expected_delivery_on: None,
            pregnancy_ended_on: None,
        });
        case.meetings.push(Meeting {
            sequence: 1,
            kind: MeetingKind::Initial,
            planned_on: None,
            held_on: Some(on),
            cancelled_on: None,
        });
        case.assessments.push(Assessment {
            sequence: 1,
            kind: AssessmentKind::Other,
            commissioned_on: None,
            due_on: None,
            received_on: None,
        });
        case.extensions.push(Extension {
            sequence: 1,
            requested_on: on,
            decision: ExtensionDecision::Pending,
            decided_on: None,
            new_end_on: None,
            approved_by_grade: None,
            rationale_recorded: false,
        });
        case.engagement.push(Engagement { on, attended: true, person: String::new(), kind: None, excused: false });
        case.oversight.push(Oversight { on, kind: OversightKind::PanelReview, rationale_recorded: true });
        case.allocations.push(Allocation { from_on: on, worker: "W".into() });
        case
    }

    #[test]
    fn the_columns_are_the_fields_of_a_case_document() {
        let document = document::write(&full());
        let mut expected: Vec<String> = CASE.iter().map(|(name, _)| (*name).to_owned()).collect();
        for list in LISTS {
            expected.push(list.name.to_owned());
            let mut fields: Vec<&str> = list.fields.iter().map(|(name, _)| *name).collect();
            fields.sort_unstable();
            let mut written: Vec<&String> = document[list.name][0].as_object().expect("an entry").keys().collect();
            written.sort_unstable();
            assert_eq!(written, fields, "{}", list.name);
        }
        expected.sort_unstable();
        let mut written: Vec<&String> = document.as_object().expect("an object").keys().collect();
        written.sort_unstable();
        assert_eq!(written, expected.iter().collect::<Vec<_>>());
    }
}
