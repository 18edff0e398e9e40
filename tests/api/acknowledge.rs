//! The page that the link of a mail opens.

use axum::http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use plo_drift::links::{self, Link, LinkKey};
use plo_drift::store::link_keys;
use serde_json::Value;
use sqlx::{Postgres, Transaction};

use crate::fixture::{Answer, Api, Watched, alert_id, day, now, open_alert, post, request, send};

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const RIGHT: &str = "action=hold+Jane+Doe%27s+review&owner=team+manager&review_on=2026-06-22";

/// A chair (recipient 1) and a service manager of the team "east" (2) who were both mailed of alert 1.
pub async fn mailed() -> Api {
    let api = Api::new().await;
    api.add(&[Watched::new("C-1")]).await;
    api.sql(&open_alert(1, "C-1", "red")).await;
    api.sql(
        "INSERT INTO recipients (name, email, role, teams) VALUES
            ('Ann Other', 'ann@council.example', 'legal_gateway_chair', '{}'),
            ('Bob Other', 'bob@council.example', 'service_manager', '{east}');
        INSERT INTO messages (id, kind, recipient_id, created_at)
            SELECT gen_random_uuid(), 'alert', id, '2026-06-12T08:00Z' FROM recipients;
        INSERT INTO message_alerts (message_id, alert_id, severity, role)
            SELECT messages.id, '00000000-0000-0000-0000-000000000001', 'red', role
            FROM messages JOIN recipients ON recipients.id = recipient_id;",
    )
    .await;
    api
}

pub async fn key(api: &Api) -> LinkKey {
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    link_keys::newest_or_new(&mut connection, now()).await.expect("there is a key")
}

pub async fn link_until(api: &Api, alert: u128, recipient: i64, expires_on: Date) -> String {
    let link = Link { alert: alert_id(alert), recipient, expires_on };
    format!("/acknowledge/{}", links::sign(&key(api).await, &link))
}

pub async fn link(api: &Api, recipient: i64) -> String {
    link_until(api, 1, recipient, day("2026-06-15")).await
}

pub async fn open(api: &Api, link: &str) -> Answer {
    send(&api.router, request("GET", link, None)).await
}

pub async fn answer(api: &Api, link: &str, form: &str) -> Answer {
    send(&api.router, post(link, FORM, form.to_owned())).await
}

/// Commits what somebody has done as soon as somebody else waits for it.
pub async fn let_go_once_somebody_waits(api: &Api, holder: Transaction<'static, Postgres>) {
    let waiting =
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&api.database.pool).await.expect("it answers") {
        tokio::task::yield_now().await;
    }
    holder.commit().await.expect("it can be committed");
}

/// Every table with its rows, as text.
async fn everything(api: &Api) -> String {
    let tables =
        "SELECT string_agg(format('%s %s', table_name, query_to_xml(format('SELECT * FROM %I', table_name), true, false, '')),
        ' ' ORDER BY table_name) FROM information_schema.tables WHERE table_schema = 'public'";
    sqlx::query_scalar(tables).fetch_one(&api.database.pool).await.expect("it answers")
}

pub fn assert_headers_of_a_page(headers: &HeaderMap) {
    let policy = headers["content-security-policy"].to_str().expect("it is text");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'; "), "{policy}");
    for part in ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["x-robots-tag"], "noindex, nofollow");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("set-cookie"));
}

pub fn assert_page(answer: &Answer, status: StatusCode, says: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_headers_of_a_page(&answer.headers);
    let page = answer.page();
    assert!(page.contains(says), "{says}: {page}");
    assert_eq!(page.matches("<h1 ").count(), 1);
    assert!(page.contains("<html lang=\"en-GB\"") && !page.contains("<script"));
    for name in ["Other", "council.example", "Jane"] {
        let is_own = status == StatusCode::UNPROCESSABLE_ENTITY || page.contains("What you entered</h2>");
        assert!(!page.contains(name) || (name == "Jane" && is_own), "{name}");
    }
}

