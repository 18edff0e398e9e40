//! What is wrong with the records themselves: totals by team, and each question with what to do about it.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::choices::{Choice, Chosen, Pages};
use super::page::{self, Frame, Here, Visitor};
use super::table::{Row, Table, grouped};
use crate::api::SharedState;
use crate::api::data_quality;
use crate::api::data_quality::view::{QuestionView, TeamView};
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::surroundings;
use crate::domain::calendar::in_words;
use crate::domain::data_quality::QuestionKind;

/// The fields of the form.
const FILTERS: [&str; 3] = ["team", "kind", "source"];

/// Totals and a page of questions.
#[derive(Template)]
#[template(path = "data_quality.html", config = "src/board/templates/askama.toml")]
struct DataQuality {
    frame: Frame,
    chosen: Chosen,
    is_narrowed: bool,
    teams: Vec<Choice>,
    kinds: Vec<Choice>,
    on: String,
    totals: Table,
    lines: Vec<Line>,
    pages: Pages,
}

/// A question on its line.
struct Line {
    case: String,
    team: Option<String>,
    kind: &'static str,
    message: String,
    fix: String,
    sources: String,
    since: Option<String>,
}

/// Shows totals by team and a page of questions.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let (view, shown) = data_quality::ask(&state, &visitor.caller, now, parameters.without_blanks()).await?;
    let teams = surroundings::ask(&state, &visitor.caller, now).await?.teams;
    let chosen = Chosen::of(&query.unwrap_or_default());
    let page = DataQuality {
        frame: Frame::of(&state, &visitor, Here::DataQuality),
        is_narrowed: chosen.has_any(&FILTERS),
        teams: Choice::any_or_named("Every team", &teams),
        kinds: Choice::any_or("Anything", QuestionKind::ALL, QuestionKind::code, kind),
        on: in_words(view.on),
        totals: totals(&view.teams),
        lines: view.questions.into_iter().map(Line::of).collect(),
        pages: Pages::of(&format!("{}/data-quality", state.site.root), &chosen, view.next_cursor.as_deref()),
        chosen,
    };
    let mut response = page::answer(&page);
    response.extensions_mut().insert(shown);
    Ok(response)
}

impl Line {
    fn of(question: QuestionView) -> Self {
        Self {
            kind: kind(question.kind),
            since: question.since_on.map(in_words),
            sources: question.sources.join(", "),
            case: question.case,
            team: question.team,
            message: question.message,
            fix: question.fix,
        }
    }
}

fn totals(teams: &[TeamView]) -> Table {
    let row = |totals: &TeamView| {
        let TeamView { cases, cases_with_questions, missing, contradictory, derived, stale, vanished, .. } = *totals;
        let cells = [cases, cases_with_questions, missing, contradictory, derived, stale, vanished];
        let title = totals.team.clone().unwrap_or_else(|| "No team".to_owned());
        Row { title, cells: cells.map(|count| grouped(u32::try_from(count).unwrap_or(u32::MAX))).to_vec() }
    };
    Table {
        caption: "Totals by team",
        head: vec![
            "Team",
            "Cases",
            "With questions",
            "Missing",
            "Contradictory",
            "Worked out",
            "Nothing recorded for long",
            "Gone from a source",
        ],
        rows: teams.iter().map(row).collect(),
    }
}

fn kind(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Missing => "Missing",
        QuestionKind::Contradictory => "Contradictory",
        QuestionKind::Derived => "Worked out by an import",
        QuestionKind::Stale => "Nothing recorded for long",
        QuestionKind::Vanished => "Gone from a source",
    }
}
