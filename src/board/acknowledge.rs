//! The page on which somebody who was mailed of an alert acknowledges it, by the link in the mail and without signing in.
//!
//! Showing it changes nothing, so that whatever follows the links of mails before people do (scanners, previews) does no harm: only
//! sending the form acknowledges.

pub mod page;

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::answering::{self, Acknowledging, Answer, Form, Typed};
use super::page::{Frame, written};
use crate::api::body::FormBody;
use crate::api::frame::Now;
use crate::api::link::LinkBearer;
use crate::api::problem::Problem;
use crate::api::{ApiState, SharedState};
use crate::domain::pause::{PauseKind, UntilDays};
use crate::domain::policy::Policy;
use crate::domain::schedule::Severity;
use crate::store::alert_list::{self, AlertState};
use crate::store::pauses::{self, By, NewPause, Paused};
use crate::store::{BEGIN_SNAPSHOT, known, story};
use page::{AlertPage, Seen};

/// Shows the alert of a link: with the form while it is open, else what has become of it.
///
/// # Errors
///
/// The alert does not exist for the person; the database does not answer.
pub async fn show(State(state): State<SharedState>, Now(now): Now, bearer: LinkBearer) -> Result<Response, Problem> {
    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let known = state.policy.read(&mut transaction).await?;
    let seen = see(&mut transaction, &bearer).await?;
    transaction.commit().await?;
    let form = (seen.state == AlertState::Open).then(|| empty_form(&known.policy, now.today, &seen));
    Ok(Html(written(&AlertPage::of(Frame::for_anybody(&state), seen, &bearer, form, now.today))).into_response())
}

/// Acknowledges the alert of a link as the person whose link it is, and leads back to the page, which then says so.
///
/// # Errors
///
/// The alert does not exist for the person; a body that is no form; the database does not answer.
pub async fn submit(
    State(state): State<SharedState>,
    Now(now): Now,
    bearer: LinkBearer,
    uri: Uri,
    FormBody(pairs): FormBody,
) -> Result<Response, Problem> {
    let typed = Typed::of(&pairs);
    let turn = answering::turn_shown(&pairs).map_err(|_| Problem::MalformedBody)?;
    let mut transaction = state.pool.begin().await?;
    let known = state.policy.read(&mut transaction).await?;
    let seen = see(&mut transaction, &bearer).await?;
    let form = empty_form(&known.policy, now.today, &seen);
    let answer = match typed.read(form.days, &form.example) {
        _ if turn.is_some_and(|turn| turn != seen.standing.turn) => {
            return Ok(moved(&state, seen, &bearer, retyped(form, typed), now.today));
        }
        Ok(answer) => answer,
        Err(mistakes) if seen.state == AlertState::Open => {
            let form = Form { filled: Acknowledging { typed, mistakes }, ..form };
            let page = AlertPage::of(Frame::for_anybody(&state), seen, &bearer, Some(form), now.today);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(written(&page))).into_response());
        }
        Err(_) => return Ok(too_late(&state, seen, &bearer, now.today)),
    };
    let paused = pauses::pause(&mut transaction, &acknowledgement(answer, turn, &bearer), now).await?;
    if paused == Paused::Done {
        transaction.commit().await?;
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, back_to(&uri))]).into_response());
    }
    let seen = see(&mut transaction, &bearer).await?;
    if paused == Paused::Moved {
        let form = retyped(empty_form(&known.policy, now.today, &seen), typed);
        return Ok(moved(&state, seen, &bearer, form, now.today));
    }
    Ok(too_late(&state, seen, &bearer, now.today))
}

/// What the page shows of the alert, if it exists for the person.
async fn see(connection: &mut PgConnection, bearer: &LinkBearer) -> Result<Seen, Problem> {
    let alert = alert_list::find(connection, &bearer.scope, bearer.alert).await?.ok_or(Problem::NotFound)?;
    Ok(Seen {
        state: known(AlertState::from_code(&alert.state), "alerts.state")?,
        severity: known(Severity::from_code(&alert.severity), "alerts.severity")?,
        standing: story::standing(connection, alert.id).await?,
        last_pause: pauses::last(connection, alert.id).await?,
        tellings: story::tellings(connection, alert.id).await?,
        rungs: story::rungs(connection, alert.id).await?,
        alert,
    })
}

fn empty_form(policy: &Policy, today: Date, seen: &Seen) -> Form<Acknowledging> {
    let days = UntilDays::of(today, &policy.alerts, &policy.calendar);
    Form::empty(seen.standing.turn, days, &policy.calendar, Acknowledging::by)
}

/// A form with what was typed into another, of which nothing is said.
fn retyped(form: Form<Acknowledging>, typed: Typed) -> Form<Acknowledging> {
    Form { filled: Acknowledging { typed, ..Acknowledging::default() }, ..form }
}

fn acknowledgement(answer: Answer, turn: Option<i32>, bearer: &LinkBearer) -> NewPause {
    NewPause {
        alert: bearer.alert,
        turn,
        kind: PauseKind::Acknowledged,
        by: By::Recipient(bearer.recipient),
        reason: answer.action,
        owner: Some(answer.owner),
        until_on: answer.review_on,
    }
}

/// The alert as it is now, with what was typed about what it was, for the person to think again.
fn moved(state: &ApiState, seen: Seen, bearer: &LinkBearer, form: Form<Acknowledging>, today: Date) -> Response {
    if seen.state != AlertState::Open {
        return too_late(state, seen, bearer, today);
    }
    let page = AlertPage::of(Frame::for_anybody(state), seen, bearer, Some(form), today).moved();
    (StatusCode::CONFLICT, Html(written(&page))).into_response()
}

fn too_late(state: &ApiState, seen: Seen, bearer: &LinkBearer, today: Date) -> Response {
    let page = AlertPage::of(Frame::for_anybody(state), seen, bearer, None, today).too_late();
    (StatusCode::CONFLICT, Html(written(&page))).into_response()
}

/// The page of the same link, named relative to itself: whatever a proxy puts before our paths stays before it.
fn back_to(uri: &Uri) -> String {
    uri.path().rsplit('/').next().unwrap_or_default().to_owned()
}
