//! Every change of a fact of a case, as the history keeps it: a page at a time, newest first; and which of them each fact that is
//! recorded now comes from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Map, Value};
use sqlx::PgConnection;

use super::known;
use crate::domain::case::coded;

/// A row of a fact table, column by column.
pub type Row = Map<String, Value>;

/// A change of one row of a fact table.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its place in the history.
    pub id: i64,
    /// The fact table.
    pub table: String,
    /// What it was; absent where it was not.
    pub old: Option<Row>,
    /// What it became; absent where it went.
    pub new: Option<Row>,
    /// When, by whom and where from.
    pub origin: Origin,
}

/// When, by whom and where from something was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// When.
    pub at: Timestamp,
    /// The caller over the API; absent where a program wrote the tables by itself.
    pub actor: Option<String>,
    /// The role of the database session that wrote.
    pub database_role: String,
    /// Where from, as the writer said.
    pub source: Option<String>,
}

/// Where a change stands in its case: the table and, of a list, the key of its entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The facts of the case itself.
    Head,
    /// An entry of a list, by its `sequence` or `id`.
    Numbered(String, &'static str, i64),
    /// A child, by its reference.
    Referred(String, String),
}

coded! {
    /// What became of a fact.
    FactChange {
        /// It was not there before.
        Added = "added",
        /// Some of its fields changed.
        Changed = "changed",
        /// It is not there any more.
        Removed = "removed",
    }
}

impl Change {
    /// What became of the row.
    #[must_use]
    pub fn kind(&self) -> FactChange {
        match (&self.old, &self.new) {
            (None, _) => FactChange::Added,
            (_, None) => FactChange::Removed,
            _ => FactChange::Changed,
        }
    }

    /// Where it stands; of an entry whose key changed, where it came to.
    ///
    /// # Errors
    ///
    /// The history holds a row without a key.
    pub fn place(&self) -> Result<Place, sqlx::Error> {
        place_of(&self.table, known(self.new.as_ref().or(self.old.as_ref()), "case_history")?)
    }
}

fn place_of(table: &str, row: &Row) -> Result<Place, sqlx::Error> {
    let number = |column: &'static str| Some((column, row.get(column)?.as_i64()?));
    if table == "cases" {
        return Ok(Place::Head);
    }
    if let Some((column, number)) = number("sequence").or_else(|| number("id")) {
        return Ok(Place::Numbered(table.to_owned(), column, number));
    }
    let reference = known(row.get("reference").and_then(Value::as_str), "case_history")?;
    Ok(Place::Referred(table.to_owned(), reference.to_owned()))
}

/// At most `limit` changes of a case, newest first, that were made at a moment or later, and before the one of a number.
///
/// # Errors
///
/// The database does not answer, or the history holds what is not a row.
pub async fn page(
    connection: &mut PgConnection,
    reference: &str,
    since: Option<Timestamp>,
    before: i64,
    limit: u32,
) -> Result<Vec<Change>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Stored,
        "-- changes.page
        SELECT id, fact_table, old_value, new_value, changed_at, actor, changed_by, source FROM case_history
        WHERE case_reference = $1 AND ($2::timestamptz IS NULL OR changed_at >= $2) AND id < $3
        ORDER BY id DESC LIMIT $4",
        reference,
        since.map(ToSqlx::to_sqlx) as _,
        before,
        i64::from(limit)
    );
    rows.fetch_all(connection).await?.into_iter().map(Change::try_from).collect()
}

/// Of each value that is recorded of a case now, where it comes from: by place and column of the head, and by place of an entry as
/// a whole (whose column is empty). Values that are null are left out.
///
/// # Errors
///
/// As for [`page`].
pub async fn origins(connection: &mut PgConnection, reference: &str) -> Result<BTreeMap<(Place, String), Origin>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Stored,
        "-- changes.origins
        SELECT id, fact_table, old_value, new_value, changed_at, actor, changed_by, source FROM case_history
        WHERE case_reference = $1 ORDER BY id",
        reference
    );
    let mut origins = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let change = Change::try_from(row)?;
        if change.table == "cases" {
            take_head_in(&mut origins, &change);
            continue;
        }
        let key = |row: &Row| Ok::<_, sqlx::Error>((place_of(&change.table, row)?, String::new()));
        if let Some(old) = &change.old {
            origins.remove(&key(old)?);
        }
        if let Some(new) = &change.new {
            origins.insert(key(new)?, change.origin.clone());
        }
    }
    Ok(origins)
}

fn take_head_in(origins: &mut BTreeMap<(Place, String), Origin>, change: &Change) {
    let nothing = Row::new();
    let (old, new) = (change.old.as_ref().unwrap_or(&nothing), change.new.as_ref().unwrap_or(&nothing));
    for column in columns_that_differ(old, new) {
        let key = (Place::Head, column.to_owned());
        if new.get(column).is_none_or(Value::is_null) {
            origins.remove(&key);
        } else {
            origins.insert(key, change.origin.clone());
        }
    }
}

/// The columns in which two rows differ; one that is not there is null.
pub fn columns_that_differ<'r>(old: &'r Row, new: &'r Row) -> Vec<&'r str> {
    let value = |row: &'r Row, column: &str| row.get(column).filter(|value| !value.is_null());
    let mut columns: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    columns.sort_unstable();
    columns.dedup();
    columns.retain(|column| value(old, column) != value(new, column));
    columns
}

struct Stored {
    id: i64,
    fact_table: String,
    old_value: Option<Value>,
    new_value: Option<Value>,
    changed_at: jiff_sqlx::Timestamp,
    actor: Option<String>,
    changed_by: String,
    source: Option<String>,
}

impl TryFrom<Stored> for Change {
    type Error = sqlx::Error;

    fn try_from(stored: Stored) -> Result<Self, sqlx::Error> {
        let row = |value: Option<Value>| match value {
            None => Ok(None),
            Some(Value::Object(row)) => Ok(Some(row)),
            Some(_) => known(None, "case_history"),
        };
        Ok(Self {
            id: stored.id,
            table: stored.fact_table,
            old: row(stored.old_value)?,
            new: row(stored.new_value)?,
            origin: Origin {
                at: stored.changed_at.to_jiff(),
                actor: stored.actor,
                database_role: stored.changed_by,
                source: stored.source,
            },
        })
    }
}
