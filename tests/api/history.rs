//! Every change of a fact, by whom and where from; and where each fact that is recorded comes from.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::fixture::{Api, cursor, request, send};
use crate::record::{document, recorder};

const CASE: &str = "/api/v1/cases/C-1";
const HISTORY: &str = "/api/v1/cases/C-1/history";

/// What a program of the council's writes at a moment.
async fn write(api: &Api, moment: &str, statements: &str) {
    api.sql(&format!("BEGIN; SELECT set_config('plo_drift.now', '{moment}', true); {statements}; COMMIT")).await;
}

/// A case that was written by SQL, put over the API by one caller, and given a fact by another.
async fn with_a_history() -> (Api, String) {
    let api = Api::new().await;
    write(
        &api,
        "2026-06-01T08:00Z",
        "SELECT set_config('plo_drift.source', 'etl', true);
        INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('C-1', 'east', '2026-06-01', '2026-05-25');
        INSERT INTO children (case_reference, reference, date_of_birth) VALUES ('C-1', 'K-1', '2020-05-01'), ('C-1', 'K/2', NULL);
        INSERT INTO engagement (case_reference, \"on\", attended, person) VALUES ('C-1', '2026-06-03', true, 'mother')",
    )
    .await;
    write(&api, "2026-06-02T08:00Z", "DELETE FROM children WHERE reference = 'K/2'").await;
    let (first, second) = (recorder(&api).await, recorder(&api).await);
    assert_eq!(api.put(&first, CASE, &[], &document()).await.status, StatusCode::OK);
    let oversight = json!({"on": "2026-06-12", "kind": "panel_review"});
    assert_eq!(api.post(&second, &format!("{CASE}/oversight"), &oversight).await.status, StatusCode::CREATED);
    (api, second)
}

/// Each change in a line: when, by whom, where from, which fact, and the fields.
fn lines(body: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = |field: &Value| format!("{} {}>{}", text(&field["field"]), text(&field["old"]), text(&field["new"]));
    let line = |change: &Value| {
        let by = text(&change["by"]);
        let by = if by.starts_with("database role ") { "sql" } else { &by };
        let fields: Vec<String> = change["fields"].as_array().expect("fields").iter().map(field).collect();
        let day = text(&change["at"])[5..10].to_owned();
        format!(
            "{day} {by} {} {}{} {}: {}",
            text(&change["source"]),
            text(&change["table"]),
            text(&change["fact"]),
            text(&change["change"]),
            fields.join(", ")
        )
    };
    body["changes"].as_array().expect("a list of changes").iter().map(line).collect()
}

#[tokio::test]
async fn every_change_is_told_the_newest_first() {
    let (api, token) = with_a_history().await;
    let answer = api.get(&token, HISTORY).await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!(lines(&answer.body));
    assert_eq!(answer.body["next_cursor"], Value::Null);
    insta::assert_json_snapshot!("one_change", answer.body["changes"][0]);
    api.close().await;
}

#[tokio::test]
async fn pages_show_each_change_once() {
    let (api, token) = with_a_history().await;
    let all = lines(&api.get(&token, HISTORY).await.body);
    for limit in [1, 3, 200] {
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = api.get(&token, &format!("{HISTORY}?limit={limit}{next}")).await;
            seen.extend(lines(&page.body));
            match page.body["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, all, "{limit} a page");
    }
    let since = |since: &str| format!("{HISTORY}?since={since}");
    assert_eq!(lines(&api.get(&token, &since("2026-06-02T08:00:00Z")).await.body), all[..all.len() - 4]);
    assert_eq!(lines(&api.get(&token, &since("2026-06-03")).await.body), all[..all.len() - 5]);
    assert_eq!(api.get(&token, &since("2026-06-16")).await.body["changes"], json!([]));
    for (query, parameter) in [("limit=0", "limit"), ("since=soon", "since"), ("cursor=00", "cursor"), ("source=api", "source")]
    {
        assert_eq!(api.get(&token, &format!("{HISTORY}?{query}")).await.wrong_parameters(), [parameter]);
    }
    let of_another_list = cursor("opened_at 1");
    assert_eq!(api.get(&token, &format!("{HISTORY}?cursor={of_another_list}")).await.wrong_parameters(), ["cursor"]);
    api.close().await;
}

#[tokio::test]
async fn a_history_that_the_caller_has_is_not_sent_again() {
    let (api, token) = with_a_history().await;
    let tag = api.get(&token, HISTORY).await.header("etag").to_owned();
    let mut again = request("GET", HISTORY, Some(&token));
    again.headers_mut().insert("if-none-match", tag.try_into().expect("it is a header"));
    assert_eq!(send(&api.router, again).await.status, StatusCode::NOT_MODIFIED);
    api.close().await;
}

#[tokio::test]
async fn the_history_of_a_case_that_is_not_there_or_out_of_sight_is_not_found() {
    let (api, token) = with_a_history().await;
    for (teams, may_see_restricted, expected) in [(&["east"] as &[&str], false, 200), (&["west"], true, 404)] {
        let reader = api.token_of(ApiRole::Reader, teams, may_see_restricted).await;
        assert_eq!(api.get(&reader, HISTORY).await.status, expected);
    }
    api.sql("UPDATE cases SET restricted = true").await;
    let uncleared = api.token_of(ApiRole::Reader, &[], false).await;
    let hidden = api.get(&uncleared, HISTORY).await;
    let absent = api.get(&uncleared, "/api/v1/cases/C-9/history").await;
    hidden.assert_problem(StatusCode::NOT_FOUND, "not-found");
    assert_eq!(hidden.body, absent.body);
    api.sql("DELETE FROM cases").await;
    api.get(&token, HISTORY).await.assert_problem(StatusCode::NOT_FOUND, "not-found");
    api.close().await;
}

/// Each fact in a line: where it stands, since when, by whom and where from.
fn origins(case: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |origin: &Value| {
        let by = text(&origin["by"]);
        let by = if by.starts_with("database role ") { "sql" } else { &by };
        format!("{} {} {by} {}", text(&origin["pointer"]), &text(&origin["at"])[5..10], text(&origin["source"]))
    };
    case["provenance"].as_array().expect("a list").iter().map(line).collect()
}

#[tokio::test]
async fn each_fact_says_since_when_it_is_as_it_is_by_whom_and_where_from() {
    let (api, token) = with_a_history().await;
    let case = api.get(&token, CASE).await.body;
    let expected = [
        "/lbp_sent_on 06-15 token 1 api",
        "/recorded_on 06-01 sql etl",
        "/restricted 06-01 sql etl",
        "/started_on 06-15 token 1 api",
        "/team 06-01 sql etl",
        "/children/0 06-01 sql etl",
        "/engagement/0 06-01 sql etl",
        "/engagement/1 06-15 token 1 api",
        "/meetings/0 06-15 token 1 api",
        "/oversight/0 06-15 token 2 api",
    ];
    assert_eq!(origins(&case), expected);
    for pointer in expected.iter().filter_map(|line| line.split(' ').next()) {
        assert!(case["facts"].pointer(pointer).is_some_and(|fact| !fact.is_null()), "{pointer}");
    }
    api.close().await;
}

#[tokio::test]
async fn what_a_document_repeats_keeps_who_recorded_it() {
    let (api, token) = with_a_history().await;
    let mut facts = api.get(&token, CASE).await.body["facts"].clone();
    let before = origins(&api.get(&token, CASE).await.body);
    facts["engagement"].as_array_mut().expect("a list").push(json!({"on": "2026-06-12", "attended": true}));
    facts["letter_of_issue_on"] = json!("2026-06-12");
    assert_eq!(api.put(&token, CASE, &[], &facts).await.status, StatusCode::OK);
    let after = origins(&api.get(&token, CASE).await.body);
    let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!(new, ["/letter_of_issue_on 06-15 token 2 api", "/engagement/2 06-15 token 2 api"]);
    assert!(before.iter().all(|line| after.contains(line)));
    api.close().await;
}

#[tokio::test]
async fn an_entry_that_gets_another_key_is_the_same_entry() {
    let (api, token) = with_a_history().await;
    write(&api, "2026-06-15T10:00Z", "UPDATE children SET reference = 'K-9'; UPDATE meetings SET sequence = 9").await;
    let case = api.get(&token, CASE).await.body;
    let changed: Vec<String> = origins(&case).into_iter().filter(|line| line.ends_with("06-15 sql null")).collect();
    assert_eq!(changed, ["/children/0 06-15 sql null", "/meetings/0 06-15 sql null"]);
    let newest = &lines(&api.get(&token, HISTORY).await.body)[0];
    assert_eq!(newest, "06-15 sql null meetings/meetings/sequence=9 changed: sequence 1>9");
    api.close().await;
}

#[tokio::test]
async fn nobody_else_writes_in_the_name_of_a_caller() {
    let (api, token) = with_a_history().await;
    api.sql(
        "BEGIN; SET LOCAL SESSION AUTHORIZATION pg_write_all_data; SELECT set_config('plo_drift.actor', 'token 1', true);
        UPDATE cases SET fgdm_offered = true; COMMIT",
    )
    .await;
    let newest = &api.get(&token, HISTORY).await.body["changes"][0];
    assert_eq!(newest["by"], "database role pg_write_all_data");
    api.close().await;
}
