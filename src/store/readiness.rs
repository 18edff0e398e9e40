//! What tells whether the service does its work.

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::migrate::Migrator;

/// How many of a program's migrations are applied, unchanged. A database may have more: those of a newer program.
///
/// # Errors
///
/// The database does not answer.
pub async fn migrations_applied(connection: &mut PgConnection, migrator: &Migrator) -> Result<usize, sqlx::Error> {
    // Neither query is checked at compile time: the migrator makes its table, not a migration.
    let exists = "-- readiness.has_migrations\nSELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let exists: bool = sqlx::query_scalar(exists).fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(0);
    }
    let applied = "-- readiness.migrations_applied\nSELECT version, checksum FROM _sqlx_migrations WHERE success";
    let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(applied).fetch_all(connection).await?;
    let is_unchanged = |(version, checksum): &&(i64, Vec<u8>)| {
        migrator.iter().any(|own| own.version == *version && *own.checksum == **checksum)
    };
    Ok(applied.iter().filter(is_unchanged).count())
}

/// When the last sweep that came to its end did so.
///
/// # Errors
///
/// The database does not answer.
pub async fn last_finished_sweep_at(connection: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let finished_at = sqlx::query_scalar!(
        r#"-- readiness.last_finished_sweep_at
        SELECT max(finished_at) FROM job_runs WHERE job = 'sweep' AND finished_at IS NOT NULL"#
    )
    .fetch_one(connection)
    .await?;
    Ok(finished_at.map(jiff_sqlx::Timestamp::to_jiff))
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
