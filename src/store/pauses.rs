//! Alerts that are put aside: by whom, why and until when. Putting one aside takes the lock of its row before anything else, so that
//! no rung of its ladder, which is claimed under the same lock while the alert is open, fires after that.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::alert_list::AlertState;
use super::journal::{self, Entry, What};
use super::known;
use crate::clock::Moment;
use crate::domain::calendar::in_words;
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::policy::Role;

/// Who puts an alert aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A person, by the link of a mail.
    Recipient(i64),
    /// The bearer of a token, over the API.
    Token(i64),
    /// A person who signed in, over the API.
    Person(i64),
}

impl By {
    /// The recipient's number, where it is one.
    #[must_use]
    pub fn recipient(self) -> Option<i64> {
        if let Self::Recipient(id) = self { Some(id) } else { None }
    }

    /// The token's number, where it is a token.
    #[must_use]
    pub fn token(self) -> Option<i64> {
        if let Self::Token(id) = self { Some(id) } else { None }
    }

    /// The number of the person who signed in, where it is one.
    #[must_use]
    pub fn person(self) -> Option<i64> {
        if let Self::Person(id) = self { Some(id) } else { None }
    }
}

/// A pause to be made. Its texts are plain, its day is one of [`crate::domain::pause::UntilDays`]; both are the caller's to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPause {
    /// Which alert.
    pub alert: Uuid,
    /// Which turn of it the person was looking at, where that is known.
    pub turn: Option<i32>,
    /// How it is put aside.
    pub kind: PauseKind,
    /// By whom.
    pub by: By,
    /// What will be done, or why it must wait.
    pub reason: String,
    /// Who will do it; with an acknowledgement, and only with one.
    pub owner: Option<String>,
    /// The day on which the alert opens again if nothing has changed.
    pub until_on: Date,
}

/// A pause as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How the alert was put aside.
    pub kind: PauseKind,
    /// By whom.
    pub by: By,
    /// The role of the person, where it is one.
    pub role: Option<Role>,
    /// What will be done, or why it must wait.
    pub reason: String,
    /// Who will do it.
    pub owner: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// On which day that was in London.
    pub made_on: Date,
    /// The day on which the alert opens again if nothing has changed.
    pub until_on: Date,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub ended_by: Option<PauseEnd>,
}

impl Pause {
    /// How, when, by whom and until when, without a name: `acknowledged on 15 June 2026 by the legal gateway chair, until 22 June 2026`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (kind, by) = (self.kind, by_whom(self.by, self.role));
        format!("{kind} on {} {by}, until {}", in_words(self.made_on), in_words(self.until_on))
    }

    /// The same of one that its day has ended, as a sentence: `Acknowledged by the legal gateway chair on 8 June 2026, until …`.
    #[must_use]
    pub fn ran_out_in_words(&self) -> String {
        let kind = match self.kind {
            PauseKind::Acknowledged => "Acknowledged",
            PauseKind::Snoozed => "Put off",
        };
        let (made_on, until_on) = (in_words(self.made_on), in_words(self.until_on));
        format!("{kind} {} on {made_on}, until {until_on}; that day has come.", by_whom(self.by, self.role))
    }

    fn repeats(&self, new: &NewPause) -> bool {
        (self.kind, self.by, self.until_on) == (new.kind, new.by, new.until_on)
            && (&self.reason, &self.owner) == (&new.reason, &new.owner)
    }
}

fn by_whom(by: By, role: Option<Role>) -> String {
    match (by, role) {
        (By::Token(id), _) => format!("through another system (token {id})"),
        (By::Person(id), _) => format!("by person {id}, who signed in"),
        (By::Recipient(_), Some(role)) => format!("by the {}", role.title()),
        (By::Recipient(id), None) => format!("by recipient {id}"),
    }
}

/// What came of wanting to put an alert aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paused {
    /// It is put aside; or was before, by the same person in the same words.
    Done,
    /// There is no such alert.
    NoSuchAlert,
    /// What it is about has been put right.
    Resolved,
    /// It has turned since the person looked at it.
    Moved,
    /// Somebody has put it aside already.
    Already(Pause),
}

/// Puts an open alert aside. Belongs into a transaction, to which the lock of the alert belongs.
///
/// # Errors
///
/// The database does not answer, or refuses a text or a day.
pub async fn pause(connection: &mut PgConnection, new: &NewPause, now: Moment) -> Result<Paused, sqlx::Error> {
    match hold(connection, new.alert).await? {
        None => Ok(Paused::NoSuchAlert),
        Some((AlertState::Resolved, _)) => Ok(Paused::Resolved),
        Some((_, turn)) if new.turn.is_some_and(|seen| seen != turn) => Ok(Paused::Moved),
        Some((AlertState::Acknowledged | AlertState::Snoozed, _)) => {
            let standing = last(connection, new.alert).await?.ok_or(sqlx::Error::RowNotFound)?;
            Ok(if standing.repeats(new) { Paused::Done } else { Paused::Already(standing) })
        }
        Some((AlertState::Open, _)) => {
            put_aside(connection, new, now).await?;
            Ok(Paused::Done)
        }
    }
}

