//! `plo-drift evaluate`: what the rules say of cases in files, without a database.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::files::{read_text, report};
use super::{Done, Failure};
use crate::clock::Clock;
use crate::domain::case::Case;
use crate::domain::evaluation::Evaluation;
use crate::domain::policy::Policy;
use crate::exchange::caseload;
use crate::exchange::document::Reading;
use crate::fields::civil_date;
use crate::policy_file::PolicyDocument;

/// Say what the rules make of cases in files: one JSON line a case. Needs no database.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// The day that is today for the whole command (YYYY-MM-DD); London's date if left out.
    #[arg(long, value_name = "DATE", value_parser = civil_date)]
    on: Option<Date>,
    /// The policy to judge by; the built-in rules if left out.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// JSON arrays or JSON Lines of case documents; `-` is standard input. The cases of all files see their families.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Evaluate {
    /// Prints a line for each case; each document refused is named on standard error.
    pub fn run(self, clock: &Clock) -> Result<Done, Failure> {
        let on = self.on.unwrap_or_else(|| clock.now().today);
        let policy = PolicyDocument::of_file_or_built_in(self.policy.as_deref()).map_err(Failure::wrong)?.policy;
        let mut cases = Vec::new();
        let mut any_refused = false;
        for file in &self.files {
            let text = read_text(file)?;
            let caseload = caseload::read(&text, Reading::AsOf(on));
            any_refused |= report(&file.display().to_string(), &caseload.refused);
            cases.extend(caseload.cases);
        }
        any_refused |= report("the input", &caseload::refuse_repeated(&mut cases));
        caseload::introduce_families(&mut cases);

        let mut out = BufWriter::new(std::io::stdout().lock());
        for case in &cases {
            print(&mut out, case, &policy, on).context("could not write to standard output")?;
        }
        out.flush().context("could not write to standard output")?;
        Ok(if any_refused { Done::WithRefusals } else { Done::Whole })
    }
}

#[derive(Serialize)]
struct Line<'a> {
    reference: &'a str,
    on: Date,
    status: &'a str,
    clock_start: Option<Date>,
    base_end: Option<Date>,
    end: Option<Date>,
    forecast: Option<Date>,
    rag: &'a str,
    next_change_on: Option<Date>,
    findings: Vec<FindingOfLine<'a>>,
}

#[derive(Serialize)]
struct FindingOfLine<'a> {
    rule: &'a str,
    subject: &'a str,
    severity: &'a str,
    since_on: Date,
    severity_since_on: Date,
    message: &'a str,
}

fn print(out: &mut impl Write, case: &Case, policy: &Policy, on: Date) -> std::io::Result<()> {
    let evaluation = Evaluation::of(case, policy, on);
    let findings = evaluation.findings.iter().map(|finding| FindingOfLine {
        rule: finding.rule.code(),
        subject: &finding.subject,
        severity: finding.severity.code(),
        since_on: finding.since_on,
        severity_since_on: finding.severity_since_on,
        message: &finding.message,
    });
    let line = Line {
        reference: &case.reference,
        on,
        status: evaluation.status.code(),
        clock_start: evaluation.clock_start,
        base_end: evaluation.base_end,
        end: evaluation.end.map(|end| end.on),
        forecast: evaluation.forecast,
        rag: evaluation.risk.rag.code(),
        next_change_on: evaluation.next_change_on,
        findings: findings.collect(),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}
