//! Whether the service lives, and whether it does its work. Anyone may ask; the answers hold no case.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::PgConnection;
use tokio::time::timeout;

use super::ApiState;
use super::frame::Now;
use super::problem::Problem;
use crate::store::{MIGRATOR, readiness};

/// A database that has not answered by then does not count as answering.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says that the process answers.
#[derive(Debug, Serialize)]
pub struct Liveness {
    status: &'static str,
}

/// Whether the service does its work, and what speaks for or against it.
#[derive(Debug, Serialize)]
pub struct Readiness {
    status: &'static str,
    checks: Checks,
}

#[derive(Debug, Default, Serialize)]
struct Checks {
    database: DatabaseCheck,
    migrations: MigrationsCheck,
    sweep: SweepCheck,
    mail: MailCheck,
}

#[derive(Debug, Default, Serialize)]
struct DatabaseCheck {
    ok: bool,
}

#[derive(Debug, Serialize)]
struct MigrationsCheck {
    ok: bool,
    applied: Option<usize>,
    expected: usize,
}

#[derive(Debug, Default, Serialize)]
struct SweepCheck {
    ok: bool,
    last_finished_at: Option<Timestamp>,
}

#[derive(Debug, Default, Serialize)]
struct MailCheck {
    ok: bool,
    oldest_unsent_at: Option<Timestamp>,
    waiting: Option<i64>,
}

/// Answers as long as the process does.
pub async fn live() -> Json<Liveness> {
    Json(Liveness { status: "live" })
}

/// Answers 200 while the database answers, has this program's migrations, is swept, and no mail waits for too long; else 503.
pub async fn ready(State(state): State<ApiState>, Now(now): Now) -> (StatusCode, Json<Readiness>) {
    let checks = timeout(PATIENCE, look(&state, now.at)).await.unwrap_or_default();
    let is_ready = checks.database.ok && checks.migrations.ok && checks.sweep.ok && checks.mail.ok;
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
