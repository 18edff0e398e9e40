//! Sends what is due in the outbox. No transaction is open while a mail server is spoken to.

use std::time::Duration;

use anyhow::Context;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, info_span, warn};

use crate::clock::{Clock, Moment};
use crate::config::AllowedDomains;
use crate::domain::delivery;
use crate::failpoints::failpoint;
use crate::mailer::transport::{Envelope, Outcome, Transport};
use crate::store::journal::What;
use crate::store::outbox::{self, AttemptOutcome, Claimed, Ended, Fate, ToWithdraw};

/// Messages that are on their way at the same time.
const AT_A_TIME: i64 = 4;

/// What a run delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Accepted by the mail server.
    pub sent: usize,
    /// To be tried again.
    pub delayed: usize,
    /// Not to be tried again.
    pub dead: usize,
}

/// Sends every message that is due; told to stop, it begins no other.
///
/// # Errors
///
/// The database does not answer; what was claimed is due again when its lease runs out.
pub async fn run(
    pool: &PgPool,
    transport: &Transport,
    allowed_domains: &AllowedDomains,
    clock: &Clock,
    stop: &CancellationToken,
) -> anyhow::Result<Delivered> {
    let mut delivered = Delivered::default();
    let mut first_wrong = None;
    while first_wrong.is_none() && !stop.is_cancelled() {
        let claimed = {
            let mut connection = pool.acquire().await.context("could not reach the database")?;
            claim(&mut connection, clock.now()).await?
        };
        if claimed.is_empty() {
            break;
        }
        failpoint("claim.after_commit");
        let mut under_way = JoinSet::new();
        for message in claimed {
            let (pool, transport, clock) = (pool.clone(), transport.clone(), clock.clone());
            let allowed = allowed_domains.allow(&message.to);
            let span = info_span!("message", message.id = %message.id, message.attempt = message.attempt);
            let sending = async move {
                let outcome = if allowed { send(&transport, &message).await } else { not_allowed() };
                settle_patiently(&pool, &clock, &message, &outcome).await
            };
            under_way.spawn(sending.instrument(span));
        }
        // Each of them is waited for, whatever becomes of the others: a message that is on its way is not cut off.
        while let Some(settled) = under_way.join_next().await {
            match settled.context("sending a message failed").and_then(|kept| kept) {
                Ok(Kept::Sent) => delivered.sent += 1,
                Ok(Kept::Delayed) => delivered.delayed += 1,
                Ok(Kept::Dead) => delivered.dead += 1,
                Ok(Kept::TakenOver) => {}
                Err(wrong) => {
                    first_wrong.get_or_insert(wrong);
                }
            }
        }
    }
    if delivered != Delivered::default() {
        info!(job.name = "deliver", sent = delivered.sent, delayed = delivered.delayed, dead = delivered.dead, "delivered");
    }
    first_wrong.map_or(Ok(delivered), Err)
}

/// Claims messages that are due, once those are withdrawn that must not leave any more.
///
/// # Errors
///
/// The database does not answer.
pub async fn claim(connection: &mut PgConnection, now: Moment) -> Result<Vec<Claimed>, sqlx::Error> {
    loop {
        let mut tx = connection.begin().await?;
        let due = outbox::hold_due(&mut tx, now.at, AT_A_TIME).await?;
        let withdrawn = if due.is_empty() { Vec::new() } else { outbox::to_withdraw(&mut tx, &due).await? };
        if withdrawn.is_empty() {
            let claimed = if due.is_empty() { Vec::new() } else { outbox::claim(&mut tx, &due, now.at).await? };
            if !claimed.is_empty() {
                failpoint("claim.before_commit");
            }
            tx.commit().await?;
            return Ok(claimed);
        }
        tx.rollback().await?;
        withdraw(connection, &withdrawn, now).await?;
    }
}

async fn withdraw(connection: &mut PgConnection, withdrawn: &[ToWithdraw], now: Moment) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin().await?;
    outbox::withdraw(&mut tx, withdrawn, now).await?;
    tx.commit().await?;
    for ToWithdraw { id, reason } in withdrawn {
        warn!(message.id = %id, reason, "a message is cancelled: its person must not get it any more");
    }
    Ok(())
}

/// How a message is kept after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As sent.
    Sent,
    /// To be tried again.
    Delayed,
    /// Not to be tried again.
    Dead,
    /// As another worker says, who has taken it over.
    TakenOver,
}

