//! Who is signed in to the pages.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use reqwest::Url;
use sqlx::PgConnection;

use super::{Caller, Who};
use crate::api::ApiState;
use crate::api::cookies::Cookie;
use crate::api::known_pages::Seen;
use crate::api::problem::Problem;
use crate::api::site::Site;
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
    })))
}

/// Leads somebody to sign in who wants to look at a page; what they meant to do is not done.
///
/// # Errors
///
/// They meant to do something.
pub fn lead_to_sign_in(site: &Site, request: &Request) -> Result<Response, Problem> {
    if does_something(request) {
        return Err(Problem::Unauthenticated);
    }
    let to = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    let mut query = Url::parse("query:").expect("it is a URL");
    query.query_pairs_mut().append_pair("to", to);
    let location = format!("{}/sign-in?{}", site.root, query.query().unwrap_or_default());
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// Whether a request is to do something, and not only to look.
fn does_something(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Tells whether a browser says that another site sent it, be it a neighbour, to do something. Each form has a key besides.
pub fn is_sent_from_elsewhere(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site");
    does_something(request) && site.is_some_and(|site| site != "same-origin")
}
