//! Where each fact of a case that is recorded comes from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::case::Case;
use crate::store::changes::{Origin, Place};

/// Where one fact comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Provenance)]
pub struct ProvenanceView {
    /// The fact, as a JSON pointer into `facts`: a value such as `/started_on`, or an entry of a list such as `/meetings/0`.
    pub pointer: String,
    /// When, by whom and where from.
    #[serde(flatten)]
    pub origin: OriginView,
    /// How an import worked it out from other facts, as its source did not give it; null where it was given.
    pub derived: Option<String>,
}

/// When, by whom and where from something was recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Origin)]
pub struct OriginView {
    /// Since when it is recorded as it is.
    pub at: Timestamp,
    /// By whom: a caller of the API such as `token 3`, or the role of a program's own connection to the database.
    pub by: String,
    /// Where from: `api`, the file of an import, or whatever the program said; null where it said nothing.
    pub source: Option<String>,
}

impl From<Origin> for OriginView {
    fn from(origin: Origin) -> Self {
        let by = origin.actor.unwrap_or_else(|| format!("database role {}", origin.database_role));
        Self { at: origin.at, by, source: origin.source }
    }
}

/// Where the facts of a case come from, and how those that were worked out were. Entries of a list stand in the order in which the case has them; a list whose history is not
/// whole is left out.
pub(super) fn provenance(
    case: &Case,
    origins: BTreeMap<(Place, String), Origin>,
    how_derived: impl Fn(&str, &Origin) -> Option<String>,
) -> Vec<ProvenanceView> {
    let mut pointers: Vec<(String, Origin)> = Vec::new();
    let mut lists: BTreeMap<String, Vec<Origin>> = BTreeMap::new();
    for ((place, column), origin) in origins {
        match place {
            Place::Head if column == "reference" => {}
            Place::Head => pointers.push((format!("/{column}"), origin)),
            Place::Numbered(table, ..) | Place::Referred(table, _) => lists.entry(table).or_default().push(origin),
        }
    }
    for (list, entries) in lists.into_iter().filter(|(list, entries)| length(case, list) == Some(entries.len())) {
        pointers.extend((0..).zip(entries).map(|(index, origin)| (format!("/{list}/{index}"), origin)));
    }
    let view = |(pointer, origin): (String, Origin)| ProvenanceView {
        derived: how_derived(pointer.trim_start_matches('/'), &origin),
        origin: origin.into(),
        pointer,
    };
    pointers.into_iter().map(view).collect()
}

fn length(case: &Case, list: &str) -> Option<usize> {
    Some(match list {
        "children" => case.children.len(),
        "meetings" => case.meetings.len(),
        "assessments" => case.assessments.len(),
        "extensions" => case.extensions.len(),
        "engagement" => case.engagement.len(),
        "oversight" => case.oversight.len(),
        "allocations" => case.allocations.len(),
        _ => return None,
    })
}
