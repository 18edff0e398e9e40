//! The page that a link opens, in words. It names roles and never people, and repeats what was typed about the alert only to whoever
//! typed it; a day that would give a birth away is left out.

use askama::Template;
use jiff::civil::Date;

use crate::api::link::LinkBearer;
use crate::board::answering::{Acknowledging, Form};
use crate::board::page::Frame;
use crate::board::words;
use crate::clock::london;
use crate::domain::calendar::{in_words, with_weekday};
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::policy::Role;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::alert_list::{AlertState, Listed};
use crate::store::pauses::{By, Pause};
use crate::store::story::{NextRung, Rung, Standing, Telling};

/// An alert as the page needs it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The alert.
    pub alert: Listed,
    /// What has become of it.
    pub state: AlertState,
    /// How grave it is.
    pub severity: Severity,
    /// Where it stands on its ladder.
    pub standing: Standing,
    /// The pause that it is in or, while it is open, was in last.
    pub last_pause: Option<Pause>,
    /// Who was told of it.
    pub tellings: Vec<Telling>,
    /// Which rungs of its ladder it has climbed.
    pub rungs: Vec<Rung>,
}

/// What the person who came by the link had entered.
struct Entered {
    heading: &'static str,
    action: String,
    owner: String,
    review_on: String,
}

/// The page.
#[derive(Template)]
#[template(path = "acknowledge.html", config = "src/board/templates/askama.toml")]
pub struct AlertPage {
    frame: Frame,
    heading: &'static str,
    has_mistakes: bool,
    notice: Option<&'static str>,
    introduction: Vec<String>,
    entered: Option<Entered>,
    case: String,
    team: Option<String>,
    severity: Severity,
    severity_in_words: &'static str,
    title: String,
    evidence: String,
    since: Option<String>,
    told: Vec<String>,
    next: Vec<String>,
    form: Option<Form<Acknowledging>>,
}

impl AlertPage {
    /// Puts an alert into words for whoever came by the link; with the form where it can be acknowledged.
    #[must_use]
    pub fn of(frame: Frame, seen: Seen, bearer: &LinkBearer, form: Option<Form<Acknowledging>>, today: Date) -> Self {
        Self {
            frame,
            heading: heading(seen.state),
            has_mistakes: form.as_ref().is_some_and(|form| !form.filled.mistakes.listed().is_empty()),
            notice: None,
            introduction: introduction(&seen, bearer),
            entered: entered(&seen, bearer),
            told: told(&seen, bearer),
            next: next(&seen, today),
            since: since(&seen),
            severity: seen.severity,
            severity_in_words: words::severity_explained(seen.severity),
            title: Rule::from_code(&seen.alert.rule).map_or(seen.alert.rule, |rule| rule.title().to_owned()),
            case: seen.alert.case_reference,
            team: seen.alert.team,
            evidence: seen.alert.message,
            form,
        }
    }

    /// The page for somebody who answered what the alert said before.
    #[must_use]
    pub fn moved(self) -> Self {
        let notice = "It has changed since you opened the page, and your answer was not recorded. Read it again before you send the form.";
        Self { notice: Some(notice), ..self }
    }

    /// The page for somebody whose answer came too late.
    #[must_use]
    pub fn too_late(self) -> Self {
        Self { notice: Some("Your answer was not recorded: the alert was no longer open."), ..self }
    }
}

fn heading(state: AlertState) -> &'static str {
    match state {
        AlertState::Open => "Acknowledge an alert",
        AlertState::Acknowledged => "Alert acknowledged",
        AlertState::Snoozed => "Alert put off",
        AlertState::Resolved => "Alert resolved",
    }
}

fn introduction(seen: &Seen, bearer: &LinkBearer) -> Vec<String> {
    match (&seen.last_pause, seen.state) {
        (pause, AlertState::Open) => {
            let before = pause.as_ref().filter(|pause| has_run_out(pause)).map(|pause| ran_out(pause, bearer));
            let now = "Say what will be done, who will do it and when to look again. Nobody further is told until then.";
            before.into_iter().chain([now.to_owned()]).collect()
        }
        (_, AlertState::Resolved) => {
            let on =
                seen.alert.resolved_at.map_or_else(String::new, |at| format!(" on {}", in_words(at.to_zoned(london()).date())));
            vec![format!("What this alert was about was put right{on}. There is nothing left to acknowledge.")]
        }
        (Some(pause), _) if pause.by == By::Recipient(bearer.recipient) => {
            let (made_on, until_on) = (in_words(pause.made_on), in_words(pause.until_on));
            vec![format!("You acknowledged this alert on {made_on}, until {until_on}. Your answer is on record.")]
        }
        (Some(pause), _) => vec![format!("This alert was {}.", pause.in_words())],
        (None, _) => vec!["Somebody is dealing with this alert.".to_owned()],
    }
}

