//! Who read and changed what.
//!
//! Every answer that shows or changes one case or alert, lists alerts with their evidence, or shows the agenda, the quality of
//! records, the return of the census or what a policy would change, is put on record before it leaves, once for each case. Where that cannot be done, nothing is
//! shown. A change is answered all the same, as who made it is kept with the change itself. The list of cases is not put on record: it
//! tells how each stands, and what drifts by name.

use std::collections::BTreeSet;

use axum::RequestExt;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::{Access, Caller};
use super::frame::Now;
use super::link::LinkBearer;
use super::parameters::Parameters;
use super::problem::Problem;
use super::{ApiState, SharedState, etag, page};
use crate::store::BEGIN_LIST;
use crate::store::audit::{self, Filter, Kept};

/// Where on the list of routes a request came in.
#[derive(Clone, Copy, Debug)]
pub struct Audited {
    /// The pattern of the path.
    pub route: &'static str,
    /// Whether its answers are put on record.
    pub is_audited: bool,
}

impl Audited {
    /// Tells which routes are put on record: what is about one case or alert, what changes something, alerts, the agenda and the quality of
    /// records.
    #[must_use]
    pub fn of(route: &'static str, method: &Method, access: Access) -> Self {
        let changes = *method != Method::GET;
        let shows_facts =
            route.contains('{') || ["/panel", "/alerts", "/data-quality"].iter().any(|shown| route.ends_with(shown));
        let is_audited = match access {
            Access::Anyone | Access::Door => false,
            // Whoever opens a link has read of the alert in the mail; programs that look for harm in mails open it, too.
            Access::Link => changes,
            Access::Bearer(_) | Access::Page(_) => changes || shows_facts,
        };
        Self { route, is_audited }
    }
}

/// The cases whose facts an answer shows, where the path does not name it.
#[derive(Clone, Debug)]
pub struct Shown(pub Vec<String>);

impl Shown {
    /// Each of these cases once.
    pub fn each_once<'a>(cases: impl IntoIterator<Item = &'a str>) -> Self {
        let cases: BTreeSet<&str> = cases.into_iter().collect();
        Self(cases.into_iter().map(str::to_owned).collect())
    }
}

/// Puts a good answer on record before it leaves, and a refusal that shows facts.
///
/// # Errors
///
/// It shows something and cannot be put on record.
pub async fn record(
    State((state, audited)): State<(SharedState, Audited)>,
    Now(now): Now,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !audited.is_audited {
        return Ok(next.run(request).await);
    }
    let (actor, method) = (actor(&request), request.method().clone());
    let (case, alert) = about(&mut request).await;
    let response = next.run(request).await;
    // Whoever acknowledges by a link is led back to the page.
    let is_good =
        response.status().is_success() || matches!(response.status(), StatusCode::NOT_MODIFIED | StatusCode::SEE_OTHER);
    let shown = response.extensions().get::<Shown>().map(|shown| shown.0.clone());
    // What is sent may be answered with facts, too: what is wrong with a form is said on the page that it stands on.
    let shows_facts = method == Method::GET || shown.is_some();
    let Some(actor) = actor.filter(|_| is_good || shown.is_some()) else { return Ok(response) };
    let kept = audit::Request {
        actor: &actor,
        method: method.as_str(),
        route: audited.route,
        cases: &shown.unwrap_or_else(|| case.into_iter().collect()),
        alert,
        status: response.status().as_u16(),
    };
    match keep(&state, &kept, now.at).await {
        Err(problem) if shows_facts => Err(problem),
        Err(_) => {
            tracing::error!(http.route = audited.route, actor, "a change could not be put on the record of requests");
            Ok(response)
        }
        Ok(()) => Ok(response),
    }
}

async fn keep(state: &ApiState, request: &audit::Request<'_>, at: Timestamp) -> Result<(), Problem> {
    let mut connection = state.pool.acquire().await?;
    Ok(audit::add(&mut connection, request, at).await?)
}

fn actor(request: &Request) -> Option<String> {
    let caller = request.extensions().get::<Caller>().map(Caller::actor);
    caller.or_else(|| request.extensions().get::<LinkBearer>().map(|bearer| format!("recipient {}", bearer.recipient)))
}

