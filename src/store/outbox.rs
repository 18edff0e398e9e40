//! The outbox: messages that are whole are claimed, sent and settled. None is ever deleted.
//!
//! A claim holds a message for a while (its lease) and numbers the attempt; only the attempt that holds it can settle it. A worker
//! that died loses its lease and another takes over.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::journal::What;
use super::{gathering, jobs};
use crate::clock::Moment;
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

/// Tells the workers that a message is waiting.
async fn announce(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("-- outbox.announce\nSELECT pg_notify($1, '')::text AS done", CHANNEL).fetch_one(connection).await?;
    Ok(())
}

/// Passes the alerts of a message that will not be delivered on to their next rungs, where nobody else was told on the rung. Where no
/// rung is left and nobody was told, that is on record, and the ladder is to begin again.
///
/// # Errors
///
/// The database does not answer.
pub async fn pass_on(connection: &mut PgConnection, message: Uuid, now: Moment) -> Result<(), sqlx::Error> {
    // Two people on one rung may be refused at once: whoever comes second waits, and then sees that the first was refused, too.
    hold_alerts(connection, &[message]).await?;
    let passed_on = sqlx::query!(
        "-- outbox.pass_on
        UPDATE alert_rungs SET outcome = 'unreachable', climbed_at = $2
        FROM message_alerts AS told
        WHERE told.message_id = $1 AND alert_rungs.alert_id = told.alert_id AND alert_rungs.turn = told.turn
            AND (alert_rungs.role = told.role OR alert_rungs.role = ANY(told.also_as)) AND alert_rungs.outcome = 'told'
            AND NOT is_told_by_another(told.alert_id, told.turn, alert_rungs.role, $1)
        RETURNING alert_rungs.alert_id, alert_rungs.turn, alert_rungs.role",
        message,
        now.at.to_sqlx() as _
    );
    let passed_on = passed_on.fetch_all(&mut *connection).await?;
    let alerts: Vec<Uuid> = passed_on.iter().map(|rung| rung.alert_id).collect();
    let turns: Vec<i32> = passed_on.iter().map(|rung| rung.turn).collect();
    let roles: Vec<String> = passed_on.into_iter().map(|rung| rung.role).collect();
    // What is next is worked out by the sweep: it knows the policy. An alert that has turned less grave since hangs on those who knew
    // it as graver.
    sqlx::query!(
        "-- outbox.climb_on
        WITH climbs_on AS (
            SELECT DISTINCT ON (alerts.id) alerts.id, rung.role, next_rung_on IS NULL AS is_last, NOT EXISTS (
                SELECT FROM alert_rungs WHERE alert_rungs.alert_id = alerts.id AND outcome = 'told'
                    AND (alert_rungs.turn = alerts.turn OR turned_by = 'lowered')
            ) AS told_nobody
            FROM unnest($1::uuid[], $2::integer[], $3::text[]) AS rung (alert, turn, role) JOIN alerts ON alerts.id = rung.alert
            WHERE state = 'open' AND (alerts.turn = rung.turn OR turned_by = 'lowered')
            ORDER BY alerts.id, rung.role
        ), noted AS (
            INSERT INTO journal (at, what, case_reference, alert_id, message_id, reason)
            SELECT $4, 'not_told', case_reference, id, $6, 'nobody is left to tell, and no mail was delivered: the ladder begins again'
            FROM climbs_on JOIN alerts USING (id) WHERE is_last AND told_nobody
        )
        UPDATE alerts SET next_rung_on = least(next_rung_on, $5), next_rung_role = coalesce(next_rung_role, climbs_on.role),
            next_rung_deliver = coalesce(next_rung_deliver, 'immediate'),
            unreachable_since = CASE WHEN is_last THEN coalesce(unreachable_since, $4) ELSE unreachable_since END
        FROM climbs_on WHERE alerts.id = climbs_on.id AND (told_nobody OR NOT is_last)",
        &alerts,
        &turns,
        &roles,
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _,
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds the alerts of messages, in one order everywhere; returns which.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_alerts(connection: &mut PgConnection, messages: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- outbox.hold_alerts
        SELECT id FROM alerts WHERE id IN (SELECT alert_id FROM message_alerts WHERE message_id = ANY($1))
        ORDER BY id FOR NO KEY UPDATE",
        messages
    )
    .fetch_all(connection)
    .await
}

/// The messages that are due, the longest waiting first, held until the transaction ends. Those that somebody else holds are passed
/// over.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_due(connection: &mut PgConnection, now: Timestamp, at_most: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    // Each of the two is read off its index: after an outage, thousands wait. What is held beyond the limit is free again at once.
    // What was queued at a time that is still to come was queued before the clock was put back: it does not wait for that time.
    let due = sqlx::query_scalar!(
        r#"-- outbox.hold_due
        WITH lost AS (
            SELECT id, next_attempt_at FROM messages WHERE state = 'sending' AND leased_until <= $1
            ORDER BY leased_until LIMIT $2 FOR UPDATE SKIP LOCKED
        ), waiting AS (
            SELECT id, next_attempt_at FROM messages
            WHERE state = 'queued' AND (next_attempt_at <= $1 OR (attempts = 0 AND sealed_at > $3))
            ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        SELECT id AS "id!" FROM (SELECT * FROM lost UNION ALL SELECT * FROM waiting) AS due ORDER BY next_attempt_at LIMIT $2"#,
        now.to_sqlx() as _,
        at_most,
        jobs::soon(now).to_sqlx() as _
    );
    due.fetch_all(connection).await
}

/// A message that must not reach its person any more.
#[derive(Clone, Debug)]
pub struct ToWithdraw {
    /// Which message.
    pub id: Uuid,
    /// Why.
    pub reason: String,
}

/// Those of these messages that must not reach their person any more, as things are now: the person has left the service or the role, or
/// a case in it has become restricted or another team's. Whoever may know is told by the next sweep.
///
/// The cases of a panel pack are those that the journal says it tells of.
///
/// # Errors
///
/// The database does not answer.
pub async fn to_withdraw(connection: &mut PgConnection, due: &[Uuid]) -> Result<Vec<ToWithdraw>, sqlx::Error> {
    sqlx::query_as!(
        ToWithdraw,
        r#"-- outbox.to_withdraw
        WITH due AS (
            SELECT messages.id, kind, recipient_id, only_case, active FROM messages JOIN recipients ON recipients.id = recipient_id
            WHERE messages.id = ANY($1)
        ), why AS (
            SELECT id, 'the person is told nothing any more' AS reason FROM due WHERE NOT active
            UNION ALL
            SELECT due.id, why_not_told(recipient_id, told.role, stands_in, case_reference, only_case)
            FROM due JOIN message_alerts AS told ON message_id = due.id JOIN alerts ON alerts.id = alert_id
            UNION ALL
            SELECT due.id, why_not_told(due.recipient_id, NULL, EXISTS (SELECT FROM recipients WHERE deputy_id = due.recipient_id),
                case_reference, only_case)
            FROM due JOIN journal ON message_id = due.id AND what = 'told' JOIN cases ON reference = case_reference
            WHERE kind = 'panel'
        )
        SELECT id AS "id!", min(reason) AS "reason!" FROM why WHERE reason IS NOT NULL GROUP BY id ORDER BY id"#,
        due
    )
    .fetch_all(connection)
    .await
}

/// Cancels messages that must not reach their person, as far as nobody else holds or sends them. Whoever climbs holds alerts and then
/// messages, so they are held in that order here, too.
///
/// # Errors
///
/// The database does not answer.
pub async fn withdraw(connection: &mut PgConnection, withdrawn: &[ToWithdraw], now: Moment) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = withdrawn.iter().map(|message| message.id).collect();
    hold_alerts(connection, &ids).await?;
    let held = sqlx::query_scalar!(
        "-- outbox.hold_withdrawn
        SELECT id FROM messages WHERE id = ANY($1) AND (state = 'queued' OR (state = 'sending' AND leased_until <= $2))
        ORDER BY id FOR UPDATE SKIP LOCKED",
        &ids,
        now.at.to_sqlx() as _
    );
    let held = held.fetch_all(&mut *connection).await?;
    for message in withdrawn.iter().filter(|message| held.contains(&message.id)) {
        sqlx::query!(
            "-- outbox.lose_attempt
            UPDATE message_attempts SET outcome = 'unknown', settled_at = $2, reply = 'the worker that held it was lost'
            WHERE message_id = $1 AND outcome IS NULL",
            message.id,
            now.at.to_sqlx() as _
        )
        .execute(&mut *connection)
        .await?;
        gathering::cancel(connection, message.id, &message.reason, now).await?;
    }
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

/// Claims messages that are due and held. One whose lease ran out is taken over, and the attempt that held it is put on record as of
/// unknown outcome.
///
/// # Errors
///
/// The database does not answer.
pub async fn claim(connection: &mut PgConnection, due: &[Uuid], now: Timestamp) -> Result<Vec<Claimed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- outbox.claim
        WITH due AS (
            SELECT id FROM messages
            WHERE id = ANY($2) AND (state = 'queued' OR (state = 'sending' AND leased_until <= $1))
            FOR UPDATE
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
        due,
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

/// How an attempt ended.
pub struct Ended<'a> {
    /// What became of it.
    pub outcome: AttemptOutcome,
    /// What the mail server said, or what went wrong.
    pub reply: &'a str,
    /// What the journal calls it.
    pub what: What,
    /// What is to become of the message.
    pub fate: Fate<'a>,
}

/// Puts an attempt on record; and journals it and decides the message, if this attempt still holds it. False where another took over.
/// It is one statement, so that it is done whole or not at all.
///
/// # Errors
///
/// The database does not answer.
pub async fn settle(
    connection: &mut PgConnection,
    claimed: &Claimed,
    ended: &Ended<'_>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let (state, next_attempt_at, reason) = match ended.fate {
        Fate::Sent => ("sent", None, None),
        Fate::TryAgain(at) => ("queued", Some(at.to_sqlx()), None),
        Fate::Dead(reason) => ("dead", None, Some(reason)),
    };
    let settled = sqlx::query!(
        "-- outbox.settle
        WITH recorded AS (
            UPDATE message_attempts SET settled_at = $3, outcome = $4, reply = $5 WHERE message_id = $1 AND attempt = $2
        ), decided AS (
            UPDATE messages SET state = $7, leased_until = NULL, next_attempt_at = coalesce($8, next_attempt_at), reason = $9,
                settled_at = CASE WHEN $7 = 'queued' THEN NULL ELSE $3::timestamptz END
            WHERE id = $1 AND attempts = $2 AND state = 'sending'
            RETURNING id
        )
        INSERT INTO journal (at, what, message_id, reason) SELECT $3, $6, id, $5 FROM decided",
        claimed.id,
        claimed.attempt,
        now.to_sqlx() as _,
        ended.outcome.code(),
        ended.reply,
        ended.what.code(),
        state,
        next_attempt_at as _,
        reason
    );
    Ok(settled.execute(connection).await?.rows_affected() == 1)
}

