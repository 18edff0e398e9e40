//! Runs of jobs.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// Takes a slot; false where somebody else has it.
///
/// # Errors
///
/// The database does not answer.
pub async fn take_slot(connection: &mut PgConnection, job: &str, slot: Timestamp, now: Timestamp) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "-- jobs.take_slot\nINSERT INTO job_runs (job, slot, started_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        job,
        slot.to_sqlx() as _,
        now.to_sqlx() as _
    );
    Ok(taken.execute(connection).await?.rows_affected() == 1)
}

/// Takes the slot of a sweep; false where somebody else has it. Where somebody took it at a time that is still to come, the clock has
/// been put back, and cases are not left unseen until it has come again to where it was.
///
/// # Errors
///
/// The database does not answer.
pub async fn take_sweep(connection: &mut PgConnection, slot: Timestamp, now: Timestamp) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "-- jobs.take_sweep
        INSERT INTO job_runs AS run (job, slot, started_at) VALUES ('sweep', $1, $2)
        ON CONFLICT (job, slot) DO UPDATE SET started_at = excluded.started_at, finished_at = NULL WHERE run.started_at > $3",
        slot.to_sqlx() as _,
        now.to_sqlx() as _,
        soon(now).to_sqlx() as _
    );
    Ok(taken.execute(connection).await?.rows_affected() == 1)
}

/// Clocks of several instances differ; what happened later than this, by one of them, happened before the clock was put back.
pub(super) fn soon(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_mins(1)).unwrap_or(now)
}

/// Takes a slot for a while; false where somebody else has it still, or is through with it. Who took it and was lost, loses it.
///
/// # Errors
///
/// The database does not answer.
pub async fn take_lease(
    connection: &mut PgConnection,
    job: &str,
    slot: Timestamp,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<bool, sqlx::Error> {
    let lost_before = now.saturating_sub(lease).unwrap_or(Timestamp::MIN);
    let taken = sqlx::query!(
        "-- jobs.take_lease
        INSERT INTO job_runs AS run (job, slot, started_at) VALUES ($1, $2, $3)
        ON CONFLICT (job, slot) DO UPDATE SET started_at = excluded.started_at
            WHERE run.finished_at IS NULL AND run.started_at < $4",
        job,
        slot.to_sqlx() as _,
        now.to_sqlx() as _,
        lost_before.to_sqlx() as _
    );
    Ok(taken.execute(connection).await?.rows_affected() == 1)
}

/// Gives back a slot that was taken at this moment for a while: its lease runs out as if it had been taken at another.
///
/// # Errors
///
/// The database does not answer.
pub async fn give_back(
    connection: &mut PgConnection,
    job: &str,
    slot: Timestamp,
    taken_at: Timestamp,
    as_if_taken_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- jobs.give_back
        UPDATE job_runs SET started_at = $4 WHERE job = $1 AND slot = $2 AND started_at = $3 AND finished_at IS NULL",
        job,
        slot.to_sqlx() as _,
        taken_at.to_sqlx() as _,
        as_if_taken_at.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells whether somebody is through with a slot, or has it.
///
/// # Errors
///
/// The database does not answer.
pub async fn is_taken(connection: &mut PgConnection, job: &str, slot: Timestamp) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        "-- jobs.is_taken\nSELECT EXISTS (SELECT FROM job_runs WHERE job = $1 AND slot = $2) AS \"taken!\"",
        job,
        slot.to_sqlx() as _
    )
    .fetch_one(connection)
    .await
}

/// Tells whether somebody is through with a slot.
///
/// # Errors
///
/// The database does not answer.
pub async fn is_finished(connection: &mut PgConnection, job: &str, slot: Timestamp) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        "-- jobs.is_finished
        SELECT EXISTS (SELECT FROM job_runs WHERE job = $1 AND slot = $2 AND finished_at IS NOT NULL) AS \"finished!\"",
        job,
        slot.to_sqlx() as _
    )
    .fetch_one(connection)
    .await
}

/// The slot of the last run before this one.
///
/// # Errors
///
/// The database does not answer.
pub async fn slot_before(connection: &mut PgConnection, job: &str, slot: Timestamp) -> Result<Option<Timestamp>, sqlx::Error> {
    let before = sqlx::query_scalar!(
        "-- jobs.slot_before\nSELECT max(slot) FROM job_runs WHERE job = $1 AND slot < $2",
        job,
        slot.to_sqlx() as _
    );
    Ok(before.fetch_one(connection).await?.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Tells whether a sweep that began at this moment or later has come to its end.
///
/// # Errors
///
/// The database does not answer.
pub async fn has_swept_since(connection: &mut PgConnection, since: Timestamp) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        "-- jobs.has_swept_since
        SELECT EXISTS (SELECT FROM job_runs WHERE job = 'sweep' AND started_at >= $1 AND finished_at IS NOT NULL) AS \"swept!\"",
        since.to_sqlx() as _
    )
    .fetch_one(connection)
    .await
}

/// Notes that a sweep begins.
///
/// # Errors
///
/// The database does not answer.
pub async fn begin_sweep(connection: &mut PgConnection, slot: Timestamp, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- jobs.begin_sweep
        INSERT INTO job_runs (job, slot, started_at) VALUES ('sweep', $1, $2)
        ON CONFLICT (job, slot) DO UPDATE SET started_at = excluded.started_at, finished_at = NULL",
        slot.to_sqlx() as _,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a run is through, and how much of it failed.
///
/// # Errors
///
/// The database does not answer.
pub async fn finish(
    connection: &mut PgConnection,
    job: &str,
    slot: Timestamp,
    now: Timestamp,
    failures: usize,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- jobs.finish\nUPDATE job_runs SET finished_at = $3, failures = $4 WHERE job = $1 AND slot = $2",
        job,
        slot.to_sqlx() as _,
        now.to_sqlx() as _,
        i32::try_from(failures).unwrap_or(i32::MAX)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a sweep is through, how many cases it could not judge, and how many it passed over because somebody held them.
///
/// # Errors
///
/// The database does not answer.
pub async fn finish_sweep(
    connection: &mut PgConnection,
    slot: Timestamp,
    now: Timestamp,
    failures: usize,
    passed_over: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- jobs.finish_sweep
        UPDATE job_runs SET finished_at = $2, failures = $3, passed_over = $4 WHERE job = 'sweep' AND slot = $1",
        slot.to_sqlx() as _,
        now.to_sqlx() as _,
        i32::try_from(failures).unwrap_or(i32::MAX),
        i32::try_from(passed_over).unwrap_or(i32::MAX)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the runs of sweeps that began before this moment, but for the last of each day: it proves that the day was looked at.
///
/// # Errors
///
/// The database does not answer.
pub async fn forget_sweeps(connection: &mut PgConnection, before: Timestamp) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "-- jobs.forget_sweeps
        DELETE FROM job_runs AS run
        WHERE job = 'sweep' AND started_at < $1 AND EXISTS (
            SELECT FROM job_runs AS later
            WHERE later.job = 'sweep' AND later.finished_at IS NOT NULL AND later.started_at > run.started_at
                AND (later.started_at AT TIME ZONE 'Europe/London')::date = (run.started_at AT TIME ZONE 'Europe/London')::date
        )",
        before.to_sqlx() as _
    );
    Ok(forgotten.execute(connection).await?.rows_affected())
}
