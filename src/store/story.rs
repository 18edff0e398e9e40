//! The story of one alert: where it stands on its ladder, which rungs it climbed, who was told, what the mail server said, and what
//! the journal keeps of it.

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::told::Addressee;
use super::{day, known};
use crate::domain::ladder::TurnedBy;
use crate::domain::policy::{Delivery, Role};

/// Where an alert stands on its ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which turn of the alert this is, from 1.
    pub turn: i32,
    /// What began it.
    pub turned_by: TurnedBy,
    /// The rung that comes next while nobody acts.
    pub next_rung: Option<NextRung>,
    /// Whether a birth could be worked out from its days.
    pub gives_a_birth_away: bool,
}

/// A rung that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextRung {
    /// Who is told.
    pub role: Role,
    /// From which day on.
    pub on: Date,
    /// How.
    pub deliver: Delivery,
}

/// Where an alert stands.
///
/// # Errors
///
/// The database does not answer, has no such alert, or holds a word that is not known here.
pub async fn standing(connection: &mut PgConnection, alert: Uuid) -> Result<Standing, sqlx::Error> {
    let row = sqlx::query!(
        "-- story.standing
        SELECT turn, turned_by, next_rung_on, next_rung_role, next_rung_deliver, gives_a_birth_away FROM alerts WHERE id = $1",
        alert
    )
    .fetch_one(connection)
    .await?;
    let role = row.next_rung_role.map(|role| known(Role::from_code(&role), "alerts.next_rung_role")).transpose()?;
    let deliver = row.next_rung_deliver.map(|how| known(Delivery::from_code(&how), "alerts.next_rung_deliver")).transpose()?;
    let next_rung = day(row.next_rung_on).zip(role).zip(deliver);
    Ok(Standing {
        turn: row.turn,
        turned_by: known(TurnedBy::from_code(&row.turned_by), "alerts.turned_by")?,
        next_rung: next_rung.map(|((on, role), deliver)| NextRung { role, on, deliver }),
        gives_a_birth_away: row.gives_a_birth_away,
    })
}

/// A rung that is behind an alert.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, by their names")]
pub struct Rung {
    pub turn: i32,
    pub role: String,
    pub due_on: jiff_sqlx::Date,
    pub climbed_at: jiff_sqlx::Timestamp,
    pub outcome: String,
}

/// The rungs that an alert has climbed, in the order in which it did.
///
/// # Errors
///
/// The database does not answer.
pub async fn rungs(connection: &mut PgConnection, alert: Uuid) -> Result<Vec<Rung>, sqlx::Error> {
    sqlx::query_as!(
        Rung,
        "-- story.rungs
        SELECT turn, role, due_on, climbed_at, outcome FROM alert_rungs WHERE alert_id = $1 ORDER BY turn, climbed_at, due_on, role",
        alert
    )
    .fetch_all(connection)
    .await
}

/// A message that tells a person of an alert.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Which message.
    pub message: Uuid,
    /// What kind of message.
    pub kind: String,
    /// The role as which the person is told.
    pub role: String,
    /// Whether they stand in for somebody in it.
    pub stands_in: bool,
    /// Who.
    pub recipient: i64,
    /// The same, by name and address.
    pub addressee: Addressee,
    /// What became of the message, in its code.
    pub state: String,
    /// Since when it gathers.
    pub created_at: Timestamp,
    /// Its attempts, in their order.
    pub attempts: Vec<Attempt>,
}

/// An attempt to send a message.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, by their names")]
pub struct Attempt {
    pub message: Uuid,
    pub attempt: i32,
    pub claimed_at: jiff_sqlx::Timestamp,
    pub settled_at: Option<jiff_sqlx::Timestamp>,
    pub outcome: Option<String>,
    pub reply: Option<String>,
}

/// The messages that tell of an alert, the oldest first.
///
/// # Errors
///
/// The database does not answer.
pub async fn tellings(connection: &mut PgConnection, alert: Uuid) -> Result<Vec<Telling>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- story.tellings
        SELECT messages.id, kind, coalesce(message_alerts.role, recipients.role) AS "role!", stands_in, recipient_id, to_address,
            name, state, created_at
        FROM message_alerts
        JOIN messages ON messages.id = message_id
        JOIN recipients ON recipients.id = recipient_id
        WHERE alert_id = $1 ORDER BY created_at, messages.id"#,
        alert
    )
    .fetch_all(&mut *connection)
    .await?;
    let attempts = attempts(connection, alert).await?;
    let of_message = |id| attempts.iter().filter(|attempt| attempt.message == id).cloned().collect();
    Ok(rows
        .into_iter()
        .map(|row| Telling {
            message: row.id,
            kind: row.kind,
            role: row.role,
            stands_in: row.stands_in,
            recipient: row.recipient_id,
            addressee: Addressee { address: row.to_address, name: row.name },
            state: row.state,
            created_at: row.created_at.to_jiff(),
            attempts: of_message(row.id),
        })
        .collect())
}

async fn attempts(connection: &mut PgConnection, alert: Uuid) -> Result<Vec<Attempt>, sqlx::Error> {
    sqlx::query_as!(
        Attempt,
        r#"-- story.attempts
        SELECT message_id AS message, attempt, claimed_at, settled_at, outcome, reply
        FROM message_attempts JOIN message_alerts USING (message_id)
        WHERE alert_id = $1 ORDER BY message_id, attempt"#,
        alert
    )
    .fetch_all(connection)
    .await
}

/// What the journal keeps of an alert.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When.
    pub at: Timestamp,
    /// What was decided or done, in its code.
    pub what: String,
    /// Why.
    pub reason: Option<String>,
    /// The number of the person that it is about.
    pub recipient: Option<i64>,
    /// The message that it is about.
    pub message: Option<Uuid>,
    /// Whom that message is for.
    pub addressee: Option<Addressee>,
}

/// The journal of an alert, the oldest entry first.
///
/// # Errors
///
/// The database does not answer.
pub async fn journal(connection: &mut PgConnection, alert: Uuid) -> Result<Vec<Kept>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- story.journal
        SELECT at, what, journal.reason, journal.recipient_id, message_id, to_address, name AS "name?"
        FROM journal
        LEFT JOIN messages ON messages.id = message_id
        LEFT JOIN recipients ON recipients.id = messages.recipient_id
        WHERE alert_id = $1 ORDER BY journal.id"#,
        alert
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Kept {
            at: row.at.to_jiff(),
            what: row.what,
            reason: row.reason,
            recipient: row.recipient_id,
            message: row.message_id,
            addressee: row.name.map(|name| Addressee { address: row.to_address, name }),
        })
        .collect())
}
