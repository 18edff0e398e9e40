//! A case put over HTTP: what is stored, what is refused, and what a refusal leaves: nothing.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::Timestamp;
use plo_drift::app::{self, Sweeps};
use plo_drift::clock::Clock;
use plo_drift::config::Config;
use plo_drift::jobs::sweep::{self, Sweep};
use plo_drift::store::policies::in_force::InForce;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::acknowledge::let_go_once_somebody_waits;
use crate::fixture::{Answer, Api, json_request, now, post, request, send, send_at_once};

const URI: &str = "/api/v1/cases/C-1";

pub async fn recorder(api: &Api) -> String {
    api.token_of(ApiRole::Recorder, &[], true).await
}

pub fn document() -> Value {
    json!({
        "reference": "C-1", "team": "east", "started_on": "2026-06-01", "lbp_sent_on": "2026-06-08",
        "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}],
        "meetings": [{"sequence": 1, "kind": "initial", "planned_on": "2026-06-22"}],
        "engagement": [{"on": "2026-06-03", "attended": true, "person": "mother"}, {"on": "2026-06-10", "attended": false}],
    })
}

/// The document with some fields changed.
fn with(changes: Value) -> Value {
    let mut document = document();
    let Value::Object(changes) = changes else { panic!("changes are fields") };
    document.as_object_mut().expect("it is an object").extend(changes);
    document
}

async fn put(api: &Api, token: &str, document: &Value) -> Answer {
    api.put(token, URI, &[], document).await
}

pub async fn sweep(pool: &PgPool, now: Timestamp) -> Sweep {
    let config = Config::from_layers(None, &BTreeMap::new()).expect("the defaults are right");
    let policy = app::configured_policy(&config).expect("the built-in policy is right");
    Sweeps::of(pool, &config, &InForce::or(policy)).by_the_policy_in_force(now).await.expect("a policy is in force")
}

/// Sweeps; what it has opened: each a case and a subject.
pub async fn swept(api: &Api) -> Vec<String> {
    let (pool, moment) = (&api.database.pool, Clock::told_by(now).now());
    let report = sweep::run(pool, &sweep(pool, moment.at).await, moment.at, moment, &CancellationToken::new()).await;
    let opened = report.expect("the sweep runs").opened;
    opened.into_iter().map(|line| format!("{} {}", line.case, line.subject)).collect()
}

#[tokio::test]
async fn a_case_is_new_then_changed_then_left_alone() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let new = put(&api, &token, &document()).await;
    assert_eq!(new.status, StatusCode::CREATED, "{}", new.body);
    assert_eq!(new.headers["location"], URI);
    assert_eq!(new.headers["content-type"], "application/json");
    let shown = api.get(&token, URI).await;
    assert_eq!((&new.body, new.header("etag")), (&shown.body, shown.header("etag")));
    assert_eq!(new.body["facts"]["recorded_on"], "2026-06-15", "today, where the document does not say");

    let same = put(&api, &token, &document()).await;
    assert_eq!((same.status, &same.body), (StatusCode::NO_CONTENT, &Value::Null));
    assert_eq!(same.header("etag"), new.header("etag"));
    assert_eq!(put(&api, &token, &with(json!({"reference": null}))).await.status, StatusCode::NO_CONTENT, "the path says it");

    let changed = put(&api, &token, &with(json!({"meetings": [], "outcome": "other", "step_decision_on": "2026-06-12"}))).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert!(!changed.headers.contains_key("location"));
    let shown = api.get(&token, URI).await;
    assert_eq!((&changed.body, changed.header("etag")), (&shown.body, shown.header("etag")));
    assert_ne!(changed.header("etag"), new.header("etag"));
    assert_eq!((&shown.body["facts"]["meetings"], &shown.body["status"]), (&json!([]), &json!("closed")));
    api.close().await;
}

