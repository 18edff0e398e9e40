//! One fact added to a case over HTTP, and a request that comes again.

use axum::http::StatusCode;
use plo_drift::clock::Clock;
use plo_drift::jobs::reconcile;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::acknowledge::let_go_once_somebody_waits;
use crate::fixture::{Answer, Api, json_request, now, post, request, send, send_at_once};
use crate::record::{document, recorder, sweep};

const CASE: &str = "/api/v1/cases/C-1";

async fn with_a_case() -> (Api, String) {
    let api = Api::new().await;
    let token = recorder(&api).await;
    assert_eq!(api.put(&token, CASE, &[], &document()).await.status, StatusCode::CREATED);
    (api, token)
}

fn uri(list: &str) -> String {
    format!("{CASE}/{list}")
}

/// An entry of each list, as short as it may be, and as it is stored.
fn entries() -> [(&'static str, Value, Value); 5] {
    [
        (
            "meetings",
            json!({"kind": "review", "planned_on": "2026-07-20"}),
            json!({"sequence": 2, "kind": "review", "planned_on": "2026-07-20", "held_on": null, "cancelled_on": null}),
        ),
        (
            "assessments",
            json!({"kind": "parenting"}),
            json!({"sequence": 1, "kind": "parenting", "commissioned_on": null, "due_on": null, "received_on": null}),
        ),
        (
            "extensions",
            json!({"sequence": 7, "requested_on": "2026-06-12", "decision": "pending"}),
            json!({"sequence": 7, "requested_on": "2026-06-12", "decision": "pending", "decided_on": null, "new_end_on": null,
                "approved_by_grade": null, "rationale_recorded": false}),
        ),
        (
            "engagement",
            json!({"on": "2026-06-12", "attended": false, "excused": true}),
            json!({"on": "2026-06-12", "attended": false, "person": "", "kind": null, "excused": true}),
        ),
        (
            "oversight",
            json!({"on": "2026-06-12", "kind": "panel_review", "rationale_recorded": true}),
            json!({"on": "2026-06-12", "kind": "panel_review", "rationale_recorded": true}),
        ),
    ]
}

fn meeting() -> Value {
    json!({"kind": "review", "planned_on": "2026-07-20"})
}

async fn add_meeting(api: &Api, token: &str, key: &str, body: &Value) -> Answer {
    api.post_with(token, &uri("meetings"), &[("idempotency-key", key)], body).await
}

async fn meetings(api: &Api) -> i64 {
    api.count("SELECT count(*) FROM meetings").await
}

#[tokio::test]
async fn each_list_takes_one_more_fact() {
    let (api, token) = with_a_case().await;
    for (list, sent, stored) in entries() {
        let marks = api.count("SELECT count(*) FROM case_marks").await;
        let history = api.count("SELECT count(*) FROM case_history").await;
        let answer = api.post(&token, &uri(list), &sent).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::CREATED, &stored), "{list}");
        assert_eq!((answer.header("location"), answer.header("content-type")), (CASE, "application/json"));
        assert!(!answer.headers.contains_key("idempotency-replayed"));
        let case = api.get(&token, CASE).await;
        assert_eq!(answer.header("etag"), case.header("etag"), "{list}");
        let last = case.body["facts"][list].as_array().and_then(|entries| entries.last()).cloned();
        assert_eq!(last, Some(stored), "{list}");
        assert_eq!(api.count("SELECT count(*) FROM case_history").await, history + 1, "{list}: nothing else is touched");
        assert_eq!(api.count("SELECT count(*) FROM case_marks").await, marks + 1, "{list}: it is looked at in the next sweep");
    }
    api.close().await;
}

