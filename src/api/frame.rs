//! What every request goes through before and after its handler: a number, a moment, a span, limits, and headers.
//!
//! A handler runs in a task of its own. So a panic in it ends nothing else, and neither a caller who hangs up nor the time limit
//! stops it half-way, which the pool of connections does not bear; the database's own limit on a statement ends it in the end.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tracing::{Instrument, field, info, info_span};
use uuid::Uuid;

use super::problem::Problem;
use crate::clock::{Clock, Moment};

/// How long an answer may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How many bytes the body of a request may have.
pub const BODY_LIMIT: usize = 1024 * 1024;

const REQUEST_ID: &str = "x-request-id";

/// Puts the frame around routes and fallbacks.
pub fn around(routes: Router, clock: Clock, time_limit: Duration) -> Router {
    routes
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(refuse_large_bodies))
        .layer(middleware::from_fn_with_state(time_limit, run_apart))
        .layer(middleware::from_fn_with_state(clock, enter_and_leave))
}

/// The moment at which the request came in; the clock is read once.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub Moment);

impl<S: Sync> FromRequestParts<S> for Now {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get().copied().ok_or(Problem::Internal)
    }
}

/// The span holds the pattern of the path and never the query.
async fn enter_and_leave(State(clock): State<Clock>, mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    let route = request.extensions().get().map_or("none", MatchedPath::as_str);
    let span = info_span!(
        "request",
        request.id = id,
        http.method = %request.method(),
        http.route = route,
        caller.token = field::Empty
    );
    request.extensions_mut().insert(Now(clock.now()));
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| info!(http.status = response.status().as_u16(), elapsed = ?started.elapsed(), "answered"));
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&id).ok().map(|id| (header::HeaderName::from_static(REQUEST_ID), id)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn run_apart(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let handler = tokio::spawn(next.run(request).in_current_span());
    match tokio::time::timeout(limit, handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a handler panicked");
            Problem::Internal.into_response()
        }
        Err(_) => {
            tracing::error!("a handler took longer than the limit");
            Problem::TookTooLong.into_response()
        }
    }
}

/// Refuses a body that is announced as too large; one that is not announced is cut off when it is read.
async fn refuse_large_bodies(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > BODY_LIMIT as u64) {
        return Problem::BodyTooLarge.into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(request: axum::http::request::Builder) -> (StatusCode, String) {
        let routes = Router::new()
            .route("/panic", get(async || -> &'static str { panic!("a secret of the inside") }))
            .route("/sleep", get(std::future::pending::<()>))
            .route("/answer", get(async |Now(now): Now| now.today.to_string()));
        let clock = Clock::told_by(|| "2026-06-15T23:30:00Z".parse().expect("it is a moment"));
        let request = request.body(Body::empty()).expect("it is a request");
        let response = around(routes, clock, Duration::from_millis(100)).oneshot(request).await.expect("it never fails");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["x-request-id"].len(), 36);
        let status = response.status();
        let body = to_bytes(response.into_body(), BODY_LIMIT).await.expect("the body is whole");
        (status, String::from_utf8(body.into()).expect("it is UTF-8"))
    }

    #[rstest::rstest]
    #[case("/answer", StatusCode::OK, "2026-06-16")]
    #[case("/panic", StatusCode::INTERNAL_SERVER_ERROR, "urn:plo-drift:problem:internal")]
    #[case("/sleep", StatusCode::SERVICE_UNAVAILABLE, "urn:plo-drift:problem:took-too-long")]
    #[tokio::test]
    async fn whatever_a_handler_does_there_is_an_answer(#[case] path: &str, #[case] status: StatusCode, #[case] body: &str) {
        let answer = ask(Request::builder().uri(path)).await;
        assert_eq!(answer.0, status);
        assert!(answer.1.contains(body) && !answer.1.contains("secret"), "{}", answer.1);
    }

    #[rstest::rstest]
    #[case("1048576", StatusCode::OK)]
    #[case("1048577", StatusCode::PAYLOAD_TOO_LARGE)]
    #[tokio::test]
    async fn a_body_that_is_announced_as_too_large_is_refused(#[case] length: &str, #[case] status: StatusCode) {
        assert_eq!(ask(Request::builder().uri("/answer").header("content-length", length)).await.0, status);
    }
}
