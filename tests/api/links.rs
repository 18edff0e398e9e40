//! Whose links open a page, and what the others are told.

use axum::body::Body;
use axum::http::StatusCode;
use plo_drift::links::{self, Link, LinkKey};
use plo_drift::store::link_keys;

use crate::acknowledge::{FORM, RIGHT, answer, assert_page, key, link, link_until, mailed, open};
use crate::fixture::{alert_id, day, now, percent_encoded, post, request, send};

#[tokio::test]
async fn a_link_that_is_not_ours_reveals_nothing() {
    let api = mailed().await;
    let good = link(&api, 1).await;
    let forged = LinkKey { id: key(&api).await.id, key: [0; 32] };
    let forged = links::sign(&forged, &Link { alert: alert_id(1), recipient: 1, expires_on: day("2026-06-15") });
    let mut bodies = Vec::new();
    for link in [
        format!("/acknowledge/{forged}"),
        good[..good.len() - 1].to_owned(),
        format!("{good}x"),
        format!("{good}/"),
        format!("{good}%FF"),
        "/acknowledge/".to_owned(),
        "/acknowledge".to_owned(),
        link_until(&api, 9, 1, day("2026-06-15")).await,
        link_until(&api, 1, 9, day("2026-06-15")).await,
    ] {
        let page = open(&api, &link).await;
        assert_page(&page, StatusCode::NOT_FOUND, ">This link does not work</h1>");
        assert!(!page.page().contains("C-1"));
        bodies.push(page.body);
        let status = answer(&api, &link, RIGHT).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{link}");
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let ended = link_until(&api, 1, 1, day("2026-06-14")).await;
    assert_page(&open(&api, &ended).await, StatusCode::GONE, ">This link has ended</h1>");
    assert_eq!(answer(&api, &ended, RIGHT).await.status, StatusCode::GONE);
    let pauses: i64 =
        sqlx::query_scalar("SELECT count(*) FROM alert_pauses").fetch_one(&api.database.pool).await.expect("it answers");
    assert_eq!(pauses, 0);
    api.close().await;
}

#[tokio::test]
async fn whoever_may_not_know_of_the_case_any_more_finds_nothing() {
    let api = mailed().await;
    let (chair, manager) = (link(&api, 1).await, link(&api, 2).await);
    let statuses = async || (open(&api, &chair).await.status.as_u16(), answer(&api, &manager, "action=").await.status.as_u16());
    assert_eq!(statuses().await, (200, 422));
    for (change, expected) in [
        ("UPDATE cases SET team = 'west'", (200, 404)),
        ("UPDATE recipients SET deputy_id = 2, teams = '{west}' WHERE id = 1", (200, 422)),
        ("UPDATE recipients SET deputy_id = 1 WHERE id = 2", (200, 422)),
        ("UPDATE recipients SET deputy_id = NULL", (200, 404)),
        ("UPDATE cases SET team = NULL", (404, 404)),
        ("UPDATE recipients SET teams = '{}'", (200, 422)),
        ("UPDATE cases SET restricted = true", (404, 404)),
        ("UPDATE recipients SET may_see_restricted = true WHERE id = 2", (404, 422)),
        ("UPDATE recipients SET active = false", (404, 404)),
    ] {
        api.sql(change).await;
        assert_eq!(statuses().await, expected, "{change}");
    }
    api.close().await;
}

#[tokio::test]
async fn whatever_goes_wrong_is_told_on_a_page() {
    let api = mailed().await;
    let link = link(&api, 1).await;
    let too_large = percent_encoded(&vec![b'x'; 400_000]);
    for (what, request, status, says) in [
        ("too large", post(&link, FORM, format!("action={too_large}")), 413, "What you sent is too long"),
        ("JSON", post(&link, "application/json", "{}"), 415, "could not be read"),
        ("no type", request("POST", &link, None), 415, "could not be read"),
        ("no UTF-8", post(&link, FORM, format!("{RIGHT}%FF")), 400, "could not be read"),
        ("another method", request("DELETE", &link, None), 405, "could not be read"),
    ] {
        let page = send(&api.router, request).await;
        assert_page(&page, StatusCode::from_u16(status).expect("it is a status"), says);
        assert!(page.page().contains("Nothing was recorded"), "{what}");
    }
    let mut announced = post(&link, FORM, Body::empty());
    announced.headers_mut().insert("content-length", "1048577".try_into().expect("it is a header"));
    assert_page(&send(&api.router, announced).await, StatusCode::PAYLOAD_TOO_LARGE, "What you sent is too long");

    api.sql("ALTER TABLE alert_pauses RENAME TO elsewhere").await;
    let page = open(&api, &link).await;
    assert_page(&page, StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong");
    assert!(!page.page().contains("elsewhere"));
    api.served.close().await;
    let page = open(&api, &link).await;
    assert_page(&page, StatusCode::SERVICE_UNAVAILABLE, "The service cannot answer at the moment");
    assert_eq!(page.headers["retry-after"], "5");
    api.close().await;
}

#[tokio::test]
async fn the_first_two_who_need_a_key_both_sign_links_that_count() {
    let api = mailed().await;
    let (one, other) = tokio::join!(key(&api), key(&api));
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    let keys = link_keys::all(&mut connection).await.expect("it answers");
    assert!(keys.contains(&one) && keys.contains(&other));
    drop(connection);
    assert_eq!(key(&api).await, keys[0], "from then on there is one that signs");
    api.close().await;
}

#[tokio::test]
async fn a_new_key_leaves_the_links_of_the_old_one_until_that_is_ended() {
    let api = mailed().await;
    let old = link(&api, 1).await;
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    let made = link_keys::make(&mut connection, now()).await.expect("a key can be made");
    assert_eq!(key(&api).await, made, "the newest signs");
    let new = link(&api, 1).await;
    let statuses = async || (open(&api, &old).await.status.as_u16(), open(&api, &new).await.status.as_u16());
    assert_eq!(statuses().await, (200, 200));
    assert_eq!(link_keys::end_all_but(&mut connection, made.id).await.expect("it answers"), 1);
    assert_eq!(statuses().await, (404, 200));
    drop(connection);
    api.close().await;
}
