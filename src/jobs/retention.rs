//! Retention: what has outlived the policy's terms goes for good, every night after the reconciliation.
//!
//! Each case goes in a transaction of its own, once it is held and asked again whether anything stands against it. What is missed one
//! night is still due the next.

mod one;

use anyhow::Context;
use jiff::SignedDuration;
use jiff::civil::Date;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::sweep::{self, Sweep};
use super::{night, reconcile};
use crate::clock::{Moment, midnight};
use crate::domain::retention::{HeldBack, RetentionPolicy, Term};
use crate::store::erasure::{self, OldRecords, Rows};
use crate::store::policies::{self, Account};
use crate::store::{jobs, without_values};
pub use one::{Refused, Request, erase};

const JOB: &str = "retention";

/// How long a run may take before another instance takes it to be lost.
const LEASE: SignedDuration = SignedDuration::from_hours(2);

/// Cases that are looked up together.
const CASES_AT_A_TIME: i64 = 200;

/// Old records that go together.
const RECORDS_AT_A_TIME: i32 = 10_000;

/// What went, or would go.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Cases that went.
    pub erased: Vec<Erased>,
    /// Cases whose time is over, and that something keeps.
    pub held_back: Vec<Kept>,
    /// Cases that could not be erased: the next run tries again.
    pub failed: Vec<String>,
    /// Rows that went of each table, with the cases or by their age.
    pub rows: Rows,
    /// Of them, those that went by their age.
    pub old: Rows,
}

/// A case that went.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// Which.
    pub case: String,
    /// The last day on which anything about it was concluded.
    pub concluded_on: Date,
    /// Rows that went of each table.
    pub rows: Rows,
}

/// A case whose time is over, and that something keeps.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// Which.
    pub case: String,
    /// The last day on which anything about it was concluded.
    pub concluded_on: Date,
    /// What keeps it.
    pub why: HeldBack,
}

/// Erases what is due if the night is reconciled and nobody has done it. The night is taken where nothing is to go, too: terms that
/// are shortened during the day count from the next one.
///
/// # Errors
///
/// The database does not answer; the next run tries again once the lease has run out.
pub async fn run(pool: &PgPool, sweep: &Sweep, now: Moment, stop: &CancellationToken) -> anyhow::Result<Option<Report>> {
    let Some(slot) = night::slot_of(now.at) else { return Ok(None) };
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    if !jobs::is_finished(&mut connection, reconcile::JOB, slot).await?
        || !jobs::take_lease(&mut connection, JOB, slot, now.at, LEASE).await?
    {
        return Ok(None);
    }
    let report = retain(&mut connection, sweep, now, stop).await?;
    if stop.is_cancelled() {
        return Ok(None);
    }
    jobs::finish(&mut connection, JOB, slot, now.at, report.failed.len()).await?;
    Ok(Some(report))
}

/// What would go: does it in one transaction, and takes it back.
///
/// # Errors
///
/// The database does not answer.
pub async fn rehearse(pool: &PgPool, sweep: &Sweep, now: Moment) -> anyhow::Result<Report> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut tx = connection.begin().await?;
    if !policies::is_in_force(&mut tx, &sweep.policy_version).await? {
        policies::add(&mut tx, &sweep.policy_version, &Account::File, now.at).await?;
    }
    let report = retain(&mut tx, sweep, now, &CancellationToken::new()).await?;
    tx.rollback().await?;
    Ok(report)
}

/// Erases what is due.
///
/// # Errors
///
/// The database does not answer; what was committed stays.
pub async fn retain(
    connection: &mut PgConnection,
    sweep: &Sweep,
    now: Moment,
    stop: &CancellationToken,
) -> anyhow::Result<Report> {
    let terms = &sweep.policy.retention;
    let mut report = Report::default();
    if let Some(term) = terms.cases_after {
        cases(connection, sweep, term.before(now.today), now, stop, &mut report).await?;
    }
    for (records, term) in by_age(terms) {
        if stop.is_cancelled() {
            break;
        }
        let gone = old(connection, sweep, records, term, now, stop).await?;
        report.old.insert(records.code().to_owned(), gone);
    }
    add(&mut report.rows, &report.old);
    info!(
        job.name = JOB,
        erased = report.erased.len(),
        held_back = report.held_back.len(),
        failed = report.failed.len(),
        rows = report.rows.values().sum::<i64>(),
        "retained"
    );
    Ok(report)
}

fn by_age(terms: &RetentionPolicy) -> impl Iterator<Item = (OldRecords, Term)> {
    let terms = [
        (OldRecords::Audit, terms.audit_after),
        (OldRecords::MessageBytes, terms.message_bytes_after),
        (OldRecords::Journal, terms.journal_after),
    ];
    terms.into_iter().filter_map(|(records, term)| Some((records, term?)))
}

fn add(sum: &mut Rows, rows: &Rows) {
    for (table, number) in rows {
        *sum.entry(table.clone()).or_default() += number;
    }
}

async fn cases(
    connection: &mut PgConnection,
    sweep: &Sweep,
    before: Date,
    now: Moment,
    stop: &CancellationToken,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let page = erasure::outlived(connection, before, now.today, &after, CASES_AT_A_TIME).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.reference);
        for outlived in page {
            if stop.is_cancelled() {
                return Ok(());
            }
            let (case, concluded_on) = (outlived.reference.clone(), outlived.concluded_on);
            match one::outlived(connection, sweep, before, &outlived, now).await {
                Ok(None) => {}
                Ok(Some(Ok(rows))) => {
                    add(&mut report.rows, &rows);
                    report.erased.push(Erased { case, concluded_on, rows });
                }
                Ok(Some(Err(why))) => report.held_back.push(Kept { case, concluded_on, why }),
                Err(wrong) if wrong.is::<one::Overtaken>() || !sweep::is_the_cases_own(&wrong) => return Err(wrong),
                Err(wrong) => {
                    let reason = without_values(&wrong);
                    warn!(
                        job.name = JOB,
                        case.reference = case,
                        reason,
                        "a case could not be erased; the next run tries again"
                    );
                    report.failed.push(case);
                }
            }
        }
    }
}

async fn old(
    connection: &mut PgConnection,
    sweep: &Sweep,
    records: OldRecords,
    term: Term,
    now: Moment,
    stop: &CancellationToken,
) -> anyhow::Result<i64> {
    let before = midnight(term.before(now.today));
    let mut gone = 0;
    while !stop.is_cancelled() {
        let mut tx = connection.begin().await?;
        let version = one::version_in_force(&mut tx, sweep).await?;
        let page = erasure::erase_old(&mut tx, records, before, RECORDS_AT_A_TIME, version, now.at).await?;
        tx.commit().await?;
        gone += page;
        if page < i64::from(RECORDS_AT_A_TIME) {
            break;
        }
    }
    Ok(gone)
}
