//! The journal of every decision, with its reason. It is only ever added to; the database refuses anything else.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::case::coded;

coded! {
    /// What was decided or done.
    What {
        /// An alert was opened.
        AlertOpened = "alert_opened",
        /// Its severity rose.
        AlertRaised = "alert_raised",
        /// Its severity fell.
        AlertLowered = "alert_lowered",
        /// Somebody said what will be done about it, and until when it waits.
        AlertAcknowledged = "alert_acknowledged",
        /// Somebody put it off.
        AlertSnoozed = "alert_snoozed",
        /// It was resolved.
        AlertResolved = "alert_resolved",
        /// A pause has ended and the finding still holds.
        AlertReopened = "alert_reopened",
        /// A person is told.
        Told = "told",
        /// Nobody is told, for a reason.
        NotTold = "not_told",
        /// A digest or a panel pack was not made on its day, for a reason.
        MailMissed = "mail_missed",
        /// A case could not be judged and was put off.
        CasePostponed = "case_postponed",
        /// What was kept of a case was wrong, and is put right.
        HintRepaired = "hint_repaired",
        /// Another policy is in force.
        PolicyChanged = "policy_changed",
        /// The mail server accepted a message.
        MessageAccepted = "message_accepted",
        /// A message could not be delivered yet.
        MessageDelayed = "message_delayed",
        /// A message was handed over and the answer was lost.
        MessageOutcomeUnknown = "message_outcome_unknown",
        /// A message will not be tried again.
        MessageDead = "message_dead",
        /// A dead message is queued again.
        MessageReplayed = "message_replayed",
        /// A message will not be sent.
        MessageCancelled = "message_cancelled",
        /// Somebody was added to the recipients, or taken from them.
        RecipientsChanged = "recipients_changed",
    }
}

impl What {
    /// Whether the reason of such an entry is what a mail server said.
    #[must_use]
    pub fn quotes_a_mail_server(self) -> bool {
        matches!(self, Self::MessageAccepted | Self::MessageDelayed | Self::MessageOutcomeUnknown | Self::MessageDead)
    }
}

/// One entry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// The case that it is about.
    pub case: Option<&'a str>,
    /// The alert that it is about.
    pub alert: Option<Uuid>,
    /// The message that it is about.
    pub message: Option<Uuid>,
    /// The person that it is about.
    pub recipient: Option<i64>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Adds an entry.
///
/// # Errors
///
/// The database does not answer.
pub async fn add(connection: &mut PgConnection, now: Timestamp, what: What, entry: Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- journal.add
        INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        now.to_sqlx() as _,
        what.code(),
        entry.case,
        entry.alert,
        entry.message,
        entry.recipient,
        entry.reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many hints were repaired since a moment.
///
/// # Errors
///
/// The database does not answer.
pub async fn count_repaired(connection: &mut PgConnection, since: Timestamp) -> Result<usize, sqlx::Error> {
    let repaired = sqlx::query_scalar!(
        "-- journal.count_repaired\nSELECT count(*) AS \"repaired!\" FROM journal WHERE what = 'hint_repaired' AND at >= $1",
        since.to_sqlx() as _
    );
    Ok(usize::try_from(repaired.fetch_one(connection).await?).unwrap_or(usize::MAX))
}

/// An entry of many, with a reason of its own.
#[derive(Clone, Debug)]
pub struct ToAdd {
    /// What was decided or done.
    pub what: What,
    /// The case that it is about.
    pub case: String,
    /// The alert that it is about.
    pub alert: Option<Uuid>,
    /// The message that it is about.
    pub message: Option<Uuid>,
    /// The person that it is about.
    pub recipient: Option<i64>,
    /// Why.
    pub reason: String,
}

/// Adds many entries, in order.
///
/// # Errors
///
/// The database does not answer.
pub async fn add_all(connection: &mut PgConnection, now: Timestamp, entries: &[ToAdd]) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows: Value = entries
        .iter()
        .map(|entry| {
            json!({"what": entry.what, "case": entry.case, "alert": entry.alert, "message": entry.message,
                "recipient": entry.recipient, "reason": entry.reason})
        })
        .collect();
    sqlx::query!(
        "-- journal.add_all
        INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason)
        SELECT $2, what, \"case\", alert, message, recipient, reason
        FROM ROWS FROM (jsonb_to_recordset($1) AS (what text, \"case\" text, alert uuid, message uuid, recipient bigint, reason text))
            WITH ORDINALITY AS entry (what, \"case\", alert, message, recipient, reason, place)
        ORDER BY place",
        rows,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
