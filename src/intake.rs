//! Brings in what files say: page by page, each page in one transaction, so that a long import holds nobody up and one that is cut
//! short goes on where it is run again.

mod page;
mod tally;

use std::collections::HashSet;

use anyhow::Context;
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::exchange::incoming::{Code, Incoming, Line, Offered, Place, Said};
use crate::store::record::name_caller;
use crate::store::sources;
use crate::store::tokens::Scope;
use page::Refusal;
use tally::Tally;

/// How many cases are brought in at a time.
const PAGE: usize = 500;

/// An import.
#[derive(Clone, Debug)]
pub struct Import<'i> {
    /// What the source is called: a word on a case is held against the last one of the same source.
    pub source: &'i str,
    /// What the history says of where facts come from.
    pub label: &'i str,
    /// In whose name; nobody's where an operator does it.
    pub caller: Option<&'i str>,
    /// Which cases may be recorded.
    pub scope: &'i Scope,
    /// Whether to change nothing.
    pub is_dry_run: bool,
    /// When it was asked for.
    pub now: Moment,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct Report {
    /// What the source is called.
    pub source: String,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Rows by what became of them.
    pub rows: RowCount,
    /// Cases by what became of them.
    pub cases: CaseCount,
    /// What was refused or is to be asked, row by row.
    pub lines: Vec<Line>,
}

/// Rows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportedRows)]
pub struct RowCount {
    /// Taken, with nothing to ask.
    pub taken: usize,
    /// Taken, or recorded otherwise already, and to be looked at.
    pub queried: usize,
    /// Not taken.
    pub refused: usize,
}

/// Cases by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportedCases)]
pub struct CaseCount {
    /// That were not recorded before.
    pub new: usize,
    /// Of which some fact changed.
    pub changed: usize,
    /// Of which none did.
    pub unchanged: usize,
    /// That were not taken.
    pub refused: usize,
    /// That the source had before and has not any more, and that are not concluded.
    pub vanished: usize,
}

/// Whoever waits for an import to end.
pub trait Observer {
    /// A line of the report, as soon as it is known.
    fn line(&mut self, line: &Line);
    /// So many cases are done.
    fn done(&mut self, cases: usize);
}

/// Nobody waits: the report is enough.
impl Observer for () {
    fn line(&mut self, _line: &Line) {}
    fn done(&mut self, _cases: usize) {}
}

/// Brings in what files say, and tells what became of it.
///
/// # Errors
///
/// The database does not answer; what was committed stays, and the same import again does the rest.
pub async fn bring_in(
    connection: &mut PgConnection,
    import: &Import<'_>,
    incoming: Incoming<'_>,
    observer: &mut (dyn Observer + Send),
) -> anyhow::Result<Report> {
    let Incoming { cases, references, tells_what_vanished, lines, .. } = incoming;
    let mut tally = Tally::new(import, observer);
    tally.add_rows(&[], lines);
    let mut page = Vec::with_capacity(PAGE);
    let mut cases = cases.peekable();
    while cases.peek().is_some() {
        for offered in cases.by_ref().take(PAGE) {
            match offered {
                Offered::Refused(lines) => {
                    tally.refuse_case();
                    tally.add_rows(&[], lines);
                }
                Offered::Case(said, left_out) => page.push((*said, left_out)),
            }
        }
        bring_in_page(connection, import, std::mem::take(&mut page), &mut tally).await?;
    }
    if tells_what_vanished {
        ask_about_vanished(connection, import, &references, &mut tally).await?;
    }
    Ok(tally.report)
}

/// What a source says of a case, with what was left out of it.
type SaidOfCase = (Said, Vec<Line>);

async fn bring_in_page(
    connection: &mut PgConnection,
    import: &Import<'_>,
    mut page: Vec<SaidOfCase>,
    tally: &mut Tally<'_>,
) -> anyhow::Result<()> {
    // Locks are taken in one order, so that two imports wait for each other and neither is lost.
    page.sort_by(|(a, _), (b, _)| a.reference.cmp(&b.reference));
    let mut tx = connection.begin().await?;
    let written = write(&mut tx, import, &page).await;
    match written {
        Ok(outcomes) => {
            end(tx, import).await?;
            for ((said, left_out), outcome) in page.into_iter().zip(outcomes) {
                tally.add_case(&said, left_out, outcome);
            }
        }
        Err(wrong) if page::is_of_one_case(&wrong) => {
            tx.rollback().await?;
            for (said, left_out) in page {
                let outcome = bring_in_alone(connection, import, &said).await?;
                tally.add_case(&said, left_out, outcome);
            }
        }
        Err(wrong) => return Err(wrong).context("could not bring in a page of cases"),
    }
    Ok(())
}

/// One case in a transaction of its own, where a page as a whole was refused.
async fn bring_in_alone(connection: &mut PgConnection, import: &Import<'_>, said: &Said) -> anyhow::Result<page::Outcome> {
    let alone = [(said.clone(), Vec::new())];
    loop {
        let mut tx = connection.begin().await?;
        let wrong = match write(&mut tx, import, &alone).await {
            Ok(mut outcomes) => match end(tx, import).await {
                Ok(()) => return Ok(outcomes.remove(0)),
                Err(wrong) => anyhow::Error::from(wrong),
            },
            Err(wrong) => {
                tx.rollback().await?;
                wrong
            }
        };
        match Refusal::of(&wrong) {
            Some(Refusal::MadeMeanwhile) => {}
            Some(Refusal::Constraint(constraint)) => return Ok(page::Outcome::refused_by(&constraint)),
            None => return Err(wrong).context(format!("could not record {}", said.reference)),
        }
    }
}

async fn write(connection: &mut PgConnection, import: &Import<'_>, page: &[SaidOfCase]) -> anyhow::Result<Vec<page::Outcome>> {
    if let Some(caller) = import.caller {
        name_caller(connection, caller, import.now.at).await?;
    }
    page::write(connection, import, page).await
}

async fn end(tx: sqlx::Transaction<'_, sqlx::Postgres>, import: &Import<'_>) -> Result<(), sqlx::Error> {
    if import.is_dry_run { tx.rollback().await } else { tx.commit().await }
}

async fn ask_about_vanished(
    connection: &mut PgConnection,
    import: &Import<'_>,
    references: &HashSet<String>,
    tally: &mut Tally<'_>,
) -> anyhow::Result<()> {
    let mut tx = connection.begin().await?;
    let mut vanished = Vec::new();
    // Which they are is found here: a hundred thousand references are more than the database likes to be asked about at once.
    let known = sources::cases_of(&mut tx, import.source).await?;
    let gone: Vec<String> = known.into_iter().filter(|case| !references.contains(case)).collect();
    for gone in gone.chunks(PAGE) {
        vanished.extend(sources::mark_vanished(&mut tx, import.source, gone, import.scope, import.now.at).await?);
    }
    end(tx, import).await?;
    for case in vanished {
        let place = Place { file: import.source.into(), row: None };
        let reason = "the source had this case before and has it no more; it stays as it is recorded. Record how it was concluded, or put \
            its row back";
        tally.vanished(Line::queried(&place, Code::Vanished, reason).of_case(case));
    }
    Ok(())
}
