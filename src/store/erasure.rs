//! Takes away for good what is kept of a case, and old records: through the two functions that the database lets do it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{day, gathering, outbox};
use crate::clock::Moment;
use crate::domain::case::coded;
use crate::domain::retention::Standing;

/// A case whose time is over, as far as its own dates say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlived {
    /// Which case.
    pub reference: String,
    /// The last day on which anything about it was concluded; the day it was deleted on, where only its history is kept.
    pub concluded_on: Date,
    /// Whether it is still there: of a case that somebody deleted, its history is kept.
    pub is_there: bool,
}

/// The next cases that were concluded before a day, in the order of their references.
///
/// # Errors
///
/// The database does not answer.
pub async fn outlived(
    connection: &mut PgConnection,
    before: Date,
    today: Date,
    after: &str,
    at_most: i64,
) -> Result<Vec<Outlived>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- erasure.outlived
        SELECT reference AS "reference!", over_on AS "over_on!: jiff_sqlx::Date", is_there AS "is_there!" FROM (
            SELECT reference, concluded_on(cases, $2) AS over_on, true AS is_there FROM cases
            UNION ALL
            SELECT case_reference, max((changed_at AT TIME ZONE 'Europe/London')::date), false FROM case_history
            WHERE fact_table = 'cases' AND new_value IS NULL AND NOT EXISTS (SELECT FROM cases WHERE reference = case_reference)
            GROUP BY case_reference
        ) AS over
        WHERE over_on < $1 AND reference > $3 ORDER BY reference LIMIT $4"#,
        before.to_sqlx() as _,
        today.to_sqlx() as _,
        after,
        at_most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .map(|row| Outlived { reference: row.reference, concluded_on: row.over_on.to_jiff(), is_there: row.is_there })
        .collect())
}

/// Holds a case until the transaction ends, against sweeps and against whoever writes its facts; false where somebody else holds it,
/// absent where it is not there.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold(connection: &mut PgConnection, reference: &str) -> Result<Option<bool>, sqlx::Error> {
    let held = sqlx::query_scalar!(
        r#"-- erasure.hold
        WITH held AS (
            SELECT reference FROM case_watch JOIN cases ON reference = case_reference WHERE reference = $1 FOR UPDATE SKIP LOCKED
        )
        SELECT EXISTS (SELECT FROM held) AS "held!" FROM cases WHERE reference = $1"#,
        reference
    );
    held.fetch_optional(connection).await
}

/// How it stands with a case; absent where it is not there.
///
/// # Errors
///
/// The database does not answer.
pub async fn standing(connection: &mut PgConnection, reference: &str, today: Date) -> Result<Option<Standing>, sqlx::Error> {
    let row = sqlx::query!(
        r#"-- erasure.standing
        SELECT
            concluded_on(c, $2) AS "concluded_on: jiff_sqlx::Date",
            CASE WHEN outcome = 'step_down' THEN step_decision_on END AS "step_down_on: jiff_sqlx::Date",
            (SELECT count(*) FROM alerts WHERE case_reference = c.reference AND state <> 'resolved') AS "unresolved!",
            (
                SELECT count(*) FROM messages
                WHERE id IN (SELECT messages_about(c.reference)) AND state IN ('gathering', 'queued', 'sending')
            ) AS "under_way!",
            ARRAY(
                SELECT coalesce(live.started_on::text, '') FROM cases AS live
                WHERE live.family_reference = c.family_reference AND live.reference <> c.reference
                    AND concluded_on(live, $2) IS NULL
            ) AS "live_starts!"
        FROM cases AS c WHERE reference = $1"#,
        reference,
        today.to_sqlx() as _
    );
    Ok(row.fetch_optional(connection).await?.map(|row| Standing {
        concluded_on: day(row.concluded_on),
        unresolved: row.unresolved,
        under_way: row.under_way,
        step_down_on: day(row.step_down_on),
        live_starts: row.live_starts.iter().map(|start| start.parse().ok()).collect(),
    }))
}

/// Cancels every message about a case that has not left; those to tell of other cases are told again. False, and nothing is
/// cancelled, where the mail server is being given one at this moment.
///
/// # Errors
///
/// The database does not answer.
pub async fn stop_messages(connection: &mut PgConnection, reference: &str, now: Moment) -> Result<bool, sqlx::Error> {
    let about = sqlx::query_scalar!(
        r#"-- erasure.messages_under_way
        SELECT id FROM messages WHERE id IN (SELECT messages_about($1)) AND state IN ('gathering', 'queued', 'sending')"#,
        reference
    );
    let about = about.fetch_all(&mut *connection).await?;
    // Whoever climbs holds alerts and then messages.
    outbox::hold_alerts(connection, &about).await?;
    let under_way = sqlx::query!(
        r#"-- erasure.stop_messages
        SELECT id, leased_until > $2 AS is_leaving FROM messages
        WHERE id IN (SELECT messages_about($1)) AND state IN ('gathering', 'queued', 'sending') ORDER BY id FOR UPDATE"#,
        reference,
        now.at.to_sqlx() as _
    );
    let under_way = under_way.fetch_all(&mut *connection).await?;
    if under_way.iter().any(|message| message.is_leaving == Some(true)) {
        return Ok(false);
    }
    let messages: Vec<Uuid> = under_way.into_iter().map(|message| message.id).collect();
    for message in messages {
        gathering::cancel(connection, message, "a case in it is erased", now).await?;
    }
    Ok(true)
}

/// Why a case is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    /// Its time is over.
    Policy,
    /// Somebody asked for it, for this reason.
    Request(&'a str),
}

/// How many rows went, of each table.
pub type Rows = BTreeMap<String, i64>;

/// Erases a case, whatever stands against it but messages that have not left, and keeps a line of it.
///
/// # Errors
///
/// The database does not answer, or a message about the case has not left.
pub async fn erase(
    connection: &mut PgConnection,
    reference: &str,
    cause: Cause<'_>,
    policy_version: Option<i64>,
    at: Timestamp,
) -> Result<Rows, sqlx::Error> {
    let (cause, reason) = match cause {
        Cause::Policy => ("policy", None),
        Cause::Request(reason) => ("request", Some(reason)),
    };
    let rows = sqlx::query_scalar!(
        r#"-- erasure.erase
        SELECT erase_case($1, $2, $3, $4, $5) AS "rows!: sqlx::types::Json<Rows>""#,
        reference,
        cause,
        policy_version,
        reason,
        at.to_sqlx() as _
    );
    Ok(rows.fetch_one(connection).await?.0)
}

coded! {
    /// What goes by its age.
    OldRecords {
        /// Who read and changed what over the API.
        Audit = "api_audit",
        /// The bytes of messages.
        MessageBytes = "messages",
        /// Entries of the journal that are about no case.
        Journal = "journal",
    }
}

/// Erases at most so many old records from before a moment, and keeps a line of it; how many.
///
/// # Errors
///
/// The database does not answer.
pub async fn erase_old(
    connection: &mut PgConnection,
    records: OldRecords,
    before: Timestamp,
    at_most: i32,
    policy_version: i64,
    at: Timestamp,
) -> Result<i64, sqlx::Error> {
    let gone = sqlx::query_scalar!(
        r#"-- erasure.erase_old
        SELECT erase_old($1, $2, $3, $4, $5) AS "gone!""#,
        records.code(),
        before.to_sqlx() as _,
        at_most,
        policy_version,
        at.to_sqlx() as _
    );
    gone.fetch_one(connection).await
}
