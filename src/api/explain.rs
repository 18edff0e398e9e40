//! Why a case was, or was not, alerted on a day: each rule's finding or why there is none, by what was recorded then and by the
//! policy in force then; who was told, who was not and why, and what the mail server said.

pub mod the_day;
pub mod view;

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::PgConnection;

use super::auth::Caller;
use super::cases;
use super::frame::Now;
use super::parameters::{Parameters, Reference};
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::clock::{Moment, midnight};
use crate::domain::calendar::next_day;
use crate::domain::case::Case;
use crate::domain::course::Course;
use crate::domain::explain::{self, Explained};
use crate::domain::in_effect::in_effect_on;
use crate::domain::policy::Policy;
use crate::domain::rules;
use crate::fields::civil_date;
use crate::policy_file;
use crate::store::policies::{self, Version};
use crate::store::told::Moments;
use crate::store::{BEGIN_SNAPSHOT, history, stood, told};

use the_day::TheDayView;
pub use view::Explanation;
use view::{Judged, PolicyView, RuleView};

/// Explains one case on a day, today where none is given.
///
/// # Errors
///
/// The case does not exist for the caller; wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/cases/{reference}/explain", tag = "cases", operation_id = "explain_case",
    summary = "Why a case was, or was not, alerted on a day",
    description = "Each rule's finding or why there is none, by what was recorded when the day ended in London and by the policy then in \
        force; what was recorded later is told apart. Beside it the alerts of the day, every decision to tell somebody or not, and what \
        the mail server said.",
    params(
        ("reference" = String, Path, description = "The council's pseudonymous reference.", example = "PP-2026-014"),
        ("on" = Option<Date>, Query, description = "The day, not in the future: today where it is not given."),
    ),
    responses((status = 200, description = "The explanation.", body = Explanation)),
)]
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    Reference(reference): Reference,
    parameters: Parameters,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(ask(&state, &caller, now, &reference, parameters).await?))
}

/// The explanation of a case that exists for a caller.
///
/// # Errors
///
/// As for [`show`].
pub async fn ask(
    state: &ApiState,
    caller: &Caller,
    now: Moment,
    reference: &str,
    mut parameters: Parameters,
) -> Result<Explanation, Problem> {
    let not_later = |text: &str| civil_date(text).ok().filter(|&on| on <= now.today);
    let reason = "must be a date (YYYY-MM-DD) of the years 2000 to 2100 that does not lie in the future";
    let on = parameters.read("on", not_later, reason).unwrap_or(now.today);
    parameters.finish()?;

    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let case = cases::find(&mut transaction, caller, reference).await?;
    let the_day = read_the_day(&mut transaction, reference, moments_of(on)).await?;
    let known = state.policy.read(&mut transaction).await?;
    let judged = judged(&mut transaction, &case, on, now, &known.policy).await?;
    transaction.commit().await?;
    Ok(Explanation::of(case.reference, on, judged, the_day))
}

/// The moments of a day in London.
fn moments_of(day: Date) -> Moments {
    Moments { from: midnight(day), until: midnight(next_day(day)) }
}

/// How the alerts stood, what was decided, and the messages that it was about.
async fn read_the_day(connection: &mut PgConnection, reference: &str, moments: Moments) -> Result<TheDayView, Problem> {
    let alerts = stood::alerts(connection, reference, moments).await?;
    let decisions = told::decisions(connection, reference, moments).await?;
    let mut messages: Vec<_> = decisions.iter().filter_map(|decision| decision.message).collect();
    messages.sort_unstable();
    messages.dedup();
    let messages = told::messages(connection, &messages).await?;
    let last_sweep_at = told::last_sweep(connection, moments).await?;
    Ok(TheDayView::of(last_sweep_at, alerts, decisions, messages))
}

/// Judges the case by what was recorded when the day ended and, where that differs, by what is recorded now.
async fn judged(
    connection: &mut PgConnection,
    case: &Case,
    on: Date,
    now: Moment,
    current: &Policy,
) -> Result<Judged, Problem> {
    let end = moments_of(on).until;
    let (policy, view) = policy_in_force_before(connection, end, current).await?;
    let recorded = if on == now.today {
        Some(Cow::Borrowed(case))
    } else {
        history::case_as_recorded_at(connection, &case.reference, end).await?.map(Cow::Owned)
    };
    let recorded_later = match &recorded {
        Some(recorded) => what_counts(recorded, on, &policy) != what_counts(case, on, &policy),
        None => case.started_on.unwrap_or(case.recorded_on).min(case.recorded_on) <= on,
    };
    let explained = |case: &Case| explain::explain(case, &policy, on);
    let as_recorded = recorded.as_ref().map(|case| explained(case)).unwrap_or_default();
    let now_known = if recorded_later { explained(case) } else { Vec::new() };
    let differs = |rule: &Explained| !as_recorded.contains(rule);
    Ok(Judged {
        policy: view,
        first_recorded_at: history::first_recorded_at(connection, &case.reference).await?,
        status: recorded.as_ref().map(|case| Course::of(case, &policy).status_on(on)),
        now_known: now_known.into_iter().filter(differs).map(RuleView::from).collect(),
        as_recorded: as_recorded.into_iter().map(RuleView::from).collect(),
        recorded_later,
    })
}

/// The facts that the rules look at on a day.
fn what_counts(case: &Case, on: Date, policy: &Policy) -> Case {
    let mut counts = in_effect_on(case, on);
    counts.family_step_downs = rules::step_downs_before(case, policy).filter(|&decided| decided <= on).collect();
    counts.engagement.iter_mut().for_each(|appointment| appointment.kind = None);
    let not_judged = Case { team: None, restricted: false, family_reference: None, ..counts };
    Case { fgdm_facilitated: None, letter_of_issue_on: None, ..not_judged }
}

/// The policy that was in force right before a moment; today's, where that one's text was not kept or cannot be read any more.
async fn policy_in_force_before<'p>(
    connection: &mut PgConnection,
    moment: Timestamp,
    current: &'p Policy,
) -> Result<(Cow<'p, Policy>, PolicyView), Problem> {
    let then = policies::find_in_force_before(connection, moment).await?;
    let last = policies::in_force(connection).await?;
    let is_current = then.as_ref().zip(last).is_some_and(|(then, last)| then.digest == last.digest);
    let own = if is_current { Some(Cow::Borrowed(current)) } else { then.as_ref().and_then(read).map(Cow::Owned) };
    let substituted = own.is_none();
    let policy = own.unwrap_or(Cow::Borrowed(current));
    let view = PolicyView {
        version: then.as_ref().map(|then| then.id),
        in_force_from: then.map(|then| then.in_force_from),
        is_current,
        substituted,
        alert_from: policy.alerts.alert_from,
    };
    Ok((policy, view))
}

/// A policy from its text, if that was kept and can be read.
fn read(version: &Version) -> Option<Policy> {
    let read = policy_file::read("that was in force", version.document.as_deref()?);
    read.inspect_err(|_| tracing::warn!(policy.version = version.id, "a policy that was in force cannot be read any more")).ok()
}
