//! What is measured, for whoever scrapes it. Anyone may who reaches the address: it holds no case.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::timeout;

use super::frame::Now;
use super::headers;
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::clock::Moment;
use crate::metrics::{Connections, Found, MEDIA_TYPE};
use crate::store::{measures, readiness};

/// A database that has not answered by then does not count as answering: whoever scrapes waits no longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows what is measured, unless that has an address of its own.
///
/// # Errors
///
/// It has.
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "show_metrics",
    summary = "What is measured",
    description = "For Prometheus, as OpenMetrics text. Where the configuration gives it an address of its own, it is only there.",
    responses(
        (status = 200, description = "The measures.", body = String, content_type = "application/openmetrics-text"),
        (status = 404, description = "They are at an address of their own."),
    ),
)]
pub async fn show(State(state): State<SharedState>, Now(now): Now) -> Result<Response, Problem> {
    if state.metrics_apart { Err(Problem::NotFound) } else { Ok(answer(&state, now).await) }
}

/// The address of its own.
pub fn router(state: SharedState) -> Router {
    let show = async |State(state): State<SharedState>| answer(&state, state.clock.now()).await;
    let protect = middleware::from_fn_with_state(state.clone(), headers::protect);
    Router::new().route("/metrics", get(show)).layer(protect).with_state(state)
}

async fn answer(state: &ApiState, now: Moment) -> Response {
    let connections = Connections {
        most: state.pool.options().get_max_connections(),
        open: state.pool.size(),
        idle: u32::try_from(state.pool.num_idle()).unwrap_or(u32::MAX),
    };
    let found = timeout(PATIENCE, find(state, now)).await.ok().and_then(Result::ok);
    let text = state.metrics.written(connections, found.as_ref());
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
}

async fn find(state: &ApiState, now: Moment) -> Result<Found, Problem> {
    let mut connection = state.pool.acquire().await?;
    let unsent = readiness::unsent_mail(&mut connection).await?;
    let (last_clean_reconciliation_at, _) = measures::reconciled(&mut connection, now.at).await?;
    Ok(Found {
        alerts: measures::alerts(&mut connection).await?,
        messages: measures::messages(&mut connection).await?,
        due: measures::cases_due(&mut connection, now.today).await?,
        oldest_unsent_seconds: unsent.oldest_at.map_or(0, |since| now.at.duration_since(since).as_secs().max(0)),
        last_sweep_at: readiness::sweeps(&mut connection, now.at).await?.last_finished_at,
        last_clean_reconciliation_at,
    })
}
