//! Alerts: at most one that is not resolved for each fact.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{known, ladders, sql_day};
use crate::clock::Moment;
use crate::domain::ladder::{Step, TurnedBy};
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::policy::{Delivery, Role};
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
        SELECT id, case_reference, rule, subject, severity, message, since_on, severity_since_on, gives_a_birth_away FROM alerts
        WHERE case_reference = ANY($1) AND state <> 'resolved' ORDER BY case_reference, rule, subject",
        cases
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .filter_map(|row| {
            let severity = Severity::from_code(&row.severity)?;
            let alert = Standing {
                id: row.id,
                rule: row.rule,
                subject: row.subject,
                severity,
                message: row.message,
                since_on: row.since_on.to_jiff(),
                severity_since_on: row.severity_since_on.to_jiff(),
                gives_a_birth_away: row.gives_a_birth_away,
            };
            Some((row.case_reference, alert))
        })
        .collect())
}

/// An alert to be opened, with the first rung of its ladder before it.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// Its identity.
    pub id: Uuid,
    /// Its case.
    pub case: String,
    /// What it is about.
    pub finding: Finding,
    /// The first rung.
    pub first: Option<Step>,
}

/// Opens alerts.
///
/// # Errors
///
/// The database does not answer, or a fact has an alert that is not resolved.
pub async fn open(connection: &mut PgConnection, new: &[NewAlert], now: Moment) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    let rows: Value = new
        .iter()
        .map(|NewAlert { id, case, finding, first }| {
            let (on, role, deliver) = ladders::columns(*first);
            json!({
                "id": id, "case_reference": case, "rule": finding.rule, "subject": finding.subject, "severity": finding.severity,
                "message": finding.message, "since_on": finding.since_on, "severity_since_on": finding.severity_since_on,
                "next_rung_on": on, "next_rung_role": role, "next_rung_deliver": deliver,
                "gives_a_birth_away": finding.gives_a_birth_away,
            })
        })
        .collect();
    sqlx::query!(
        "-- alerts.open
        INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at, turned_at,
            turned_on, next_rung_on, next_rung_role, next_rung_deliver, gives_a_birth_away)
        SELECT id, case_reference, rule, subject, severity, message, since_on, severity_since_on, $2, $2, $3, next_rung_on,
            next_rung_role, next_rung_deliver, gives_a_birth_away
        FROM jsonb_to_recordset($1) AS new (
            id uuid, case_reference text, rule text, subject text, severity text, message text, since_on date,
            severity_since_on date, next_rung_on date, next_rung_role text, next_rung_deliver text, gives_a_birth_away boolean
        )",
        rows,
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A turn of an alert: another severity, or open again.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// What began it.
    pub by: TurnedBy,
    /// The finding as it is now; absent where only a pause has ended.
    pub finding: Option<&'a Finding>,
    /// The first rung of the ladder that the turn begins.
    pub first: Option<Step>,
}

