//! Whether the service lives, and whether it does its work. Anyone may ask; the answers hold no case.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::ApiState;
use super::frame::Now;
use super::problem::Problem;
use crate::store::{MIGRATOR, measures, readiness};

/// A database that has not answered by then does not count as answering.
const PATIENCE: Duration = Duration::from_secs(2);

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

#[derive(Debug, Default, Serialize, ToSchema)]
struct Checks {
    /// Whether the database answers.
    database: DatabaseCheck,
    /// Whether it has the tables of this program.
    migrations: MigrationsCheck,
    /// Whether cases are looked at.
    sweep: SweepCheck,
    /// Whether mail leaves.
    mail: MailCheck,
    reconciliation: ReconciliationCheck,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct DatabaseCheck {
    /// Whether all is well.
    ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct MigrationsCheck {
    /// Whether all is well.
    ok: bool,
    /// How many are applied; null where the database does not answer.
    applied: Option<usize>,
    /// How many this program knows.
    expected: usize,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct SweepCheck {
    /// Whether all is well.
    ok: bool,
    /// When the last sweep ended.
    last_finished_at: Option<Timestamp>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct MailCheck {
    /// Whether all is well.
    ok: bool,
    /// Since when the oldest message waits.
    oldest_unsent_at: Option<Timestamp>,
    /// How many messages wait.
    waiting: Option<i64>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct ReconciliationCheck {
    /// Whether all is well.
    ok: bool,
    /// When a nightly reconciliation last found nothing wrong.
    last_clean_at: Option<Timestamp>,
}

/// Answers as long as the process does.
#[utoipa::path(
    get, path = "/health/live", tag = "service", operation_id = "live", summary = "Whether the process answers",
    responses((status = 200, description = "It does.", body = Liveness)),
)]
pub async fn live() -> Json<Liveness> {
    Json(Liveness { status: "live" })
}

/// Answers 200 while the database answers, has this program's migrations, is swept, and no mail waits for too long; else 503.
#[utoipa::path(
    get, path = "/health/ready", tag = "service", operation_id = "ready", summary = "Whether the service does its work",
    description = "Ready while the database answers and has this program's tables, sweeps finish, and no mail waits for too long.",
    responses(
        (status = 200, description = "It does.", body = Readiness),
        (status = 503, description = "It does not, or only in part.", body = Readiness),
    ),
)]
pub async fn ready(State(state): State<ApiState>, Now(now): Now) -> (StatusCode, Json<Readiness>) {
    let checks = timeout(PATIENCE, look(&state, now.at)).await.unwrap_or_default();
    let is_ready = checks.database.ok && checks.migrations.ok && checks.sweep.ok && checks.mail.ok && checks.reconciliation.ok;
    let (code, status) = if is_ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (code, Json(Readiness { status, checks }))
}

async fn look(state: &ApiState, now: Timestamp) -> Checks {
    let Some(mut connection) = answered(state.pool.acquire().await) else { return Checks::default() };
    Checks {
        database: DatabaseCheck { ok: true },
        migrations: MigrationsCheck::of(answered(readiness::migrations_applied(&mut connection, &MIGRATOR).await)),
        sweep: sweep(&mut connection, state.limits.sweep, now).await,
        mail: mail(&mut connection, state.limits.mail, now).await,
        reconciliation: reconciliation(&mut connection, state.limits.reconciliation, now).await,
    }
}

async fn sweep(connection: &mut PgConnection, limit: SignedDuration, now: Timestamp) -> SweepCheck {
    let last_finished_at = answered(readiness::last_finished_sweep_at(connection).await).flatten();
    let ok = last_finished_at.is_some_and(|finished_at| now.duration_since(finished_at) < limit);
    SweepCheck { ok, last_finished_at }
}

async fn mail(connection: &mut PgConnection, limit: SignedDuration, now: Timestamp) -> MailCheck {
    let Some(unsent) = answered(readiness::unsent_mail(connection).await) else { return MailCheck::default() };
    let ok = unsent.oldest_at.is_none_or(|sealed_at| now.duration_since(sealed_at) < limit);
    MailCheck { ok, oldest_unsent_at: unsent.oldest_at, waiting: Some(unsent.waiting) }
}

/// Until the first night, there is none: it counts from when the service first did anything here.
async fn reconciliation(connection: &mut PgConnection, limit: SignedDuration, now: Timestamp) -> ReconciliationCheck {
    let Some((last_clean_at, first_at)) = answered(measures::reconciled(connection).await) else {
        return ReconciliationCheck::default();
    };
    let ok = last_clean_at.or(first_at).is_none_or(|since| now.duration_since(since) < limit);
    ReconciliationCheck { ok, last_clean_at }
}

/// What the database answered; why it did not is logged.
fn answered<T>(result: Result<T, sqlx::Error>) -> Option<T> {
    result.map_err(Problem::from).ok()
}

impl MigrationsCheck {
    fn of(applied: Option<usize>) -> Self {
        let expected = MIGRATOR.iter().count();
        Self { ok: applied == Some(expected), applied, expected }
    }
}

impl Default for MigrationsCheck {
    fn default() -> Self {
        Self::of(None)
    }
}
