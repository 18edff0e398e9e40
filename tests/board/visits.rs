//! Who comes in, and what they find.

use serde_json::json;

use crate::accessible::assert_no_violations;
use crate::browser::{Browser, NARROW, WIDE};
use crate::running::Running;
use crate::support::program::Place;

#[tokio::test]
async fn one_chooses_who_to_be_in_the_demonstration_and_signs_out() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    browser.go(&demonstration.page("/sign-in")).await;
    for width in [WIDE, NARROW] {
        browser.be_wide(width).await;
        assert_no_violations(&browser.client, "the page where one chooses who to be").await;
    }
    assert!(browser.words().await.contains("Legal gateway chair"));
}

#[tokio::test]
async fn one_signs_in_with_a_certified_provider_and_signs_out_of_it() {
    let place = Place::new().await;
    place.done(&["migrate"]);
    let people = json!({"chair": {"roles": ["plo-drift.chair"], "email": "chair@council.example"}});
    let service = Running::service(&place, &people).await;
    let browser = Browser::open().await;
    browser.go(&service.page("/")).await;
    browser.press("chair").await;
    browser.arrive_at(&service.address).await;
    browser.press("Sign out").await;
    browser.arrive_at(&service.page("/signed-out")).await;
    assert_no_violations(&browser.client, "the page where one is signed out").await;
}
