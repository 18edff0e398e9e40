//! Whether the service lives, and whether it does its work. Anyone may ask; the answers hold no case.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::SharedState;
use super::frame::Now;
use crate::health::{self, Checks};

/// Says that the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    /// `live`.
    status: &'static str,
}

/// Whether the service does its work, and what speaks for or against it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready` or `not ready`.
    status: &'static str,
    /// What speaks for or against it.
    checks: Checks,
}

/// Answers as long as the process does.
#[utoipa::path(
    get, path = "/health/live", tag = "service", operation_id = "live", summary = "Whether the process answers",
    responses((status = 200, description = "It does.", body = Liveness)),
)]
pub async fn live() -> Json<Liveness> {
    Json(Liveness { status: "live" })
}

/// Answers 200 while the database answers, has this program's migrations and no newer ones, is swept, no mail waits for too long,
/// and a reconciliation was clean not long ago; else 503.
#[utoipa::path(
    get, path = "/health/ready", tag = "service", operation_id = "ready", summary = "Whether the service does its work",
    description = "Ready while the database answers and has the tables of this program and of no newer one, sweeps finish, no mail \
        waits for too long, and nightly reconciliations are clean.",
    responses(
        (status = 200, description = "It does.", body = Readiness),
        (status = 503, description = "It does not, or only in part.", body = Readiness),
    ),
)]
pub async fn ready(State(state): State<SharedState>, Now(now): Now) -> (StatusCode, Json<Readiness>) {
    let checks = health::look(&state.pool, state.limits, now.at).await;
    let is_ready = checks.unwell().is_empty();
    let (code, status) = if is_ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (code, Json(Readiness { status, checks }))
}
