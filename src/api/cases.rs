//! The list of cases, as the sweep left it, and the handler of one case.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::PgConnection;

use super::ApiState;
use super::auth::Caller;
use super::case_view::{CaseView, EndView, weeks_open};
use super::etag;
use super::frame::Now;
use super::page;
use super::parameters::{Parameters, Reference};
use super::problem::Problem;
use crate::domain::calendar::shift;
use crate::domain::case::Case;
use crate::domain::course::Status;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::fields::civil_date;
use crate::store::alert_list;
use crate::store::caseload::{self, Filter, Listed, Place, Sort};
use crate::store::{BEGIN_LIST, BEGIN_SNAPSHOT, cases};

/// A century: no case is open for longer.
const MOST_WEEKS: u32 = 5200;

/// In a cursor, for a case that has not started.
const NO_START: &str = "-";

/// A page of cases.
#[derive(Debug, Serialize)]
pub struct CaseList {
    /// The oldest day as of which the sweep looked at a case of the page.
    as_of: Option<Date>,
    cases: Vec<ListedCase>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct ListedCase {
    reference: String,
    team: Option<String>,
    restricted: bool,
    status: Option<Status>,
    started_on: Option<Date>,
    weeks_open: Option<i64>,
    end: Option<EndView>,
    rag: Rag,
    reds: u16,
    ambers: u16,
    since_on: Option<Date>,
    rules: Vec<String>,
}

/// Lists the cases that exist for the caller, in risk order unless asked otherwise.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
pub async fn list(
    State(state): State<ApiState>,
    Now(now): Now,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<CaseList>, Problem> {
    let filter = filter(&mut parameters, now.today);
    let sort = parameters.word("sort", Sort::ALL, Sort::code).unwrap_or(Sort::Risk);
    let limit = page::limit(&mut parameters);
    let after = page::cursor(&mut parameters, |place: &Place| place.sort() == sort);
    parameters.finish()?;

    let after = after.unwrap_or_else(|| Place::start(sort));
    let mut transaction = state.pool.begin_with(BEGIN_LIST).await?;
    let mut listed = caseload::page(&mut transaction, &caller.scope, &filter, &after, limit + 1).await?;
    transaction.commit().await?;
    let next_cursor = page::cut(&mut listed, limit, |last| last.place(sort));
    Ok(Json(CaseList {
        as_of: listed.iter().filter_map(|case| case.looked_on).min(),
        cases: listed.into_iter().map(|case| ListedCase::of(case, now.today)).collect(),
        next_cursor,
    }))
}

/// Shows one case, evaluated as of today from its facts.
///
/// # Errors
///
/// The case does not exist for the caller; wrong parameters; the database does not answer.
pub async fn show(
    State(state): State<ApiState>,
    Now(now): Now,
    caller: Caller,
    Reference(reference): Reference,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let case = find(&mut transaction, &reference).await?;
    let case = case.filter(|case| caller.scope.shows(case.team.as_deref(), case.restricted)).ok_or(Problem::NotFound)?;
    let alerts = alert_list::of_case(&mut transaction, &reference).await?;
    transaction.commit().await?;
    etag::answer(&headers, &CaseView::of(&case, &state.policy, now.today, alerts))
}

async fn find(connection: &mut PgConnection, reference: &str) -> Result<Option<Case>, Problem> {
    let found = cases::load(connection, &[reference.to_owned()]).await?.pop();
    Ok(found.map(|(_, case)| case).transpose()?)
}

fn filter(parameters: &mut Parameters, today: Date) -> Filter {
    let weeks = parameters.number("weeks_open_min", 0..=MOST_WEEKS);
    Filter {
        at_risk: parameters.flag("at_risk"),
        rag: parameters.word("rag", Rag::ALL, Rag::code),
        team: parameters.text("team"),
        rule: parameters.word("rule", Rule::ALL, Rule::code),
        status: parameters.word("status", Status::ALL, Status::code),
        open_since: weeks.map(|weeks| shift(today, -7 * i64::from(weeks))),
    }
}

impl page::Place for Place {
    fn write(&self) -> String {
        let sort = self.sort();
        match self {
            Self::Risk(key) | Self::Reference(key) => format!("{sort} {key}"),
            Self::StartedOn(None, reference) => format!("{sort} {NO_START} {reference}"),
            Self::StartedOn(Some(started_on), reference) => format!("{sort} {started_on} {reference}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (sort, key) = text.split_once(' ').filter(|(_, key)| !key.is_empty() && !key.contains('\0'))?;
        match Sort::from_code(sort)? {
            Sort::Risk => Some(Self::Risk(key.to_owned())),
            Sort::Reference => Some(Self::Reference(key.to_owned())),
            Sort::StartedOn => {
                let (started_on, reference) = key.split_once(' ')?;
                let started_on = if started_on == NO_START { None } else { Some(civil_date(started_on).ok()?) };
                Some(Self::StartedOn(started_on, reference.to_owned()))
            }
        }
    }
}

impl ListedCase {
    fn of(listed: Listed, today: Date) -> Self {
        Self {
            weeks_open: weeks_open(listed.status, listed.started_on, today),
            end: listed.end.map(EndView::from),
            reference: listed.reference,
            team: listed.team,
            restricted: listed.restricted,
            status: listed.status,
            started_on: listed.started_on,
            rag: listed.rag,
            reds: listed.reds,
            ambers: listed.ambers,
            since_on: listed.since_on,
            rules: listed.rules,
        }
    }
}
