//! Callers who hang up: whatever they leave behind, an answer that says something was done is true.
//!
//! Two things stand between: a handler runs in a task of its own, which nobody's hanging up ends; and a connection that comes back to
//! the pool is cleared of a transaction that it was left with. The first test has both in the way, the second only the other one.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use plo_drift::clock::Clock;
use plo_drift::config::DatabaseConfig;
use plo_drift::database;
use plo_drift::domain::pause::UntilDays;
use plo_drift::domain::policy::Policy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::served::{Served, token, until};
use crate::support::program::Place;

const ALERTS: u64 = 600;

async fn open_alerts(place: &Place) {
    for statement in [
        "INSERT INTO cases (reference, team, recorded_on, started_on)
        SELECT 'PP-' || number, 'North', '2026-01-05', '2026-01-05' FROM generate_series(1, $1) AS number",
        "INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at,
            turned_at, turned_on)
        SELECT ('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'PP-' || number, 'review_gap', '', 'amber', 'A gap',
            '2026-05-30', '2026-05-30', now(), now(), '2026-06-01' FROM generate_series(1, $1) AS number",
    ] {
        let done = sqlx::query(statement).bind(i64::try_from(ALERTS).expect("a number")).execute(&place.database.pool).await;
        done.unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

/// Writes that hang up at any moment share a few connections with writes that wait for their answer.
#[tokio::test(flavor = "multi_thread")]
async fn every_write_that_was_answered_with_success_is_there() {
    let place = Place::new().await;
    let chair = token(&place, "chair");
    // A sweep would take the alerts for what no rule says, and so would the nightly reconciliation; both run once, at the start, and
    // the reconciliation begins with a sweep of its own.
    let served = Served::start(&place, &[("database__max_connections", "5"), ("jobs__sweep_every_seconds", "3600")]).await;
    until("the service has swept and reconciled", async || {
        let finished = "SELECT count(*) FROM (
            SELECT FROM job_runs WHERE finished_at IS NOT NULL
            HAVING count(*) FILTER (WHERE job = 'sweep') >= 2 AND count(*) FILTER (WHERE job = 'reconcile') = 1) AS all_of_them";
        place.count(finished).await == 1
    })
    .await;
    open_alerts(&place).await;
    let day = a_day();

    let (mut asked, at_once) = (JoinSet::new(), Arc::new(Semaphore::new(32)));
    for number in 1..=ALERTS {
        let body = format!(r#"{{"action": "A review is called", "owner": "Team manager", "review_on": "{day}"}}"#);
        let request = format!(
            "POST /api/v1/alerts/00000000-0000-4000-8000-{number:012}/acknowledge HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
            Authorization: Bearer {chair}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let turn = at_once.clone().acquire_owned().await.expect("it is never closed");
        let mut stream = served.sent("").await;
        asked.spawn(async move {
            let _turn = turn;
            stream.write_all(request.as_bytes()).await.expect("it is sent");
            if number % 2 == 0 {
                // At any moment of a request that takes some milliseconds.
                sleep(Duration::from_micros(number * 7_919 % 20_000)).await;
                return None;
            }
            let mut answer = String::new();
            // Where the service was too busy to read it, the connection is cut off.
            let _ = stream.read_to_string(&mut answer).await;
            answer.starts_with("HTTP/1.1 200 ").then_some(i64::try_from(number).expect("a number"))
        });
    }
    let told: Vec<i64> = asked.join_all().await.into_iter().flatten().collect();

    assert!(told.len() > 200, "only {} were answered", told.len());
    let there: i64 = sqlx::query_scalar(
        "SELECT count(DISTINCT alert_id) FROM alert_pauses
        WHERE right(alert_id::text, 12)::bigint = ANY ($1)",
    )
    .bind(&told)
    .fetch_one(&place.database.pool)
    .await
    .expect("an answer");
    assert_eq!(usize::try_from(there).expect("a count"), told.len(), "each write that was said to be done is there");
    place.database.close().await;
}

/// A day until which an alert may be put aside.
fn a_day() -> Date {
    let policy = Policy::default();
    UntilDays::of(Clock::of_the_machine().now().today, &policy.alerts, &policy.calendar).usual(&policy.calendar)
}

/// Begins that are cancelled at any moment share a few connections with writes of one statement.
#[tokio::test(flavor = "multi_thread")]
async fn a_begin_that_is_cancelled_takes_no_other_write_with_it() {
    let place = Place::new().await;
    let config = DatabaseConfig { url: Some(place.database.url.clone().into()), max_connections: 3, wait: Duration::ZERO };
    let pool = database::connect(&config, false).await.expect("a pool");
    sqlx::query("CREATE TABLE written (number bigint)").execute(&place.database.pool).await.expect("a table");
    let mut said = 0;
    for number in 0..1_500_i64 {
        let of = pool.clone();
        let begin = tokio::spawn(async move { of.begin().await.map(drop) });
        sleep(Duration::from_micros(u64::try_from(number).expect("a number") * 7_919 % 300)).await;
        begin.abort();
        let write = sqlx::query("INSERT INTO written VALUES ($1)").bind(number).execute(&pool).await;
        said += i64::from(write.is_ok());
    }
    pool.close().await;
    assert!(said > 1_000, "only {said} were answered");
    assert_eq!(place.count("SELECT count(*) FROM written").await, said, "each write that was said to be done is there");
    place.database.close().await;
}
