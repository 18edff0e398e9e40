//! The agenda of the next panel meeting: what it says of each case, who may read it, and as what.

use axum::http::{Request, StatusCode};
use plo_drift::clock::Clock;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, request, router_of, send};
use crate::one_case::add;

const AGENDA: &str = "/api/v1/panel";

/// Started on 5 January 2026 and extended twice, to 8 June, a week ago; much else is behind. Its final review is planned.
fn overdue() -> Value {
    json!({
        "reference": "C-1", "team": "east", "recorded_on": "2026-01-05", "started_on": "2026-01-05", "lbp_sent_on": "2026-01-09",
        "meetings": [
            {"sequence": 1, "kind": "initial", "planned_on": "2026-01-23", "held_on": "2026-01-23"},
            {"sequence": 2, "kind": "review", "planned_on": "2026-05-20", "held_on": "2026-05-20"},
            {"sequence": 3, "kind": "final_review", "planned_on": "2026-06-22"},
        ],
        "assessments": [
            {"sequence": 1, "kind": "parenting", "commissioned_on": "2026-01-23", "due_on": "2026-06-01"},
            {"sequence": 2, "kind": "connected_persons", "commissioned_on": "2026-01-23", "received_on": "2026-04-01"},
        ],
        "extensions": [
            {"sequence": 1, "requested_on": "2026-04-13", "decision": "approved", "decided_on": "2026-04-20", "new_end_on": "2026-05-18",
                "approved_by_grade": "service_manager", "rationale_recorded": true},
            {"sequence": 2, "requested_on": "2026-05-11", "decision": "approved", "decided_on": "2026-05-15", "new_end_on": "2026-06-08",
                "approved_by_grade": "team_manager"},
            {"sequence": 3, "requested_on": "2026-06-12", "decision": "pending"},
        ],
        "engagement": [
            {"on": "2026-06-03", "attended": false, "person": "mother"},
            {"on": "2026-06-10", "attended": false, "person": "mother"},
        ],
        "oversight": [{"on": "2026-04-29", "kind": "panel_review", "rationale_recorded": true},
            {"on": "2026-05-27", "kind": "management_oversight", "rationale_recorded": true}],
    })
}

/// Decided to issue long ago; no team.
fn not_issued() -> Value {
    json!({
        "reference": "C-2", "recorded_on": "2026-01-05", "started_on": "2026-03-02", "lbp_sent_on": "2026-03-06",
        "step_decision_on": "2026-05-05", "outcome": "issue",
        "oversight": [{"on": "2026-06-01", "kind": "management_oversight", "rationale_recorded": true}],
    })
}

/// An expected birth ends the period, restricted; and what is recorded begins formulas.
fn restricted() -> Value {
    json!({
        "reference": "+C-3", "team": "=west", "restricted": true, "recorded_on": "2026-05-01", "started_on": "2026-05-11",
        "lbp_sent_on": "2026-05-15", "children": [{"reference": "K-1", "expected_delivery_on": "2026-07-06"}],
        "meetings": [{"sequence": 1, "kind": "initial", "held_on": "2026-05-26"}],
        "assessments": [{"sequence": 1, "kind": "parenting", "commissioned_on": "2026-05-26", "due_on": "2026-08-03"}],
    })
}

/// Nothing is wrong with it.
fn going_well() -> Value {
    json!({"reference": "C-4", "team": "east", "recorded_on": "2026-06-10", "started_on": "2026-06-10"})
}

/// The cases as the sweep left them this morning, in the order of their risk: C-1, C-2, +C-3.
pub async fn agenda() -> Api {
    let api = Api::new().await;
    for (document, rag, reds) in
        [(overdue(), "red", 3), (not_issued(), "red", 2), (restricted(), "red", 1), (going_well(), "green", 0)]
    {
        add(&api, &document).await;
        let (reference, status) =
            (&document["reference"], if document["outcome"] == "issue" { "decided_issue" } else { "open" });
        api.sql(&format!(
            "UPDATE case_watch SET looked_at = now(), looked_on = '2026-06-15', status = '{status}', rag = '{rag}', reds = {reds}
            WHERE case_reference = '{}'",
            reference.as_str().expect("a text")
        ))
        .await;
    }
    api.sql(
        "INSERT INTO recipients (name, email, role) VALUES ('A chair', 'chair@council.example', 'legal_gateway_chair');
        INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on, opened_at, turned_at,
            next_rung_on, next_rung_role, next_rung_deliver, resolved_at)
        SELECT ('00000000-0000-0000-0000-00000000000' || number)::uuid, 'C-1', rule, '', severity, state, 'Evidence', '2026-06-09',
            '2026-06-09', '2026-06-09T08:00Z', '2026-06-09T08:00Z', rung_on, role, deliver, resolved_at
        FROM (VALUES
            (1, 'time_limit', 'red', 'open', date '2026-06-16', 'head_of_service', 'immediate', NULL::timestamptz),
            (2, 'missed_engagement', 'amber', 'acknowledged', NULL, NULL, NULL, NULL),
            (3, 'decision_overdue', 'amber', 'resolved', NULL, NULL, NULL, '2026-06-10T08:00Z')
        ) AS made (number, rule, severity, state, rung_on, role, deliver, resolved_at);
        INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on)
        VALUES ('00000000-0000-0000-0000-000000000002', 'acknowledged', '2026-06-11T09:00Z', '2026-06-11', 1, 'A word typed',
            'Somebody', '2026-06-18');
        INSERT INTO messages (id, recipient_id, kind, created_at) VALUES (gen_random_uuid(), 1, 'alert', '2026-06-09T08:00Z');
        INSERT INTO message_alerts (message_id, alert_id, severity, role)
        SELECT id, '00000000-0000-0000-0000-000000000001', 'red', 'legal_gateway_chair' FROM messages",
    )
    .await;
    api
}