/// Begins a turn of an alert. It is open again, unless it has turned less grave.
///
/// # Errors
///
/// The database does not answer.
pub async fn turn(connection: &mut PgConnection, id: Uuid, turn: &Turn<'_>, now: Moment) -> Result<(), sqlx::Error> {
    let (on, role, deliver) = ladders::columns(turn.first);
    sqlx::query!(
        "-- alerts.turn
        UPDATE alerts SET turn = turn + 1, turned_by = $2, turned_at = $3, turned_on = $4,
            severity = coalesce($5, severity), message = coalesce($6, message), since_on = coalesce($7, since_on),
            severity_since_on = coalesce($8, severity_since_on), state = CASE WHEN $2 = 'lowered' THEN state ELSE 'open' END,
            next_rung_on = $9, next_rung_role = $10, next_rung_deliver = $11, unreachable_since = NULL,
            gives_a_birth_away = gives_a_birth_away OR $12
        WHERE id = $1 AND state <> 'resolved'",
        id,
        turn.by.code(),
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _,
        turn.finding.map(|finding| finding.severity.code()),
        turn.finding.map(|finding| finding.message.as_str()),
        sql_day(turn.finding.map(|finding| finding.since_on)) as _,
        sql_day(turn.finding.map(|finding| finding.severity_since_on)) as _,
        sql_day(on) as _,
        role.map(Role::code),
        deliver.map(Delivery::code),
        turn.finding.is_some_and(|finding| finding.gives_a_birth_away)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps the sentence and the days of alerts as their findings have them now. Days that could once give a birth away stay hidden.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep(connection: &mut PgConnection, kept: &[(Uuid, Finding)]) -> Result<(), sqlx::Error> {
    if kept.is_empty() {
        return Ok(());
    }
    let rows: Value = kept
        .iter()
        .map(|(id, finding)| {
            json!({"id": id, "message": finding.message, "since_on": finding.since_on,
                "severity_since_on": finding.severity_since_on, "gives_a_birth_away": finding.gives_a_birth_away})
        })
        .collect();
    sqlx::query!(
        "-- alerts.keep
        UPDATE alerts SET message = kept.message, since_on = kept.since_on, severity_since_on = kept.severity_since_on,
            gives_a_birth_away = alerts.gives_a_birth_away OR kept.gives_a_birth_away
        FROM jsonb_to_recordset($1) AS kept (
            id uuid, message text, since_on date, severity_since_on date, gives_a_birth_away boolean
        )
        WHERE alerts.id = kept.id AND state <> 'resolved'
            AND (alerts.message, alerts.since_on, alerts.severity_since_on, alerts.gives_a_birth_away) IS DISTINCT FROM
                (kept.message, kept.since_on, kept.severity_since_on, alerts.gives_a_birth_away OR kept.gives_a_birth_away)",
        rows
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds alerts until the transaction ends, in one order everywhere, so that nobody who holds some waits for somebody who waits for
/// them.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold(connection: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("-- alerts.hold\nSELECT id FROM alerts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", ids)
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// Resolves alerts: their ladders end, and so do their pauses.
///
/// # Errors
///
/// The database does not answer.
pub async fn resolve(connection: &mut PgConnection, ids: &[Uuid], now: Timestamp) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "-- alerts.resolve
        UPDATE alerts SET state = 'resolved', resolved_at = $2, next_rung_on = NULL, next_rung_role = NULL,
            next_rung_deliver = NULL, unreachable_since = NULL
        WHERE id = ANY($1) AND state <> 'resolved'",
        ids,
        now.to_sqlx() as _
    )
    .execute(&mut *connection)
    .await?;
    end_pauses(connection, ids, PauseEnd::Resolved, now).await
}

/// A pause whose day has come, with its alert held until the transaction ends.
#[derive(Clone, Debug)]
pub struct EndedPause {
    /// The alert.
    pub alert: Uuid,
    /// Its case.
    pub case: String,
    /// The code of its rule.
    pub rule: String,
    /// What it is about, within its rule.
    pub subject: String,
    /// How grave it is.
    pub severity: Severity,
    /// How it was put aside.
    pub kind: PauseKind,
    /// On which day.
    pub made_on: Date,
    /// Until which day.
    pub until_on: Date,
}

/// The next pauses whose day has come, in the order of their alerts. Alerts that somebody else holds are passed over.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn hold_ended_pauses(
    connection: &mut PgConnection,
    today: Date,
    after: Uuid,
    at_most: i64,
) -> Result<Vec<EndedPause>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- alerts.hold_ended_pauses
        SELECT alert_id, case_reference, rule, subject, severity, kind, made_on, until_on
        FROM alert_pauses JOIN alerts ON alerts.id = alert_id
        WHERE ended_at IS NULL AND until_on <= $1 AND alert_id > $2 AND state IN ('acknowledged', 'snoozed')
        ORDER BY alert_id LIMIT $3 FOR UPDATE OF alerts SKIP LOCKED",
        today.to_sqlx() as _,
        after,
        at_most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        Ok(EndedPause {
            severity: known(Severity::from_code(&row.severity), "alerts.severity")?,
            kind: known(PauseKind::from_code(&row.kind), "alert_pauses.kind")?,
            alert: row.alert_id,
            case: row.case_reference,
            rule: row.rule,
            subject: row.subject,
            made_on: row.made_on.to_jiff(),
            until_on: row.until_on.to_jiff(),
        })
    })
    .collect()
}

/// Ends the pauses of alerts, where there are any.
///
/// # Errors
///
/// The database does not answer.
pub async fn end_pauses(
    connection: &mut PgConnection,
    alerts: &[Uuid],
    why: PauseEnd,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- alerts.end_pauses
        UPDATE alert_pauses SET ended_at = $2, ended_by = $3 WHERE alert_id = ANY($1) AND ended_at IS NULL",
        alerts,
        now.to_sqlx() as _,
        why.code()
    )
    .execute(connection)
    .await?;
    Ok(())
}
