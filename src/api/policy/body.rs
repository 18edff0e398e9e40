//! A policy as the body of a request: TOML, or JSON of the same shape.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

use crate::api::body::media_type;
use crate::api::problem::Problem;
use crate::fields::{self, Mistake};
use crate::policy_file::{self, PolicyDocument, PolicyError};

/// A policy as text, not yet read.
#[derive(Debug)]
pub struct PolicyBody(String);

impl PolicyBody {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Every field that is wrong or not known; where the text is not TOML.
    pub fn read(&self) -> Result<PolicyDocument, Problem> {
        PolicyDocument::of_text("sent", &self.0).map_err(|wrong| match wrong {
            PolicyError::Wrong { mistakes, .. } => Problem::WrongFields(mistakes),
            PolicyError::NotToml { reason, .. } => {
                let reason = format!("must be TOML: {reason}");
                Problem::WrongFields(vec![Mistake { pointer: String::new(), reason }])
            }
            PolicyError::Unreadable { .. } => Problem::Internal,
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for PolicyBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = match media_type(request.headers()).as_deref() {
            Some("application/toml") => false,
            Some("application/json") => true,
            _ => return Err(Problem::UnsupportedMediaType),
        };
        let bytes = Bytes::from_request(request, state).await?;
        let text = if is_json {
            policy_file::text_of(fields::tree(&bytes)?).ok_or_else(not_a_policy)?
        } else {
            String::from_utf8(bytes.into()).map_err(|_| Problem::MalformedBody)?
        };
        Ok(Self(text))
    }
}

/// JSON that TOML cannot say.
fn not_a_policy() -> Problem {
    let reason =
        "must be an object of named tables, without null in a list and without numbers that TOML cannot write".to_owned();
    Problem::WrongFields(vec![Mistake { pointer: String::new(), reason }])
}
