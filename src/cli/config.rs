//! `plo-drift config`: what the program is told, before it is told to serve.

pub mod check;
mod database;
mod mail;
mod summary;

use clap::Subcommand;

/// Check the configuration, and what it leads to.
#[derive(Debug, Subcommand)]
pub enum Config {
    Check(check::Check),
}