#[tokio::test]
async fn the_path_of_a_case_is_where_it_was_put() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let uri = "/api/v1/cases/C%2F1%20%C3%A9~a.b_c";
    let new = api.put(&token, uri, &[], &json!({"reference": "C/1 é~a.b_c"})).await;
    assert_eq!((new.status, new.header("location")), (StatusCode::CREATED, uri));
    assert_eq!(api.get(&token, new.header("location")).await.status, StatusCode::OK);
    api.close().await;
}

#[tokio::test]
async fn a_wrong_document_is_refused_by_pointer_and_leaves_nothing() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let before = api.recorded().await;
    for (document, expected) in [
        (with(json!({"started": "2026-06-01"})), "/started is not a field that is known here"),
        (with(json!({"started_on": "2026-02-30"})), "/started_on must be a day that exists"),
        (with(json!({"started_on": 3})), "/started_on must be a date as a text, written YYYY-MM-DD"),
        (with(json!({"started_on": "2026-06-16"})), "/started_on must not lie in the future: it says that something was done"),
        (
            with(
                json!({"meetings": [{"sequence": 1, "kind": "review", "planned_on": "2026-07-01"}, {"sequence": 1, "kind": "review", "planned_on": "2026-08-01"}]}),
            ),
            "/meetings/1/sequence is given to another entry of the list already",
        ),
        (with(json!({"reference": "C-2"})), "/reference must be the reference in the path; it may be left out"),
        (json!([]), " must be an object with named fields"),
    ] {
        assert_eq!(put(&api, &token, &document).await.wrong_fields(), [expected]);
    }
    let two = with(json!({"outcome": "Jane Doe", "children": [{}]}));
    assert_eq!(
        put(&api, &token, &two).await.wrong_fields(),
        ["/children/0/reference must be given", "/outcome must be one of: issue, step_down, other"]
    );
    let long = format!("/api/v1/cases/{}", "x".repeat(201));
    assert_eq!(api.put(&token, &long, &[], &json!({})).await.wrong_parameters(), ["reference"]);
    assert_eq!(api.put(&token, "/api/v1/cases/C-1?dry_run=true", &[], &document()).await.wrong_parameters(), ["dry_run"]);
    assert_eq!(api.recorded().await, before);
    api.close().await;
}

#[tokio::test]
async fn what_is_no_document_or_comes_from_nobody_who_may_record_is_refused() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let before = api.recorded().await;
    let of_type = async |content_type: &str, body: String| {
        let mut request = post(URI, content_type, body);
        *request.method_mut() = axum::http::Method::PUT;
        request.headers_mut().insert("authorization", format!("Bearer {token}").try_into().expect("it is a header"));
        send(&api.router, request).await
    };
    of_type("application/json", "{".to_owned()).await.assert_problem(StatusCode::BAD_REQUEST, "malformed-body");
    of_type("text/csv", "a".to_owned()).await.assert_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    of_type("application/json", large).await.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    let nobody = send(&api.router, request("PUT", URI, None)).await;
    nobody.assert_problem(StatusCode::UNAUTHORIZED, "unauthenticated");
    for role in [ApiRole::Reader, ApiRole::Chair] {
        let other = api.token_of(role, &[], true).await;
        put(&api, &other, &document()).await.assert_problem(StatusCode::FORBIDDEN, "forbidden");
    }
    assert_eq!(api.recorded().await, before);
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    assert_eq!(put(&api, &admin, &document()).await.status, StatusCode::CREATED);
    api.close().await;
}

