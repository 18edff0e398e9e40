//! Answers that a caller need not fetch again while they stay the same (RFC 9110, sections 8.8.3 and 13.1.2).

use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
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
    let body = serde_json::to_vec(body).map_err(|_| Problem::Internal)?;
    let tag = format!("\"{}\"", hex::encode(digest::digest(&digest::SHA256, &body).as_ref()));
    let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| names(value, &tag));
    let tag = [(header::ETAG, tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, [(header::CONTENT_TYPE, "application/json")], body).into_response())
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
