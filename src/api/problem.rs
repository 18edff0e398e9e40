//! Everything that can go wrong, as RFC 9457 problem details.
//!
//! The `type` of a problem is stable. No problem repeats a value that was sent, and one of the service's own (5xx) says nothing
//! of its inside: that is logged, without values of rows.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::fields::Mistake;
use crate::links::LinkError;
use crate::store::UnknownWord;
use crate::store::policies::in_force::InForceError;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A parameter that was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
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
    /// A token of the issuer's that gives its person no role.
    NoRole,
    /// A token of the issuer's that names no team.
    NoTeam,
    /// It does not exist, or does not for this token.
    NotFound,
    /// It exists, and takes other methods.
    MethodNotAllowed,
    /// The caller takes none of the types in which there is an answer.
    NotAcceptable,
    /// It cannot be done as things stand, for this reason.
    Conflict(String),
    /// The policy does not say which code of the census an outcome has; this says what to fill in.
    CensusNotMapped(String),
    /// What the request wanted to be so first is not so.
    PreconditionFailed,
    /// A key that was used for another request.
    KeyReused,
    /// The link of a mail that has ended.
    LinkEnded,
    /// The body is not what its type says.
    MalformedBody,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body is of another type than the one that is read here.
    UnsupportedMediaType,
    /// Fields of the body that are wrong, each with its reason.
    WrongFields(Vec<Mistake>),
    /// Parameters that are wrong, each with its reason.
    WrongParameters(Vec<WrongParameter>),
    /// The body was not there within the limit.
    BodyTooSlow,
    /// The caller asks too often.
    TooManyRequests {
        /// When to come back.
        seconds: u64,
    },
    /// As many requests as may be are under way.
    Busy,
    /// A rehearsal on the whole caseload was cut off.
    PreviewTooLong,
    /// It took longer than the limit.
    TookTooLong,
    /// The database cannot be reached, or is too busy.
    Unavailable,
    /// The keys by which the issuer's tokens are judged cannot be had.
    IssuerUnavailable,
    /// A mistake of the service's own.
    Internal,
}

/// What a problem says in every case.
struct Wording {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
}

/// A problem as RFC 9457 writes it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// Names the kind of problem; it stays the same.
    #[schema(example = "urn:plo-drift:problem:not-found")]
    r#type: String,
    /// The kind of problem in words, which may change.
    title: &'static str,
    /// The status code of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What to do about it.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// Each thing that is wrong, where several may be. No value that was sent is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Errors>,
}

impl Details {
    /// Title and detail in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        format!("{}. {}", self.title, self.detail)
    }
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ProblemErrors)]
enum Errors {
    /// Parameters of the query, the path or a header.
    Parameters(Vec<WrongParameter>),
    /// Fields of the body.
    Fields(Vec<Mistake>),
}

