//! The quality of records over HTTP: each kind of question, who gets which, page by page, as a table, and what is put on record.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, cursor, request, send};
use crate::one_case::add;

const QUALITY: &str = "/api/v1/data-quality";

fn case(reference: &str, team: &str) -> Value {
    json!({
        "reference": reference, "team": team, "recorded_on": "2026-06-01", "started_on": "2026-06-01",
        "children": [{"reference": "K-1", "date_of_birth": "2019-07-03"}],
    })
}

fn with(mut case: Value, facts: &Value) -> Value {
    for (field, value) in facts.as_object().expect("an object") {
        case[field] = value.clone();
    }
    case
}

/// In the east one case of each kind but one that is contradictory twice, in the west a birth that is not recorded, one whose
/// reference begins a formula and is restricted, and one of no team; all is recorded on 15 June. C-9 is concluded, C-8 is in order.
pub async fn caseload() -> Api {
    let api = Api::new().await;
    for document in [
        with(case("C-1", "east"), &json!({"children": []})),
        with(case("C-2", "east"), &json!({"lbp_sent_on": "2026-05-28", "fgdm_offered": true})),
        case("C-3", "east"),
        with(case("C-4", "east"), &json!({"started_on": "2026-05-04"})),
        case("C-5", "east"),
        with(case("C-6", "west"), &json!({"children": [{"reference": "K-6", "expected_delivery_on": "2026-06-08"}]})),
        with(case("=C-7", "west"), &json!({"children": [], "restricted": true})),
        case("C-8", "west"),
        with(case("C-9", "west"), &json!({"children": [], "closed_on": "2026-06-08"})),
    ] {
        add(&api, &document).await;
    }
    let nobodys = json!({"reference": "C-0", "recorded_on": "2026-06-01"});
    add(&api, &nobodys).await;
    // What is recorded is of this morning; what the history says of C-4 is not.
    api.sql(
        "ALTER TABLE case_history DISABLE TRIGGER USER;
        UPDATE case_history SET changed_at = '2026-06-15T08:00Z';
        UPDATE case_history SET changed_at = '2026-05-12T08:00Z' WHERE case_reference = 'C-4';
        UPDATE case_history SET source = 'import north: cases.csv' WHERE case_reference = 'C-3';
        ALTER TABLE case_history ENABLE TRIGGER USER;
        INSERT INTO source_cases (source, case_reference, said, derived, said_at, vanished_at) VALUES
            ('north', 'C-2', '{\"started_on\": \"2026-06-02\"}', '{}', '2026-06-01T08:00Z', NULL),
            ('north', 'C-3', '{\"started_on\": \"2026-06-01\"}', '{\"started_on\": \"from the first meeting\"}', '2026-06-01T08:00Z', NULL),
            ('south', 'C-5', '{\"started_on\": \"2026-06-01\"}', '{}', '2026-06-01T08:00Z', '2026-06-10T08:00Z'),
            ('south', 'C-9', '{\"started_on\": \"2026-06-02\"}', '{}', '2026-06-01T08:00Z', '2026-06-10T08:00Z')",
    )
    .await;
    api
}

/// Each question: its case, kind and field, and since when.
fn asked(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let questions = answer.body["questions"].as_array().expect("a list");
    let text = |question: &Value, field: &str| question[field].as_str().unwrap_or("-").to_owned();
    let words = |question: &Value| ["case", "kind", "field", "since_on"].map(|field| text(question, field)).join(" ");
    questions.iter().map(words).collect()
}

async fn as_table(api: &Api, token: &str, uri: &str) -> Answer {
    let mut request = request("GET", uri, Some(token));
    request.headers_mut().insert("accept", "text/csv".parse().expect("it is a header"));
    send(&api.router, request).await
}

const EVERYTHING: [&str; 10] = [
    "C-0 missing started_on 2026-06-01",
    "C-0 missing team -",
    "C-1 missing children -",
    "C-2 contradictory lbp_sent_on 2026-06-01",
    "C-2 contradictory started_on -",
    "C-3 derived started_on 2026-06-15",
    "C-4 stale  2026-05-12",
    "C-5 vanished  2026-06-10",
    "=C-7 missing children -",
    "C-6 missing birth -",
];

#[tokio::test]
async fn each_kind_is_asked_by_team_and_counted() {
    let api = caseload().await;
    let token = api.token().await;
    let answer = api.get(&token, QUALITY).await;
    assert_eq!(asked(&answer), EVERYTHING);
    let totals = |team: Option<&str>, [cases, asked, missing, contradictory, derived, stale, vanished]: [u32; 7]| {
        json!({"team": team, "cases": cases, "cases_with_questions": asked, "missing": missing, "contradictory": contradictory,
            "derived": derived, "stale": stale, "vanished": vanished})
    };
    let expected = [
        totals(None, [1, 1, 2, 0, 0, 0, 0]),
        totals(Some("east"), [5, 5, 1, 2, 1, 1, 1]),
        totals(Some("west"), [3, 2, 2, 0, 0, 0, 0]),
    ];
    assert_eq!(answer.body["teams"], json!(expected));
    assert_eq!((&answer.body["on"], &answer.body["next_cursor"]), (&json!("2026-06-15"), &Value::Null));
    assert_eq!(answer.header("vary"), "Accept");
    let derived = &answer.body["questions"][5];
    assert_eq!(derived["message"], "The source north does not give it; it was worked out: from the first meeting");
    assert_eq!(
        (&derived["fix"], &derived["sources"]),
        (&json!("Give it in the source north, or record it"), &json!(["north"]))
    );
    for birth in ["2026-06-08", "2026-06-09", "2019-07-03"] {
        assert!(!answer.body.to_string().contains(birth), "{birth}");
    }
    api.close().await;
}

