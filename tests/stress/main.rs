//! The service under stress: too many, too slow, gone half-way, told to stop, and without its database.

mod served;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;

mod cancelled;
mod outage;

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use served::{PATIENCE, Served, all_of, answered, token, until};
use sqlx::PgPool;
use support::program::Place;
use tokio::net::TcpStream;

/// A head that is never finished.
const HALF_A_HEAD: &str = "GET /health/live HTTP/1.1\r\nHost: a\r\nX-Slow";

/// Keeps every request waiting that reads alerts, until it is dropped.
async fn hold_alerts(pool: &PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut held = pool.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.expect("the lock");
    held
}

/// Waits until so many requests for the list of alerts wait for the lock; the service's own jobs may wait for it, too.
async fn waiting(pool: &PgPool, number: i64) {
    let count = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, '-- alert_list.newest')";
    until("requests wait", async || sqlx::query_scalar::<_, i64>(count).fetch_one(pool).await.expect("an answer") >= number)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_say_half_of_it_or_nothing_hold_nobody_up() {
    let place = Place::new().await;
    let served = Served::start(&place, &[("http__max_connections", "8"), ("http__head_seconds", "2")]).await;
    let mut slow = Vec::new();
    for _ in 0..30 {
        slow.push(served.sent(HALF_A_HEAD).await);
        slow.push(served.sent("").await);
    }
    // All connections are taken: those that kept the service waiting longest have made room.
    assert_eq!(served.get("/health/live").send().await.expect("an answer").status(), StatusCode::OK);
    for stream in slow {
        assert_eq!(all_of(stream).await, "");
    }
    place.database.close().await;
}

/// A request with a body that is announced and does not come.
fn without_its_body(token: &str) -> String {
    let id = uuid::Uuid::nil();
    format!(
        "POST /api/v1/alerts/{id}/acknowledge HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
        Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 200\r\n\r\n{{\"action\": "
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_slowly_keeps_no_place_from_others_and_has_an_end() {
    let place = Place::new().await;
    let (chair, reader) = (token(&place, "chair"), token(&place, "reader"));
    let settings = [("http__max_requests", "1"), ("http__body_seconds", "5"), ("http__idle_seconds", "2")];
    let served = Served::start(&place, &settings).await;
    let mut slow = Vec::new();
    for _ in 0..10 {
        let mut stream = served.sent(&without_its_body(&chair)).await;
        assert_eq!(answered(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n", "whoever waits for a body keeps no place");
        slow.push(stream);
    }
    let cases = served.get("/api/v1/cases").bearer_auth(&reader).send().await.expect("an answer");
    assert_eq!(cases.status(), StatusCode::OK, "the only place is free while bodies are waited for");
    for stream in slow {
        let answer = all_of(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow"), "{answer}");
    }
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_which_there_is_no_place_are_refused_at_once_and_health_is_not() {
    let place = Place::new().await;
    let reader = token(&place, "reader");
    let served = Served::start(&place, &[("http__max_requests", "2")]).await;
    let ready = async || served.get("/health/ready").send().await.expect("an answer").status() == StatusCode::OK;
    until("the service has swept", ready).await;
    let held = hold_alerts(&place.database.pool).await;
    let ask = || served.get("/api/v1/alerts").bearer_auth(&reader).send();
    let (first, second) = (tokio::spawn(ask()), tokio::spawn(ask()));
    waiting(&place.database.pool, 2).await;

    let started = Instant::now();
    for path in ["/api/v1/cases", "/api/v1/alerts", "/nowhere"] {
        let refused = served.get(path).bearer_auth(&reader).send().await.expect("an answer");
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert!(refused.text().await.expect("a body").contains("urn:plo-drift:problem:busy"));
    }
    assert!(ready().await && served.get("/health/live").send().await.expect("an answer").status() == StatusCode::OK);
    assert!(started.elapsed() < Duration::from_secs(5), "nobody waited for the two");

    held.rollback().await.expect("the lock is gone");
    for waited in [first, second] {
        let answer = waited.await.expect("it ends").expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "who had a place is answered");
    }
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_answers_what_is_under_way_and_waits_for_nobody_who_is_slow() {
    let place = Place::new().await;
    let reader = token(&place, "reader");
    let served = Served::start(&place, &[]).await;
    let mut slow = vec![served.sent("").await];
    for text in [HALF_A_HEAD, &without_its_body(&reader), "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"] {
        slow.push(served.sent(text).await);
    }
    let held = hold_alerts(&place.database.pool).await;
    let under_way = tokio::spawn(served.get("/api/v1/alerts").bearer_auth(&reader).send());
    waiting(&place.database.pool, 1).await;

    let told = Instant::now();
    served.tell_to_stop();
    let address = served.address;
    until("it takes no more connections", async || TcpStream::connect(address).await.is_err()).await;
    held.rollback().await.expect("the lock is gone");
    assert_eq!(under_way.await.expect("it ends").expect("an answer").status(), StatusCode::OK);
    assert_eq!(served.ended().await, Some(0));
    assert!(told.elapsed() < Duration::from_secs(25), "{:?}", told.elapsed());
    drop(slow);
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_or_guesses_is_told_when_to_come_back() {
    let place = Place::new().await;
    let (reader, other) = (token(&place, "reader"), token(&place, "reader"));
    let served = Served::start(&place, &[("http__requests_a_minute", "3"), ("http__failures_a_minute", "3")]).await;
    let ask = async |token: &str| {
        let answer = served.get("/api/v1/alerts").bearer_auth(token).timeout(PATIENCE).send().await.expect("an answer");
        let after = answer.headers().get("retry-after").map(|after| after.to_str().expect("a text").parse::<u64>());
        (answer.status().as_u16(), after.map(|after| after.expect("a number")))
    };
    for _ in 0..3 {
        assert_eq!(ask(&reader).await, (200, None));
    }
    let refused = ask(&reader).await;
    assert!(matches!(refused, (429, Some(1..=21))), "{refused:?}");
    assert_eq!(ask(&other).await, (200, None), "another token has its own count");

    for _ in 0..3 {
        assert_eq!(ask("plo_guess").await, (401, None));
    }
    let refused = ask("plo_guess").await;
    assert!(matches!(refused, (429, Some(1..=21))), "{refused:?}");
    assert_eq!(ask(&other).await, (200, None), "who is known here is not kept out for others' guesses");
    place.database.close().await;
}
