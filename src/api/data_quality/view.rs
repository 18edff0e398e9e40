//! What is asked of records, as callers read it.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::data_quality::{Question, QuestionKind, TeamTotals};

/// What there is to ask of records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataQuality)]
pub struct DataQualityView {
    /// The day as of which it is asked: today.
    pub on: Date,
    /// Totals by team, of every case that was looked at; cases without a team come first.
    pub teams: Vec<TeamView>,
    /// At most as many as `limit` says, by team, case, kind and field.
    pub questions: Vec<QuestionView>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

/// How the records of a team are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamDataQuality)]
pub struct TeamView {
    /// The team; null for cases without one.
    #[schema(example = "North")]
    pub team: Option<String>,
    /// Cases that were looked at.
    pub cases: usize,
    /// Those of them of which something is asked.
    pub cases_with_questions: usize,
    /// Facts that must be there and are not.
    pub missing: usize,
    /// Facts that contradict each other, and sources that say something else than is recorded.
    pub contradictory: usize,
    /// Dates that an import worked out, as its source does not give them.
    pub derived: usize,
    /// Cases about which nothing was recorded or changed for too long.
    pub stale: usize,
    /// Cases that a source had and has no more.
    pub vanished: usize,
}

/// A question to whoever keeps the record of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataQualityQuestion)]
pub struct QuestionView {
    /// The owning team.
    pub team: Option<String>,
    /// The reference of the case.
    #[schema(example = "PP-2026-014")]
    pub case: String,
    /// What is asked.
    pub kind: QuestionKind,
    /// The field, or the list with the number of an entry; empty for the case as a whole.
    #[schema(example = "meetings 2")]
    pub field: String,
    /// Since when it is so; null where that is not known, or a birth would follow from it.
    pub since_on: Option<Date>,
    /// What is wrong: a plain sentence.
    pub message: String,
    /// What to do about it: a plain sentence.
    #[schema(example = "Correct the source north, or what is recorded")]
    pub fix: String,
    /// The sources of imports in which it can be put right.
    #[schema(example = json!(["north"]))]
    pub sources: Vec<String>,
}

impl DataQualityView {
    /// Totals and a page of questions.
    pub(super) fn of(teams: &[TeamTotals], questions: Vec<Question>, next_cursor: Option<String>, on: Date) -> Self {
        Self {
            on,
            teams: teams.iter().map(TeamView::from).collect(),
            questions: questions.into_iter().map(QuestionView::from).collect(),
            next_cursor,
        }
    }
}

impl From<&TeamTotals> for TeamView {
    fn from(totals: &TeamTotals) -> Self {
        Self {
            team: totals.team.clone(),
            cases: totals.cases,
            cases_with_questions: totals.cases_with_questions,
            missing: totals.of(QuestionKind::Missing),
            contradictory: totals.of(QuestionKind::Contradictory),
            derived: totals.of(QuestionKind::Derived),
            stale: totals.of(QuestionKind::Stale),
            vanished: totals.of(QuestionKind::Vanished),
        }
    }
}

impl From<Question> for QuestionView {
    fn from(question: Question) -> Self {
        let Question { team, case, kind, field, message, fix, sources, since_on } = question;
        Self { team, case, kind, field, since_on, message, fix, sources }
    }
}
