//! What each source of an import last said of each case.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::tokens::Scope;

/// The longest label.
const LONGEST_LABEL: usize = 200;

/// What the history says of where facts come from that an import of a source brought in, out of what it names.
#[must_use]
pub fn label(source: &str, out_of: &str) -> String {
    format!("import {source}: {out_of}").chars().take(LONGEST_LABEL).collect()
}

/// What a source said of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Parts of a case document: only what the source has a word on.
    pub said: Value,
    /// Fields of it that the source did not give and that were worked out, each with how.
    pub derived: Value,
}

/// The references of the cases that a source has had a word on.
///
/// # Errors
///
/// The database does not answer.
pub async fn cases_of(connection: &mut PgConnection, source: &str) -> Result<BTreeSet<String>, sqlx::Error> {
    let cases = sqlx::query_scalar!("-- sources.cases_of\nSELECT case_reference FROM source_cases WHERE source = $1", source);
    Ok(cases.fetch_all(connection).await?.into_iter().collect())
}

/// What a source last said of some cases, as far as it had a word on them.
///
/// # Errors
///
/// The database does not answer.
pub async fn last_said(
    connection: &mut PgConnection,
    source: &str,
    cases: &[String],
) -> Result<HashMap<String, Kept>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- sources.last_said
        SELECT case_reference, said, derived FROM source_cases WHERE source = $1 AND case_reference = ANY($2)",
        source,
        cases
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.case_reference, Kept { said: row.said, derived: row.derived })).collect())
}

/// The values that other sources worked out, by case.
///
/// # Errors
///
/// The database does not answer.
pub async fn worked_out_elsewhere(
    connection: &mut PgConnection,
    source: &str,
    cases: &[String],
) -> Result<HashMap<String, Vec<(String, Value)>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- sources.worked_out_elsewhere
        SELECT case_reference, field AS "field!", said -> field AS "value!"
        FROM source_cases, jsonb_object_keys(derived) AS field
        WHERE source <> $1 AND case_reference = ANY($2) AND said ? field"#,
        source,
        cases
    );
    let mut by_case: HashMap<String, Vec<(String, Value)>> = HashMap::new();
    for row in rows.fetch_all(connection).await? {
        by_case.entry(row.case_reference).or_default().push((row.field, row.value));
    }
    Ok(by_case)
}

/// Keeps what a source said of some cases; what it said before already is left alone.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep(
    connection: &mut PgConnection,
    source: &str,
    said: &[(&str, Kept)],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let rows: Vec<Value> =
        said.iter().map(|(case, kept)| json!({"case": case, "said": kept.said, "derived": kept.derived})).collect();
    sqlx::query!(
        r#"-- sources.keep
        INSERT INTO source_cases AS kept (source, case_reference, said, derived, said_at)
        SELECT $1, "case", said, derived, $3 FROM jsonb_to_recordset($2) AS given ("case" text, said jsonb, derived jsonb)
        ON CONFLICT (source, case_reference) DO UPDATE
        SET said = excluded.said, derived = excluded.derived, said_at = excluded.said_at, vanished_at = NULL
        WHERE kept.said <> excluded.said OR kept.derived <> excluded.derived OR kept.vanished_at IS NOT NULL"#,
        source,
        Value::from(rows),
        at.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks cases as vanished from a source, as far as they are not concluded and may be known of; tells which these are.
///
/// # Errors
///
/// The database does not answer.
pub async fn mark_vanished(
    connection: &mut PgConnection,
    source: &str,
    cases: &[String],
    scope: &Scope,
    at: Timestamp,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- sources.mark_vanished
        WITH gone AS (
            SELECT reference FROM cases
            WHERE reference = ANY($2) AND closed_on IS NULL AND court_application_on IS NULL
                AND (step_decision_on IS NULL OR outcome IS NULL OR outcome = 'issue')
                AND (cardinality($3::text[]) = 0 OR team = ANY($3)) AND ($4 OR NOT restricted)
        ), marked AS (
            UPDATE source_cases AS kept SET vanished_at = $5 FROM gone
            WHERE kept.source = $1 AND kept.case_reference = gone.reference AND kept.vanished_at IS NULL
        )
        SELECT reference FROM gone ORDER BY reference"#,
        source,
        cases,
        &scope.teams,
        scope.may_see_restricted,
        at.to_sqlx() as _
    )
    .fetch_all(connection)
    .await
}

/// A source that has had a word on a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What it is called.
    pub name: String,
    /// What it last said.
    pub kept: Kept,
    /// When it last said something else than before.
    pub said_at: Timestamp,
    /// Since when it has had no word on the case.
    pub vanished_at: Option<Timestamp>,
}

impl Source {
    /// Whether a label is that of an import of this source.
    #[must_use]
    pub fn is_named_by(&self, label: &str) -> bool {
        let rest = label.strip_prefix("import ").and_then(|rest| rest.strip_prefix(&self.name));
        rest.is_some_and(|rest| rest.starts_with(':'))
    }
}

/// The sources of a case, by name.
///
/// # Errors
///
/// The database does not answer.
pub async fn of_case(connection: &mut PgConnection, case: &str) -> Result<Vec<Source>, sqlx::Error> {
    Ok(of_cases(connection, &[case.to_owned()]).await?.remove(case).unwrap_or_default())
}

/// The sources of some cases, by name, as far as any has had a word on them.
///
/// # Errors
///
/// The database does not answer.
pub async fn of_cases(connection: &mut PgConnection, cases: &[String]) -> Result<HashMap<String, Vec<Source>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- sources.of_cases
        SELECT case_reference, source, said, derived, said_at AS "said_at: jiff_sqlx::Timestamp",
            vanished_at AS "vanished_at: jiff_sqlx::Timestamp"
        FROM source_cases WHERE case_reference = ANY($1) ORDER BY source"#,
        cases
    );
    let mut by_case: HashMap<String, Vec<Source>> = HashMap::new();
    for row in rows.fetch_all(connection).await? {
        by_case.entry(row.case_reference).or_default().push(Source {
            name: row.source,
            kept: Kept { said: row.said, derived: row.derived },
            said_at: row.said_at.to_jiff(),
            vanished_at: row.vanished_at.map(jiff_sqlx::Timestamp::to_jiff),
        });
    }
    Ok(by_case)
}
