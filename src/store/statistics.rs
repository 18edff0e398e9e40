//! What statistics are made of: the cases that were in pre-proceedings at any time of a period, and the alerts opened in it.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::cases;
use super::day;
use super::tokens::Scope;
use crate::clock::{Moment, midnight};
use crate::domain::calendar::next_day;
use crate::domain::policy::Policy;
use crate::domain::statistics::Period;
use crate::domain::statistics::answer::AlertDays;
use crate::domain::statistics::episode::Episode;

/// Cases that are loaded together.
const AT_A_TIME: usize = 2_000;

/// Every case in scope, of one team if it is given, of which anything in the period is counted.
///
/// # Errors
///
/// The database does not answer, or a case holds a word that is not known here: to leave it out would make the figures wrong.
pub async fn episodes(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    period: Period,
    policy: &Policy,
) -> Result<Vec<Episode>, sqlx::Error> {
    let references = references(connection, scope, team, period).await?;
    let mut episodes = Vec::with_capacity(references.len());
    for page in references.chunks(AT_A_TIME) {
        for (_, case) in cases::load_for_course(connection, page).await? {
            let case = case.map_err(|wrong| sqlx::Error::Decode(wrong.into()))?;
            episodes.extend(Episode::of(&case, policy));
        }
    }
    Ok(episodes)
}

/// The cases that had started by the end of the period and were in pre-proceedings at its beginning or later.
async fn references(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    period: Period,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- statistics.references
        SELECT reference FROM cases
        WHERE (cardinality($1::text[]) = 0 OR team = ANY ($1))
            AND ($2::boolean OR NOT restricted)
            AND ($3::text IS NULL OR team = $3)
            AND started_on <= $5
            AND (closed_on IS NULL OR greatest(closed_on, started_on) >= $4)
            AND (court_application_on IS NULL OR greatest(court_application_on, started_on) >= $4)
            AND (
                step_decision_on IS NULL OR outcome IS NULL OR outcome = 'issue'
                OR greatest(step_decision_on, started_on) >= $4
            )
        ORDER BY reference",
        &scope.teams,
        scope.may_see_restricted,
        team,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _
    )
    .fetch_all(connection)
    .await
}

/// Every alert that was opened in the period, of a case in scope, of one team if it is given.
///
/// # Errors
///
/// The database does not answer.
pub async fn alerts(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    period: Period,
) -> Result<Vec<AlertDays>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- statistics.alerts
        SELECT c.team, a.opened_at, a.resolved_at, (
            SELECT min(made_on) FROM alert_pauses WHERE alert_id = a.id AND kind = 'acknowledged'
        ) AS acknowledged_on
        FROM alerts AS a JOIN cases AS c ON c.reference = a.case_reference
        WHERE (cardinality($1::text[]) = 0 OR c.team = ANY ($1))
            AND ($2::boolean OR NOT c.restricted)
            AND ($3::text IS NULL OR c.team = $3)
            AND a.opened_at >= $4 AND a.opened_at < $5"#,
        &scope.teams,
        scope.may_see_restricted,
        team,
        midnight(period.from).to_sqlx() as _,
        midnight(next_day(period.to)).to_sqlx() as _
    )
    .fetch_all(connection)
    .await?;
    let alert = |row: Row| AlertDays {
        team: row.team,
        opened_on: Moment::of(row.opened_at.to_jiff()).today,
        acknowledged_on: day(row.acknowledged_on),
        resolved_on: row.resolved_at.map(|at| Moment::of(at.to_jiff()).today),
    };
    Ok(rows.into_iter().map(alert).collect())
}

struct Row {
    team: Option<String>,
    opened_at: jiff_sqlx::Timestamp,
    resolved_at: Option<jiff_sqlx::Timestamp>,
    acknowledged_on: Option<jiff_sqlx::Date>,
}
