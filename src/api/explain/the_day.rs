//! What was decided and done on the day, as callers read it. Nobody is named: people are a role and a number.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::masked::{self, masked};
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::policy::Role;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::alert_list::AlertState;
use crate::store::stood::{self, Stood};
use crate::store::told::{self, Addressee};

/// Who was told on a day, who was not, and what the mail server said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedDay)]
pub struct TheDayView {
    /// When the last sweep of the day ended; absent where none did, so that no alert could follow a finding on that day.
    pub last_sweep_at: Option<Timestamp>,
    /// The alerts that stood at some moment of the day, as they stood when it ended.
    pub alerts: Vec<AlertView>,
    /// Every decision of the day about the case, its alerts and the messages that tell of them, in order: who is told, who is not
    /// and why, and what became of the messages.
    pub decisions: Vec<DecisionView>,
    /// The messages that the decisions are about, with every attempt to send them, be it later.
    pub messages: Vec<MessageView>,
}

/// An alert as it stood when the day ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedAlert)]
pub struct AlertView {
    /// Names it.
    #[schema(value_type = Uuid)]
    pub id: String,
    /// The code of the rule that found it.
    #[schema(value_type = Rule)]
    pub rule: String,
    /// The heading for people, which may change.
    pub title: String,
    /// What it is about, within its rule.
    pub subject: String,
    /// How grave it was.
    #[schema(value_type = Severity)]
    pub severity: String,
    /// Where it stood.
    pub state: AlertState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Absent where it was not resolved by then.
    pub resolved_at: Option<Timestamp>,
    /// Who had put it aside for some of the day.
    pub pauses: Vec<PauseView>,
    /// Who had been told of it by then, since it was opened.
    pub told: Vec<ToldView>,
    /// Each decision by then to tell a role nothing of it, and why.
    pub not_told: Vec<NotToldView>,
}

/// Somebody has put an alert aside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedPause)]
pub struct PauseView {
    /// How it was put aside.
    pub kind: PauseKind,
    /// When.
    pub made_at: Timestamp,
    /// Who followed a link in a mail; absent where it was done over the API.
    pub by: Option<Person>,
    /// The number of the token that it was done with; absent where it was done by a link.
    pub by_token: Option<i64>,
    /// The number of the person who signed in and did it; absent where it was done by a link or with a token.
    pub by_person: Option<i64>,
    /// What will be done, of an acknowledgement, as typed.
    pub action: Option<String>,
    /// Who will do it, as typed.
    pub owner: Option<String>,
    /// Why the alert must wait, of a snooze, as typed.
    pub reason: Option<String>,
    /// The day on which it ends by itself.
    pub until: Date,
    /// When it ended, and why; absent where it had not by the end of the day.
    pub ended_at: Option<Timestamp>,
    /// What ended it.
    #[schema(value_type = Option<PauseEnd>)]
    pub ended_by: Option<String>,
}

/// A person was told of an alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedTold)]
pub struct ToldView {
    /// When it was decided.
    pub at: Timestamp,
    /// Who.
    pub to: Person,
    /// Whether the person stood in for somebody in the role.
    pub stands_in: bool,
    /// Whether the person was told because nobody before on the ladder had acted.
    pub escalated: bool,
    /// The message.
    pub message: Option<String>,
    /// When the mail server accepted it, be it later than the day; absent where it has not.
    pub accepted_at: Option<Timestamp>,
}

/// A role was told nothing of an alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedNotTold)]
pub struct NotToldView {
    /// When it was decided.
    pub at: Timestamp,
    /// The code of the role; absent where it is nobody's in particular.
    pub role: Option<Role>,
    /// Why.
    pub reason: Option<String>,
}

/// A person, by number and role.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// The number on the list of recipients.
    pub recipient: Option<i64>,
    /// The code of the role.
    pub role: Option<String>,
}

/// An entry of the journal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionView {
    /// When.
    pub at: Timestamp,
    /// What was decided or done: `alert_opened`, `told`, `not_told`, `message_accepted` …
    pub what: String,
    /// The alert that it is about.
    pub alert: Option<AboutAlert>,
    /// The message that it is about.
    pub message: Option<String>,
    /// Whom it is about: of whom nobody is told, only the role is given.
    pub person: Option<Person>,
    /// Why; what the mail server said, where it is about a message.
    pub reason: Option<String>,
}

/// Which alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AboutAlert)]
pub struct AboutAlert {
    /// Names it.
    #[schema(value_type = Uuid)]
    pub id: String,
    /// The code of the rule that found it.
    #[schema(value_type = Rule)]
    pub rule: String,
    /// What it is about, within its rule.
    pub subject: String,
}

/// A message to one person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageView {
    /// Names it.
    #[schema(value_type = Uuid)]
    pub id: String,
    /// `alert`, `digest` or `panel`.
    pub kind: String,
    /// To whom.
    pub to: Person,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its bytes were fixed and it was queued.
    pub queued_at: Option<Timestamp>,
    /// What has become of it by now: `gathering`, `queued`, `sending`, `sent`, `dead` or `cancelled`.
    pub state: String,
    /// Why, where it is dead or cancelled.
    pub reason: Option<String>,
    /// Each attempt to send it, in order.
    pub attempts: Vec<AttemptView>,
}

