//! One case that goes, in a transaction of its own: because its time is over, or because somebody asked for it.

use jiff::civil::Date;
use sqlx::{Connection, PgConnection};

use super::Sweep;
use crate::clock::Moment;
use crate::domain::retention::HeldBack;
use crate::store::erasure::{self, Cause, Outlived, Rows};
use crate::store::policies;

/// Another policy has been put in force meanwhile: the next run erases by that.
#[derive(Debug, thiserror::Error)]
#[error("another policy has been put in force meanwhile")]
pub(super) struct Overtaken;

/// The number of the policy by which is erased, while it is in force.
pub(super) async fn version_in_force(connection: &mut PgConnection, sweep: &Sweep) -> anyhow::Result<i64> {
    match policies::in_force(connection).await? {
        Some(version) if version.digest == sweep.policy_version.digest => Ok(version.id),
        _ => Err(Overtaken.into()),
    }
}

/// Erases a case whose time is over, unless something keeps it; absent where its time is not over any more.
pub(super) async fn outlived(
    connection: &mut PgConnection,
    sweep: &Sweep,
    before: Date,
    outlived: &Outlived,
    now: Moment,
) -> anyhow::Result<Option<Result<Rows, HeldBack>>> {
    let mut tx = connection.begin().await?;
    let went = outlived_in(&mut tx, sweep, before, outlived, now).await?;
    if matches!(went, Some(Ok(_))) {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(went)
}

async fn outlived_in(
    tx: &mut PgConnection,
    sweep: &Sweep,
    before: Date,
    outlived: &Outlived,
    now: Moment,
) -> anyhow::Result<Option<Result<Rows, HeldBack>>> {
    if outlived.is_there {
        match erasure::hold(tx, &outlived.reference).await? {
            None => return Ok(None),
            Some(false) => return Ok(Some(Err(HeldBack::InUse))),
            Some(true) => {}
        }
        // Asked once the case is held: somebody may have opened it again.
        let Some(standing) = erasure::standing(tx, &outlived.reference, now.today).await? else { return Ok(None) };
        if standing.concluded_on.is_none_or(|concluded| concluded >= before) {
            return Ok(None);
        }
        if let Some(why) = standing.held_back(sweep.policy.re_entry.within, &sweep.policy.calendar, now.today) {
            return Ok(Some(Err(why)));
        }
    }
    let version = version_in_force(tx, sweep).await?;
    let rows = erasure::erase(tx, &outlived.reference, Cause::Policy, Some(version), now.at).await?;
    Ok(Some(Ok(rows)))
}

/// Somebody asks for a case to be erased.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which case.
    pub reference: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Whether alerts that are not resolved go with it.
    pub although_alerts_are_open: bool,
}

/// Why a case is not erased on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is kept of it.
    NotKept,
    /// Something keeps it.
    HeldBack(HeldBack),
}

/// Erases a case on request, in the caller's transaction; messages about it that have not left are cancelled.
///
/// # Errors
///
/// The database does not answer.
pub async fn erase(tx: &mut PgConnection, request: Request<'_>, now: Moment) -> anyhow::Result<Result<Rows, Refused>> {
    let Request { reference, reason, although_alerts_are_open } = request;
    if erasure::hold(tx, reference).await? == Some(false) {
        return Ok(Err(Refused::HeldBack(HeldBack::InUse)));
    }
    let unresolved = erasure::standing(tx, reference, now.today).await?.map_or(0, |standing| standing.unresolved);
    if unresolved > 0 && !although_alerts_are_open {
        return Ok(Err(Refused::HeldBack(HeldBack::UnresolvedAlert)));
    }
    if !erasure::stop_messages(tx, reference, now).await? {
        return Ok(Err(Refused::HeldBack(HeldBack::MessageUnderWay)));
    }
    let version = policies::newest(tx).await?;
    let rows = erasure::erase(tx, reference, Cause::Request(reason), version, now.at).await?;
    Ok(if rows.values().all(|&number| number == 0) { Err(Refused::NotKept) } else { Ok(rows) })
}
