//! `plo-drift export`: what others are to be given.

mod census;

use clap::Subcommand;

/// Write what others are to be given.
#[derive(Debug, Subcommand)]
pub enum Export {
    Census(census::Census),
}
