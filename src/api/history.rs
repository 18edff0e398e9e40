//! Every change of a fact of a case: what it was and became, when, by whom and where from.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::Caller;
use super::case_view::OriginView;
use super::parameters::{Parameters, Reference};
use super::problem::Problem;
use super::{ApiState, SharedState, cases, etag, page};
use crate::store::BEGIN_SNAPSHOT;
use crate::store::changes::{self, Change, FactChange, Place};

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// The changes, the newest first.
    pub changes: Vec<ChangeView>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

/// A change of a fact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeView {
    /// When, by whom and where from.
    #[serde(flatten)]
    pub origin: OriginView,
    /// The fact table, as SQL knows it.
    pub table: String,
    /// The fact: empty for the case itself, or an entry of a list by its key, such as `/meetings/sequence=2`.
    pub fact: String,
    /// What became of the fact.
    pub change: FactChange,
    /// The fields that changed.
    pub fields: Vec<FieldView>,
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub struct FieldView {
    /// The name of the field, as in a case document.
    pub field: String,
    /// What it was; null where it was not given.
    pub old: Option<Value>,
    /// What it became; null where it is not given any more.
    pub new: Option<Value>,
}

/// Tells every change of a fact of a case, the newest first.
///
/// # Errors
///
/// The case does not exist for the caller; wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/cases/{reference}/history", tag = "cases", operation_id = "show_case_history",
    summary = "Every change of a case's facts",
    description = "What each fact was and became, when, by whom and where from: over the API, by an import, or by SQL. Whoever may see \
        the case may see all of it.",
    params(
        ("reference" = String, Path, description = "The council's pseudonymous reference.", example = "PP-2026-014"),
        ("since" = Option<String>, Query, description = "Only changes since the beginning of a day in London (`YYYY-MM-DD`), or since a moment (RFC 3339).", example = "2026-06-01"),
        ("limit" = Option<u32>, Query, description = "How many changes a page holds: 50 where it is not given.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "A page of changes.", body = History, headers(("ETag" = String, description = "Stays the same while the page does."))),
        (status = 304, description = "The page is the one with this ETag."),
    ),
)]
pub async fn show(
    State(state): State<SharedState>,
    caller: Caller,
    Reference(reference): Reference,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    etag::answer(&headers, &ask(&state, &caller, &reference, parameters).await?)
}

/// A page of the changes of a case that exists for a caller.
///
/// # Errors
///
/// As for [`show`].
pub async fn ask(state: &ApiState, caller: &Caller, reference: &str, mut parameters: Parameters) -> Result<History, Problem> {
    let since = parameters.since("since");
    let limit = page::limit(&mut parameters);
    let before = page::cursor(&mut parameters, |_| true).unwrap_or(Before(i64::MAX));
    parameters.finish()?;

    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    cases::insist_that_it_exists(&mut transaction, caller, reference).await?;
    let mut changes = changes::page(&mut transaction, reference, since, before.0, limit + 1).await?;
    transaction.commit().await?;
    let next_cursor = page::cut(&mut changes, limit, |last| Before(last.id));
    let changes = changes.into_iter().map(ChangeView::of).collect::<Result<_, sqlx::Error>>()?;
    Ok(History { changes, next_cursor })
}

/// The place before a change of this number.
struct Before(i64);

impl page::Place for Before {
    fn write(&self) -> String {
        format!("change {}", self.0)
    }

    fn read(text: &str) -> Option<Self> {
        text.strip_prefix("change ")?.parse().ok().map(Self)
    }
}

impl ChangeView {
    fn of(change: Change) -> Result<Self, sqlx::Error> {
        let place = change.place()?;
        let kind = change.kind();
        let (old, new) = (change.old.unwrap_or_default(), change.new.unwrap_or_default());
        let differing = changes::columns_that_differ(&old, &new).into_iter().filter(|column| !is_of_the_table(column));
        let fields = differing.map(|column| FieldView {
            field: column.to_owned(),
            old: old.get(column).cloned().filter(|value| !value.is_null()),
            new: new.get(column).cloned().filter(|value| !value.is_null()),
        });
        Ok(Self {
            fields: fields.collect(),
            origin: change.origin.into(),
            table: change.table,
            fact: pointer(&place),
            change: kind,
        })
    }
}

/// Tells the columns that a table has for itself from the fields of a document.
fn is_of_the_table(column: &str) -> bool {
    matches!(column, "id" | "case_reference")
}

fn pointer(place: &Place) -> String {
    match place {
        Place::Head => String::new(),
        Place::Numbered(table, column, number) => format!("/{table}/{column}={number}"),
        Place::Referred(table, reference) => {
            format!("/{table}/reference={}", reference.replace('~', "~0").replace('/', "~1"))
        }
    }
}
