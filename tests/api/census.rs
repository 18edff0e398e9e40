//! The return of the census over HTTP: who gets which cases, as what, and what is put on record.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, request, send};
use crate::one_case::add;

const RETURN: &str = "/api/v1/exports/census/2026-27";

/// Over two years, all in order.
fn over_two_years() -> Value {
    json!({
        "reference": "C-1", "team": "east", "started_on": "2026-03-23", "lbp_sent_on": "2026-04-01", "fgdm_offered": true,
        "fgdm_facilitated": false, "children": [{"reference": "K-1", "date_of_birth": "2019-07-03"}, {"reference": "K-2", "date_of_birth": "2021-02-11"}],
        "meetings": [{"sequence": 1, "kind": "initial", "planned_on": "2026-04-15", "held_on": "2026-04-15"},
            {"sequence": 2, "kind": "review", "planned_on": "2026-05-20", "held_on": "2026-05-20"}],
        "step_decision_on": "2026-06-10", "outcome": "step_down",
    })
}

/// Nobody recorded whether family group decision-making was offered.
fn without_an_offer(reference: &str, team: &str, restricted: bool) -> Value {
    json!({
        "reference": reference, "team": team, "restricted": restricted, "started_on": "2026-05-11", "lbp_sent_on": "2026-05-15",
        "children": [{"reference": "K-9", "expected_delivery_on": "2026-08-06"}],
    })
}

/// C-1 in the east, C-2 in the west, C-3 restricted in the east, C-4 without a child, and one that was over before the year.
async fn caseload() -> Api {
    let api = Api::new().await;
    let over =
        json!({"reference": "C-5", "started_on": "2025-09-01", "closed_on": "2026-03-31", "children": [{"reference": "K-5"}]});
    for document in [
        over_two_years(),
        without_an_offer("C-2", "west", false),
        without_an_offer("C-3", "east", true),
        json!({"reference": "C-4", "team": "west", "started_on": "2026-06-01"}),
        over,
    ] {
        add(&api, &document).await;
    }
    api
}

/// The same with a code for each outcome.
async fn with_codes() -> Api {
    let api = caseload().await;
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    let policy = json!({"census": {"outcomes": {"issue": "A", "step_down": "B", "other": "C"}}});
    let put = api.put(&admin, "/api/v1/policy", &[], &policy).await;
    assert!(put.status.is_success(), "{}", put.body);
    api
}

async fn get_as(api: &Api, token: &str, uri: &str, accept: &str) -> Answer {
    let mut request = request("GET", uri, Some(token));
    request.headers_mut().insert("accept", accept.parse().expect("it is a header"));
    send(&api.router, request).await
}

/// Each child with a block: case, child, and the elements with their texts.
fn blocks(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/xml");
    let document = roxmltree::Document::parse(answer.page()).expect("it is well-formed");
    let of_child = |child: roxmltree::Node| {
        let block = child.first_element_child().expect("a child has a block");
        let elements = block.children().filter(roxmltree::Node::is_element);
        let words = elements.map(|element| format!(" {}={}", element.tag_name().name(), element.text().unwrap_or_default()));
        let attribute = |name| child.attribute(name).expect("it is named").to_owned();
        format!("{} {}{}", attribute("case"), attribute("child"), words.collect::<String>())
    };
    document.root_element().children().filter(roxmltree::Node::is_element).map(of_child).collect()
}

fn complete(answer: &Answer) -> String {
    let document = roxmltree::Document::parse(answer.page()).expect("it is well-formed");
    document.root_element().attribute("complete").expect("it says so").to_owned()
}

