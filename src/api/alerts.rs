//! Alerts, as callers read them.

pub mod answers;
pub mod story;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::audit::Shown;
use super::auth::Caller;
use super::etag;
use super::page;
use super::parameters::{Parameters, is_of_our_years};
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::domain::policy::Role;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::BEGIN_LIST;
use crate::store::alert_list::{self, AlertSort, AlertState, Filter, Listed, Place};

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertList {
    /// At most as many as `limit` says.
    pub alerts: Vec<Alert>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

/// One alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alert {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The reference of its case.
    #[schema(example = "PP-2026-014")]
    pub case: String,
    /// The team of its case.
    pub team: Option<String>,
    /// The code of the rule that found it.
    #[schema(value_type = Rule)]
    pub rule: String,
    /// The heading for people, which may change.
    pub title: String,
    /// What it is about, within its rule; empty for the case as a whole.
    pub subject: String,
    /// How grave it is.
    #[schema(value_type = Severity)]
    pub severity: String,
    /// Where it stands.
    #[schema(value_type = AlertState)]
    pub state: String,
    /// The evidence: a plain sentence.
    pub message: String,
    /// Since when the finding is at amber or above (for a notice: present at all).
    pub since_on: Date,
    /// Since when it is at this severity.
    pub severity_since_on: Date,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its present turn began: it was opened, raised, lowered, or opened again after a pause.
    pub turned_at: Timestamp,
    /// The number of that turn, from 1: whoever answers can give it, and is told if the alert has turned meanwhile.
    pub turn: i32,
    /// When the rules found it put right.
    pub resolved_at: Option<Timestamp>,
    /// Whether a birth could be worked out from its days; people at pages are shown none of them.
    #[serde(skip)]
    pub gives_a_birth_away: bool,
}

/// Lists the alerts of the cases that exist for the caller, newest first unless asked otherwise.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/alerts", tag = "alerts", operation_id = "list_alerts",
    summary = "Alerts, newest first or most urgent first",
    description = "One alert stands for each thing that drifts: for a case, a rule and a subject. Only the rules resolve one. By \
        `urgency` come open ones, then those that somebody put aside, then resolved ones; in each, red before amber before notice, then \
        the one whose turn began first. An alert moves in that order when somebody puts it aside or it turns: whoever pages on meanwhile \
        may miss it or see it again.",
    params(
        ("state" = Option<AlertState>, Query, description = "Only alerts that stand here."),
        ("standing" = Option<bool>, Query, description = "Only alerts that are not resolved, or only those that are."),
        ("severity" = Option<Severity>, Query, description = "Only alerts of this severity."),
        ("rule" = Option<Rule>, Query, description = "Only alerts of this rule."),
        ("team" = Option<String>, Query, description = "Only alerts of cases of this team.", example = "North"),
        ("opened_since" = Option<String>, Query, description = "Only alerts opened then or later: a date (from midnight in London) or a moment (RFC 3339) of the years 2000 to 2100.", example = "2026-06-01"),
        ("recipient" = Option<String>, Query, description = "Only alerts of which this person is, or is to be, told by a message: the number on the list of recipients, or several with commas between them. What was cancelled or given up tells nobody.", example = "5"),
        ("sort" = Option<AlertSort>, Query, description = "The order: `newest` where it is not given."),
        ("limit" = Option<u32>, Query, description = "How many alerts a page holds: 50 where it is not given.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before, in the same order."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "A page of alerts.", body = AlertList, headers(("ETag" = String, description = "Stays the same while the page does."))),
        (status = 304, description = "The page is the one with this ETag."),
    ),
)]
pub async fn list(
    State(state): State<SharedState>,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (alerts, shown) = ask(&state, &caller, parameters).await?;
    let mut response = etag::answer(&headers, &alerts)?;
    response.extensions_mut().insert(shown);
    Ok(response)
}

/// A page of the alerts that exist for a caller, and the cases that it shows.
///
/// # Errors
///
/// As for [`list`].
pub async fn ask(state: &ApiState, caller: &Caller, mut parameters: Parameters) -> Result<(AlertList, Shown), Problem> {
    let filter = filter(&mut parameters);
    let limit = page::limit(&mut parameters);
    let sort = parameters.word("sort", AlertSort::ALL, AlertSort::code).unwrap_or(AlertSort::Newest);
    let after = page::cursor(&mut parameters, |place: &Place| place.sort() == sort);
    parameters.finish()?;

    let mut transaction = state.pool.begin_with(BEGIN_LIST).await?;
    let mut listed =
        alert_list::page(&mut transaction, &caller.scope, &filter, after.unwrap_or(Place::start(sort)), limit + 1).await?;
    transaction.commit().await?;
    let next_cursor = page::cut(&mut listed, limit, |last| last.place(sort));
    let shown = Shown::each_once(listed.iter().map(|alert| alert.case_reference.as_str()));
    let alerts = listed.into_iter().map(Alert::from).collect();
    Ok((AlertList { alerts, next_cursor }, shown))
}

fn filter(parameters: &mut Parameters) -> Filter {
    Filter {
        state: parameters.word("state", AlertState::ALL, AlertState::code),
        standing: parameters.flag("standing"),
        severity: parameters.word("severity", Severity::ALL, Severity::code),
        rule: parameters.word("rule", Rule::ALL, Rule::code),
        team: parameters.text("team"),
        opened_since: parameters.since("opened_since"),
        recipients: parameters.read("recipient", numbers, "must be numbers on the list of recipients").unwrap_or_default(),
    }
}

/// Some numbers of people, at most as many as one person has roles.
fn numbers(text: &str) -> Option<Vec<i64>> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|&number| number > 0).map(i64::from);
    let numbers: Vec<i64> = text.split(',').map(number).collect::<Option<_>>()?;
    (numbers.len() <= Role::ALL.len()).then_some(numbers)
}

impl page::Place for Place {
    fn write(&self) -> String {
        match self {
            Self::Newest(opened_at, id) => format!("opened_at {id} {opened_at}"),
            Self::Urgency(urgency, turned_at, id) => format!("urgency {urgency} {id} {turned_at}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        let moment = |text: &str| text.parse().ok().filter(|&moment| is_of_our_years(moment));
        match parts[..] {
            ["opened_at", id, opened_at] => Some(Self::Newest(moment(opened_at)?, id.parse().ok()?)),
            ["urgency", urgency, id, turned_at] => {
                Some(Self::Urgency(urgency.parse().ok()?, moment(turned_at)?, id.parse().ok()?))
            }
            _ => None,
        }
    }
}

impl From<Listed> for Alert {
    fn from(listed: Listed) -> Self {
        Self {
            id: listed.id.to_string(),
            case: listed.case_reference,
            team: listed.team,
            title: Rule::from_code(&listed.rule).map_or_else(|| listed.rule.clone(), |rule| rule.title().to_owned()),
            rule: listed.rule,
            subject: listed.subject,
            severity: listed.severity,
            state: listed.state,
            message: listed.message,
            since_on: listed.since_on,
            severity_since_on: listed.severity_since_on,
            opened_at: listed.opened_at,
            turned_at: listed.turned_at,
            turn: listed.turn,
            resolved_at: listed.resolved_at,
            gives_a_birth_away: listed.gives_a_birth_away,
        }
    }
}
