//! What the sources of imports say of a case, beside what is recorded.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::data_quality::conflicts;
use crate::store::sources::Source;

/// An import that has had a word on the case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseSource)]
pub struct SourceView {
    /// What the source is called.
    #[schema(example = "north")]
    pub name: String,
    /// When it last said something else than before.
    pub said_at: Timestamp,
    /// Since when it has the case no more; null while it has. What is recorded stands.
    pub vanished_at: Option<Timestamp>,
    /// Where it says something else than is recorded, which stands: fields, and lists with the number of an entry.
    #[schema(example = json!(["lbp_sent_on", "meetings 2"]))]
    pub conflicts: Vec<String>,
}

impl SourceView {
    /// The source, held against the case document.
    pub(super) fn of(source: &Source, facts: &Value) -> Self {
        Self {
            name: source.name.clone(),
            said_at: source.said_at,
            vanished_at: source.vanished_at,
            conflicts: conflicts(source, facts),
        }
    }
}
