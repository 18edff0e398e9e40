//! The pages of one case: as it stands, any day explained, and every change of its record.

use axum::http::StatusCode;
use plo_drift::domain::calendar::{in_words, next_day};
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::explain::a_day_of_alerts;
use crate::fixture::{Api, day, percent_encoded};
use crate::one_case::{add, drifting};
use crate::record::swept;
use crate::visit::Visit;

/// What somebody reads, without the markup, and with one space between words.
fn words(page: &str) -> String {
    let (_, main) = page.split_once("<main").expect("a page has a main part");
    let text = main.split('<').filter_map(|piece| Some(piece.split_once('>')?.1)).collect::<Vec<_>>().join(" ");
    let text = text.replace("&#39;", "'").replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path with a reference in it, as links have it.
fn of(reference: &str, rest: &str) -> String {
    format!("/cases/{}{rest}", percent_encoded(reference.as_bytes()))
}

fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().expect("a list").iter().map(|entry| entry[field].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn everything_that_drifts_is_told_with_its_evidence_the_red_first() {
    let api = Api::new().await;
    add(&api, &drifting()).await;
    let token = api.token().await;
    let findings = api.get(&token, "/api/v1/cases/C-1%2F%C3%A9").await.body["findings"].clone();
    let page = words(&Visit::reader(&api).await.page(&of("C-1/é", "")).await);
    assert!(findings.as_array().is_some_and(|findings| findings.len() > 4), "{findings}");
    for evidence in texts(&findings, "message") {
        assert!(page.contains(&format!("{evidence}.")), "{evidence}: {page}");
    }
    let (_, drifts) = page.split_once("What drifts").expect("it says what drifts");
    let (drifts, _) = drifts.split_once("Alerts, and who was told").expect("alerts follow");
    let severities: Vec<&str> = drifts.split(' ').filter(|word| ["Red", "Amber", "Notice"].contains(word)).collect();
    let mut in_order = severities.clone();
    in_order.sort_by_key(|severity| ["Red", "Amber", "Notice"].iter().position(|other| other == severity));
    assert_eq!((severities.len(), &severities), (findings.as_array().map_or(0, Vec::len), &in_order), "{drifts}");
    assert_eq!(drifts.matches("Since ").count(), severities.len(), "{drifts}");
    api.close().await;
}

#[tokio::test]
async fn what_is_recorded_is_on_the_page_and_its_days_are_in_the_drawing_and_in_the_list() {
    let api = Api::new().await;
    add(&api, &drifting()).await;
    let page = Visit::reader(&api).await.page(&of("C-1/é", "")).await;
    for said in [
        "In pre-proceedings, for 19 weeks since 2 February 2026",
        "29 June 2026, set by the last approved extension; 2 weeks left",
        "25 May 2026, without extensions and births",
        "1 child",
        "Letter before proceedings 9 February 2026 6 February 2026 Met 1 working day early",
        "1 18 May 2026 Approved on 20 May 2026 Team manager 29 June 2026 Recorded",
        "1 extension is approved and moves the end by 35 days",
        "1 Initial meeting 20 February 2026 24 February 2026 –",
        "1 Parenting assessment 20 February 2026 1 May 2026 –",
        "Mother 1 2 0 2",
        "16 March 2026 Manager Recorded",
        "20 May 2026 Extension 1 approved by team manager, to end on 29 June 2026",
        "31 March 2026 Meeting 2 (review) planned",
        "15 June 2026 Today",
    ] {
        assert!(words(&page).contains(said), "{said}: {}", words(&page));
    }
    let (_, drawing) = page.split_once("<svg class=\"drawing timeline\"").expect("there is a drawing");
    let (drawing, _) = drawing.split_once("</svg>").expect("it ends");
    for label in [
        "Start 2 Feb",
        "First end 25 May",
        "Extended end 29 Jun",
        "Today 15 Jun",
        "Sent 6 Feb",
        "1 approved 20 May",
        "Initial meeting held 24 Feb",
    ] {
        assert!(drawing.contains(&format!(">{label}<")), "{label}: {drawing}");
    }
    for secret in ["2020", "1 May 2020", "K-1"] {
        assert!(!words(&page).contains(secret), "{secret}");
    }
    api.close().await;
}

/// What the mails hide, pages hide: a birth, and days that only follow from one.
#[tokio::test]
async fn no_page_of_a_case_gives_a_birth_away() {
    let api = Api::new().await;
    let born = json!({
        "reference": "C-1", "team": "east", "recorded_on": "2026-02-02", "started_on": "2026-02-02", "lbp_sent_on": "2026-02-06",
        "children": [{"reference": "K-1", "expected_delivery_on": "2026-05-19"}, {"reference": "K-2", "date_of_birth": "2019-03-17"}],
        "meetings": [{"sequence": 1, "kind": "initial", "held_on": "2026-02-11"}],
    });
    add(&api, &born).await;
    let visit = Visit::reader(&api).await;
    let case = visit.page("/cases/C-1").await;
    assert!(words(&case).contains("1 child, 1 expected"), "{}", words(&case));
    assert!(words(&case).contains("Set by an expected birth; the day is in the case record and is not shown here"));
    let history = visit.page("/cases/C-1/history").await;
    assert!(words(&history).contains("Date of birth: A day, not shown here"), "{}", words(&history));
    let explain = visit.page("/cases/C-1/explain").await;
    let body = api.get(&api.token().await, "/api/v1/cases/C-1").await.body;
    let end = day(body["end"]["on"].as_str().expect("a day"));
    assert_eq!((end, &body["end"]["set_by"]), (day("2026-04-21"), &json!("expected_birth")));
    let review_due = day(body["milestones"][2]["due"].as_str().expect("a day"));
    let hidden = [day("2026-05-19"), day("2019-03-17"), end, next_day(end), review_due, next_day(review_due)];
    for page in [case, history, explain] {
        for day in hidden {
            for written in [day.to_string(), in_words(day), in_words(day).replace(" April 2026", " Apr<")] {
                assert!(!page.contains(&written), "{written}: {}", words(&page));
            }
        }
    }
    api.close().await;
}

#[tokio::test]
async fn who_was_told_is_told_by_role_and_the_way_to_answer_is_there_for_who_may() {
    let api = Api::new().await;
    a_day_of_alerts(&api).await;
    let alert = "/alerts/00000000-0000-0000-0000-0000000000a1";
    let (chair, reader) =
        (Visit::chair(&api).await.page("/cases/C-1").await, Visit::reader(&api).await.page("/cases/C-1").await);
    for (page, answers) in [(&chair, true), (&reader, false)] {
        assert!(page.contains(&format!("href=\"{alert}\"")), "{page}");
        for said in ["Answer this alert", "/acknowledge\"", "/snooze\""] {
            assert_eq!(page.contains(said), answers, "{said}: {page}");
        }
    }
    let page = words(&chair);
    for said in [
        "Legal gateway chair on 2 June 2026 at 06:00; the mail server accepted it",
        "Service manager not told on 12 June 2026 at 00:00: nobody in this role can be reached for the team",
        "Head of service on 12 June 2026 at 06:00, as nobody before had acted; the mail server has not accepted it yet",
        "Alerts that are resolved (2)",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for secret in ["@", "Jane", "Roe", "john"] {
        assert!(!page.contains(secret), "{secret}");
    }
    api.close().await;
}

#[tokio::test]
async fn the_alerts_of_a_case_are_answered_on_its_page() {
    let api = Api::new().await;
    add(&api, &drifting()).await;
    swept(&api).await;
    let visit = Visit::chair(&api).await;
    let path = of("C-1/é", "");
    let page = visit.page(&path).await;
    let forms = |page: &str, last: &str| page.matches(&format!("/{last}\" novalidate")).count();
    let open = usize::try_from(api.count("SELECT count(*) FROM alerts WHERE state = 'open'").await).expect("a count");
    assert!(open > 2, "{open}");
    assert_eq!((forms(&page, "acknowledge"), forms(&page, "snooze")), (open, open));
    let mut marks: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = marks.len();
    marks.sort_unstable();
    marks.dedup();
    assert_eq!(marks.len(), all, "each mark stands once");
    let described = page.split(" for=\"").skip(1).filter_map(|rest| rest.split('"').next());
    assert!(described.clone().count() >= 5 * open && described.into_iter().all(|mark| marks.binary_search(&mark).is_ok()));

    let (_, first) = page.split_once("action=\"/alerts/").expect("there is a form");
    let (id, _) = first.split_once('/').expect("it names its alert");
    let answer = [("action", "Hold the review"), ("owner", "Team manager"), ("review_on", "2026-06-22"), ("turn", "1")];
    let sent = visit.send(&format!("/alerts/{id}/acknowledge"), &answer).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let page = visit.page(&path).await;
    assert_eq!((forms(&page, "acknowledge"), page.contains(&format!("/alerts/{id}/acknowledge"))), (open - 1, false));
    api.close().await;
}

#[tokio::test]
async fn a_day_is_explained_rule_by_rule_and_mail_by_mail() {
    let api = Api::new().await;
    a_day_of_alerts(&api).await;
    let token = api.token().await;
    let visit = Visit::reader(&api).await;
    let body = api.get(&token, "/api/v1/cases/C-1/explain?on=2026-06-12").await.body;
    let page = words(&visit.page("/cases/C-1/explain?on=2026-06-12").await);
    let rules = body["as_recorded"].as_array().expect("rules");
    assert_eq!(rules.len(), 25);
    for rule in rules {
        assert!(page.contains(rule["title"].as_str().expect("a title")), "{rule}");
        let said = rule["why_none"].as_str().map_or_else(|| texts(&rule["findings"], "message"), |why| vec![why]);
        for sentence in said {
            assert!(page.contains(&format!("{sentence}.")), "{sentence}: {page}");
        }
    }
    for said in [
        "12 June 2026 at 06:00 To be told No recorded oversight Head of service",
        "12 June 2026 at 06:30 Mail given up 550 5.1.1 <(address)>: unknown",
        "Refused on 12 June 2026 at 06:30: 550 5.1.1 <(address)>: unknown",
        "The last round over all cases ended on 12 June 2026 at 23:56.",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for secret in ["@", "Jane", "Roe", "john", "C-2"] {
        assert!(!page.contains(secret), "{secret}");
    }
    let (today, blank) = (visit.page("/cases/C-1/explain").await, visit.page("/cases/C-1/explain?on=").await);
    assert_eq!(today, blank, "a form that was sent empty asks for today");
    assert!(words(&today).contains("What was found on 15 June 2026, and who was told"), "{}", words(&today));
    api.close().await;
}

#[tokio::test]
async fn a_day_that_cannot_be_explained_is_asked_for_again() {
    let api = Api::new().await;
    add(&api, &drifting()).await;
    let visit = Visit::reader(&api).await;
    for (typed, shown) in [("2026-06-16", "2026-06-16"), ("yesterday", ""), ("%3Cb%3E", "")] {
        let answer = visit.get(&of("C-1/é", &format!("/explain?on={typed}"))).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        let page = answer.page();
        assert!(page.contains("<title>Error: "), "{page}");
        assert!(page.contains("<a href=\"#on\">Enter a day that is not in the future, such as 15 June 2026</a>"), "{page}");
        assert!(
            page.contains(&format!("value=\"{shown}\" aria-describedby=\"on-hint on-mistake\" aria-invalid=\"true\"")),
            "{page}"
        );
        assert!(!page.contains("What the rules found"));
    }
    let other = visit.get(&of("C-1/é", "/explain?on=2026-06-16&other=1")).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(other.page().contains("This page cannot be shown as it was asked for"));
    api.close().await;
}

#[tokio::test]
async fn every_change_of_the_record_is_told_page_by_page() {
    let api = Api::new().await;
    add(&api, &drifting()).await;
    api.sql("UPDATE meetings SET held_on = '2026-06-12' WHERE sequence = 2; UPDATE cases SET restricted = true").await;
    let visit = Visit::reader(&api).await;
    let page = words(&visit.page(&of("C-1/é", "/history")).await);
    for said in [
        "Meeting 2 changed Held: Not given → became 12 June 2026",
        "Case changed Restricted: No → became Yes",
        "Extension 1 added",
        "Approved by: Team manager",
        "A test, from a test",
        "Appointment added",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let first = visit.page(&of("C-1/é", "/history?limit=2&since=")).await;
    let (_, rest) = first.split_once("rel=\"next\" href=\"").expect("there is more");
    let next = rest.split('"').next().expect("an address").replace("&#38;", "&");
    let second = visit.page(&next).await;
    assert_ne!(words(&first), words(&second));
    assert!(second.contains("First page"));
    let none = visit.page(&of("C-1/é", "/history?since=2026-12-01")).await;
    assert!(words(&none).contains("No change is on record for this."));
    api.close().await;
}

#[tokio::test]
async fn a_case_that_one_may_not_see_looks_as_if_it_were_not_there() {
    let api = Api::new().await;
    let hidden = |mut case: Value, name: &str, value: Value| {
        case[name] = value;
        case
    };
    add(&api, &hidden(drifting(), "restricted", json!(true))).await;
    add(&api, &hidden(hidden(drifting(), "reference", json!("C-2")), "team", json!("west"))).await;
    let visit = Visit::of(&api, &[ApiRole::Chair], &["east"], false, &[]).await;
    for rest in ["", "/explain", "/explain?on=2026-06-01", "/history"] {
        let none = visit.get(&of("C-9", rest)).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{rest}");
        assert!(none.page().contains("There is no such page"), "{rest}");
        for reference in ["C-1/é", "C-2"] {
            let answer = visit.get(&of(reference, rest)).await;
            assert_eq!((answer.status, answer.page()), (StatusCode::NOT_FOUND, none.page()), "{reference}{rest}");
        }
    }
    let cleared = words(&Visit::reader(&api).await.page(&of("C-1/é", "")).await);
    assert!(cleared.contains("Restricted"), "{cleared}");
    api.close().await;
}

#[tokio::test]
async fn a_case_without_a_start_and_one_that_is_over_say_what_there_is() {
    let api = Api::new().await;
    add(&api, &json!({"reference": "C-1", "recorded_on": "2026-06-01"})).await;
    let over = json!({
        "reference": "C-2", "recorded_on": "2026-01-05", "started_on": "2026-01-05", "lbp_sent_on": "2026-01-08",
        "step_decision_on": "2026-04-20", "outcome": "step_down", "closed_on": "2026-05-11",
        "meetings": [{"sequence": 1, "kind": "initial", "planned_on": "2026-01-20", "cancelled_on": "2026-01-19"}],
        "extensions": [{"sequence": 1, "requested_on": "2026-04-01", "decision": "refused", "decided_on": "2026-04-07", "rationale_recorded": false}],
    });
    add(&api, &over).await;
    let visit = Visit::reader(&api).await;
    let none = words(&visit.page("/cases/C-1").await);
    for said in [
        "Not started: no decision to enter pre-proceedings is recorded",
        "None recorded",
        "No meeting is recorded.",
        "No extension was asked for.",
        "No alert stands.",
        "No day is recorded.",
    ] {
        assert!(none.contains(said), "{said}: {none}");
    }
    let over = words(&visit.page("/cases/C-2").await);
    for said in [
        "Closed; pre-proceedings began on 5 January 2026",
        "20 April 2026 Decided to step down",
        "11 May 2026 Case closed",
        "19 January 2026 Meeting 1 (initial) cancelled",
        "7 April 2026 Extension 1 refused",
        "Refused on 7 April 2026 – – Not recorded",
        "Nothing. See why no rule finds anything",
    ] {
        assert!(over.contains(said), "{said}: {over}");
    }
    for said in ["weeks over", "weeks left", "Today"] {
        assert!(!over.contains(said), "{said}: {over}");
    }
    api.close().await;
}

#[tokio::test]
async fn long_and_strange_names_are_whole_and_safe() {
    let api = Api::new().await;
    let (reference, team) = (format!("R<&\"'%2F{}", "x".repeat(150)), "T".repeat(200));
    let mut case = drifting();
    case["reference"] = json!(reference);
    case["team"] = json!(team);
    case["extensions"][0]["approved_by_grade"] = json!("<script>alert(1)</script>");
    case["engagement"][0]["person"] = json!("<img src=x>");
    add(&api, &case).await;
    let visit = Visit::reader(&api).await;
    for rest in ["", "/explain", "/history"] {
        let page = visit.page(&of(&reference, rest)).await;
        assert!(words(&page).contains(&reference.replace('"', "&#34;")), "{rest}: {}", words(&page));
        for unsafe_one in ["<script", "<img", "R<&"] {
            assert!(!page.contains(unsafe_one), "{rest} {unsafe_one}");
        }
    }
    let page = visit.page(&of(&reference, "")).await;
    assert!(page.contains(&team));
    let (_, rest) = page.split("<footer").next().unwrap_or_default().rsplit_once("href=\"").expect("links");
    let link = rest.split('"').next().expect("an address");
    assert!(visit.page(link).await.contains("Every change of the record"), "{link}");
    api.close().await;
}