#[tokio::test]
async fn the_form_comes_straight_after_what_the_alert_is() {
    let api = mailed().await;
    let page = open(&api, &link(&api, 1).await).await;
    let places = ["The alert</h2>", "Your answer</h2>", "What happens next</h2>", "Who knows of it</h2>"];
    let places = places.map(|heading| page.page().find(heading).expect("it is there"));
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.page().contains("A day from Tuesday 16 June 2026 to Monday 13 July 2026, such as 22/06/2026."));
    assert!(page.page().contains("If nobody acts, the service manager is told on Tuesday 16 June 2026."));
    api.close().await;
}

#[tokio::test]
async fn a_link_opens_the_form_and_changes_nothing() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    let before = everything(&api).await;
    for _ in 0..2 {
        let page = open(&api, &link).await;
        assert_page(&page, StatusCode::OK, "<h1 class=\"govuk-heading-l\">Acknowledge an alert</h1>");
        insta::assert_snapshot!("the_form", page.page().split_once("<main").expect("it has a main part").1);
    }
    let head = send(&api.router, request("HEAD", &link, None)).await;
    assert_eq!((head.status, head.body), (StatusCode::OK, Value::Null));
    assert_eq!(everything(&api).await, before);
    api.close().await;
}

#[tokio::test]
async fn the_form_acknowledges_and_leads_back_to_the_page() {
    let api = mailed().await;
    let (chair, manager) = (link(&api, 1).await, link(&api, 2).await);
    let done = answer(&api, &chair, RIGHT).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_headers_of_a_page(&done.headers);
    assert_eq!(done.headers["location"], chair["/acknowledge/".len()..], "it is relative to the link itself");

    let own = open(&api, &chair).await;
    assert_page(&own, StatusCode::OK, "You acknowledged this alert on 15 June 2026, until 22 June 2026.");
    for entered in ["hold Jane Doe&#39;s review", "team manager", "Monday 22 June 2026"] {
        assert!(own.page().contains(&format!(">{entered}</dd>")), "{entered}: {}", own.page());
    }
    assert!(own.page().contains("Nobody further is told of it until Monday 22 June 2026, unless it turns worse before."));
    insta::assert_snapshot!("what_was_entered", own.page().split_once("<main").expect("it has a main part").1);
    let others = open(&api, &manager).await;
    let said = "This alert was acknowledged on 15 June 2026 by the legal gateway chair, until 22 June 2026.";
    assert_page(&others, StatusCode::OK, said);
    assert!(!others.page().contains("<form") && !others.page().contains("Jane") && !others.page().contains("team manager"));

    let row: (String, String, String, i64) = sqlx::query_as(
        "SELECT state, alert_pauses.reason, owner, recipient_id FROM alerts JOIN alert_pauses ON alert_id = alerts.id",
    )
    .fetch_one(&api.database.pool)
    .await
    .expect("there is one");
    assert_eq!(row, ("acknowledged".into(), "hold Jane Doe's review".into(), "team manager".into(), 1));
    let kept: (String, String, String, i64) =
        sqlx::query_as("SELECT what, case_reference, reason, recipient_id FROM journal WHERE alert_id IS NOT NULL")
            .fetch_one(&api.database.pool)
            .await
            .expect("there is one");
    assert_eq!(kept, ("alert_acknowledged".into(), "C-1".into(), "by the legal gateway chair, until 22 June 2026".into(), 1));
    api.close().await;
}

#[tokio::test]
async fn a_second_click_is_no_mistake_and_a_second_answer_comes_too_late() {
    let api = mailed().await;
    let (chair, manager) = (link(&api, 1).await, link(&api, 2).await);
    assert_eq!(answer(&api, &chair, RIGHT).await.status, StatusCode::SEE_OTHER);
    assert_eq!(answer(&api, &chair, RIGHT).await.status, StatusCode::SEE_OTHER);
    let after = everything(&api).await;
    for (link, form) in [(&manager, RIGHT), (&chair, "action=wait&owner=me&review_on=2026-06-22"), (&manager, "action=")] {
        assert_page(&answer(&api, link, form).await, StatusCode::CONFLICT, "Your answer was not recorded");
    }
    assert_eq!(everything(&api).await, after);
    for (rows, table) in [(1, "alert_pauses"), (1, "journal"), (2, "api_audit")] {
        assert_eq!(api.count(&format!("SELECT count(*) FROM {table}")).await, rows, "of {table}");
    }

    api.sql("UPDATE alerts SET state = 'resolved', resolved_at = '2026-06-14T23:30Z'").await;
    assert_page(&open(&api, &chair).await, StatusCode::OK, "was put right on 15 June 2026");
    assert_page(&answer(&api, &manager, RIGHT).await, StatusCode::CONFLICT, ">Alert resolved</h1>");
    api.close().await;
}

