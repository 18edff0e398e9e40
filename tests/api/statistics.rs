//! Figures of a period: a caseload of twelve of which every number is worked out by hand, and what callers may ask.

pub mod twelve;

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, request, send};
use crate::one_case::add;

const PERIOD: &str = "/api/v1/statistics?from=2026-01-01&to=2026-06-15";

/// The numbers of a block, told or not.
fn numbers(block: &Value, fields: &[&str]) -> Vec<Value> {
    fields.iter().map(|field| block[field].clone()).collect()
}

#[tokio::test]
async fn twelve_cases_come_out_as_worked_out_by_hand() {
    let api = twelve::recorded().await;
    let token = api.token().await;
    let answer = api.get(&token, PERIOD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let whole = &answer.body["whole"];
    for (block, expected) in twelve::whole_by_hand() {
        assert_eq!(whole[block], expected, "{block}");
    }
    insta::assert_json_snapshot!(answer.body);
    api.close().await;
}

#[tokio::test]
async fn teams_and_months_add_up() {
    let api = twelve::recorded().await;
    let token = api.token().await;
    let answer = api.get(&token, PERIOD).await;
    let sum = |list: &str, block: &str, field: &str| -> u64 {
        let parts = answer.body[list].as_array().expect("a list").iter();
        parts.map(|part| part[block][field].as_u64().expect("a number")).sum()
    };
    for (block, fields) in [
        ("started", ["cases", "concluded", "undecided", "re_entries"].as_slice()),
        ("concluded", &["cases", "within_end", "after_base_end", "stepped_down"]),
        ("letters", &["sent"]),
        ("initial_meetings", &["held"]),
        ("reviews", &["planned", "on_the_day", "early", "late", "cancelled", "not_held"]),
        ("extensions", &["approved"]),
        ("alerts", &["opened", "acknowledged", "resolved_first", "unacknowledged"]),
    ] {
        for field in fields {
            let whole = answer.body["whole"][block][field].as_u64().expect("a number");
            assert_eq!((sum("by_team", block, field), sum("by_month", block, field)), (whole, whole), "{block}.{field}");
        }
    }
    for field in ["cases", "children", "undecided", "past_end", "past_base_end"] {
        let whole = answer.body["whole"]["open"][field].as_u64().expect("a number");
        assert_eq!(sum("by_team", "open", field), whole, "open.{field}");
    }
    assert_eq!(answer.each("by_month", "month"), ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]);
    assert_eq!(answer.each("by_month", "to")[4..], ["2026-05-31", "2026-06-15"]);
    let teams: Vec<&Value> = answer.body["by_team"].as_array().expect("a list").iter().map(|team| &team["team"]).collect();
    assert_eq!(teams, [&json!("North"), &json!("South"), &Value::Null]);
    api.close().await;
}

/// What a policy calls its first limit is told in whole weeks.
#[rstest::rstest]
#[case("20 weeks", 20)]
#[case("118 days", 16)]
#[case("79 working days", 15)]
#[tokio::test]
async fn the_limit_is_told_in_weeks(#[case] length: &str, #[case] weeks: u16) {
    let api = Api::new().await;
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    let policy = json!({"clock": {"length": length}});
    assert_eq!(api.put(&admin, "/api/v1/policy", &[], &policy).await.status, StatusCode::OK);
    let answer = api.get(&admin, "/api/v1/statistics").await;
    assert_eq!(answer.body["limit_weeks"], weeks);
    api.close().await;
}

/// On 20 May 2026 N-2 was open beyond its first end and within its extended one, N-5 had not started and S-3 was two days old. What
/// was done later does not count: nobody had acknowledged anything but the alert of X-1.
#[tokio::test]
async fn a_day_in_the_past_is_told_as_it_was() {
    let api = twelve::recorded().await;
    let token = api.token().await;
    let answer = api.get(&token, "/api/v1/statistics?from=2026-05-01&to=2026-05-20").await;
    let whole = &answer.body["whole"];
    let open = numbers(&whole["open"], &["cases", "undecided", "past_end", "past_base_end"]);
    assert_eq!(open, [json!(6), json!(6), json!(0), json!(2)]);
    assert_eq!(whole["decided_to_issue"]["cases"], 0);
    assert_eq!(numbers(&whole["alerts"], &["opened", "acknowledged"]), [json!(1), json!(1)]);
    // Of those concluded by then only S-5 in May.
    assert_eq!(numbers(&whole["concluded"], &["cases", "percent_within_end"]), [json!(1), json!(0.0)]);
    assert_eq!(whole["started"]["days_to_conclude"], json!({"n": 1, "median": null, "p90": null, "suppressed": false}));
    api.close().await;
}

