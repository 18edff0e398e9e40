//! What people come for: a chair's morning, from the mail to the alert that is quiet, at a desk and on a telephone; a manager who looks
//! for something; the agenda on paper.

use fantoccini::Locator;
use plo_drift::clock::Clock;
use plo_drift::domain::calendar::shift;
use reqwest::Url;
use serde_json::{Value, json};

use crate::accessible::assert_no_violations;
use crate::browser::{Browser, NARROW, WIDE};
use crate::letters::letter_to;
use crate::running::Running;
use crate::support::program::Place;

/// A service with a case that is long past its end, and a chair who is told of it and may sign in.
async fn service_with_a_case() -> (Place, Running) {
    let place = Place::new().await;
    place.done(&["migrate"]);
    place.done(&["recipient", "add", "--name", "A", "--email", "chair@council.example", "--role", "legal_gateway_chair"]);
    place.done(&["recipient", "add", "--name", "B", "--email", "manager@council.example", "--role", "service_manager"]);
    let started_on = shift(Clock::of_the_machine().now().today, -200);
    let cases = json!([{"reference": "PP-2026-901", "team": "North", "recorded_on": started_on, "started_on": started_on,
        "lbp_sent_on": started_on, "fgdm_offered": true, "children": [{"reference": "1", "date_of_birth": "2024-01-15"}]}]);
    let file = place.folder.path().join("cases.json");
    std::fs::write(&file, cases.to_string()).expect("it can be written");
    place.done(&["import", "--format", "json", file.to_str().expect("a plain path")]);
    let people = json!({
        "chair": {"roles": ["plo-drift.chair"], "email": "chair@council.example"},
        "manager": {"roles": ["plo-drift.reader"], "email": "manager@council.example"},
    });
    let service = Running::service(&place, &people);
    (place, service)
}

/// How many further people a check would tell of the alerts that is made in six days: before whoever answers today looks again.
fn told_in_six_days(place: &Place) -> u64 {
    let on = shift(Clock::of_the_machine().now().today, 6).to_string();
    let printed = place.done(&["check", "--dry-run", "--json", "--on", &on]);
    let printed: Value = serde_json::from_str(&printed).expect("it is JSON");
    printed["report"]["told"].as_u64().expect("a count")
}

#[tokio::test]
async fn a_chair_s_morning_leads_from_the_mail_to_an_alert_that_is_quiet() {
    let (place, service) = service_with_a_case().await;
    let letter = letter_to(&place.folder.path().join("mail"), "chair@council.example").await;
    let [case] = &letter.links("See the case")[..] else { panic!("one case, one link: {}", letter.html) };
    let to_tell = told_in_six_days(&place);

    let browser = Browser::open().await;
    browser.go(case).await;
    browser.press("chair").await;
    browser.arrive_at(case).await;
    browser.see("PP-2026-901").await;
    assert_no_violations(&browser.client, "the case").await;
    browser.keys("Answer this alert: Time limit", "\u{e007}").await;
    assert_no_violations(&browser.client, "the case with the forms of an alert").await;
    let of_the_alert = async |what: &str| browser.client.find(Locator::Css(&format!("details[open] {what}"))).await;
    let action = of_the_alert("textarea").await.expect("what will be done stands first");
    action.send_keys("Take the case to the panel on Wednesday").await.expect("it can be typed into");
    of_the_alert("button").await.expect("it can be sent").click().await.expect("it can be pressed");

    browser.arrive_at(&service.page("/alerts/")).await;
    browser.see("There is a problem").await;
    browser.see("Enter who will do it").await;
    assert_no_violations(&browser.client, "the alert with mistakes in its form").await;
    browser.fill("owner", "Team manager").await;
    browser.press("Stay signed in").await;
    browser.see("You stay signed in until").await;
    assert_no_violations(&browser.client, "the alert with more time").await;
    browser.press("Acknowledge the alert").await;
    browser.see("Acknowledged by you on").await;
    browser.see("Take the case to the panel on Wednesday").await;
    assert_no_violations(&browser.client, "the alert that was answered").await;

    browser.follow("Alerts").await;
    browser.see("Those I was told of").await;
    assert_no_violations(&browser.client, "the inbox").await;
    let open = "return [...document.querySelectorAll('tbody tr')].filter(row => row.innerText.includes('Not answered'))
        .map(row => row.querySelector('th a').firstChild.textContent)";
    let open = browser.ask(open).await;
    assert!(!open.as_array().expect("a list").contains(&json!("Time limit")), "{open}");
    assert_eq!(told_in_six_days(&place) + 1, to_tell, "of this one nobody further is told");
}

