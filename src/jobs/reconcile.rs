//! The full reconciliation: every night each case is judged, whether or not it is due, and the tables are asked what must be true of
//! them. A hint that was wrong (when to look next, how a case stood) is repaired and reported: it would have hidden drift.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use jiff::SignedDuration;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::night;
use super::sweep::judge::{self, Which};
use super::sweep::{self, Report, Sweep};
use crate::clock::Moment;
use crate::domain::calendar::Span;
use crate::failpoints::failpoint;
use crate::mailer::post;
use crate::store::invariants::{self, Broken};
use crate::store::journal::{self, Entry, What};
use crate::store::{jobs, kept_answers, policies, watch};

/// Its name among the runs.
pub const JOB: &str = "reconcile";

/// How long a run may take before another instance takes it to be lost.
const LEASE: SignedDuration = SignedDuration::from_hours(2);

/// How long the runs of sweeps are kept.
const SWEEPS_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a reconciliation found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Found {
    /// Cases judged.
    pub cases: usize,
    /// Cases whose hints were wrong, and are repaired.
    pub repaired: Vec<String>,
    /// What its judging did to alerts: anything here was missed before.
    pub missed: Report,
    /// What must not be.
    pub broken: Vec<Broken>,
}

impl Found {
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
/// The database does not answer; the next run tries again once the lease has run out.
pub async fn run(pool: &PgPool, sweep: &Sweep, now: Moment, stop: &CancellationToken) -> anyhow::Result<Option<Found>> {
    let Some(slot) = night::slot_of(now.at) else { return Ok(None) };
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    if !jobs::take_lease(&mut connection, JOB, slot, now.at, LEASE).await? {
        return Ok(None);
    }
    drop(connection);
    let found = reconcile(pool, sweep, now, stop).await?;
    if stop.is_cancelled() {
        return Ok(None);
    }
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let failures = found.repaired.len() + found.broken.len() + found.missed.postponed.len();
    jobs::forget_sweeps(&mut connection, now.at.saturating_sub(SWEEPS_KEPT)?).await?;
    kept_answers::forget(&mut connection, now.at).await?;
    jobs::finish(&mut connection, JOB, slot, now.at, failures).await?;
    Ok(Some(found))
}

/// Sweeps, then judges every case.
///
/// # Errors
///
/// The database does not answer; what was committed stays.
pub async fn reconcile(pool: &PgPool, sweep: &Sweep, now: Moment, stop: &CancellationToken) -> anyhow::Result<Found> {
    // What is due or marked is no fault of the hints: it is swept first.
    sweep::run(pool, sweep, now.at, now, stop).await?;
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut found = Found::default();
    let mut after = String::new();
    while !stop.is_cancelled() {
        let mut tx = connection.begin().await?;
        let held = watch::hold_next(&mut tx, &after, sweep.cases_at_a_time).await?;
        let Some(last) = held.last() else { break };
        after.clone_from(last);
        if !policies::is_in_force(&mut tx, &sweep.policy_version).await? {
            bail!("another policy has been put in force meanwhile");
        }
        let before = watch::hints(&mut tx, &held).await?;
        match judge::page(&mut tx, sweep, now, &held).await {
            Ok(page) => {
                let repaired = differing(&before, &watch::hints(&mut tx, &held).await?);
                journal_repaired(&mut tx, &repaired, now).await?;
                failpoint("reconcile.page.before_commit");
                tx.commit().await?;
                failpoint("reconcile.page.after_commit");
                found.repaired.extend(repaired);
                found.missed.add(page);
            }
            Err(wrong) if !sweep::is_the_cases_own(&wrong) => return Err(wrong),
            Err(_) => {
                tx.rollback().await?;
                found.missed.add(judge::one_by_one(&mut connection, sweep, now, &held, Which::Any).await?);
            }
        }
    }
    post::seal_gathered(&mut connection, &sweep.post, now).await?;
    found.cases = found.missed.cases;
    let overdue_before = sweep.policy.calendar.minus(now.today, Span::WorkingDays(1));
    found.broken = invariants::broken(&mut connection, overdue_before, now).await?;
    report(&found);
    Ok(found)
}

/// The cases whose hints are not as they were.
fn differing(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |reference: &&String| before.get(*reference) != after.get(*reference);
    after.keys().filter(differs).cloned().collect()
}

async fn journal_repaired(connection: &mut PgConnection, repaired: &[String], now: Moment) -> Result<(), sqlx::Error> {
    for reference in repaired {
        warn!(job.name = JOB, case.reference = reference, "a hint was wrong and is repaired");
        let reason = "what was kept of the case was not what the rules say of its facts";
        let entry = Entry { case: Some(reference), reason: Some(reason), ..Entry::default() };
        journal::add(connection, now.at, What::HintRepaired, entry).await?;
    }
    Ok(())
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
