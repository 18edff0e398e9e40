//! What another policy would change on the live caseload. Nothing here is kept: what is written is taken back.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use jiff::civil::Date;
use sqlx::{Connection, PgConnection, PgPool};

use super::sweep::{self, Sweep};
use crate::clock::Moment;
use crate::domain::policy::{Policy, Role};
use crate::domain::preview::{Changes, Messages, MovedDate, StandingAlert, alert_changes, dates_moved};
use crate::store::{cases, preview, watch};

/// What a sweep by one policy would leave.
#[derive(Clone, Debug, Default)]
pub struct Aftermath {
    /// Every alert that is not resolved.
    pub alerts: Vec<StandingAlert>,
    /// The messages that it would make, by the role of who gets them.
    pub messages: BTreeMap<Role, i64>,
    /// Cases that could not be judged.
    pub postponed: Vec<String>,
}

/// What a sweep by this policy would leave: does it in one transaction, and takes it back.
///
/// What a sweep by the policy in force would do anyway is in it, too: only the comparison of two tells what a policy changes. A sweep
/// that runs meanwhile leaves cases that are held here to the next one.
///
/// # Errors
///
/// The database does not answer.
pub async fn aftermath(pool: &PgPool, sweep: &Sweep, now: Moment) -> anyhow::Result<Aftermath> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut tx = connection.begin().await?;
    let aftermath = aftermath_in(&mut tx, sweep, now).await?;
    tx.rollback().await?;
    Ok(aftermath)
}

/// The same within the caller's transaction, which the caller takes back.
///
/// # Errors
///
/// The database does not answer.
async fn aftermath_in(tx: &mut PgConnection, sweep: &Sweep, now: Moment) -> anyhow::Result<Aftermath> {
    // By either policy every case is judged: one that only one of them judged would look like a change.
    watch::make_all_due(tx).await?;
    let report = sweep::rehearse_in(tx, sweep, now).await?;
    Ok(Aftermath {
        alerts: preview::standing_alerts(tx).await?,
        messages: preview::messages_made(tx, now.at).await?.into_iter().collect(),
        postponed: report.postponed,
    })
}

/// The same for a caller who waits: nothing in it waits for a lock or works on a statement for long, so that whoever is held up by
/// it is held up for little longer than the caller waits.
///
/// # Errors
///
/// The database does not answer, or not soon.
pub async fn aftermath_soon(pool: &PgPool, sweep: &Sweep, now: Moment) -> anyhow::Result<Aftermath> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let mut tx = connection.begin().await?;
    preview::be_quick(&mut tx).await?;
    let aftermath = aftermath_in(&mut tx, sweep, now).await?;
    tx.rollback().await?;
    Ok(aftermath)
}

/// What a policy changes, as far as sweeps by this one and by that one differ.
#[must_use]
pub fn changes(on: Date, this: &Aftermath, that: Aftermath, dates: Vec<MovedDate>) -> Changes {
    let count = |aftermath: &Aftermath, role| aftermath.messages.get(role).copied().unwrap_or_default();
    let roles: BTreeSet<Role> = this.messages.keys().chain(that.messages.keys()).copied().collect();
    let messages = roles.iter().map(|role| Messages { role: *role, from: count(this, role), to: count(&that, role) }).collect();
    Changes {
        on,
        alerts: alert_changes(&this.alerts, &that.alerts),
        messages: Some(messages),
        dates,
        postponed: that.postponed,
    }
}

/// Every date of every open case that differs between two policies. Says after each page how many cases it has looked at.
///
/// # Errors
///
/// The database does not answer.
pub async fn moved_dates(
    pool: &PgPool,
    (one, other): (&Policy, &Policy),
    today: Date,
    cases_at_a_time: u32,
    mut looked_at: impl FnMut(usize),
) -> anyhow::Result<Vec<MovedDate>> {
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let (mut moved, mut after, mut done) = (Vec::new(), String::new(), 0);
    loop {
        let page = preview::references_after(&mut connection, &after, cases_at_a_time).await?;
        let Some(last) = page.last() else { return Ok(moved) };
        after.clone_from(last);
        for (reference, case) in cases::load(&mut connection, &page).await? {
            // A case that cannot be read has no dates: the rehearsal names it.
            let dates = case.map(|case| dates_moved(&case, one, other, today)).unwrap_or_default();
            moved.extend(dates.into_iter().map(|moved| MovedDate { case: reference.clone(), moved }));
        }
        done += page.len();
        looked_at(done);
    }
}
