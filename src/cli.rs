//! The command line: what can be asked for, and how a command ends.

mod calendar;
mod check;
mod config;
mod data_quality;
mod demo;
mod erase;
mod evaluate;
mod export;
mod files;
mod grant;
mod healthcheck;
mod import;
mod link_key;
mod mail;
mod migrate;
mod policy;
mod progress;
mod recipient;
mod retention;
mod serve;
mod token;

use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use sqlx::PgPool;

use crate::clock::Clock;
use crate::config::Config;
use crate::database::{self, ConnectError};
use crate::fields::plain_text;
use crate::store::policies::in_force::InForceError;
use crate::store::without_values;

/// Watches child-protection cases in pre-proceedings for drift, and tells the people who can act.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    /// The folder with the configuration files; `config` in the current folder if left out.
    #[arg(long, global = true, value_name = "DIR", env = "PLO_DRIFT_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Migrate(migrate::Migrate),
    #[command(subcommand)]
    Config(config::Config),
    Grant(grant::Grant),
    Check(check::Check),
    Evaluate(evaluate::Evaluate),
    Calendar(calendar::Calendar),
    Import(import::Import),
    #[command(subcommand)]
    Export(export::Export),
    DataQuality(data_quality::DataQuality),
    #[command(subcommand)]
    Policy(policy::Policy),
    #[command(subcommand)]
    Recipient(recipient::Recipient),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    LinkKey(link_key::LinkKey),
    #[command(subcommand)]
    Mail(mail::Mail),
    Retention(retention::Retention),
    Erase(erase::Erase),
    Healthcheck(healthcheck::Healthcheck),
}

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// All of it.
    Whole,
    /// With refusals, or a check that failed.
    WithRefusals,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something went wrong on the way.
    #[error("{0:#}")]
    Failed(anyhow::Error),
    /// It was called or configured wrongly.
    #[error("{0:#}")]
    Wrong(anyhow::Error),
    /// Something that it needs does not answer.
    #[error("{0:#}")]
    Unreachable(anyhow::Error),
}

impl Failure {
    /// It was called or configured wrongly.
    pub fn wrong(reason: impl Into<anyhow::Error>) -> Self {
        Self::Wrong(reason.into())
    }

    /// It was called wrongly, in a sentence that says what to do.
    #[must_use]
    pub fn usage(sentence: String) -> Self {
        Self::Wrong(anyhow::Error::msg(sentence))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(wrong: sqlx::Error) -> Self {
        match wrong {
            sqlx::Error::Database(refused) if refused.code().is_some_and(|code| is_down(&code)) => {
                Self::Unreachable(anyhow::anyhow!("the database does not take connections now: try again"))
            }
            sqlx::Error::Database(ref refused) if refused.code().as_deref() == Some("42P01") => {
                Self::Failed(anyhow::anyhow!("the database has no tables yet: run plo-drift migrate"))
            }
            sqlx::Error::Database(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
                Self::Failed(anyhow::Error::msg(without_values(&wrong.into())))
            }
            other => Self::Unreachable(anyhow::Error::new(other).context("could not reach the database")),
        }
    }
}

/// Class 08: connection; 53: out of resources; 57: shut down.
fn is_down(code: &str) -> bool {
    ["08", "53", "57"].iter().any(|class| code.starts_with(class))
}

/// Insists that a name is one line of text.
fn plain_name(name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return Err(Failure::usage("--name must not be empty".to_owned()));
    }
    plain_text(name).map_err(|reason| Failure::usage(format!("--name {reason}")))
}

/// Tells a database that does not answer from work that failed.
impl From<anyhow::Error> for Failure {
    fn from(wrong: anyhow::Error) -> Self {
        match wrong.downcast::<sqlx::Error>() {
            Ok(wrong) => wrong.into(),
            Err(wrong) => Self::Failed(wrong),
        }
    }
}

