//! The inbox, and an alert that is answered on its page.

use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;

use crate::acknowledge::mailed;
use crate::fixture::{Api, Watched, alert_id, open_alert};
use crate::visit::{Visit, location};

fn listed(page: &str) -> Vec<u128> {
    let ids = page.split("href=\"/alerts/").skip(1).filter_map(|rest| rest.split('"').next()?.parse::<uuid::Uuid>().ok());
    ids.map(|id| id.as_u128()).collect()
}

const RIGHT: [(&str, &str); 4] =
    [("action", "Hold the review"), ("owner", "Team manager"), ("review_on", "22/06/2026"), ("turn", "1")];

#[tokio::test]
async fn the_most_urgent_come_first_and_one_s_own_before_everything() {
    let api = mailed().await;
    api.add(&[Watched { team: Some("west"), ..Watched::new("C-2") }]).await;
    for (number, case, severity) in [(2, "C-2", "amber"), (3, "C-2", "red"), (4, "C-1", "red"), (5, "C-1", "amber")] {
        api.sql(&open_alert(number, case, severity)).await;
    }
    api.sql(&format!(
        "UPDATE alerts SET turned_at = '2026-06-10T08:00Z', opened_at = '2026-06-10T08:00Z' WHERE id = '{}'",
        alert_id(4)
    ))
    .await;
    api.sql(&format!("UPDATE alerts SET state = 'resolved', resolved_at = now() WHERE id = '{}'", alert_id(5))).await;
    let told = Visit::of(&api, &[ApiRole::Chair], &[], false, &[1]).await;
    assert_eq!(listed(&told.page("/alerts").await), [1], "what one was mailed of");
    let everything = told.page("/alerts?whose=all").await;
    assert_eq!(listed(&everything), [4, 1, 3, 2], "the gravest, and of these what has waited longest");
    assert_eq!(listed(&told.page("/alerts?whose=all&severity=amber").await), [2]);
    assert_eq!(listed(&told.page("/alerts?whose=all&state=resolved").await), [5]);
    let stranger = Visit::of(&api, &[ApiRole::Chair], &["west"], false, &[]).await;
    let page = stranger.page("/alerts").await;
    assert_eq!(listed(&page), [3, 2], "who is told of nothing sees what exists for them");
    assert!(!page.contains("Those I was told of"));
    let nothing = Visit::of(&api, &[ApiRole::Chair], &["north"], false, &[9]).await;
    assert!(nothing.page("/alerts").await.contains("Nothing that you were told of stands."));
    assert!(nothing.page("/alerts?whose=all").await.contains("No alert stands among the cases that you may see."));
    api.close().await;
}

#[tokio::test]
async fn a_thousand_alerts_come_in_pages_of_which_none_repeats_another() {
    let api = Api::new().await;
    api.add(&[Watched::new("C-1")]).await;
    let alerts: Vec<String> =
        (1..=1_000).map(|number| open_alert(number, "C-1", if number % 3 == 0 { "red" } else { "amber" })).collect();
    api.sql(&alerts.join(";")).await;
    let visit = Visit::chair(&api).await;
    let (mut path, mut seen) = ("/alerts".to_owned(), Vec::new());
    loop {
        let page = visit.page(&path).await;
        seen.extend(listed(&page));
        let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
        path = rest.split('"').next().expect("it ends").replace("&amp;", "&").replace("&#38;", "&");
    }
    assert!(seen[..333].iter().all(|number| number % 3 == 0), "the red ones first");
    seen.sort_unstable();
    assert_eq!(seen, (1..=1_000).collect::<Vec<_>>());
    api.close().await;
}

