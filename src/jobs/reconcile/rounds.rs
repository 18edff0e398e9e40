//! Going through the cases: each is read and judged without holding it, and held only where what is kept of it is not what the rules say.
//! Facts that change meanwhile are marked, and are the next sweep's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::civil::{Date, date};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, warn};
use uuid::Uuid;

use super::super::sweep::judge::{self, Which};
use super::super::sweep::{self, Sweep};
use super::{Found, JOB};
use crate::clock::Moment;
use crate::domain::calendar::days_between;
use crate::domain::reconcile::{Standing, reconcile};
use crate::failpoints::failpoint;
use crate::store::alerts;
use crate::store::journal::{self, Entry, What};
use crate::store::watch::{self, Hints, Kept};
use crate::store::{BEGIN_JUDGING, BEGIN_PAGE, cases, policies};

/// Pages that are looked at side by side: the database reads one while another is judged.
const SIDE_BY_SIDE: usize = 3;

/// So many of the 256 parts of the settled cases are looked at each night.
const PARTS_A_NIGHT: i64 = 4;

/// Goes through every case that is not settled, and tonight's part of those that are; told to stop, it ends after the pages at hand.
pub async fn go(pool: &PgPool, sweep: &Sweep, now: Moment, stop: &CancellationToken) -> anyhow::Result<Found> {
    let round = Arc::new(Mutex::new(Round::of(now.today)));
    let stop = stop.child_token();
    let mut walkers = JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let (pool, sweep, stop, round) = (pool.clone(), sweep.clone(), stop.clone(), round.clone());
        walkers.spawn(async move { walk(&pool, &sweep, now, &stop, &round).await }.in_current_span());
    }
    let (mut found, mut first_wrong) = (Found::default(), None);
    // Each of them is waited for, whatever becomes of the others: none is cut off within a transaction.
    while let Some(walked) = walkers.join_next().await {
        match walked.context("going through the cases failed").and_then(|walked| walked) {
            Ok(walked) => found.add(walked),
            Err(wrong) => {
                stop.cancel();
                first_wrong.get_or_insert(wrong);
            }
        }
    }
    first_wrong.map_or(Ok(found), Err)
}

/// Looks at one page after another, until there is none left.
async fn walk(
    pool: &PgPool,
    sweep: &Sweep,
    now: Moment,
    stop: &CancellationToken,
    round: &Mutex<Round>,
) -> anyhow::Result<Found> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut found = Found::default();
    while !stop.is_cancelled() {
        let mut tx = connection.begin_with(BEGIN_PAGE).await?;
        let page = round.lock().await.next(&mut tx, sweep.cases_at_a_time.into()).await?;
        let Some(mut page) = page else { break };
        if !policies::is_in_force(&mut tx, &sweep.policy_version).await? {
            bail!("another policy has been put in force meanwhile");
        }
        let differing = differing(&mut tx, sweep, now, &page).await?;
        tx.commit().await?;
        found.cases += page.len();
        if !differing.is_empty() {
            found.add(mend(&mut connection, sweep, now, &differing).await?);
        }
        // Both are in the order of their references.
        page.retain(|reference| differing.binary_search(reference).is_err());
        watch::note_look(&mut connection, &page, now).await?;
    }
    Ok(found)
}

/// Where the round has come to.
struct Round {
    /// The parts of the settled cases that are still before it; the cases that are not settled come first.
    parts: Vec<String>,
    /// The part that it is in; none while it is among the cases that are not settled.
    part: Option<String>,
    /// The last reference that was handed out.
    after: String,
}

impl Round {
    fn of(today: Date) -> Self {
        let first = days_between(date(2000, 1, 1), today).rem_euclid(256 / PARTS_A_NIGHT) * PARTS_A_NIGHT;
        Self {
            parts: (first..first + PARTS_A_NIGHT).map(|part| format!("{part:02x}")).collect(),
            part: None,
            after: String::new(),
        }
    }

    /// The next page; none at the end.
    async fn next(&mut self, connection: &mut PgConnection, at_most: i64) -> Result<Option<Vec<String>>, sqlx::Error> {
        loop {
            let page = match &self.part {
                None => watch::next_not_settled(connection, &self.after, at_most).await?,
                Some(part) => watch::next_of_part(connection, part, &self.after, at_most).await?,
            };
            if let Some(last) = page.last() {
                self.after.clone_from(last);
                return Ok(Some(page));
            }
            let Some(part) = self.parts.pop() else { return Ok(None) };
            self.after.clear();
            self.part = Some(part);
        }
    }
}

/// The cases of a page of which something else is kept than the rules say, or whose alerts do not follow them.
async fn differing(
    connection: &mut PgConnection,
    sweep: &Sweep,
    now: Moment,
    page: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let mut standing: HashMap<String, Vec<Standing<Uuid>>> = HashMap::new();
    for (case, alert) in alerts::standing(connection, page).await? {
        standing.entry(case).or_default().push(alert);
    }
    let kept: HashMap<String, Kept> = watch::kept(connection, page).await?.into_iter().collect();
    let mut differing = Vec::new();
    for (reference, case) in cases::load(connection, page).await? {
        let judged = judge::evaluate(case, &sweep.policy, now);
        let is_as_kept = judged.is_ok_and(|(_, evaluation)| {
            let standing = standing.remove(&reference).unwrap_or_default();
            kept.get(&reference) == Some(&Kept::of(&evaluation))
                && reconcile(&evaluation.findings, &standing, &sweep.policy.alerts).is_empty()
        });
        if !is_as_kept {
            differing.push(reference);
        }
    }
    Ok(differing)
}

/// Judges cases under their locks, and tells whose hints were wrong.
async fn mend(connection: &mut PgConnection, sweep: &Sweep, now: Moment, differing: &[String]) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut tx = connection.begin_with(BEGIN_JUDGING).await?;
    let held = watch::hold_unless_due(&mut tx, differing).await?;
    let before = hints(&mut tx, &held).await?;
    match judge::page(&mut tx, sweep, now, &held).await {
        Ok(page) => {
            let after = hints(&mut tx, &held).await?;
            let repaired = held.into_iter().filter(|reference| before.get(reference) != after.get(reference));
            found.repaired = repaired.collect();
            journal_repaired(&mut tx, &found.repaired, now).await?;
            failpoint("reconcile.page.before_commit");
            tx.commit().await?;
            failpoint("reconcile.page.after_commit");
            found.missed = page;
        }
        Err(wrong) if !sweep::is_the_cases_own(&wrong) && !sweep::is_held_elsewhere(&wrong) => return Err(wrong),
        Err(_) => {
            tx.rollback().await?;
            found.missed = judge::one_by_one(connection, sweep, now, &held, Which::Any).await?;
        }
    }
    Ok(found)
}

async fn hints(connection: &mut PgConnection, held: &[String]) -> Result<BTreeMap<String, Hints>, sqlx::Error> {
    let kept = watch::kept(connection, held).await?;
    Ok(kept.into_iter().map(|(reference, kept)| (reference, kept.hints)).collect())
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::calendar::shift;

    #[test]
    fn every_part_of_the_settled_cases_has_its_night_within_64() {
        let nights = (0..64).map(|night| Round::of(shift(date(2026, 11, 25), night)).parts);
        let parts: Vec<String> = nights.flatten().collect();
        assert_eq!(parts.len(), 256);
        assert_eq!(parts.iter().collect::<BTreeSet<_>>().len(), 256);
        assert!(parts.iter().all(|part| part.len() == 2));
    }
}