/// A case that was decided to issue long ago still waits; one that stepped down, was issued or closed by then counts nowhere.
#[tokio::test]
async fn what_was_over_before_the_period_counts_nowhere() {
    let api = Api::new().await;
    let token = api.token().await;
    let decided = json!({"reference": "C-1", "started_on": "2025-01-06", "step_decision_on": "2025-03-03", "outcome": "issue"});
    let mut issued = decided.clone();
    issued["reference"] = json!("C-2");
    issued["court_application_on"] = json!("2025-03-10");
    for document in [
        decided,
        issued,
        json!({"reference": "C-3", "started_on": "2025-01-06", "step_decision_on": "2025-03-03", "outcome": "step_down"}),
        json!({"reference": "C-4", "started_on": "2025-01-06", "closed_on": "2025-03-03"}),
        json!({"reference": "C-5", "started_on": "2026-03-02", "closed_on": "2026-03-01"}),
        json!({"reference": "C-6"}),
    ] {
        add(&api, &document).await;
    }
    let whole = api.get(&token, PERIOD).await.body["whole"].clone();
    assert_eq!(numbers(&whole["open"], &["cases", "undecided"]), [json!(1), json!(0)]);
    assert_eq!(whole["decided_to_issue"]["days_waiting"]["max"], 469);
    assert_eq!((&whole["started"]["cases"], &whole["concluded"]["cases"]), (&json!(0), &json!(0)));
    api.close().await;
}

#[tokio::test]
async fn a_token_counts_the_cases_that_it_may_see() {
    let api = twelve::recorded().await;
    api.sql("UPDATE cases SET restricted = true WHERE reference IN ('N-3', 'S-2')").await;
    for (teams, may_see_restricted, query, expected) in [
        (&[] as &[&str], true, "", [7, 6, 5]),
        (&[], false, "", [6, 5, 4]),
        (&["North"], true, "", [4, 2, 3]),
        (&["North"], false, "", [3, 2, 2]),
        (&["South", "North"], true, "", [6, 6, 4]),
        (&[], true, "&team=South", [2, 4, 1]),
        (&[], false, "&team=South", [2, 3, 1]),
        (&["North"], true, "&team=South", [0, 0, 0]),
        (&[], true, "&team=Nowhere", [0, 0, 0]),
    ] {
        let token = api.token_for(teams, may_see_restricted).await;
        let answer = api.get(&token, &format!("{PERIOD}{query}")).await;
        let whole = &answer.body["whole"];
        let counted = [&whole["open"]["cases"], &whole["concluded"]["cases"], &whole["alerts"]["opened"]];
        assert_eq!(counted.map(Value::as_u64), expected.map(Some), "{teams:?} {may_see_restricted} {query}");
        let by_team = answer.body["by_team"].as_array().expect("a list");
        let named: Vec<&str> = by_team.iter().filter_map(|team| team["team"].as_str()).collect();
        assert!(teams.is_empty() || named.iter().all(|team| teams.contains(team)), "{named:?}");
    }
    api.close().await;
}

/// With numbers from 1 to 2 withheld, teams have: North 4, South 2, no team 1 open cases, of 7. Two are withheld by themselves, so
/// that nothing need be added. Concluded are 2, 4 and 0: the 2 takes the 4 with it, or 6 − 4 would give it back.
#[tokio::test]
async fn small_numbers_are_withheld_with_what_gives_them_back() {
    let api = twelve::recorded().await;
    let token = api.token().await;
    let answer = api.get(&token, &format!("{PERIOD}&suppress_below=3")).await;
    let by_team = |block: &str, field: &str| -> Vec<Value> {
        let teams = answer.body["by_team"].as_array().expect("a list");
        teams.iter().map(|team| team[block][field].clone()).collect()
    };
    assert_eq!(answer.body["suppress_below"], 3);
    assert_eq!(by_team("open", "cases"), [json!(4), Value::Null, Value::Null]);
    assert_eq!(by_team("concluded", "cases"), [Value::Null, Value::Null, json!(0)]);
    let whole = &answer.body["whole"];
    // Each band holds fewer than three cases.
    let bands = whole["open"]["weeks_open_distribution"].as_array().expect("a list");
    let of_bands: Vec<&Value> = bands.iter().map(|band| &band["cases"]).filter(|cases| **cases != 0).collect();
    assert_eq!(of_bands, [&Value::Null; 6]);
    // Five of six in time: the one that was late is not told, and so the five are not, nor 83.3 of a hundred.
    let concluded = numbers(&whole["concluded"], &["cases", "within_end", "after_end", "percent_within_end", "suppressed"]);
    assert_eq!(concluded, [json!(6), Value::Null, Value::Null, Value::Null, json!(true)]);
    let weeks = json!({"n": 7, "median": 16.0, "p90": 29.6, "max": null, "suppressed": true});
    assert_eq!(whole["open"]["weeks_open"], weeks);
    assert_eq!(whole["extensions"]["a_case"], Value::Null);
    let south = &answer.body["by_team"][1]["open"]["weeks_open"];
    assert_eq!(south, &json!({"n": null, "median": null, "p90": null, "max": null, "suppressed": true}));
    assert_no_small_number(&answer.body["whole"], 3);
    assert_no_small_number(&answer.body["by_team"], 3);
    assert_no_small_number(&answer.body["by_month"], 3);
    api.close().await;
}