#[tokio::test]
async fn an_answer_to_what_the_alert_was_does_not_silence_what_it_has_become() {
    const TYPED: &str = "action=hold+the+review&owner=team+manager&review_on=2026-06-24";
    let api = mailed().await;
    let link = link(&api, 1).await;
    api.sql("UPDATE alerts SET severity = 'amber'").await;
    assert!(open(&api, &link).await.page().contains("<input type=\"hidden\" name=\"turn\" value=\"1\">"));
    api.sql("UPDATE alerts SET severity = 'red', turn = 2, turned_by = 'raised'").await;
    let before = everything(&api).await;
    let page = answer(&api, &link, &format!("{TYPED}&turn=1")).await;
    assert_page(&page, StatusCode::CONFLICT, "It has changed since you opened the page");
    for kept in [
        "Red: the case has drifted",
        ">\nhold the review<",
        "value=\"team manager\"",
        "value=\"2026-06-24\"",
        "name=\"turn\" value=\"2\"",
    ] {
        assert!(page.page().contains(kept), "{kept}: {}", page.page());
    }
    let page = answer(&api, &link, "action=&turn=1").await;
    assert_page(&page, StatusCode::CONFLICT, "It has changed since you opened the page");
    assert_page(&answer(&api, &link, &format!("{TYPED}&turn=two")).await, StatusCode::BAD_REQUEST, "could not be read");
    assert_eq!(everything(&api).await, before);

    assert_eq!(answer(&api, &link, &format!("{TYPED}&turn=2")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(answer(&api, &link, &format!("{TYPED}&turn=2")).await.status, StatusCode::SEE_OTHER);
    let page = answer(&api, &link, &format!("{TYPED}&turn=1")).await;
    assert_page(&page, StatusCode::CONFLICT, "Your answer was not recorded");
    assert!(!page.page().contains("<form"));
    api.close().await;
}

#[tokio::test]
async fn an_alert_that_turns_while_it_is_answered_stays_open() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    let mut holder = api.database.pool.begin().await.expect("a connection is free");
    sqlx::query("UPDATE alerts SET turn = 2").execute(&mut *holder).await.expect("it can be turned");
    let form = format!("{RIGHT}&turn=1").replace("Jane+Doe", "the");
    let (page, ()) = tokio::join!(answer(&api, &link, &form), let_go_once_somebody_waits(&api, holder));
    assert_page(&page, StatusCode::CONFLICT, "It has changed since you opened the page");
    assert!(page.page().contains("name=\"turn\" value=\"2\""));
    api.close().await;
}

#[tokio::test]
async fn whoever_a_mail_did_not_reach_is_not_said_to_know() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    let says = async |knows: &[&str]| {
        let page = open(&api, &link).await;
        let (_, section) = page.page().split_once("Who knows of it</h2>\n").expect("it says who knows");
        let (section, _) = section.split_once("\n</section>").expect("it ends");
        assert_eq!(
            section,
            knows.iter().map(|line| format!("<p class=\"govuk-body\">{line}</p>")).collect::<Vec<_>>().join("\n")
        );
    };
    let own = "You are told of it as legal gateway chair.";
    says(&[own, "Also told: service manager."]).await;
    for state in ["dead", "cancelled"] {
        api.sql(&format!("UPDATE messages SET state = '{state}', from_address = 'a', to_address = 'b', subject = 's', body = '', sealed_at = '2026-06-12T08:00Z', settled_at = now(), next_attempt_at = now(), give_up_at = now(), reason = 'refused' WHERE recipient_id = 2")).await;
        says(&[own, "Nobody else has been told."]).await;
    }
    // The reader again, by a digest; another chair; and two rungs that reached nobody, one of them in the turn before.
    api.sql(
        "INSERT INTO recipients (name, email, role) VALUES ('Cyd Other', 'cyd@council.example', 'legal_gateway_chair');
        INSERT INTO messages (id, kind, recipient_id, created_at, for_day)
            SELECT gen_random_uuid(), 'digest', id, '2026-06-12T09:00Z', '2026-06-12' FROM recipients WHERE id <> 2;
        INSERT INTO message_alerts (message_id, alert_id, severity, role)
            SELECT id, '00000000-0000-0000-0000-000000000001', 'red', 'legal_gateway_chair' FROM messages WHERE kind = 'digest';
        UPDATE alerts SET turn = 2;
        INSERT INTO alert_rungs VALUES
            ('00000000-0000-0000-0000-000000000001', 1, 'director', '2026-06-12', '2026-06-12T08:00Z', 'unreachable'),
            ('00000000-0000-0000-0000-000000000001', 2, 'legal_gateway_chair', '2026-06-12', '2026-06-12T09:00Z', 'told'),
            ('00000000-0000-0000-0000-000000000001', 2, 'service_manager', '2026-06-12', '2026-06-12T09:00Z', 'unreachable')",
    )
    .await;
    says(&[own, "Also told: another legal gateway chair.", "Could not be reached: service manager."]).await;
    api.sql("UPDATE message_alerts SET stands_in = true, role = 'head_of_service' FROM messages WHERE messages.id = message_id AND recipient_id = 1").await;
    let own = "You are told of it standing in for the head of service.";
    says(&[own, "Also told: legal gateway chair.", "Could not be reached: service manager."]).await;
    api.close().await;
}

