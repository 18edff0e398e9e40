//! The tag of a case: `"<facts>.<view>"`.
//!
//! What is shown of a case changes with the day and with its alerts. So its tag has two halves: one of the facts alone, which those
//! who write compare (`If-Match` means "the facts as I read them"), and one of all that is shown, so that the tag as a whole changes
//! whenever the answer does.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use serde_json::Value;

use super::etag::{hash, tags};
use super::problem::Problem;

/// The tag of a case as it is shown.
#[must_use]
pub fn tag(facts: &Value, view: &[u8]) -> String {
    format!("\"{}.{}\"", facts_half(facts), hash(view))
}

fn facts_half(facts: &Value) -> String {
    hash(facts.to_string().as_bytes())
}

/// What a request wants to be so of a case before anything is written (RFC 9110, section 13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    if_match: Option<Vec<String>>,
    if_none_match: Option<Vec<String>>,
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let headers = &parts.headers;
        Ok(Self { if_match: tags(headers, &header::IF_MATCH), if_none_match: tags(headers, &header::IF_NONE_MATCH) })
    }
}

impl Conditions {
    /// Insists that they hold of a case with these facts, or of one that is not there.
    ///
    /// # Errors
    ///
    /// One does not.
    pub fn check(&self, facts: Option<&Value>) -> Result<(), Problem> {
        let half = facts.map(facts_half);
        let is_named = |tags: &[String], weak_counts: bool| {
            half.as_deref().is_some_and(|half| tags.iter().any(|tag| tag == "*" || names(tag, half, weak_counts)))
        };
        let matches = self.if_match.as_deref().is_none_or(|tags| is_named(tags, false));
        let differs = self.if_none_match.as_deref().is_none_or(|tags| !is_named(tags, true));
        if matches && differs { Ok(()) } else { Err(Problem::PreconditionFailed) }
    }
}

/// Tells whether a tag was given with these facts.
fn names(tag: &str, facts_half: &str, weak_counts: bool) -> bool {
    let tag = tag.strip_prefix("W/").filter(|_| weak_counts).unwrap_or(tag);
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    inner.and_then(|inner| inner.split_once('.')).is_some_and(|(facts, _)| facts == facts_half)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue, Request};
    use serde_json::json;

    use super::*;

    async fn check(header: &str, values: &[&str], facts: Option<&Value>) -> bool {
        let mut request = Request::new(());
        for value in values {
            let name = HeaderName::try_from(header).expect("it is a name");
            request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).expect("it is a header"));
        }
        let conditions = Conditions::from_request_parts(&mut request.into_parts().0, &()).await.expect("it never fails");
        conditions.check(facts).is_ok()
    }

    #[rstest::rstest]
    #[case::none(&[], true, true)]
    #[case::anything(&["*"], true, false)]
    #[case::the_same(&["TAG"], true, false)]
    #[case::shown_otherwise(&["OTHER VIEW"], true, false)]
    #[case::in_a_list(&["\"a\", TAG"], true, false)]
    #[case::in_a_second_header(&["\"a\"", "TAG"], true, false)]
    #[case::weak(&["W/TAG"], false, false)]
    #[case::another(&["\"a.b\""], false, false)]
    #[case::bare(&["FACTS"], false, false)]
    #[case::empty(&[""], false, false)]
    #[case::not_text(&["é"], false, false)]
    #[tokio::test]
    async fn writing_wants_the_facts_that_were_read(#[case] values: &[&str], #[case] there: bool, #[case] not_there: bool) {
        let facts = json!({"reference": "C-1"});
        let spelled_out = |value: &&str| {
            let other = tag(&facts, b"another");
            value.replace("TAG", &tag(&facts, b"one")).replace("OTHER VIEW", &other).replace("FACTS", &facts_half(&facts))
        };
        let values: Vec<String> = values.iter().map(spelled_out).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_eq!(check("if-match", &values, Some(&facts)).await, there);
        assert_eq!(check("if-match", &values, None).await, not_there);
    }

    #[rstest::rstest]
    #[case::anything("*", false, true)]
    #[case::the_same("TAG", false, true)]
    #[case::weak("W/TAG", false, true)]
    #[case::another("\"a.b\"", true, true)]
    #[tokio::test]
    async fn creating_wants_that_there_is_none(#[case] value: &str, #[case] there: bool, #[case] not_there: bool) {
        let facts = json!({"reference": "C-1"});
        let value = value.replace("TAG", &tag(&facts, b"one"));
        assert_eq!(check("if-none-match", &[&value], Some(&facts)).await, there);
        assert_eq!(check("if-none-match", &[&value], None).await, not_there);
    }
}
