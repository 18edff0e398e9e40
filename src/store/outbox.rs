//! The outbox: messages gather alerts, are fixed as bytes, claimed, sent and settled. None is ever deleted.
//!
//! A claim holds a message for a while (its lease) and numbers the attempt; only the attempt that holds it can settle it. A worker
//! that died loses its lease and another takes over.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::case::coded;
use crate::domain::delivery;

/// How long a claim holds a message: longer than an attempt can take.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);

/// The channel on which workers hear that a message is waiting.
pub const CHANNEL: &str = "plo_drift_outbox";

coded! {
    /// What became of one attempt.
    AttemptOutcome {
        /// The mail server has taken it on.
        Accepted = "accepted",
        /// Not now; try again.
        Temporary = "temporary",
        /// Not this message, or not this person.
        Refused = "refused",
        /// The fault is in how mail is set up; try again.
        Misconfigured = "misconfigured",
        /// Handed over, and the answer was lost; try again.
        Unknown = "unknown",
    }
}

/// Adds an alert to the message that gathers news for a person; a restricted case has a message of its own.
///
/// # Errors
///
/// The database does not answer.
pub async fn gather(connection: &mut PgConnection, gathered: &Gathered<'_>, now: Timestamp) -> Result<Uuid, sqlx::Error> {
    let message = sqlx::query_scalar!(
        "-- outbox.gather
        INSERT INTO messages AS existing (id, kind, recipient_id, only_case, created_at) VALUES ($1, 'alert', $2, $3, $4)
        ON CONFLICT (recipient_id, coalesce(only_case, '')) WHERE state = 'gathering'
            DO UPDATE SET created_at = existing.created_at
        RETURNING id",
        Uuid::now_v7(),
        gathered.recipient,
        gathered.only_case,
        now.to_sqlx() as _
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "-- outbox.gather_alert
        INSERT INTO message_alerts (message_id, alert_id, severity, turned) VALUES ($1, $2, $3, $4)
        ON CONFLICT (message_id, alert_id) DO UPDATE SET severity = excluded.severity, turned = excluded.turned",
        message,
        gathered.alert,
        gathered.severity,
        gathered.turned
    )
    .execute(connection)
    .await?;
    Ok(message)
}

/// An alert for a person.
pub struct Gathered<'a> {
    /// To whom.
    pub recipient: i64,
    /// The case, where it must go singly.
    pub only_case: Option<&'a str>,
    /// Which alert.
    pub alert: Uuid,
    /// How grave it is.
    pub severity: &'a str,
    /// Whether it was less grave before.
    pub turned: bool,
}

/// A message that gathers, with the person it is for.
#[derive(Clone, Debug)]
pub struct Gathering {
    /// Which message.
    pub id: Uuid,
    /// To whom.
    pub recipient: i64,
    /// Address.
    pub email: String,
    /// In which role.
    pub role: String,
    /// Whether they are told of anything still.
    pub active: bool,
}

/// The next message that gathers, after this one, held until the transaction ends.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_gathering(connection: &mut PgConnection, after: Uuid) -> Result<Option<Gathering>, sqlx::Error> {
    sqlx::query_as!(
        Gathering,
        "-- outbox.hold_gathering
        SELECT messages.id, recipient_id AS recipient, email, role, active
        FROM messages JOIN recipients ON recipients.id = messages.recipient_id
        WHERE state = 'gathering' AND messages.id > $1 ORDER BY messages.id LIMIT 1 FOR UPDATE OF messages SKIP LOCKED",
        after
    )
    .fetch_optional(connection)
    .await
}

/// A gathered alert with what a mail may say of its case.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the tables, by their names")]
pub struct ToTell {
    pub alert: Uuid,
    pub rule: String,
    pub subject: String,
    pub severity: String,
    pub turned: bool,
    pub message: String,
    pub since_on: jiff_sqlx::Date,
    pub case: String,
    pub team: Option<String>,
    pub started_on: Option<jiff_sqlx::Date>,
    pub status: Option<String>,
    pub end_on: Option<jiff_sqlx::Date>,
    pub end_set_by: Option<String>,
    pub base_end_on: Option<jiff_sqlx::Date>,
    pub also_told: Vec<String>,
}

/// What a message has gathered, cases in risk order, within a case the gravest and oldest first.
///
/// # Errors
///
/// The database does not answer.
pub async fn gathered(connection: &mut PgConnection, message: Uuid) -> Result<Vec<ToTell>, sqlx::Error> {
    sqlx::query_as!(
        ToTell,
        r#"-- outbox.gathered
        SELECT alerts.id AS alert, rule, subject, gathered.severity, gathered.turned, alerts.message, alerts.since_on,
            alerts.case_reference AS "case", team, started_on, status, end_on, end_set_by, base_end_on,
            ARRAY(
                SELECT DISTINCT recipients.role
                FROM message_alerts AS others
                JOIN messages ON messages.id = others.message_id
                JOIN recipients ON recipients.id = messages.recipient_id
                WHERE others.alert_id = alerts.id AND others.message_id <> $1 AND messages.state <> 'cancelled'
                ORDER BY recipients.role
            ) AS "also_told!"
        FROM message_alerts AS gathered
        JOIN alerts ON alerts.id = gathered.alert_id
        JOIN case_watch USING (case_reference)
        JOIN cases ON cases.reference = alerts.case_reference
        WHERE gathered.message_id = $1
        ORDER BY risk_key, gathered.severity = 'red' DESC, alerts.since_on, rule, subject"#,
        message
    )
    .fetch_all(connection)
    .await
}