/// Queues dead messages again, as they are to the byte: one, or all of them. Returns which.
///
/// # Errors
///
/// The database does not answer.
pub async fn replay(connection: &mut PgConnection, id: Option<Uuid>, now: Timestamp) -> Result<Vec<Uuid>, sqlx::Error> {
    let replayed = sqlx::query_scalar!(
        "-- outbox.replay
        UPDATE messages SET state = 'queued', next_attempt_at = $2, give_up_at = $3, settled_at = NULL, reason = NULL
        WHERE state = 'dead' AND erased_at IS NULL AND ($1::uuid IS NULL OR id = $1)
        RETURNING id",
        id,
        now.to_sqlx() as _,
        delivery::give_up_at(now).to_sqlx() as _
    );
    let replayed = replayed.fetch_all(&mut *connection).await?;
    announce(connection).await?;
    Ok(replayed)
}

/// What is known of messages that a mail server has taken on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOn {
    /// How many waited, and are on record as sent now.
    pub settled: usize,
    /// How many were on record as sent before.
    pub before: usize,
    /// How many are in no outbox: they were made after the copy that the database was restored from.
    pub unknown: usize,
}

/// Puts messages that wait on record as sent, because the mail server has taken them on: the database was restored from a copy that was
/// made before. An attempt that holds one is fenced off.
///
/// # Errors
///
/// The database does not answer.
pub async fn taken_on(connection: &mut PgConnection, messages: &[Uuid], now: Timestamp) -> Result<TakenOn, sqlx::Error> {
    let found = sqlx::query!(
        r#"-- outbox.taken_on
        WITH waiting AS (
            SELECT id FROM messages WHERE id = ANY($1) AND state IN ('queued', 'sending') ORDER BY id FOR UPDATE
        ), lost AS (
            UPDATE message_attempts SET outcome = 'unknown', settled_at = $2, reply = 'the database was restored from a copy'
            FROM waiting WHERE message_id = id AND outcome IS NULL
        ), settled AS (
            UPDATE messages SET state = 'sent', attempts = attempts + 1, leased_until = NULL, settled_at = $2, reason = NULL
            FROM waiting WHERE messages.id = waiting.id RETURNING messages.id, attempts
        ), numbered AS (
            INSERT INTO message_attempts (message_id, attempt, claimed_at, settled_at, outcome, reply)
            SELECT id, attempts, $2, $2, 'accepted', $3 FROM settled
        ), noted AS (
            INSERT INTO journal (at, what, message_id, reason) SELECT $2, $4, id, $3 FROM settled
        )
        SELECT (SELECT count(*) FROM waiting) AS "settled!", count(*) FILTER (WHERE state = 'sent') AS "before!", count(*) AS "known!"
        FROM messages WHERE id = ANY($1)"#,
        messages,
        now.to_sqlx() as _,
        "taken on before the database was restored: an operator saw it in the mail server's log",
        What::MessageAccepted.code()
    );
    let found = found.fetch_one(connection).await?;
    let number = |count: i64| usize::try_from(count).unwrap_or_default();
    let unknown = messages.len().saturating_sub(number(found.known));
    Ok(TakenOn { settled: number(found.settled), before: number(found.before), unknown })
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

/// What a message says, as operators see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its bytes, once they are fixed.
    pub body: Option<Vec<u8>>,
    /// When they were erased.
    pub erased_at: Option<jiff_sqlx::Timestamp>,
}

/// What a message says, and its attempts; absent where there is no such message.
///
/// # Errors
///
/// The database does not answer.
pub async fn show(connection: &mut PgConnection, id: Uuid) -> Result<Option<(Shown, Vec<Attempt>)>, sqlx::Error> {
    let shown = sqlx::query_as!(
        Shown,
        r#"-- outbox.show
        SELECT body, erased_at AS "erased_at: jiff_sqlx::Timestamp" FROM messages WHERE id = $1"#,
        id
    );
    let Some(shown) = shown.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let attempts = sqlx::query_as!(
        Attempt,
        "-- outbox.attempts
        SELECT attempt, claimed_at, settled_at, outcome, reply FROM message_attempts WHERE message_id = $1 ORDER BY attempt",
        id
    );
    Ok(Some((shown, attempts.fetch_all(connection).await?)))
}
