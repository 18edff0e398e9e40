//! Who is signed in to the pages.

use axum::body::HttpBody as _;
use axum::extract::{FromRequest as _, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use reqwest::Url;
use sqlx::PgConnection;

use super::{Caller, Who};
use crate::api::ApiState;
use crate::api::body::FormBody;
use crate::api::cookies::Cookie;
use crate::api::frame;
use crate::api::known::Seen;
use crate::api::problem::Problem;
use crate::database::readers::Question;
use crate::store::sessions::{self, Found};
use crate::store::tokens::Secret;

/// A person who is signed in to the pages.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// What they may do and see.
    pub caller: Caller,
    /// Names their session.
    pub session: i64,
    /// Under which numbers they are told by mail; none where nobody knows.
    pub recipients: Vec<i64>,
    /// What each form of theirs carries, so that no other site can send one for them.
    pub form_key: String,
    /// When they are signed out, however busy they are.
    pub ends_at: Timestamp,
    /// Whether they stay signed in until then while they do nothing.
    pub stays: bool,
}

/// What was sent with a form and could not be taken, so that whoever filled it in need not do that again.
#[derive(Clone, Debug)]
pub struct Untaken {
    /// The names and values, in their order.
    pub pairs: Vec<(String, String)>,
    /// What the form should carry now; absent while nobody is signed in.
    pub form_key: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or(Problem::Unauthenticated)
    }
}

/// What a session's secret is found by.
struct SessionOf(Secret);

impl Question for SessionOf {
    type Answer = Option<Found>;

    async fn ask(&self, session: &mut PgConnection) -> Result<Option<Found>, sqlx::Error> {
        sessions::find(session, &self.0).await
    }
}

/// What a browser shows.
#[derive(Debug)]
pub enum Shows {
    /// No session of ours; whatever else, as of neighbours, is none of our business.
    Nothing,
    /// One that there was and that has ended.
    Ended,
    /// What looks like one and is none, or is taken away since it has ended.
    Unknown,
    /// One that counts.
    Session(Box<Visitor>),
}

/// Finds out what session a browser shows.
///
/// # Errors
///
/// The database does not answer.
pub async fn shown(state: &ApiState, headers: &HeaderMap, now: Timestamp) -> Result<Shows, Problem> {
    let Some(secret) = Cookie::Session.read(&state.site, headers) else { return Ok(Shows::Nothing) };
    let asked = SessionOf(secret);
    let found = state.readers.read(&asked).await?;
    let Some(Found { session, version }) = found.answer else { return Ok(Shows::Unknown) };
    if !session.is_valid_at(now, state.sessions) {
        return Ok(Shows::Ended);
    }
    if session.is_to_be_noted(now) {
        sessions::used(&mut *state.pool.acquire().await?, &session, now).await?;
    }
    let seen = version.map(|version| Seen { version, by: found.by, newest: found.newest });
    Ok(Shows::Session(Box::new(Visitor {
        caller: Caller { who: Who::Person(session.person), scope: session.scope, roles: session.roles, seen },
        session: session.id,
        recipients: session.recipients,
        form_key: asked.0.derive("form"),
        ends_at: session.ends_at,
        stays: session.stays,
    })))
}

/// Leads somebody to sign in who wants to look at a page. What they meant to do is not done; what they sent is told with the answer.
///
/// # Errors
///
/// They meant to do something, and what they sent is none of ours to tell, or too slow.
pub async fn lead_to_sign_in(state: &ApiState, request: Request) -> Result<Response, Problem> {
    if does_something(&request) {
        if !is_sent_from_here(request.headers()) || !is_short(&request) {
            return Err(Problem::Unauthenticated);
        }
        let sent = FormBody::from_request(frame::heard(&state.gate, request).await?, &()).await;
        let FormBody(pairs) = sent.map_err(|_| Problem::Unauthenticated)?;
        let mut response = Problem::Unauthenticated.into_response();
        response.extensions_mut().insert(Untaken { pairs, form_key: None });
        return Ok(response);
    }
    let to = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    let mut query = Url::parse("query:").expect("it is a URL");
    query.query_pairs_mut().append_pair("to", to);
    let location = format!("{}/sign-in?{}", state.site.root, query.query().unwrap_or_default());
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// Whether a request is to do something, and not only to look.
fn does_something(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Tells whether a browser says that another site sent it, be it a neighbour, to do something. Each form has a key besides.
pub fn is_sent_from_elsewhere(request: &Request) -> bool {
    does_something(request) && request.headers().contains_key(SENT_FROM) && !is_sent_from_here(request.headers())
}

/// Tells whether a browser says that a page of ours sent it. An old one says nothing, whoever made it send.
#[must_use]
pub fn is_sent_from_here(headers: &HeaderMap) -> bool {
    headers.get(SENT_FROM).is_some_and(|site| site == "same-origin")
}

const SENT_FROM: &str = "sec-fetch-site";

/// Whether what is sent is said to be no longer than an answer can be.
fn is_short(request: &Request) -> bool {
    request.body().size_hint().upper().is_some_and(|bytes| bytes <= LONGEST_ANSWER)
}

/// In bytes: some sentences, each letter spelled in twelve.
const LONGEST_ANSWER: u64 = 16 * 1024;
