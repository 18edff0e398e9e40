//! What a policy would change, rehearsed on the live caseload while the caller waits: one rehearsal at a time, and not for long.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::error;
use utoipa::ToSchema;

use super::body::PolicyBody;
use crate::api::SharedState;
use crate::api::audit::Shown;
use crate::api::auth::Caller;
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::clock::Moment;
use crate::domain::policy::Role;
use crate::domain::preview::{AlertChanges, Changes, Messages, MovedDate, StandingAlert};
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::policy_file::PolicyDocument;
use crate::store::policies::in_force::InForceError;
use crate::store::tokens::Scope;
use crate::store::{preview, without_values};

/// How long a caller waits. What it held is free a little later.
const PATIENCE: Duration = Duration::from_secs(8);

/// When to come back, where somebody else's is under way.
const COME_BACK_SECONDS: u64 = 5;

type Rehearsal = Pin<Box<dyn Future<Output = anyhow::Result<Changes>> + Send>>;

/// Rehearses what a policy would change, as the floor above puts it together.
#[derive(Clone)]
pub struct Preview {
    rehearse: Arc<dyn Fn(PolicyDocument, Moment) -> Rehearsal + Send + Sync>,
    place: Arc<Semaphore>,
}

impl Preview {
    /// One that rehearses so.
    pub fn by(rehearse: impl Fn(PolicyDocument, Moment) -> Rehearsal + Send + Sync + 'static) -> Self {
        Self { rehearse: Arc::new(rehearse), place: Arc::new(Semaphore::new(1)) }
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview").field("place", &self.place).finish_non_exhaustive()
    }
}

/// What a policy would change, beyond what the one in force does.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyPreview {
    /// The day as of which cases were judged.
    on: Date,
    /// Alerts of cases that the caller may know of.
    alerts: ChangedAlerts,
    /// For each role that is told, the messages of the next sweep. Null for a token that does not see every case: a message may tell of
    /// one that it does not see.
    messages: Option<Vec<ChangedMessages>>,
    /// Dates that move, of cases that the caller may know of.
    dates: Vec<ChangedDate>,
    /// How many dates of each kind move.
    dates_by_kind: BTreeMap<&'static str, i64>,
    /// Cases that could not be judged.
    postponed: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ChangedAlerts {
    /// Would be opened.
    opened: Vec<ChangedAlert>,
    /// Would turn graver; each as it would be.
    escalated: Vec<ChangedAlert>,
    /// Would turn less grave; each as it would be.
    lowered: Vec<ChangedAlert>,
    /// Would be resolved; each as it stands.
    resolved: Vec<ChangedAlert>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ChangedAlert {
    /// The reference of the case.
    case: String,
    #[schema(value_type = Rule)]
    rule: String,
    /// What it is about, within its rule.
    subject: String,
    severity: Severity,
}

#[derive(Debug, Serialize, ToSchema)]
struct ChangedMessages {
    role: Role,
    /// By the policy in force.
    from: i64,
    /// By this one.
    to: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ChangedDate {
    /// The reference of the case.
    case: String,
    /// Which date: `base_end`, `end`, or the code of a milestone that is due.
    what: &'static str,
    /// By the policy in force; null where there is no such date.
    from: Option<Date>,
    /// By this one.
    to: Option<Date>,
}

/// Shows what a policy would change.
///
/// # Errors
///
/// A wrong body; another preview is under way, or this one takes too long; the database does not answer.
#[utoipa::path(
    post, path = "/api/v1/policy/preview", tag = "policy", operation_id = "preview_policy",
    summary = "What a policy would change",
    description = "Rehearses the next sweep by the policy in force and by this one on the live caseload, takes both back, and tells the \
        difference; nothing is changed. One at a time, and for some seconds: `plo-drift policy preview` has no limit.",
    request_body(
        content((String = "application/toml", example = "[clock]\nlength = \"12 weeks\"\n"), (BTreeMap<String, serde_json::Value> = "application/json", example = json!({"clock": {"length": "12 weeks"}}))),
        description = "A policy, as for `PUT`.",
    ),
    responses((status = 200, description = "What it would change.", body = PolicyPreview)),
)]
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    parameters: Parameters,
    body: PolicyBody,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let document = body.read()?;
    let busy = Problem::TooManyRequests { seconds: COME_BACK_SECONDS };
    let _place = state.preview.place.clone().try_acquire_owned().map_err(|_| busy)?;
    let rehearsal = (state.preview.rehearse)(document, now);
    let changes = timeout(PATIENCE, rehearsal).await.map_err(|_| Problem::PreviewTooLong)?.map_err(problem)?;
    let shown = shown(&state.pool, &caller.scope, changes).await?;
    let cases = Shown::each_once(shown.cases());
    let mut response = Json(PolicyPreview::from(shown)).into_response();
    response.extensions_mut().insert(cases);
    Ok(response)
}

/// As much of it as the caller may know.
async fn shown(pool: &PgPool, scope: &Scope, changes: Changes) -> Result<Changes, Problem> {
    if scope.teams.is_empty() && scope.may_see_restricted {
        return Ok(changes);
    }
    let cases: Vec<String> = changes.cases().into_iter().map(str::to_owned).collect();
    let shown = preview::shown(&mut *pool.acquire().await?, scope, &cases).await?;
    Ok(changes.only_of(&shown))
}

fn problem(wrong: anyhow::Error) -> Problem {
    match wrong.downcast::<sqlx::Error>() {
        // The rehearsal's own limits on statements and locks.
        Ok(sqlx::Error::Database(refused)) if refused.code().is_some_and(|code| code == "57014" || code == "55P03") => {
            Problem::PreviewTooLong
        }
        Ok(wrong) => wrong.into(),
        Err(wrong) => match wrong.downcast::<InForceError>() {
            Ok(wrong) => wrong.into(),
            Err(wrong) => {
                error!(reason = without_values(&wrong), "a policy could not be rehearsed");
                Problem::Internal
            }
        },
    }
}

impl From<Changes> for PolicyPreview {
    fn from(changes: Changes) -> Self {
        let dates_by_kind = changes.dates_by_kind().into_iter().map(|(what, count)| (what.code(), count)).collect();
        let AlertChanges { opened, escalated, lowered, resolved } = changes.alerts;
        let alerts = |alerts: Vec<StandingAlert>| alerts.into_iter().map(ChangedAlert::from).collect();
        let messages = |messages: Vec<Messages>| messages.into_iter().map(ChangedMessages::from).collect();
        Self {
            on: changes.on,
            alerts: ChangedAlerts {
                opened: alerts(opened),
                escalated: alerts(escalated),
                lowered: alerts(lowered),
                resolved: alerts(resolved),
            },
            messages: changes.messages.map(messages),
            dates: changes.dates.into_iter().map(ChangedDate::from).collect(),
            dates_by_kind,
            postponed: changes.postponed,
        }
    }
}

impl From<StandingAlert> for ChangedAlert {
    fn from(alert: StandingAlert) -> Self {
        let StandingAlert { case, rule, subject, severity } = alert;
        Self { case, rule, subject, severity }
    }
}

impl From<Messages> for ChangedMessages {
    fn from(Messages { role, from, to }: Messages) -> Self {
        Self { role, from, to }
    }
}

impl From<MovedDate> for ChangedDate {
    fn from(MovedDate { case, moved }: MovedDate) -> Self {
        Self { case, what: moved.what.code(), from: moved.from, to: moved.to }
    }
}
