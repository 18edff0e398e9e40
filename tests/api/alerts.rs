//! The list of alerts: filters, pages, scope.

use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Api, Watched, cursor};

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
        ("?standing=true", "4 3 2 1"),
        ("?standing=false", "5"),
        ("?standing=false&state=open", ""),
        ("?sort=newest", "4 3 2 1 5"),
        ("?sort=urgency", "1 4 2 3 5"),
        ("?sort=urgency&state=open", "1 4"),
        ("?sort=urgency&state=acknowledged", "2"),
        ("?sort=urgency&state=snoozed", "3"),
        ("?sort=urgency&state=resolved", "5"),
        ("?sort=urgency&standing=true", "1 4 2 3"),
        ("?sort=urgency&standing=false", "5"),
        ("?sort=urgency&standing=false&state=open", ""),
        ("?sort=urgency&severity=amber&team=west", "3"),
    ] {
        let answer = api.get(&token, &format!("/api/v1/alerts{query}")).await;
        assert_eq!(answer.each("alerts", "message").join(" ").replace("Alert ", ""), expected, "{query}");
    }
    api.close().await;
}

/// Alerts of every state and severity, each twice with the same turn and once with an earlier one, and opened the other way round.
async fn of_every_urgency(api: &Api) -> Vec<String> {
    api.add(&[Watched::new("C-1")]).await;
    let (mut number, mut expected) = (0, Vec::new());
    for states in [&["open"] as &[&str], &["acknowledged", "snoozed"], &["resolved"]] {
        for severity in ["red", "amber", "notice"] {
            for (turned, &state) in ["2026-05-02", "2026-05-03", "2026-05-03"].iter().zip(states.iter().cycle()) {
                number += 1;
                let resolved_at = if state == "resolved" { "now()" } else { "NULL" };
                api.sql(&format!(
                    "INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on,
                        opened_at, turned_at, resolved_at)
                    VALUES ('{}', 'C-1', 'review_gap', '{number}', '{severity}', '{state}', 'Alert', '2026-05-01', '2026-05-01',
                        timestamptz '2026-05-01' - {number} * interval '1 hour', '{turned}T08:00Z', {resolved_at})",
                    id(number)
                ))
                .await;
                expected.push(number.to_string());
            }
        }
    }
    expected
}

#[tokio::test]
async fn the_most_urgent_comes_first_and_each_once_whatever_the_size_of_a_page() {
    let api = Api::new().await;
    let expected = of_every_urgency(&api).await;
    let token = api.token().await;
    for limit in [1, 2, 4, 13, 26, 27, 28] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        while seen.len() <= expected.len() {
            let page = api.get(&token, &format!("/api/v1/alerts?sort=urgency&limit={limit}{cursor}")).await;
            seen.extend(page.each("alerts", "subject"));
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, expected, "{limit} a page");
    }
    for (filter, part) in [
        ("standing=true", &expected[..18]),
        ("standing=false", &expected[18..]),
        ("state=open", &expected[..9]),
        ("state=resolved", &expected[18..]),
        ("severity=notice&standing=true", &[&expected[6..9], &expected[15..18]].concat()),
    ] {
        let page = api.get(&token, &format!("/api/v1/alerts?sort=urgency&{filter}")).await;
        assert_eq!(page.each("alerts", "subject"), part, "{filter}");
    }
    api.close().await;
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_order() {
    let api = alerts().await;
    let token = api.token().await;
    for (sort, other) in [("newest", "urgency"), ("urgency", "newest")] {
        let page = api.get(&token, &format!("/api/v1/alerts?limit=2&sort={sort}")).await;
        let cursor = page.body["next_cursor"].as_str().expect("there is more").to_owned();
        assert_eq!(api.get(&token, &format!("/api/v1/alerts?sort={sort}&cursor={cursor}")).await.status, 200);
        let answer = api.get(&token, &format!("/api/v1/alerts?sort={other}&cursor={cursor}")).await;
        assert_eq!(answer.wrong_parameters(), ["cursor"], "{sort} {other}");
    }
    for forged in
        ["urgency 1 00000000-0000-0000-0000-000000000001 1969-12-31T00:00:00Z", "urgency 1", "urgency x y z", "newest"]
    {
        let answer = api.get(&token, &format!("/api/v1/alerts?sort=urgency&cursor={}", cursor(forged))).await;
        assert_eq!(answer.wrong_parameters(), ["cursor"], "{forged}");
    }
    api.close().await;
}

/// Person 1 was told of 1 by mail and is to be told of 2; 3 was cancelled and 4 given up. Person 2 was told of 1 and of 5, twice.
#[tokio::test]
async fn a_person_is_listed_what_they_were_told() {
    let api = alerts().await;
    let token = api.token().await;
    api.sql(
        "INSERT INTO recipients (name, email, role) VALUES
            ('A', 'a@council.example', 'legal_gateway_chair'), ('B', 'b@council.example', 'service_manager')",
    )
    .await;
    let told = [
        (1, "sent", 1),
        (1, "gathering", 2),
        (1, "cancelled", 3),
        (1, "dead", 4),
        (2, "sent", 1),
        (2, "queued", 5),
        (2, "sent", 5),
    ];
    for (message, (recipient, state, alert)) in (1..).zip(told) {
        api.sql(&format!(
            "INSERT INTO messages (id, kind, recipient_id, state, created_at, reason, sealed_at, from_address, to_address, subject,
                body, next_attempt_at, give_up_at)
            VALUES ('{message}', 'alert', {recipient}, '{state}', now(), 'why', now(), 'a@b.example', 'a@b.example', 's', 'b', now(),
                now());
            INSERT INTO message_alerts (message_id, alert_id, severity) VALUES ('{message}', '{}', 'red')",
            id(alert),
            message = id(message)
        ))
        .await;
    }
    for (query, expected) in [
        ("recipient=1", "2 1"),
        ("recipient=2", "1 5"),
        ("recipient=3", ""),
        ("recipient=3,2", "1 5"),
        ("recipient=2&standing=true", "1"),
        ("recipient=1&sort=urgency", "1 2"),
        ("recipient=1&state=acknowledged", "2"),
    ] {
        let answer = api.get(&token, &format!("/api/v1/alerts?{query}")).await;
        assert_eq!(answer.each("alerts", "message").join(" ").replace("Alert ", ""), expected, "{query}");
    }
    let held = api.token_for(&["west"], false).await;
    let answer = api.get(&held, "/api/v1/alerts?recipient=2").await;
    assert_eq!(answer.each("alerts", "message"), ["Alert 5"], "whoever was told, a token sees its own teams");
    api.close().await;
}

#[rstest::rstest]
#[case("sort=risk", &["sort"])]
#[case("recipient=0&standing=yes", &["recipient", "standing"])]
#[case("recipient=4294967296", &["recipient"])]
#[case("recipient=1,", &["recipient"])]
#[case("recipient=1,2,3,4,5,6,7,8", &["recipient"])]
#[tokio::test]
async fn a_wrong_order_or_person_is_named(#[case] query: &str, #[case] expected: &[&str]) {
    let api = Api::new().await;
    let token = api.token().await;
    assert_eq!(api.get(&token, &format!("/api/v1/alerts?{query}")).await.wrong_parameters(), expected);
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
            "severity_since_on": "2026-06-01", "opened_at": "2026-05-01T08:00:00Z", "turned_at": "2026-05-01T08:00:00Z", "turn": 1,
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
