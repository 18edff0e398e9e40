//! Who comes in, and what they find.

use serde_json::json;

use crate::accessible::assert_no_violations;
use crate::browser::{Browser, NARROW, WIDE};
use crate::running::Running;
use crate::support::program::Place;

const CHAIR: &str = "Legal gateway chair, cleared for restricted cases";

/// Looks at a page as wide as a laptop and as narrow as a telephone: nobody is shut out, and nothing goes off the side.
pub async fn look_at(browser: &Browser, address: &str) {
    for width in [WIDE, NARROW] {
        browser.be_wide(width).await;
        browser.go(address).await;
        assert_no_violations(&browser.client, &format!("{address} at {width}")).await;
        let over = browser.ask("const page = document.documentElement; return page.scrollWidth - page.clientWidth").await;
        assert_eq!(over, json!(0), "{address} scrolls to the side at {width}");
    }
}

#[tokio::test]
async fn everybody_can_use_the_pages_of_a_case() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    for page in ["/sign-in", "/accessibility"] {
        look_at(&browser, &demonstration.page(page)).await;
    }
    browser.see("People who use a screen reader have not tried it yet").await;
    browser.be_wide(WIDE).await;
    demonstration.play(&browser, CHAIR).await;
    let links = "return [...document.querySelectorAll('main th a')].slice(0, 3).map(link => link.href)";
    let cases = browser.ask(links).await;
    let cases: Vec<&str> = cases.as_array().into_iter().flatten().filter_map(|link| link.as_str()).collect();
    assert_eq!(cases.len(), 3, "{cases:?}");
    for case in &cases {
        look_at(&browser, case).await;
    }
    for page in ["explain", "explain?on=2026-06-01", "explain?on=2100-01-01", "history"] {
        look_at(&browser, &format!("{}/{page}", cases[0])).await;
    }
    look_at(&browser, &demonstration.page("/cases/PP-NOT-THERE")).await;
}

#[tokio::test]
async fn any_day_of_a_case_can_be_asked_for_without_a_script() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    demonstration.play(&browser, CHAIR).await;
    let case = browser.ask("return document.querySelector('main th a').textContent").await;
    browser.follow(case.as_str().expect("a reference")).await;
    browser.arrive_at(&demonstration.page("/cases/")).await;
    browser.follow("Explain any day: what the rules found, and who was told").await;
    let script = "document.querySelector('#on').value = '2026-03-02'; return document.querySelectorAll('script').length";
    assert_eq!(browser.ask(script).await, json!(0));
    browser.press("Explain this day").await;
    browser.see("What was found on 2 March 2026, and who was told").await;
}

#[tokio::test]
async fn one_signs_in_with_a_certified_provider_and_signs_out_of_it() {
    let place = Place::new().await;
    place.done(&["migrate"]);
    let people = json!({"chair": {"roles": ["plo-drift.chair"], "email": "chair@council.example"}});
    let service = Running::service(&place, &people);
    let browser = Browser::open().await;
    browser.go(&service.page("/cases?at_risk=true")).await;
    browser.press("chair").await;
    browser.arrive_at(&service.page("/cases?at_risk=true")).await;
    look_at(&browser, &service.page("/cases")).await;
    browser.be_wide(WIDE).await;
    browser.press("Sign out").await;
    browser.arrive_at(&service.page("/signed-out")).await;
    look_at(&browser, &service.page("/signed-out")).await;
    browser.be_wide(WIDE).await;
    browser.follow("sign out there, too").await;
    browser.press("Yes, sign me out").await;
    browser.arrive_at(&service.page("/signed-out")).await;
    browser.go(&service.page("/cases")).await;
    browser.see("Who are you?").await;
}
