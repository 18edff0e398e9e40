//! The caseload as people see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::StatusCode;
use jiff::SignedDuration;
use plo_drift::clock::Clock;
use plo_drift::store::tokens::ApiRole;

use crate::fixture::{Api, Watched, day, now, router_of};
use crate::policy::put;
use crate::visit::Visit;

/// The references on a page, in their order.
fn references(page: &str) -> Vec<&str> {
    let links = page.split("<th scope=\"row\"").skip(1).filter_map(|rest| rest.split_once("href=\"/cases/"));
    links.filter_map(|(_, rest)| rest.split('"').next()).collect()
}

fn drifting(reference: &str, reds: i16, ambers: i16) -> Watched {
    let rules = vec!["review_gap", "decision_overdue"];
    Watched { reds, ambers, rules, since_on: Some(day("2026-06-10")), ..Watched::new(reference) }
}

#[tokio::test]
async fn the_cases_that_are_most_at_risk_come_first_and_say_why() {
    let api = Api::new().await;
    let worst = Watched { drifts: "red review_gap 2, red time_limit 1, amber decision_overdue 1", ..drifting("C-3", 3, 1) };
    let stale = Watched { drifts: "red review_gap 1", ..Watched::new("C-1") };
    api.add(&[stale, drifting("C-2", 0, 2), worst, drifting("C-4", 1, 0)]).await;
    api.sql("UPDATE case_watch SET next_deadline = 'Final review', next_deadline_on = '2026-06-24'").await;
    let visit = Visit::chair(&api).await;
    let page = visit.page("/cases").await;
    assert_eq!(references(&page), ["C-3", "C-4", "C-2", "C-1"]);
    let (_, first) = page.split_once("/cases/C-3\"").expect("it is there");
    let (first, _) = first.split_once("</tr>").expect("its row ends");
    for said in [
        "Red",
        "3 red, 1 amber",
        "<li><strong>Red:</strong> Too long since the last review (2 times)</li>\n<li><strong>Red:</strong> Time limit</li>\n<li><strong>Amber:</strong> Decision overdue</li>",
        "the first since 10 June 2026",
        "2 weeks",
        "21 September 2026",
        "98 days left",
        "Final review",
        "24 June 2026",
        "<svg",
        "Within the period: start 1 June 2026",
    ] {
        assert!(first.contains(said), "{said}: {first}");
    }
    let second = page.split("/cases/C-4\"").nth(1).expect("it is there");
    assert!(second.contains("<li>Too long since the last review</li>"), "kept before its severity was: {second}");
    let green = page.split("/cases/C-1\"").nth(1).expect("it is there");
    assert!(green.contains("Nothing"), "what was kept before somebody looked who does not keep it counts no more: {green}");
    assert!(page.contains("The legal gateway panel next meets on") && page.contains("href=\"/panel\""));
    api.close().await;
}

#[tokio::test]
async fn filters_are_those_of_the_api_and_stay_filled_in() {
    let api = Api::new().await;
    let west = Watched { team: Some("west"), ..drifting("C-2", 0, 1) };
    api.add(&[drifting("C-1", 1, 0), west, Watched { status: "closed", ..Watched::new("C-3") }]).await;
    let visit = Visit::chair(&api).await;
    for (query, expected) in [
        ("rag=red", &["C-1"][..]),
        ("at_risk=true&team=", &["C-1", "C-2"]),
        ("at_risk=false", &["C-3"]),
        ("team=west&rule=&sort=", &["C-2"]),
        ("rule=review_gap", &["C-1", "C-2"]),
        ("status=closed", &["C-3"]),
        ("weeks_open_min=3", &[]),
        ("sort=reference", &["C-1", "C-2", "C-3"]),
    ] {
        assert_eq!(references(&visit.page(&format!("/cases?{query}")).await), expected, "{query}");
    }
    let page = visit.page("/cases?team=west&rule=review_gap&weeks_open_min=1").await;
    for said in ["<option value=\"west\" selected>west</option>", "<option value=\"review_gap\" selected>", "value=\"1\""] {
        assert!(page.contains(said), "{said}");
    }
    assert!(visit.page("/cases?weeks_open_min=3").await.contains("No case is like that."));
    api.close().await;
}

