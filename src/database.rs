//! The pool of connections to PostgreSQL.

pub mod readers;

use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgPool};
use tracing::info;

use crate::config::DatabaseConfig;

/// Why there is no connection to the database.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody said where it is.
    #[error("no database is configured: set DATABASE_URL, or database.url in a configuration file")]
    NotConfigured,
    /// What was said cannot be read. The URL is not repeated: it holds the password.
    #[error("database.url cannot be read: it is written postgres://user:password@host/name")]
    NotAUrl,
    /// It does not answer, or does not let us in.
    #[error("could not reach the database: is it running, and are name and password right? ({0})")]
    Unreachable(sqlx::Error),
}

/// Where the database is, and how each connection begins: its statements are short and its transactions do not idle.
///
/// # Errors
///
/// No database is configured, or not by a URL.
pub fn options(config: &DatabaseConfig) -> Result<PgConnectOptions, ConnectError> {
    let url = config.url.as_ref().ok_or(ConnectError::NotConfigured)?;
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| ConnectError::NotAUrl)?;
    Ok(options.application_name("plo-drift").options([
        ("statement_timeout", "60s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("timezone", "UTC"),
    ]))
}

/// Opens the pool; waits for the database as long as the configuration says where `patient`.
///
/// A connection that comes back is cleared of a transaction that a cancelled caller may have left open: otherwise the next caller's
/// writes would be lost with it.
///
/// # Errors
///
/// No database is configured, or it cannot be reached.
pub async fn connect(config: &DatabaseConfig, patient: bool) -> Result<PgPool, ConnectError> {
    let options = options(config)?;
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.execute("BEGIN; ROLLBACK").await?;
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    let wait = if patient { config.wait } else { Duration::ZERO };
    let give_up = tokio::time::Instant::now() + wait;
    while let Err(wrong) = pool.acquire().await {
        if tokio::time::Instant::now() >= give_up {
            return Err(ConnectError::Unreachable(wrong));
        }
        info!("the database does not answer yet");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(pool)
}

/// Applies the migrations, under a lock that only one program at a time holds.
///
/// # Errors
///
/// A migration fails, or one that was applied is not the one that this program knows.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    crate::store::MIGRATOR.run(pool).await.context("could not apply the migrations")
}