/// The bytes that will be sent, and to whom.
pub struct Sealed<'a> {
    /// Which message.
    pub id: Uuid,
    /// The sender's address.
    pub from: &'a str,
    /// The recipient's address.
    pub to: &'a str,
    /// Its subject, for operators.
    pub subject: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Fixes a message as bytes and queues it.
///
/// # Errors
///
/// The database does not answer.
pub async fn seal(connection: &mut PgConnection, sealed: &Sealed<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- outbox.seal
        UPDATE messages SET state = 'queued', sealed_at = $2, from_address = $3, to_address = $4, subject = $5, body = $6,
            next_attempt_at = $2, give_up_at = $7
        WHERE id = $1 AND state = 'gathering'",
        sealed.id,
        now.to_sqlx() as _,
        sealed.from,
        sealed.to,
        sealed.subject,
        sealed.bytes,
        delivery::give_up_at(now).to_sqlx() as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("-- outbox.announce\nSELECT pg_notify($1, '')::text AS done", CHANNEL).fetch_one(connection).await?;
    Ok(())
}

/// Takes out of a message what must no longer be told to this person: alerts that are not open any more, and cases that have become
/// restricted or another team's since. What is open and nobody else is told of waits to be decided again.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_back(connection: &mut PgConnection, message: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- outbox.hold_back
        WITH held_back AS (
            DELETE FROM message_alerts AS gathered
            USING messages, recipients, alerts, cases
            WHERE gathered.message_id = $1 AND messages.id = gathered.message_id AND recipients.id = messages.recipient_id
                AND alerts.id = gathered.alert_id AND cases.reference = alerts.case_reference
                AND (
                    alerts.state <> 'open'
                    OR (cases.restricted AND NOT (
                        recipients.may_see_restricted AND messages.only_case IS NOT DISTINCT FROM cases.reference
                    ))
                    OR NOT (recipients.teams = '{}' OR coalesce(cases.team = ANY(recipients.teams), false))
                )
            RETURNING gathered.alert_id
        )
        UPDATE alerts SET told = false FROM held_back
        WHERE alerts.id = held_back.alert_id AND alerts.state = 'open' AND NOT EXISTS (
            SELECT FROM message_alerts AS others JOIN messages ON messages.id = others.message_id
            WHERE others.alert_id = alerts.id AND others.message_id <> $1 AND messages.state <> 'cancelled'
        )",
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Cancels a message that gathers, for a reason; of its alerts, those that nobody else is told of wait to be decided again.
///
/// # Errors
///
/// The database does not answer.
pub async fn cancel(connection: &mut PgConnection, id: Uuid, reason: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- outbox.cancel
        WITH cancelled AS (
            UPDATE messages SET state = 'cancelled', reason = $2, settled_at = $3 WHERE id = $1 AND state = 'gathering'
            RETURNING id
        )
        UPDATE alerts SET told = false FROM cancelled JOIN message_alerts ON message_id = cancelled.id
        WHERE alerts.id = message_alerts.alert_id AND alerts.state = 'open' AND NOT EXISTS (
            SELECT FROM message_alerts AS others JOIN messages ON messages.id = others.message_id
            WHERE others.alert_id = alerts.id AND others.message_id <> cancelled.id AND messages.state <> 'cancelled'
        )",
        id,
        reason,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A message that this worker holds.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Which message.
    pub id: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// The sender's address.
    pub from: String,
    /// The recipient's address.
    pub to: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it is given up.
    pub give_up_at: Timestamp,
}

