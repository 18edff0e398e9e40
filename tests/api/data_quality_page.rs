//! What is wrong with records, as people see it.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;

use crate::data_quality::caseload;
use crate::fixture::Api;
use crate::visit::Visit;

/// The references of the questions on a page, in their order.
fn references(page: &str) -> Vec<String> {
    let (_, questions) = page.split_once("class=\"govuk-table stacks\"").unwrap_or_default();
    let links = questions.split("<th scope=\"row\"").skip(1).filter_map(|rest| rest.split_once("</a>")?.0.rsplit('>').next());
    links.map(str::to_owned).collect()
}

#[tokio::test]
async fn totals_come_first_and_each_question_says_what_to_do_and_where() {
    let api = caseload().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page("/data-quality").await;
    assert_eq!(references(&page), ["C-0", "C-0", "C-1", "C-2", "C-2", "C-3", "C-4", "C-5", "=C-7", "C-6"]);
    let (_, totals) = page.split_once("id=\"totals\"").expect("totals are there");
    let (totals, questions) = totals.split_once("</table>").expect("they end");
    for said in
        ["No team", "Gone from a source", ">east</th>\n<td class=\"govuk-table__cell govuk-table__cell--numeric\">5</td>"]
    {
        assert!(totals.contains(said), "{said}: {totals}");
    }
    for said in [
        "What is wrong with the records themselves on 15 June 2026",
        "<strong>Worked out by an import.</strong> The source north does not give it; it was worked out: from the first meeting.",
        "since 12 May 2026",
        "href=\"/cases/%3DC-7\"",
        ">north</td>",
        ">In this service</td>",
    ] {
        assert!(page.contains(said), "{said}: {questions}");
    }
    api.close().await;
}

#[tokio::test]
async fn filters_narrow_the_questions_and_pages_keep_them() {
    let api = caseload().await;
    let visit = Visit::reader(&api).await;
    for (query, expected) in [
        ("team=west&kind=&source=", &["=C-7", "C-6"][..]),
        ("kind=contradictory", &["C-2", "C-2"]),
        ("source=south", &["C-5"]),
        ("source=nothing", &[]),
    ] {
        assert_eq!(references(&visit.page(&format!("/data-quality?{query}")).await), expected, "{query}");
    }
    assert!(visit.page("/data-quality?source=nothing").await.contains("No question is like that."));
    assert!(visit.page("/data-quality?kind=stale").await.contains("<option value=\"stale\" selected>"));
    let (mut path, mut seen) = ("/data-quality?kind=missing&limit=2".to_owned(), Vec::new());
    loop {
        let page = visit.page(&path).await;
        seen.extend(references(&page));
        let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
        path = rest.split('"').next().expect("it ends").replace("&#38;", "&");
        assert!(path.contains("kind=missing") && path.contains("limit=2"), "{path}");
    }
    assert_eq!(seen, ["C-0", "C-0", "C-1", "=C-7", "C-6"]);
    api.close().await;
}

#[tokio::test]
async fn whoever_looks_sees_questions_of_their_own_cases_and_that_is_put_on_record() {
    let api = caseload().await;
    for (teams, may_see_restricted, expected) in
        [(&["west"][..], true, &["=C-7", "C-6"][..]), (&["west"], false, &["C-6"]), (&["north"], true, &[])]
    {
        let visit = Visit::of(&api, &[ApiRole::Reader], teams, may_see_restricted, &[]).await;
        let page = visit.page("/data-quality").await;
        assert_eq!(references(&page), expected, "{teams:?} {may_see_restricted}");
        assert_eq!(page.contains("There are no cases yet that you may see."), expected.is_empty());
        let kept =
            format!("SELECT count(*) FROM api_audit WHERE route = '/data-quality' AND actor = 'person {}'", visit.person);
        let lines = if expected.is_empty() { 1 } else { expected.len() };
        assert_eq!(api.count(&kept).await, i64::try_from(lines).expect("a few"), "{teams:?}");
    }
    api.close().await;
}

#[tokio::test]
async fn without_cases_it_says_so_and_a_wrong_parameter_is_named() {
    let api = Api::new().await;
    let visit = Visit::reader(&api).await;
    assert!(visit.page("/data-quality").await.contains("There are no cases yet that you may see."));
    let wrong = visit.get("/data-quality?kind=wrong").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.page().contains("kind must be one of: missing"), "{}", wrong.page());
    api.close().await;
}
