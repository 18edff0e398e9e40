//! Messages on their way to being whole: news is gathered for a person, what must not be told is held back, and the bytes are fixed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{known, outbox};
use crate::clock::Moment;
use crate::domain::case::coded;
use crate::domain::delivery;
use crate::domain::policy::Role;
use crate::domain::schedule::Severity;

coded! {
    /// What a message is.
    MessageKind {
        /// Alerts that are told at once.
        Alert = "alert",
        /// The digest of a day.
        Digest = "digest",
        /// The pack for a panel meeting.
        Panel = "panel",
    }
}

/// The message that news for a person goes into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addressed {
    /// To whom.
    pub recipient: i64,
    /// What the message is.
    pub kind: MessageKind,
    /// The case, where it must go singly.
    pub only_case: Option<String>,
}

/// An alert for a person.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The message it goes into.
    pub into: Addressed,
    /// Which alert.
    pub alert: Uuid,
    /// How grave it is.
    pub severity: Severity,
    /// Which turn of the alert.
    pub turn: i32,
    /// The role as which the person is told.
    pub role: Role,
    /// Whether they stand in for somebody in that role.
    pub stands_in: bool,
    /// Whether it is told because nobody before has acted.
    pub escalated: bool,
}

/// Finds the message that gathers for each address, or begins one, all with one statement. Digests and panel packs are for a day.
///
/// # Errors
///
/// The database does not answer, or the person has the message of that kind and day already.
pub async fn begin(
    connection: &mut PgConnection,
    addressed: &BTreeSet<Addressed>,
    for_day: Date,
    now: Timestamp,
) -> Result<BTreeMap<Addressed, Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = addressed.iter().map(|_| Uuid::now_v7()).collect();
    let kinds: Vec<String> = addressed.iter().map(|message| message.kind.code().to_owned()).collect();
    let recipients: Vec<i64> = addressed.iter().map(|message| message.recipient).collect();
    let cases: Vec<Option<String>> = addressed.iter().map(|message| message.only_case.clone()).collect();
    // In one order everywhere, so that two who write to the same people never wait for each other in a circle.
    let begun = sqlx::query!(
        "-- gathering.begin
        INSERT INTO messages AS existing (id, kind, recipient_id, only_case, for_day, created_at)
        SELECT id, kind, recipient, only_case, CASE WHEN kind <> 'alert' THEN $5::date END, $6
        FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[])
            WITH ORDINALITY AS addressed (id, kind, recipient, only_case, place)
        ORDER BY place
        ON CONFLICT (recipient_id, kind, coalesce(only_case, '')) WHERE state = 'gathering'
            DO UPDATE SET created_at = existing.created_at
        RETURNING id, kind, recipient_id, only_case",
        &ids,
        &kinds,
        &recipients,
        &cases as _,
        for_day.to_sqlx() as _,
        now.to_sqlx() as _
    );
    let begun = begun.fetch_all(connection).await?.into_iter().map(|message| {
        let kind = known(MessageKind::from_code(&message.kind), "messages.kind")?;
        Ok((Addressed { recipient: message.recipient_id, kind, only_case: message.only_case }, message.id))
    });
    begun.collect()
}

/// Adds alerts to the messages that gather for people; a restricted case has a message of its own. Returns the message of each.
///
/// # Errors
///
/// The database does not answer, or a person has the digest of that day already.
pub async fn gather(
    connection: &mut PgConnection,
    gathered: &[Gathered],
    for_day: Date,
    now: Timestamp,
) -> Result<BTreeMap<Addressed, Uuid>, sqlx::Error> {
    let messages = begin(connection, &gathered.iter().map(|news| news.into.clone()).collect(), for_day, now).await?;
    let rows: Value = gathered
        .iter()
        .map(|news| {
            json!({"message": messages[&news.into], "alert": news.alert, "severity": news.severity, "turn": news.turn,
                "role": news.role, "stands_in": news.stands_in, "escalated": news.escalated})
        })
        .collect();
    sqlx::query!(
        "-- gathering.gather
        WITH news AS (
            SELECT DISTINCT ON (message, alert, role) * FROM jsonb_to_recordset($1) AS news (
                message uuid, alert uuid, severity text, turn integer, role text, stands_in boolean, escalated boolean
            )
            ORDER BY message, alert, role, stands_in
        )
        INSERT INTO message_alerts AS gathered (message_id, alert_id, severity, turn, role, stands_in, escalated, also_as)
        SELECT DISTINCT ON (message, alert) message, alert, severity, turn, role, stands_in, escalated,
            array_remove(array_agg(role) OVER (PARTITION BY message, alert), role)
        FROM news
        ORDER BY message, alert, stands_in, role
        ON CONFLICT (message_id, alert_id) DO UPDATE SET severity = excluded.severity, turn = excluded.turn,
            role = excluded.role, stands_in = excluded.stands_in, escalated = excluded.escalated,
            also_as = CASE WHEN gathered.turn = excluded.turn
                THEN array_remove(gathered.also_as || gathered.role || excluded.also_as, excluded.role) ELSE excluded.also_as END",
        rows
    )
    .execute(connection)
    .await?;
    Ok(messages)
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
    /// What the message is, in its code.
    pub kind: String,
    /// Whether they are told of anything still.
    pub active: bool,
}

