//! The journal of every decision, with its reason. It is only ever added to; the database refuses anything else.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
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
        /// It was resolved.
        AlertResolved = "alert_resolved",
        /// A person is told.
        Told = "told",
        /// Nobody is told, for a reason.
        NotTold = "not_told",
        /// A case could not be judged and was put off.
        CasePostponed = "case_postponed",
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
        /// A message will not be sent.
        MessageCancelled = "message_cancelled",
        /// Somebody was added to the recipients, or taken from them.
        RecipientsChanged = "recipients_changed",
    }
}

/// One entry.
#[derive(Clone, Debug, Default)]
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
