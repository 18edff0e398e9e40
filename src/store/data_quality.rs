//! What the quality of records is judged by: which cases can have questions, when each last changed, and which values an import
//! worked out.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::changes::Origin;
use super::tokens::Scope;

/// Every case in scope, of one team if it is given, that is not concluded on a day, or whose application to the court comes without
/// the decision or before it; in the order of their references.
///
/// # Errors
///
/// The database does not answer.
pub async fn candidates(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    on: Date,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- data_quality.candidates
        SELECT reference FROM cases
        WHERE (cardinality($1::text[]) = 0 OR team = ANY ($1))
            AND ($2::boolean OR NOT restricted)
            AND ($3::text IS NULL OR team = $3)
            AND (closed_on IS NULL OR closed_on > $4)
            AND (step_decision_on IS NULL OR outcome IS NULL OR outcome = 'issue' OR step_decision_on > $4)
            AND (
                court_application_on IS NULL OR court_application_on > $4
                OR step_decision_on IS NULL OR step_decision_on > court_application_on
            )
        ORDER BY reference",
        &scope.teams,
        scope.may_see_restricted,
        team,
        on.to_sqlx() as _
    )
    .fetch_all(connection)
    .await
}

/// When a fact of some cases last changed.
///
/// # Errors
///
/// The database does not answer.
pub async fn last_changes(connection: &mut PgConnection, cases: &[String]) -> Result<HashMap<String, Timestamp>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- data_quality.last_changes
        SELECT case_reference, max(changed_at) AS "changed_at!: jiff_sqlx::Timestamp" FROM case_history
        WHERE case_reference = ANY($1) GROUP BY case_reference"#,
        cases
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.case_reference, row.changed_at.to_jiff())).collect())
}

/// Of the fields of some cases that any source worked out, where the value that is recorded comes from: by case and field.
///
/// # Errors
///
/// The database does not answer.
pub async fn origins_of_derived(
    connection: &mut PgConnection,
    cases: &[String],
) -> Result<HashMap<(String, String), Origin>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- data_quality.origins_of_derived
        SELECT asked.case_reference, asked.field AS "field!", last.changed_at AS "changed_at: jiff_sqlx::Timestamp", last.actor,
            last.changed_by, last.source
        FROM (
            SELECT DISTINCT case_reference, field
            FROM source_cases, jsonb_object_keys(derived) AS field
            WHERE case_reference = ANY($1) AND vanished_at IS NULL
        ) AS asked
        CROSS JOIN LATERAL (
            SELECT changed_at, actor, changed_by, source FROM case_history
            WHERE case_reference = asked.case_reference AND fact_table = 'cases'
                AND old_value -> asked.field IS DISTINCT FROM new_value -> asked.field
            ORDER BY id DESC LIMIT 1
        ) AS last"#,
        cases
    );
    let mut origins = HashMap::new();
    for row in rows.fetch_all(connection).await? {
        let origin =
            Origin { at: row.changed_at.to_jiff(), actor: row.actor, database_role: row.changed_by, source: row.source };
        origins.insert((row.case_reference, row.field), origin);
    }
    Ok(origins)
}
