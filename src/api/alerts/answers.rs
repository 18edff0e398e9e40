//! One alert: its story, and the answers that a chair gives to it.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use jiff::civil::Date;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::story::Story;
use crate::api::auth::Caller;
use crate::api::body::JsonBody;
use crate::api::etag;
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::{ApiState, SharedState};
use crate::clock::Moment;
use crate::domain::pause::{PauseKind, UntilDays};
use crate::fields::Fields;
use crate::store::pauses::{self, NewPause, Pause, Paused};
use crate::store::{BEGIN_SNAPSHOT, alert_list};

/// What will be done about an alert.
#[derive(ToSchema)]
#[schema(example = json!({"action": "Hold the review on 30 June", "owner": "Team manager, North", "review_on": "2026-07-01"}))]
#[expect(dead_code, reason = "it only describes")]
struct Acknowledgement {
    /// What will be done: one line of at most 200 characters, with a letter or digit in it.
    #[schema(min_length = 1, max_length = 200)]
    action: String,
    /// Who will do it, as a role.
    #[schema(min_length = 1, max_length = 200)]
    owner: String,
    /// The day on which to look again: later than today, and at most 20 working days ahead (or what the policy says).
    review_on: Date,
    /// The turn of the alert that this is an answer to, as it says itself: refused (409) if the alert has turned since.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    turn: Option<i32>,
}

/// Why an alert must wait.
#[derive(ToSchema)]
#[schema(example = json!({"reason": "The assessor is ill until Monday", "until": "2026-06-22"}))]
#[expect(dead_code, reason = "it only describes")]
struct Snooze {
    /// Why: one line of at most 200 characters, with a letter or digit in it.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// Until which day: later than today, and at most 20 working days ahead (or what the policy says).
    until: Date,
    /// The turn of the alert that this is an answer to, as above.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    turn: Option<i32>,
}

/// Why an alert was not put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPaused {
    /// What it was about has been put right.
    Resolved,
    /// It has turned since the turn that was given.
    Moved,
    /// Somebody has put it aside, in this way.
    Already(Pause),
    /// Something else.
    Problem(Problem),
}

impl From<NotPaused> for Problem {
    fn from(not_paused: NotPaused) -> Self {
        match not_paused {
            NotPaused::Resolved => Self::Conflict("What the alert was about has been put right.".to_owned()),
            NotPaused::Moved => {
                let why = "The alert has turned since the turn that was given: read it again, and answer what it says now.";
                Self::Conflict(why.to_owned())
            }
            NotPaused::Already(pause) => Self::Conflict(format!("The alert was {}.", pause.in_words())),
            NotPaused::Problem(problem) => problem,
        }
    }
}

impl From<Problem> for NotPaused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for NotPaused {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

/// Tells the story of an alert.
///
/// # Errors
///
/// The alert does not exist for the caller; wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", tag = "alerts", operation_id = "show_alert",
    summary = "One alert with its whole story",
    description = "Its turns, the rungs of the ladder, who was told and what the mail server said, who put it aside and why, and what \
        the journal keeps of it. People are a role and a number.",
    params(
        ("id" = Uuid, Path, description = "The `id` of the alert."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "The alert.", body = Story, headers(("ETag" = String, description = "Stays the same while the answer does."))),
        (status = 304, description = "The answer is the one with this ETag."),
    ),
)]
pub async fn show(
    State(state): State<SharedState>,
    caller: Caller,
    AlertId(alert): AlertId,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    etag::answer(&headers, &ask(&state, &caller, alert, parameters).await?)
}

/// The story of an alert, if it exists for a caller.
///
/// # Errors
///
/// As for [`show`].
pub async fn ask(state: &ApiState, caller: &Caller, alert: Uuid, parameters: Parameters) -> Result<Story, Problem> {
    parameters.finish()?;
    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let story = story(&mut transaction, caller, alert).await?;
    transaction.commit().await?;
    Ok(story)
}

