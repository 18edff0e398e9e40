//! `plo-drift calendar`: the weekdays on which nobody works.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Done, Failure};
use crate::policy_file::PolicyDocument;

/// Print the non-working weekdays of a year, one ISO date a line.
#[derive(Debug, Args)]
pub struct Calendar {
    /// The first year.
    #[arg(value_parser = clap::value_parser!(i16).range(2000..=2100))]
    year: i16,
    /// The last year; the first one alone if left out.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(2000..=2100))]
    to: Option<i16>,
    /// A policy whose closures and bank holidays count.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Calendar {
    /// Prints them.
    pub fn run(self) -> Result<Done, Failure> {
        let last = self.to.unwrap_or(self.year);
        if last < self.year {
            return Err(Failure::wrong(anyhow::anyhow!("--to must not be before the first year")));
        }
        let policy = PolicyDocument::of_file_or_built_in(self.policy.as_deref()).map_err(Failure::wrong)?.policy;
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for day in (self.year..=last).flat_map(|year| policy.calendar.days_off(year)) {
            writeln!(out, "{day}").context("could not write to standard output")?;
        }
        out.flush().context("could not write to standard output")?;
        Ok(Done::Whole)
    }
}
