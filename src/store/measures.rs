//! What the database says of the work, for those who watch the service.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::jobs;

/// How many alerts there are, by severity and state.
///
/// # Errors
///
/// The database does not answer.
pub async fn alerts(connection: &mut PgConnection) -> Result<Vec<(String, String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- measures.alerts
        SELECT severity, state, count(*) AS "alerts!" FROM alerts GROUP BY severity, state ORDER BY severity, state"#
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(|row| (row.severity, row.state, row.alerts)).collect())
}

/// How many messages there are, by state.
///
/// # Errors
///
/// The database does not answer.
pub async fn messages(connection: &mut PgConnection) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- measures.messages
        SELECT state, count(*) AS "messages!" FROM messages GROUP BY state ORDER BY state"#
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(|row| (row.state, row.messages)).collect())
}

/// How many cases the next sweep looks at, as far as their day has come.
///
/// # Errors
///
/// The database does not answer.
pub async fn cases_due(connection: &mut PgConnection, today: Date) -> Result<i64, sqlx::Error> {
    let due = sqlx::query_scalar!(
        r#"-- measures.cases_due
        SELECT count(*) AS "due!" FROM (
            SELECT case_reference FROM case_watch WHERE next_look_on <= $1 UNION SELECT case_reference FROM case_marks
        ) AS due"#,
        today.to_sqlx() as _
    );
    due.fetch_one(connection).await
}

/// When the nightly reconciliation last found nothing wrong (but for what was found before the clock was put back to now), and when
/// the service first did anything here.
///
/// # Errors
///
/// The database does not answer.
pub async fn reconciled(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>), sqlx::Error> {
    let row = sqlx::query!(
        "-- measures.reconciled
        SELECT max(finished_at) FILTER (WHERE job = 'reconcile' AND failures = 0 AND finished_at <= $1) AS last_clean_at,
            min(started_at) AS first_at
        FROM job_runs",
        jobs::soon(now).to_sqlx() as _
    );
    let row = row.fetch_one(connection).await?;
    let moment = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    Ok((moment(row.last_clean_at), moment(row.first_at)))
}
