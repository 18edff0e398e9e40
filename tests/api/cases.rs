//! The list of cases: filters, orders, pages.

use std::cmp::Reverse;

use plo_drift::store::BEGIN_LIST;
use serde_json::json;

use crate::fixture::{Api, Watched, day};

/// Six cases that the filters tell apart, and one that was never looked at.
async fn caseload() -> Api {
    let api = Api::new().await;
    let started = |started_on| Some(day(started_on));
    let since_on = Some(day("2026-06-10"));
    api.add(&[
        Watched {
            reds: 2,
            ambers: 1,
            since_on,
            rules: vec!["review_gap", "time_limit"],
            drifts: "red review_gap 2, amber time_limit 1",
            ..Watched::new("C-1")
        },
        Watched { ambers: 1, since_on, rules: vec!["review_gap"], team: Some("west"), ..Watched::new("C-2") },
        Watched { rules: vec!["time_limit"], started_on: started("2026-01-05"), ..Watched::new("C-3") },
        Watched {
            status: "decided_issue",
            started_on: started("2026-01-04"),
            looked_on: day("2026-06-14"),
            ..Watched::new("C-4")
        },
        Watched { status: "closed", started_on: started("2025-01-01"), team: None, ..Watched::new("C-5") },
        Watched { status: "not_started", started_on: None, ..Watched::new("C-6") },
    ])
    .await;
    api.sql("INSERT INTO cases (reference, started_on) VALUES ('C-7', '2026-01-01')").await;
    api
}

/// 2026-01-05 is 23 weeks before today, to the day.
#[tokio::test]
async fn each_filter_narrows_the_list() {
    let api = caseload().await;
    let token = api.token().await;
    for (query, expected) in [
        ("", "C-1 C-2 C-3 C-4 C-5 C-6"),
        ("?at_risk=true", "C-1 C-2"),
        ("?at_risk=false", "C-3 C-4 C-5 C-6"),
        ("?rag=red", "C-1"),
        ("?rag=amber", "C-2"),
        ("?rag=green", "C-3 C-4 C-5 C-6"),
        ("?team=west", "C-2"),
        ("?team=nobody", ""),
        ("?rule=review_gap", "C-1 C-2"),
        ("?rule=time_limit", "C-1 C-3"),
        ("?status=closed", "C-5"),
        ("?status=not_started", "C-6"),
        ("?weeks_open_min=0", "C-1 C-2 C-3 C-4"),
        ("?weeks_open_min=23", "C-3 C-4"),
        ("?weeks_open_min=24", ""),
        ("?weeks_open_min=2&status=open&rag=green", "C-3"),
        ("?sort=reference&limit=2", "C-1 C-2"),
        ("?sort=started_on", "C-5 C-4 C-3 C-1 C-2 C-6"),
    ] {
        let answer = api.get(&token, &format!("/api/v1/cases{query}")).await;
        assert_eq!(answer.each("cases", "reference").join(" "), expected, "{query}");
    }
    api.close().await;
}

#[tokio::test]
async fn a_listed_case_says_how_it_stood() {
    let api = caseload().await;
    let token = api.token().await;
    let answer = api.get(&token, "/api/v1/cases?rag=red").await;
    let expected = json!({
        "as_of": "2026-06-15",
        "cases": [{
            "reference": "C-1", "team": "east", "restricted": false, "status": "open", "started_on": "2026-06-01", "weeks_open": 2,
            "end": {"on": "2026-09-21", "set_by": "clock"}, "base_end": "2026-09-21",
            "next_deadline": {"what": "Final review", "on": "2026-09-14"}, "rag": "red", "reds": 2, "ambers": 1, "since_on": "2026-06-10",
            "rules": ["review_gap", "time_limit"],
            "drifts": [
                {"rule": "review_gap", "severity": "red", "findings": 2},
                {"rule": "time_limit", "severity": "amber", "findings": 1},
            ],
        }],
        "next_cursor": null,
    });
    assert_eq!(answer.body, expected);

    let all = api.get(&token, "/api/v1/cases").await;
    assert_eq!(all.body["as_of"], "2026-06-14", "the oldest look of the page");
    let weeks_open: Vec<_> = (0..6).map(|index| all.body["cases"][index]["weeks_open"].clone()).collect();
    assert_eq!(json!(weeks_open), json!([2, 2, 23, 23, null, null]));
    let none = api.get(&token, "/api/v1/cases?team=nobody").await;
    assert_eq!(none.body, json!({"as_of": null, "cases": [], "next_cursor": null}));
    api.close().await;
}

