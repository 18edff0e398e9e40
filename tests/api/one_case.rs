//! One case: its facts, what the rules make of them, and its alerts.

use axum::http::StatusCode;
use plo_drift::exchange::document::{self, Reading};
use plo_drift::store::record::{ToRecord, name_caller, record};
use serde_json::{Value, json};

use crate::fixture::{Api, day, now, request, send};

/// Records a case, as a document has it.
pub async fn add(api: &Api, document: &Value) {
    let case = document::read(document, Reading::RecordedOn(day("2026-06-15"))).expect("the document is right");
    let document = document::write(&case);
    let mut transaction = api.database.pool.begin().await.expect("a connection is free");
    let to_record = ToRecord { case: &case, document: &document, source: "a test" };
    name_caller(&mut transaction, "a test", now()).await.expect("the caller can be named");
    record(&mut transaction, &to_record).await.expect("the case can be recorded");
    transaction.commit().await.expect("it can be committed");
}

pub fn drifting() -> Value {
    json!({
        "reference": "C-1/é", "family_reference": "F-1", "team": "east", "recorded_on": "2026-02-02", "started_on": "2026-02-02",
        "lbp_sent_on": "2026-02-06", "fgdm_offered": true,
        "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}],
        "meetings": [
            {"sequence": 1, "kind": "initial", "planned_on": "2026-02-20", "held_on": "2026-02-24"},
            {"sequence": 2, "kind": "review", "planned_on": "2026-03-31"},
        ],
        "assessments": [{"sequence": 1, "kind": "parenting", "commissioned_on": "2026-02-20", "due_on": "2026-05-01"}],
        "extensions": [{
            "sequence": 1, "requested_on": "2026-05-18", "decision": "approved", "decided_on": "2026-05-20",
            "new_end_on": "2026-06-29", "approved_by_grade": "team_manager", "rationale_recorded": true,
        }],
        "engagement": [
            {"on": "2026-03-02", "attended": true, "person": "mother"},
            {"on": "2026-05-04", "attended": false, "person": "mother"},
            {"on": "2026-05-11", "attended": false, "person": "mother"},
        ],
        "oversight": [{"on": "2026-03-16", "kind": "management_oversight", "rationale_recorded": true}],
        "allocations": [{"from_on": "2026-02-02", "worker": "W-1"}],
    })
}

#[tokio::test]
async fn one_case_says_everything() {
    let api = Api::new().await;
    let token = api.token().await;
    add(&api, &drifting()).await;
    for (number, rule, state, opened_at, resolved_at) in [
        (1, "time_limit", "resolved", "2026-05-26T08:00Z", "'2026-05-27T08:00Z'"),
        (2, "oversight_gap", "open", "2026-05-26T08:00Z", "NULL"),
        (3, "review_gap", "acknowledged", "2026-06-01T08:00Z", "NULL"),
    ] {
        api.sql(&format!(
            "INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on, opened_at,
                turned_at, resolved_at)
            VALUES ('00000000-0000-0000-0000-00000000000{number}', 'C-1/é', '{rule}', '', 'red', '{state}', 'Evidence',
                '2026-05-26', '2026-05-26', '{opened_at}', '{opened_at}', {resolved_at})"
        ))
        .await;
    }
    let answer = api.get(&token, "/api/v1/cases/C-1%2F%C3%A9").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!(answer.body);
    api.close().await;
}

#[tokio::test]
async fn a_case_that_has_not_started_says_what_there_is() {
    let api = Api::new().await;
    let token = api.token().await;
    add(&api, &json!({"reference": "C-2", "recorded_on": "2026-06-01"})).await;
    let body = api.get(&token, "/api/v1/cases/C-2").await.body;
    let part =
        |names: &[&str]| names.iter().map(|&name| (name.to_owned(), body[name].clone())).collect::<serde_json::Map<_, _>>();
    insta::assert_json_snapshot!(part(&[
        "status",
        "rag",
        "clock_start",
        "base_end",
        "end",
        "weeks_open",
        "forecast",
        "milestones",
        "findings",
        "next_change_on",
        "alerts"
    ]));
    api.close().await;
}

#[tokio::test]
async fn a_caller_who_has_the_answer_does_not_get_it_again() {
    let api = Api::new().await;
    let token = api.token().await;
    add(&api, &drifting()).await;
    let uri = "/api/v1/cases/C-1%2F%C3%A9";
    let first = api.get(&token, uri).await;
    assert_eq!(first.headers["content-type"], "application/json");
    let tag = first.headers["etag"].to_str().expect("it is text").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 131);

    let conditional = async |known: &str| {
        let mut request = request("GET", uri, Some(&token));
        request.headers_mut().insert("if-none-match", known.try_into().expect("it is a header"));
        send(&api.router, request).await
    };
    let same = conditional(&format!("\"other\", {tag}")).await;
    assert_eq!((same.status, &same.body), (StatusCode::NOT_MODIFIED, &Value::Null));
    assert_eq!(same.headers["etag"], tag.as_str());
    assert_eq!(conditional("\"other\"").await.status, StatusCode::OK);

    api.sql("UPDATE cases SET fgdm_exempt = false").await;
    let changed = conditional(&tag).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.headers["etag"], tag.as_str());

    let head = send(&api.router, request("HEAD", uri, Some(&token))).await;
    assert_eq!((head.status, &head.headers["etag"]), (StatusCode::OK, &changed.headers["etag"]));
    api.close().await;
}

#[tokio::test]
async fn a_case_that_the_token_may_not_see_does_not_exist() {
    let api = Api::new().await;
    add(&api, &json!({"reference": "C-1", "team": "east"})).await;
    add(&api, &json!({"reference": "C-2", "team": "east", "restricted": true})).await;
    add(&api, &json!({"reference": "C-3"})).await;
    for (teams, may_see_restricted, expected) in [
        (&[] as &[&str], true, [200, 200, 200, 404]),
        (&[], false, [200, 404, 200, 404]),
        (&["east"], true, [200, 200, 404, 404]),
        (&["east"], false, [200, 404, 404, 404]),
        (&["west"], true, [404, 404, 404, 404]),
    ] {
        let token = api.token_for(teams, may_see_restricted).await;
        let mut bodies = Vec::new();
        for (reference, expected) in ["C-1", "C-2", "C-3", "C-4"].iter().zip(expected) {
            let answer = api.get(&token, &format!("/api/v1/cases/{reference}")).await;
            assert_eq!(answer.status, expected, "{reference} {teams:?} {may_see_restricted}");
            bodies.extend((expected == 404).then_some(answer.body));
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "what is hidden looks like what is not there");
    }
    api.close().await;
}