/// One attempt to send a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageAttempt)]
pub struct AttemptView {
    /// From 1.
    pub number: i32,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
    /// `accepted`, `temporary`, `refused`, `misconfigured`; `unknown` where the server's answer was lost.
    pub outcome: Option<String>,
    /// What the mail server said, with addresses and names masked.
    pub reply: Option<String>,
}

impl TheDayView {
    /// Lays everything side by side.
    pub fn of(
        last_sweep_at: Option<Timestamp>,
        alerts: Vec<Stood>,
        decisions: Vec<told::Decision>,
        messages: Vec<told::Message>,
    ) -> Self {
        let addressees: HashMap<Uuid, Addressee> =
            messages.iter().map(|message| (message.id, message.addressee.clone())).collect();
        let decision = |decision: told::Decision| {
            let about = decision.message.and_then(|message| addressees.get(&message));
            DecisionView::of(decision, about)
        };
        Self {
            last_sweep_at,
            alerts: alerts.into_iter().map(AlertView::from).collect(),
            decisions: decisions.into_iter().map(decision).collect(),
            messages: messages.into_iter().map(MessageView::from).collect(),
        }
    }
}

impl From<Stood> for AlertView {
    fn from(stood: Stood) -> Self {
        Self {
            id: stood.id.to_string(),
            title: Rule::from_code(&stood.rule).map_or_else(|| stood.rule.clone(), |rule| rule.title().to_owned()),
            rule: stood.rule,
            subject: stood.subject,
            severity: stood.severity,
            state: stood.state,
            opened_at: stood.opened_at,
            resolved_at: stood.resolved_at,
            pauses: stood.pauses.into_iter().map(PauseView::from).collect(),
            told: stood.told.into_iter().map(ToldView::from).collect(),
            not_told: stood.silences.into_iter().map(NotToldView::from).collect(),
        }
    }
}

impl From<stood::Pause> for PauseView {
    fn from(pause: stood::Pause) -> Self {
        let (action, reason) = match pause.kind {
            PauseKind::Acknowledged => (Some(pause.reason), None),
            PauseKind::Snoozed => (None, Some(pause.reason)),
        };
        Self {
            kind: pause.kind,
            made_at: pause.made_at,
            by: pause.recipient.map(|(recipient, role)| Person { recipient: Some(recipient), role: Some(role) }),
            by_token: pause.token,
            by_person: pause.person,
            action,
            owner: pause.owner,
            reason,
            until: pause.until_on,
            ended_at: pause.ended_at,
            ended_by: pause.ended_by,
        }
    }
}

impl From<stood::Told> for ToldView {
    fn from(told: stood::Told) -> Self {
        Self {
            at: told.at,
            to: Person { recipient: told.recipient, role: told.role },
            stands_in: told.stands_in,
            escalated: told.escalated,
            message: told.message.map(|message| message.to_string()),
            accepted_at: told.accepted_at,
        }
    }
}

impl From<stood::Silence> for NotToldView {
    fn from(silence: stood::Silence) -> Self {
        let (role, reason) = silence.reason.as_deref().map_or((None, None), of_role);
        Self { at: silence.at, role, reason: reason.map(|reason| masked(reason, None)) }
    }
}

impl DecisionView {
    fn of(decision: told::Decision, about: Option<&Addressee>) -> Self {
        let (of_role, reason) = decision.reason.as_deref().map_or((None, None), of_role);
        let role = decision.role.or(of_role.map(|role| role.code().to_owned()));
        let is_about_somebody = decision.recipient.is_some() || role.is_some();
        Self {
            at: decision.at,
            alert: decision.alert.map(|(id, rule, subject)| AboutAlert { id: id.to_string(), rule, subject }),
            message: decision.message.map(|message| message.to_string()),
            person: is_about_somebody.then_some(Person { recipient: decision.recipient, role }),
            reason: reason.map(|reason| masked::reason(&decision.what, reason, about)),
            what: decision.what,
        }
    }
}

/// Takes the role off a reason that the journal keeps: `legal gateway chair: the alert is snoozed`, or the role alone.
fn of_role(reason: &str) -> (Option<Role>, Option<&str>) {
    let by_title = |title: &str| Role::ALL.iter().copied().find(|role| role.title() == title);
    let (title, rest) = reason.split_once(": ").map_or((reason, None), |(title, rest)| (title, Some(rest)));
    by_title(title).map_or((None, Some(reason)), |role| (Some(role), rest))
}

impl From<told::Message> for MessageView {
    fn from(message: told::Message) -> Self {
        let about = Some(&message.addressee);
        let attempt = |attempt: told::Attempt| AttemptView {
            number: attempt.number,
            began_at: attempt.began_at,
            settled_at: attempt.settled_at,
            outcome: attempt.outcome,
            reply: attempt.reply.map(|reply| masked(&reply, about)),
        };
        Self {
            id: message.id.to_string(),
            kind: message.kind,
            to: Person { recipient: Some(message.recipient), role: Some(message.role) },
            created_at: message.created_at,
            queued_at: message.sealed_at,
            reason: message.reason.map(|reason| masked(&reason, about.filter(|_| message.state == "dead"))),
            state: message.state,
            attempts: message.attempts.into_iter().map(attempt).collect(),
        }
    }
}