/// The next message of alerts that gathers, after this one.
///
/// # Errors
///
/// The database does not answer.
pub async fn next_gathering(connection: &mut PgConnection, after: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- gathering.next_gathering
        SELECT id FROM messages WHERE state = 'gathering' AND kind = 'alert' AND id > $1 ORDER BY id LIMIT 1",
        after
    )
    .fetch_optional(connection)
    .await
}

/// What came of holding a message that gathers.
#[derive(Clone, Debug)]
pub enum Hold {
    /// It is held, and its alerts are.
    Held(Gathering),
    /// Somebody else holds it, or it gathers no longer.
    Elsewhere,
    /// It has gathered more meanwhile: to be let go, and held again.
    GatheredMore,
}

/// Holds a message of alerts that gathers, and its alerts, until the transaction ends. Whoever climbs holds the alerts first and then
/// adds them to the message, so they are held in that order here, too: else two would wait for each other.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_gathering(connection: &mut PgConnection, message: Uuid) -> Result<Hold, sqlx::Error> {
    let held = outbox::hold_alerts(connection, &[message]).await?;
    let gathering = sqlx::query_as!(
        Gathering,
        "-- gathering.hold_gathering
        SELECT messages.id, recipient_id AS recipient, email, kind, active
        FROM messages JOIN recipients ON recipients.id = messages.recipient_id
        WHERE messages.id = $1 AND state = 'gathering' FOR UPDATE OF messages SKIP LOCKED",
        message
    );
    let Some(gathering) = gathering.fetch_optional(&mut *connection).await? else { return Ok(Hold::Elsewhere) };
    let has_more = sqlx::query_scalar!(
        "-- gathering.has_more
        SELECT EXISTS (SELECT FROM message_alerts WHERE message_id = $1 AND alert_id <> ALL($2)) AS \"more!\"",
        message,
        &held
    );
    Ok(if has_more.fetch_one(connection).await? { Hold::GatheredMore } else { Hold::Held(gathering) })
}