#[tokio::test]
async fn on_a_telephone_an_alert_is_acknowledged_from_the_mail_without_signing_in() {
    let (place, service) = service_with_a_case().await;
    let letter = letter_to(&place.folder.path().join("mail"), "chair@council.example").await;
    let links = letter.links("Acknowledge: Time limit");
    let [link] = &links[..] else { panic!("one alert, one link: {}", letter.html) };
    let to_tell = told_in_six_days(&place);
    let browser = Browser::open().await;
    browser.be_wide(NARROW).await;
    browser.go(link).await;
    assert_no_violations(&browser.client, "the form that the mail links to").await;
    let over = browser.ask("const page = document.documentElement; return page.scrollWidth - page.clientWidth").await;
    assert_eq!(over, json!(0), "it scrolls to the side");
    let small = "return [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main textarea')]
        .map(target => target.getBoundingClientRect()).filter(size => size.width < 24 || size.height < 24).length";
    assert_eq!(browser.ask(small).await, json!(0), "everything can be hit with a thumb");
    browser.fill("action", "Hold the review on Friday").await;
    browser.fill("owner", "Team manager").await;
    browser.press("Acknowledge the alert").await;
    browser.see("Alert acknowledged").await;
    assert_no_violations(&browser.client, "the mail's form once it is answered").await;
    assert_eq!(told_in_six_days(&place) + 1, to_tell, "of this one nobody further is told");
    drop(service);
}

#[tokio::test]
async fn a_manager_looks_for_something_and_finds_it() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    demonstration.play(&browser, "Service manager").await;
    let first = "return document.querySelector('tbody th a').textContent";
    let worst = browser.ask(first).await;
    browser.keys("Choose which cases", "\u{e007}").await;
    let filters = [("rag", "amber"), ("rule", "no_recorded_work"), ("sort", "reference")];
    for (name, value) in filters {
        let choose =
            format!("document.querySelector('#{name}').value = '{value}'; return document.querySelector('#{name}').value");
        assert_eq!(browser.ask(&choose).await, json!(value));
    }
    browser.press("Show these cases").await;
    browser.arrive_at(&demonstration.page("/cases?")).await;
    assert_no_violations(&browser.client, "what was found").await;
    let rows = browser
        .ask("return [...document.querySelectorAll('tbody tr')].map(row => [row.querySelector('th a').textContent, row.innerText])")
        .await;
    let rows = rows.as_array().expect("a list");
    assert!(!rows.is_empty() && rows.iter().all(|row| row[0] != worst), "{rows:?}");
    for row in rows {
        let says = row[1].as_str().expect("text");
        assert!(says.contains("Amber") && says.contains("No recorded work"), "{says}");
    }
    let chosen = "return ['rag', 'rule', 'sort'].map(name => document.querySelector(`#${name}`).value)";
    assert_eq!(browser.ask(chosen).await, json!(["amber", "no_recorded_work", "reference"]), "what was chosen stays");
    browser.follow(rows[0][0].as_str().expect("a reference")).await;
    browser.see("What drifts").await;
    browser.go(&demonstration.page("/alerts?whose=all")).await;
    let alert = browser.ask("return document.querySelector('tbody th a').href").await;
    browser.go(alert.as_str().expect("an address")).await;
    browser.see("What happens next").await;
    assert_eq!(
        browser.ask("return document.querySelectorAll('main form').length").await,
        json!(0),
        "a manager answers nothing here"
    );
}

