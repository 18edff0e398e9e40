//! The story of an alert, in words.

use jiff::civil::Date;

use crate::api::alerts::story::{AttemptView, ByView, PauseView, RungView, Story, TellingView};
use crate::api::auth::Who;
use crate::board::words;
use crate::domain::calendar::{in_words, with_weekday};
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::schedule::Severity;
use crate::store::alert_list::AlertState;

/// An alert as its page tells it.
pub struct Told {
    pub id: String,
    pub case: String,
    pub team: Option<String>,
    pub title: String,
    pub evidence: String,
    pub severity: String,
    pub severity_in_words: &'static str,
    pub state: Option<AlertState>,
    pub state_in_words: &'static str,
    /// Absent where a birth would follow from it.
    pub since: Option<String>,
    /// Since when it is this grave, where that is another day.
    pub severity_since: Option<String>,
    pub opened: String,
    pub resolved: Option<String>,
    pub turn: i32,
    /// What is to come, while it stands.
    pub next: Vec<String>,
    /// How it was put aside, the newest first.
    pub pauses: Vec<Aside>,
    pub messages: Vec<Message>,
    pub rungs: Vec<String>,
}

/// How it was put aside.
pub struct Aside {
    pub heading: String,
    /// What was said, each with what it is.
    pub said: Vec<(&'static str, String)>,
    pub holds: bool,
}

/// A message that told of it.
pub struct Message {
    pub begun: String,
    pub to: String,
    pub kind: &'static str,
    pub outcome: String,
}

impl Told {
    /// Puts a story into words for somebody, as of a day.
    pub fn of(story: Story, who: Who, today: Date) -> Self {
        let alert = story.alert;
        let state = AlertState::from_code(&alert.state);
        let mut pauses: Vec<Aside> = story.pauses.iter().map(|pause| Aside::of(pause, who)).collect();
        pauses.reverse();
        let until = story.pauses.last().filter(|pause| pause.ended_at.is_none()).map(|pause| pause.until);
        let shows_days = !alert.gives_a_birth_away;
        let next_rung = story.next_rung.map(|rung| (rung.role.title(), Some(rung.on).filter(|&on| shows_days && on > today)));
        Self {
            next: next(state, next_rung, until),
            severity_in_words: words::severity_explained(Severity::from_code(&alert.severity).unwrap_or(Severity::Notice)),
            state,
            state_in_words: state.map_or("", words::state),
            since: shows_days.then(|| in_words(alert.since_on)),
            severity_since: (shows_days && alert.severity_since_on != alert.since_on)
                .then(|| in_words(alert.severity_since_on)),
            opened: words::moment(alert.opened_at),
            resolved: alert.resolved_at.map(words::moment),
            turn: alert.turn,
            pauses,
            messages: story.tellings.iter().map(Message::of).collect(),
            rungs: story.rungs.iter().filter_map(rung).collect(),
            id: alert.id,
            case: alert.case,
            team: alert.team,
            title: alert.title,
            evidence: alert.message,
            severity: alert.severity,
        }
    }
}

fn next(state: Option<AlertState>, rung: Option<(&str, Option<Date>)>, until: Option<Date>) -> Vec<String> {
    let first = match (state, rung, until) {
        (Some(AlertState::Resolved), ..) => {
            return vec![words::OVER.to_owned()];
        }
        (Some(AlertState::Open), Some((role, Some(on))), _) => {
            format!("If nobody answers, the {role} is told on {}.", with_weekday(on))
        }
        (Some(AlertState::Open), Some((role, _)), _) => format!("If nobody answers, the {role} is told next."),
        (Some(AlertState::Open), None, _) => "Nobody further is due to be told.".to_owned(),
        (_, _, Some(until)) => format!(
            "Nobody further is told of it until {}, unless it turns worse before. If it has not been put right by then, the alert \
             opens again and everybody who knows of it is told at once.",
            with_weekday(until)
        ),
        _ => "Somebody is dealing with it.".to_owned(),
    };
    vec![first, words::CLOSES.to_owned()]
}

impl Aside {
    fn of(pause: &PauseView, who: Who) -> Self {
        let kind = match pause.kind {
            PauseKind::Acknowledged => "Acknowledged",
            PauseKind::Snoozed => "Put off",
        };
        let ended = match (pause.ended_at, pause.ended_by) {
            (Some(at), Some(PauseEnd::Day)) => format!(" Its day came on {}, and it was not put right.", words::moment(at)),
            (Some(at), Some(PauseEnd::Raised)) => format!(" It turned worse on {}.", words::moment(at)),
            (Some(at), _) => format!(" It ended on {}.", words::moment(at)),
            (None, _) => String::new(),
        };
        let (made, until) = (words::moment(pause.made_at), in_words(pause.until));
        let said = [
            ("What will be done", pause.action.clone()),
            ("Who will do it", pause.owner.clone()),
            ("Why it must wait", pause.reason.clone()),
        ];
        Self {
            heading: format!("{kind} {} on {made}, until {until}.{ended}", by_whom(&pause.by, who)),
            said: said.into_iter().filter_map(|(what, said)| Some((what, said?))).collect(),
            holds: pause.ended_at.is_none(),
        }
    }
}

fn by_whom(by: &ByView, who: Who) -> String {
    match (by.recipient, by.token, by.person) {
        (_, _, Some(person)) if who == Who::Person(person) => "by you".to_owned(),
        (_, _, Some(person)) => format!("by somebody who signed in (person {person})"),
        (_, Some(token), _) => format!("through another system (token {token})"),
        _ => format!("by the {}, by the link in a mail", words::role(by.role)),
    }
}

/// A rung that reached nobody, or passed in silence; that it told somebody stands among the messages.
fn rung(rung: &RungView) -> Option<String> {
    let (role, on) = (words::role(&rung.role), in_words(rung.due_on));
    match rung.outcome.as_str() {
        "unreachable" => Some(format!("{on}: nobody could be reached as {role}, so the next in line was told.")),
        "silent" => Some(format!("{on}: the {role} was not told, as somebody had put the alert aside or knew of it already.")),
        _ => None,
    }
}

impl Message {
    fn of(telling: &TellingView) -> Self {
        let stands_in = if telling.stands_in { ", standing in" } else { "" };
        Self {
            begun: words::moment(telling.created_at),
            to: format!("{}{stands_in}", words::role(&telling.role)),
            kind: match telling.kind.as_str() {
                "digest" => "Digest",
                "panel" => "Panel pack",
                _ => "Alert",
            },
            outcome: outcome(&telling.state, telling.attempts.last()),
        }
    }
}

/// What has become of a message, and what the mail server said last.
fn outcome(state: &str, last: Option<&AttemptView>) -> String {
    let what = match state {
        "gathering" => "Not sent yet: it goes out with the next digest or round of mail",
        "queued" | "sending" => "On its way",
        "sent" => "Accepted by the mail server",
        "dead" => "Given up: it did not arrive",
        _ => "Not sent",
    };
    let at = last.and_then(|last| last.settled_at).map_or_else(String::new, |at| format!(" on {}", words::moment(at)));
    let reply = last.and_then(|last| last.reply.as_deref()).map_or_else(String::new, |reply| format!(": {reply}"));
    format!("{what}{at}{reply}")
}
