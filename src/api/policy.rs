//! The policy in force over HTTP: it is read, put in another's place, and what another would change is rehearsed.

mod body;
pub mod preview;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::Connection as _;
use utoipa::ToSchema;

use super::SharedState;
use super::auth::Caller;
use super::etag;
use super::frame::Now;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::policy_file;
use crate::store::policies::in_force::Known;
use crate::store::policies::{self, Account, Origin, Version};
use body::PolicyBody;

/// The policy in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyInForce {
    /// The number of its version; numbers rise, and some may be left out. Null before the first sweep.
    version: Option<i64>,
    /// Since when it is in force.
    in_force_from: Option<Timestamp>,
    /// Where it came from.
    origin: Origin,
    /// Who put it in force over the API.
    #[schema(example = "token 4")]
    put_by: Option<String>,
    /// Its text in TOML, as it was given. Null where it was put in force by a program that kept no texts.
    document: Option<String>,
    /// What the text says, as JSON. A key that it leaves out has its default.
    #[schema(value_type = Object)]
    policy: Value,
    #[serde(skip)]
    tag: String,
}

impl PolicyInForce {
    fn of(version: Version) -> Self {
        let Version { id, in_force_from, digest, document, origin, actor } = version;
        Self {
            version: Some(id),
            in_force_from: Some(in_force_from),
            origin,
            put_by: actor,
            policy: said(document.as_deref()),
            document,
            tag: tag(id, &digest),
        }
    }

    /// The one that will be, where none is kept yet.
    fn to_be(configured: &Known) -> Self {
        let document = Some(configured.version.document.clone());
        let (policy, tag) = (said(document.as_deref()), tag(0, &configured.version.digest));
        Self { version: None, in_force_from: None, origin: Origin::File, put_by: None, document, policy, tag }
    }

    fn answer(&self, headers: &HeaderMap) -> Result<Response, Problem> {
        Ok(etag::answer_tagged(headers, self.tag.clone(), etag::written(self)?))
    }
}

fn said(document: Option<&str>) -> Value {
    document.and_then(|text| policy_file::tree("in force", text).ok()).unwrap_or_default()
}

fn tag(version: i64, digest: &str) -> String {
    format!("\"{version}-{digest}\"")
}

/// Shows the policy in force.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/policy", tag = "policy", operation_id = "show_policy",
    summary = "The policy in force",
    description = "Which version it is, since when, who put it in force, and what it says. Its `ETag` is what `If-Match` of a `PUT` names.",
    responses(
        (status = 200, description = "The policy.", body = PolicyInForce, headers(("ETag" = String, description = "The version."))),
        (status = 304, description = "The caller has it: `If-None-Match` names its tag."),
    ),
)]
pub async fn show(State(state): State<SharedState>, parameters: Parameters, headers: HeaderMap) -> Result<Response, Problem> {
    parameters.finish()?;
    let mut connection = state.pool.acquire().await?;
    let shown = match policies::in_force(&mut connection).await? {
        Some(version) => PolicyInForce::of(version),
        None => PolicyInForce::to_be(&*state.policy.read(&mut connection).await?),
    };
    shown.answer(&headers)
}

/// Puts a policy in force, for the next sweep to judge every case by.
///
/// # Errors
///
/// A wrong body; another version is in force than the caller wants to replace; the database does not answer.
#[utoipa::path(
    put, path = "/api/v1/policy", tag = "policy", operation_id = "put_policy",
    summary = "Put a policy in force",
    description = "The whole text is kept as a new version and journalled with both numbers. The next sweep judges every case by it; \
        resolved alerts stay as they are. It stays in force until another is put, or the policy file of the service changes. Send \
        `If-Match` with the `ETag` that you have read, so as not to replace what somebody else put meanwhile.",
    params(("If-Match" = Option<String>, Header, description = "The tag of the version that is to be replaced.")),
    request_body(
        content((String = "application/toml", example = "[clock]\nlength = \"16 weeks\"\n"), (BTreeMap<String, Value> = "application/json", example = json!({"clock": {"length": "16 weeks"}}))),
        description = "A policy, as in `config/policy.toml`. A key that is left out has its default.",
    ),
    responses(
        (status = 200, description = "The policy is in force.", body = PolicyInForce, headers(("ETag" = String, description = "The version."))),
        (status = 204, description = "The same text is in force already; nothing changes."),
        (status = 412, description = "Another version is in force than `If-Match` names."),
    ),
)]
pub async fn put(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
    body: PolicyBody,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let put = body.read()?;
    let mut connection = state.pool.acquire().await?;
    // Otherwise the file would be put over it by the first sweep. A refusal below does not take it back.
    state.policy.offer_once(&mut connection, now.at).await?;
    let mut transaction = connection.begin().await?;
    policies::alone(&mut transaction).await?;
    let current = policies::in_force(&mut transaction).await?;
    let current_tag = current.as_ref().map(|current| tag(current.id, &current.digest));
    if !is_wanted(&headers, current_tag.as_deref()) {
        return Err(Problem::PreconditionFailed);
    }
    let version = Known::from(&put).version;
    if current.is_some_and(|current| current.document.as_ref() == Some(&put.text) && current.digest == version.digest) {
        let tag = [(header::ETAG, current_tag.unwrap_or_default())];
        transaction.commit().await?;
        return Ok((StatusCode::NO_CONTENT, tag).into_response());
    }
    policies::add(&mut transaction, &version, &Account::Api(caller.actor()), now.at).await?;
    let put = policies::in_force(&mut transaction).await?.ok_or(Problem::Internal)?;
    transaction.commit().await?;
    PolicyInForce::of(put).answer(&HeaderMap::new())
}

/// Tells whether the version in force is one that the caller wants to replace. A weak tag is none (RFC 9110, section 13.1.1).
fn is_wanted(headers: &HeaderMap, current: Option<&str>) -> bool {
    let names = |tags: &[String]| current.is_some_and(|current| tags.iter().any(|tag| tag == "*" || tag == current));
    etag::tags(headers, &header::IF_MATCH).is_none_or(|tags| names(&tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[], Some("\"1-a\""), true)]
    #[case(&[], None, true)]
    #[case(&["\"1-a\""], Some("\"1-a\""), true)]
    #[case(&["\"1-b\", \"1-a\""], Some("\"1-a\""), true)]
    #[case(&["\"1-b\"", "*"], Some("\"1-a\""), true)]
    #[case(&["W/\"1-a\""], Some("\"1-a\""), false)]
    #[case(&["\"1-b\""], Some("\"1-a\""), false)]
    #[case(&[""], Some("\"1-a\""), false)]
    #[case(&["*"], None, false)]
    fn only_the_version_that_was_read_is_replaced(
        #[case] wanted: &[&str],
        #[case] current: Option<&str>,
        #[case] expected: bool,
    ) {
        let mut headers = HeaderMap::new();
        for value in wanted {
            headers.append(header::IF_MATCH, value.parse().expect("it is a header"));
        }
        assert_eq!(is_wanted(&headers, current), expected);
    }
}