fn has_run_out(pause: &Pause) -> bool {
    pause.ended_by == Some(PauseEnd::Day)
}

/// Somebody meant to do something about the alert, and it is still there. Who else knows what it was, is said.
fn ran_out(pause: &Pause, bearer: &LinkBearer) -> String {
    let other = pause.role.filter(|_| pause.by != By::Recipient(bearer.recipient));
    let ask = other.map_or_else(String::new, |role| {
        let what = match pause.kind {
            PauseKind::Acknowledged => "what was to be done",
            PauseKind::Snoozed => "why it had to wait",
        };
        format!(" Ask the {} {what}.", role.title())
    });
    format!("{}{ask}", pause.ran_out_in_words())
}

/// What the person had entered, while it holds or once its day has come.
fn entered(seen: &Seen, bearer: &LinkBearer) -> Option<Entered> {
    let own = seen.last_pause.as_ref().filter(|pause| pause.by == By::Recipient(bearer.recipient))?;
    let heading = match seen.state {
        AlertState::Acknowledged => "What you entered",
        AlertState::Open if has_run_out(own) => "What you had entered",
        _ => return None,
    };
    Some(Entered { heading, action: own.reason.clone(), owner: own.owner.clone()?, review_on: with_weekday(own.until_on) })
}

fn since(seen: &Seen) -> Option<String> {
    (!seen.standing.gives_a_birth_away).then(|| in_words(seen.alert.since_on))
}

fn told(seen: &Seen, bearer: &LinkBearer) -> Vec<String> {
    let (own, others): (Vec<&Telling>, Vec<&Telling>) =
        seen.tellings.iter().filter(|telling| reaches(telling)).partition(|telling| telling.recipient == bearer.recipient);
    let own = own.last();
    let role = own.and_then(|own| Role::from_code(&own.role)).unwrap_or(bearer.role);
    let stands_in = own.is_some_and(|own| own.stands_in);
    let as_whom = if stands_in { format!("standing in for the {}", role.title()) } else { format!("as {}", role.title()) };
    let others = others.into_iter().filter_map(|telling| Role::from_code(&telling.role));
    let others = each_once(others.map(|other| {
        if other == role && !stands_in { format!("another {}", other.title()) } else { other.title().to_owned() }
    }));
    let others = if others.is_empty() { "Nobody else has been told.".to_owned() } else { format!("Also told: {others}.") };
    [Some(format!("You are told of it {as_whom}.")), Some(others), not_reached(seen)].into_iter().flatten().collect()
}

/// A message that was given up, or was never sent, tells nobody.
fn reaches(telling: &Telling) -> bool {
    !matches!(telling.state.as_str(), "cancelled" | "dead")
}

fn not_reached(seen: &Seen) -> Option<String> {
    let of_this_turn = seen.rungs.iter().filter(|rung| rung.turn == seen.standing.turn && rung.outcome == "unreachable");
    let roles = each_once(of_this_turn.filter_map(|rung| Some(Role::from_code(&rung.role)?.title().to_owned())));
    (!roles.is_empty()).then(|| format!("Could not be reached: {roles}."))
}

fn each_once(titles: impl Iterator<Item = String>) -> String {
    let mut once: Vec<String> = Vec::new();
    for title in titles {
        if !once.contains(&title) {
            once.push(title);
        }
    }
    once.join(", ")
}

fn next(seen: &Seen, today: Date) -> Vec<String> {
    const OPENS_AGAIN: &str =
        "If it has not been put right by then, the alert opens again and everybody who knows of it is told at once.";
    if seen.state == AlertState::Resolved {
        return vec![words::OVER.to_owned()];
    }
    let (rung, waits) = if seen.state == AlertState::Open {
        let waits =
            "If you acknowledge it, nobody further is told until the day that you choose, unless it turns worse before.";
        (Some(next_rung(&seen.standing, today)), waits.to_owned())
    } else {
        let until = seen.last_pause.as_ref().map_or_else(|| "then".to_owned(), |pause| with_weekday(pause.until_on));
        (None, format!("Nobody further is told of it until {until}, unless it turns worse before."))
    };
    rung.into_iter().chain([format!("{waits} {OPENS_AGAIN}"), words::CLOSES.to_owned()]).collect()
}

/// Who is told next. A day that has come, or from which a birth could be worked out, is left out.
fn next_rung(standing: &Standing, today: Date) -> String {
    match standing.next_rung {
        Some(NextRung { role, on, .. }) if on > today && !standing.gives_a_birth_away => {
            format!("If nobody acts, the {} is told on {}.", role.title(), with_weekday(on))
        }
        Some(rung) => format!("If nobody acts, the {} is told next.", rung.role.title()),
        None => "Nobody further is due to be told.".to_owned(),
    }
}
