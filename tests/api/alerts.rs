//! The list of alerts: filters, pages, scope.

use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Api, Watched};

/// Alerts 1 to 5, of which 2 and 3 were opened at once.
async fn alerts() -> Api {
    let api = Api::new().await;
    api.add(&[
        Watched::new("C-1"),
        Watched { team: Some("west"), ..Watched::new("C-2") },
        Watched { restricted: true, ..Watched::new("C-3") },
    ])
    .await;
    for (number, case, rule, severity, state, opened_at) in [
        (1, "C-1", "time_limit", "red", "open", "2026-06-01T08:00:00Z"),
        (2, "C-1", "review_gap", "amber", "acknowledged", "2026-06-08T08:00:00.000001Z"),
        (3, "C-2", "review_gap", "amber", "snoozed", "2026-06-08T08:00:00.000001Z"),
        (4, "C-3", "oversight_gap", "amber", "open", "2026-06-14T23:30:00Z"),
        (5, "C-2", "time_limit", "notice", "resolved", "2026-05-01T08:00:00Z"),
    ] {
        let resolved_at = if state == "resolved" { "'2026-05-09T08:00:00Z'" } else { "NULL" };
        api.sql(&format!(
            "INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on, opened_at,
                turned_at, resolved_at)
            VALUES ('{}', '{case}', '{rule}', '', '{severity}', '{state}', 'Alert {number}', '2026-05-30', '2026-06-01',
                '{opened_at}', '{opened_at}', {resolved_at})",
            id(number)
        ))
        .await;
    }
    api
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[tokio::test]
async fn each_filter_narrows_the_list() {
    let api = alerts().await;
    let token = api.token().await;
    for (query, expected) in [
        ("", "4 3 2 1 5"),
        ("?state=open", "4 1"),
        ("?state=acknowledged", "2"),
        ("?state=snoozed", "3"),
        ("?state=resolved", "5"),
        ("?severity=red", "1"),
        ("?severity=amber", "4 3 2"),
        ("?severity=notice", "5"),
        ("?rule=review_gap", "3 2"),
        ("?team=west", "3 5"),
        ("?opened_since=2026-06-08", "4 3 2"),
        ("?opened_since=2026-06-15", "4"),
        ("?opened_since=2026-06-08T08:00:00.000001Z", "4 3 2"),
        ("?opened_since=2026-06-08T09:00:00.000002%2B01:00", "4"),
        ("?state=open&severity=red&team=east", "1"),
        ("?limit=2", "4 3"),
    ] {
        let answer = api.get(&token, &format!("/api/v1/alerts{query}")).await;
        assert_eq!(answer.each("alerts", "message").join(" ").replace("Alert ", ""), expected, "{query}");
    }
    api.close().await;
}

#[tokio::test]
async fn a_listed_alert_says_what_it_is_about() {
    let api = alerts().await;
    let token = api.token().await;
    let answer = api.get(&token, "/api/v1/alerts?state=resolved").await;
    let expected = json!({
        "alerts": [{
            "id": id(5).to_string(), "case": "C-2", "team": "west", "rule": "time_limit", "title": "Time limit", "subject": "",
            "severity": "notice", "state": "resolved", "message": "Alert 5", "since_on": "2026-05-30",
            "severity_since_on": "2026-06-01", "opened_at": "2026-05-01T08:00:00Z", "turned_at": "2026-05-01T08:00:00Z",
            "resolved_at": "2026-05-09T08:00:00Z",
        }],
        "next_cursor": null,
    });
    assert_eq!(answer.body, expected);
    api.close().await;
}

#[tokio::test]
async fn pages_show_each_alert_once() {
    let api = alerts().await;
    let token = api.token().await;
    for limit in 1..=6 {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        while seen.len() <= 5 {
            let page = api.get(&token, &format!("/api/v1/alerts?limit={limit}{cursor}")).await;
            seen.extend(page.each("alerts", "message"));
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.join(" ").replace("Alert ", ""), "4 3 2 1 5", "{limit} a page");
    }
    api.close().await;
}

#[tokio::test]
async fn a_token_lists_the_alerts_of_the_cases_that_it_may_see() {
    let api = alerts().await;
    for (teams, may_see_restricted, expected) in [
        (&[] as &[&str], true, "4 3 2 1 5"),
        (&[], false, "3 2 1 5"),
        (&["east"], false, "2 1"),
        (&["east"], true, "4 2 1"),
        (&["west"], true, "3 5"),
        (&["north"], true, ""),
    ] {
        let token = api.token_for(teams, may_see_restricted).await;
        let answer = api.get(&token, "/api/v1/alerts").await;
        assert_eq!(
            answer.each("alerts", "message").join(" ").replace("Alert ", ""),
            expected,
            "{teams:?} {may_see_restricted}"
        );
    }
    api.close().await;
}
