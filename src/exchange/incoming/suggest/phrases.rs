//! The words by which councils call what is known here.

use super::super::columns::{self, List};

/// Words that are all in a header.
pub(super) type Phrase = &'static [&'static str];

/// The fields of a case, and of the child that a row is about, each with how it is called.
pub(super) const FIELDS: &[(&str, &[Phrase])] = &[
    (
        "reference",
        &[
            &["case", "ref"],
            &["case", "reference"],
            &["case", "id"],
            &["case", "number"],
            &["case", "no"],
            &["ref", "no"],
            &["ref"],
            &["reference"],
            &["case"],
        ],
    ),
    (
        "family_reference",
        &[&["family", "id"], &["family", "ref"], &["family", "reference"], &["family", "number"], &["family"]],
    ),
    ("team", &[&["team"], &["social", "work", "team"], &["locality"], &["area"], &["office"], &["hub"]]),
    ("restricted", &[&["restricted"]]),
    (
        "started_on",
        &[
            &["plo", "start"],
            &["plo", "started"],
            &["date", "plo", "started"],
            &["plo", "start", "date"],
            &["entered", "plo"],
            &["date", "entered", "plo"],
            &["plo", "entered"],
            &["pre", "proceedings", "start"],
            &["pre", "proceedings", "started"],
            &["decision", "to", "enter"],
            &["start", "date"],
        ],
    ),
    (
        "lbp_sent_on",
        &[
            &["lbp"],
            &["lbp", "sent"],
            &["date", "lbp", "sent"],
            &["lbp", "date"],
            &["letter", "before", "proceedings"],
            &["plo", "letter"],
            &["date", "of", "letter"],
            &["letter", "sent"],
        ],
    ),
    ("fgdm_offered", &[&["fgdm", "offered"], &["fgc", "offered"], &["family", "group", "offered"], &["fgc"], &["fgdm"]]),
    ("fgdm_facilitated", &[&["fgdm", "held"], &["fgc", "held"], &["fgdm", "facilitated"], &["family", "group", "held"]]),
    ("fgdm_exempt", &[&["fgdm", "exempt"], &["fgc", "exempt"]]),
    (
        "step_decision_on",
        &[
            &["date", "of", "decision"],
            &["decision", "date"],
            &["step", "down", "date"],
            &["date", "stepped", "down"],
            &["outcome", "date"],
            &["date", "of", "outcome"],
        ],
    ),
    ("outcome", &[&["outcome"]]),
    (
        "court_application_on",
        &[
            &["court", "application"],
            &["application", "date"],
            &["date", "issued"],
            &["issued"],
            &["date", "of", "issue"],
            &["proceedings", "issued"],
        ],
    ),
    ("letter_of_issue_on", &[&["letter", "of", "issue"], &["letter", "of", "intent"]]),
    ("closed_on", &[&["closed"], &["date", "closed"], &["closed", "on"], &["plo", "ended"], &["end", "date"]]),
    ("children.reference", &[&["child", "id"], &["child", "ref"], &["child", "reference"], &["child"], &["person", "id"]]),
    ("children.date_of_birth", &[&["dob"], &["date", "of", "birth"], &["born"]]),
    ("children.expected_delivery_on", &[&["edd"], &["due", "date"], &["expected", "delivery"]]),
];

/// How the columns of a list are called.
#[derive(Debug)]
pub(super) struct EntryPhrases {
    list: &'static str,
    /// What each entry is beside its cells.
    pub(super) set: &'static [(&'static str, &'static str)],
    /// The number of the first.
    pub(super) first_sequence: u32,
    /// Whether the headers have numbers.
    pub(super) is_numbered: bool,
    /// What all its headers have.
    pub(super) about: &'static [Phrase],
    /// What none of them has.
    pub(super) not_about: &'static [Phrase],
    /// How its fields are called.
    pub(super) fields: &'static [(&'static str, &'static [Phrase])],
    /// Of these fields one must be there.
    pub(super) needs: &'static [&'static str],
}

impl EntryPhrases {
    /// The list.
    pub(super) fn list(&self) -> &'static List {
        columns::list(self.list).expect("it is a list")
    }
}

const INITIAL: &[Phrase] =
    &[&["initial", "meeting"], &["first", "meeting"], &["initial", "review"], &["irm"], &["ipm"], &["initial", "plo"]];
const FINAL: &[Phrase] = &[&["final", "review"], &["final", "meeting"]];
const PLANNED: &[Phrase] = &[&["planned"], &["booked"], &["due"], &["scheduled"]];
const HELD: &[Phrase] = &[&["held"], &["took", "place"], &["actual"], &["date"], &["meeting"], &["review"]];

/// The lists that trackers keep in columns.
pub(super) const ENTRIES: &[EntryPhrases] = &[
    EntryPhrases {
        list: "meetings",
        set: &[("kind", "initial")],
        first_sequence: 1,
        is_numbered: false,
        about: INITIAL,
        not_about: FINAL,
        fields: &[("planned_on", PLANNED), ("held_on", HELD)],
        needs: &["planned_on", "held_on"],
    },
    EntryPhrases {
        list: "meetings",
        set: &[("kind", "review")],
        first_sequence: 2,
        is_numbered: true,
        about: &[&["review"], &["rpm"]],
        not_about: FINAL,
        fields: &[("planned_on", PLANNED), ("held_on", HELD)],
        needs: &["planned_on", "held_on"],
    },
    EntryPhrases {
        list: "meetings",
        set: &[("kind", "final_review")],
        first_sequence: 90,
        is_numbered: false,
        about: FINAL,
        not_about: &[],
        fields: &[("planned_on", PLANNED), ("held_on", HELD)],
        needs: &["planned_on", "held_on"],
    },
    EntryPhrases {
        list: "extensions",
        set: &[("decision", "approved")],
        first_sequence: 1,
        is_numbered: true,
        about: &[&["extension"], &["ext"], &["extended"]],
        not_about: &[],
        fields: &[
            ("new_end_on", &[&["to"], &["until"], &["new", "end"], &["end"]]),
            ("approved_by_grade", &[&["agreed", "by"], &["approved", "by"], &["by"]]),
            ("decided_on", &[&["date"], &["agreed"], &["approved"], &["agreed", "on"]]),
        ],
        needs: &["new_end_on"],
    },
];

/// What a word of a council's own seems to stand for.
pub(super) fn meant(field: &str, word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let has = |part: &str| word.contains(part);
    match field {
        "outcome" if has("step") && has("down") => Some("step_down"),
        "outcome" if has("issue") || has("court") || has("proceedings") => Some("issue"),
        _ => None,
    }
}