/// Acknowledges an alert: what will be done, who will do it, and when to look again.
///
/// # Errors
///
/// A wrong body; the alert does not exist for the caller, or is not open; the database does not answer.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts", operation_id = "acknowledge_alert",
    summary = "Acknowledge an alert",
    description = "Says what will be done, by whom, and when to look again. Nobody further up is told until that day; if the finding \
        still holds then, or turns from amber to red before, the alert is open again.",
    params(("id" = Uuid, Path, description = "The `id` of the alert.")),
    request_body = Acknowledgement,
    responses(
        (status = 200, description = "The alert is put aside; its story.", body = Story),
        (status = 409, description = "The alert is not open (somebody put it aside, or it is resolved), or has turned since."),
    ),
)]
pub async fn acknowledge(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    AlertId(alert): AlertId,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Json<Story>, Problem> {
    parameters.finish()?;
    let days = until_days(&state, now).await?;
    let new = body.read(|fields| {
        let action = fields.required_words("action");
        let owner = fields.required_words("owner");
        let review_on = required_day(fields, "review_on", days);
        let turn = turn(fields);
        Some(NewPause {
            alert,
            turn,
            kind: PauseKind::Acknowledged,
            by: caller.who.into(),
            reason: action?.to_owned(),
            owner: Some(owner?.to_owned()),
            until_on: review_on?,
        })
    })?;
    Ok(Json(pause(&state, &caller, &new, now).await?))
}

/// Snoozes an alert: why it must wait, and until when.
///
/// # Errors
///
/// As for [`acknowledge`].
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/snooze", tag = "alerts", operation_id = "snooze_alert",
    summary = "Snooze an alert",
    description = "Says why it must wait, and until when. Ends as an acknowledgement does.",
    params(("id" = Uuid, Path, description = "The `id` of the alert.")),
    request_body = Snooze,
    responses(
        (status = 200, description = "The alert is put aside; its story.", body = Story),
        (status = 409, description = "The alert is not open (somebody put it aside, or it is resolved), or has turned since."),
    ),
)]
pub async fn snooze(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    AlertId(alert): AlertId,
    parameters: Parameters,
    body: JsonBody,
) -> Result<Json<Story>, Problem> {
    parameters.finish()?;
    let days = until_days(&state, now).await?;
    let new = body.read(|fields| {
        let reason = fields.required_words("reason");
        let until_on = required_day(fields, "until", days);
        let turn = turn(fields);
        Some(NewPause {
            alert,
            turn,
            kind: PauseKind::Snoozed,
            by: caller.who.into(),
            reason: reason?.to_owned(),
            owner: None,
            until_on: until_on?,
        })
    })?;
    Ok(Json(pause(&state, &caller, &new, now).await?))
}

/// The days until which an alert may be put aside today.
///
/// # Errors
///
/// The database does not answer.
pub async fn until_days(state: &ApiState, now: Moment) -> Result<UntilDays, Problem> {
    let known = state.policy.read(&mut *state.pool.acquire().await?).await?;
    Ok(UntilDays::of(now.today, &known.policy.alerts, &known.policy.calendar))
}

/// Puts an alert aside, if it exists for a caller; what has become of it.
///
/// # Errors
///
/// The alert does not exist for the caller, is not open, or has turned; the database does not answer.
pub async fn pause(state: &ApiState, caller: &Caller, new: &NewPause, now: Moment) -> Result<Story, NotPaused> {
    let mut transaction = state.pool.begin().await?;
    alert_list::find(&mut transaction, &caller.scope, new.alert).await?.ok_or(Problem::NotFound)?;
    match pauses::pause(&mut transaction, new, now).await? {
        Paused::Done => {}
        Paused::NoSuchAlert => return Err(Problem::NotFound.into()),
        Paused::Resolved => return Err(NotPaused::Resolved),
        Paused::Moved => return Err(NotPaused::Moved),
        Paused::Already(pause) => return Err(NotPaused::Already(pause)),
    }
    let story = story(&mut transaction, caller, new.alert).await?;
    transaction.commit().await?;
    Ok(story)
}

async fn story(connection: &mut PgConnection, caller: &Caller, alert: Uuid) -> Result<Story, Problem> {
    let alert = alert_list::find(connection, &caller.scope, alert).await?.ok_or(Problem::NotFound)?;
    Ok(Story::read(connection, alert).await?)
}

/// The turn of the alert that the answer is to, as it says itself; where it is not given, the answer is to whatever it says now.
fn turn(fields: &mut Fields) -> Option<i32> {
    i32::try_from(fields.number("turn", 1..=i32::MAX.unsigned_abs())?).ok()
}

/// A day until which an alert may be put aside.
fn required_day(fields: &mut Fields, name: &'static str, days: UntilDays) -> Option<Date> {
    let day = fields.date(name);
    let day = fields.required(name, day)?;
    match days.check(day) {
        Ok(day) => Some(day),
        Err(reason) => fields.mistake(name, &reason),
    }
}

/// The identity of an alert, from the path; what is none is an alert that does not exist.
#[derive(Debug)]
pub struct AlertId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for AlertId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(id)| Uuid::try_parse(&id).ok());
        id.map(Self).ok_or(Problem::NotFound)
    }
}