#[tokio::test]
async fn an_alert_that_opened_again_says_who_had_put_it_aside() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    api.sql(
        "INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on, ended_at, ended_by) VALUES
            ('00000000-0000-0000-0000-000000000001', 'acknowledged', '2026-06-08T09:00Z', '2026-06-08', 2, 'ask Jane', 'Jane',
                '2026-06-15', '2026-06-15T00:05Z', 'day')",
    )
    .await;
    let said = "<p class=\"govuk-body\">Acknowledged by the service manager on 8 June 2026, until 15 June 2026; that day has come. \
        Ask the service manager what was to be done.</p>";
    let page = open(&api, &link).await;
    assert_page(&page, StatusCode::OK, said);
    assert!(page.page().contains("<form"));
    api.sql(
        "INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on, ended_at, ended_by) VALUES
            ('00000000-0000-0000-0000-000000000001', 'acknowledged', '2026-06-09T09:00Z', '2026-06-09', 1, 'ask the school', 'us',
                '2026-06-15', '2026-06-15T00:05Z', 'day')",
    )
    .await;
    let page = open(&api, &link).await;
    assert_page(&page, StatusCode::OK, "What you had entered</h2>");
    assert!(page.page().contains(">ask the school</dd>") && !page.page().contains("Ask the "), "{}", page.page());
    api.token().await;
    let snoozed = |ended_by: &str| {
        format!(
            "INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, token_id, reason, until_on, ended_at, ended_by) VALUES
                ('00000000-0000-0000-0000-000000000001', 'snoozed', '2026-06-08T09:00Z', '2026-06-08', 1, 'ask Jane', '2026-06-15',
                    '2026-06-15T00:05Z', '{ended_by}')"
        )
    };
    api.sql(&snoozed("day")).await;
    let said = "<p class=\"govuk-body\">Put off through another system (token 1) on 8 June 2026, until 15 June 2026; that day has come.</p>";
    assert_page(&open(&api, &link).await, StatusCode::OK, said);
    api.sql(&snoozed("raised")).await;
    assert!(!open(&api, &link).await.page().contains("that day has come"));
    api.close().await;
}

#[tokio::test]
async fn of_two_who_answer_at_once_one_wins() {
    let api = mailed().await;
    let (chair, manager) = (link(&api, 1).await, link(&api, 2).await);
    let (first, second) = tokio::join!(answer(&api, &chair, RIGHT), answer(&api, &manager, RIGHT));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    api.close().await;
}