/// A deadline of yesterday may stand until the sweep has looked again; it is nobody's next one.
#[rstest::rstest]
#[case::today("'Initial meeting', next_deadline_on = '2026-06-15'", json!({"what": "Initial meeting", "on": "2026-06-15"}))]
#[case::yesterday("'Initial meeting', next_deadline_on = '2026-06-14'", json!(null))]
#[case::none("NULL, next_deadline_on = NULL", json!(null))]
#[tokio::test]
async fn the_next_deadline_is_one_that_has_not_passed(#[case] kept: &str, #[case] expected: serde_json::Value) {
    let api = Api::new().await;
    let token = api.token().await;
    api.add(&[Watched::new("C-1")]).await;
    api.sql(&format!("UPDATE case_watch SET next_deadline = {kept}")).await;
    let answer = api.get(&token, "/api/v1/cases").await;
    assert_eq!(answer.body["cases"][0]["next_deadline"], expected);
    api.close().await;
}

#[tokio::test]
async fn the_end_without_extensions_and_births_stands_beside_the_end() {
    let api = Api::new().await;
    let token = api.token().await;
    api.add(&[Watched::new("C-1"), Watched::new("C-2")]).await;
    api.sql("UPDATE case_watch SET end_on = '2026-10-19', end_set_by = 'extension' WHERE case_reference = 'C-1'").await;
    api.sql("UPDATE case_watch SET end_on = NULL, end_set_by = NULL, base_end_on = NULL WHERE case_reference = 'C-2'").await;
    let answer = api.get(&token, "/api/v1/cases?sort=reference").await;
    let ends =
        [0, 1].map(|case| (answer.body["cases"][case]["end"]["on"].clone(), answer.body["cases"][case]["base_end"].clone()));
    assert_eq!(ends, [(json!("2026-10-19"), json!("2026-09-21")), (json!(null), json!(null))]);
    api.close().await;
}

/// 48 cases with every tie: two of each severity, counts and day since which; references out of order.
fn ties() -> Vec<Watched> {
    let mut cases = Vec::new();
    for (reds, ambers) in [(0, 0), (0, 1), (0, 9), (0, 10), (1, 0), (1, 2), (9, 0), (10, 0)] {
        for since_on in ["2026-06-10", "2025-12-31", "2009-01-01"] {
            for half in [1, 2] {
                let since_on = (reds + ambers > 0).then(|| day(since_on));
                let started_on = [None, Some(day("2026-02-01")), Some(day("2026-01-01"))][cases.len() % 3];
                let reference = format!("C {} {half}é", 7 * cases.len() % 48);
                let team = if cases.len() % 5 == 0 { None } else { Some("east") };
                cases.push(Watched { team, started_on, reds, ambers, since_on, ..Watched::new(reference) });
            }
        }
    }
    cases
}

