//! Whether the database is as the configuration says.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection};
use tokio::time::timeout;

use crate::cli::{Failure, is_down};
use crate::config::DatabaseConfig;
use crate::database;
use crate::store::readiness::{self, Migrations};
use crate::store::session::{self, Session};
use crate::store::{MIGRATOR, without_values};

/// A server that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects, and says what it finds.
pub async fn check(config: &DatabaseConfig) -> Result<(), Failure> {
    let options = database::options(config)?;
    let connected = timeout(PATIENCE, options.connect()).await;
    let connected =
        connected.map_err(|_| unreachable("the database does not answer", "see that host and port in database.url are right"));
    let mut connection = connected?.map_err(why_not)?;
    let session = session::look(&mut connection).await?;
    println!("database: {}", in_words(&session));
    for warning in warnings(&session) {
        println!("warning: {warning}");
    }
    let missing = session::missing_rights(&mut connection).await?;
    if !missing.is_empty() {
        return Err(Failure::usage(format!(
            "the role {} may not do what the service does ({}): have the owner of the tables run plo-drift grant --to {} --for service, or use another role",
            session.role,
            missing.join(", "),
            session.role
        )));
    }
    insist_on_tables(&mut connection).await?;
    println!("database: the tables are up to date, and the role may read and write them");
    Ok(())
}

fn in_words(session: &Session) -> String {
    let Session { server_version, database, role, tls, may_migrate, .. } = session;
    let tls = tls.as_deref().map_or_else(|| "not encrypted".to_owned(), |version| format!("encrypted by {version}"));
    let migrates =
        if *may_migrate { "may migrate" } else { "may not migrate: serve with --no-migrate, and migrate as another role" };
    format!("PostgreSQL {server_version}, database {database}, role {role} ({migrates}), {tls}")
}

fn warnings(session: &Session) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if session.is_superuser {
        warnings.push("the role is a superuser: give the service one with the least that it needs (plo-drift grant)");
    }
    if session.is_remote && session.tls.is_none() {
        warnings.push(
            "what the database is asked and answers crosses the network unencrypted: put sslmode=verify-full in database.url",
        );
    }
    warnings
}

/// Insists that the tables are those of this program.
async fn insist_on_tables(connection: &mut PgConnection) -> Result<(), Failure> {
    let expected = MIGRATOR.iter().count();
    let failed = |sentence: String| Err(Failure::Failed(anyhow::Error::msg(sentence)));
    match readiness::migrations(connection, &MIGRATOR).await? {
        Migrations { unknown: 1.., .. } => {
            failed("the tables are those of a newer version of the program: use that one".to_owned())
        }
        Migrations { applied: 0, .. } => failed("the database has no tables yet: run plo-drift migrate".to_owned()),
        Migrations { applied, .. } if applied < expected => {
            failed(format!("the tables are not up to date ({applied} of {expected} migrations): run plo-drift migrate"))
        }
        Migrations { .. } => Ok(()),
    }
}

fn unreachable(what: &str, remedy: &str) -> Failure {
    Failure::Unreachable(anyhow::anyhow!("{what}: {remedy}"))
}

/// Why nobody was let in, and what to do.
fn why_not(wrong: sqlx::Error) -> Failure {
    match wrong {
        sqlx::Error::Database(refused) => {
            let code = refused.code().unwrap_or_default();
            let sentence = match &*code {
                "28P01" => "the database does not take this name and password: correct them in database.url",
                "28000" => {
                    "the database does not let this role in from here: create the role, and allow it in the server's pg_hba.conf"
                }
                "3D000" => "the server has no such database: create it, or correct the name at the end of database.url",
                "42501" => "the role may not connect to this database: GRANT CONNECT ON DATABASE … TO …",
                code if is_down(code) => {
                    return unreachable(
                        &format!("the database takes no connection now ({code})"),
                        "try again, or look at its log",
                    );
                }
                code => return unreachable(&format!("the database refused the connection ({code})"), "look at its log"),
            };
            Failure::usage(sentence.to_owned())
        }
        sqlx::Error::Tls(why) => Failure::usage(format!(
            "the encrypted connection to the database failed ({why}): correct sslmode and sslrootcert in database.url, or the server's \
            certificate"
        )),
        sqlx::Error::Io(why) => unreachable(
            &format!("the database does not answer ({why})"),
            "see that PostgreSQL runs, that host and port in database.url are right, and that no firewall is between",
        ),
        other => unreachable(&without_values(&other.into()), "look at its log"),
    }
}
