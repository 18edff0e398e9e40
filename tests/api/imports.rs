//! `POST /imports`: the command's import over HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, now, post, request, router_within, send, wide};

const IMPORTS: &str = "/api/v1/imports";
const TRACKER: &str =
    "reference,team,started_on,lbp_sent_on\nA,north,05/01/2026,\nB,south,31/02/2026,\nC,south,2026-02-02,09/02/2026\n";

fn import(uri: &str, token: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = post(uri, kind, body);
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    request
}

async fn csv(api: &Api, token: &str, query: &str, text: &str) -> Answer {
    send(&api.router, import(&format!("{IMPORTS}{query}"), token, "text/csv; charset=utf-8", text.to_owned())).await
}

#[tokio::test]
async fn a_tracker_goes_in_and_the_answer_is_the_report() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    let tried = csv(&api, &token, "?dry_run=true&source=north", TRACKER).await;
    assert_eq!(tried.status, StatusCode::OK);
    assert_eq!(api.count("SELECT count(*) FROM cases").await, 0);

    let done = csv(&api, &token, "?source=north", TRACKER).await;
    let mut expected = tried.body;
    expected["dry_run"] = json!(false);
    assert_eq!(done.body, expected, "the rehearsal said what was done");
    insta::assert_json_snapshot!(done.body);

    let case = api.get(&token, "/api/v1/cases/C").await;
    let origin = case.body["provenance"].as_array().expect("a list").iter().find(|fact| fact["pointer"] == "/started_on");
    let origin = origin.expect("it is known where the start comes from");
    assert_eq!((&origin["source"], &origin["derived"]), (&json!("import north: api"), &Value::Null));
    assert!(origin["by"].as_str().is_some_and(|by| by.starts_with("token ")), "{origin}");
    assert_eq!(case.body["sources"], json!([{"name": "north", "said_at": now(), "vanished_at": null, "conflicts": []}]));
    api.close().await;
}

#[tokio::test]
async fn entries_of_a_list_and_case_documents_go_in_too() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    csv(&api, &token, "", "reference\nA\n").await;
    let meetings = csv(&api, &token, "?list=meetings", "reference,kind,held_on\nA,initial,20/01/2026\n").await;
    assert_eq!((&meetings.body["cases"]["changed"], &meetings.body["rows"]["taken"]), (&json!(1), &json!(1)));

    let documents = json!([{"reference": "A", "team": "north"}, {"reference": "D", "started": "2026-01-05"}]).to_string();
    let answer = send(&api.router, import(IMPORTS, &token, "application/json", documents)).await;
    assert_eq!(answer.body["cases"], json!({"new": 0, "changed": 1, "unchanged": 0, "refused": 1, "vanished": 0}));
    assert_eq!(answer.body["lines"][0]["column"], "/started");
    assert_eq!(api.count("SELECT count(*) FROM meetings").await, 1, "another source's entries stand");
    api.close().await;
}

#[tokio::test]
async fn what_somebody_recorded_in_between_stands_and_is_shown_as_a_conflict() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    csv(&api, &token, "?source=north", TRACKER).await;
    let recorded = json!({"team": "south", "started_on": "2026-02-02", "lbp_sent_on": "2026-02-16"});
    assert_eq!(api.put(&token, "/api/v1/cases/C", &[], &recorded).await.status, StatusCode::OK);
    let again = csv(&api, &token, "?source=north", TRACKER).await;
    let asked = again.body["lines"].as_array().expect("lines").iter().find(|line| line["code"] == "conflict").expect("it asks");
    assert_eq!((&asked["case"], &asked["verdict"]), (&json!("C"), &json!("queried")));
    let case = api.get(&token, "/api/v1/cases/C").await;
    assert_eq!(case.body["facts"]["lbp_sent_on"], "2026-02-16");
    assert_eq!(case.body["sources"][0]["conflicts"], json!(["lbp_sent_on"]));
    assert_eq!(api.count("SELECT count(*) FROM api_audit WHERE route = '/api/v1/imports' AND case_reference = 'C'").await, 1);
    api.close().await;
}

#[tokio::test]
async fn a_token_records_only_what_it_may_see() {
    let api = Api::new().await;
    let everything = api.token_of(ApiRole::Recorder, &[], false).await;
    csv(&api, &everything, "?source=north", "reference,team\nA,north\nB,south\n").await;
    let token = api.token_of(ApiRole::Recorder, &["south"], false).await;
    let answer = csv(&api, &token, "?source=north", "reference,team\nA,south\nB,north\n").await;
    let codes = answer.each("lines", "code");
    assert_eq!(codes, ["not_allowed", "not_allowed"]);
    assert_eq!(api.count("SELECT count(*) FROM cases WHERE team = 'north'").await, 1);
    assert_eq!(csv(&api, &token, "?source=north", "reference\nB\n").await.body["cases"]["vanished"], 0);

    let reader = api.token_of(ApiRole::Reader, &[], false).await;
    csv(&api, &reader, "", "reference\nX\n").await.assert_problem(StatusCode::FORBIDDEN, "forbidden");
    api.close().await;
}