#[tokio::test]
async fn the_return_has_a_block_for_each_child_with_what_fell_in_the_year() {
    let api = with_codes().await;
    let token = api.token_of(ApiRole::Recorder, &[], true).await;
    let answer = api.get(&token, RETURN).await;
    let of_c1 = "LBPSentDate=2026-04-01 FGDMMeetingOffer=1 FGDMMeetingFac=0 InitialPPMeetingDate=2026-04-15 ReviewMeetingsCount=1 \
        StepDecisionDate=2026-06-10 PPOutcome=B";
    assert_eq!(
        blocks(&answer),
        [
            format!("C-1 K-1 {of_c1}"),
            format!("C-1 K-2 {of_c1}"),
            "C-2 K-9 PPStartDate=2026-05-11 LBPSentDate=2026-05-15".to_owned(),
            "C-3 K-9 PPStartDate=2026-05-11 LBPSentDate=2026-05-15".to_owned(),
        ]
    );
    assert_eq!(complete(&answer), "true");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"census-2026-27.xml\"");
    assert_eq!(answer.header("vary"), "Accept");
    let next = api.get(&token, "/api/v1/exports/census/2027-28").await;
    assert_eq!(blocks(&next), ["C-2 K-9", "C-3 K-9"], "they are under way for all that is known");
    api.close().await;
}

#[tokio::test]
async fn the_checks_that_fail_are_told_as_json_or_as_a_table_without_a_birth() {
    let api = with_codes().await;
    let token = api.token_of(ApiRole::Recorder, &[], true).await;
    let json = get_as(&api, &token, RETURN, "application/json").await;
    let reason = "nothing is recorded, and must be where there is N00827 (LBPSentDate)";
    let no_offer = |case| json!({"case": case, "child": "K-9", "item": "N00828", "element": "FGDMMeetingOffer", "code": "9007", "reason": reason});
    let no_child = "no child is recorded, so that nothing of this case is in the return";
    assert_eq!(
        json.body,
        json!({
            "year": "2026-27", "from": "2026-04-01", "to": "2027-03-31", "complete": true, "cases": 3, "blocks": 4, "days_left_out": 1,
            "failures": [no_offer("C-2"), no_offer("C-3"),
                {"case": "C-4", "child": null, "item": null, "element": null, "code": "no_child", "reason": no_child}],
        })
    );
    let table = get_as(&api, &token, RETURN, "text/csv").await;
    let expected = format!(
        "case,child,item,element,code,reason\r\nC-2,K-9,N00828,FGDMMeetingOffer,9007,\"{reason}\"\r\n\
        C-3,K-9,N00828,FGDMMeetingOffer,9007,\"{reason}\"\r\nC-4,,,,no_child,\"{no_child}\"\r\n"
    );
    assert_eq!(table.page(), expected);
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"census-2026-27.csv\"");
    assert_eq!(get_as(&api, &token, RETURN, "text/html").await.status, StatusCode::NOT_ACCEPTABLE);
    api.close().await;
}

#[tokio::test]
async fn a_token_gets_the_cases_that_it_may_see_and_is_told_where_those_are_not_all() {
    let api = with_codes().await;
    let all: &[&str] = &["C-1", "C-1", "C-2", "C-3"];
    for (teams, may_see_restricted, query, expected) in [
        (&[] as &[&str], true, "", all),
        (&[], false, "", &all[..3]),
        (&["east"], true, "", &["C-1", "C-1", "C-3"]),
        (&["east"], false, "", &all[..2]),
        (&["west", "east"], true, "", all),
        (&[], true, "?team=west", &["C-2"]),
        (&["east"], false, "?team=west", &[]),
    ] {
        let token = api.token_of(ApiRole::Recorder, teams, may_see_restricted).await;
        let answer = api.get(&token, &format!("{RETURN}{query}")).await;
        let cases: Vec<String> = blocks(&answer).iter().map(|block| block[..3].to_owned()).collect();
        assert_eq!(cases, expected, "{teams:?} {may_see_restricted} {query}");
        let is_whole = teams.is_empty() && may_see_restricted && query.is_empty();
        assert_eq!(complete(&answer), is_whole.to_string(), "{teams:?} {may_see_restricted} {query}");
        assert_eq!(answer.header("content-disposition").contains("-partial.xml"), !is_whole);
        let report = get_as(&api, &token, &format!("{RETURN}{query}"), "application/json").await;
        assert_eq!((&report.body["complete"], &report.body["blocks"]), (&json!(is_whole), &json!(expected.len())));
    }
    api.close().await;
}