/// Looks at every count; lengths of time are no counts.
fn assert_no_small_number(value: &Value, below: u64) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| assert_no_small_number(value, below)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_length = ["median", "p90", "max"].contains(&name.as_str());
                let is_small = value.as_u64().is_some_and(|number| (1..below).contains(&number));
                assert!(is_length || !is_small, "{name} is told: {value}");
                assert_no_small_number(value, below);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn without_a_period_it_is_the_twelve_months_that_end_today() {
    let api = Api::new().await;
    let token = api.token().await;
    let answer = api.get(&token, "/api/v1/statistics").await;
    assert_eq!(
        numbers(&answer.body, &["from", "to", "team", "suppress_below"]),
        [json!("2025-06-16"), json!("2026-06-15"), Value::Null, Value::Null]
    );
    assert_eq!(answer.body["by_team"], json!([]));
    assert_eq!(answer.body["by_month"].as_array().map(Vec::len), Some(13));
    assert_eq!(answer.body["whole"]["concluded"]["percent_within_end"], Value::Null);
    let day = api.get(&token, "/api/v1/statistics?to=2026-02-28").await;
    assert_eq!(numbers(&day.body, &["from", "to"]), [json!("2025-03-01"), json!("2026-02-28")]);
    api.close().await;
}

#[tokio::test]
async fn the_same_figures_are_not_sent_twice() {
    let api = twelve::recorded().await;
    let token = api.token().await;
    let first = api.get(&token, PERIOD).await;
    let mut again = request("GET", PERIOD, Some(&token));
    again.headers_mut().insert("if-none-match", first.headers["etag"].clone());
    let second: Answer = send(&api.router, again).await;
    assert_eq!((second.status, second.body), (StatusCode::NOT_MODIFIED, Value::Null));
    api.close().await;
}

#[rstest::rstest]
#[case::never("from=2026-02-30", &["from"])]
#[case::not_a_day("from=yesterday&to=today", &["from", "to"])]
#[case::tomorrow("to=2026-06-16", &["to"])]
#[case::the_other_way_round("from=2026-06-02&to=2026-06-01", &["from"])]
#[case::from_tomorrow("from=2026-06-16", &["from"])]
#[case::longer_than_five_years("from=2021-06-14", &["from"])]
#[case::too_small_a_limit("suppress_below=1", &["suppress_below"])]
#[case::too_large_a_limit("suppress_below=51", &["suppress_below"])]
#[case::a_control_character("team=a%00b", &["team"])]
#[case::everything(
    "from=x&to=x&team=&suppress_below=x&limit=1&to=y",
    &["from", "limit", "suppress_below", "team", "to"]
)]
#[tokio::test]
async fn every_wrong_parameter_is_named(#[case] query: &str, #[case] expected: &[&str]) {
    let api = Api::new().await;
    let token = api.token().await;
    let answer = api.get(&token, &format!("/api/v1/statistics?{query}")).await;
    assert_eq!(answer.wrong_parameters(), expected);
    api.close().await;
}

#[tokio::test]
async fn the_longest_period_and_the_shortest_are_answered() {
    let api = Api::new().await;
    let token = api.token().await;
    for (query, months) in [("from=2021-06-15", 61), ("from=2026-06-15&to=2026-06-15", 1), ("from=2000-01-01&to=2000-01-01", 1)]
    {
        let answer = api.get(&token, &format!("/api/v1/statistics?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        assert_eq!(answer.body["by_month"].as_array().map(Vec::len), Some(months), "{query}");
    }
    api.close().await;
}
