//! The agenda of the next meeting of the legal gateway panel, made to be printed: for each case first the question, then why it is
//! asked and what the panel needs to answer it.

mod item;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::choices::{Choice, Chosen};
use super::page::{self, Frame, Here, Visitor};
use super::table::grouped;
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::{SharedState, panel, surroundings};
use crate::domain::calendar::{in_words, with_weekday};
use crate::domain::question::Question;
use item::Item;

/// The fields of the form.
const FILTERS: [&str; 2] = ["team", "question"];

/// The agenda.
#[derive(Template)]
#[template(path = "panel.html", config = "src/board/templates/askama.toml")]
struct Agenda {
    frame: Frame,
    chosen: Chosen,
    is_narrowed: bool,
    teams: Vec<Choice>,
    questions: Vec<Choice>,
    meeting_on: String,
    is_working_day: bool,
    on: String,
    has_more: bool,
    not_shown: String,
    items: Vec<Item>,
}

/// Shows the agenda.
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
    let (agenda, shown) = panel::ask(&state, &visitor.caller, now, parameters.without_blanks()).await?;
    let teams = surroundings::ask(&state, &visitor.caller, now).await?.teams;
    let chosen = Chosen::of(&query.unwrap_or_default());
    let page = Agenda {
        frame: Frame::of(&state, &visitor, Here::Panel),
        is_narrowed: chosen.has_any(&FILTERS),
        chosen,
        teams: Choice::any_or_named("Every team", &teams),
        questions: Choice::any_or("Any", Question::ALL, Question::code, Question::text),
        meeting_on: with_weekday(agenda.meeting_on),
        is_working_day: agenda.is_working_day,
        on: in_words(agenda.on),
        not_shown: grouped(u32::try_from(agenda.not_shown).unwrap_or(u32::MAX)),
        has_more: agenda.not_shown > 0,
        items: (1..).zip(agenda.cases).map(|(number, case)| Item::of(number, case)).collect(),
    };
    let mut response = page::answer(&page);
    response.extensions_mut().insert(shown);
    Ok(response)
}
