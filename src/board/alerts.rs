//! The alerts: an inbox of what stands, most urgent first, what one was mailed of before everything else; and one alert with its story and
//! the forms by which it is answered.

mod one;
mod story;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::choices::{Choice, Chosen, Pages};
use super::page::{self, Frame, Here, Visitor};
use super::words;
use crate::api::SharedState;
use crate::api::alerts::{self, Alert};
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::surroundings;
use crate::domain::calendar::in_words;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::alert_list::{AlertSort, AlertState};
pub use one::{acknowledge, more_time, show, snooze};

/// Whose alerts are listed: a word that only the page knows.
const WHOSE: &str = "whose";
const MINE: &str = "mine";
const EVERYBODYS: &str = "all";

/// The fields of the form.
const FILTERS: [&str; 4] = ["state", "severity", "rule", "team"];

/// The inbox.
#[derive(Template)]
#[template(path = "alerts.html", config = "src/board/templates/askama.toml")]
struct InboxPage {
    frame: Frame,
    chosen: Chosen,
    is_narrowed: bool,
    /// Whether anybody knows which are theirs.
    has_own: bool,
    is_mine: bool,
    teams: Vec<Choice>,
    lines: Vec<Line>,
    pages: Pages,
}

/// An alert on its line.
struct Line {
    id: String,
    case: String,
    team: Option<String>,
    title: String,
    evidence: String,
    severity: String,
    severity_in_words: &'static str,
    is_open: bool,
    state: &'static str,
    /// Absent where a birth would follow from it.
    since: Option<String>,
    opened: String,
}

/// Lists alerts: by default those that stand and that one was mailed of.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
pub async fn list(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let chosen = Chosen::of(&query.unwrap_or_default());
    let mut parameters = parameters.without_blanks().or("sort", AlertSort::Urgency.code());
    let has_own = !visitor.recipients.is_empty();
    let is_mine = has_own && parameters.take(WHOSE).is_none_or(|whose| whose == MINE);
    parameters.take(WHOSE);
    if is_mine {
        let numbers: Vec<String> = visitor.recipients.iter().map(ToString::to_string).collect();
        parameters = parameters.or("recipient", numbers.join(","));
    }
    if !parameters.has("state") {
        parameters = parameters.or("standing", "true");
    }
    let (found, shown) = alerts::ask(&state, &visitor.caller, parameters).await?;
    let teams = surroundings::ask(&state, &visitor.caller, now).await?.teams;
    let page = InboxPage {
        frame: Frame::of(&state, &visitor, Here::Alerts),
        is_narrowed: chosen.has_any(&FILTERS),
        has_own,
        is_mine,
        pages: Pages::of(&format!("{}/alerts", state.site.root), &chosen, found.next_cursor.as_deref()),
        teams: Choice::any_or_named("Every team", &teams),
        lines: found.alerts.into_iter().map(Line::of).collect(),
        chosen,
    };
    let mut response = page::answer(&page);
    response.extensions_mut().insert(shown);
    Ok(response)
}

impl InboxPage {
    fn states() -> Vec<Choice> {
        Choice::any_or("All that stand", AlertState::ALL, AlertState::code, words::state)
    }

    fn severities() -> Vec<Choice> {
        Choice::any_or("Any", Severity::ALL, Severity::code, words::severity)
    }

    fn rules() -> Vec<Choice> {
        Choice::any_or("Anything", Rule::ALL, Rule::code, Rule::title)
    }

    /// The same list of what one was mailed of, or of everything.
    fn of_whom(&self, mine: bool) -> String {
        self.chosen.without("cursor").with(WHOSE, Some(if mine { MINE } else { EVERYBODYS }))
    }
}

impl Line {
    fn of(alert: Alert) -> Self {
        let state = AlertState::from_code(&alert.state);
        Self {
            is_open: state == Some(AlertState::Open),
            state: state.map_or("", words::state),
            severity_in_words: Severity::from_code(&alert.severity).map_or("", words::severity),
            since: (!alert.gives_a_birth_away).then(|| in_words(alert.since_on)),
            opened: words::moment(alert.opened_at),
            id: alert.id,
            case: alert.case,
            team: alert.team,
            title: alert.title,
            evidence: alert.message,
            severity: alert.severity,
        }
    }
}