#[tokio::test]
async fn a_chair_acknowledges_an_alert_and_its_page_says_so() {
    let api = mailed().await;
    let visit = Visit::chair(&api).await;
    let path = format!("/alerts/{}", alert_id(1));
    let page = visit.page(&path).await;
    for said in [
        "Too long since the last review",
        "Last meeting was held on 1 April 2026.",
        "30 May 2026",
        "Not answered",
        "If nobody answers, the service manager is told on Tuesday 16 June 2026.",
        "legal gateway chair",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let sent = visit.send(&format!("{path}/acknowledge"), &RIGHT).await;
    assert_eq!((sent.status, location(&sent.headers)), (StatusCode::SEE_OTHER, path.as_str()));
    let page = visit.page(&path).await;
    for said in [
        "Acknowledged by you on 15 June 2026 at 10:00, until 22 June 2026.",
        "Hold the review",
        "Team manager",
        "Nobody further is told of it until Monday 22 June 2026",
        "Go on with <a class=\"govuk-link\" href=\"/cases/C-1\">C-1</a>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("<form method=\"post\" action=\"/alerts/"), "there is nothing left to answer");
    let other = Visit::reader(&api).await.page(&path).await;
    assert!(other.contains(&format!("by somebody who signed in (person {})", visit.person)));
    let again = visit.send(&format!("{path}/acknowledge"), &RIGHT).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "a second click is no mistake");
    let late = visit.send(&format!("{path}/snooze"), &[("reason", "The assessor is ill"), ("until", "2026-06-22")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.page().contains("Your answer was not recorded: the alert was acknowledged on 15 June 2026"),
        "{}",
        late.page()
    );
    assert_eq!(api.count("SELECT count(*) FROM alert_pauses").await, 1);
    api.close().await;
}

