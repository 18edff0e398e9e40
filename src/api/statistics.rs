//! Statistics of the cases that exist for the caller.

pub mod blocks;
pub mod telling;
pub mod view;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;

use super::auth::Caller;
use super::etag;
use super::frame::Now;
use super::parameters::Parameters;
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::clock::Moment;
use crate::domain::statistics::answer::Answer;
use crate::domain::statistics::{Period, Statistics};
use crate::fields::civil_date;
use crate::store::{BEGIN_SNAPSHOT, statistics};

use view::StatisticsView;

/// The longest period, in years.
const MOST_YEARS: i16 = 5;

/// Works out the figures of a period, the twelve months that end today unless asked otherwise, from the facts as they are recorded
/// now.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/statistics", tag = "statistics", operation_id = "show_statistics",
    summary = "Figures of a period, by team and by month",
    description = "Who is in pre-proceedings and for how long, what was concluded in time, how long each step takes, whether reviews are \
        held, extensions, diversion, re-entry, the backlog and how long alerts wait: of the cases that exist for the token, from the \
        facts as they are recorded now. A case that is still open is never taken for a short one: see `days_to_conclude` and \
        `open.past_end`.",
    params(
        ("from" = Option<Date>, Query, description = "The first day: twelve months before the day after the last where it is not given, five years before the last at most."),
        ("to" = Option<Date>, Query, description = "The last day, not in the future: today where it is not given."),
        ("team" = Option<String>, Query, description = "Only cases of this team.", example = "North"),
        ("suppress_below" = Option<u32>, Query, description = "Withholds every number from 1 up to, but not including, this one, with what rests on it and what would give it back by one subtraction. Nothing is withheld where it is not given.", minimum = 2, maximum = 50),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "The figures.", body = StatisticsView, headers(("ETag" = String, description = "Stays the same while the figures do."))),
        (status = 304, description = "The figures are those with this ETag."),
    ),
)]
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    etag::answer(&headers, &ask(&state, &caller, now, parameters).await?)
}

/// The figures of a period, of the cases that exist for a caller.
///
/// # Errors
///
/// As for [`show`].
pub async fn ask(
    state: &ApiState,
    caller: &Caller,
    now: Moment,
    mut parameters: Parameters,
) -> Result<StatisticsView, Problem> {
    let period = period(&mut parameters, now.today);
    let team = parameters.text("team");
    let suppress_below = parameters.number("suppress_below", 2..=50);
    parameters.finish()?;

    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let policy = &state.policy.read(&mut transaction).await?.policy;
    let (scope, team_only) = (&caller.scope, team.as_deref());
    let episodes = statistics::episodes(&mut transaction, scope, team_only, period, policy).await?;
    let alerts = statistics::alerts(&mut transaction, scope, team_only, period).await?;
    transaction.commit().await?;

    let answers: Vec<Answer> = alerts.into_iter().map(|alert| Answer::of(alert, period.to, &policy.calendar)).collect();
    let mut statistics = Statistics::of(&episodes, &answers, period);
    if let Some(below) = suppress_below {
        statistics.suppress(below);
    }
    let limit_weeks = policy.clock.length.whole_weeks();
    Ok(StatisticsView::of(&statistics, period, team, suppress_below, limit_weeks))
}

/// The period that is asked for. Where it is wrong, what comes back does not count.
fn period(parameters: &mut Parameters, today: Date) -> Period {
    let read = |text: &str| civil_date(text).ok();
    let reason = "must be a date (YYYY-MM-DD) of the years 2000 to 2100";
    let (from, to) = (parameters.read("from", read, reason), parameters.read("to", read, reason));
    let to_or_today = to.unwrap_or(today);
    let from_or_a_year_before = from.unwrap_or_else(|| to_or_today.saturating_sub(1.year()).saturating_add(1.day()));
    let period = Period { from: from_or_a_year_before, to: to_or_today };
    if to.is_some_and(|to| to > today) {
        parameters.mistake::<()>("to", "must be a day that does not lie in the future");
    } else if period.from > period.to {
        parameters.mistake::<()>("from", "must be a day that does not lie after the last of the period");
    } else if period.from < period.to.saturating_sub(MOST_YEARS.years()) {
        parameters.mistake::<()>("from", format!("must be a day at most {MOST_YEARS} years before the last of the period"));
    }
    period
}