#[tokio::test]
async fn a_number_that_is_taken_or_used_up_is_refused() {
    let (api, token) = with_a_case().await;
    let before = api.recorded().await;
    let repeated =
        api.post(&token, &uri("meetings"), &json!({"sequence": 1, "kind": "review", "planned_on": "2026-07-20"})).await;
    repeated.assert_problem(StatusCode::CONFLICT, "conflict");
    assert!(repeated.body["detail"].as_str().is_some_and(|detail| detail.starts_with("The sequence is taken")));
    assert_eq!(api.recorded().await, before);
    let last = json!({"sequence": 2_147_483_647, "kind": "review", "planned_on": "2026-07-20"});
    assert_eq!(api.post(&token, &uri("meetings"), &last).await.status, StatusCode::CREATED);
    let wrong = api.post(&token, &uri("meetings"), &meeting()).await.wrong_fields();
    assert_eq!(wrong, ["/sequence must be given: none is left after the last"]);
    api.close().await;
}

#[tokio::test]
async fn a_wrong_fact_is_refused_by_pointer_and_leaves_nothing() {
    let (api, token) = with_a_case().await;
    api.sql("ALTER TABLE meetings ADD CONSTRAINT meetings_are_in_our_years CHECK (planned_on < '2027-01-01')").await;
    let before = api.recorded().await;
    for (list, body, expected) in [
        ("meetings", json!({"planned_on": "2026-07-20"}), "/kind must be given"),
        ("meetings", json!({"kind": "review"}), "/planned_on must be given, unless held_on is"),
        ("meetings", json!({"kind": "review", "planned_on": "2026-07-32"}), "/planned_on must be a day that exists"),
        (
            "meetings",
            json!({"kind": "review", "planned_on": "2027-07-20"}),
            " the database refuses it: meetings_are_in_our_years",
        ),
        (
            "meetings",
            json!({"kind": "review", "held_on": "2026-06-16"}),
            "/held_on must not lie in the future: it says that something was done",
        ),
        ("assessments", json!({"kind": "other", "by": "Jane Doe"}), "/by is not a field that is known here"),
        (
            "extensions",
            json!({"requested_on": "2026-06-12", "decision": "approved", "decided_on": "2026-06-12"}),
            "/new_end_on must be given where the decision is approved",
        ),
        (
            "extensions",
            json!({"sequence": 0, "requested_on": "2026-06-12", "decision": "pending"}),
            "/sequence must be a whole number from 1 to 2147483647",
        ),
        (
            "engagement",
            json!({"on": "2026-06-12", "attended": true, "excused": true}),
            "/excused must not be true where attended is",
        ),
        (
            "engagement",
            json!({"on": "2026-06-12", "attended": true, "sequence": 1}),
            "/sequence is not a field that is known here",
        ),
        (
            "oversight",
            json!({"on": "2026-06-12", "kind": "Jane Doe"}),
            "/kind must be one of: panel_review, management_oversight, legal_planning_meeting",
        ),
        ("oversight", json!([]), " must be an object with named fields"),
    ] {
        let answer = api.post_with(&token, &uri(list), &[("idempotency-key", "k")], &body).await;
        assert_eq!(answer.wrong_fields(), [expected], "{list} {body}");
    }
    assert_eq!(api.recorded().await, before);
    assert_eq!(add_meeting(&api, &token, "k", &meeting()).await.status, StatusCode::CREATED, "a refusal uses no key up");
    api.close().await;
}