impl Problem {
    #[rustfmt::skip]
    fn wording(&self) -> Wording {
        let wording = |status, code, title, detail: &'static str| Wording { status, code, title, detail: detail.into() };
        match self {
            Self::Unauthenticated => wording(StatusCode::UNAUTHORIZED, "unauthenticated", "Unauthenticated",
                "Send a token that is valid in the header Authorization, as in \"Bearer plo_…\"."),
            Self::Forbidden => wording(StatusCode::FORBIDDEN, "forbidden", "Forbidden",
                "The role of this token does not allow this."),
            Self::NoRole => wording(StatusCode::FORBIDDEN, "no-role", "No role",
                "This token names no role of this service. Whoever gives access to it can assign one; sign in again afterwards."),
            Self::NoTeam => wording(StatusCode::FORBIDDEN, "no-team", "No team",
                "This token names no team. Whoever gives access to this service can assign one; sign in again afterwards."),
            Self::NotFound => wording(StatusCode::NOT_FOUND, "not-found", "Not found",
                "There is nothing here that this token may see."),
            Self::MethodNotAllowed => wording(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
                "This path takes the methods that the header Allow names."),
            Self::NotAcceptable => wording(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Not acceptable",
                "The header Accept allows none of the types in which this is answered."),
            Self::Conflict(why) => Wording { detail: why.clone().into(), ..wording(StatusCode::CONFLICT, "conflict", "Conflict", "") },
            Self::CensusNotMapped(what_to_do) => Wording {
                detail: what_to_do.clone().into(),
                ..wording(StatusCode::UNPROCESSABLE_ENTITY, "census-outcomes-not-mapped", "Census outcomes not mapped", "")
            },
            Self::PreconditionFailed => wording(StatusCode::PRECONDITION_FAILED, "precondition-failed", "Precondition failed",
                "It is not as the headers If-Match and If-None-Match want it; nothing was stored. Read it again, and decide anew."),
            Self::KeyReused => wording(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "Idempotency-Key reused",
                "This Idempotency-Key was used for another request; nothing was stored. A new request takes a new key."),
            Self::LinkEnded => wording(StatusCode::GONE, "link-ended", "Link ended",
                "The time for which this link works is over."),
            Self::MalformedBody => wording(StatusCode::BAD_REQUEST, "malformed-body", "Malformed body",
                "The body of the request cannot be read as what its Content-Type says it is."),
            Self::UnsupportedMediaType => wording(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type",
                "The body of the request must be of the type that is read here, which the header Content-Type is to name."),
            Self::WrongFields(_) => wording(StatusCode::UNPROCESSABLE_ENTITY, "wrong-fields", "Wrong fields",
                "Each field that is wrong is named with what would be right; nothing was stored."),
            Self::BodyTooLarge => wording(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large",
                "The body of the request is larger than the limit."),
            Self::WrongParameters(_) => wording(StatusCode::UNPROCESSABLE_ENTITY, "wrong-parameters", "Wrong parameters",
                "Each parameter that is wrong is named with what would be right; nothing was done."),
            Self::BodyTooSlow => wording(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "Body too slow",
                "The body of the request did not come in within the limit; nothing was done."),
            Self::TooManyRequests { .. } => wording(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests",
                "There were too many requests from here. The header Retry-After says in how many seconds there may be more."),
            Self::Busy => wording(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy",
                "As many requests as may be are under way; nothing was done. Try again in a moment."),
            Self::PreviewTooLong => wording(StatusCode::SERVICE_UNAVAILABLE, "preview-too-long", "Preview too long",
                "The preview took longer than the limit; nothing was changed. A sweep may be under way: try again in a moment. For a \
                large caseload, run plo-drift policy preview on the command line, which has no limit."),
            Self::TookTooLong => wording(StatusCode::SERVICE_UNAVAILABLE, "took-too-long", "Took too long",
                "The request took longer than the limit. Try again in a moment, or ask for less."),
            Self::Unavailable => wording(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable",
                "The service cannot answer at the moment. Try again in a moment."),
            Self::IssuerUnavailable => wording(StatusCode::SERVICE_UNAVAILABLE, "issuer-unavailable", "Issuer unavailable",
                "Whoever issued this token cannot be reached, so it cannot be judged. Try again in a moment."),
            Self::Internal => wording(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error",
                "The service made a mistake. Its operators find it in the log by the header X-Request-Id."),
        }
    }

    /// The status code that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.wording().status
    }

    /// The body that it is answered with.
    #[must_use]
    pub fn details(&self) -> Details {
        let Wording { status, code, title, detail } = self.wording();
        let errors = match self {
            Self::WrongParameters(wrong) => Some(Errors::Parameters(wrong.clone())),
            Self::WrongFields(wrong) => Some(Errors::Fields(wrong.clone())),
            _ => None,
        };
        Details { r#type: format!("urn:plo-drift:problem:{code}"), title, status: status.as_u16(), detail, errors }
    }

    /// The header that tells what to do next.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthenticated => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::NotAcceptable => Some((header::VARY, HeaderValue::from_static("Accept"))),
            Self::TooManyRequests { seconds } => Some((header::RETRY_AFTER, HeaderValue::from(*seconds))),
            Self::PreviewTooLong => Some((header::RETRY_AFTER, HeaderValue::from_static("60"))),
            Self::Busy => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            Self::TookTooLong | Self::Unavailable => Some((header::RETRY_AFTER, HeaderValue::from_static("5"))),
            // No sooner is the issuer asked again by default.
            Self::IssuerUnavailable => Some((header::RETRY_AFTER, HeaderValue::from_static("30"))),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let header = self.header();
        let mut response = (self.status(), Json(self.details())).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().extend(header);
        // Where people read, the problem is told as a page.
        response.extensions_mut().insert(self);
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

impl From<InForceError> for Problem {
    fn from(wrong: InForceError) -> Self {
        match wrong {
            InForceError::Database(wrong) => wrong.into(),
            InForceError::Unreadable { .. } => {
                tracing::error!("{wrong}");
                Self::Internal
            }
        }
    }
}

impl From<UnknownWord> for Problem {
    /// Logs which column; the word is left out.
    fn from(unknown: UnknownWord) -> Self {
        tracing::error!("{unknown}");
        Self::Internal
    }
}

impl From<LinkError> for Problem {
    fn from(wrong: LinkError) -> Self {
        match wrong {
            LinkError::NotOurs => Self::NotFound,
            LinkError::Ended => Self::LinkEnded,
        }
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
