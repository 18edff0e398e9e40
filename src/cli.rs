//! The command line: what can be asked for, and how a command ends.

mod calendar;
mod evaluate;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;

/// Watches child-protection cases in pre-proceedings for drift, and tells the people who can act.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Evaluate(evaluate::Evaluate),
    Calendar(calendar::Calendar),
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
    Failed(#[from] anyhow::Error),
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
}

/// Runs a command and turns its end into an exit code: 0 done, 1 done with refusals or failed, 2 wrong usage or configuration,
/// 3 a dependency is unreachable. The reason goes to standard error.
pub fn run(cli: Cli, clock: &Clock) -> ExitCode {
    let result = match cli.command {
        Command::Evaluate(command) => command.run(clock),
        Command::Calendar(command) => command.run(),
    };
    let (code, reason) = match result {
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
