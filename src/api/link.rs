//! Who comes by the link of a mail.
//!
//! A link says who it was sent to; whether that person still counts, and what they may know of, is looked up each time.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::civil::Date;
use uuid::Uuid;

use super::ApiState;
use super::problem::Problem;
use crate::domain::policy::Role;
use crate::links;
use crate::store::tokens::Scope;
use crate::store::{link_bearers, link_keys};

/// A person who came by a link that works.
#[derive(Clone, Debug)]
pub struct LinkBearer {
    /// The alert that the link is for.
    pub alert: Uuid,
    /// Who they are.
    pub recipient: i64,
    /// In which role.
    pub role: Role,
    /// The cases that they may know of today.
    pub scope: Scope,
}

impl LinkBearer {
    /// Finds out whose link a token is.
    ///
    /// # Errors
    ///
    /// It is not ours, has ended, or its person is told nothing any more; the database does not answer.
    pub async fn identify(state: &ApiState, token: &str, today: Date) -> Result<Self, Problem> {
        let mut connection = state.pool.acquire().await?;
        let keys = link_keys::all(&mut connection).await?;
        let link = links::verify(&keys, token, today)?;
        let person = link_bearers::find(&mut connection, link.recipient).await?.ok_or(Problem::NotFound)?;
        Ok(Self { alert: link.alert, recipient: link.recipient, role: person.role, scope: person.scope })
    }
}

impl<S: Sync> FromRequestParts<S> for LinkBearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or(Problem::NotFound)
    }
}
