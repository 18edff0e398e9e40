//! What is larger or longer than usual: a thousand alerts, names that do not end, a case that only few may know of.

use plo_drift::clock::Clock;
use plo_drift::domain::calendar::shift;
use serde_json::{Value, json};

use crate::accessible::assert_no_violations;
use crate::browser::Browser;
use crate::running::Running;
use crate::support::program::Place;
use crate::visits::look_at;

/// Cases enough for a thousand alerts.
const CASES: i64 = 300;

/// A reference and a team as no case system should give them, and some does.
const REFERENCE: &str = "COUNCIL/EDGE-OF-CARE/2026/XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX (transferred from another authority)";
const TEAM: &str = "Riverside-and-the-Hill-Villages-Safeguarding-and-Family-Support-and-Court-Team-of-the-West";

/// Each page with what it is called and what must be seen there.
pub const PAGES: [(&str, &str, &str); 9] = [
    ("long-cases", "/cases?team=TEAM", "Restricted"),
    ("long-case", "/cases/REFERENCE", "What drifts"),
    ("long-history", "/cases/REFERENCE/history", "Riverside"),
    ("long-explain", "/cases/REFERENCE/explain", "What the rules found"),
    ("long-panel", "/panel?team=TEAM", "Order of business"),
    ("long-alerts", "/alerts?team=TEAM", "Not answered"),
    ("thousand-alerts", "/alerts", "Next page"),
    ("many-cases", "/cases?at_risk=true", "Next page"),
    ("many-trends", "/trends", "Riverside"),
];

/// A service with all that, and somebody who is signed in to it and may see everything.
pub struct Extremes {
    place: Place,
    service: Running,
    pub browser: Browser,
}

impl Extremes {
    pub async fn new() -> Self {
        let place = Place::new().await;
        place.done(&["migrate"]);
        let today = Clock::of_the_machine().now().today;
        let case = |number: i64, reference: String, team: &str| {
            let (recorded_on, started_on) = (shift(today, -600), shift(today, -40 - number));
            json!({"reference": reference, "team": team, "restricted": number % 50 == 0, "recorded_on": recorded_on, "started_on": started_on})
        };
        let many = (1..=CASES)
            .map(|number| case(number, format!("PP-2026-{number:04}"), ["North", "South"][usize::from(number % 2 == 0)]));
        let cases: Vec<Value> = many.chain([case(200, REFERENCE.to_owned(), TEAM)]).collect();
        let file = place.folder.path().join("cases.json");
        std::fs::write(&file, Value::from(cases).to_string()).expect("it can be written");
        place.done(&["import", "--format", "json", file.to_str().expect("a plain path")]);
        place.done(&["check"]);
        let people = json!({"chair": {"roles": ["plo-drift.chair", "plo-drift.restricted"]}});
        let service = Running::service(&place, &people);
        let browser = Browser::open().await;
        browser.go(&service.page("/cases")).await;
        browser.press("chair").await;
        browser.arrive_at(&service.page("/cases")).await;
        Self { place, service, browser }
    }

    /// The address of a page.
    pub fn page(&self, path: &str) -> String {
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        self.service.page(&path.replace("TEAM", &encoded(TEAM)).replace("REFERENCE", &encoded(REFERENCE)))
    }
}

#[tokio::test]
async fn nothing_is_too_long_or_too_many_for_a_page() {
    let extremes = Extremes::new().await;
    let browser = &extremes.browser;
    let alerts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM alerts").fetch_one(&extremes.place.database.pool).await.expect("it answers");
    assert!(alerts >= 1_000, "{alerts}");
    for (_, path, seen) in PAGES {
        look_at(browser, &extremes.page(path)).await;
        browser.see(seen).await;
    }
    browser.go(&extremes.page("/cases/REFERENCE")).await;
    let open: i64 = sqlx::query_scalar("SELECT count(*) FROM alerts WHERE case_reference = $1 AND state = 'open'")
        .bind(REFERENCE)
        .fetch_one(&extremes.place.database.pool)
        .await
        .expect("it answers");
    let opened = "document.querySelectorAll('details').forEach(details => details.open = true);
        return document.querySelectorAll('form[action$=acknowledge]').length";
    assert_eq!(browser.ask(opened).await, json!(open), "each alert can be answered here");
    assert_no_violations(&browser.client, "the case with every form open").await;
}
