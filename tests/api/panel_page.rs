//! The agenda of the panel, as people see and print it.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::json;

use crate::fixture::Api;
use crate::one_case::add;
use crate::panel::agenda;
use crate::visit::Visit;

/// The block of a case on the agenda.
fn block(page: &str, number: usize) -> &str {
    let (_, rest) = page.split_once(&format!("aria-labelledby=\"case-{number}\">")).expect("it is there");
    rest.split_once("</article>").expect("it ends").0
}

/// The cases in the order of business.
fn references(page: &str) -> Vec<&str> {
    let links = page.split("<a class=\"govuk-link\" href=\"#case-").skip(1);
    links.filter_map(|rest| rest.split_once(". ")?.1.split_once("</a>")).map(|(reference, _)| reference).collect()
}

#[tokio::test]
async fn the_question_comes_first_and_then_what_the_panel_needs_to_answer_it() {
    let api = agenda().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page("/panel").await;
    assert!(page.contains("<h1 class=\"govuk-heading-l\">Legal gateway panel on Wednesday 17 June 2026</h1>"));
    assert_eq!(references(&page), ["C-1", "C-2", "+C-3"]);
    let first = block(&page, 1);
    let at = |said: &str| first.find(said).unwrap_or_else(|| panic!("{said}: {first}"));
    let question = "The period has ended: issue, step down, or extend once more and record why?";
    assert!(at(question) < at("Why it is here") && at("Why it is here") < at("Extensions"));
    for said in [
        "The pre-proceedings period ended on 8 June 2026 as extended; 5 working days over",
        "(since 9 June 2026)",
        "Since 5 January 2026, for 23 weeks",
        "Ends on 8 June 2026, by the last approved extension; without extensions and births 27 April 2026",
        "2 extensions approved, 42 days more; 1 request without an answer",
        "Number 1: approved on 20 April 2026 by service manager, to 18 May 2026; the reason is on file",
        "Number 2: approved on 15 May 2026 by team manager, to 8 June 2026; no reason is on file",
        "Last held: review (2) on 20 May 2026",
        "Next: final review (3) on 22 June 2026",
        "Parenting assessment (1), due on 1 June 2026, 10 working days over",
        "2, the last on 10 June 2026",
        "29 April 2026",
        "Not answered: 1 red",
        "Missed appointments: acknowledged by the legal gateway chair on 11 June 2026, until 18 June 2026",
        "So far: legal gateway chair",
        "Next: head of service on 16 June 2026",
        "<div class=\"decision printed-only\">Decision of the panel",
    ] {
        at(said);
    }
    assert!(!page.contains("A word typed"), "what was typed is in the alert's own story");
    let second = block(&page, 2);
    assert!(
        second.contains("; decided to issue") && second.contains("<dd class=\"govuk-summary-list__value\">None</dd>"),
        "{second}"
    );
    let third = block(&page, 3);
    assert!(
        third.contains("href=\"/cases/%2BC-3\"") && third.contains("Restricted") && third.contains("by an expected birth"),
        "{third}"
    );
    assert!(!third.contains("Ends on"), "the day of the end would give the birth away: {third}");
    api.close().await;
}

#[tokio::test]
async fn filters_are_those_of_the_api_and_stay_filled_in() {
    let api = agenda().await;
    let visit = Visit::reader(&api).await;
    for (query, expected) in [
        ("team=east&question=", &["C-1"][..]),
        ("question=apply_to_court", &["C-2"]),
        ("team=east&question=apply_to_court", &[]),
    ] {
        assert_eq!(references(&visit.page(&format!("/panel?{query}")).await), expected, "{query}");
    }
    let page = visit.page("/panel?team=east&question=apply_to_court").await;
    for said in
        ["<option value=\"east\" selected>", "<option value=\"apply_to_court\" selected>", "No case at risk is like that."]
    {
        assert!(page.contains(said), "{said}");
    }
    let wrong = visit.get("/panel?question=why").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.page().contains("question must be one of"), "{}", wrong.page());
    api.close().await;
}

#[tokio::test]
async fn whoever_looks_sees_their_own_cases_and_that_is_put_on_record() {
    let api = agenda().await;
    for (teams, may_see_restricted, expected) in [
        (&[][..], false, &["C-1", "C-2"][..]),
        (&["east"], true, &["C-1"]),
        (&["=west"], true, &["+C-3"]),
        (&["=west"], false, &[]),
    ] {
        let visit = Visit::of(&api, &[ApiRole::Reader], teams, may_see_restricted, &[]).await;
        let page = visit.page("/panel").await;
        assert_eq!(references(&page), expected, "{teams:?} {may_see_restricted}");
        assert_eq!(page.contains("there is nothing for the panel to decide"), expected.is_empty());
        assert_eq!(page.contains("C-3"), expected.contains(&"+C-3"), "nothing tells that it is there");
        let kept =
            format!("SELECT count(case_reference) FROM api_audit WHERE route = '/panel' AND actor = 'person {}'", visit.person);
        assert_eq!(api.count(&kept).await, i64::try_from(expected.len()).expect("a few"), "{teams:?}");
    }
    api.close().await;
}

/// Names as long as they may be, and many of them.
#[tokio::test]
async fn many_cases_stand_one_after_another() {
    let api = Api::new().await;
    let team = format!("Team {}", "x".repeat(190));
    for number in 0..60 {
        let reference = format!("C-{number}-{}", "y".repeat(180));
        let document = json!({"reference": reference, "team": team, "recorded_on": "2026-01-05", "started_on": "2026-01-05"});
        add(&api, &document).await;
    }
    api.sql("UPDATE case_watch SET looked_at = now(), looked_on = '2026-06-15', status = 'open', rag = 'red', reds = 1").await;
    let page = Visit::reader(&api).await.page("/panel").await;
    assert_eq!((references(&page).len(), page.matches("<article").count(), page.matches("printed-only").count()), (60, 60, 60));
    assert_eq!(page.matches(&team).count(), 60 + 2, "each block names it, and the form to choose from");
    api.close().await;
}