async fn send(transport: &Transport, message: &Claimed) -> Outcome {
    failpoint("send.before_connecting");
    let envelope = Envelope { id: message.id, from: &message.from, to: &message.to, bytes: &message.bytes };
    let outcome = transport.send(&envelope).await;
    failpoint("send.answered");
    outcome
}

fn not_allowed() -> Outcome {
    Outcome::Refused { reply: "the address is not of a domain in mail.allowed_domains".to_owned() }
}

/// Puts the outcome on record. An answer of the mail server is worth some patience with the database: were it lost, the message
/// would be sent again.
async fn settle_patiently(pool: &PgPool, clock: &Clock, message: &Claimed, outcome: &Outcome) -> anyhow::Result<Kept> {
    const PAUSES: [Duration; 4] =
        [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15)];
    let settle = async || settle(&mut *pool.acquire().await?, clock, message, outcome).await;
    for pause in PAUSES {
        match settle().await {
            Ok(kept) => return Ok(kept),
            Err(_) => tokio::time::sleep(pause).await,
        }
    }
    settle().await.context("could not put the outcome of a message on record")
}

/// Puts the outcome of an attempt on record and decides the message.
///
/// # Errors
///
/// The database does not answer.
pub async fn settle(
    connection: &mut PgConnection,
    clock: &Clock,
    message: &Claimed,
    outcome: &Outcome,
) -> Result<Kept, sqlx::Error> {
    let moment = clock.now();
    let now = moment.at;
    let again = delivery::try_again_at(now, message.attempt.unsigned_abs(), chance(message));
    let again_unless_too_late = || {
        if again > message.give_up_at { Fate::Dead("not delivered for three days") } else { Fate::TryAgain(again) }
    };
    let (recorded, reply, fate, what) = match outcome {
        Outcome::Accepted { reply } => (AttemptOutcome::Accepted, reply, Fate::Sent, What::MessageAccepted),
        Outcome::Temporary { reply } => (AttemptOutcome::Temporary, reply, again_unless_too_late(), What::MessageDelayed),
        Outcome::Unknown { reason } => (AttemptOutcome::Unknown, reason, again_unless_too_late(), What::MessageOutcomeUnknown),
        Outcome::Misconfigured { reason } => {
            (AttemptOutcome::Misconfigured, reason, Fate::TryAgain(again), What::MessageDelayed)
        }
        Outcome::Refused { reply } => (AttemptOutcome::Refused, reply, Fate::Dead(reply), What::MessageDead),
    };
    let (what, kept) = match fate {
        Fate::Sent => (what, Kept::Sent),
        Fate::TryAgain(_) => (what, Kept::Delayed),
        Fate::Dead(_) => (What::MessageDead, Kept::Dead),
    };
    let ended = Ended { outcome: recorded, reply, what, fate };
    failpoint("settle.before_commit");
    let holds = if kept == Kept::Dead {
        let mut tx = connection.begin().await?;
        // Whoever climbs holds alerts and then messages.
        outbox::hold_alerts(&mut tx, &[message.id]).await?;
        let holds = outbox::settle(&mut tx, message, &ended, now).await?;
        if holds {
            outbox::pass_on(&mut tx, message.id, moment).await?;
        }
        failpoint("dead.before_commit");
        tx.commit().await?;
        holds
    } else {
        outbox::settle(connection, message, &ended, now).await?
    };
    failpoint("settle.after_commit");
    if !holds {
        warn!(message.id = %message.id, attempt = message.attempt, "another worker took the message over");
        return Ok(Kept::TakenOver);
    }
    match kept {
        Kept::Dead => error!(message.id = %message.id, attempt = message.attempt, "a message is dead: see mail show"),
        Kept::Delayed => {
            warn!(message.id = %message.id, attempt = message.attempt, outcome = recorded.code(), "a message is tried again");
        }
        Kept::Sent | Kept::TakenOver => {}
    }
    Ok(kept)
}

/// A number that differs from message to message and from attempt to attempt, for spreading their next tries.
fn chance(message: &Claimed) -> u8 {
    message
        .id
        .as_bytes()
        .iter()
        .fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte))
        .wrapping_add(message.attempt.to_le_bytes()[0].wrapping_mul(97))
}
