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
use crate::board::answering::{Acknowledging, Form, Mistakes, PuttingOff, Typed, turn_shown};
use crate::board::page::{self, Frame, Here, OwnForm, Visitor};
use crate::clock::Moment;
use crate::domain::pause::{PauseKind, UntilDays};
use crate::store::alert_list::AlertState;
use crate::store::pauses::NewPause;

/// The page.
#[derive(Template)]
#[template(path = "alert.html", config = "src/board/templates/askama.toml")]
struct AlertPage {
    frame: Frame,
    told: Told,
    /// Why what was sent was not recorded.
    notice: Option<String>,
    /// How long somebody may take to fill a form in.
    minutes: i64,
    acknowledging: Option<Form<Acknowledging>>,
    putting_off: Option<Form<PuttingOff>>,
}

impl AlertPage {
    fn mistakes(&self) -> Vec<(&'static str, &str)> {
        let acknowledging = self.acknowledging.iter().flat_map(|form| form.filled.mistakes.listed());
        acknowledging.chain(self.putting_off.iter().flat_map(|form| form.filled.listed())).collect()
    }

    fn has_ended_pauses(&self) -> bool {
        self.told.pauses.iter().any(|aside| !aside.holds)
    }

    fn is_to_be_put_off(&self) -> bool {
        self.putting_off.as_ref().is_some_and(|form| !form.filled.reason.is_empty() || !form.filled.listed().is_empty())
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
    let empty = shown.empty_form(turn, Acknowledging::by).await?;
    let filled = |mistakes| Filled::Acknowledging(Acknowledging { typed: typed.clone(), mistakes });
    match typed.read(empty.days, &empty.example) {
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
    let empty = shown.empty_form(turn, PuttingOff::until).await?;
    let typed = PuttingOff::of(&pairs);
    match typed.clone().read(empty.days, &empty.example) {
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

    /// The page once more, with what was filled in.
    async fn again(&self, status: StatusCode, notice: Option<String>, filled: Filled) -> Result<Response, Problem> {
        let story = answers::ask(self.state, &self.visitor.caller, self.alert, Parameters::default()).await?;
        let shown = audit::Shown(vec![story.alert.case.clone()]);
        let page = self.page(story, notice).await?;
        let page = match filled {
            Filled::Acknowledging(filled) => {
                AlertPage { acknowledging: page.acknowledging.map(|form| Form { filled, ..form }), ..page }
            }
            Filled::PuttingOff(filled) => {
                AlertPage { putting_off: page.putting_off.map(|form| Form { filled, ..form }), ..page }
            }
        };
        let mut response = (status, page::answer(&page)).into_response();
        response.extensions_mut().insert(shown);
        Ok(response)
    }

    async fn page(&self, story: Story, notice: Option<String>) -> Result<AlertPage, Problem> {
        let frame = Frame::of(self.state, self.visitor, Here::Alerts);
        let told = Told::of(story, self.visitor.caller.who, self.now.today);
        let (mut acknowledging, mut putting_off) = (None, None);
        if told.state == Some(AlertState::Open) && frame.may_answer {
            acknowledging = Some(self.empty_form(Some(told.turn), Acknowledging::by).await?);
            putting_off = Some(self.empty_form(Some(told.turn), PuttingOff::until).await?);
        }
        let minutes = self.state.sessions.idle.as_mins();
        Ok(AlertPage { frame, told, notice, minutes, acknowledging, putting_off })
    }

    async fn empty_form<T>(&self, turn: Option<i32>, fields: impl FnOnce(String) -> T) -> Result<Form<T>, Problem> {
        let known = self.state.policy.read(&mut *self.state.pool.acquire().await?).await?;
        let (alerts, calendar) = (&known.policy.alerts, &known.policy.calendar);
        let days = UntilDays::of(self.now.today, alerts, calendar);
        Ok(Form::empty(turn.unwrap_or_default(), days, calendar, fields))
    }
}
