//! `plo-drift import`: brings cases in from files.

mod files;
pub mod suggest;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::progress::Progress;
use super::{Done, Failure, Setting};
use crate::exchange::incoming::{Line, Verdict};
use crate::fields::plain_text;
use crate::intake::{self, CaseCount, Observer, Report, RowCount};
use crate::store::sources;
use crate::store::tokens::Scope;
use files::Files;

/// Bring cases in from trackers, extracts of the Standard Safeguarding Dataset, or case documents. Every row that is refused, or that
/// somebody should look at, is named on standard error with file, row, column, code and reason; the rest goes in. What was recorded
/// since by somebody else is not overwritten. Try it with --dry-run first.
#[derive(Debug, Args)]
pub struct Import {
    /// The files: of a tracker the sheet of the cases and, if there are, those of lists (`meetings.csv`, `extensions.csv` …).
    #[arg(required_unless_present = "suggest", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the files hold; told from their names where it is left out: `*.json` and `*.jsonl` are case documents, `ssd_*.csv` the
    /// dataset, anything else a tracker.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which headers and words the council's own tracker has for what is known here, as TOML.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// What the source is called; the same from one import to the next, so that a row that has vanished is seen. The mapping's
    /// `source`, or else the format.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Import nothing: propose a mapping for a tracker, from its header and what stands below it. Put what it prints into a file, check
    /// it, and give it as --mapping.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "mapping", "source", "dry_run", "json", "format"])]
    pub suggest: Option<PathBuf>,
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
}

/// What files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A spreadsheet of a council's own.
    Tracker,
    /// An extract of the Standard Safeguarding Dataset: `ssd_pre_proceedings.csv` and `ssd_person.csv`.
    Ssd,
    /// An array, or lines, of case documents.
    Json,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Tracker => "tracker",
            Self::Ssd => "ssd",
            Self::Json => "json",
        }
    }
}

/// Names lines on standard error as they come, over the progress.
struct Told {
    progress: Progress,
    is_quiet: bool,
}

impl Observer for Told {
    fn line(&mut self, line: &Line) {
        if !self.is_quiet {
            self.progress.clear();
            eprintln!("{line}");
        }
    }

    fn done(&mut self, cases: usize) {
        self.progress.show(cases);
    }
}

impl Import {
    /// Brings them in, a page of cases at a time.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let now = setting.clock.now();
        let mut files = Files::read(&self.files, self.format, self.mapping.as_deref())?;
        let source = self.source.clone().or_else(|| files.source()).unwrap_or_else(|| files.format.name().to_owned());
        plain_text(&source).map_err(|reason| Failure::usage(format!("--source {reason}")))?;
        let label = sources::label(&source, &files.names().join(", "));
        let pool = setting.pool().await?;
        let mut connection = pool.acquire().await?;
        let import = intake::Import {
            source: &source,
            label: &label,
            caller: None,
            scope: &Scope::EVERYTHING,
            is_dry_run: self.dry_run,
            now,
        };
        let recorded = sources::cases_of(&mut connection, &source).await?;
        let report = match files.incoming(&recorded, now.today) {
            Ok(incoming) => {
                let mut told = Told { progress: Progress::of(incoming.at_most), is_quiet: self.json };
                let report = intake::bring_in(&mut connection, &import, incoming, &mut told).await?;
                told.progress.clear();
                report
            }
            Err(lines) => {
                if !self.json {
                    for line in &lines {
                        eprintln!("{line}");
                    }
                }
                Report { source: source.clone(), dry_run: self.dry_run, lines, ..Report::default() }
            }
        };
        self.print(&report)?;
        let is_whole = report.lines.iter().all(|line| line.verdict != Verdict::Refused);
        Ok(if is_whole { Done::Whole } else { Done::WithRefusals })
    }

    fn print(&self, report: &Report) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string_pretty(report).map_err(anyhow::Error::from)?;
            println!("{json}");
            return Ok(());
        }
        let CaseCount { new, changed, unchanged, refused, vanished } = report.cases;
        let RowCount { taken, queried, refused: rows_refused } = report.rows;
        let would = if self.dry_run { " (nothing was changed: dry run)" } else { "" };
        println!("{new} new, {changed} changed, {unchanged} unchanged, {refused} refused{would}");
        println!("rows: {taken} taken, {queried} queried, {rows_refused} refused; cases vanished: {vanished}");
        Ok(())
    }
}
