//! Carries climbs of [`crate::domain::climb`] out: claims the rungs, gathers each person's news, and journals who is told and who is
//! not, with the reason.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use crate::clock::Moment;
use crate::domain::climb::{Around, Climb, Climber, Occasion, Taken, climb};
use crate::domain::policy::{Delivery, Policy, Role};
use crate::domain::telling::{self, About, Person, Silence};
use crate::store::gathering::{self, Addressed, Gathered, MessageKind};
use crate::store::journal::{self, ToAdd, What};
use crate::store::ladders::{self, Held, NextRung, RungOutcome, ToClimb};

/// What climbs go by.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The rules in force.
    pub policy: &'a Policy,
    /// Everybody on record.
    pub people: &'a [Person],
    /// When it is.
    pub now: Moment,
    /// Whether the digest of the day is being made.
    pub is_digest: bool,
}

/// What some climbs came to.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Rungs on which somebody is told.
    pub rungs: usize,
    /// The messages that gather the news.
    pub messages: Vec<Uuid>,
}

/// Whether the alerts have just come to a turn: then it is journalled why their first rung waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// They have.
    JustNow,
    /// They came to it before.
    Before,
}

/// Climbs the ladders of alerts that are held, as far as the day allows.
///
/// # Errors
///
/// The database does not answer.
pub async fn climb_all(
    connection: &mut PgConnection,
    held: &[Held],
    turned: Turned,
    telling: &Telling<'_>,
) -> Result<Told, sqlx::Error> {
    let climbs: Vec<(&Held, Climb)> = held.iter().map(|alert| (alert, telling.climb(alert))).collect();
    let begin_again: Vec<Uuid> = climbs.iter().filter(|(_, climb)| climb.begins_again).map(|(alert, _)| alert.id).collect();
    ladders::begin_again(connection, &begin_again).await?;
    let wanted: Vec<ToClimb> = climbs.iter().flat_map(|(alert, climb)| to_claim(alert, climb)).collect();
    let claimed = ladders::claim(connection, &wanted, telling.now.at).await?;
    let next = climbs.iter().map(|(alert, climb)| next_rung(alert, climb)).collect::<Vec<_>>();
    ladders::keep_next(connection, &next, telling.now.at).await?;

    let claimed: HashSet<(Uuid, Role)> = claimed.into_iter().collect();
    // A rung that is taken again for somebody who was left out tells nobody twice.
    let knows = ladders::told(connection, &claimed.iter().map(|(alert, _)| *alert).collect::<Vec<_>>()).await?;
    let is_new = |alert: &Held, taken: &Taken, person: &telling::Told| {
        !knows.contains(&(alert.id, alert.turn, taken.step.role, person.recipient))
    };
    let is_claimed = |alert: &Held, taken: &Taken| claimed.contains(&(alert.id, taken.step.role));
    let (mut rungs, mut gathered, mut journal) = (0, Vec::new(), Vec::new());
    for (alert, climb) in &climbs {
        for taken in &climb.taken {
            match &taken.told {
                Ok(told) if is_claimed(alert, taken) => {
                    rungs += 1;
                    let new = told.iter().filter(|person| is_new(alert, taken, person));
                    gathered.extend(new.map(|person| news(alert, taken, person)));
                }
                Ok(_) => {}
                Err(why) => journal.extend(silence(alert, climb, taken.step.role, *why)),
            }
        }
        let waits = climb.waits.filter(|_| turned == Turned::JustNow || !climb.taken.is_empty());
        journal.extend(waits.map(|(role, silence)| not_told(alert, Some(role), silence)));
        if turned == Turned::JustNow {
            journal.extend(telling.silences_of_a_turn(alert));
        }
    }
    let messages = gathering::gather(connection, &gathered, telling.now.today, telling.now.at).await?;
    let cases: HashMap<Uuid, &str> = held.iter().map(|alert| (alert.id, alert.case.as_str())).collect();
    journal.extend(gathered.iter().map(|news| told(cases[&news.alert], news, messages[&news.into])));
    journal::add_all(connection, telling.now.at, &journal).await?;
    Ok(Told { rungs, messages: messages.into_values().collect() })
}

impl Telling<'_> {
    fn climb(&self, alert: &Held) -> Climb {
        let about = About { team: alert.team.as_deref(), restricted: alert.restricted };
        let climber = Climber { position: alert.position.clone(), about, paused: alert.paused };
        let around = Around { policy: &self.policy.alerts, calendar: &self.policy.calendar, people: self.people };
        climb(&climber, Occasion { today: self.now.today, is_digest: self.is_digest }, around)
    }

    /// Why nobody, or not everybody, is told of a turn.
    fn silences_of_a_turn(&self, alert: &Held) -> Vec<ToAdd> {
        let policy = &self.policy.alerts;
        if policy.ladder(alert.position.severity).is_empty() {
            return vec![not_told(alert, None, Silence::NoLadder)];
        }
        let knows_enough = alert.position.who_knows_enough(policy).into_iter();
        knows_enough.map(|role| not_told(alert, Some(role), Silence::KnowsOfItAsGraver)).collect()
    }
}

/// A restricted case goes singly, and never in a digest.
fn news(alert: &Held, taken: &Taken, person: &telling::Told) -> Gathered {
    let in_digest = taken.step.deliver == Delivery::Digest && !alert.restricted;
    Gathered {
        into: Addressed {
            recipient: person.recipient,
            kind: if in_digest { MessageKind::Digest } else { MessageKind::Alert },
            only_case: alert.restricted.then(|| alert.case.clone()),
        },
        alert: alert.id,
        severity: alert.position.severity,
        turn: alert.turn,
        role: taken.step.role,
        stands_in: person.stands_in,
        escalated: taken.step.escalated,
    }
}

/// Why a role is not told. Where nobody on the whole ladder can be told, that is on record once and tried again.
fn silence(alert: &Held, climb: &Climb, role: Role, silence: Silence) -> Option<ToAdd> {
    (!climb.reaches_nobody || !alert.is_unreachable).then(|| not_told(alert, Some(role), silence))
}

/// The rungs to be claimed; none, where they are to be tried again.
fn to_claim(alert: &Held, climb: &Climb) -> Vec<ToClimb> {
    let outcome = |taken: &Taken| match (&taken.told, alert.paused) {
        (Ok(_), _) => RungOutcome::Told,
        (Err(_), None) => RungOutcome::Unreachable,
        (Err(_), Some(_)) => RungOutcome::Silent,
    };
    let claim = |taken: &Taken| ToClimb { alert: alert.id, turn: alert.turn, step: taken.step, outcome: outcome(taken) };
    if climb.reaches_nobody { Vec::new() } else { climb.taken.iter().map(claim).collect() }
}

fn next_rung(alert: &Held, climb: &Climb) -> NextRung {
    NextRung { alert: alert.id, step: climb.next, reaches_nobody: climb.reaches_nobody }
}

fn told(case: &str, news: &Gathered, message: Uuid) -> ToAdd {
    ToAdd {
        what: What::Told,
        case: case.to_owned(),
        alert: Some(news.alert),
        message: Some(message),
        recipient: Some(news.into.recipient),
        reason: if news.stands_in { format!("{}: stands in", news.role.title()) } else { news.role.title().to_owned() },
    }
}

fn not_told(alert: &Held, role: Option<Role>, silence: Silence) -> ToAdd {
    let reason = silence.reason();
    ToAdd {
        what: What::NotTold,
        case: alert.case.clone(),
        alert: Some(alert.id),
        message: None,
        recipient: None,
        reason: role.map_or_else(|| reason.to_owned(), |role| format!("{}: {reason}", role.title())),
    }
}
