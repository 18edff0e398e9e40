//! `plo-drift export census`: module 5 of the children in need census, with a report of the checks that fail.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::app;
use crate::cli::progress::Progress;
use crate::cli::{Done, Failure, Setting};
use crate::domain::calendar::Counted;
use crate::domain::census::{Slice, Year};
use crate::domain::policy::Policy;
use crate::exchange::census::{blocks, report};
use crate::fields::plain_text;
use crate::store::policies::in_force;
use crate::store::tokens::Scope;
use crate::store::{BEGIN_SNAPSHOT, census};

/// Write the blocks of module 5 of the CIN census as XML, and beside them a report of the checks that fail.
///
/// Codes of outcomes are those of [census.outcomes] in the policy. Exits with 1 where a check fails; the blocks are written all the same.
#[derive(Debug, Args)]
pub struct Census {
    /// The census year, such as 2026-27: from 1 April to 31 March.
    #[arg(long, value_name = "YEAR")]
    year: Year,
    /// Where the blocks go; standard output if left out.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where the report goes, as CSV: beside the blocks if left out (FILE.report.csv), or on standard error where they are on standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only cases of this team.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    team: Option<String>,
}

impl Census {
    /// Writes both, and says in a line what is in them.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let report_file = self.report.clone().or_else(|| self.output.as_deref().map(beside));
        if self.output.is_some() && self.output == self.report {
            return Err(Failure::usage("--report must name another file than --output".to_owned()));
        }
        let slice = self.slice(&setting).await?.finish().map_err(Failure::wrong)?;
        let checks = report(&slice.failures).context("could not write the report as CSV")?;
        match &report_file {
            Some(file) => write(file, &checks)?,
            None => slice.failures.iter().for_each(|failure| eprintln!("{failure}")),
        }
        let written = blocks(&slice, self.team.is_none());
        match &self.output {
            Some(file) => write(file, written.as_bytes())?,
            None => std::io::stdout().lock().write_all(written.as_bytes()).context("could not write to standard output")?,
        }
        let is_over = slice.year.to() < setting.clock.now().today;
        self.summary(&slice, report_file.as_deref(), is_over);
        Ok(if slice.failures.is_empty() { Done::Whole } else { Done::WithRefusals })
    }

    /// Reads everything as of one moment.
    async fn slice(&self, setting: &Setting) -> Result<Slice, Failure> {
        let configured = app::configured_policy(&setting.config).map_err(Failure::wrong)?;
        let pool = setting.pool().await?;
        let mut transaction = pool.begin_with(BEGIN_SNAPSHOT).await?;
        // A policy file that no instance has put in force yet counts, so that whoever has filled in a code need not restart one first.
        let in_force = in_force::would_be(&mut transaction, configured).await?;
        let policy: &Policy = &in_force.policy;
        let mut progress = None;
        let looked_at = |done, of| progress.get_or_insert_with(|| Progress::of(of)).show(done);
        let team = self.team.as_deref();
        let slice = census::slice(&mut transaction, &Scope::EVERYTHING, team, self.year, policy, looked_at).await;
        if let Some(progress) = progress {
            progress.clear();
        }
        let slice = slice?;
        transaction.commit().await?;
        Ok(slice)
    }

    fn summary(&self, slice: &Slice, report: Option<&Path>, is_over: bool) {
        let counted = |count: usize, what| Counted(i64::try_from(count).unwrap_or(i64::MAX), what);
        let only = self
            .team
            .as_ref()
            .map_or_else(String::new, |team| format!(" of the team {team:?} alone, not of the whole council"));
        eprintln!(
            "{}: {} for {}{only}; {} of other years left out.",
            slice.year,
            counted(slice.blocks(), "block"),
            counted(slice.episodes.len(), "case"),
            counted(slice.left_out, "day")
        );
        if !is_over {
            eprintln!("The year is not over: export again when it is.");
        }
        let place = report.map_or_else(|| "above".to_owned(), |file| format!("in {}", file.display()));
        if slice.failures.is_empty() {
            eprintln!("No check failed.");
        } else {
            eprintln!("{} failed; each is {place}.", counted(slice.failures.len(), "check"));
        }
    }
}

fn team(text: &str) -> Result<String, String> {
    plain_text(text).map(|()| text.to_owned())
}

/// The report that belongs to a file.
fn beside(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".report.csv");
    name.into()
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(file, bytes).with_context(|| format!("could not write {}", file.display())).map_err(Failure::wrong)
}
