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
use crate::board::answering::{Answering, Kind, PuttingOff, TimeToAnswer, Typed, TypedField, turn_shown};
use crate::board::page::{self, Frame, Here, OwnForm, Visitor};
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
    /// What somebody typed who cannot answer any more.
    typed: Vec<TypedField>,
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
    Ok(page::answer(&shown.page(story).await?))
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
    let sent = Sent::of(Kind::Acknowledging, pairs)?;
    let (typed, empty) = (Typed::of(&sent.pairs), shown.empty(sent.turn).await?.acknowledging);
    match typed.read(empty.days, &empty.example) {
        Err(mistakes) => shown.again(Why::Mistakes, sent, |form| form.acknowledging.filled.mistakes = mistakes).await,
        Ok(answer) => {
            let new = NewPause {
                alert,
                turn: sent.turn,
                kind: PauseKind::Acknowledged,
                by: visitor.caller.who.into(),
                reason: answer.action,
                owner: Some(answer.owner),
                until_on: answer.review_on,
            };
            shown.pause(&new, sent).await
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
    let sent = Sent::of(Kind::PuttingOff, pairs)?;
    let (typed, empty) = (PuttingOff::of(&sent.pairs), shown.empty(sent.turn).await?.putting_off);
    match typed.read(empty.days, &empty.example) {
        Err(wrong) => shown.again(Why::Mistakes, sent, |form| form.putting_off.filled = wrong).await,
        Ok((reason, until_on)) => {
            let by = visitor.caller.who.into();
            let new = NewPause { alert, turn: sent.turn, kind: PauseKind::Snoozed, by, reason, owner: None, until_on };
            shown.pause(&new, sent).await
        }
    }
}

/// Lets whoever is signed in stay until the session ends in any case, and shows the alert once more with what they have typed.
///
/// # Errors
///
/// As for [`acknowledge`].
pub async fn more_time(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    AlertId(alert): AlertId,
    OwnForm(pairs): OwnForm,
) -> Result<Response, Problem> {
    let sent = Sent::of(Kind::waiting(&pairs).ok_or(Problem::MalformedBody)?, pairs)?;
    sessions::stay(&mut *state.pool.acquire().await?, visitor.session, true).await?;
    let visitor = Visitor { stays: true, ..visitor };
    let shown = Shown { state: &state, visitor: &visitor, now, alert };
    shown.again(Why::MoreTime, sent, |_| {}).await
}

/// What somebody sent.
struct Sent {
    kind: Kind,
    /// The turn of the alert that they had read.
    turn: Option<i32>,
    pairs: Vec<(String, String)>,
}

impl Sent {
    fn of(kind: Kind, pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        Ok(Self { kind, turn: turn_shown(&pairs).map_err(|_| Problem::MalformedBody)?, pairs })
    }

    /// Forms with what was typed.
    fn typed_into(&self, mut forms: Answering) -> Answering {
        match self.kind {
            Kind::Acknowledging => forms.acknowledging.filled.typed = Typed::of(&self.pairs),
            Kind::PuttingOff => forms.putting_off.filled = PuttingOff::of(&self.pairs),
        }
        forms.is_to_be_put_off = self.kind == Kind::PuttingOff;
        forms
    }
}

/// Why somebody sees the form again that they sent.
enum Why {
    /// It has mistakes.
    Mistakes,
    /// They asked for more time.
    MoreTime,
    /// Something came in between.
    NotRecorded(String),
}

const HAS_CHANGED: &str = "the alert has changed since you opened the page. Read it again before you send the form.";

impl Shown<'_> {
    /// Puts the alert aside, unless something has come in between, which the page then tells.
    async fn pause(&self, new: &NewPause, sent: Sent) -> Result<Response, Problem> {
        let why = match answers::pause(self.state, &self.visitor.caller, new, self.now).await {
            Ok(_) => {
                if self.visitor.stays {
                    sessions::stay(&mut *self.state.pool.acquire().await?, self.visitor.session, false).await?;
                }
                return Ok(page::lead_to(self.state, &format!("/alerts/{}", self.alert)));
            }
            Err(NotPaused::Problem(problem)) => return Err(problem),
            Err(NotPaused::Resolved) => "what the alert was about has been put right.".to_owned(),
            Err(NotPaused::Moved) => HAS_CHANGED.to_owned(),
            Err(NotPaused::Already(pause)) => format!("the alert was {}.", pause.in_words()),
        };
        self.again(Why::NotRecorded(why), sent, |_| {}).await
    }

    /// The page once more, with what was sent and what is wrong with it.
    async fn again(&self, why: Why, sent: Sent, mark: impl FnOnce(&mut Answering)) -> Result<Response, Problem> {
        let story = answers::ask(self.state, &self.visitor.caller, self.alert, Parameters::default()).await?;
        let shown = audit::Shown(vec![story.alert.case.clone()]);
        let mut page = self.page(story).await?;
        let why = match why {
            Why::NotRecorded(why) => Why::NotRecorded(why),
            _ if page.answering.is_none() => Why::NotRecorded("the alert is not open any more.".to_owned()),
            _ if sent.turn.is_some_and(|turn| turn != page.told.turn) => Why::NotRecorded(HAS_CHANGED.to_owned()),
            why => why,
        };
        let (status, notice) = match why {
            Why::Mistakes => (StatusCode::UNPROCESSABLE_ENTITY, None),
            Why::MoreTime => {
                let said = format!(
                    "You stay signed in until {}. What you typed is kept below, and is not recorded before you send it.",
                    page.time.until
                );
                (StatusCode::OK, Some(said))
            }
            Why::NotRecorded(why) => (StatusCode::CONFLICT, Some(format!("Your answer was not recorded: {why}"))),
        };
        page.notice = notice;
        match page.answering.take() {
            Some(forms) => {
                let mut forms = sent.typed_into(forms);
                mark(&mut forms);
                page.answering = Some(forms);
            }
            None => page.typed = TypedField::all(sent.kind, &sent.pairs),
        }
        let mut response = (status, page::answer(&page)).into_response();
        response.extensions_mut().insert(shown);
        Ok(response)
    }

    async fn page(&self, story: Story) -> Result<AlertPage, Problem> {
        let frame = Frame::of(self.state, self.visitor, Here::Alerts);
        let told = Told::of(story, self.visitor.caller.who, self.now.today);
        let is_answerable = told.state == Some(AlertState::Open) && frame.may_answer;
        let answering = if is_answerable { Some(self.empty(Some(told.turn)).await?) } else { None };
        let time = TimeToAnswer::of(self.visitor, self.state.sessions, self.now.at);
        Ok(AlertPage { frame, told, notice: None, time, answering, typed: Vec::new() })
    }

    async fn empty(&self, turn: Option<i32>) -> Result<Answering, Problem> {
        let known = self.state.policy.read(&mut *self.state.pool.acquire().await?).await?;
        Ok(Answering::empty(turn.unwrap_or_default(), &known.policy, self.now.today))
    }
}
