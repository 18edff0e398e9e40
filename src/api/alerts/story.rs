//! The whole story of an alert, as callers read it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::Alert;
use crate::api::masked::{self, masked};
use crate::domain::ladder::TurnedBy;
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::policy::{Delivery, Role};
use crate::store::alert_list::Listed;
use crate::store::pauses::{self, Pause};
use crate::store::story;
use crate::store::told::Addressee;

/// An alert with everything that was done about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertStory)]
pub struct Story {
    /// The alert itself.
    #[serde(flatten)]
    pub alert: Alert,
    /// What began its turn.
    pub turned_by: TurnedBy,
    /// The rung that comes next while nobody acts; null where there is none. While the alert is put aside, it passes in silence.
    pub next_rung: Option<NextRungView>,
    /// Who put it aside, in order.
    pub pauses: Vec<PauseView>,
    /// The rungs that it climbed, in order.
    pub rungs: Vec<RungView>,
    /// Each message to each person that told of it, in order.
    pub tellings: Vec<TellingView>,
    /// What the journal keeps of it, in order.
    pub journal: Vec<EntryView>,
}

/// The rung that an alert comes to next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextRung)]
pub struct NextRungView {
    /// Who is told.
    pub role: Role,
    /// From which day on.
    pub on: Date,
    /// How.
    pub deliver: Delivery,
}

/// Somebody has put the alert aside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pause)]
pub struct PauseView {
    /// How it was put aside.
    pub kind: PauseKind,
    /// By whom.
    pub by: ByView,
    /// What will be done, of an acknowledgement.
    pub action: Option<String>,
    /// Who will do it, of an acknowledgement.
    pub owner: Option<String>,
    /// Why it must wait, of a snooze.
    pub reason: Option<String>,
    /// When.
    pub made_at: Timestamp,
    /// The day on which it ends by itself.
    pub until: Date,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What ended it.
    pub ended_by: Option<PauseEnd>,
}

/// Who has put the alert aside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PausedBy)]
pub struct ByView {
    /// The code of the role, of whoever followed a link in a mail; `api` where it was done over the API.
    pub role: &'static str,
    /// The number on the list of recipients.
    pub recipient: Option<i64>,
    /// The number of the token.
    pub token: Option<i64>,
    /// The number of the person who signed in with OpenID Connect.
    pub person: Option<i64>,
}

/// A rung of the ladder that the alert has climbed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rung)]
pub struct RungView {
    /// In which turn of the alert.
    pub turn: i32,
    /// Whom it tells.
    #[schema(value_type = Role)]
    pub role: String,
    /// When it was due.
    pub due_on: Date,
    /// When it was climbed.
    pub climbed_at: Timestamp,
    /// `told`; `unreachable`: it reached nobody and passed on; `silent`: somebody had put the alert aside, or knows of it as graver.
    pub outcome: String,
}

/// A message to a person that tells of the alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Telling)]
pub struct TellingView {
    /// Names the message.
    #[schema(value_type = uuid::Uuid)]
    pub message: String,
    /// `alert`, `digest` or `panel`.
    pub kind: String,
    /// As what the person is told.
    #[schema(value_type = Role)]
    pub role: String,
    /// Whether the person stands in for somebody in the role.
    pub stands_in: bool,
    /// The number on the list of recipients.
    pub recipient: i64,
    /// What has become of the message: `gathering`, `queued`, `sending`, `sent`, `dead` or `cancelled`.
    pub state: String,
    /// When the message was begun.
    pub created_at: Timestamp,
    /// Each attempt to send it, in order.
    pub attempts: Vec<AttemptView>,
}

/// One attempt to send a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TellingAttempt)]
pub struct AttemptView {
    /// From 1.
    pub attempt: i32,
    /// When it began.
    pub claimed_at: Timestamp,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
    /// `accepted`, `temporary`, `refused`, `misconfigured`; `unknown` where the server's answer was lost.
    pub outcome: Option<String>,
    /// What the mail server said, with addresses and names masked.
    pub reply: Option<String>,
}

