//! What became of the rows and cases of an import, counted as it goes.

use std::collections::BTreeMap;

use super::page::Outcome;
use super::{Import, Observer, Report};
use crate::exchange::incoming::{Line, Place, Said, Verdict};
use crate::store::record::Recorded;

/// The report so far, and who waits for it.
pub(super) struct Tally<'o> {
    pub(super) report: Report,
    observer: &'o mut (dyn Observer + Send),
    cases: usize,
}

impl<'o> Tally<'o> {
    pub(super) fn new(import: &Import<'_>, observer: &'o mut (dyn Observer + Send)) -> Self {
        let report = Report { source: import.source.to_owned(), dry_run: import.is_dry_run, ..Report::default() };
        Self { report, observer, cases: 0 }
    }

    /// Counts a case that was not taken.
    pub(super) fn refuse_case(&mut self) {
        self.report.cases.refused += 1;
        self.next();
    }

    /// Counts a case with its rows; lines about it stand at the first of them.
    pub(super) fn add_case(&mut self, said: &Said, mut lines: Vec<Line>, outcome: Outcome) {
        let first = said.rows.first().cloned().unwrap_or_default();
        let cases = &mut self.report.cases;
        match outcome {
            Outcome::Recorded(recorded, queries) => {
                match recorded {
                    Recorded::New => cases.new += 1,
                    Recorded::Changed => cases.changed += 1,
                    Recorded::Unchanged => cases.unchanged += 1,
                }
                let line = |query: &crate::exchange::incoming::merge::Query| {
                    Line::queried(&first, query.code, query.reason()).of_case(&said.reference)
                };
                lines.extend(queries.iter().map(line));
            }
            Outcome::Refused(code, reasons) => {
                cases.refused += 1;
                for place in &said.rows {
                    lines.extend(
                        reasons.iter().map(|reason| Line::refused(place, code, reason.clone()).of_case(&said.reference)),
                    );
                }
            }
        }
        self.add_rows(&said.rows, lines);
        self.next();
    }

    /// Counts rows, each by the worst that is said of it; rows that only lines name count too.
    pub(super) fn add_rows(&mut self, rows: &[Place], lines: Vec<Line>) {
        let mut verdicts: BTreeMap<(&str, Option<u64>), Option<Verdict>> = BTreeMap::new();
        for place in rows {
            verdicts.insert((&place.file, place.row), None);
        }
        for line in &lines {
            let verdict = verdicts.entry((&line.file, line.row)).or_default();
            *verdict = (*verdict).max(Some(line.verdict));
        }
        for ((_, row), verdict) in verdicts {
            match (row, verdict) {
                (None, _) => {}
                (_, None) => self.report.rows.taken += 1,
                (_, Some(Verdict::Queried)) => self.report.rows.queried += 1,
                (_, Some(Verdict::Refused)) => self.report.rows.refused += 1,
            }
        }
        for line in lines {
            self.tell(line);
        }
    }

    /// A case that is in the source no more.
    pub(super) fn vanished(&mut self, line: Line) {
        self.report.cases.vanished += 1;
        self.tell(line);
    }

    fn tell(&mut self, line: Line) {
        self.observer.line(&line);
        self.report.lines.push(line);
    }

    fn next(&mut self) {
        self.cases += 1;
        self.observer.done(self.cases);
    }
}