#[tokio::test]
async fn only_who_knows_the_facts_as_they_are_may_change_them_where_that_is_asked() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let changed = |day: u8| with(json!({"lbp_sent_on": format!("2026-06-{day:02}")}));
    for any in ["*", "\"a.b\""] {
        let answer = api.put(&token, URI, &[("if-match", any)], &document()).await;
        answer.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
    }
    let first = api.put(&token, URI, &[("if-none-match", "*")], &document()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let before = api.recorded().await;
    let again = api.put(&token, URI, &[("if-none-match", "*")], &changed(9)).await;
    again.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
    assert_eq!(api.recorded().await, before);

    // An alert changes what is shown and not what is recorded.
    api.sql(&crate::fixture::open_alert(1, "C-1", "red")).await;
    assert_ne!(api.get(&token, URI).await.header("etag"), first.header("etag"));
    let second = api.put(&token, URI, &[("if-match", first.header("etag"))], &changed(9)).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.body);
    let before = api.recorded().await;
    for stale in [first.header("etag").to_owned(), format!("W/{}", second.header("etag"))] {
        let answer = api.put(&token, URI, &[("if-match", &stale)], &changed(10)).await;
        answer.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
    }
    assert_eq!(api.recorded().await, before);
    let listed = format!("\"other\", {}", second.header("etag"));
    assert_eq!(api.put(&token, URI, &[("if-match", &listed)], &changed(10)).await.status, StatusCode::OK);
    assert_eq!(api.put(&token, URI, &[("if-match", "*")], &changed(10)).await.status, StatusCode::NO_CONTENT);
    // A document that is wrong is that first.
    let wrong = api.put(&token, URI, &[("if-match", first.header("etag"))], &with(json!({"team": 3}))).await;
    assert_eq!(wrong.wrong_fields(), ["/team must be a text"]);
    api.close().await;
}

#[tokio::test]
async fn nobody_makes_a_case_outside_of_their_own_view() {
    let api = Api::new().await;
    let all = recorder(&api).await;
    assert_eq!(put(&api, &all, &document()).await.status, StatusCode::CREATED);
    let team = "/team must be one of the teams whose cases this token may see";
    let restricted = "/restricted must not be true: this token may not see restricted cases";
    let of_east = api.token_of(ApiRole::Recorder, &["east"], false).await;
    let before = api.recorded().await;
    for (changes, expected) in [
        (json!({"team": "west"}), vec![team]),
        (json!({"team": null}), vec![team]),
        (json!({"restricted": true}), vec![restricted]),
        (json!({"team": "west", "restricted": true}), vec![restricted, team]),
    ] {
        for uri in [URI, "/api/v1/cases/C-9"] {
            let document = with(changes.clone());
            let document = with(json!({"reference": null, "team": document["team"], "restricted": document["restricted"]}));
            assert_eq!(api.put(&of_east, uri, &[], &document).await.wrong_fields(), expected, "{uri} {changes}");
        }
    }
    assert_eq!(api.recorded().await, before);
    assert_eq!(put(&api, &of_east, &with(json!({"lbp_sent_on": "2026-06-09"}))).await.status, StatusCode::OK);
    assert_eq!(put(&api, &all, &with(json!({"team": "west", "restricted": true}))).await.status, StatusCode::OK);
    api.close().await;
}

#[tokio::test]
async fn a_reference_that_is_taken_out_of_sight_is_refused_and_says_no_more() {
    let api = Api::new().await;
    let all = recorder(&api).await;
    assert_eq!(put(&api, &all, &with(json!({"team": "west"}))).await.status, StatusCode::CREATED);
    let of_east = api.token_of(ApiRole::Recorder, &["east"], false).await;
    let before = api.recorded().await;
    put(&api, &of_east, &document()).await.assert_problem(StatusCode::NOT_FOUND, "not-found");
    let create = api.put(&of_east, URI, &[("if-none-match", "*")], &document()).await;
    create.assert_problem(StatusCode::NOT_FOUND, "not-found");
    // Whoever only wants to change what is there learns nothing at all.
    let tag = api.get(&all, URI).await.header("etag").to_owned();
    for known in ["*", &tag] {
        let hidden = api.put(&of_east, URI, &[("if-match", known)], &document()).await;
        let absent = api.put(&of_east, "/api/v1/cases/C-9", &[("if-match", known)], &with(json!({"reference": "C-9"}))).await;
        hidden.assert_problem(StatusCode::PRECONDITION_FAILED, "precondition-failed");
        assert_eq!((hidden.status, hidden.body), (absent.status, absent.body));
    }
    assert_eq!(api.recorded().await, before);
    api.close().await;
}