async fn accepting(api: &Api, token: &str, uri: &str, accept: &str) -> Answer {
    let mut request = request("GET", uri, Some(token));
    request.headers_mut().insert("accept", accept.try_into().expect("it is a header"));
    send(&api.router, request).await
}

#[tokio::test]
async fn each_case_at_risk_comes_with_the_question_and_the_facts_for_it() {
    let api = agenda().await;
    let token = api.token().await;
    let answer = api.get(&token, AGENDA).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["vary"], "Accept");
    assert!(!answer.body.to_string().contains("A word typed"));
    insta::assert_json_snapshot!(answer.body);
    api.close().await;
}

#[tokio::test]
async fn the_table_says_the_same_and_holds_no_formula() {
    let api = agenda().await;
    let token = api.token().await;
    let answer = accepting(&api, &token, AGENDA, "text/csv").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"panel-2026-06-17.csv\"");
    assert_eq!(answer.headers["vary"], "Accept");
    assert_eq!(answer.page().matches("\r\n").count(), 4, "a header and three rows");
    assert_eq!(answer.page().matches('\n').count(), 4, "no line ends otherwise");

    let mut reader = csv::Reader::from_reader(answer.page().as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("it is a table");
    let agenda = api.get(&token, AGENDA).await;
    let references: Vec<&str> = rows.iter().map(|row| &row[1]).collect();
    assert_eq!(references, ["C-1", "C-2", "'+C-3"]);
    assert_eq!(agenda.each("cases", "reference"), ["C-1", "C-2", "+C-3"]);
    assert_eq!(&rows[2][2], "'=west");
    let cells = rows.iter().flat_map(csv::StringRecord::iter);
    assert!(cells.clone().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
    assert!(cells.clone().count() > 60);
    insta::assert_snapshot!(answer.page().replace("\r\n", "\n"));
    api.close().await;
}

#[rstest::rstest]
#[case::none("", "C-1 C-2 +C-3")]
#[case::a_team("?team=east", "C-1")]
#[case::no_such_team("?team=north", "")]
#[case::a_question("?question=apply_to_court", "C-2")]
#[case::another("?question=issue_step_down_or_extend", "C-1 +C-3")]
#[case::asked_of_nobody("?question=review_re_entry", "")]
#[case::both("?question=issue_step_down_or_extend&team=east", "C-1")]
#[tokio::test]
async fn each_filter_narrows_the_agenda(#[case] query: &str, #[case] expected: &str) {
    let api = agenda().await;
    let token = api.token().await;
    let answer = api.get(&token, &format!("{AGENDA}{query}")).await;
    assert_eq!(answer.each("cases", "reference").join(" "), expected);
    let table = accepting(&api, &token, &format!("{AGENDA}{query}"), "text/csv").await;
    assert_eq!(table.page().lines().count(), 1 + answer.body["cases"].as_array().expect("a list").len());
    api.close().await;
}

#[tokio::test]
async fn a_token_reads_of_the_cases_that_it_may_see() {
    let api = agenda().await;
    for (teams, may_see_restricted, expected) in [
        (&[] as &[&str], true, "C-1 C-2 +C-3"),
        (&[], false, "C-1 C-2"),
        (&["east"], true, "C-1"),
        (&["=west"], true, "+C-3"),
        (&["=west"], false, ""),
        (&["east", "=west"], true, "C-1 +C-3"),
    ] {
        let token = api.token_for(teams, may_see_restricted).await;
        let answer = api.get(&token, AGENDA).await;
        assert_eq!(answer.each("cases", "reference").join(" "), expected, "{teams:?} {may_see_restricted}");
        assert_eq!(answer.body["not_shown"], 0, "what is hidden is not counted");
        let table = accepting(&api, &token, AGENDA, "text/csv").await;
        assert_eq!(table.page().contains("C-3"), expected.contains("C-3"));
    }
    api.close().await;
}

#[tokio::test]
async fn whoever_read_the_agenda_is_on_record_with_each_case_in_it() {
    let api = agenda().await;
    let (reader, admin) = (api.token_for(&[], false).await, api.token_of(ApiRole::Admin, &[], true).await);
    accepting(&api, &reader, AGENDA, "text/csv").await;
    assert_eq!(accepting(&api, &reader, AGENDA, "text/html").await.status, StatusCode::NOT_ACCEPTABLE);
    let record = api.get(&admin, "/api/v1/audit").await;
    let mut cases = record.each("requests", "case");
    cases.sort();
    assert_eq!(cases, ["C-1", "C-2"]);
    assert_eq!(record.each("requests", "route"), [AGENDA; 2]);
    api.close().await;
}

#[tokio::test]
async fn who_takes_neither_type_gets_neither() {
    let api = agenda().await;
    let token = api.token().await;
    for accept in ["text/html", "application/json;q=0, text/csv;q=0", "application/xml, image/*", "csv"] {
        let answer = accepting(&api, &token, AGENDA, accept).await;
        assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
        assert_eq!(answer.body["type"], "urn:plo-drift:problem:not-acceptable");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.headers["vary"], "Accept");
    }
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("text/csv;q=0.8, application/json;q=0.9", "application/json"),
        ("text/csv;q=0.9, application/json;q=0.8", "text/csv; charset=utf-8; header=present"),
        ("text/*", "text/csv; charset=utf-8; header=present"),
    ] {
        let answer = accepting(&api, &token, AGENDA, accept).await;
        assert_eq!((answer.status, &answer.headers["content-type"]), (StatusCode::OK, &expected.parse().expect("a value")));
    }
    api.close().await;
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let api = Api::new().await;
    let token = api.token().await;
    let answer = api.get(&token, &format!("{AGENDA}?question=who&team=%00&limit=1")).await;
    assert_eq!(answer.wrong_parameters(), ["limit", "question", "team"]);
    assert!(!answer.body.to_string().contains("who"), "{}", answer.body);
    api.close().await;
}

