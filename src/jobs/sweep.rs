//! The sweep: looks at every case whose facts changed or whose day has come, and lets its alerts follow.
//!
//! A page of cases is judged and committed together: alerts, journal and gathered messages, or none of them. A case that cannot be
//! judged is put off and stops nobody. Two sweeps at once share the work: a case is held by one of them at a time.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Context;
use jiff::Timestamp;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::clock::Moment;
use crate::domain::case::Case;
use crate::domain::evaluation::Evaluation;
use crate::domain::policy::Policy;
use crate::domain::reconcile::{Change, Standing, reconcile};
use crate::domain::schedule::{Finding, Severity};
use crate::mailer::post::{self, Post};
use crate::mailer::telling::{self, Silences};
use crate::store::alerts::{self, Untold};
use crate::store::journal::{self, Entry, What};
use crate::store::watch::{self, Seen};
use crate::store::{UnknownWord, cases, jobs, recipients, without_values};

/// What a sweep judges by, and how it writes.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The rules in force.
    pub policy: Policy,
    /// Tells this policy, and this program, from others.
    pub policy_digest: String,
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
    /// Alerts told of at once.
    pub told: usize,
    /// Open alerts that must be told of at once and that nobody can be told of.
    pub unreachable: usize,
    /// Messages made.
    pub messages: usize,
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
    fn add(&mut self, page: Self) {
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
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut tx = connection.begin().await?;
    prepare(&mut tx, sweep, now).await?;
    jobs::begin_sweep(&mut tx, slot, now.at).await?;
    tx.commit().await?;

    let mut report = Report::default();
    let mut after = String::new();
    loop {
        if stop.is_cancelled() {
            return Ok(report);
        }
        let mut tx = connection.begin().await?;
        let held = watch::hold_due(&mut tx, now, &after, sweep.cases_at_a_time).await?;
        let Some(last) = held.last() else { break };
        after.clone_from(last);
        match judge(&mut tx, sweep, now, &held).await {
            Ok(page) => {
                tx.commit().await?;
                report.add(page);
            }
            Err(wrong) if !is_the_cases_own(&wrong) => return Err(wrong),
            Err(_) => {
                tx.rollback().await?;
                report.add(one_by_one(&mut connection, sweep, now, &held).await?);
            }
        }
    }

    report.told += tell_the_untold(&mut connection, sweep, now, &mut report.unreachable).await?;
    report.messages = post::seal_gathered(&mut connection, &sweep.post, now).await?;
    let failures = i32::try_from(report.postponed.len()).unwrap_or(i32::MAX);
    jobs::finish_sweep(&mut connection, slot, now.at, failures).await?;
    if report.unreachable > 0 {
        warn!(alerts = report.unreachable, "alerts wait that nobody can be told of: add a recipient");
    }
    info!(
        job.name = "sweep",
        cases = report.cases,
        opened = report.opened.len(),
        escalated = report.escalated.len(),
        resolved = report.resolved.len(),
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
    prepare(&mut tx, sweep, now).await?;
    let mut report = Report::default();
    let mut after = String::new();
    loop {
        let held = watch::hold_due(&mut tx, now, &after, sweep.cases_at_a_time).await?;
        let Some(last) = held.last() else { break };
        after.clone_from(last);
        report.add(judge(&mut tx, sweep, now, &held).await?);
    }
    report.told += tell_the_untold(&mut tx, sweep, now, &mut report.unreachable).await?;
    report.messages = post::seal_gathered(&mut tx, &sweep.post, now).await?;
    tx.rollback().await?;
    Ok(report)
}

/// Makes due what has become due since the last sweep: marked cases, cases seen as of a later day, and all where the policy changed.
async fn prepare(connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> anyhow::Result<()> {
    let policy_changed = jobs::put_policy_in_force(connection, &sweep.policy_digest, now.at).await?;
    if policy_changed {
        journal::add(connection, now.at, What::PolicyChanged, Entry::default()).await?;
    }
    if policy_changed {
        watch::make_all_due(connection).await?;
    }
    watch::make_due_what_was_seen_after(connection, now.today).await?;
    watch::take_in_marks(connection).await?;
    Ok(())
}

/// Judges a page of cases that are held: alerts follow findings, news is gathered, and the next look is noted.
async fn judge(connection: &mut PgConnection, sweep: &Sweep, now: Moment, held: &[String]) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut standing: HashMap<String, Vec<Standing<Uuid>>> = HashMap::new();
    for (case, alert) in alerts::standing(connection, held).await? {
        standing.entry(case).or_default().push(alert);
    }
    let mut news = Vec::new();
    let mut judged = Vec::new();
    for (reference, case) in cases::load(connection, held).await? {
        match evaluate(case, &sweep.policy, now) {
            Ok((case, evaluation)) => {
                let standing = standing.remove(&reference).unwrap_or_default();
                let changes = reconcile(&evaluation.findings, &standing, &sweep.policy.alerts);
                for change in changes {
                    news.extend(apply(connection, &case, &standing, change, now.at, &mut report).await?);
                }
                judged.push((reference, evaluation));
            }
            Err(reason) => {
                error!(case.reference = reference, reason, "a case could not be judged and is put off");
                put_off(connection, now, &reference, &reason).await?;
                report.postponed.push(reference);
            }
        }
    }
    let people = recipients::active(connection, |address| sweep.post.may_write_to(address)).await?;
    report.told += telling::tell(connection, &news, &sweep.policy.alerts, &people, Silences::Journal, now.at).await?;
    let seen: Vec<Seen> = judged.iter().map(|(reference, evaluation)| Seen { reference, evaluation }).collect();
    watch::keep(connection, now, &seen).await?;
    report.cases += seen.len();
    Ok(report)
}

/// Judges cases each in a transaction of its own, after a page of them failed, so that only the broken ones are put off.
async fn one_by_one(connection: &mut PgConnection, sweep: &Sweep, now: Moment, held: &[String]) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for reference in held {
        let mut tx = connection.begin().await?;
        if !watch::hold_one(&mut tx, now.today, reference).await? {
            continue;
        }
        match judge(&mut tx, sweep, now, std::slice::from_ref(reference)).await {
            Ok(page) => {
                tx.commit().await?;
                report.add(page);
            }
            Err(wrong) if !is_the_cases_own(&wrong) => return Err(wrong),
            Err(wrong) => {
                tx.rollback().await?;
                let reason = without_values(&wrong);
                error!(case.reference = reference, reason, "a case could not be judged and is put off");
                let mut tx = connection.begin().await?;
                put_off(&mut tx, now, reference, &reason).await?;
                tx.commit().await?;
                report.postponed.push(reference.clone());
            }
        }
    }
    Ok(report)
}