/// Some messages that this transaction has begun.
///
/// # Errors
///
/// The database does not answer.
pub async fn begun(connection: &mut PgConnection, messages: &[Uuid]) -> Result<Vec<Gathering>, sqlx::Error> {
    sqlx::query_as!(
        Gathering,
        "-- gathering.begun
        SELECT messages.id, recipient_id AS recipient, email, kind, active
        FROM messages JOIN recipients ON recipients.id = messages.recipient_id
        WHERE state = 'gathering' AND messages.id = ANY($1) ORDER BY messages.id",
        messages
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

/// Fixes a message as bytes, queues it, and tells the workers that it is waiting.
///
/// # Errors
///
/// The database does not answer.
pub async fn seal(connection: &mut PgConnection, sealed: &Sealed<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- gathering.seal
        WITH sealed AS (
            UPDATE messages SET state = 'queued', sealed_at = $2, from_address = $3, to_address = $4, subject = $5, body = $6,
                next_attempt_at = $2, give_up_at = $7
            WHERE id = $1 AND state = 'gathering'
            RETURNING id
        )
        SELECT pg_notify($8, '')::text AS told FROM sealed",
        sealed.id,
        now.to_sqlx() as _,
        sealed.from,
        sealed.to,
        sealed.subject,
        sealed.bytes,
        delivery::give_up_at(now).to_sqlx() as _,
        outbox::CHANNEL
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// Takes out of a message what must no longer be told to this person: alerts that are not open any more or have come to another
/// turn, and cases that have become restricted or another team's since. Its rung is due again where nobody else is told on it.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_back(connection: &mut PgConnection, message: Uuid, now: Moment) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- gathering.hold_back
        WITH judged AS (
            SELECT alert_id, case_reference, recipient_id, CASE
                WHEN alerts.state <> 'open' THEN 'the alert is not open any more'
                WHEN alerts.turn <> gathered.turn THEN 'the alert has come to another turn'
                ELSE why_not_told(recipient_id, gathered.role, stands_in, case_reference, only_case)
            END AS why
            FROM message_alerts AS gathered JOIN messages ON messages.id = message_id JOIN alerts ON alerts.id = alert_id
            WHERE message_id = $1
        ), held_back AS (
            DELETE FROM message_alerts AS gathered USING judged
            WHERE message_id = $1 AND gathered.alert_id = judged.alert_id AND why IS NOT NULL
            RETURNING gathered.alert_id, turn, array_append(also_as, role) AS roles, case_reference, recipient_id, why
        ), noted AS (
            INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason)
            SELECT $2, 'not_told', case_reference, alert_id, $1, recipient_id, concat_ws(': ', replace(told_as, '_', ' '), why)
            FROM held_back, unnest(roles) AS told_as
        )
        SELECT untell(alert_id, turn, told_as, $1, $3) FROM held_back, unnest(roles) AS told_as",
        message,
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Takes alerts out of a message that do not fit into it. Their rungs are due again, at once or with the next digest, also where
/// somebody else is told on them: whoever was told already is not told twice.
///
/// # Errors
///
/// The database does not answer.
pub async fn leave_for_the_next(
    connection: &mut PgConnection,
    message: Uuid,
    alerts: &[Uuid],
    now: Moment,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- gathering.leave_for_the_next
        WITH left_out AS (
            DELETE FROM message_alerts AS gathered USING messages, alerts
            WHERE message_id = $1 AND messages.id = message_id AND alert_id = ANY($2) AND alerts.id = alert_id
            RETURNING alert_id, gathered.turn, array_append(also_as, role) AS roles, case_reference, recipient_id,
                CASE kind WHEN 'digest' THEN 'digest' ELSE 'immediate' END AS told_by
        ), noted AS (
            INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason)
            SELECT $3, 'not_told', case_reference, alert_id, $1, recipient_id,
                concat_ws(': ', replace(told_as, '_', ' '), 'beyond what one mail names: told in the next mail')
            FROM left_out, unnest(roles) AS told_as
        )
        SELECT take_rung_back(alert_id, turn, told_as, told_by, $4) FROM left_out, unnest(roles) AS told_as",
        message,
        alerts,
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Cancels a message that has not left, for a reason; the rungs of its alerts are due again where nobody else is told on them.
///
/// # Errors
///
/// The database does not answer.
pub async fn cancel(connection: &mut PgConnection, id: Uuid, reason: &str, now: Moment) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- gathering.cancel
        WITH cancelled AS (
            UPDATE messages SET state = 'cancelled', reason = $2, settled_at = $3, leased_until = NULL
            WHERE id = $1 AND state IN ('gathering', 'queued', 'sending')
            RETURNING id, recipient_id
        ), taken_back AS (
            SELECT alert_id, told.turn, told_as, case_reference, recipient_id
            FROM cancelled JOIN message_alerts AS told ON message_id = cancelled.id JOIN alerts ON alerts.id = alert_id,
                unnest(array_append(also_as, role)) AS told_as
        ), noted AS (
            INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason)
            SELECT $3, 'not_told', case_reference, alert_id, $1, recipient_id, concat_ws(': ', replace(told_as, '_', ' '), $2)
            FROM taken_back
        ), entered AS (
            INSERT INTO journal (at, what, message_id, recipient_id, reason)
            SELECT $3, 'message_cancelled', id, recipient_id, $2 FROM cancelled
        )
        SELECT untell(alert_id, turn, told_as, $1, $4) FROM taken_back",
        id,
        reason,
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
