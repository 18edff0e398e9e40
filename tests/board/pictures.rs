//! Pictures of every page, for people to look at.

use std::path::PathBuf;

use crate::browser::{Browser, NARROW, WIDE};
use crate::extremes::{Extremes, PAGES as PAGES_OF_EXTREMES};
use crate::letters::letter_to;
use crate::running::Running;

/// Where a picture needs an address that only the demonstration knows: the first link that begins so, on another page.
const LINKED: [(&str, &str, &str); 6] = [
    ("case", "/cases", "/cases/"),
    ("case-green", "/cases?at_risk=false&status=open", "/cases/"),
    ("case-not-started", "/cases?status=not_started", "/cases/"),
    ("case-issued", "/cases?status=issued", "/cases/"),
    ("case-stepped-down", "/cases?status=stepped_down", "/cases/"),
    ("alert", "/alerts", "/alerts/"),
];

const PAGES: [(&str, &str); 10] = [
    ("cases", "/cases"),
    ("cases-at-risk", "/cases?at_risk=true"),
    ("cases-none", "/cases?team=Nobody"),
    ("alerts", "/alerts"),
    ("alerts-none", "/alerts?state=snoozed"),
    ("panel", "/panel"),
    ("trends", "/trends"),
    ("data-quality", "/data-quality"),
    ("wrong-parameter", "/cases?limit=0"),
    ("nothing", "/nothing"),
];

#[tokio::test]
#[ignore = "`.ci/screenshots DIR` runs it: it writes a picture of every page"]
async fn every_page_has_its_picture_taken() {
    let folder = PathBuf::from(std::env::var("SCREENSHOTS").expect("SCREENSHOTS names a folder"));
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    let camera = Camera { browser: &browser, demonstration: &demonstration, folder };
    camera.take("sign-in", "/sign-in").await;
    camera.take("accessibility", "/accessibility").await;
    demonstration.play(&browser, "Legal gateway chair, cleared for restricted cases").await;
    for (name, path) in PAGES {
        camera.take(name, path).await;
    }
    for (name, list, link) in LINKED {
        let Some(path) = camera.first_link(list, link).await else { continue };
        camera.take(name, &path).await;
        if name == "case" {
            browser.ask("document.querySelector('.drift details').open = true").await;
            camera.snap("case-answering").await;
            camera.take("history", &format!("{path}/history")).await;
            camera.take("explain", &format!("{path}/explain")).await;
        }
    }
    camera.print("panel", "/panel").await;
    if let Some(case) = camera.first_link("/cases", "/cases/").await {
        camera.print("case", &case).await;
    }
    if let Some(alert) = camera.first_link("/alerts", "/alerts/").await {
        browser.go(&demonstration.page(&alert)).await;
        camera.answer("alert").await;
    }
    let letter = letter_to(mail.path(), "gateway-chair@council.example").await;
    let links = letter.links("Acknowledge: ");
    browser.go(links.last().expect("an alert can be acknowledged")).await;
    camera.snap("mail-link").await;
    camera.answer("mail-link").await;
    browser.go(&demonstration.page("/cases")).await;
    browser.press("Sign out").await;
    browser.arrive_at(&demonstration.page("/signed-out")).await;
    camera.snap("signed-out").await;
}

#[tokio::test]
#[ignore = "`.ci/screenshots DIR` runs it: it writes a picture of every page"]
async fn what_is_long_or_many_has_its_picture_taken() {
    let folder = PathBuf::from(std::env::var("SCREENSHOTS").expect("SCREENSHOTS names a folder"));
    let extremes = Extremes::new().await;
    for (name, path, _) in PAGES_OF_EXTREMES {
        for width in [WIDE, NARROW] {
            extremes.browser.be_wide(width).await;
            extremes.browser.go(&extremes.page(path)).await;
            let picture = extremes.browser.picture().await;
            std::fs::write(folder.join(format!("{name}-{width}.png")), picture).expect("the picture is written");
        }
    }
}

struct Camera<'a> {
    browser: &'a Browser,
    demonstration: &'a Running,
    folder: PathBuf,
}

impl Camera<'_> {
    /// A page, wide and narrow.
    async fn take(&self, name: &str, path: &str) {
        for width in [WIDE, NARROW] {
            self.browser.be_wide(width).await;
            self.browser.go(&self.demonstration.page(path)).await;
            self.write(&format!("{name}-{width}.png"), &self.browser.picture().await);
        }
    }

    /// The page on which the browser is, wide and narrow.
    async fn snap(&self, name: &str) {
        for width in [WIDE, NARROW] {
            self.browser.be_wide(width).await;
            self.write(&format!("{name}-{width}.png"), &self.browser.picture().await);
        }
    }

    /// The form of an alert with mistakes in it, and what the page says once it is answered.
    async fn answer(&self, name: &str) {
        self.browser.press("Acknowledge the alert").await;
        self.browser.see("There is a problem").await;
        self.snap(&format!("{name}-with-mistakes")).await;
        self.browser.fill("action", "Hold the review on Friday").await;
        self.browser.fill("owner", "Team manager").await;
        self.browser.press("Acknowledge the alert").await;
        self.browser.see("Nobody further is told of it until").await;
        self.snap(&format!("{name}-answered")).await;
    }

    /// A page as it is printed.
    async fn print(&self, name: &str, path: &str) {
        self.browser.be_wide(WIDE).await;
        self.browser.go(&self.demonstration.page(path)).await;
        self.write(&format!("{name}.pdf"), &self.browser.printed().await);
    }

    /// Where the first link on a page leads that begins so.
    async fn first_link(&self, page: &str, begins: &str) -> Option<String> {
        self.browser.go(&self.demonstration.page(page)).await;
        let script = format!("return document.querySelector('main a[href^=\"{begins}\"]')?.getAttribute('href')");
        self.browser.ask(&script).await.as_str().map(str::to_owned)
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.folder.join(name), content).expect("the picture is written");
    }
}
