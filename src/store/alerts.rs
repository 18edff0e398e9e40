//! Alerts: at most one that is not resolved for each fact.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::reconcile::Standing;
use crate::domain::schedule::{Finding, Severity};

/// The alerts of some cases that are not resolved, with the case of each.
///
/// # Errors
///
/// The database does not answer.
pub async fn standing(connection: &mut PgConnection, cases: &[String]) -> Result<Vec<(String, Standing<Uuid>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- alerts.standing
        SELECT id, case_reference, rule, subject, severity FROM alerts
        WHERE case_reference = ANY($1) AND state <> 'resolved' ORDER BY case_reference, rule, subject",
        cases
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .filter_map(|row| {
            let severity = Severity::from_code(&row.severity)?;
            Some((row.case_reference, Standing { id: row.id, rule: row.rule, subject: row.subject, severity }))
        })
        .collect())
}

/// Opens an alert.
///
/// # Errors
///
/// The database does not answer, or the fact has an alert that is not resolved.
pub async fn open(connection: &mut PgConnection, case: &str, finding: &Finding, now: Timestamp) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "-- alerts.open
        INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at, turned_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        id,
        case,
        finding.rule.code(),
        finding.subject,
        finding.severity.code(),
        finding.message,
        finding.since_on.to_sqlx() as _,
        finding.severity_since_on.to_sqlx() as _,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Moves an alert to the severity of its finding. Where that is graver, the alert is open again and has not been told of.
///
/// # Errors
///
/// The database does not answer.
pub async fn turn(
    connection: &mut PgConnection,
    id: Uuid,
    finding: &Finding,
    graver: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- alerts.turn
        UPDATE alerts SET severity = $2, message = $3, since_on = $4, severity_since_on = $5, turned_at = $6,
            told = told AND NOT $7, state = CASE WHEN $7 THEN 'open' ELSE state END
        WHERE id = $1 AND state <> 'resolved'",
        id,
        finding.severity.code(),
        finding.message,
        finding.since_on.to_sqlx() as _,
        finding.severity_since_on.to_sqlx() as _,
        now.to_sqlx() as _,
        graver
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps an alert's sentence and days as its finding has them now.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep(connection: &mut PgConnection, id: Uuid, finding: &Finding) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- alerts.keep
        UPDATE alerts SET message = $2, since_on = $3, severity_since_on = $4
        WHERE id = $1 AND state <> 'resolved' AND (message, since_on, severity_since_on) IS DISTINCT FROM ($2, $3::date, $4::date)",
        id,
        finding.message,
        finding.since_on.to_sqlx() as _,
        finding.severity_since_on.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Resolves an alert.
///
/// # Errors
///
/// The database does not answer.
pub async fn resolve(connection: &mut PgConnection, id: Uuid, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- alerts.resolve\nUPDATE alerts SET state = 'resolved', resolved_at = $2 WHERE id = $1 AND state <> 'resolved'",
        id,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An alert that nobody has been told of at its severity.
#[derive(Clone, Debug)]
pub struct Untold {
    /// Which alert.
    pub id: Uuid,
    /// Its case.
    pub case: String,
    /// The team that owns the case.
    pub team: Option<String>,
    /// Whether only cleared people may know of the case.
    pub restricted: bool,
    /// How grave it is.
    pub severity: Severity,
    /// Whether it was less grave before.
    pub turned: bool,
}

/// The next open alerts of these severities that nobody has been told of, held until the transaction ends.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_untold(
    connection: &mut PgConnection,
    severities: &[String],
    after: Uuid,
    at_most: i64,
) -> Result<Vec<Untold>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- alerts.hold_untold
        SELECT alerts.id, case_reference, team, restricted, severity, turned_at > opened_at AS \"turned!\"
        FROM alerts JOIN cases ON cases.reference = alerts.case_reference
        WHERE severity = ANY($1) AND state = 'open' AND NOT told AND alerts.id > $2
        ORDER BY alerts.id LIMIT $3 FOR UPDATE OF alerts SKIP LOCKED",
        severities,
        after,
        at_most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .filter_map(|row| {
            Some(Untold {
                id: row.id,
                case: row.case_reference,
                team: row.team,
                restricted: row.restricted,
                severity: Severity::from_code(&row.severity)?,
                turned: row.turned,
            })
        })
        .collect())
}

/// Notes that alerts have been told of at their severity.
///
/// # Errors
///
/// The database does not answer.
pub async fn note_told(connection: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("-- alerts.note_told\nUPDATE alerts SET told = true WHERE id = ANY($1)", ids).execute(connection).await?;
    Ok(())
}
