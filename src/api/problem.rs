//! Everything that can go wrong, as RFC 9457 problem details.
//!
//! The `type` of a problem is stable. No problem repeats a value that was sent, and one of the service's own (5xx) says nothing
//! of its inside: that is logged, without values of rows.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::UnknownWord;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A parameter that was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WrongParameter {
    /// Its name, in the query or the path.
    pub parameter: String,
    /// What would be right.
    pub reason: String,
}

/// Why a request is not answered as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No token that counts.
    Unauthenticated,
    /// A token whose role is not enough.
    Forbidden,
    /// It does not exist, or does not for this token.
    NotFound,
    /// It exists, and takes other methods.
    MethodNotAllowed,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// Parameters that are wrong, each with its reason.
    WrongParameters(Vec<WrongParameter>),
    /// It took longer than the limit.
    TookTooLong,
    /// The database cannot be reached, or is too busy.
    Unavailable,
    /// A mistake of the service's own.
    Internal,
}

/// What a problem says in every case.
struct Wording {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
}

#[derive(Serialize)]
struct Details {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WrongParameter>,
}

impl Problem {
    #[rustfmt::skip]
    fn wording(&self) -> Wording {
        let wording = |status, code, title, detail| Wording { status, code, title, detail };
        match self {
            Self::Unauthenticated => wording(StatusCode::UNAUTHORIZED, "unauthenticated", "Unauthenticated",
                "Send a token that is valid in the header Authorization, as in \"Bearer plo_…\"."),
            Self::Forbidden => wording(StatusCode::FORBIDDEN, "forbidden", "Forbidden",
                "The role of this token does not allow this."),
            Self::NotFound => wording(StatusCode::NOT_FOUND, "not-found", "Not found",
                "There is nothing here that this token may see."),
            Self::MethodNotAllowed => wording(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
                "This path takes the methods that the header Allow names."),
            Self::BodyTooLarge => wording(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large",
                "The body of the request is larger than the limit."),
            Self::WrongParameters(_) => wording(StatusCode::UNPROCESSABLE_ENTITY, "wrong-parameters", "Wrong parameters",
                "Each parameter that is wrong is named with what would be right; nothing was done."),
            Self::TookTooLong => wording(StatusCode::SERVICE_UNAVAILABLE, "took-too-long", "Took too long",
                "The request took longer than the limit. Try again in a moment, or ask for less."),
            Self::Unavailable => wording(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable",
                "The service cannot answer at the moment. Try again in a moment."),
            Self::Internal => wording(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error",
                "The service made a mistake. Its operators find it in the log by the header X-Request-Id."),
        }
    }

    /// The header that tells what to do next.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthenticated => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::TookTooLong | Self::Unavailable => Some((header::RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Wording { status, code, title, detail } = self.wording();
        let header = self.header();
        let errors = if let Self::WrongParameters(errors) = self { errors } else { Vec::new() };
        let details =
            Details { r#type: format!("urn:plo-drift:problem:{code}"), title, status: status.as_u16(), detail, errors };
        let mut response = (status, Json(details)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().extend(header);
        response
    }
}

impl From<sqlx::Error> for Problem {
    /// Logs the error, here and only here.
    fn from(error: sqlx::Error) -> Self {
        let is_temporary = match &error {
            sqlx::Error::Database(error) => {
                let code = error.code();
                tracing::error!(db.code = code.as_deref(), db.constraint = error.constraint(), "the database refused a query");
                code.is_some_and(|code| is_temporary(&code))
            }
            sqlx::Error::Io(error) => {
                tracing::error!(io.kind = %error.kind(), "the database cannot be reached");
                true
            }
            other => {
                let (what, is_temporary) = without_values(other);
                tracing::error!("{what}");
                is_temporary
            }
        };
        if is_temporary { Self::Unavailable } else { Self::Internal }
    }
}

impl From<UnknownWord> for Problem {
    /// Logs which column; the word is left out.
    fn from(unknown: UnknownWord) -> Self {
        tracing::error!("{unknown}");
        Self::Internal
    }
}

/// Lost connections, servers that start or stop or have no connection left, waits that were cut off, and lost races.
fn is_temporary(code: &str) -> bool {
    ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "55P03"
}

fn without_values(error: &sqlx::Error) -> (&'static str, bool) {
    match error {
        sqlx::Error::PoolTimedOut => ("no connection to the database became free in time", true),
        sqlx::Error::PoolClosed => ("the connections to the database are closed", true),
        sqlx::Error::WorkerCrashed => ("a connection to the database broke", true),
        sqlx::Error::Tls(_) => ("no secure connection to the database came about", true),
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => ("a row holds a value that is not known here", false),
        _ => ("a query failed", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::statement_timeout("57014", true)]
    #[case::shutting_down("57P01", true)]
    #[case::too_many_connections("53300", true)]
    #[case::deadlock("40P01", true)]
    #[case::lock_timeout("55P03", true)]
    #[case::nul_in_a_text("22021", false)]
    #[case::no_such_table("42P01", false)]
    fn some_refusals_pass(#[case] code: &str, #[case] expected: bool) {
        assert_eq!(is_temporary(code), expected);
    }
}
