//! Answers that a caller need not fetch again while they stay the same (RFC 9110, sections 8.8.3 and 13.1.2).

use aws_lc_rs::digest;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::Problem;
use crate::hex;

/// Answers with a body and the tag of its bytes; without the body, where the caller has it.
///
/// # Errors
///
/// The body cannot be written as JSON.
pub fn answer(request: &HeaderMap, body: &impl Serialize) -> Result<Response, Problem> {
    let body = written(body)?;
    Ok(answer_tagged(request, tag(&body), body))
}

/// The tag of a body: of its bytes.
#[must_use]
pub fn tag(body: &[u8]) -> String {
    format!("\"{}\"", hash(body))
}

/// Answers with a body that has a tag; without the body, where the caller has it.
pub fn answer_tagged(request: &HeaderMap, tag: String, body: impl Into<Body>) -> Response {
    let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| names(value, &tag));
    let tag = [(header::ETAG, tag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, [(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// A body as JSON.
///
/// # Errors
///
/// It cannot be written as JSON.
pub fn written(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|_| Problem::Internal)
}

/// The SHA-256 of some bytes, in hexadecimal digits.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// The tags that a header lists, if it is given at all. Ours hold no comma; what is not text names no tag of ours.
#[must_use]
pub fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let lists = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    headers.contains_key(name).then(|| lists.flat_map(|list| list.split(',')).map(|tag| tag.trim().to_owned()).collect())
}

/// Tells whether a list of tags names this one. Weak tags count: a body that is the same is equivalent, too.
fn names(list: &HeaderValue, tag: &str) -> bool {
    let Ok(list) = list.to_str() else { return false };
    list.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("\"a\"", true)]
    #[case("W/\"a\"", true)]
    #[case("\"b\", \"a\"", true)]
    #[case("*", true)]
    #[case("a", false)]
    #[case("\"b\"", false)]
    #[case("", false)]
    fn a_list_names_its_tags(#[case] list: &str, #[case] expected: bool) {
        assert_eq!(names(&HeaderValue::from_str(list).expect("it is a header"), "\"a\""), expected);
    }
}
