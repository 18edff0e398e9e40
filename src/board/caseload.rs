//! The caseload: the cases that exist for whoever looks, most at risk first, with the filters of the API.
//!
//! What was worked out is shown again while nothing in the database has changed, as the list of the API is.

mod line;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use jiff::civil::Date;

use super::choices::{Choice, Chosen, Pages};
use super::page::{self, Frame, Here, Visitor};
use super::words;
use crate::api::frame::Now;
use crate::api::known::Asked;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::surroundings::{self, Surroundings};
use crate::api::{ApiState, SharedState, cases};
use crate::clock::Moment;
use crate::domain::calendar::{in_words, with_weekday};
use crate::domain::course::Status;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::store::caseload::Sort;
use line::Line;

/// The fields of the form.
const FILTERS: [&str; 6] = ["at_risk", "rag", "team", "rule", "status", "weeks_open_min"];

/// The list and its filters.
#[derive(Template)]
#[template(path = "caseload.html", config = "src/board/templates/askama.toml")]
struct Caseload {
    root: String,
    chosen: Chosen,
    is_narrowed: bool,
    teams: Vec<Choice>,
    lines: Vec<Line>,
    as_of: Option<String>,
    /// When the panel meets next.
    meeting_on: String,
    pages: Pages,
}

/// The page around them.
#[derive(Template)]
#[template(path = "caseload_page.html", config = "src/board/templates/askama.toml")]
struct CaseloadPage<'p> {
    frame: Frame,
    caseload: &'p str,
}

/// Shows a page of cases.
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
    let frame = Frame::of(&state, &visitor, Here::Cases);
    let caseload = known_or_new(&state, &visitor, now, query.unwrap_or_default(), parameters).await?;
    let caseload = str::from_utf8(&caseload).expect("it was made of text");
    Ok(page::answer(&CaseloadPage { frame, caseload }))
}

async fn known_or_new(
    state: &ApiState,
    visitor: &Visitor,
    now: Moment,
    query: String,
    parameters: Parameters,
) -> Result<Bytes, Problem> {
    let asked = Asked { scope: visitor.caller.scope.clone(), query, today: now.today };
    if let Some(known) = state.known.caseloads.find(&asked, visitor.caller.seen.as_ref()) {
        return Ok(known);
    }
    let list = cases::ask(state, &visitor.caller, now, parameters.without_blanks()).await?;
    let around = surroundings::ask(state, &visitor.caller, now).await?;
    let caseload = Bytes::from(page::written(&Caseload::of(&state.site.root, &asked.query, list, &around, now.today)));
    state.known.caseloads.keep(&asked, visitor.caller.seen.as_ref(), caseload.clone());
    Ok(caseload)
}

impl Caseload {
    fn of(root: &str, query: &str, list: cases::CaseList, around: &Surroundings, today: Date) -> Self {
        let chosen = Chosen::of(query);
        Self {
            root: root.to_owned(),
            is_narrowed: chosen.has_any(&FILTERS),
            teams: Choice::any_or_named("Every team", &around.teams),
            pages: Pages::of(&format!("{root}/cases"), &chosen, list.next_cursor.as_deref()),
            as_of: list.as_of.map(in_words),
            lines: list.cases.into_iter().map(|case| Line::of(case, today)).collect(),
            meeting_on: with_weekday(around.meeting_on),
            chosen,
        }
    }

    fn at_risk() -> [Choice; 3] {
        [Choice::of("", "All cases"), Choice::of("true", "At risk: red or amber"), Choice::of("false", "Not at risk: green")]
    }

    fn rags() -> Vec<Choice> {
        Choice::any_or("Any", Rag::ALL, Rag::code, words::rag)
    }

    fn rules() -> Vec<Choice> {
        Choice::any_or("Anything or nothing", Rule::ALL, Rule::code, Rule::title)
    }

    fn statuses() -> Vec<Choice> {
        Choice::any_or("Anywhere", Status::ALL, Status::code, words::status)
    }

    fn orders() -> [Choice; 3] {
        [
            Choice::of(Sort::Risk.code(), "Most at risk first"),
            Choice::of(Sort::StartedOn.code(), "Longest open first"),
            Choice::of(Sort::Reference.code(), "By reference"),
        ]
    }
}