/// The case or alert that the path names, or the link is for.
async fn about(request: &mut Request) -> (Option<String>, Option<Uuid>) {
    let by_link = request.extensions().get::<LinkBearer>().map(|bearer| bearer.alert);
    let Ok(parameters) = request.extract_parts::<RawPathParams>().await else { return (None, by_link) };
    let named = |wanted: &str| parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
    (named("reference"), by_link.or_else(|| Uuid::try_parse(&named("id")?).ok()))
}

/// A page of what was put on record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Audit {
    /// At most as many as `limit` says.
    requests: Vec<AuditedRequest>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// A request that was answered as it was meant.
#[derive(Debug, Serialize, ToSchema)]
struct AuditedRequest {
    /// When.
    at: Timestamp,
    /// Who: `token 3` by the number of the token; `person 7` who signed in; `recipient 5` who came by the link of a mail.
    #[schema(example = "token 3")]
    actor: String,
    /// The method.
    #[schema(example = "GET")]
    method: String,
    /// The pattern of the path.
    #[schema(example = "/api/v1/cases/{reference}")]
    route: String,
    /// The case that was shown or changed; null where it was about none in particular.
    case: Option<String>,
    /// The alert that was shown or changed.
    alert: Option<Uuid>,
    /// The status code of the answer.
    status: i16,
}

/// Lists who read and changed what, newest first.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "service", operation_id = "list_audit",
    summary = "Who read and changed what",
    description = "Every answer that showed or changed one case or alert, listed alerts, or showed the agenda, the quality of records, the return of the census or what a policy would \
        change, newest first, once for each case in it. The list of cases is not put on record, nor is what was refused. Cases that do not exist for \
        the token are left out.",
    params(
        ("actor" = Option<String>, Query, description = "Only requests of this one.", example = "token 3"),
        ("case" = Option<String>, Query, description = "Only requests about this case.", example = "PP-2026-014"),
        ("alert" = Option<Uuid>, Query, description = "Only requests about this alert."),
        ("since" = Option<String>, Query, description = "Only requests then or later: a date (from midnight in London) or a moment (RFC 3339) of the years 2000 to 2100.", example = "2026-06-01"),
        ("limit" = Option<u32>, Query, description = "How many requests a page holds: 50 where it is not given.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "A page of requests.", body = Audit, headers(("ETag" = String, description = "Stays the same while the page does."))),
        (status = 304, description = "The page is the one with this ETag."),
    ),
)]
pub async fn list(
    State(state): State<SharedState>,
    caller: Caller,
    mut parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = Filter {
        actor: parameters.text("actor"),
        case: parameters.text("case"),
        alert: parameters.read("alert", |text| Uuid::try_parse(text).ok(), "must be the id of an alert"),
        since: parameters.since("since"),
    };
    let limit = page::limit(&mut parameters);
    let before = page::cursor(&mut parameters, |_| true).unwrap_or(Before(i64::MAX));
    parameters.finish()?;

    let mut transaction = state.pool.begin_with(BEGIN_LIST).await?;
    let mut kept = audit::page(&mut transaction, &caller.scope, &filter, before.0, limit + 1).await?;
    transaction.commit().await?;
    let next_cursor = page::cut(&mut kept, limit, |last| Before(last.id));
    etag::answer(&headers, &Audit { requests: kept.into_iter().map(AuditedRequest::from).collect(), next_cursor })
}

/// The place before a request.
#[derive(Clone, Copy, Debug)]
struct Before(i64);

impl page::Place for Before {
    fn write(&self) -> String {
        format!("before {}", self.0)
    }

    fn read(text: &str) -> Option<Self> {
        text.strip_prefix("before ")?.parse().ok().filter(|&id| id > 0).map(Self)
    }
}

impl From<Kept> for AuditedRequest {
    fn from(kept: Kept) -> Self {
        Self {
            at: kept.at.to_jiff(),
            actor: kept.actor,
            method: kept.method,
            route: kept.route,
            case: kept.case_reference,
            alert: kept.alert_id,
            status: kept.status,
        }
    }
}
