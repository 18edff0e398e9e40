//! Runs of jobs, and the policy by which they ran.

use jiff::Timestamp;
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

/// Notes that a sweep is through, and how many cases it had to put off.
///
/// # Errors
///
/// The database does not answer.
pub async fn finish_sweep(
    connection: &mut PgConnection,
    slot: Timestamp,
    now: Timestamp,
    failures: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- jobs.finish_sweep\nUPDATE job_runs SET finished_at = $2, failures = $3 WHERE job = 'sweep' AND slot = $1",
        slot.to_sqlx() as _,
        now.to_sqlx() as _,
        failures
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a policy in force, by its digest; true where another was in force before.
///
/// # Errors
///
/// The database does not answer.
pub async fn put_policy_in_force(connection: &mut PgConnection, digest: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let put = sqlx::query!(
        "-- jobs.put_policy_in_force
        INSERT INTO policies (in_force_from, digest)
        SELECT $2, $1 WHERE $1 IS DISTINCT FROM (SELECT digest FROM policies ORDER BY id DESC LIMIT 1)",
        digest,
        now.to_sqlx() as _
    );
    Ok(put.execute(connection).await?.rows_affected() == 1)
}
