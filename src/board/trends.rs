//! The figures of a period, drawn: how long cases are open, what was concluded in time, more time given, alerts, and each step on the
//! way. Beside each drawing stands a table that says the same.

mod alerts;
mod concluded;
mod extensions;
mod open;
mod section;
mod steps;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::choices::{Choice, Chosen};
use super::page::{self, Frame, Here, Visitor};
use crate::api::SharedState;
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::statistics;
use crate::api::statistics::view::StatisticsView;
use crate::api::surroundings;
use crate::domain::calendar::in_words;
use section::Section;

/// The figures and what they are of.
#[derive(Template)]
#[template(path = "trends.html", config = "src/board/templates/askama.toml")]
struct Trends {
    frame: Frame,
    chosen: Chosen,
    teams: Vec<Choice>,
    /// The days in the form.
    from: String,
    to: String,
    period: String,
    withheld_below: Option<u32>,
    is_empty: bool,
    sections: Vec<Section>,
}

/// Shows the figures of a period, the twelve months that end today unless asked otherwise.
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
    let view = statistics::ask(&state, &visitor.caller, now, parameters.without_blanks()).await?;
    let teams = surroundings::ask(&state, &visitor.caller, now).await?.teams;
    Ok(page::answer(&Trends {
        frame: Frame::of(&state, &visitor, Here::Trends),
        chosen: Chosen::of(&query.unwrap_or_default()),
        teams: Choice::any_or_named("Every team", &teams),
        from: view.from.to_string(),
        to: view.to.to_string(),
        period: period(&view),
        withheld_below: view.suppress_below,
        is_empty: is_empty(&view),
        sections: sections(&view),
    }))
}

fn period(view: &StatisticsView) -> String {
    let whose =
        view.team.as_deref().map_or_else(|| "every team that you may see".to_owned(), |team| format!("the team {team}"));
    format!("From {} to {}, of {whose}.", in_words(view.from), in_words(view.to))
}

fn is_empty(view: &StatisticsView) -> bool {
    let whole = &view.whole;
    [whole.open.cases, whole.started.cases, whole.concluded.cases, whole.alerts.opened].iter().all(|&count| count == Some(0))
}

fn sections(view: &StatisticsView) -> Vec<Section> {
    let [letters, meetings, reviews] = steps::sections(view);
    vec![
        open::section(view),
        concluded::section(view),
        extensions::section(view),
        alerts::section(view),
        letters,
        meetings,
        reviews,
    ]
}