#[tokio::test]
async fn the_agenda_on_paper_has_every_case_its_question_and_nothing_to_click() {
    let mail = tempfile::tempdir().expect("a folder");
    let demonstration = Running::demonstration(mail.path().to_str().expect("a plain path"));
    let browser = Browser::open().await;
    demonstration.play(&browser, "Legal gateway chair").await;
    browser.go(&demonstration.page("/panel")).await;
    browser.be_printed().await;
    let seen = browser.ask("return document.body.innerText").await;
    let seen = seen.as_str().expect("text");
    assert!(!seen.contains("Sign out") && !seen.contains("Choose which cases"), "{}", &seen[..300]);
    let cases = "return [...document.querySelectorAll('main h2')].filter(title => /PP-/.test(title.innerText)).length";
    let (cases, listed) = (
        browser.ask(cases).await,
        browser.ask("return document.querySelectorAll('main tbody tr th a[href^=\"#\"]').length").await,
    );
    assert!(cases.as_u64() > Some(10) && cases == listed, "each case of the list has its place: {cases} {listed}");
    assert!(seen.matches("Why it is here").count() > 10);
    let printed = browser.printed().await;
    assert!(printed.starts_with(b"%PDF") && printed.len() > 20_000, "{}", printed.len());
}

#[tokio::test]
async fn nobody_is_shut_out_of_what_goes_wrong_either() {
    let (place, service) = service_with_a_case().await;
    let browser = Browser::open().await;
    let look_at = async |what: &str, says: &str| {
        browser.see(says).await;
        for width in [WIDE, NARROW] {
            browser.be_wide(width).await;
            assert_no_violations(&browser.client, what).await;
        }
    };
    browser.go(&service.page("/sign-in/callback?code=a&state=b")).await;
    look_at("somebody who was not signed in", "You are not signed in").await;
    browser.go(&service.page("/acknowledge/nothing")).await;
    look_at("a link that does not work", "This link does not work").await;
    browser.go(&service.page("/alerts")).await;
    browser.press("chair").await;
    browser.arrive_at(&service.page("/alerts")).await;
    look_at("the inbox", "Those I was told of").await;
    browser.go(&service.page("/cases?weeks_open_min=many")).await;
    look_at("a filter that is wrong", "must be a whole number").await;
    browser.go(&service.page("/cases/PP-0")).await;
    look_at("a case that is not there", "There is no such page").await;
    browser.go(&service.page("/alerts")).await;
    browser
        .client
        .find(Locator::XPath("//tbody//a[starts-with(., 'Time limit')]"))
        .await
        .expect("an alert")
        .click()
        .await
        .expect("a link");
    browser.fill("action", "Hold the review on Friday").await;
    browser.fill("owner", "Team manager").await;
    let letter = letter_to(&place.folder.path().join("mail"), "chair@council.example").await;
    let day = browser.value("review_on").await;
    let by_mail = [("action", "Take it to the panel"), ("owner", "Service manager"), ("review_on", &day)];
    let by_mail = Url::parse_with_params("form:", by_mail).expect("it is a URL").query().unwrap_or_default().to_owned();
    let sent = reqwest::Client::new().post(&letter.links("Acknowledge: Time limit")[0]).body(by_mail);
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").send().await.expect("it is answered");
    assert!(sent.status().is_success(), "somebody else answers it meanwhile: {}", sent.status());
    browser.press("Acknowledge the alert").await;
    look_at("an alert that somebody else has answered meanwhile", "Your answer was not recorded: the alert was acknowledged")
        .await;
    browser.go(&service.page("/alerts")).await;
    browser.client.find(Locator::Css("tbody th a")).await.expect("an alert").click().await.expect("a link");
    browser.keys("Put it off instead", "\u{e007}").await;
    browser.press("Put the alert off").await;
    look_at("an alert that is put off with mistakes", "Enter why it must wait").await;
    browser.fill("reason", "The assessor is ill until Monday").await;
    browser.client.delete_all_cookies().await.expect("they can be thrown away");
    browser.press("Put the alert off").await;
    look_at("an answer of somebody who is signed out", "What you typed is kept on this page").await;
    let here = browser.client.window().await.expect("it has a window");
    browser.follow("Sign in again (opens in a new tab)").await;
    browser.be_in_the_other_window(&here).await;
    browser.press("chair").await;
    browser.see("What happens next").await;
    let there = browser.client.window().await.expect("it has a window");
    browser.be_in_the_other_window(&there).await;
    browser.press("Put the alert off").await;
    look_at("an answer of somebody who has signed in anew", "Somebody has signed in since").await;
    browser.press("Put the alert off").await;
    look_at("the alert that was put off after all", "Put off by you on").await;
    let shut = Running::without_sign_in(&place);
    browser.client.delete_all_cookies().await.expect("they can be thrown away");
    browser.go(&shut.page("/cases")).await;
    look_at("a service to which nobody can sign in", "Nobody can sign in yet").await;
}
