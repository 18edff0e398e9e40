//! What every request goes through before and after its handler: a number, a moment, a span, and limits.
//!
//! A request that finds no place free is refused at once. A body is read before its handler runs and while others have the place: a
//! caller who is slow to send it keeps nobody out.
//!
//! A handler runs in a task of its own. So a panic in it ends nothing else, and neither a caller who hangs up nor the time limit
//! stops it half-way, which the pool of connections does not bear; the database's own limit on a statement ends it in the end.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{DefaultBodyLimit, FromRequest as _, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tracing::{Instrument, field, info, info_span};
use uuid::Uuid;

use super::connections::{Awaited, Connection};
use super::gate::{Gate, Place};
use super::problem::Problem;
use crate::clock::{Clock, Moment};
use crate::metrics::Metrics;

const REQUEST_ID: &str = "x-request-id";

/// Puts the frame around routes and fallbacks.
pub fn around(routes: Router, clock: Clock, gate: &Arc<Gate>, metrics: Metrics) -> Router {
    routes
        .layer(middleware::from_fn_with_state(gate.clone(), refuse_large_bodies))
        .layer(middleware::from_fn_with_state(gate.clone(), run_apart))
        .layer(middleware::from_fn_with_state((clock, metrics), enter_and_leave))
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
async fn enter_and_leave(State((clock, metrics)): State<(Clock, Metrics)>, mut request: Request, next: Next) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(|| Uuid::new_v4().to_string());
    let route = request.extensions().get().map_or("none", MatchedPath::as_str);
    let route = route.to_owned();
    let method = known_method(request.method());
    let span = info_span!(
        "request",
        request.id = id,
        http.method = %request.method(),
        http.route = route,
        caller.actor = field::Empty,
        caller.recipient = field::Empty
    );
    request.extensions_mut().insert(Now(clock.now()));
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| info!(http.status = response.status().as_u16(), elapsed = ?started.elapsed(), "answered"));
    metrics.answered(&route, method, response.status().as_u16(), started.elapsed());
    let id = HeaderValue::from_str(&id).ok().map(|id| (HeaderName::from_static(REQUEST_ID), id));
    response.headers_mut().extend(id);
    response
}

/// The number that a proxy or another program has given the request, so that both logs can be held together. Only what looks like one
/// is taken, as it goes into the log: 16 to 64 hexadecimal digits and hyphens, such as a UUID or what nginx calls `$request_id`.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let mut given = headers.get_all(REQUEST_ID).iter();
    let (Some(id), None) = (given.next(), given.next()) else { return None };
    let is_id = |id: &&str| (16..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    id.to_str().ok().filter(is_id).map(str::to_owned)
}

/// A method that is none of these is of the caller's invention.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "other",
    }
}

async fn run_apart(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let place = match gate.take_place(&request) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(place.clone());
    let patience = gate.limits.answer_on(request.uri().path());
    let answering = async move {
        let answer = next.run(request).await;
        drop(place);
        answer
    };
    let handler = tokio::spawn(answering.in_current_span());
    match tokio::time::timeout(patience, handler).await {
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
async fn refuse_large_bodies(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let limit = gate.limits.body_bytes_on(request.uri().path());
    DefaultBodyLimit::max(limit).apply(&mut request);
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Problem::BodyTooLarge.into_response();
    }
    next.run(request).await
}

/// Reads the body of a request whole, for the handler to find it there; leaves the request's place to others meanwhile.
///
/// # Errors
///
/// The body is too large or too slow, or breaks off; all places are taken once it is there.
pub async fn hear_out(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Result<Response, Problem> {
    Ok(next.run(heard(&gate, request).await?).await)
}

/// The same request with its body read whole.
///
/// # Errors
///
/// As for [`hear_out`].
pub async fn heard(gate: &Gate, request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let place: Option<Place> = request.extensions().get().cloned();
    let connection: Option<Arc<Connection>> = request.extensions().get().cloned();
    let wait_for = |awaited| connection.iter().for_each(|connection| connection.waits_for(awaited));
    let (parts, body) = request.into_parts();
    place.iter().for_each(Place::leave);
    wait_for(Awaited::Body);
    let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let whole = tokio::time::timeout(gate.limits.body_on(parts.uri.path()), whole).await;
    wait_for(Awaited::Nothing);
    let whole = whole.map_err(|_| Problem::BodyTooSlow)??;
    place.iter().try_for_each(Place::take_again)?;
    Ok(Request::from_parts(parts, Body::from(whole)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::api::gate::RequestLimits;

    async fn ask(request: axum::http::request::Builder) -> (StatusCode, String) {
        let routes = Router::new()
            .route("/panic", get(async || -> &'static str { panic!("a secret of the inside") }))
            .route("/sleep", get(std::future::pending::<()>))
            .route("/answer", get(async |Now(now): Now| now.today.to_string()));
        let clock = Clock::told_by(|| "2026-06-15T23:30:00Z".parse().expect("it is a moment"));
        let request = request.body(Body::empty()).expect("it is a request");
        let limits = RequestLimits {
            at_once: 1,
            answer: Duration::from_millis(100),
            body: Duration::from_millis(50),
            body_bytes: 1024 * 1024,
            import_answer: Duration::from_millis(100),
            import_bytes: 1024 * 1024,
            a_minute: 1,
            failures_a_minute: 1,
            trusted_proxies: Vec::new(),
        };
        let response = around(routes, clock, &Arc::new(Gate::of(limits)), Metrics::default())
            .oneshot(request)
            .await
            .expect("it never fails");
        assert_eq!(response.headers()["x-request-id"].len(), 36);
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
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

    #[rstest::rstest]
    #[case(&["3f2504e0-4f89-41d3-9a0c-0305e82c3301"], true)]
    #[case(&["9B1F0A22C34D5E6F77889900AABBCCDD"], true)]
    #[case(&["0123456789abcdef"], true)]
    #[case(&["0123456789abcde"], false)]
    #[case(&["jane-doe-is-the-name"], false)]
    #[case(&["0123456789abcdef 200 OK"], false)]
    #[case(&["0123456789abcdef", "0123456789abcdef"], false)]
    #[case(&[], false)]
    fn only_what_looks_like_a_number_of_a_request_is_taken_for_one(#[case] given: &[&str], #[case] taken: bool) {
        let mut headers = HeaderMap::new();
        for id in given {
            headers.append(REQUEST_ID, HeaderValue::from_str(id).expect("it is a header"));
        }
        assert_eq!(given_id(&headers).as_deref(), taken.then(|| given[0]));
        let long = HeaderMap::from_iter([(
            HeaderName::from_static(REQUEST_ID),
            HeaderValue::from_str(&"a".repeat(65)).expect("a header"),
        )]);
        assert_eq!(given_id(&long), None);
    }
}
