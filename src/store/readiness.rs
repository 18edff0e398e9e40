//! What tells whether the service does its work.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use super::jobs;

/// What has become of a database, as a program sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// How many of the program's own migrations are applied, unchanged.
    pub applied: usize,
    /// How many are applied that it does not know: those of a newer program.
    pub unknown: usize,
}

/// Which migrations are applied.
///
/// # Errors
///
/// The database does not answer.
pub async fn migrations(connection: &mut PgConnection, migrator: &Migrator) -> Result<Migrations, sqlx::Error> {
    // Neither query is checked at compile time: the migrator makes its table, not a migration.
    let exists = "-- readiness.has_migrations\nSELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let exists: bool = sqlx::query_scalar(exists).fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(Migrations::default());
    }
    let applied = "-- readiness.migrations\nSELECT version, checksum FROM _sqlx_migrations WHERE success";
    let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(applied).fetch_all(connection).await?;
    let is_unchanged = |(version, checksum): &&(i64, Vec<u8>)| {
        migrator.iter().any(|own| own.version == *version && *own.checksum == **checksum)
    };
    let is_unknown = |(version, _): &&(i64, Vec<u8>)| migrator.iter().all(|own| own.version != *version);
    Ok(Migrations { applied: applied.iter().filter(is_unchanged).count(), unknown: applied.iter().filter(is_unknown).count() })
}

/// The last sweeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweeps {
    /// When one last came to its end.
    pub last_finished_at: Option<Timestamp>,
    /// When one last did that had looked at every case that was due: nobody else held one all the while.
    pub last_complete_at: Option<Timestamp>,
}

/// When the last sweeps came to their end, but for those that did before the clock was put back to now.
///
/// # Errors
///
/// The database does not answer.
pub async fn sweeps(connection: &mut PgConnection, now: Timestamp) -> Result<Sweeps, sqlx::Error> {
    let row = sqlx::query!(
        r#"-- readiness.sweeps
        SELECT
            (SELECT max(finished_at) FROM job_runs WHERE job = 'sweep' AND finished_at <= $1) AS last_finished_at,
            (SELECT max(finished_at) FROM job_runs WHERE job = 'sweep' AND finished_at <= $1 AND passed_over = 0) AS last_complete_at"#,
        jobs::soon(now).to_sqlx() as _
    )
    .fetch_one(connection)
    .await?;
    let moment = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    Ok(Sweeps { last_finished_at: moment(row.last_finished_at), last_complete_at: moment(row.last_complete_at) })
}

/// The mail that waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnsentMail {
    /// Since when the oldest waits.
    pub oldest_at: Option<Timestamp>,
    /// How many wait.
    pub waiting: i64,
}

/// The mail that is whole and not yet sent.
///
/// # Errors
///
/// The database does not answer.
pub async fn unsent_mail(connection: &mut PgConnection) -> Result<UnsentMail, sqlx::Error> {
    let row = sqlx::query!(
        r#"-- readiness.unsent_mail
        SELECT min(sealed_at) AS oldest_at, count(*) AS "waiting!" FROM messages WHERE state IN ('queued', 'sending')"#
    )
    .fetch_one(connection)
    .await?;
    Ok(UnsentMail { oldest_at: row.oldest_at.map(jiff_sqlx::Timestamp::to_jiff), waiting: row.waiting })
}
