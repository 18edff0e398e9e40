//! What every answer tells whoever gets it, browsers above all: keep nothing, guess nothing, run nothing, tell nobody where from.
//! An answer that may be kept, or that loads something, says so itself.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::SharedState;

/// Half a year: so long a browser that has been here insists on TLS.
const INSIST_ON_TLS: HeaderValue = HeaderValue::from_static("max-age=15552000");

/// Nothing of an answer is run, loaded or shown within another page; a page that has more to it says so itself.
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");

/// Puts the headers on whatever is answered.
pub async fn protect(State(state): State<SharedState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    if state.site.is_encrypted() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, INSIST_ON_TLS);
    }
    response
}