/// Claims the messages that are due, the longest waiting first. A message whose lease ran out is taken over, and the attempt that
/// held it is put on record as of unknown outcome.
///
/// # Errors
///
/// The database does not answer.
pub async fn claim(connection: &mut PgConnection, now: Timestamp, at_most: i64) -> Result<Vec<Claimed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- outbox.claim
        WITH due AS (
            SELECT id FROM messages
            WHERE (state = 'queued' AND next_attempt_at <= $1) OR (state = 'sending' AND leased_until <= $1)
            ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), lost AS (
            UPDATE message_attempts SET outcome = 'unknown', settled_at = $1, reply = 'the worker that held it was lost'
            FROM due WHERE message_attempts.message_id = due.id AND message_attempts.outcome IS NULL
            RETURNING message_attempts.message_id
        ), told AS (
            INSERT INTO journal (at, what, message_id, reason)
            SELECT $1, 'message_outcome_unknown', message_id, 'the worker that held it was lost' FROM lost
        ), claimed AS (
            UPDATE messages SET state = 'sending', attempts = attempts + 1, leased_until = $3
            FROM due WHERE messages.id = due.id
            RETURNING messages.id, attempts, from_address, to_address, body, give_up_at
        ), numbered AS (
            INSERT INTO message_attempts (message_id, attempt, claimed_at) SELECT id, attempts, $1 FROM claimed
        )
        SELECT id, attempts, from_address AS "from!", to_address AS "to!", body AS "body!", give_up_at AS "give_up_at!"
        FROM claimed"#,
        now.to_sqlx() as _,
        at_most,
        now.saturating_add(LEASE).unwrap_or(Timestamp::MAX).to_sqlx() as _
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .map(|row| Claimed {
            id: row.id,
            attempt: row.attempts,
            from: row.from,
            to: row.to,
            bytes: row.body,
            give_up_at: row.give_up_at.to_jiff(),
        })
        .collect())
}

/// What is to become of a message after an attempt.
pub enum Fate<'a> {
    /// It is delivered.
    Sent,
    /// It is tried again.
    TryAgain(Timestamp),
    /// It is not tried again, for this reason.
    Dead(&'a str),
}

/// Puts an attempt on record and decides the message, if this attempt still holds it; false where another took over.
///
/// # Errors
///
/// The database does not answer.
pub async fn settle(
    connection: &mut PgConnection,
    claimed: &Claimed,
    outcome: AttemptOutcome,
    reply: &str,
    fate: &Fate<'_>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "-- outbox.record_attempt
        UPDATE message_attempts SET settled_at = $3, outcome = $4, reply = $5 WHERE message_id = $1 AND attempt = $2",
        claimed.id,
        claimed.attempt,
        now.to_sqlx() as _,
        outcome.code(),
        reply
    )
    .execute(&mut *connection)
    .await?;
    let (state, next_attempt_at, reason) = match *fate {
        Fate::Sent => ("sent", None, None),
        Fate::TryAgain(at) => ("queued", Some(at.to_sqlx()), None),
        Fate::Dead(reason) => ("dead", None, Some(reason)),
    };
    let settled = sqlx::query!(
        "-- outbox.settle
        UPDATE messages SET state = $3, leased_until = NULL, next_attempt_at = coalesce($4, next_attempt_at), reason = $5,
            settled_at = CASE WHEN $3 = 'queued' THEN NULL ELSE $6::timestamptz END
        WHERE id = $1 AND attempts = $2 AND state = 'sending'",
        claimed.id,
        claimed.attempt,
        state,
        next_attempt_at as _,
        reason,
        now.to_sqlx() as _
    );
    Ok(settled.execute(connection).await?.rows_affected() == 1)
}

/// A message as operators see it in a list.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, by their names")]
pub struct Listed {
    pub id: Uuid,
    pub state: String,
    pub recipient: i64,
    pub role: String,
    pub subject: Option<String>,
    pub created_at: jiff_sqlx::Timestamp,
    pub attempts: i32,
    pub next_attempt_at: Option<jiff_sqlx::Timestamp>,
    pub reason: Option<String>,
}

/// The newest messages, or the newest in one state.
///
/// # Errors
///
/// The database does not answer.
pub async fn list(connection: &mut PgConnection, state: Option<&str>, at_most: i64) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        "-- outbox.list
        SELECT messages.id, state, recipient_id AS recipient, role, subject, created_at, attempts, next_attempt_at, reason
        FROM messages JOIN recipients ON recipients.id = messages.recipient_id
        WHERE $1::text IS NULL OR state = $1
        ORDER BY messages.created_at DESC, messages.id DESC LIMIT $2",
        state,
        at_most
    )
    .fetch_all(connection)
    .await
}

/// One attempt, as operators see it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, by their names")]
pub struct Attempt {
    pub attempt: i32,
    pub claimed_at: jiff_sqlx::Timestamp,
    pub settled_at: Option<jiff_sqlx::Timestamp>,
    pub outcome: Option<String>,
    pub reply: Option<String>,
}

/// The bytes of a message, once they are fixed, and its attempts; absent where there is no such message.
///
/// # Errors
///
/// The database does not answer.
pub async fn show(connection: &mut PgConnection, id: Uuid) -> Result<Option<(Option<Vec<u8>>, Vec<Attempt>)>, sqlx::Error> {
    let body = sqlx::query_scalar!("-- outbox.show\nSELECT body FROM messages WHERE id = $1", id);
    let Some(body) = body.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let attempts = sqlx::query_as!(
        Attempt,
        "-- outbox.attempts
        SELECT attempt, claimed_at, settled_at, outcome, reply FROM message_attempts WHERE message_id = $1 ORDER BY attempt",
        id
    );
    Ok(Some((body, attempts.fetch_all(connection).await?)))
}
