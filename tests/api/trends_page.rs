//! The figures as people see them: drawn, and as tables that say the same.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;

use crate::fixture::Api;
use crate::statistics::twelve;
use crate::visit::Visit;

const PERIOD: &str = "/trends?from=2026-01-01&to=2026-06-15";

/// The part of a page with this name.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("<section class=\"figure\" aria-labelledby=\"{id}\">")).expect("it is there");
    rest.split_once("</section>").expect("it ends").0
}

/// The rows of the table with this name, each cell after the other.
fn rows(page: &str, id: &str) -> Vec<String> {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">")).expect("the table is there");
    let (table, _) = rest.split_once("</table>").expect("it ends");
    let cells =
        |row: &str| row.split("</t").filter_map(|cell| cell.rsplit('>').next()).map(str::trim).collect::<Vec<_>>().join(" ");
    let rows = table.split("<tr class=\"govuk-table__row\">").skip(2);
    rows.map(|row| cells(row.split("</tr>").next().expect("a row")).trim().to_owned()).collect()
}

#[tokio::test]
async fn each_figure_is_told_in_words_drawn_and_laid_out_by_month_and_team() {
    let api = twelve::recorded().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page(PERIOD).await;
    assert!(page.contains("From 1 January 2026 to 15 June 2026, of every team that you may see."));
    for (id, facts, drawn) in [
        (
            "open",
            &[
                "on 15 June 2026: cases: 7; families: 7; children: 9",
                "half of them at most 16, nine in ten at most 29.6, the longest 41",
                "past the end of their period, with extensions and births: 1; past the first end: 2",
                "16 weeks, by the policy in force",
            ][..],
            true,
        ),
        (
            "concluded",
            &[
                "5 (83.3%)",
                "4 (66.7%)",
                "2 (33.3%)",
                "of the 9 that started: half of them within 136, nine in ten within 136",
                "2 of 9 that started (22.2%)",
            ],
            true,
        ),
        ("extensions", &["0.57"], true),
        ("alerts", &["half of them within 5, nine in ten: too few so far to say"], true),
        ("letters", &["half of them at most 5.5, nine in ten at most 12, the longest 14"], true),
        ("meetings", &["half of them at most 14, nine in ten at most 15.5, the longest 17", "half of them at most 129"], true),
        ("reviews", &["3 (37.5%)", "early: 1; late: 2"], true),
    ] {
        let section = section(&page, id);
        for fact in facts {
            assert!(section.contains(fact), "{id}: {fact}");
        }
        assert_eq!(section.contains("<svg class=\"drawing bars\" role=\"img\""), drawn, "{id}");
    }
    let bands = rows(&page, "open-table");
    assert_eq!(bands.len(), 14);
    assert_eq!((bands[0].as_str(), bands[4].as_str(), bands[13].as_str()), ("0 to 3 1 0", "16 to 19 2 1", "52 or more 0 0"));
    assert_eq!(rows(&page, "open-teams"), ["North 4 7 20.5 3 1 2", "South 2 1 9.5 2 0 0", "No team 1 1 16 1 0 0"]);
    let months = rows(&page, "concluded-table");
    assert_eq!(months.len(), 6);
    assert_eq!((months[1].as_str(), months[5].as_str()), ("February 2026 1 1 0 100%", "June 2026 (1 to 15) 0 0 0 none"));
    assert_eq!(rows(&page, "extensions-table"), ["None 5", "One 1", "Two 0", "Three or more 1"]);
    assert!(section(&page, "open").contains("Limit: 16 weeks"));
    api.close().await;
}

/// The numbers above the bars of a part, and how many boxes of each kind they are made of: full, striped, cut.
fn drawn(page: &str, id: &str) -> (String, [usize; 3]) {
    let section = section(page, id);
    let (_, drawing) = section.split_once("<svg class=\"drawing bars\"").expect("it is drawn");
    let (drawing, _) = drawing.split_once("</svg>").expect("it ends");
    let numbers = drawing.split("<text class=\"middle\"").skip(1).filter_map(|text| text.split(['>', '<']).nth(1));
    let boxes = ["gone", "more", "over"].map(|class| drawing.matches(&format!("<rect class=\"{class}\"")).count());
    (numbers.collect::<Vec<_>>().join(" "), boxes)
}