#[tokio::test]
async fn only_a_recorder_gets_it_and_every_case_in_it_is_put_on_record() {
    let api = with_codes().await;
    for role in [ApiRole::Reader, ApiRole::Chair] {
        let token = api.token_of(role, &[], true).await;
        api.get(&token, RETURN).await.assert_problem(StatusCode::FORBIDDEN, "forbidden");
    }
    let on_record = "SELECT count(*) FROM api_audit WHERE route = '/api/v1/exports/census/{year}' AND method = 'GET'";
    assert_eq!(api.count(on_record).await, 0);
    let token = api.token_of(ApiRole::Recorder, &[], false).await;
    let shown = async |accept, expected: &[&str]| {
        api.sql("ALTER TABLE api_audit DISABLE TRIGGER ALL; DELETE FROM api_audit; ALTER TABLE api_audit ENABLE TRIGGER ALL")
            .await;
        assert_eq!(get_as(&api, &token, RETURN, accept).await.status, StatusCode::OK);
        let cases: Vec<Option<String>> = sqlx::query_scalar("SELECT case_reference FROM api_audit ORDER BY case_reference")
            .fetch_all(&api.database.pool)
            .await
            .expect("it answers");
        assert_eq!(cases.into_iter().flatten().collect::<Vec<_>>(), expected, "{accept}");
    };
    shown("application/xml", &["C-1", "C-2"]).await;
    shown("application/json", &["C-2", "C-4"]).await;
    shown("text/csv", &["C-2", "C-4"]).await;
    api.close().await;
}

#[tokio::test]
async fn an_outcome_without_a_code_refuses_the_return_of_whoever_may_see_it() {
    let api = caseload().await;
    let token = api.token_of(ApiRole::Recorder, &[], true).await;
    for accept in ["application/xml", "application/json", "text/csv"] {
        let refused = get_as(&api, &token, RETURN, accept).await;
        refused.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "census-outcomes-not-mapped");
        let detail = refused.body["detail"].as_str().expect("it says what to do");
        assert!(detail.contains("census.outcomes.step_down") && !detail.contains("issue"), "{detail}");
    }
    let west = api.token_of(ApiRole::Recorder, &["west"], true).await;
    assert_eq!(api.get(&west, RETURN).await.status, StatusCode::OK, "no case that it sees needs a code");
    assert_eq!(api.get(&token, "/api/v1/exports/census/2027-28").await.status, StatusCode::OK, "nor does one of that year");
    api.close().await;
}

#[rstest::rstest]
#[case("2025-26", "must be 2026-27 or later")]
#[case("2026-28", "must be a census year written like 2026-27")]
#[case("2026", "must be a census year written like 2026-27")]
#[case("2100-01", "must be a census year written like 2026-27")]
#[case("%FF", "must be a census year written like 2026-27")]
#[tokio::test]
async fn a_wrong_year_is_refused_with_what_would_be_right(#[case] year: &str, #[case] expected: &str) {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], true).await;
    let answer = api.get(&token, &format!("/api/v1/exports/census/{year}")).await;
    assert_eq!(answer.wrong_parameters(), ["year"]);
    assert!(answer.body["errors"][0]["reason"].as_str().is_some_and(|reason| reason.starts_with(expected)), "{}", answer.body);
    api.close().await;
}

#[tokio::test]
async fn a_year_without_any_case_is_an_empty_return() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Recorder, &[], true).await;
    assert_eq!(blocks(&api.get(&token, RETURN).await), Vec::<String>::new());
    assert_eq!(api.count("SELECT count(*) FROM api_audit WHERE case_reference IS NULL").await, 1, "that, too, is on record");
    api.close().await;
}