async fn walk(api: &Api, token: &str, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(token, &format!("/api/v1/cases?{query}{cursor}")).await;
        seen.extend(page.each("cases", "reference"));
        assert!(seen.len() <= 48, "no case comes twice");
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn pages_show_each_case_once_in_each_order() {
    let api = Api::new().await;
    let token = api.token().await;
    let mut cases = ties();
    api.add(&cases).await;
    let references = |cases: &[Watched]| cases.iter().map(|case| case.reference.clone()).collect::<Vec<_>>();

    cases.sort_by_key(|case| {
        let since = case.since_on.unwrap_or(jiff::civil::Date::MAX);
        let severity = ["red", "amber", "green"].iter().position(|&rag| rag == case.rag());
        (severity, Reverse(case.reds), Reverse(case.ambers), since, case.reference.clone())
    });
    for limit in [1, 5, 16, 47, 48, 200] {
        assert_eq!(walk(&api, &token, &format!("limit={limit}")).await, references(&cases), "{limit} a page");
    }
    let of_east: Vec<Watched> = cases.iter().filter(|case| case.team.is_some()).cloned().collect();
    assert_eq!(walk(&api, &token, "limit=7&team=east").await, references(&of_east));

    cases.sort_by_key(|case| case.reference.clone());
    assert_eq!(walk(&api, &token, "limit=7&sort=reference").await, references(&cases));
    cases.sort_by_key(|case| (case.started_on.unwrap_or(jiff::civil::Date::MAX), case.reference.clone()));
    assert_eq!(walk(&api, &token, "limit=5&sort=started_on").await, references(&cases));
    api.close().await;
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_ended_although_cases_came_and_went() {
    let api = caseload().await;
    let token = api.token().await;
    let first = api.get(&token, "/api/v1/cases?sort=reference&limit=2").await;
    api.sql("DELETE FROM cases WHERE reference = 'C-2'").await;
    api.add(&[Watched::new("C-0"), Watched::new("C-21")]).await;
    let next = first.body["next_cursor"].as_str().expect("there is more").to_owned();
    let second = api.get(&token, &format!("/api/v1/cases?sort=reference&limit=2&cursor={next}")).await;
    assert_eq!(second.each("cases", "reference"), ["C-21", "C-3"]);

    let other_order = api.get(&token, &format!("/api/v1/cases?limit=2&cursor={next}")).await;
    assert_eq!(other_order.wrong_parameters(), ["cursor"]);
    api.close().await;
}

#[tokio::test]
async fn a_token_lists_the_cases_of_its_teams_and_restricted_ones_only_if_it_may() {
    let api = Api::new().await;
    api.add(&[
        Watched::new("C-1"),
        Watched { team: Some("west"), ..Watched::new("C-2") },
        Watched { team: None, ..Watched::new("C-3") },
        Watched { restricted: true, ..Watched::new("C-4") },
        Watched { restricted: true, team: Some("west"), ..Watched::new("C-5") },
    ])
    .await;
    for (teams, may_see_restricted, expected) in [
        (&[] as &[&str], true, "C-1 C-2 C-3 C-4 C-5"),
        (&[], false, "C-1 C-2 C-3"),
        (&["west"], true, "C-2 C-5"),
        (&["west"], false, "C-2"),
        (&["east", "west"], true, "C-1 C-2 C-4 C-5"),
        (&["north"], true, ""),
    ] {
        let token = api.token_for(teams, may_see_restricted).await;
        for sort in ["risk", "reference", "started_on"] {
            let answer = api.get(&token, &format!("/api/v1/cases?sort={sort}")).await;
            assert_eq!(answer.each("cases", "reference").join(" "), expected, "{teams:?} {may_see_restricted} {sort}");
        }
    }
    api.close().await;
}

#[tokio::test]
async fn a_list_is_planned_for_its_own_filters_and_nothing_else_is() {
    let api = Api::new().await;
    let mut transaction = api.database.pool.begin_with(BEGIN_LIST).await.expect("it begins");
    let mode = "SHOW plan_cache_mode";
    let inside: String = sqlx::query_scalar(mode).fetch_one(&mut *transaction).await.expect("it answers");
    let refused = sqlx::query("DELETE FROM cases").execute(&mut *transaction).await;
    let refused = refused.expect_err("it only reads").into_database_error().expect("the database says so");
    drop(transaction);
    let outside: String = sqlx::query_scalar(mode).fetch_one(&api.database.pool).await.expect("it answers");
    assert_eq!((inside.as_str(), refused.code().as_deref(), outside.as_str()), ("force_custom_plan", Some("25006"), "auto"));
    api.close().await;
}
