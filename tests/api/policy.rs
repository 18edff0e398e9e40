//! The policy in force is read and replaced over HTTP, and what another would change is rehearsed.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, send};

const TWELVE: &str = "# Twelve weeks.\n[clock]\nlength = \"12 weeks\"\n";
const PATH: &str = "/api/v1/policy";

async fn ask(api: &Api, token: &str, (method, path): (&str, &str), headers: &[(&str, &str)], body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(&api.router, request.body(Body::from(body.to_owned())).expect("it is a request")).await
}

pub async fn put(api: &Api, token: &str, text: &str) -> Answer {
    ask(api, token, ("PUT", PATH), &[("content-type", "application/toml")], text).await
}

async fn preview(api: &Api, token: &str) -> Answer {
    ask(api, token, ("POST", "/api/v1/policy/preview"), &[("content-type", "application/toml")], TWELVE).await
}

async fn count(api: &Api, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(&api.database.pool).await.expect("the query is right")
}

fn tag(answer: &Answer) -> &str {
    answer.headers["etag"].to_str().expect("it is text")
}

#[tokio::test]
async fn a_policy_is_read_put_and_read_again() {
    let api = Api::new().await;
    let (reader, admin) = (api.token().await, api.token_of(ApiRole::Admin, &[], false).await);
    let before = api.get(&reader, PATH).await;
    assert_eq!((before.status, &before.body["version"]), (StatusCode::OK, &Value::Null), "nobody has put one in force yet");
    assert_eq!(before.body["policy"]["clock"]["length"], "16 weeks");

    let answer = put(&api, &admin, TWELVE).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let expected = json!({
        "version": 2, "in_force_from": "2026-06-15T09:00:00Z", "origin": "api", "put_by": "token 2",
        "document": TWELVE, "policy": {"clock": {"length": "12 weeks"}},
    });
    assert_eq!(answer.body, expected, "the first is the one that the service brings with it");
    let read = api.get(&reader, PATH).await;
    assert_eq!((&read.body, tag(&read)), (&answer.body, tag(&answer)));
    let known = ask(&api, &reader, ("GET", PATH), &[("if-none-match", tag(&read))], "").await;
    assert_eq!((known.status, known.body), (StatusCode::NOT_MODIFIED, Value::Null));

    let again = put(&api, &admin, TWELVE).await;
    assert_eq!((again.status, tag(&again)), (StatusCode::NO_CONTENT, tag(&read)));
    assert_eq!(count(&api, "SELECT count(*) FROM policies").await, 2);
    let reworded = put(&api, &admin, "[clock]\nlength = \"12 weeks\"").await;
    assert_eq!((reworded.status, &reworded.body["version"]), (StatusCode::OK, &json!(3)), "each text is kept");
    assert_eq!(count(&api, "SELECT count(*) FROM journal WHERE what = 'policy_changed'").await, 3);
    api.close().await;
}

#[tokio::test]
async fn what_is_read_as_json_may_be_put_back_as_json() {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], false).await;
    let mut policy = api.get(&admin, PATH).await.body["policy"].clone();
    policy["clock"]["length"] = json!("13 weeks");
    policy["forecast"] = Value::Null;
    let answer = ask(&api, &admin, ("PUT", PATH), &[("content-type", "application/json")], &policy.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    policy.as_object_mut().expect("an object").remove("forecast");
    assert_eq!(answer.body["policy"], policy);
    assert!(answer.body["document"].as_str().expect("a text").contains("length = \"13 weeks\""));
    api.close().await;
}

#[tokio::test]
async fn a_policy_is_refused_with_every_mistake_and_nothing_changes() {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], false).await;
    let wrong = "[clock]\nlength = \"soon\"\nlenght = 1\n[review_gap]\namber_after = \"9 weeks\"\nred_after = \"1 week\"\n";
    let answer = put(&api, &admin, wrong).await;
    assert_eq!(
        (answer.status, &answer.body["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:plo-drift:problem:wrong-fields"))
    );
    assert_eq!(answer.each("errors", "pointer"), ["/clock/lenght", "/clock/length", "/review_gap/red_after"]);
    assert!(!answer.body.to_string().contains("soon"));
    let answer = put(&api, &admin, "[clock]\nlength = \n").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.each("errors", "reason")[0].starts_with("must be TOML: line 2: "), "{}", answer.body);
    for (content_type, body, status) in [
        ("text/plain", TWELVE, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/json", "{", StatusCode::BAD_REQUEST),
        ("application/json", "[]", StatusCode::UNPROCESSABLE_ENTITY),
        ("application/json", r#"{"clock": {"length": "16 weeks", "length": "12 weeks"}}"#, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = ask(&api, &admin, ("PUT", PATH), &[("content-type", content_type)], body).await;
        assert_eq!(answer.status, status, "{content_type} {body}");
    }
    let answer = ask(&api, &admin, ("PUT", "/api/v1/policy?force=true"), &[("content-type", "application/toml")], TWELVE).await;
    assert_eq!(answer.wrong_parameters(), ["force"]);
    assert_eq!(count(&api, "SELECT count(*) FROM policies").await, 0);
    for role in [ApiRole::Reader, ApiRole::Recorder, ApiRole::Chair] {
        let token = api.token_of(role, &[], true).await;
        assert_eq!(put(&api, &token, TWELVE).await.status, StatusCode::FORBIDDEN);
        assert_eq!(preview(&api, &token).await.status, StatusCode::FORBIDDEN);
    }
    api.close().await;
}

#[tokio::test]
async fn a_version_that_was_not_read_is_not_replaced() {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], false).await;
    let first = put(&api, &admin, TWELVE).await;
    let second = put(&api, &admin, "").await;
    let replace = async |tag: &str| {
        let headers = [("content-type", "application/toml"), ("if-match", tag)];
        ask(&api, &admin, ("PUT", PATH), &headers, TWELVE).await
    };
    let refused = replace(tag(&first)).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(refused.body["type"], "urn:plo-drift:problem:precondition-failed");
    assert_eq!(api.get(&admin, PATH).await.body["version"], second.body["version"]);
    assert_eq!(replace(tag(&second)).await.status, StatusCode::OK);
    api.close().await;
}