/// The panel meets on Wednesdays. What the sweep has not looked at since stands as it stands now.
#[rstest::rstest]
#[case::the_day_before("2026-06-16T22:59:59Z", "2026-06-17")]
#[case::the_day_itself_begins("2026-06-16T23:00:00Z", "2026-06-17")]
#[case::the_day_itself_ends("2026-06-17T22:59:59Z", "2026-06-17")]
#[case::the_day_after("2026-06-17T23:00:00Z", "2026-06-24")]
#[tokio::test]
async fn a_meeting_of_today_is_the_next_one(#[case] now: jiff::Timestamp, #[case] expected: &str) {
    let api = agenda().await;
    let token = api.token().await;
    let router = router_of(api.served.clone(), None, Clock::told_by(move || now));
    let answer = send(&router, request("GET", AGENDA, Some(&token))).await;
    assert_eq!(answer.body["meeting_on"], expected);
    assert_eq!(answer.body["is_working_day"], true);
    api.close().await;
}

#[tokio::test]
async fn what_has_been_put_right_since_the_sweep_is_not_asked() {
    let api = agenda().await;
    let token = api.token().await;
    api.sql("UPDATE cases SET court_application_on = '2026-06-15' WHERE reference = 'C-2'").await;
    assert_eq!(api.get(&token, AGENDA).await.each("cases", "reference"), ["C-1", "+C-3"]);
    api.close().await;
}

#[tokio::test]
async fn the_thousand_gravest_are_shown_and_the_others_counted() {
    let api = Api::new().await;
    let token = api.token().await;
    api.sql(
        "INSERT INTO cases (reference, started_on) SELECT 'C-' || lpad(number::text, 4, '0'), '2026-01-05'
        FROM generate_series(1, 1002) AS number;
        UPDATE case_watch SET looked_at = now(), looked_on = '2026-06-15', status = 'open', rag = 'red',
            reds = right(case_reference, 4)::integer",
    )
    .await;
    let references = api.get(&token, AGENDA).await;
    assert_eq!(references.body["not_shown"], 2);
    let references = references.each("cases", "reference");
    assert_eq!((references.len(), references[0].as_str(), references[999].as_str()), (1000, "C-1002", "C-0003"));
    api.close().await;
}

#[tokio::test]
async fn an_agenda_without_cases_has_its_day_and_a_header() {
    let api = Api::new().await;
    let token = api.token().await;
    let answer = api.get(&token, AGENDA).await;
    let expected = json!({"meeting_on": "2026-06-17", "is_working_day": true, "on": "2026-06-15", "cases": [], "not_shown": 0});
    assert_eq!(answer.body, expected);
    let table = accepting(&api, &token, AGENDA, "text/csv").await;
    assert!(table.page().starts_with("meeting_on,reference,team,") && table.page().lines().count() == 1, "{}", table.page());
    let head = send(
        &api.router,
        Request::head(AGENDA).header("authorization", format!("Bearer {token}")).body("".into()).expect("a request"),
    );
    assert_eq!(head.await.status, StatusCode::OK);
    api.close().await;
}