#[tokio::test]
async fn whatever_else_is_wrong_is_said_and_leaves_nothing() {
    let (api, token) = with_a_case().await;
    let before = api.recorded().await;
    let of_type = async |content_type: &str, body: String| {
        let mut request = post(&uri("meetings"), content_type, body);
        request.headers_mut().insert("authorization", format!("Bearer {token}").try_into().expect("it is a header"));
        send(&api.router, request).await
    };
    of_type("application/json", "{\"kind\":".to_owned()).await.assert_problem(StatusCode::BAD_REQUEST, "malformed-body");
    of_type("text/csv", "a".to_owned()).await.assert_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    of_type("application/json", large).await.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    for (list, sent, _) in entries() {
        send(&api.router, request("POST", &uri(list), None)).await.assert_problem(StatusCode::UNAUTHORIZED, "unauthenticated");
        for role in [ApiRole::Reader, ApiRole::Chair] {
            let other = api.token_of(role, &[], true).await;
            api.post(&other, &uri(list), &sent).await.assert_problem(StatusCode::FORBIDDEN, "forbidden");
        }
        let of_west = api.token_of(ApiRole::Recorder, &["west"], true).await;
        let hidden = api.post(&of_west, &uri(list), &sent).await;
        hidden.assert_problem(StatusCode::NOT_FOUND, "not-found");
        let absent = api.post(&of_west, &format!("/api/v1/cases/C-9/{list}"), &sent).await;
        assert_eq!((hidden.status, hidden.body), (absent.status, absent.body));
        let stale = api.post_with(&token, &uri(list), &[("if-match", "\"a.b\"")], &sent).await;
        stale.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
        assert_eq!(api.post(&token, &format!("{}?dry_run=true", uri(list)), &sent).await.wrong_parameters(), ["dry_run"]);
    }
    assert_eq!(api.recorded().await, before);
    let tag = api.get(&token, CASE).await.header("etag").to_owned();
    let answer = api.post_with(&token, &uri("meetings"), &[("if-match", &tag)], &meeting()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let stale = api.post_with(&token, &uri("meetings"), &[("if-match", &tag)], &meeting()).await;
    stale.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
    let next = [("if-match", answer.header("etag"))];
    assert_eq!(api.post_with(&token, &uri("meetings"), &next, &meeting()).await.status, StatusCode::CREATED);
    api.close().await;
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_answered_as_before_and_adds_nothing() {
    let (api, token) = with_a_case().await;
    let tag = api.get(&token, CASE).await.header("etag").to_owned();
    let headers = [("idempotency-key", "k-1"), ("if-match", tag.as_str())];
    let first = api.post_with(&token, &uri("meetings"), &headers, &meeting()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let before = api.recorded().await;
    for body in [meeting(), json!({"planned_on": "2026-07-20", "kind": "review"})] {
        let again = api.post_with(&token, &uri("meetings"), &headers, &body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("idempotency-replayed"), "true");
        for header in ["etag", "location", "content-type"] {
            assert_eq!(again.header(header), first.header(header));
        }
    }
    let other = json!({"kind": "review", "planned_on": "2026-07-21"});
    add_meeting(&api, &token, "k-1", &other).await.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused");
    let elsewhere = api.post_with(&token, &uri("oversight"), &headers[..1], &meeting()).await;
    elsewhere.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused");
    assert_eq!(api.recorded().await, before);

    let somebody_else = recorder(&api).await;
    assert_eq!(add_meeting(&api, &somebody_else, "k-1", &other).await.status, StatusCode::CREATED, "a key is of one caller");
    assert_eq!(add_meeting(&api, &token, "K-1", &meeting()).await.status, StatusCode::CREATED, "another key");
    assert_eq!(meetings(&api).await, 4);
    api.close().await;
}

#[tokio::test]
async fn an_answer_is_not_repeated_to_who_may_not_see_the_case_any_more() {
    let (api, _) = with_a_case().await;
    let of_east = api.token_of(ApiRole::Recorder, &["east"], false).await;
    assert_eq!(add_meeting(&api, &of_east, "k", &meeting()).await.status, StatusCode::CREATED);
    api.sql("UPDATE cases SET restricted = true").await;
    add_meeting(&api, &of_east, "k", &meeting()).await.assert_problem(StatusCode::NOT_FOUND, "not-found");
    api.close().await;
}

#[tokio::test]
async fn a_key_is_one_to_two_hundred_visible_characters_given_once() {
    let (api, token) = with_a_case().await;
    let before = api.recorded().await;
    let (long, longest) = ("k".repeat(201), "k".repeat(200));
    for wrong in ["", "a b", "é", &long] {
        let answer = add_meeting(&api, &token, wrong, &meeting()).await;
        assert_eq!(answer.wrong_parameters(), ["Idempotency-Key"], "{wrong}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "a")];
    let answer = api.post_with(&token, &uri("meetings"), &twice, &meeting()).await;
    assert_eq!(answer.wrong_parameters(), ["Idempotency-Key"]);
    assert_eq!(api.recorded().await, before);
    for right in ["!", &longest] {
        assert_eq!(add_meeting(&api, &token, right, &meeting()).await.status, StatusCode::CREATED);
    }
    api.close().await;
}

#[tokio::test]
async fn of_the_same_request_many_times_at_once_one_adds_a_fact() {
    let (api, token) = with_a_case().await;
    let request = || json_request("POST", &uri("meetings"), &token, &[("idempotency-key", "k")], &meeting());
    let answers = send_at_once(&api.router, (0..8).map(|_| request()).collect()).await;
    assert_eq!(meetings(&api).await, 2);
    let is_first =
        |answer: &&Answer| answer.status == StatusCode::CREATED && !answer.headers.contains_key("idempotency-replayed");
    assert_eq!(answers.iter().filter(is_first).count(), 1);
    for answer in answers.iter().filter(|answer| !is_first(answer)) {
        let is_replayed = answer.status == StatusCode::CREATED && answer.body["sequence"] == 2;
        assert!(is_replayed || answer.status == StatusCode::CONFLICT, "{answer:?}");
    }
    api.close().await;
}

#[tokio::test]
async fn while_a_request_is_under_way_its_key_is_taken() {
    let (api, token) = with_a_case().await;
    let mut holder = api.database.pool.begin().await.expect("a connection is free");
    sqlx::query("SELECT FROM cases FOR UPDATE").execute(&mut *holder).await.expect("it can be held");
    // The first waits for the case with the key in hand; the second must not wait with it.
    let body = meeting();
    let (first, ()) = tokio::join!(add_meeting(&api, &token, "k", &body), async {
        wait_for_those_who_wait(&api, 1).await;
        let second = tokio::select! {
            answer = add_meeting(&api, &token, "k", &body) => Some(answer),
            () = wait_for_those_who_wait(&api, 2) => None,
        };
        let_go_once_somebody_waits(&api, holder).await;
        second.expect("it is answered at once").assert_problem(StatusCode::CONFLICT, "conflict");
    });
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!(meetings(&api).await, 2);
    api.close().await;
}

async fn wait_for_those_who_wait(api: &Api, expected: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while api.count(waiting).await < expected {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn of_those_who_add_at_once_each_gets_a_number_of_its_own() {
    let (api, token) = with_a_case().await;
    let request = |_| json_request("POST", &uri("meetings"), &token, &[], &meeting());
    let answers = send_at_once(&api.router, (0..8).map(request).collect()).await;
    let mut numbers: Vec<_> = answers.iter().filter_map(|answer| answer.body["sequence"].as_i64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=9).collect::<Vec<_>>());
    api.close().await;
}

#[tokio::test]
async fn an_answer_is_forgotten_once_its_time_is_over() {
    let (api, token) = with_a_case().await;
    for key in ["old", "young"] {
        assert_eq!(add_meeting(&api, &token, key, &meeting()).await.status, StatusCode::CREATED);
    }
    assert_eq!(api.count("SELECT count(*) FROM kept_answers WHERE kept_until = '2026-06-18T09:00Z'").await, 2, "72 hours");
    api.sql("UPDATE kept_answers SET kept_until = '2026-06-15T09:00Z' WHERE key = 'old'").await;
    let late = add_meeting(&api, &token, "old", &meeting()).await;
    assert_eq!((late.status, late.body["sequence"].as_i64()), (StatusCode::CREATED, Some(4)), "it is a new request");

    api.sql("UPDATE kept_answers SET kept_until = '2026-06-15T09:00Z' WHERE key = 'old'").await;
    let moment = Clock::told_by(now).now();
    let found =
        reconcile::run(&api.database.pool, &sweep(&api.database.pool, moment.at).await, moment, &CancellationToken::new())
            .await;
    assert!(found.expect("it runs").is_some());
    assert_eq!(api.count("SELECT count(*) FROM kept_answers").await, 1);
    assert_eq!(add_meeting(&api, &token, "young", &meeting()).await.header("idempotency-replayed"), "true");
    api.close().await;
}
