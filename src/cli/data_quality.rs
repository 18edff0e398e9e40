//! `plo-drift data-quality`: what is wrong with records themselves, by team.

use std::fmt::Display;
use std::io::Write;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::progress::Progress;
use super::{Done, Failure, Setting};
use crate::app;
use crate::data_quality::{Answer, ask};
use crate::domain::data_quality::{Question, QuestionKind};
use crate::exchange::data_quality::table;
use crate::fields::plain_text;
use crate::store::BEGIN_SNAPSHOT;
use crate::store::policies::in_force;
use crate::store::tokens::Scope;

/// Print what is missing, contradictory, derived or stale in the records of cases, by team, and how to put it right.
///
/// Cases that are not concluded are looked at. Exits with 0 whether or not there is something to ask.
#[derive(Debug, Args)]
pub struct DataQuality {
    /// Only cases of this team.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    team: Option<String>,
    /// Only questions of this kind: missing, contradictory, derived, stale or vanished. The totals stay.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<QuestionKind>,
    /// As CSV, one row a question, without the totals.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl DataQuality {
    /// Asks, and prints what there is to ask.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let mut answer = self.ask(&setting).await?;
        answer.questions.retain(|question| self.kind.is_none_or(|kind| question.kind == kind));
        for (reference, wrong) in &answer.unreadable {
            eprintln!("{reference:?} is left out: {wrong}");
        }
        let written = if self.csv {
            table(&answer.questions).context("could not write the questions as CSV")?
        } else if self.json {
            format!("{}\n", as_json(&answer, setting.clock.now().today)).into_bytes()
        } else {
            in_words(&answer).into_bytes()
        };
        std::io::stdout().lock().write_all(&written).context("could not write to standard output")?;
        Ok(Done::Whole)
    }

    /// Reads everything as of one moment.
    async fn ask(&self, setting: &Setting) -> Result<Answer, Failure> {
        let configured = app::configured_policy(&setting.config).map_err(Failure::wrong)?;
        let pool = setting.pool().await?;
        let mut transaction = pool.begin_with(BEGIN_SNAPSHOT).await?;
        let in_force = in_force::would_be(&mut transaction, configured).await?;
        let mut progress = None;
        let looked_at = |done, of| progress.get_or_insert_with(|| Progress::of(of)).show(done);
        let (team, today) = (self.team.as_deref(), setting.clock.now().today);
        let answer = ask(&mut transaction, &Scope::EVERYTHING, team, &in_force.policy, today, looked_at).await;
        if let Some(progress) = progress {
            progress.clear();
        }
        let answer = answer?;
        transaction.commit().await?;
        Ok(answer)
    }
}

fn team(text: &str) -> Result<String, String> {
    plain_text(text).map(|()| text.to_owned())
}

fn kind(text: &str) -> Result<QuestionKind, String> {
    let codes: Vec<&str> = QuestionKind::ALL.iter().map(|kind| kind.code()).collect();
    QuestionKind::from_code(text).ok_or_else(|| format!("must be one of: {}", codes.join(", ")))
}

fn as_json(answer: &Answer, on: jiff::civil::Date) -> Value {
    let teams = answer.teams.iter().map(|totals| {
        let mut team = json!({"team": totals.team, "cases": totals.cases, "cases_with_questions": totals.cases_with_questions});
        for &kind in QuestionKind::ALL {
            team[kind.code()] = totals.of(kind).into();
        }
        team
    });
    let questions = answer.questions.iter().map(|question| {
        let Question { team, case, kind, field, message, fix, sources, since_on } = question;
        json!({"team": team, "case": case, "kind": kind, "field": field, "since_on": since_on, "message": message, "fix": fix,
            "sources": sources})
    });
    json!({"on": on, "teams": teams.collect::<Vec<_>>(), "questions": questions.collect::<Vec<_>>()})
}

/// A table by team, then each question with what to do about it.
fn in_words(answer: &Answer) -> String {
    let names: Vec<String> = answer.teams.iter().map(|totals| team_name(totals.team.as_deref())).collect();
    let width = names.iter().map(|name| name.chars().count()).chain(["team".len()]).max().unwrap_or_default();
    let codes = QuestionKind::ALL.iter().map(|kind| kind.code());
    let mut lines = vec![format!("{:width$}{}", "team", columns(["cases", "asked"].into_iter().chain(codes)))];
    for (totals, name) in answer.teams.iter().zip(&names) {
        let by_kind = QuestionKind::ALL.iter().map(|&kind| totals.of(kind));
        lines.push(format!("{name:width$}{}", columns([totals.cases, totals.cases_with_questions].into_iter().chain(by_kind))));
    }
    for question in &answer.questions {
        let Question { case, kind, field, message, fix, .. } = question;
        let field = if field.is_empty() { String::new() } else { format!(" {field}") };
        lines.push(format!("{}, {case}, {kind}{field}: {message}. {fix}.", team_name(question.team.as_deref())));
    }
    lines.join("\n") + "\n"
}

/// Cells of a line, each as wide as the longest kind.
fn columns<T: Display>(cells: impl Iterator<Item = T>) -> String {
    cells.fold(String::new(), |line, cell| line + &format!("  {cell:>13}"))
}

fn team_name(team: Option<&str>) -> String {
    team.unwrap_or("(no team)").to_owned()
}
