//! The digest: on working days from its hour, everything that need not be told at once, one message a person.
//!
//! The slot of the day, the rungs, the journal and the messages commit in one transaction: a digest is made whole, and once, however
//! many instances try and whenever one of them dies. It waits until a sweep has looked at the day.

use anyhow::Context;
use jiff::civil::Date;
use sqlx::{Connection, PgConnection, PgPool};
use tracing::{info, warn};

use super::sweep::Sweep;
use crate::clock::{Moment, london, midnight};
use crate::domain::calendar::in_words;
use crate::domain::timetable::{digest_due, digests_missed};
use crate::failpoints::failpoint;
use crate::mailer::post;
use crate::mailer::telling::{Telling, Turned, climb_all};
use crate::store::journal::{self, Entry, What};
use crate::store::{jobs, ladders, recipients};

const JOB: &str = "digest";

/// What was made for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The day.
    pub day: Date,
    /// Rungs on which somebody is told.
    pub rungs: usize,
    /// Messages queued.
    pub messages: usize,
}

/// Makes the digest of today if its hour has come and it is not made.
///
/// # Errors
///
/// The database does not answer; nothing is made, and the next run tries again.
pub async fn run(pool: &PgPool, sweep: &Sweep, now: Moment) -> anyhow::Result<Option<Made>> {
    let policy = &sweep.policy;
    let Some(day) = digest_due(now.in_london(), policy.digest, &policy.calendar) else { return Ok(None) };
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    if jobs::is_taken(&mut connection, JOB, midnight(day)).await?
        || !jobs::has_swept_since(&mut connection, midnight(day)).await?
    {
        return Ok(None);
    }
    make(&mut connection, sweep, now).await
}

/// Makes the digest of today, unless it is made.
///
/// # Errors
///
/// The database does not answer; nothing is made.
pub async fn make(connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> anyhow::Result<Option<Made>> {
    let slot = midnight(now.today);
    let mut tx = connection.begin().await?;
    if !jobs::take_slot(&mut tx, JOB, slot, now.at).await? {
        return Ok(None);
    }
    journal_missed(&mut tx, sweep, now).await?;
    let held = ladders::hold_for_digest(&mut tx, now).await?;
    let people = recipients::people(&mut tx, now.today, |address| sweep.post.allowed_domains.may_write_to(address)).await?;
    let telling = Telling { policy: &sweep.policy, people: &people, now, is_digest: true };
    let told = climb_all(&mut tx, &held, Turned::Before, &telling).await?;
    let messages = post::seal_these(&mut tx, &told.messages, &sweep.post, now).await?;
    jobs::finish(&mut tx, JOB, slot, now.at, 0).await?;
    failpoint("digest.before_commit");
    tx.commit().await?;
    failpoint("digest.after_commit");
    info!(job.name = JOB, rungs = told.rungs, messages, "made");
    Ok(Some(Made { day: now.today, rungs: told.rungs, messages }))
}

/// Puts the working days on record on which no digest was made; what they would have told is in this one.
async fn journal_missed(connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> Result<(), sqlx::Error> {
    let Some(last) = jobs::slot_before(connection, JOB, midnight(now.today)).await? else { return Ok(()) };
    let last = last.to_zoned(london()).date();
    for day in digests_missed(last, now.today, &sweep.policy.calendar) {
        warn!(job.name = JOB, %day, "no digest was made on a working day");
        let reason = format!("digest of {}: the service did not run; what it would have told is told now", in_words(day));
        journal::add(connection, now.at, What::MailMissed, Entry { reason: Some(&reason), ..Entry::default() }).await?;
    }
    Ok(())
}
