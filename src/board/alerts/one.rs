//! One alert: its story, and the forms by which it is answered.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

use super::story::Told;
use crate::api::alerts::answers::{self, AlertId, NotPaused};
use crate::api::alerts::story::Story;
use crate::api::audit;
use crate::api::frame::Now;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::api::{ApiState, SharedState};
use crate::board::answering::{
    Acknowledging, Answering, Form, Mistakes, PuttingOff, TimeToAnswer, Typed, asks_for_more_time, turn_shown,
};
use crate::board::page::{self, Frame, Here, OwnForm, Visitor};
use crate::board::words;
use crate::clock::Moment;
use crate::domain::pause::PauseKind;
use crate::store::alert_list::AlertState;
use crate::store::pauses::NewPause;
use crate::store::sessions;

/// The page.
#[derive(Template)]
#[template(path = "alert.html", config = "src/board/templates/askama.toml")]
struct AlertPage {
    frame: Frame,
    told: Told,
    /// Why what was sent was not recorded.
    notice: Option<String>,
    time: TimeToAnswer,
    answering: Option<Answering>,
}

impl AlertPage {
    fn mistakes(&self) -> Vec<(&'static str, &str)> {
        self.answering.iter().flat_map(Answering::mistakes).collect()
    }

    fn has_ended_pauses(&self) -> bool {
        self.told.pauses.iter().any(|aside| !aside.holds)
    }
}

/// What is needed to show an alert once more.
struct Shown<'s> {
    state: &'s ApiState,
    visitor: &'s Visitor,
    now: Moment,
    alert: Uuid,
}

/// Shows an alert; with the forms, where it is open and whoever looks may answer it.
///
/// # Errors
///
/// The alert does not exist for whoever looks; the database does not answer.
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    AlertId(alert): AlertId,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let shown = Shown { state: &state, visitor: &visitor, now, alert };
    let story = answers::ask(&state, &visitor.caller, alert, parameters).await?;
    let page = shown.page(story, None).await?;
    Ok(page::answer(&page))
}

/// Acknowledges an alert as the person who is signed in, and leads back to its page, which then says so.
///
/// # Errors
///
/// The form is none of ours; the alert does not exist for the person; the database does not answer.
pub async fn acknowledge(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    AlertId(alert): AlertId,
    OwnForm(pairs): OwnForm,
) -> Result<Response, Problem> {
    let shown = Shown { state: &state, visitor: &visitor, now, alert };
    let turn = turn_shown(&pairs).map_err(|_| Problem::MalformedBody)?;
    let typed = Typed::of(&pairs);
    let empty = shown.empty(turn).await?.acknowledging;
    let filled = |mistakes| Filled::Acknowledging(Acknowledging { typed: typed.clone(), mistakes });
    match typed.read(empty.days, &empty.example) {
        _ if asks_for_more_time(&pairs) => shown.give_more_time(filled(Mistakes::default())).await,
        Err(mistakes) => shown.again(StatusCode::UNPROCESSABLE_ENTITY, None, filled(mistakes)).await,
        Ok(answer) => {
            let new = NewPause {
                alert,
                turn,
                kind: PauseKind::Acknowledged,
                by: visitor.caller.who.into(),
                reason: answer.action,
                owner: Some(answer.owner),
                until_on: answer.review_on,
            };
            shown.pause(&new, filled(Mistakes::default())).await
        }
    }
}

/// Puts an alert off as the person who is signed in, and leads back to its page, which then says so.
///
/// # Errors
///
/// As for [`acknowledge`].
pub async fn snooze(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    AlertId(alert): AlertId,
    OwnForm(pairs): OwnForm,
) -> Result<Response, Problem> {
    let shown = Shown { state: &state, visitor: &visitor, now, alert };
    let turn = turn_shown(&pairs).map_err(|_| Problem::MalformedBody)?;
    let empty = shown.empty(turn).await?.putting_off;
    let typed = PuttingOff::of(&pairs);
    match typed.clone().read(empty.days, &empty.example) {
        _ if asks_for_more_time(&pairs) => shown.give_more_time(Filled::PuttingOff(typed)).await,
        Err(wrong) => shown.again(StatusCode::UNPROCESSABLE_ENTITY, None, Filled::PuttingOff(wrong)).await,
        Ok((reason, until_on)) => {
            let by = visitor.caller.who.into();
            let new = NewPause { alert, turn, kind: PauseKind::Snoozed, by, reason, owner: None, until_on };
            shown.pause(&new, Filled::PuttingOff(typed)).await
        }
    }
}

