//! The figures, the records and the agenda in a real browser: everybody can use them, on a narrow screen too, and paper bears them.

use serde_json::json;

use crate::accessible::assert_no_violations;
use crate::browser::{Browser, NARROW, WIDE};
use crate::running::Running;

/// Each with what was chosen, or nothing.
const PAGES: [&str; 7] = [
    "/trends",
    "/trends?suppress_below=5&team=North",
    "/trends?from=2000-01-01&to=2000-01-31",
    "/data-quality",
    "/data-quality?kind=missing&limit=2",
    "/panel",
    "/panel?team=Nobody",
];

#[tokio::test]
async fn everybody_can_use_the_figures_the_records_and_the_agenda() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    demonstration.play(&browser, "Legal gateway chair, cleared for restricted cases").await;
    for page in PAGES {
        for width in [WIDE, NARROW] {
            browser.be_wide(width).await;
            browser.go(&demonstration.page(page)).await;
            assert_no_violations(&browser.client, &format!("{page} at {width}")).await;
            let wider = browser.ask("return document.documentElement.scrollWidth > document.documentElement.clientWidth").await;
            assert_eq!(wider, json!(false), "{page} at {width} scrolls to the side");
        }
    }
}

/// What is too wide scrolls by itself, and can be reached and scrolled with the keyboard.
#[tokio::test]
async fn a_wide_table_scrolls_with_the_keyboard_and_a_drawing_leaves_a_narrow_screen_to_its_table() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    demonstration.play(&browser, "Service manager").await;
    let drawn =
        "return [...document.querySelectorAll('svg.bars')].filter(drawing => drawing.getBoundingClientRect().width > 0).length";
    browser.go(&demonstration.page("/trends")).await;
    assert_ne!(browser.ask(drawn).await, json!(0));
    browser.be_wide(NARROW).await;
    assert_eq!(browser.ask(drawn).await, json!(0));
    let wide = "const wide = [...document.querySelectorAll('.scrolls')].filter(table => table.scrollWidth > table.clientWidth);
        wide.forEach(table => table.focus());
        return [wide.length > 0, wide.at(-1) === document.activeElement, wide.every(table => table.tabIndex === 0)]";
    assert_eq!(browser.ask(wide).await, json!([true, true, true]));
}