impl From<InForceError> for Failure {
    fn from(wrong: InForceError) -> Self {
        match wrong {
            InForceError::Database(wrong) => wrong.into(),
            other @ InForceError::Unreadable { .. } => Self::Failed(other.into()),
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(wrong: ConnectError) -> Self {
        match wrong {
            ConnectError::Unreachable(_) => Self::Unreachable(wrong.into()),
            ConnectError::NotConfigured | ConnectError::NotAUrl | ConnectError::Unproved(_) | ConnectError::SharedSessions => {
                Self::Wrong(wrong.into())
            }
        }
    }
}

/// What a command that needs more than its arguments works with.
pub struct Setting {
    config: Config,
    clock: Clock,
}

impl Setting {
    async fn pool(&self) -> Result<PgPool, Failure> {
        Ok(database::connect(&self.config.database, false).await?)
    }
}

/// Runs a command and turns its end into an exit code: 0 done, 1 done with refusals or failed, 2 wrong usage or configuration,
/// 3 a dependency is unreachable. The reason goes to standard error.
#[must_use]
pub fn run(cli: Cli, clock: Clock) -> ExitCode {
    let (code, reason) = match dispatch(cli, clock) {
        Ok(Done::Whole) => (0, None),
        Ok(Done::WithRefusals) => (1, None),
        Err(failure @ Failure::Failed(_)) => (1, Some(failure)),
        Err(failure @ Failure::Wrong(_)) => (2, Some(failure)),
        Err(failure @ Failure::Unreachable(_)) => (3, Some(failure)),
    };
    if let Some(reason) = reason {
        // Nothing is left to do where even standard error is gone.
        let _ = writeln!(std::io::stderr(), "plo-drift: {reason}");
    }
    ExitCode::from(code)
}

fn dispatch(cli: Cli, clock: Clock) -> Result<Done, Failure> {
    let setting = || -> Result<Setting, Failure> {
        Ok(Setting { config: Config::load(cli.config.as_deref()).map_err(Failure::wrong)?, clock: clock.clone() })
    };
    match cli.command {
        Command::Evaluate(command) => command.run(&clock),
        Command::Calendar(command) => command.run(),
        Command::Demo(command) => command.run(clock),
        Command::Serve(command) => in_runtime(command.run(setting()?)),
        Command::Migrate(command) => in_runtime(command.run(setting()?)),
        Command::Config(config::Config::Check(command)) => in_runtime(command.run(Config::load(cli.config.as_deref()), &clock)),
        Command::Grant(command) => in_runtime(command.run(setting()?)),
        Command::Check(command) => in_runtime(command.run(setting()?)),
        Command::Import(import::Import { suggest: Some(file), .. }) => import::suggest::run(&file),
        Command::Import(command) => in_runtime(command.run(setting()?)),
        Command::DataQuality(command) => in_runtime(command.run(setting()?)),
        Command::Export(export::Export::Census(command)) => in_runtime(command.run(setting()?)),
        Command::Policy(policy::Policy::Test(command)) => command.run(),
        Command::Policy(policy::Policy::Check(command)) => in_runtime(command.run(setting()?)),
        Command::Policy(policy::Policy::Preview(command)) => in_runtime(command.run(setting()?)),
        Command::Recipient(command) => in_runtime(command.run(setting()?)),
        Command::Token(command) => in_runtime(command.run(setting()?)),
        Command::LinkKey(command) => in_runtime(command.run(setting()?)),
        Command::Mail(command) => in_runtime(command.run(setting()?)),
        Command::Retention(command) => in_runtime(command.run(setting()?)),
        Command::Erase(command) => in_runtime(command.run(setting()?)),
        Command::Healthcheck(command) => in_runtime(command.run(setting()?)),
    }
}

fn in_runtime(command: impl Future<Output = Result<Done, Failure>>) -> Result<Done, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("could not start the runtime")?;
    runtime.block_on(command)
}