#[tokio::test]
async fn whoever_may_not_know_of_a_case_does_not_wait_for_those_who_write_it() {
    let api = Api::new().await;
    let all = recorder(&api).await;
    assert_eq!(put(&api, &all, &with(json!({"team": "west"}))).await.status, StatusCode::CREATED);
    let of_east = api.token_of(ApiRole::Recorder, &["east"], false).await;
    let mut writing = api.database.pool.begin().await.expect("a transaction");
    sqlx::query("SELECT FROM cases WHERE reference = 'C-1' FOR UPDATE").execute(&mut *writing).await.expect("the lock");
    put(&api, &of_east, &document()).await.assert_problem(StatusCode::NOT_FOUND, "not-found");
    writing.rollback().await.expect("it ends");
    api.close().await;
}

#[tokio::test]
async fn a_field_given_twice_is_named_and_nothing_is_stored() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let before = api.recorded().await;
    let mut twice = post(URI, "application/json", r#"{"team": "east", "team": "west", "meetings": [{"kind": 1, "kind": 2}]}"#);
    *twice.method_mut() = axum::http::Method::PUT;
    twice.headers_mut().insert("authorization", format!("Bearer {token}").try_into().expect("it is a header"));
    let expected = ["/meetings/0/kind is given more than once", "/team is given more than once"];
    assert_eq!(send(&api.router, twice).await.wrong_fields(), expected);
    assert_eq!(api.recorded().await, before);
    api.close().await;
}

#[tokio::test]
async fn of_two_who_change_the_same_facts_at_once_one_is_told_to_read_again() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let tag = put(&api, &token, &document()).await.header("etag").to_owned();
    for round in 0..5 {
        let tag = if round == 0 { tag.clone() } else { api.get(&token, URI).await.header("etag").to_owned() };
        let (one, other) =
            (with(json!({"family_reference": format!("F-{round}")})), with(json!({"team": format!("team {round}")})));
        let headers = [("if-match", tag.as_str())];
        let answers = tokio::join!(api.put(&token, URI, &headers, &one), api.put(&token, URI, &headers, &other));
        let mut statuses = [answers.0.status, answers.1.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::OK, StatusCode::PRECONDITION_FAILED]);
    }
    api.close().await;
}

#[tokio::test]
async fn of_those_who_make_a_case_at_once_one_does() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let statuses = async |requests: Vec<Request<Body>>| {
        let mut statuses: Vec<StatusCode> =
            send_at_once(&api.router, requests).await.iter().map(|answer| answer.status).collect();
        statuses.sort();
        statuses
    };
    let others = |index: usize| with(json!({"family_reference": format!("F-{index}")}));
    let requests = (0..8).map(|index| json_request("PUT", URI, &token, &[("if-none-match", "*")], &others(index)));
    let made = statuses(requests.collect()).await;
    assert_eq!((made[0], &made[1..]), (StatusCode::CREATED, [StatusCode::PRECONDITION_FAILED; 7].as_slice()));
    assert_eq!(api.count("SELECT count(*) FROM case_history WHERE fact_table = 'cases'").await, 1);

    let same = with(json!({"reference": "C-2"}));
    let requests = (0..8).map(|_| json_request("PUT", "/api/v1/cases/C-2", &token, &[], &same));
    let made = statuses(requests.collect()).await;
    assert_eq!((made[0], &made[1..]), (StatusCode::CREATED, [StatusCode::NO_CONTENT; 7].as_slice()));
    api.close().await;
}