#[tokio::test]
async fn pages_follow_one_another_with_the_filters_that_were_chosen() {
    let api = Api::new().await;
    api.add(&(1..=7).map(|number| drifting(&format!("C-{number}"), 1, 0)).collect::<Vec<_>>()).await;
    let visit = Visit::chair(&api).await;
    let (mut path, mut seen) = ("/cases?rag=red&limit=3".to_owned(), Vec::new());
    loop {
        let page = visit.page(&path).await;
        seen.extend(references(&page).into_iter().map(str::to_owned));
        let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
        path = rest.split('"').next().expect("it ends").replace("&amp;", "&").replace("&#38;", "&");
        assert!(path.contains("rag=red") && path.contains("limit=3"), "{path}");
    }
    assert_eq!(seen.len(), 7);
    seen.dedup();
    assert_eq!(seen.len(), 7, "none comes twice");
    api.close().await;
}

#[tokio::test]
async fn whoever_looks_sees_their_own_cases_and_an_empty_list_says_so() {
    let api = Api::new().await;
    api.add(&[
        Watched::new("C-1"),
        Watched { team: Some("west"), ..Watched::new("C-2") },
        Watched { restricted: true, ..Watched::new("C-3") },
    ])
    .await;
    for (teams, may_see_restricted, expected) in [
        (&[][..], false, &["C-1", "C-2"][..]),
        (&[], true, &["C-1", "C-2", "C-3"]),
        (&["west"], true, &["C-2"]),
        (&["north"], true, &[]),
    ] {
        let visit = Visit::of(&api, &[ApiRole::Reader], teams, may_see_restricted, &[]).await;
        let page = visit.page("/cases?sort=reference").await;
        assert_eq!(references(&page), expected, "{teams:?} {may_see_restricted}");
        assert_eq!(page.contains("Restricted"), expected.contains(&"C-3"));
        assert_eq!(page.contains("There are no cases yet that you may see."), expected.is_empty());
        assert_eq!(page.contains("<option value=\"west\""), teams.is_empty() || teams == ["west"], "teams to choose from");
    }
    api.close().await;
}

#[tokio::test]
async fn a_page_that_is_shown_again_is_never_older_than_what_is_recorded() {
    let api = Api::new().await;
    api.add(&[drifting("C-1", 1, 0)]).await;
    let (visit, other) = (Visit::chair(&api).await, Visit::of(&api, &[ApiRole::Chair], &["west"], false, &[]).await);
    for reds in 2..5 {
        for _ in 0..2 {
            assert_eq!(references(&visit.page("/cases").await), ["C-1"]);
            assert!(references(&other.page("/cases").await).is_empty(), "what one saw is not shown to another");
        }
        api.sql(&format!("UPDATE case_watch SET reds = {reds}")).await;
        assert!(visit.page("/cases").await.contains(&format!("{reds} red")), "{reds}");
    }
    api.close().await;
}

#[tokio::test]
async fn what_stands_around_the_cases_is_no_older_either() {
    let api = Api::new().await;
    api.add(&[drifting("C-1", 1, 0)]).await;
    let admin = api.token_of(ApiRole::Admin, &[], false).await;
    let days = Arc::new(AtomicI64::new(0));
    let day = days.clone();
    let clock = Clock::told_by(move || now() + SignedDuration::from_hours(24 * day.load(Ordering::SeqCst)));
    let visit = Visit::chair(&api).await.before(router_of(api.served.clone(), None, clock));
    api.sql("UPDATE page_sessions SET stays = true, ends_at = '2026-07-15T09:00Z'").await;
    let says = async |said: &str, holds: bool| {
        for page in [visit.page("/cases").await, visit.page("/cases").await] {
            assert_eq!(page.contains(said), holds, "{said}: {page}");
        }
    };
    says("<option value=\"west\">", false).await;
    api.add(&[Watched { team: Some("west"), ..Watched::new("C-2") }]).await;
    says("<option value=\"west\">", true).await;
    says("next meets on Wednesday 17 June 2026", true).await;
    let changed = put(&api, &admin, "[panel]\nweekday = \"thursday\"\n").await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    says("next meets on Thursday 18 June 2026", true).await;
    says("2 weeks", true).await;
    days.store(7, Ordering::SeqCst);
    says("next meets on Thursday 25 June 2026", true).await;
    says("3 weeks", true).await;
    says("2 weeks", false).await;
    api.close().await;
}

#[tokio::test]
async fn hostile_text_is_escaped() {
    let api = Api::new().await;
    let hostile = "<script>alert(1)</script>&\"'/?#%";
    api.add(&[Watched { team: Some("<b>west</b>"), ..Watched::new(hostile) }]).await;
    let page = Visit::chair(&api).await.page("/cases?team=%3Cb%3Ewest%3C%2Fb%3E").await;
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("href=\"/cases/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26%22%27%2F%3F%23%25\""), "{page}");
    api.close().await;
}