/// Locks an alert as an update of it does, and tells its state and its turn, which stay so until the transaction ends.
async fn hold(connection: &mut PgConnection, alert: Uuid) -> Result<Option<(AlertState, i32)>, sqlx::Error> {
    let row = sqlx::query!("-- pauses.hold\nSELECT state, turn FROM alerts WHERE id = $1 FOR NO KEY UPDATE", alert);
    let row = row.fetch_optional(connection).await?;
    row.map(|row| Ok((known(AlertState::from_code(&row.state), "alerts.state")?, row.turn))).transpose()
}

async fn put_aside(connection: &mut PgConnection, new: &NewPause, now: Moment) -> Result<(), sqlx::Error> {
    let recipient = new.by.recipient();
    let row = sqlx::query!(
        r#"-- pauses.put_aside
        WITH aside AS (
            UPDATE alerts SET state = $2 WHERE id = $1 AND state = 'open' RETURNING id, case_reference
        ), made AS (
            INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, token_id, person_id, reason, owner, until_on)
            SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM aside
        )
        SELECT case_reference AS "case", (SELECT role FROM recipients WHERE id = $5) AS role FROM aside"#,
        new.alert,
        new.kind.code(),
        now.at.to_sqlx(),
        now.today.to_sqlx(),
        recipient,
        new.by.token(),
        new.by.person(),
        new.reason,
        new.owner,
        new.until_on.to_sqlx()
    )
    .fetch_one(&mut *connection)
    .await?;
    // The typed texts stay out of the journal: nothing in it can be taken back, should they name somebody.
    let by = by_whom(new.by, row.role.as_deref().and_then(Role::from_code));
    let reason = format!("{by}, until {}", in_words(new.until_on));
    let what = match new.kind {
        PauseKind::Acknowledged => What::AlertAcknowledged,
        PauseKind::Snoozed => What::AlertSnoozed,
    };
    let entry = Entry { case: Some(&row.case), alert: Some(new.alert), recipient, reason: Some(&reason), ..Entry::default() };
    journal::add(connection, now.at, what, entry).await
}

/// The last pause of an alert: the one that it is in, unless it is open or resolved.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn last(connection: &mut PgConnection, alert: Uuid) -> Result<Option<Pause>, sqlx::Error> {
    Ok(of_alert(connection, alert).await?.pop())
}

/// Every pause of an alert, in the order in which they were made.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn of_alert(connection: &mut PgConnection, alert: Uuid) -> Result<Vec<Pause>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- pauses.of_alert
        SELECT kind, recipient_id, token_id, person_id, recipients.role AS "role?", reason, owner, made_at, made_on, until_on,
            ended_at, ended_by
        FROM alert_pauses LEFT JOIN recipients ON recipients.id = recipient_id
        WHERE alert_id = $1 ORDER BY alert_pauses.id"#,
        alert
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Pause::try_from).collect()
}

struct Row {
    kind: String,
    recipient_id: Option<i64>,
    token_id: Option<i64>,
    person_id: Option<i64>,
    role: Option<String>,
    reason: String,
    owner: Option<String>,
    made_at: jiff_sqlx::Timestamp,
    made_on: jiff_sqlx::Date,
    until_on: jiff_sqlx::Date,
    ended_at: Option<jiff_sqlx::Timestamp>,
    ended_by: Option<String>,
}

impl TryFrom<Row> for Pause {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let by = row.recipient_id.map(By::Recipient).or(row.token_id.map(By::Token)).or(row.person_id.map(By::Person));
        let role = row.role.map(|role| known(Role::from_code(&role), "recipients.role")).transpose()?;
        let ended_by = row.ended_by.map(|end| known(PauseEnd::from_code(&end), "alert_pauses.ended_by")).transpose()?;
        Ok(Self {
            kind: known(PauseKind::from_code(&row.kind), "alert_pauses.kind")?,
            by: known(by, "alert_pauses.recipient_id")?,
            role,
            reason: row.reason,
            owner: row.owner,
            made_at: row.made_at.to_jiff(),
            made_on: row.made_on.to_jiff(),
            until_on: row.until_on.to_jiff(),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            ended_by,
        })
    }
}
