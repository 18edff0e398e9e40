//! Who calls, and what they may do.
//!
//! A bearer token is one of the service's own, or one of an OpenID Connect issuer for a person who signed in there. Whatever is
//! wrong with it (none, not a token, unknown, expired, revoked, forged) gets the same answer. People who look at pages show a session
//! instead, and only pages take one: a token opens no page, and a session nothing of the API.

mod bearer;
pub mod session;

use std::fmt;

use axum::RequestExt;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;

use super::frame::Now;
use super::known::Seen;
use super::link::LinkBearer;
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::store::pauses::By;
use crate::store::tokens::{ApiRole, Scope};
use bearer::Shown;
use session::Shows;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token.
    Anyone,
    /// Bearers of a token that may do what this role may.
    Bearer(ApiRole),
    /// Whoever comes by the link of a mail: the path holds its `{token}`.
    Link,
    /// People who are signed in to the pages and may do what this role may; the others are led to sign in.
    Page(ApiRole),
    /// Whoever is about to sign in to the pages.
    Door,
}

/// Who calls over the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The bearer of a token of the service's own, by its number.
    Token(i64),
    /// A person who signed in with OpenID Connect, by their number.
    Person(i64),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(f, "token {id}"),
            Self::Person(id) => write!(f, "person {id}"),
        }
    }
}

impl From<Who> for By {
    fn from(who: Who) -> Self {
        match who {
            Who::Token(id) => Self::Token(id),
            Who::Person(id) => Self::Person(id),
        }
    }
}

/// The bearer of a token that counts. Where a route lets anyone in, there is none.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// What the caller may see.
    pub scope: Scope,
    /// The state of the database in which the caller was found to be let in, where that is known.
    pub seen: Option<Seen>,
    roles: Vec<ApiRole>,
}

impl Caller {
    /// Names the caller in what is kept of their doing: never by name.
    #[must_use]
    pub fn actor(&self) -> String {
        self.who.to_string()
    }

    /// Tells whether the caller may do what a role is for.
    #[must_use]
    pub fn may(&self, needed: ApiRole) -> bool {
        self.roles.iter().any(|role| role.may(needed))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or(Problem::Unauthenticated)
    }
}

/// Lets a request through to a route if its bearer may call it.
///
/// # Errors
///
/// No token that counts, or one whose role is not enough; a link that does not work; too many requests; the database does not answer.
pub async fn admit(
    State((state, access)): State<(SharedState, Access)>,
    Now(now): Now,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if access == Access::Anyone {
        return Ok(next.run(request).await);
    }
    let comer = state.gate.comer(&request)?;
    let unknown = |problem: &Problem| {
        if matches!(problem, Problem::Unauthenticated | Problem::NoRole | Problem::NoTeam | Problem::NotFound) {
            state.gate.turn_away(comer);
        }
    };
    match access {
        Access::Anyone => {}
        Access::Bearer(needed) => {
            let caller = identify(&state, request.headers(), now.at).await.inspect_err(unknown)?;
            state.gate.let_in(comer, caller.actor())?;
            tracing::Span::current().record("caller.actor", caller.actor());
            if !caller.may(needed) {
                return Err(Problem::Forbidden);
            }
            request.extensions_mut().insert(caller);
        }
        Access::Link => {
            let link = link_of(&mut request).await?;
            let bearer = LinkBearer::identify(&state, &link, now.today).await.inspect_err(unknown)?;
            state.gate.let_in(comer, format!("recipient {}", bearer.recipient))?;
            tracing::Span::current().record("caller.recipient", bearer.recipient);
            request.extensions_mut().insert(bearer);
        }
        Access::Page(needed) => {
            let visitor = match session::shown(&state, request.headers(), now.at).await? {
                Shows::Session(visitor) => *visitor,
                shows => {
                    // Who shows nothing, or what has ended, has only to sign in.
                    if matches!(shows, Shows::Unknown) {
                        state.gate.turn_away(comer);
                    }
                    return session::lead_to_sign_in(&state, request).await;
                }
            };
            state.gate.let_in(comer, visitor.caller.actor())?;
            tracing::Span::current().record("caller.actor", visitor.caller.actor());
            if !visitor.caller.may(needed) || session::is_sent_from_elsewhere(&request) {
                return Err(Problem::Forbidden);
            }
            request.extensions_mut().insert(visitor.caller.clone());
            request.extensions_mut().insert(visitor.clone());
            let mut answer = next.run(request).await;
            // Whoever tells them what went wrong tells it within their menu.
            if answer.extensions().get::<Problem>().is_some() {
                answer.extensions_mut().insert(visitor);
            }
            return Ok(answer);
        }
        Access::Door => {
            let answer = next.run(request).await;
            if matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN) {
                state.gate.turn_away(comer);
            }
            return Ok(answer);
        }
    }
    Ok(next.run(request).await)
}

/// The token of the link, from the path.
async fn link_of(request: &mut Request) -> Result<String, Problem> {
    let parameters = request.extract_parts::<RawPathParams>().await.map_err(|_| Problem::NotFound)?;
    let token = parameters.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned());
    token.ok_or(Problem::NotFound)
}

async fn identify(state: &ApiState, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Problem> {
    match bearer::shown(headers).ok_or(Problem::Unauthenticated)? {
        Shown::Secret(secret) => bearer::of_a_token(state, &secret, now).await,
        Shown::Signed(token) => bearer::of_an_issuer(state, token, now).await,
    }
}
