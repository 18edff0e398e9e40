//! The pool of connections to PostgreSQL.

pub mod readers;

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, PgPool, Row as _};
use tracing::{info, warn};
use uuid::Uuid;

use crate::config::DatabaseConfig;
use crate::store::{MIGRATOR, readiness};

/// What each session keeps to. It is said in the session and not as it opens: `PgBouncer` hands nothing on that is said then.
const LIMITS: &str = "SET statement_timeout = '60s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'";

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
    /// Who answers does not prove to be the database.
    #[error(
        "the server does not prove to be the database: look at the host name, sslmode and sslrootcert in database.url, and at the server's certificate ({0})"
    )]
    Unproved(sqlx::Error),
    /// What is said in one session is heard in another.
    #[error(
        "there is a pooler before the database that shares sessions between transactions, as PgBouncer does with pool_mode = transaction: set pool_mode = session there for this database, or name the database itself in database.url"
    )]
    SharedSessions,
}

/// Where the database is, and what a connection says of itself as it begins.
///
/// # Errors
///
/// No database is configured, or not by a URL.
pub fn options(config: &DatabaseConfig) -> Result<PgConnectOptions, ConnectError> {
    let url = config.url.as_ref().ok_or(ConnectError::NotConfigured)?;
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| ConnectError::NotAUrl)?;
    // Nothing of ours is read as a float that is written as text, and PgBouncer refuses the setting.
    Ok(options.application_name("plo-drift").extra_float_digits(None))
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
    if may_be_overheard(&options) {
        warn!(
            "nobody says how the connection to the database is protected: add sslmode=verify-full to database.url, or sslmode=disable where the way there is safe"
        );
    }
    let is_socket = options.get_socket().is_some();
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(LIMITS).await?;
                Ok(())
            })
        })
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
        if is_unproved(&wrong, is_socket) {
            return Err(ConnectError::Unproved(wrong));
        }
        if tokio::time::Instant::now() >= give_up {
            return Err(ConnectError::Unreachable(wrong));
        }
        info!("the database does not answer yet");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if shares_sessions(&pool).await.map_err(ConnectError::Unreachable)? {
        return Err(ConnectError::SharedSessions);
    }
    Ok(pool)
}

/// Tells whether somebody on the way could read along: it leads off this machine, and nobody said how it is protected.
fn may_be_overheard(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = options.get_socket().is_some() || host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    matches!(options.get_ssl_mode(), PgSslMode::Prefer) && !is_here
}

/// Tells whether there is a server that is not trusted, or nothing to hold its certificate against. Waiting mends neither.
fn is_unproved(wrong: &sqlx::Error, is_socket: bool) -> bool {
    match wrong {
        sqlx::Error::Tls(_) => true,
        // Other than a socket, a file that is missing is the one of the authority.
        sqlx::Error::Io(wrong) if wrong.kind() == io::ErrorKind::NotFound => !is_socket,
        sqlx::Error::Io(wrong) => wrong.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>),
        _ => false,
    }
}

/// Tells whether what is said in one session is heard in another: the limits and the statements that sqlx prepares would get lost.
async fn shares_sessions(pool: &PgPool) -> Result<bool, sqlx::Error> {
    const SAID: &str = "SELECT current_setting('plo_drift.session', true)";
    // Somebody else may be given the session that was shared in between.
    const TIMES: u32 = 10;
    let mut one = PgConnection::connect_with(&pool.connect_options()).await?;
    let mut another = PgConnection::connect_with(&pool.connect_options()).await?;
    let session = Uuid::new_v4().to_string();
    let mut shared = false;
    for _ in 0..TIMES {
        one.execute(AssertSqlSafe(format!("SET plo_drift.session = '{session}'"))).await?;
        // As plain SQL: a statement that is prepared may be lost on the way to where it is run.
        let heard: Option<String> = another.fetch_one(sqlx::raw_sql(SAID)).await?.try_get(0)?;
        shared = shared || heard.as_ref() == Some(&session);
    }
    one.close().await?;
    another.close().await?;
    Ok(shared)
}

/// Applies the migrations, under a lock that only one program at a time holds. Where all are applied, it asks for no right to.
///
/// # Errors
///
/// A migration fails, or one that was applied is not the one that this program knows.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    let mut connection = pool.acquire().await?;
    let found = readiness::migrations(&mut connection, &MIGRATOR).await?;
    drop(connection);
    if found.unknown == 0 && found.applied == MIGRATOR.iter().count() {
        return Ok(());
    }
    match MIGRATOR.run(pool).await {
        Err(wrong) if may_not(&wrong) => anyhow::bail!(
            "the database role may not apply the migrations: run plo-drift migrate as the owner of the tables, then plo-drift grant"
        ),
        done => done.context("could not apply the migrations"),
    }
}

fn may_not(wrong: &MigrateError) -> bool {
    let (MigrateError::Execute(wrong) | MigrateError::ExecuteMigration(wrong, _)) = wrong else { return false };
    wrong.as_database_error().is_some_and(|refused| refused.code().as_deref() == Some("42501"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("postgres://user@localhost/council", false)]
    #[case("postgres://user@127.0.0.1/council", false)]
    #[case("postgres://user@[::1]/council", false)]
    #[case("postgres://user@localhost/council?host=/run/postgresql", false)]
    #[case("postgres://user@db.council.example/council", true)]
    #[case("postgres://user@10.0.0.7/council", true)]
    #[case("postgres://user@db.council.example/council?sslmode=verify-full", false)]
    #[case("postgres://user@db.council.example/council?sslmode=disable", false)]
    fn it_is_noticed_where_nobody_says_how_the_way_to_the_database_is_protected(#[case] url: &str, #[case] expected: bool) {
        let options: PgConnectOptions = url.parse().expect("it is a URL");
        assert_eq!(may_be_overheard(&options), expected);
    }
}
