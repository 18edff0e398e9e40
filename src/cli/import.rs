//! `plo-drift import`: brings cases in from files.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sqlx::{Connection, PgConnection};

use super::files::{read_text, report};
use super::{Done, Failure, Setting};
use crate::domain::case::Case;
use crate::exchange::caseload::{self, Refused};
use crate::exchange::document::{self, Reading};
use crate::fields::Mistake;
use crate::store::record::{Recorded, ToRecord, record};

/// Bring cases in. Each document that is refused is named on standard error with its reason, and the rest goes in.
#[derive(Debug, Args)]
pub struct Import {
    /// The files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the files hold: `json` is an array, or lines, of case documents.
    #[arg(long, value_enum)]
    format: Format,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
}

#[derive(Default)]
struct Tally {
    new: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
}

impl Import {
    /// Brings them in, each case in a transaction of its own.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let Format::Json = self.format;
        let pool = setting.pool().await?;
        let mut connection = pool.acquire().await?;
        let today = setting.clock.now().today;
        let mut tally = Tally::default();
        for file in &self.files {
            let name = file.display().to_string();
            let mut caseload = caseload::read(&read_text(file)?, Reading::RecordedOn(today));
            caseload.refused.extend(caseload::refuse_repeated(&mut caseload.cases));
            report(&name, &caseload.refused);
            tally.refused += caseload.refused.len();
            let progress = Progress::of(caseload.cases.len());
            for (index, case) in caseload.cases.iter().enumerate() {
                progress.show(index);
                match self.bring_in(&mut connection, case, &name).await? {
                    Ok(Recorded::New) => tally.new += 1,
                    Ok(Recorded::Changed) => tally.changed += 1,
                    Ok(Recorded::Unchanged) => tally.unchanged += 1,
                    Err(refused) => {
                        report(&name, &[refused]);
                        tally.refused += 1;
                    }
                }
            }
            progress.clear();
        }
        let Tally { new, changed, unchanged, refused } = tally;
        let would = if self.dry_run { " (nothing was changed: dry run)" } else { "" };
        println!("{new} new, {changed} changed, {unchanged} unchanged, {refused} refused{would}");
        Ok(if refused == 0 { Done::Whole } else { Done::WithRefusals })
    }

    async fn bring_in(
        &self,
        connection: &mut PgConnection,
        case: &Case,
        file: &str,
    ) -> Result<Result<Recorded, Refused>, Failure> {
        let document = document::write(case);
        let source = format!("import {file}");
        let to_record = ToRecord { case, document: &document, source: &source };
        let mut tx = connection.begin().await?;
        match record(&mut tx, &to_record).await {
            Ok(recorded) => {
                if !self.dry_run {
                    tx.commit().await?;
                }
                Ok(Ok(recorded))
            }
            Err(wrong) => match wrong.downcast::<sqlx::Error>() {
                Ok(sqlx::Error::Database(refused)) if refused.is_check_violation() => Ok(Err(Refused {
                    place: "a case".into(),
                    reference: Some(case.reference.clone()),
                    mistakes: vec![Mistake {
                        pointer: String::new(),
                        reason: format!("the database refuses it: {}", refused.constraint().unwrap_or_default()),
                    }],
                })),
                Ok(wrong) => Err(wrong.into()),
                Err(wrong) => Err(Failure::Failed(wrong.context(format!("could not record {}", case.reference)))),
            },
        }
    }
}

/// How far a long import has come, for a person at a terminal.
struct Progress {
    of: usize,
    shown: bool,
}

impl Progress {
    fn of(of: usize) -> Self {
        Self { of, shown: of >= 200 && std::io::stderr().is_terminal() }
    }

    fn show(&self, done: usize) {
        if self.shown && done.is_multiple_of(50) {
            let _ = write!(std::io::stderr(), "\r{done} of {} cases", self.of);
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