#[tokio::test]
async fn an_alert_that_is_snoozed_or_acknowledged_over_the_api_says_so() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    api.token().await;
    api.sql(
        "UPDATE alerts SET state = 'snoozed';
        INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, token_id, reason, until_on) VALUES
            ('00000000-0000-0000-0000-000000000001', 'snoozed', '2026-06-12T09:00Z', '2026-06-12', 1, 'Jane', '2026-06-19')",
    )
    .await;
    let page = open(&api, &link).await;
    assert_page(&page, StatusCode::OK, ">Alert put off</h1>");
    assert!(
        page.page().contains("This alert was snoozed on 12 June 2026 through another system (token 1), until 19 June 2026.")
    );
    assert!(!page.page().contains("<form"));
    api.close().await;
}

#[tokio::test]
async fn mistakes_are_named_and_what_was_typed_stays() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    let before = everything(&api).await;
    let page = answer(&api, &link, "action=%3Cscript%3Ealert(1)%3C/script%3E+%22Jane%22&owner=&review_on=15/06/2026").await;
    assert_page(&page, StatusCode::UNPROCESSABLE_ENTITY, "There is a problem");
    insta::assert_snapshot!("the_form_with_mistakes", page.page().split_once("<main").expect("it has a main part").1);

    let page = answer(&api, &link, "action=x&owner=y&review_on=soon").await;
    assert_eq!(page.page().matches("such as 22/06/2026").count(), 3, "the hint and the mistake name the same day");
    let page = answer(&api, &link, "").await;
    for mistake in ["Enter what will be done", "Enter who will do it", "Enter the day to look again"] {
        assert_eq!(page.page().matches(mistake).count(), 2, "{mistake}: in the summary and at the field");
    }
    let page = answer(&api, &link, "action=...&owner=team%E2%80%AEmanager&review_on=2026-06-22").await;
    for mistake in ["What will be done must hold at least one letter or digit", "Who will do it must not hold invisible"] {
        assert!(page.page().contains(mistake), "{mistake}");
    }
    let long = format!("action={}&owner=%00&review_on=2026-07-14", "x".repeat(201));
    let page = answer(&api, &link, &long).await;
    for mistake in ["must be at most 200 characters long", "must not hold line breaks or other control", "to 13 July 2026"] {
        assert!(page.page().contains(mistake), "{mistake}");
    }
    assert_eq!(everything(&api).await, before);
    api.close().await;
}

#[tokio::test]
async fn a_day_may_be_typed_as_people_write_it() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    let form = "action=hold+it%0D%0Asoon&owner=team+manager&review_on=1%2F7%2F2026";
    assert_eq!(answer(&api, &link, form).await.status, StatusCode::SEE_OTHER);
    let until: (String, String) = sqlx::query_as("SELECT reason, until_on::text FROM alert_pauses")
        .fetch_one(&api.database.pool)
        .await
        .expect("there is one");
    assert_eq!(until, ("hold it soon".to_owned(), "2026-07-01".to_owned()));
    api.close().await;
}

#[tokio::test]
async fn a_day_that_would_give_a_birth_away_is_not_shown() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    api.sql("UPDATE alerts SET rule = 'time_limit'").await;
    assert!(open(&api, &link).await.page().contains("30 May 2026"));
    api.sql("UPDATE alerts SET gives_a_birth_away = true").await;
    let page = open(&api, &link).await;
    assert_page(&page, StatusCode::OK, ">Evidence</dt>");
    assert!(!page.page().contains("30 May 2026") && !page.page().contains(">Since</dt>"));
    assert!(page.page().contains("If nobody acts, the service manager is told next."));
    assert!(!page.page().contains("16 June 2026."), "nor the day of the next rung: {}", page.page());
    api.close().await;
}

#[tokio::test]
async fn hostile_text_of_a_record_is_escaped() {
    let api = Api::new().await;
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    api.add(&[Watched { team: Some("<b>\"'&"), ..Watched::new(hostile) }]).await;
    api.sql(&open_alert(1, &hostile.replace('\'', "''"), "amber").replace("Last meeting", "<i>&amp; Last meeting")).await;
    api.sql("INSERT INTO recipients (name, email, role) VALUES ('A', 'a@council.example', 'director')").await;
    let page = open(&api, &link(&api, 1).await).await;
    assert_page(&page, StatusCode::OK, "Acknowledge an alert");
    for raw in ["<img", "<b>", "<i>", "\"'&"] {
        assert!(!page.page().contains(raw), "{raw}");
    }
    api.close().await;
}