/// It is offered once in the life of an instance: taken back, it would not be offered again.
#[tokio::test]
async fn a_refusal_does_not_take_back_the_policy_that_the_service_brings_with_it() {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], false).await;
    let headers = [("content-type", "application/toml"), ("if-match", "\"7-a\"")];
    let refused = ask(&api, &admin, ("PUT", PATH), &headers, TWELVE).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(count(&api, "SELECT count(*) FROM policies").await, 1);
    api.close().await;
}

#[tokio::test]
async fn what_is_put_judges_from_then_on() {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    api.sql("INSERT INTO cases (reference, recorded_on, started_on) VALUES ('C-1', '2026-06-01', '2026-06-01')").await;
    assert_eq!(api.get(&admin, "/api/v1/cases/C-1").await.body["base_end"], "2026-09-21");
    put(&api, &admin, TWELVE).await;
    assert_eq!(api.get(&admin, "/api/v1/cases/C-1").await.body["base_end"], "2026-08-24");
    api.close().await;
}

/// Over twelve weeks and not over sixteen, on the day of the test.
const CASES: &str = "INSERT INTO cases (reference, team, restricted, recorded_on, started_on, lbp_sent_on) VALUES
    ('N-1', 'North', false, '2026-03-16', '2026-03-16', '2026-03-17'), ('S-1', 'South', false, '2026-03-16', '2026-03-16', '2026-03-17'),
    ('R-1', 'North', true, '2026-03-16', '2026-03-16', '2026-03-17')";

#[tokio::test]
async fn a_preview_tells_what_a_policy_would_change_and_changes_nothing() {
    let api = Api::new().await;
    let (everything, north) =
        (api.token_of(ApiRole::Admin, &[], true).await, api.token_of(ApiRole::Admin, &["North"], false).await);
    api.sql(CASES).await;
    api.sql("INSERT INTO recipients (name, email, role, may_see_restricted) VALUES ('A', 'a@example.org', 'legal_gateway_chair', true)").await;

    let seen = preview(&api, &everything).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    let of = |answer: &Answer, rule: &str| -> Vec<String> {
        let opened = answer.body["alerts"]["opened"].as_array().expect("a list");
        let of_rule = opened.iter().filter(|alert| alert["rule"] == rule);
        of_rule.map(|alert| alert["case"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(of(&seen, "time_limit"), ["N-1", "R-1", "S-1"]);
    assert_eq!((&seen.body["on"], &seen.body["dates_by_kind"]["base_end"]), (&json!("2026-06-15"), &json!(3)));
    assert!(seen.body["messages"].is_array());

    let seen = preview(&api, &north).await;
    assert_eq!(of(&seen, "time_limit"), ["N-1"], "what does not exist for the caller is not told of");
    assert!(!seen.body.to_string().contains("R-1") && !seen.body.to_string().contains("S-1"));
    assert_eq!((&seen.body["messages"], &seen.body["dates_by_kind"]["base_end"]), (&Value::Null, &json!(1)));
    for table in ["alerts", "policies", "messages", "journal", "policies_taken_up"] {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(query).fetch_one(&api.database.pool).await.expect("a count");
        assert_eq!(rows, 0, "{table}");
    }
    api.close().await;
}

#[tokio::test]
async fn only_one_preview_is_under_way_and_it_waits_for_nobody_for_long() {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    api.sql(CASES).await;
    let mut held = api.database.pool.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE case_watch IN SHARE MODE").execute(&mut *held).await.expect("as a sweep holds its cases");
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'case_watch'::regclass";
    let first = preview(&api, &admin);
    let second = async {
        let give_up = Instant::now() + Duration::from_secs(10);
        while count(&api, waiting).await == 0 && Instant::now() < give_up {
            tokio::task::yield_now().await;
        }
        preview(&api, &admin).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(
        (second.status, &second.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"5".parse().expect("a header"))
    );
    assert_eq!(
        (first.status, &first.body["type"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("urn:plo-drift:problem:preview-too-long"))
    );
    assert_eq!(first.headers["retry-after"], "60");
    held.rollback().await.expect("it ends");
    assert_eq!(preview(&api, &admin).await.status, StatusCode::OK);
    api.close().await;
}
