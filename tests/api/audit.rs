//! Who read and changed what is on record, and an answer that cannot be put on record is not given.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::acknowledge;
use crate::fixture::{Api, Watched, alert_id, open_alert};
use crate::visit::Visit;

/// What is on record, newest first: who, what, of which case, with which answer.
async fn recorded(api: &Api, admin: &str, filter: &str) -> Vec<String> {
    let answer = api.get(admin, &format!("/api/v1/audit{filter}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let line = |request: &Value| {
        let text = |field: &str| request[field].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {} {}", text("actor"), text("method"), text("route"), text("case"), request["status"])
    };
    answer.body["requests"].as_array().expect("a list").iter().map(line).collect()
}

async fn with_cases() -> (Api, String) {
    let api = Api::new().await;
    let hidden = Watched { restricted: true, ..Watched::new("C-2") };
    api.add(&[Watched::new("C-1"), hidden, Watched { team: Some("west"), ..Watched::new("C-3") }]).await;
    api.sql(&open_alert(1, "C-1", "red")).await;
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    (api, admin)
}

#[tokio::test]
async fn who_read_and_changed_a_case_is_on_record_and_what_was_refused_or_listed_is_not() {
    let (api, admin) = with_cases().await;
    let reader = api.token().await;
    let chair = api.token_of(ApiRole::Chair, &[], false).await;
    let first = api.get(&reader, "/api/v1/cases/C-1").await;
    let same = axum::http::Request::builder().uri("/api/v1/cases/C-1").header("authorization", format!("Bearer {reader}"));
    let same = same.header("if-none-match", &first.headers["etag"]).body(axum::body::Body::empty()).expect("a request");
    assert_eq!(crate::fixture::send(&api.router, same).await.status, StatusCode::NOT_MODIFIED);
    api.get(&reader, "/api/v1/cases").await;
    api.get(&chair, "/api/v1/cases/C-2").await;
    api.get(&reader, "/api/v1/cases/C-1/explain").await;
    api.get(&reader, &format!("/api/v1/alerts/{}", alert_id(1))).await;
    let body = json!({"action": "Hold the review", "owner": "Team manager", "review_on": "2026-06-20"});
    let acknowledge = format!("/api/v1/alerts/{}/acknowledge", alert_id(1));
    assert_eq!(api.post(&reader, &acknowledge, &body).await.status, StatusCode::FORBIDDEN);
    assert_eq!(api.post(&chair, &acknowledge, &body).await.status, StatusCode::OK);
    let expected = [
        "token 3 POST /api/v1/alerts/{id}/acknowledge C-1 200",
        "token 2 GET /api/v1/alerts/{id} C-1 200",
        "token 2 GET /api/v1/cases/{reference}/explain C-1 200",
        "token 2 GET /api/v1/cases/{reference} C-1 304",
        "token 2 GET /api/v1/cases/{reference} C-1 200",
    ];
    assert_eq!(recorded(&api, &admin, "").await, expected);
    assert_eq!(recorded(&api, &admin, "?actor=token%203").await, expected[..1]);
    assert_eq!(recorded(&api, &admin, &format!("?alert={}", alert_id(1))).await, expected[..2]);
    assert_eq!(recorded(&api, &admin, "?case=C-2").await, Vec::<String>::new());
    api.get(&reader, "/api/v1/alerts").await;
    assert_eq!(recorded(&api, &admin, "?case=C-1").await[0], "token 2 GET /api/v1/alerts C-1 200");
    assert_eq!(recorded(&api, &admin, "?since=2026-06-16").await, Vec::<String>::new());
    api.close().await;
}

#[tokio::test]
async fn the_record_has_pages_and_shows_no_case_that_does_not_exist_for_its_reader() {
    let (api, admin) = with_cases().await;
    for case in ["C-1", "C-2", "C-3", "C-1"] {
        api.get(&admin, &format!("/api/v1/cases/{case}")).await;
    }
    let east = api.token_of(ApiRole::Admin, &["east"], false).await;
    assert_eq!(recorded(&api, &east, "").await.len(), 2);
    assert_eq!(recorded(&api, &admin, "").await.len(), 4);
    let page = api.get(&admin, "/api/v1/audit?limit=3").await;
    let cursor = page.body["next_cursor"].as_str().expect("there is more");
    assert_eq!(recorded(&api, &admin, &format!("?limit=3&cursor={cursor}")).await.len(), 1);
    let chair = api.token_of(ApiRole::Chair, &[], true).await;
    assert_eq!(api.get(&chair, "/api/v1/audit").await.status, StatusCode::FORBIDDEN);
    assert_eq!(api.get(&admin, "/api/v1/audit?alert=1&actor=").await.wrong_parameters(), ["actor", "alert"]);
    api.close().await;
}

#[tokio::test]
async fn whoever_acknowledges_by_a_link_is_on_record_and_whoever_only_opens_it_is_not() {
    let api = acknowledge::mailed().await;
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    let link = acknowledge::link(&api, 1).await;
    assert_eq!(acknowledge::open(&api, &link).await.status, StatusCode::OK);
    assert_eq!(acknowledge::answer(&api, &link, "action=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(recorded(&api, &admin, "").await, Vec::<String>::new());
    let form = "action=Hold+the+review&owner=Team+manager&review_on=2026-06-22";
    assert_eq!(acknowledge::answer(&api, &link, form).await.status, StatusCode::SEE_OTHER);
    let expected = ["recipient 1 POST /acknowledge/{token} C-1 303"];
    assert_eq!(recorded(&api, &admin, &format!("?alert={}", alert_id(1))).await, expected);
    api.close().await;
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_shown() {
    let (api, admin) = with_cases().await;
    api.sql("ALTER TABLE api_audit RENAME TO elsewhere").await;
    let answer = api.get(&admin, "/api/v1/cases/C-1").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.body);
    assert_eq!(answer.body["facts"], Value::Null);
    assert_eq!(api.get(&admin, "/api/v1/cases").await.status, StatusCode::OK);
    let chair = Visit::chair(&api).await;
    for (to, fields) in [("more-time", [("more_time", "snooze")]), ("snooze", [("reason", "")])] {
        let answer = chair.send(&format!("/alerts/{}/{to}", alert_id(1)), &fields).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{to}");
        assert!(!answer.page().contains("C-1"), "{to}: {}", answer.page());
    }
    api.sql("ALTER TABLE elsewhere RENAME TO api_audit").await;
    for statement in ["UPDATE api_audit SET actor = 'x'", "DELETE FROM api_audit", "TRUNCATE api_audit"] {
        let done = sqlx::raw_sql(statement).execute(&api.database.pool).await;
        assert!(done.is_err(), "{statement}");
    }
    api.close().await;
}
