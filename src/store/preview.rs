//! What the check and the preview of a policy read: the cases and who owns them, and what a rehearsed sweep left behind, as its own
//! transaction sees it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::known;
use super::tokens::Scope;
use crate::domain::policy::Role;
use crate::domain::preview::StandingAlert;
use crate::domain::schedule::Severity;

/// Every alert that is not resolved.
///
/// # Errors
///
/// The database does not answer, or holds a severity that is not known here.
pub async fn standing_alerts(connection: &mut PgConnection) -> Result<Vec<StandingAlert>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- preview.standing_alerts
        SELECT case_reference, rule, subject, severity FROM alerts WHERE state <> 'resolved'"
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        let severity = known(Severity::from_code(&row.severity), "alerts.severity")?;
        Ok(StandingAlert { case: row.case_reference, rule: row.rule, subject: row.subject, severity })
    })
    .collect()
}

/// How many messages were made at a moment, for each role that gets some.
///
/// # Errors
///
/// The database does not answer, or holds a role that is not known here.
pub async fn messages_made(connection: &mut PgConnection, at: Timestamp) -> Result<Vec<(Role, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- preview.messages_made
        SELECT role, count(*) AS "messages!"
        FROM messages JOIN recipients ON recipients.id = messages.recipient_id
        WHERE messages.state = 'queued' AND messages.sealed_at = $1
        GROUP BY role"#,
        at.to_sqlx() as _
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok((known(Role::from_code(&row.role), "recipients.role")?, row.messages))).collect()
}

/// The next references after one, in order.
///
/// # Errors
///
/// The database does not answer.
pub async fn references_after(connection: &mut PgConnection, after: &str, at_most: u32) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- preview.references_after\nSELECT reference FROM cases WHERE reference > $1 ORDER BY reference LIMIT $2",
        after,
        i64::from(at_most)
    )
    .fetch_all(connection)
    .await
}

/// How many cases there are.
///
/// # Errors
///
/// The database does not answer.
pub async fn count_cases(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("-- preview.count_cases\nSELECT count(*) AS \"count!\" FROM cases").fetch_one(connection).await
}

/// Each team that owns cases, and whether they are restricted; no team stands for the cases that none owns.
///
/// # Errors
///
/// The database does not answer.
pub async fn owners(connection: &mut PgConnection) -> Result<Vec<(Option<String>, bool)>, sqlx::Error> {
    let rows = sqlx::query!("-- preview.owners\nSELECT DISTINCT team, restricted FROM cases ORDER BY team, restricted");
    Ok(rows.fetch_all(connection).await?.into_iter().map(|row| (row.team, row.restricted)).collect())
}

/// Lets nothing in the transaction wait for a lock or work on a statement for long.
///
/// # Errors
///
/// The database does not answer.
pub async fn be_quick(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- preview.be_quick
        SELECT set_config('statement_timeout', '2s', true) AS statement, set_config('lock_timeout', '2s', true) AS lock"
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Those of some cases that exist for a scope.
///
/// # Errors
///
/// The database does not answer.
pub async fn shown(
    connection: &mut PgConnection,
    scope: &Scope,
    references: &[String],
) -> Result<BTreeSet<String>, sqlx::Error> {
    let rows =
        sqlx::query!("-- preview.shown\nSELECT reference, team, restricted FROM cases WHERE reference = ANY ($1)", references);
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows.filter(|row| scope.shows(row.team.as_deref(), row.restricted)).map(|row| row.reference).collect())
}
