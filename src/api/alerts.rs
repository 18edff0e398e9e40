//! Alerts, as callers read them.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::ApiState;
use super::auth::Caller;
use super::page;
use super::parameters::{Parameters, is_of_our_years};
use super::problem::Problem;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::BEGIN_LIST;
use crate::store::alert_list::{self, AlertState, Filter, Listed, Place};

/// A page of alerts.
#[derive(Debug, Serialize)]
pub struct AlertList {
    alerts: Vec<Alert>,
    next_cursor: Option<String>,
}

/// One alert.
#[derive(Debug, Serialize)]
pub struct Alert {
    id: String,
    case: String,
    team: Option<String>,
    rule: String,
    title: String,
    subject: String,
    severity: String,
    state: String,
    message: String,
    since_on: Date,
    severity_since_on: Date,
    opened_at: Timestamp,
    turned_at: Timestamp,
    resolved_at: Option<Timestamp>,
}

/// Lists the alerts of the cases that exist for the caller, newest first.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
pub async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<AlertList>, Problem> {
    let filter = filter(&mut parameters);
    let limit = page::limit(&mut parameters);
    let after = page::cursor(&mut parameters, |_| true).unwrap_or(Place::START);
    parameters.finish()?;

    let mut transaction = state.pool.begin_with(BEGIN_LIST).await?;
    let mut listed = alert_list::page(&mut transaction, &caller.scope, &filter, after, limit + 1).await?;
    transaction.commit().await?;
    let next_cursor = page::cut(&mut listed, limit, Listed::place);
    Ok(Json(AlertList { alerts: listed.into_iter().map(Alert::from).collect(), next_cursor }))
}

fn filter(parameters: &mut Parameters) -> Filter {
    Filter {
        state: parameters.word("state", AlertState::ALL, AlertState::code),
        severity: parameters.word("severity", Severity::ALL, Severity::code),
        rule: parameters.word("rule", Rule::ALL, Rule::code),
        team: parameters.text("team"),
        opened_since: parameters.since("opened_since"),
    }
}

impl page::Place for Place {
    fn write(&self) -> String {
        format!("opened_at {} {}", self.id, self.opened_at)
    }

    fn read(text: &str) -> Option<Self> {
        let (id, opened_at) = text.strip_prefix("opened_at ")?.split_once(' ')?;
        let opened_at = opened_at.parse().ok().filter(|&opened_at| is_of_our_years(opened_at))?;
        Some(Self { id: id.parse().ok()?, opened_at })
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
            resolved_at: listed.resolved_at,
        }
    }
}