/// What somebody filled in.
enum Filled {
    Acknowledging(Acknowledging),
    PuttingOff(PuttingOff),
}

impl Shown<'_> {
    /// Puts the alert aside, unless something has come in between, which the page then tells.
    async fn pause(&self, new: &NewPause, filled: Filled) -> Result<Response, Problem> {
        let why = match answers::pause(self.state, &self.visitor.caller, new, self.now).await {
            Ok(_) => return Ok(page::lead_to(self.state, &format!("/alerts/{}", self.alert))),
            Err(NotPaused::Problem(problem)) => return Err(problem),
            Err(NotPaused::Resolved) => "what the alert was about has been put right.".to_owned(),
            Err(NotPaused::Moved) => {
                "the alert has changed since you opened the page. Read it again before you send the form.".to_owned()
            }
            Err(NotPaused::Already(pause)) => format!("the alert was {}.", pause.in_words()),
        };
        let notice = format!("Your answer was not recorded: {why}");
        self.again(StatusCode::CONFLICT, Some(notice), filled).await
    }

    /// Lets whoever is signed in stay until the session ends in any case, and shows the page once more.
    async fn give_more_time(&self, filled: Filled) -> Result<Response, Problem> {
        sessions::stay(&mut *self.state.pool.acquire().await?, self.visitor.session).await?;
        let visitor = Visitor { stays: true, ..self.visitor.clone() };
        let until = words::moment(visitor.ends_at);
        let notice = format!("You stay signed in until {until}. Your answer is not recorded before you send it.");
        Shown { visitor: &visitor, ..*self }.again(StatusCode::OK, Some(notice), filled).await
    }

    /// The page once more, with what was filled in.
    async fn again(&self, status: StatusCode, notice: Option<String>, filled: Filled) -> Result<Response, Problem> {
        let story = answers::ask(self.state, &self.visitor.caller, self.alert, Parameters::default()).await?;
        let shown = audit::Shown(vec![story.alert.case.clone()]);
        let page = self.page(story, notice).await?;
        let fill = |answering: Answering| match filled {
            Filled::Acknowledging(filled) => {
                Answering { acknowledging: Form { filled, ..answering.acknowledging }, ..answering }
            }
            Filled::PuttingOff(filled) => Answering { putting_off: Form { filled, ..answering.putting_off }, ..answering },
        };
        let page = AlertPage { answering: page.answering.map(fill), ..page };
        let mut response = (status, page::answer(&page)).into_response();
        response.extensions_mut().insert(shown);
        Ok(response)
    }

    async fn page(&self, story: Story, notice: Option<String>) -> Result<AlertPage, Problem> {
        let frame = Frame::of(self.state, self.visitor, Here::Alerts);
        let told = Told::of(story, self.visitor.caller.who, self.now.today);
        let is_answerable = told.state == Some(AlertState::Open) && frame.may_answer;
        let answering = if is_answerable { Some(self.empty(Some(told.turn)).await?) } else { None };
        let time = TimeToAnswer::of(self.visitor, self.state.sessions);
        Ok(AlertPage { frame, told, notice, time, answering })
    }

    async fn empty(&self, turn: Option<i32>) -> Result<Answering, Problem> {
        let known = self.state.policy.read(&mut *self.state.pool.acquire().await?).await?;
        Ok(Answering::empty(turn.unwrap_or_default(), &known.policy, self.now.today))
    }
}