/// Between the look for a case that is not there and its making there is no lock to hold.
#[tokio::test]
async fn a_case_that_somebody_else_is_just_making_is_seen_once_it_is_there() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let mut holder = api.database.pool.begin().await.expect("a connection is free");
    let made = "INSERT INTO cases (reference, team, restricted, recorded_on) VALUES ('C-1', 'west', true, '2026-06-01')";
    sqlx::query(made).execute(&mut *holder).await.expect("it can be made");
    let of_east = api.token_of(ApiRole::Recorder, &["east"], false).await;
    let document = document();
    let (answer, ()) = tokio::join!(put(&api, &of_east, &document), let_go_once_somebody_waits(&api, holder));
    answer.assert_problem(StatusCode::NOT_FOUND, "not-found");
    assert_eq!(api.count("SELECT count(*) FROM case_history").await, 1);
    let shown = api.get(&token, URI).await;
    assert_eq!((&shown.body["facts"]["team"], &shown.body["facts"]["recorded_on"]), (&json!("west"), &json!("2026-06-01")));
    api.close().await;
}

#[tokio::test]
async fn what_only_the_database_refuses_is_named_and_leaves_nothing() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    put(&api, &token, &document()).await;
    api.sql(
        "ALTER TABLE meetings ADD CONSTRAINT meetings_are_in_our_years CHECK (planned_on < '2027-01-01');
        ALTER TABLE engagement ADD CONSTRAINT engagement_is_once_a_day UNIQUE (case_reference, \"on\");
        ALTER TABLE oversight ADD CONSTRAINT oversight_is_dated_once UNIQUE (case_reference, \"on\") DEFERRABLE INITIALLY DEFERRED;
        ALTER TABLE assessments ALTER due_on SET NOT NULL",
    )
    .await;
    let before = api.recorded().await;
    let later = with(json!({"team": "west", "meetings": [{"sequence": 2, "kind": "review", "planned_on": "2027-01-04"}]}));
    let refused = put(&api, &token, &later).await.wrong_fields();
    assert_eq!(refused, [" the database refuses it: meetings_are_in_our_years"]);
    let missing = with(json!({"assessments": [{"sequence": 2, "kind": "other"}]}));
    assert_eq!(put(&api, &token, &missing).await.wrong_fields(), [" the database refuses it: a column cannot hold it"]);
    let twice = with(json!({"engagement": [{"on": "2026-06-03", "attended": true}, {"on": "2026-06-03", "attended": false}]}));
    let at_the_end = with(json!({"oversight": [
        {"on": "2026-06-03", "kind": "panel_review"}, {"on": "2026-06-03", "kind": "management_oversight"},
    ]}));
    for (document, constraint) in [(twice, "engagement_is_once_a_day"), (at_the_end, "oversight_is_dated_once")] {
        let answer = put(&api, &token, &document).await;
        answer.assert_problem(StatusCode::CONFLICT, "conflict");
        assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.contains(constraint)), "{}", answer.body);
    }
    assert_eq!(api.recorded().await, before);
    api.close().await;
}

#[tokio::test]
async fn a_case_that_was_put_is_looked_at_in_the_next_sweep() {
    let api = Api::new().await;
    let token = recorder(&api).await;
    let run = || swept(&api);
    assert_eq!(run().await, [""; 0]);
    put(&api, &token, &json!({"team": "east", "started_on": "2026-06-01"})).await;
    assert!(run().await.contains(&"C-1 letter_before_proceedings".to_owned()));
    assert_eq!(run().await, [""; 0], "nothing is opened twice");
    let alerts = api.get(&token, "/api/v1/alerts?rule=milestone_missed").await;
    assert_eq!(alerts.each("alerts", "case"), ["C-1"]);

    put(&api, &token, &json!({"team": "east", "started_on": "2026-06-01", "lbp_sent_on": "2026-06-12"})).await;
    run().await;
    let alerts = api.get(&token, "/api/v1/alerts?rule=milestone_missed").await;
    assert_eq!(alerts.each("alerts", "state"), ["resolved"]);
    api.close().await;
}
