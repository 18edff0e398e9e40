//! The sweep: looks at every case whose facts changed or whose day has come, and lets its alerts follow.
//!
//! A page of cases is judged and committed together: alerts, journal and gathered messages, or none of them. A case that cannot be
//! judged is put off and stops nobody. Two sweeps at once share the work: a case is held by one of them at a time.

mod follow_up;
pub(super) mod judge;

use std::borrow::Cow;
use std::time::Instant;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::judge::Which;
use crate::clock::Moment;
use crate::domain::policy::Policy;
use crate::domain::schedule::Severity;
use crate::failpoints::failpoint;
use crate::mailer::post::{self, Post};
use crate::store::policies::{self, Account, PolicyVersion};
use crate::store::watch::{self, Place};
use crate::store::{BEGIN_JUDGING, jobs};

/// What a sweep judges by, and how it writes.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The rules in force when it was made.
    pub policy: Policy,
    /// How they are known in the database.
    pub policy_version: PolicyVersion,
    /// Cases that are judged and committed together.
    pub cases_at_a_time: u32,
    /// What messages are made with.
    pub post: Post,
}

/// What a sweep did, or would do.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Report {
    /// Cases looked at.
    pub cases: usize,
    /// Alerts opened.
    pub opened: Vec<Line>,
    /// Alerts that turned graver.
    pub escalated: Vec<Line>,
    /// Alerts that turned less grave.
    pub lowered: Vec<Line>,
    /// Alerts resolved.
    pub resolved: Vec<Line>,
    /// Cases that could not be judged, and were put off.
    pub postponed: Vec<String>,
    /// Alerts opened again, because the day of their pause has come.
    pub reopened: Vec<Line>,
    /// Rungs on which somebody is told.
    pub told: usize,
    /// Open alerts that nobody on their whole ladder can be told of.
    pub unreachable: i64,
    /// Messages made.
    pub messages: usize,
    /// Whether it ended early, because another policy has been put in force: the next sweep judges every case by that.
    #[serde(skip)]
    pub overtaken: bool,
}

/// One alert in a report.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// The case.
    pub case: String,
    /// The rule's code.
    pub rule: String,
    /// What it is about, within its rule.
    pub subject: String,
    /// How grave.
    pub severity: Severity,
}

impl Report {
    pub(super) fn add(&mut self, page: Self) {
        self.cases += page.cases;
        self.opened.extend(page.opened);
        self.escalated.extend(page.escalated);
        self.lowered.extend(page.lowered);
        self.resolved.extend(page.resolved);
        self.postponed.extend(page.postponed);
        self.told += page.told;
    }
}

/// Sweeps once; told to stop, it ends after the page at hand, and the next sweep does the rest.
///
/// # Errors
///
/// The database does not answer; what was committed stays, and the next sweep does the rest.
pub async fn run(
    pool: &PgPool,
    sweep: &Sweep,
    slot: Timestamp,
    now: Moment,
    stop: &CancellationToken,
) -> anyhow::Result<Report> {
    let began = Instant::now();
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut tx = connection.begin().await?;
    if !prepare(&mut tx, sweep, now).await? {
        return Ok(Report { overtaken: true, ..Report::default() });
    }
    jobs::begin_sweep(&mut tx, slot, now.at).await?;
    tx.commit().await?;
    failpoint("sweep.begun");

    let mut report = Report::default();
    let mut place = Place::default();
    loop {
        if stop.is_cancelled() {
            return Ok(report);
        }
        let mut tx = connection.begin_with(BEGIN_JUDGING).await?;
        let held = watch::hold_due(&mut tx, now, &mut place, sweep.cases_at_a_time).await?;
        if held.is_empty() {
            break;
        }
        // Asked once the cases are held: whoever puts another policy in force now makes them due after they are judged by this one.
        if !policies::is_in_force(&mut tx, &sweep.policy_version).await? {
            return Ok(Report { overtaken: true, ..report });
        }
        match judge::page(&mut tx, sweep, now, &held).await {
            Ok(page) => {
                failpoint("sweep.page.before_commit");
                tx.commit().await?;
                failpoint("sweep.page.after_commit");
                report.add(page);
            }
            Err(wrong) if !is_the_cases_own(&wrong) && !is_held_elsewhere(&wrong) => return Err(wrong),
            Err(_) => {
                tx.rollback().await?;
                report.add(judge::one_by_one(&mut connection, sweep, now, &held, Which::Due).await?);
            }
        }
    }

    follow_up::all(&mut connection, sweep, now, &mut report).await?;
    report.messages = post::seal_gathered(&mut connection, &sweep.post, now).await?;
    failpoint("sweep.before_finish");
    let passed_over = watch::count_passed_over(&mut connection, now, sweep.policy.calendar.is_working_day(now.today)).await?;
    let finished_at = now.at.saturating_add(SignedDuration::try_from(began.elapsed())?)?;
    jobs::finish_sweep(&mut connection, slot, finished_at, report.postponed.len(), passed_over).await?;
    failpoint("sweep.after_finish");
    if passed_over > 0 {
        warn!(passed_over, "cases or alerts that are due are held by somebody else, and were passed over");
    }
    if report.unreachable > 0 {
        warn!(alerts = report.unreachable, "open alerts that nobody on their ladder can be told of: add a recipient");
    }
    info!(
        job.name = "sweep",
        cases = report.cases,
        opened = report.opened.len(),
        escalated = report.escalated.len(),
        resolved = report.resolved.len(),
        reopened = report.reopened.len(),
        postponed = report.postponed.len(),
        messages = report.messages,
        "swept"
    );
    Ok(report)
}