#[tokio::test]
async fn a_date_is_derived_only_while_it_stands_as_the_import_recorded_it() {
    let api = caseload().await;
    let token = api.token().await;
    api.sql("UPDATE cases SET started_on = '2026-06-02' WHERE reference = 'C-3'; UPDATE cases SET started_on = '2026-06-01' WHERE reference = 'C-3'")
        .await;
    let answer = api.get(&token, &format!("{QUALITY}?kind=derived")).await;
    assert_eq!(asked(&answer), [""; 0], "somebody else has confirmed it");
    api.close().await;
}

#[rstest::rstest]
#[case::team("team=west", &["=C-7 missing children -", "C-6 missing birth -"], 1)]
#[case::kind("kind=stale", &["C-4 stale  2026-05-12"], 3)]
#[case::source("source=south", &["C-5 vanished  2026-06-10"], 3)]
#[case::both("source=north&kind=contradictory", &["C-2 contradictory lbp_sent_on 2026-06-01", "C-2 contradictory started_on -"], 3)]
#[case::none("team=nowhere", &[], 0)]
#[tokio::test]
async fn filters_narrow_it(#[case] query: &str, #[case] expected: &[&str], #[case] teams: usize) {
    let api = caseload().await;
    let token = api.token().await;
    let answer = api.get(&token, &format!("{QUALITY}?{query}")).await;
    assert_eq!(asked(&answer), expected);
    assert_eq!(answer.body["teams"].as_array().map(Vec::len), Some(teams));
    api.close().await;
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let api = caseload().await;
    let token = api.token().await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    for _ in 0..EVERYTHING.len() {
        let page = api.get(&token, &format!("{QUALITY}?limit=3{after}")).await;
        seen.extend(asked(&page));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        after = format!("&cursor={next}");
    }
    assert_eq!(seen, EVERYTHING);
    let wrong = api.get(&token, &format!("{QUALITY}?cursor={}&kind=x&limit=0", cursor("[1]"))).await;
    assert_eq!(wrong.wrong_parameters(), ["cursor", "kind", "limit"]);
    let table = as_table(&api, &token, &format!("{QUALITY}?limit=3")).await;
    assert_eq!(table.wrong_parameters(), ["limit"], "a table is whole");
    api.close().await;
}

#[rstest::rstest]
#[case::one_team(&["west"], true, &["=C-7 missing children -", "C-6 missing birth -"])]
#[case::not_cleared(&["west"], false, &["C-6 missing birth -"])]
#[case::another_team(&["south"], true, &[])]
#[tokio::test]
async fn a_token_gets_only_what_exists_for_it(#[case] teams: &[&str], #[case] cleared: bool, #[case] expected: &[&str]) {
    let api = caseload().await;
    let token = api.token_for(teams, cleared).await;
    let answer = api.get(&token, QUALITY).await;
    assert_eq!(asked(&answer), expected);
    let cases: u64 = answer.body["teams"].as_array().expect("a list").iter().filter_map(|team| team["cases"].as_u64()).sum();
    assert_eq!(cases, if teams == ["west"] { 2 + u64::from(cleared) } else { 0 });
    api.close().await;
}

#[tokio::test]
async fn the_table_holds_every_question_and_no_formula() {
    let api = caseload().await;
    let token = api.token().await;
    let answer = as_table(&api, &token, &format!("{QUALITY}?team=west")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"data-quality-2026-06-15.csv\"");
    assert_eq!(
        answer.page(),
        "team,case,kind,field,since_on,message,fix,sources\r\n\
        west,'=C-7,missing,children,,No child is recorded,Record the children of the case,\r\n\
        west,C-6,missing,birth,,The record of a child lacks a date that it should hold by now,Record what is missing,\r\n"
    );
    api.close().await;
}

#[tokio::test]
async fn each_case_in_an_answer_is_put_on_record_once() {
    let api = caseload().await;
    let token = api.token().await;
    api.get(&token, &format!("{QUALITY}?limit=5")).await;
    let on_record =
        "SELECT count(*) FROM api_audit WHERE route = '/api/v1/data-quality' AND case_reference IN ('C-0', 'C-1', 'C-2')";
    assert_eq!(api.count(on_record).await, 3);
    assert_eq!(api.count("SELECT count(*) FROM api_audit").await, 3, "nobody has seen the others");
    api.close().await;
}
