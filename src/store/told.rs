//! What was decided about one case on a day, whom it was told to, and what the mail server said.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

/// The moments of a day: from its first, up to but not including the first of the next.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// The first.
    pub from: Timestamp,
    /// The first after it.
    pub until: Timestamp,
}

/// When the last sweep that ended on a day did; absent where none ended on it, as far back as runs are kept.
///
/// # Errors
///
/// The database does not answer.
pub async fn last_sweep(connection: &mut PgConnection, day: Moments) -> Result<Option<Timestamp>, sqlx::Error> {
    let last = sqlx::query_scalar!(
        "-- told.last_sweep
        SELECT max(finished_at) FROM job_runs WHERE job = 'sweep' AND finished_at >= $1 AND finished_at < $2",
        day.from.to_sqlx() as _,
        day.until.to_sqlx() as _
    );
    Ok(last.fetch_one(connection).await?.map(jiff_sqlx::Timestamp::to_jiff))
}

/// An entry of the journal, with what it is about.
#[derive(Clone, Debug)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// What was decided or done, in its code.
    pub what: String,
    /// The alert that it is about, with the code of its rule and its subject.
    pub alert: Option<(Uuid, String, String)>,
    /// The message that it is about.
    pub message: Option<Uuid>,
    /// The number of the person that it is about.
    pub recipient: Option<i64>,
    /// The code of the role as which the person is told.
    pub role: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Every decision of a day about a case, its alerts and the messages that tell of them, in order. Of a message that tells of other
/// cases, too, nothing is told but what became of it.
///
/// # Errors
///
/// The database does not answer.
pub async fn decisions(connection: &mut PgConnection, case: &str, day: Moments) -> Result<Vec<Decision>, sqlx::Error> {
    // Three ways to an entry, each by its own index: one condition with OR would read the whole journal.
    let rows = sqlx::query!(
        r#"-- told.decisions
        WITH own_alerts AS (
            SELECT id FROM alerts WHERE case_reference = $1
        ), own_messages AS (
            SELECT message_id FROM message_alerts JOIN own_alerts ON own_alerts.id = alert_id
            UNION
            SELECT message_id FROM journal WHERE case_reference = $1 AND message_id IS NOT NULL
        ), entries AS (
            SELECT id FROM journal WHERE case_reference = $1
            UNION
            SELECT journal.id FROM own_alerts JOIN journal ON journal.alert_id = own_alerts.id
            UNION
            SELECT journal.id FROM own_messages JOIN journal USING (message_id)
            WHERE journal.case_reference IS NULL AND journal.alert_id IS NULL
        )
        SELECT journal.at, journal.what, journal.alert_id, alerts.rule AS "rule?", alerts.subject AS "subject?", journal.message_id,
            journal.recipient_id, coalesce(told_as.role, recipients.role) AS role, journal.reason
        FROM entries JOIN journal USING (id)
        LEFT JOIN alerts ON alerts.id = journal.alert_id
        LEFT JOIN message_alerts AS told_as ON (told_as.message_id, told_as.alert_id) = (journal.message_id, journal.alert_id)
        LEFT JOIN recipients ON recipients.id = journal.recipient_id
        WHERE journal.at >= $2 AND journal.at < $3
        ORDER BY journal.id"#,
        case,
        day.from.to_sqlx() as _,
        day.until.to_sqlx() as _
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .map(|row| Decision {
            at: row.at.to_jiff(),
            what: row.what,
            alert: row.alert_id.zip(row.rule).zip(row.subject).map(|((id, rule), subject)| (id, rule, subject)),
            message: row.message_id,
            recipient: row.recipient_id,
            role: row.role,
            reason: row.reason,
        })
        .collect())
}

/// Whom a message is for. It is for nobody to see: only what others say is searched for it.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// Where the message goes, once that is fixed.
    pub address: Option<String>,
    /// The name of the person.
    pub name: String,
}

/// A message, with every attempt to send it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Which.
    pub id: Uuid,
    /// Its kind, in its code.
    pub kind: String,
    /// What has become of it, in its code.
    pub state: String,
    /// Why, where it is dead or cancelled.
    pub reason: Option<String>,
    /// The number of the person it is for.
    pub recipient: i64,
    /// The code of the person's role.
    pub role: String,
    /// Whom it is for, by name and address.
    pub addressee: Addressee,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its bytes were fixed.
    pub sealed_at: Option<Timestamp>,
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
}

/// One attempt to send a message.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// From 1.
    pub number: i32,
    /// When it began.
    pub began_at: Timestamp,
    /// When its outcome was known.
    pub settled_at: Option<Timestamp>,
    /// The outcome, in its code.
    pub outcome: Option<String>,
    /// What the mail server said.
    pub reply: Option<String>,
}

/// Messages in the order in which they were begun.
///
/// # Errors
///
/// The database does not answer.
pub async fn messages(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Message>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- told.messages
        SELECT messages.id, kind, state, reason, recipient_id, role, to_address, name, created_at, sealed_at
        FROM messages JOIN recipients ON recipients.id = messages.recipient_id
        WHERE messages.id = ANY($1) ORDER BY created_at, messages.id",
        ids
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let attempts = attempts(connection, ids).await?;
    let of_message = |id| attempts.iter().filter(|(message, _)| *message == id).map(|(_, attempt)| attempt.clone()).collect();
    Ok(rows
        .into_iter()
        .map(|row| Message {
            attempts: of_message(row.id),
            id: row.id,
            kind: row.kind,
            state: row.state,
            reason: row.reason,
            recipient: row.recipient_id,
            role: row.role,
            addressee: Addressee { address: row.to_address, name: row.name },
            created_at: row.created_at.to_jiff(),
            sealed_at: row.sealed_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

async fn attempts(connection: &mut PgConnection, messages: &[Uuid]) -> Result<Vec<(Uuid, Attempt)>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- told.attempts
        SELECT message_id, attempt, claimed_at, settled_at, outcome, reply FROM message_attempts
        WHERE message_id = ANY($1) ORDER BY message_id, attempt",
        messages
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .map(|row| {
            let attempt = Attempt {
                number: row.attempt,
                began_at: row.claimed_at.to_jiff(),
                settled_at: row.settled_at.map(jiff_sqlx::Timestamp::to_jiff),
                outcome: row.outcome,
                reply: row.reply,
            };
            (row.message_id, attempt)
        })
        .collect())
}