/// What a sweep would do: does it in one transaction, and takes it back.
///
/// # Errors
///
/// The database does not answer.
pub async fn rehearse(pool: &PgPool, sweep: &Sweep, now: Moment) -> anyhow::Result<Report> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut tx = connection.begin().await?;
    let report = rehearse_in(&mut tx, sweep, now).await?;
    tx.rollback().await?;
    Ok(report)
}

/// Does what a sweep would do in the caller's transaction, which the caller takes back once it has seen what comes of it.
///
/// # Errors
///
/// The database does not answer.
pub async fn rehearse_in(connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> anyhow::Result<Report> {
    if !policies::is_in_force(connection, &sweep.policy_version).await? {
        policies::add(connection, &sweep.policy_version, &Account::File, now.at).await?;
    }
    prepare(connection, sweep, now).await?;
    let mut report = Report::default();
    let mut place = Place::default();
    loop {
        let held = watch::hold_due(connection, now, &mut place, sweep.cases_at_a_time).await?;
        if held.is_empty() {
            break;
        }
        report.add(judge::page(connection, sweep, now, &held).await?);
    }
    follow_up::all(connection, sweep, now, &mut report).await?;
    report.messages = post::seal_gathered(connection, &sweep.post, now).await?;
    Ok(report)
}

/// Makes due what has become due since the last sweep: marked cases, cases seen as of a later day, and all where the policy changed.
/// False where another policy is in force than the one that the sweep would judge by.
async fn prepare(connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> anyhow::Result<bool> {
    let in_force = policies::in_force(connection).await?;
    let Some(version) = in_force.filter(|version| version.digest == sweep.policy_version.digest) else { return Ok(false) };
    if policies::take_up(connection, version.id, now.at).await? && !policies::judges_as_before(connection, &version).await? {
        follow_up::lay_ladders_anew(connection, &sweep.policy, now).await?;
        watch::make_all_due(connection).await?;
    }
    watch::make_due_what_was_seen_after(connection, now.today).await?;
    watch::make_due_what_is_told(connection, now.today).await?;
    watch::take_in_marks(connection).await?;
    Ok(true)
}

/// Tells whether somebody else holds what was wanted, and did not let go of it in time: whoever does without it goes on.
pub(super) fn is_held_elsewhere(wrong: &anyhow::Error) -> bool {
    // Lock not available in time; deadlock detected.
    code_of(wrong).is_some_and(|code| ["55P03", "40P01"].contains(&code.as_ref()))
}

/// Tells whether one case is the trouble, by what it holds; anything else may pass by itself, and every case stays due.
pub(super) fn is_the_cases_own(wrong: &anyhow::Error) -> bool {
    match wrong.downcast_ref::<sqlx::Error>() {
        // Class 22: data; 23: constraints; P0: raised by a trigger.
        Some(sqlx::Error::Database(_)) => {
            code_of(wrong).is_some_and(|code| ["22", "23", "P0"].iter().any(|class| code.starts_with(class)))
        }
        Some(sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) | None => true,
        Some(_) => false,
    }
}

fn code_of(wrong: &anyhow::Error) -> Option<Cow<'_, str>> {
    wrong.downcast_ref::<sqlx::Error>()?.as_database_error()?.code()
}