/// An entry of the journal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JournalEntry)]
pub struct EntryView {
    /// When.
    pub at: Timestamp,
    /// What was decided or done: `alert_opened`, `told`, `not_told`, `message_accepted` …
    pub what: String,
    /// Why; what the mail server said, where it is about a message.
    pub reason: Option<String>,
    /// Whom it is about, by the number on the list of recipients.
    pub recipient: Option<i64>,
    /// The message that it is about.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub message: Option<String>,
}

impl Story {
    /// Reads the story of an alert.
    ///
    /// # Errors
    ///
    /// The database does not answer, or holds a word that is not known here.
    pub async fn read(connection: &mut PgConnection, alert: Listed) -> Result<Self, sqlx::Error> {
        let id = alert.id;
        let standing = story::standing(connection, id).await?;
        Ok(Self {
            alert: alert.into(),
            turned_by: standing.turned_by,
            next_rung: standing.next_rung.map(NextRungView::from),
            pauses: pauses::of_alert(connection, id).await?.into_iter().map(PauseView::from).collect(),
            rungs: story::rungs(connection, id).await?.into_iter().map(RungView::from).collect(),
            tellings: story::tellings(connection, id).await?.into_iter().map(TellingView::from).collect(),
            journal: story::journal(connection, id).await?.into_iter().map(EntryView::from).collect(),
        })
    }
}

impl From<story::NextRung> for NextRungView {
    fn from(rung: story::NextRung) -> Self {
        Self { role: rung.role, on: rung.on, deliver: rung.deliver }
    }
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        let (action, reason) = match pause.kind {
            PauseKind::Acknowledged => (Some(pause.reason), None),
            PauseKind::Snoozed => (None, Some(pause.reason)),
        };
        Self {
            kind: pause.kind,
            by: ByView {
                role: pause.role.map_or("api", Role::code),
                recipient: pause.by.recipient(),
                token: pause.by.token(),
                person: pause.by.person(),
            },
            action,
            owner: pause.owner,
            reason,
            made_at: pause.made_at,
            until: pause.until_on,
            ended_at: pause.ended_at,
            ended_by: pause.ended_by,
        }
    }
}

impl From<story::Rung> for RungView {
    fn from(rung: story::Rung) -> Self {
        Self {
            turn: rung.turn,
            role: rung.role,
            due_on: rung.due_on.to_jiff(),
            climbed_at: rung.climbed_at.to_jiff(),
            outcome: rung.outcome,
        }
    }
}

impl From<story::Telling> for TellingView {
    fn from(telling: story::Telling) -> Self {
        let attempt = |attempt| AttemptView::of(attempt, &telling.addressee);
        Self {
            message: telling.message.to_string(),
            kind: telling.kind,
            role: telling.role,
            stands_in: telling.stands_in,
            recipient: telling.recipient,
            state: telling.state,
            created_at: telling.created_at,
            attempts: telling.attempts.into_iter().map(attempt).collect(),
        }
    }
}

impl AttemptView {
    fn of(attempt: story::Attempt, addressee: &Addressee) -> Self {
        Self {
            attempt: attempt.attempt,
            claimed_at: attempt.claimed_at.to_jiff(),
            settled_at: attempt.settled_at.map(jiff_sqlx::Timestamp::to_jiff),
            outcome: attempt.outcome,
            reply: attempt.reply.map(|reply| masked(&reply, Some(addressee))),
        }
    }
}

impl From<story::Kept> for EntryView {
    fn from(entry: story::Kept) -> Self {
        Self {
            at: entry.at,
            reason: entry.reason.map(|reason| masked::reason(&entry.what, &reason, entry.addressee.as_ref())),
            what: entry.what,
            recipient: entry.recipient,
            message: entry.message.map(|message| message.to_string()),
        }
    }
}