#[tokio::test]
async fn a_chair_puts_an_alert_off_and_every_mistake_is_named() {
    let api = mailed().await;
    let visit = Visit::chair(&api).await;
    let path = format!("/alerts/{}", alert_id(1));
    let wrong = visit.send(&format!("{path}/snooze"), &[("reason", ""), ("until", "2026-06-15")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in
        ["<title>Error: ", "Enter why it must wait", "must be a day from 16 June 2026 to 13 July 2026", "value=\"2026-06-15\""]
    {
        assert!(wrong.page().contains(said), "{said}");
    }
    let wrong =
        visit.send(&format!("{path}/acknowledge"), &[("action", "Hold <it>"), ("owner", ""), ("review_on", "soon")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in ["Enter who will do it", "must be a date that exists", "Hold &#60;it&#62;</textarea>"] {
        assert!(wrong.page().contains(said), "{said}: {}", wrong.page());
    }
    let sent = visit
        .send(&format!("{path}/snooze"), &[("reason", "The assessor is ill"), ("until", "2026-06-22"), ("turn", "1")])
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(visit.page(&path).await.contains("Put off by you on 15 June 2026 at 10:00, until 22 June 2026."));
    api.close().await;
}

#[tokio::test]
async fn an_alert_that_turned_since_it_was_shown_is_not_answered_unread() {
    let api = mailed().await;
    let visit = Visit::chair(&api).await;
    let path = format!("/alerts/{}", alert_id(1));
    api.sql("UPDATE alerts SET turn = 2, turned_by = 'raised'").await;
    let moved = visit.send(&format!("{path}/acknowledge"), &RIGHT).await;
    assert_eq!(moved.status, StatusCode::CONFLICT);
    for said in ["the alert has changed since you opened the page", "Hold the review</textarea>", "name=\"turn\" value=\"2\""] {
        assert!(moved.page().contains(said), "{said}: {}", moved.page());
    }
    assert_eq!(api.count("SELECT count(*) FROM alert_pauses").await, 0);
    api.close().await;
}

#[tokio::test]
async fn whatever_is_asked_of_an_alert_that_turned_or_is_over_it_is_read_anew_first() {
    let api = mailed().await;
    let visit = Visit::chair(&api).await;
    let path = format!("/alerts/{}", alert_id(1));
    let half: [(&str, &str); 4] = [("action", "Hold <it>"), ("owner", ""), ("review_on", "2026-06-22"), ("turn", "1")];
    let wait = half.into_iter().chain([("more_time", "acknowledge")]).collect::<Vec<_>>();
    api.sql("UPDATE alerts SET turn = 2, turned_by = 'raised'").await;
    for (to, fields) in [("acknowledge", &half[..]), ("more-time", &wait)] {
        let moved = visit.send(&format!("{path}/{to}"), fields).await;
        assert_eq!(moved.status, StatusCode::CONFLICT, "{to}");
        for said in
            ["the alert has changed since you opened the page", "Hold &#60;it&#62;</textarea>", "name=\"turn\" value=\"2\""]
        {
            assert!(moved.page().contains(said), "{to}: {said}: {}", moved.page());
        }
    }
    api.sql("UPDATE alerts SET state = 'resolved', resolved_at = now()").await;
    for (to, fields) in [("acknowledge", &half[..]), ("more-time", &wait)] {
        let over = visit.send(&format!("{path}/{to}"), fields).await;
        assert_eq!(over.status, StatusCode::CONFLICT, "{to}");
        for said in [
            "Your answer was not recorded: the alert is not open any more.",
            "Hold &#60;it&#62;</dd>",
            "Monday 22 June 2026</dd>",
        ] {
            assert!(over.page().contains(said), "{to}: {said}: {}", over.page());
        }
    }
    api.close().await;
}

#[tokio::test]
async fn who_may_not_answer_gets_no_form_and_who_may_not_see_gets_no_alert() {
    let api = mailed().await;
    let path = format!("/alerts/{}", alert_id(1));
    let reader = Visit::reader(&api).await;
    assert!(!reader.page(&path).await.contains("/acknowledge\""));
    assert_eq!(reader.send(&format!("{path}/acknowledge"), &RIGHT).await.status, StatusCode::FORBIDDEN);
    let elsewhere = Visit::of(&api, &[ApiRole::Chair], &["west"], true, &[]).await;
    for answer in [elsewhere.get(&path).await, elsewhere.send(&format!("{path}/acknowledge"), &RIGHT).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(!answer.page().contains("C-1"));
    }
    api.sql("UPDATE cases SET restricted = true").await;
    assert_eq!(Visit::chair(&api).await.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.count("SELECT count(*) FROM alert_pauses").await, 0);
    api.close().await;
}

#[tokio::test]
async fn what_is_looked_at_on_pages_is_on_record() {
    let api = mailed().await;
    let visit = Visit::chair(&api).await;
    visit.page("/alerts").await;
    visit.page(&format!("/alerts/{}", alert_id(1))).await;
    visit.send(&format!("/alerts/{}/acknowledge", alert_id(1)), &RIGHT).await;
    let refused = visit.send(&format!("/alerts/{}/snooze", alert_id(1)), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "why it is refused is said beside what the alert is");
    let actor = format!("person {}", visit.person);
    for (route, method) in
        [("/alerts", "GET"), ("/alerts/{id}", "GET"), ("/alerts/{id}/acknowledge", "POST"), ("/alerts/{id}/snooze", "POST")]
    {
        let kept =
            format!("SELECT count(*) FROM api_audit WHERE actor = '{actor}' AND route = '{route}' AND method = '{method}'");
        assert_eq!(api.count(&kept).await, 1, "{method} {route}");
    }
    api.close().await;
}

#[tokio::test]
async fn no_day_is_shown_from_which_a_birth_could_be_worked_out() {
    let api = mailed().await;
    api.sql("UPDATE alerts SET gives_a_birth_away = true").await;
    let visit = Visit::chair(&api).await;
    let page = visit.page(&format!("/alerts/{}", alert_id(1))).await;
    for hidden in ["30 May 2026", "1 June 2026", "16 June 2026"] {
        assert!(!page.split("<form").next().expect("a part").contains(hidden), "{hidden}");
    }
    assert!(page.contains("If nobody answers, the service manager is told next."));
    let list = visit.page("/alerts").await;
    assert!(list.contains("Not shown") && !list.contains("30 May 2026"));
    api.sql(
        "UPDATE case_watch SET end_set_by = 'birth', end_on = '2026-09-01', since_on = '2026-05-30', reds = 1, rag = 'red'",
    )
    .await;
    let list = visit.page("/cases").await;
    assert!(!list.contains("the first since"), "the first day may be one of a birth");
    assert!(list.contains("Set by a birth") && !list.contains("1 September 2026") && !list.contains("<svg"));
    api.close().await;
}
