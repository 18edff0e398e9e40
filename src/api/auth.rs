//! Who calls, and what they may do.
//!
//! A bearer token is looked up by its hash. Whatever is wrong with it (none, not a token, unknown, expired, revoked) gets the
//! same answer.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;

use super::ApiState;
use super::frame::Now;
use super::problem::Problem;
use crate::store::tokens::{self, ApiRole, Scope, Secret};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token.
    Anyone,
    /// Bearers of a token that may do what this role may.
    Bearer(ApiRole),
}

/// The bearer of a token that counts. Where a route lets anyone in, there is none.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Names the token in logs.
    pub token_id: i64,
    /// What the caller may see.
    pub scope: Scope,
    role: ApiRole,
}

impl Caller {
    /// Tells whether the caller may do what a role is for.
    #[must_use]
    pub fn may(&self, needed: ApiRole) -> bool {
        self.role.may(needed)
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
/// No token that counts, or one whose role is not enough; the database does not answer.
pub async fn admit(
    State((state, access)): State<(ApiState, Access)>,
    Now(now): Now,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if let Access::Bearer(needed) = access {
        let caller = identify(&state, request.headers(), now.at).await?;
        tracing::Span::current().record("caller.token", caller.token_id);
        if !caller.may(needed) {
            return Err(Problem::Forbidden);
        }
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

async fn identify(state: &ApiState, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Problem> {
    let secret = bearer(headers).ok_or(Problem::Unauthenticated)?;
    let mut connection = state.pool.acquire().await?;
    let token = tokens::find_by_hash(&mut connection, &secret.hash()).await?;
    let token = token.filter(|token| token.is_valid_at(now)).ok_or(Problem::Unauthenticated)?;
    Ok(Caller { token_id: token.id, scope: token.scope, role: token.role })
}

/// The secret that a request shows, if it shows exactly one.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (shown.next(), shown.next()) else { return None };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    Secret::parse(secret.trim_start_matches(' ')).filter(|_| scheme.eq_ignore_ascii_case("bearer"))
}