#[rstest::rstest]
#[case::an_unknown_column("text/csv", "", "reference,lpb_sent_on\nA,2026-01-05\n", "/columns/lpb_sent_on")]
#[case::no_reference("text/csv", "", "team\nnorth\n", "/columns/reference")]
#[case::a_quote("text/csv", "", "reference\n\"A\n", "/rows/2")]
#[case::a_workbook("text/csv", "", "PK\u{3}\u{4}", "")]
#[case::no_array("application/json", "", "{\"reference\": \"A\"}", "")]
#[tokio::test]
async fn a_body_that_is_not_understood_is_refused_whole(
    #[case] kind: &str,
    #[case] query: &str,
    #[case] body: &'static str,
    #[case] place: &str,
) {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    let answer = send(&api.router, import(&format!("{IMPORTS}{query}"), &token, kind, body)).await;
    answer.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "wrong-fields");
    assert!(answer.wrong_fields()[0].starts_with(place), "{:?}", answer.wrong_fields());
    assert_eq!(api.count("SELECT count(*) FROM case_history").await, 0);
    api.close().await;
}

#[tokio::test]
async fn other_types_parameters_and_sizes_are_refused() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    let answer = send(&api.router, import(IMPORTS, &token, "application/json", "[{]")).await;
    answer.assert_problem(StatusCode::BAD_REQUEST, "malformed-body");
    let answer = send(&api.router, import(IMPORTS, &token, "application/zip", "x")).await;
    answer.assert_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
    for query in ["?list=visits", "?dry_run=perhaps", "?mapping=x"] {
        assert_eq!(csv(&api, &token, query, "reference\nA\n").await.wrong_parameters().len(), 1, "{query}");
    }
    let answer = send(&api.router, import(&format!("{IMPORTS}?list=meetings"), &token, "application/json", "[]")).await;
    assert_eq!(answer.wrong_parameters().len(), 1);

    // Larger than other bodies may be, and not larger than an import may.
    let large = format!("reference\nA\n{}", "\n".repeat(2 * 1024 * 1024));
    assert_eq!(csv(&api, &token, "", &large).await.status, StatusCode::OK);
    let put = import("/api/v1/cases/A", &token, "application/json", large.clone());
    let (mut parts, body) = put.into_parts();
    parts.method = "PUT".parse().expect("a method");
    send(&api.router, Request::from_parts(parts, body)).await.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    let narrow = router_within(plo_drift::api::gate::RequestLimits { import_bytes: 1024, ..wide() }, api.served.clone());
    let answer = send(&narrow, import(IMPORTS, &token, "text/csv", large)).await;
    answer.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    assert_eq!(send(&api.router, request("GET", IMPORTS, Some(&token))).await.status, StatusCode::METHOD_NOT_ALLOWED);
    api.close().await;
}

#[tokio::test]
async fn a_date_that_was_worked_out_is_shown_as_such_until_somebody_records_another() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    api.sql(
        r#"SET plo_drift.source = 'import ssd: ssd_pre_proceedings.csv';
        INSERT INTO cases (reference, team, started_on) VALUES ('D', 'north', '2026-01-05');
        RESET plo_drift.source;
        INSERT INTO source_cases (source, case_reference, said, derived, said_at) VALUES
            ('ssd', 'D', '{"team": "north", "started_on": "2026-01-05"}', '{"started_on": "the first meeting stands in"}', now())"#,
    )
    .await;
    let derived = |answer: &Answer| -> Vec<Value> {
        let facts = answer.body["provenance"].as_array().expect("a list").iter().filter(|fact| !fact["derived"].is_null());
        facts.map(|fact| json!([fact["pointer"], fact["derived"]])).collect()
    };
    let case = api.get(&token, "/api/v1/cases/D").await;
    assert_eq!(derived(&case), [json!(["/started_on", "the first meeting stands in"])]);
    assert_eq!(case.body["sources"][0]["conflicts"], json!([]));

    let recorded = json!({"team": "north", "started_on": "2026-01-02"});
    let case = api.put(&token, "/api/v1/cases/D", &[], &recorded).await;
    assert_eq!(derived(&case), Vec::<Value>::new());
    assert_eq!(case.body["sources"][0]["conflicts"], json!(["started_on"]));
    api.close().await;
}
