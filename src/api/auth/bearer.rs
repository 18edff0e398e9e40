//! The two kinds of bearer token, and who shows one.

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use sqlx::PgConnection;

use super::{Caller, Who};
use crate::api::ApiState;
use crate::api::known::Seen;
use crate::api::problem::Problem;
use crate::database::readers::Question;
use crate::identity::Unidentified;
use crate::store::people;
use crate::store::tokens::{self, Found, Secret};

/// A token that a request shows.
pub enum Shown<'r> {
    /// One of the service's own.
    Secret(Secret),
    /// A signed one, of whichever issuer.
    Signed(&'r str),
}

/// The token that a request shows, if it shows exactly one.
pub fn shown(headers: &HeaderMap) -> Option<Shown<'_>> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (shown.next(), shown.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let token = token.trim_start_matches(' ');
    let is_signed = || token.matches('.').count() == 2;
    Secret::parse(token).map(Shown::Secret).or_else(|| is_signed().then_some(Shown::Signed(token)))
}

/// The bearer of a token of the service's own.
///
/// # Errors
///
/// It does not count; the database does not answer.
pub async fn of_a_token(state: &ApiState, secret: &Secret, now: Timestamp) -> Result<Caller, Problem> {
    let found = state.readers.read(secret).await?;
    let Some(Found { token, version }) = found.answer.filter(|found| found.token.is_valid_at(now)) else {
        return Err(Problem::Unauthenticated);
    };
    if token.is_to_be_noted(now) {
        tokens::used(&mut *state.pool.acquire().await?, &token, now).await?;
    }
    let seen = version.map(|version| Seen { version, by: found.by, newest: found.newest });
    Ok(Caller { who: Who::Token(token.id), scope: token.scope, roles: vec![token.role], seen })
}

impl Question for Secret {
    type Answer = Option<Found>;

    async fn ask(&self, session: &mut PgConnection) -> Result<Option<Found>, sqlx::Error> {
        tokens::find(session, self).await
    }
}

/// The person for whom the issuer made a token.
///
/// # Errors
///
/// No issuer is configured; the token does not count, or gives its person nothing to do here; the issuer's keys cannot be had; the
/// database does not answer.
pub async fn of_an_issuer(state: &ApiState, token: &str, now: Timestamp) -> Result<Caller, Problem> {
    let identity = state.identity.as_ref().ok_or(Problem::Unauthenticated)?;
    // No connection is held meanwhile: the issuer may have to be asked.
    let person = identity.person(token, now).await?;
    let mut connection = state.pool.acquire().await?;
    let id = people::seen(&mut connection, &person.issuer, &person.subject, now).await?;
    Ok(Caller { who: Who::Person(id), scope: person.scope, roles: person.roles, seen: None })
}

impl From<Unidentified> for Problem {
    /// Logs why, here and only here: whoever sent the token is told no more than that it does not count.
    fn from(why: Unidentified) -> Self {
        tracing::info!("a token of an issuer does not let its bearer in: {why}");
        match why {
            Unidentified::Refused(_) => Self::Unauthenticated,
            Unidentified::NoRole => Self::NoRole,
            Unidentified::NoTeam => Self::NoTeam,
            Unidentified::NoKeys => Self::IssuerUnavailable,
        }
    }
}