#[tokio::test]
async fn each_drawing_says_what_its_table_says() {
    let api = twelve::recorded().await;
    let page = Visit::reader(&api).await.page(PERIOD).await;
    for (id, numbers, boxes) in [
        ("open", "1 1 1 2 1 1", [6, 0, 1]),
        // S-4 in February, S-2 in March, N-1 and S-6 in April, N-2 and, late, S-5 in May.
        ("concluded", "1 1 2 2", [4, 0, 1]),
        ("extensions", "5 1 1", [3, 0, 0]),
        // Of the two of May half within two days; of the three of June only one was acknowledged.
        ("alerts", "2", [1, 0, 0]),
        ("letters", "2 2 1 1", [4, 0, 0]),
        ("meetings", "1 2 2 1", [4, 0, 0]),
        // In April N-1 late and N-2 early, in June X-1 late; cancelled N-2 in March, not held N-3 in May.
        ("reviews", "1 2 2 2 1", [3, 2, 2]),
    ] {
        assert_eq!(drawn(&page, id), (numbers.to_owned(), boxes), "{id}");
    }
    api.close().await;
}

#[tokio::test]
async fn the_form_holds_what_was_asked_and_leaves_blanks_out() {
    let api = twelve::recorded().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page("/trends?from=2026-01-01&to=2026-06-15&team=North&suppress_below=").await;
    for said in [
        "name=\"from\" value=\"2026-01-01\"",
        "name=\"to\" value=\"2026-06-15\"",
        "<option value=\"North\" selected>North</option>",
        "of the team North.",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("withheld"));
    assert_eq!(rows(&page, "open-teams"), ["North 4 7 20.5 3 1 2"]);
    api.close().await;
}

/// No bar is drawn of a number that is not told: its height would tell it.
#[tokio::test]
async fn what_is_withheld_is_neither_written_nor_drawn() {
    let api = twelve::recorded().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page(&format!("{PERIOD}&suppress_below=3")).await;
    assert!(page.contains("Numbers from 1 to 2 are withheld"));
    assert!(rows(&page, "open-table").iter().all(|row| row.ends_with(" 0 0") || row.contains("withheld")));
    assert!(!section(&page, "open").contains("<svg class=\"drawing bars\""));
    assert!(section(&page, "open").contains("the longest withheld"));
    assert_eq!(rows(&page, "extensions-table"), ["None 5", "One withheld", "Two 0", "Three or more withheld"]);
    api.close().await;
}

#[tokio::test]
async fn whoever_looks_sees_figures_of_their_own_cases() {
    let api = twelve::recorded().await;
    api.sql("UPDATE cases SET restricted = true WHERE reference IN ('N-3', 'S-2')").await;
    for (teams, may_see_restricted, cases) in
        [(&[][..], true, "cases: 7"), (&[], false, "cases: 6"), (&["North"], true, "cases: 4"), (&["North"], false, "cases: 3")]
    {
        let visit = Visit::of(&api, &[ApiRole::Reader], teams, may_see_restricted, &[]).await;
        let page = visit.page(PERIOD).await;
        assert!(section(&page, "open").contains(&format!("on 15 June 2026: {cases};")), "{teams:?} {may_see_restricted}");
        assert_eq!(page.contains("South"), teams.is_empty(), "{teams:?}");
    }
    api.close().await;
}

#[tokio::test]
async fn without_cases_it_says_so() {
    let api = Api::new().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page("/trends").await;
    assert!(page.contains("Nothing is counted in this period") && !page.contains("<svg"));
    assert!(page.contains("From 16 June 2025 to 15 June 2026"));
    api.close().await;
}

#[tokio::test]
async fn the_longest_period_and_a_wrong_one_are_answered() {
    let api = twelve::recorded().await;
    let visit = Visit::reader(&api).await;
    let page = visit.page("/trends?from=2021-06-15").await;
    assert_eq!(rows(&page, "concluded-table").len(), 61);
    for (query, says) in [
        ("from=2026-06-16", "First day must be a day that does not lie after the last of the period"),
        ("to=tomorrow", "Last day must be a date"),
        ("suppress_below=1", "Withhold numbers below must be a whole number from 2 to 50"),
    ] {
        let answer = visit.get(&format!("/trends?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.page().contains(says), "{query}: {}", answer.page());
    }
    api.close().await;
}