/// A case with what the rules make of it; a reason where they cannot.
fn evaluate(case: Result<Case, UnknownWord>, policy: &Policy, now: Moment) -> Result<(Case, Evaluation), String> {
    let case = case.map_err(|wrong| wrong.to_string())?;
    match catch_unwind(AssertUnwindSafe(|| Evaluation::of(&case, policy, now.today))) {
        Ok(evaluation) => Ok((case, evaluation)),
        Err(_) => Err("the rules failed on it".to_owned()),
    }
}

/// Carries one decision out and journals it; news where people are to be told.
async fn apply(
    connection: &mut PgConnection,
    case: &Case,
    standing: &[Standing<Uuid>],
    change: Change<Uuid>,
    now: Timestamp,
    report: &mut Report,
) -> anyhow::Result<Option<Untold>> {
    let by_finding = |finding: &Finding| Line {
        case: case.reference.clone(),
        rule: finding.rule.code().to_owned(),
        subject: finding.subject.clone(),
        severity: finding.severity,
    };
    let news = |id, severity, turned| Untold {
        id,
        case: case.reference.clone(),
        team: case.team.clone(),
        restricted: case.restricted,
        severity,
        turned,
    };
    let (what, id, reason, told) = match change {
        Change::Open(finding) => {
            let id = alerts::open(connection, &case.reference, &finding, now).await?;
            report.opened.push(by_finding(&finding));
            (What::AlertOpened, id, finding.severity.code(), Some(news(id, finding.severity, false)))
        }
        Change::Raise(id, finding) => {
            alerts::turn(connection, id, &finding, true, now).await?;
            report.escalated.push(by_finding(&finding));
            (What::AlertRaised, id, finding.severity.code(), Some(news(id, finding.severity, true)))
        }
        Change::Lower(id, finding) => {
            alerts::turn(connection, id, &finding, false, now).await?;
            report.lowered.push(by_finding(&finding));
            (What::AlertLowered, id, finding.severity.code(), None)
        }
        Change::Keep(id, finding) => {
            alerts::keep(connection, id, &finding).await?;
            return Ok(None);
        }
        Change::Resolve(id, why) => {
            alerts::resolve(connection, id, now).await?;
            report.resolved.extend(standing.iter().find(|alert| alert.id == id).map(|alert| Line {
                case: case.reference.clone(),
                rule: alert.rule.clone(),
                subject: alert.subject.clone(),
                severity: alert.severity,
            }));
            (What::AlertResolved, id, why.reason(), None)
        }
    };
    let entry = Entry { case: Some(&case.reference), alert: Some(id), reason: Some(reason), ..Entry::default() };
    journal::add(connection, now, what, entry).await?;
    Ok(told)
}

async fn put_off(connection: &mut PgConnection, now: Moment, reference: &str, reason: &str) -> Result<(), sqlx::Error> {
    watch::postpone(connection, now, reference).await?;
    let entry = Entry { case: Some(reference), reason: Some(reason), ..Entry::default() };
    journal::add(connection, now.at, What::CasePostponed, entry).await
}

/// Tells of alerts that were opened when nobody could be told of them, as soon as somebody can.
async fn tell_the_untold(
    connection: &mut PgConnection,
    sweep: &Sweep,
    now: Moment,
    unreachable: &mut usize,
) -> anyhow::Result<usize> {
    const AT_A_TIME: i64 = 500;
    let told_at_once = telling::severities_told_at_once(&sweep.policy.alerts);
    let (mut told, mut after) = (0, Uuid::nil());
    loop {
        let mut tx = connection.begin().await?;
        let untold = alerts::hold_untold(&mut tx, &told_at_once, after, AT_A_TIME).await?;
        let Some(last) = untold.last() else { break };
        after = last.id;
        let people = recipients::active(&mut tx, |address| sweep.post.may_write_to(address)).await?;
        let told_now = telling::tell(&mut tx, &untold, &sweep.policy.alerts, &people, Silences::OnRecord, now.at).await?;
        told += told_now;
        *unreachable += untold.len() - told_now;
        tx.commit().await?;
    }
    Ok(told)
}

/// Tells whether one case is the trouble, by what it holds; anything else may pass by itself, and every case stays due.
fn is_the_cases_own(wrong: &anyhow::Error) -> bool {
    match wrong.downcast_ref::<sqlx::Error>() {
        // Class 22: data; 23: constraints; P0: raised by a trigger.
        Some(sqlx::Error::Database(refused)) => {
            let code = refused.code().unwrap_or_default();
            ["22", "23", "P0"].iter().any(|class| code.starts_with(class))
        }
        Some(sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) | None => true,
        Some(_) => false,
    }
}
