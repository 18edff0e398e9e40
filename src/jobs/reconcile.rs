//! The full reconciliation: every night the rules are asked of each case that is not settled, whether or not it is due, and the tables
//! what must be true of them. A hint that was wrong (when to look next, how a case stood) is repaired and reported: it would have
//! hidden drift. Settled cases take turns, so that each of them is looked at every 64 nights.

mod rounds;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::night;
use super::sweep::{self, Report, Sweep};
use crate::clock::Moment;
use crate::domain::calendar::Span;
use crate::mailer::post;
use crate::store::invariants::{self, Broken};
use crate::store::{jobs, journal, kept_answers};

/// Its name among the runs.
pub const JOB: &str = "reconcile";

/// How long a run may take before another instance takes it to be lost.
const LEASE: SignedDuration = SignedDuration::from_mins(30);

/// How long after a run that failed or was stopped another may begin.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// How long the runs of sweeps are kept.
const SWEEPS_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a reconciliation found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Found {
    /// Cases looked at.
    pub cases: usize,
    /// Cases whose hints were wrong, and are repaired.
    pub repaired: Vec<String>,
    /// What its judging did to alerts: anything here was missed before.
    pub missed: Report,
    /// What must not be.
    pub broken: Vec<Broken>,
}

impl Found {
    fn add(&mut self, page: Self) {
        self.cases += page.cases;
        self.repaired.extend(page.repaired);
        self.missed.add(page.missed);
    }

    /// Tells whether nothing was wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.repaired.is_empty() && self.broken.is_empty() && self.missed.postponed.is_empty()
    }
}

/// Reconciles if the night's hour has come and nobody has done it.
///
/// # Errors
///
/// The database does not answer; the next run tries again.
pub async fn run(pool: &PgPool, sweep: &Sweep, now: Moment, stop: &CancellationToken) -> anyhow::Result<Option<Found>> {
    let Some(slot) = night::slot_of(now.at) else { return Ok(None) };
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    if !jobs::take_lease(&mut connection, JOB, slot, now.at, LEASE).await? {
        return Ok(None);
    }
    drop(connection);
    let reconciled = reconcile(pool, sweep, now, stop).await;
    if reconciled.is_err() || stop.is_cancelled() {
        let given_back = give_back(pool, slot, now).await;
        return reconciled.and(given_back).map(|()| None);
    }
    let found = reconciled?;
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    // A run of this night that was lost half-way may have repaired hints, too.
    let repaired = journal::count_repaired(&mut connection, slot).await?;
    let failures = repaired + found.broken.len() + found.missed.postponed.len();
    jobs::forget_sweeps(&mut connection, now.at.saturating_sub(SWEEPS_KEPT)?).await?;
    kept_answers::forget(&mut connection, now.at).await?;
    jobs::finish(&mut connection, JOB, slot, now.at, failures).await?;
    Ok(Some(found))
}

/// Lets another run begin soon, not only when the lease has run out.
async fn give_back(pool: &PgPool, slot: Timestamp, now: Moment) -> anyhow::Result<()> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let as_if_taken_at = now.at.saturating_sub(LEASE)?.saturating_add(AGAIN_AFTER)?;
    Ok(jobs::give_back(&mut connection, JOB, slot, now.at, as_if_taken_at).await?)
}

/// Sweeps, then looks at every case that is not settled and at a part of those that are.
///
/// # Errors
///
/// The database does not answer; what was committed stays.
pub async fn reconcile(pool: &PgPool, sweep: &Sweep, now: Moment, stop: &CancellationToken) -> anyhow::Result<Found> {
    // What is due or marked is no fault of the hints: it is swept first.
    sweep::run(pool, sweep, now.at, now, stop).await?;
    let mut found = rounds::go(pool, sweep, now, stop).await?;
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    post::seal_gathered(&mut connection, &sweep.post, now).await?;
    let overdue_before = sweep.policy.calendar.minus(now.today, Span::WorkingDays(1));
    found.broken = invariants::broken(&mut connection, overdue_before, now).await?;
    report(&found);
    Ok(found)
}

fn report(found: &Found) {
    for broken in &found.broken {
        error!(job.name = JOB, rows = broken.rows, "{}", broken.what);
    }
    info!(
        job.name = JOB,
        cases = found.cases,
        repaired = found.repaired.len(),
        broken = found.broken.len(),
        opened = found.missed.opened.len(),
        resolved = found.missed.resolved.len(),
        clean = found.is_clean(),
        "reconciled"
    );
}
