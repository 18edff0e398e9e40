//! Several instances at once, and one that sleeps past its lease: one alert a fact, one mail a rung and person.

use std::time::Duration;

use plo_drift::jobs::sweep;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::count::{Council, now};
use crate::running::{PATIENCE, until, within};
use crate::support::smtp::Behaviour;

/// Sweeps that are under way at the same time, each on a connection of its own, beside those of three services.
const SWEEPS: u32 = 64;

#[tokio::test(flavor = "multi_thread")]
async fn three_services_and_64_sweeps_at_once_make_one_alert_of_a_fact_and_one_mail_of_a_rung() {
    let council = Council::with_cases(1).await;
    council.world.at(&now().at.to_string());
    let mut services: Vec<_> = (0..3).map(|_| council.service().set("JOBS__CASES_AT_A_TIME", "5")).collect();
    for service in &mut services {
        service.start().await;
    }
    // Puts the policy in force that the sweeps judge by, and the services from then on.
    council.world.sweep().await;
    let pool = PgPoolOptions::new().max_connections(SWEEPS).acquire_timeout(PATIENCE);
    let pool = pool.connect(&council.world.database.url).await.expect("the database answers");
    let mut ready = JoinSet::new();
    for _ in 0..SWEEPS {
        let pool = pool.clone();
        ready.spawn(async move { pool.acquire().await.expect("a connection") });
    }
    drop(ready.join_all().await);
    // Due at once for everybody: nobody is through with them before the others have begun.
    for service in &services {
        service.pause();
    }
    council.record_cases("CROWD", 60).await;
    council.sql("TRUNCATE case_marks; UPDATE case_watch SET next_look_on = '2000-01-01'").await;

    let mut sweeps = JoinSet::new();
    for number in 0..SWEEPS {
        let (pool, mut sweep, now) = (pool.clone(), council.world.sweep.clone(), now());
        sweep.cases_at_a_time = 1 + number % 7;
        sweeps.spawn(async move { sweep::run(&pool, &sweep, now.at, now, &CancellationToken::new()).await });
    }
    for service in &services {
        service.resume();
    }
    let mut looked_at = 0;
    for swept in sweeps.join_all().await {
        let report = swept.expect("a sweep among many goes through");
        looked_at += report.cases;
        assert_eq!(report.postponed, [""; 0], "a case that another holds is no broken case");
    }
    assert!(looked_at >= 20, "the sweeps have looked at {looked_at} cases");
    council.until_settled().await;
    assert_eq!(council.wrong().await, [""; 0]);
    assert_eq!(council.repeated(), 0, "no answer was lost");
    for service in &mut services {
        assert!(service.terminate().await.success());
    }
    pool.close().await;
    council.end().await;
}

/// A session of a service that holds rows and has said nothing for a while.
const SLEEPING_SESSION: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'plo-drift'
    AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '300 ms'";

/// A sweep has no lease but its transaction, which the database ends after a minute of silence. The test does not wait for that minute,
/// but ends it in the database's stead.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_slept_in_the_midst_of_a_page_does_nothing_twice() {
    let sleeping = format!("SELECT count(*) FROM ({SLEEPING_SESSION}) AS sleeping");
    for longer_than_it_may in [false, true] {
        let council = Council::with_cases(12).await;
        let judged = async || council.count("SELECT count(DISTINCT case_reference) FROM alerts").await;
        let sleeps = "sweep.page.before_commit=1*sleep(2000)";
        let mut sleeper = council.service().set("JOBS__CASES_AT_A_TIME", "5").with("FAILPOINTS", sleeps);
        sleeper.start().await;
        until("it has a page in hand", async || council.count(&sleeping).await == 1).await;
        sleeper.pause();

        let mut other = council.service();
        other.start().await;
        until("the other judges what is free", async || judged().await == 7).await;
        other.until_unwell("sweep").await;
        if longer_than_it_may {
            council.sql(format!("SELECT pg_terminate_backend(pid) FROM ({SLEEPING_SESSION}) AS sleeping")).await;
            until("the other judges them all", async || judged().await == 12).await;
            other.until_ready().await;
        }
        sleeper.resume();
        until("all are judged", async || judged().await == 12).await;
        let its_end = if longer_than_it_may { "the job failed" } else { "swept" };
        until("it has gone on", async || sleeper.log().contains(its_end)).await;

        council.until_settled().await;
        assert_eq!(council.wrong().await, [""; 0], "longer than it may: {longer_than_it_may}");
        assert_eq!(council.repeated(), 0, "no answer was lost");
        for service in [&mut sleeper, &mut other] {
            assert!(service.terminate().await.success());
        }
        council.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_slept_past_its_lease_changes_nothing() {
    let council = Council::with_cases(1).await;
    let holds = async |attempt: i64| {
        let held = "SELECT coalesce(max(attempts), 0)::bigint FROM messages WHERE state = 'sending'";
        until("a worker holds the message", async || council.count(held).await == attempt).await;
    };
    // The first is told to come later, and sleeps before it has put that on record.
    council.world.smtp.set_behaviour(Behaviour::RefuseData(451));
    let mut first = council.service().with("FAILPOINTS", "send.answered=sleep(2000)");
    first.start().await;
    holds(1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    first.pause();
    council.world.smtp.set_behaviour(Behaviour::Accept);

    // The second takes the message over, and takes its time. A third would take it, if it were to be had.
    council.let_leases_run_out().await;
    let mut second = council.service().with("FAILPOINTS", "send.before_connecting=sleep(6000)");
    second.start().await;
    holds(2).await;
    let mut third = council.service();
    third.start().await;
    first.resume();
    let settled = ["another worker took the message over", "a message is tried again"];
    assert!(within(PATIENCE, async || settled.iter().any(|said| first.log().contains(said))).await, "the first comes to it");
    council.let_mail_be_due().await;
    until("the second is through", async || {
        council
            .count(
                "SELECT count(*) FROM message_attempts WHERE attempt = 2 AND settled_at IS NOT NULL AND outcome <> 'unknown'",
            )
            .await
            == 1
    })
    .await;

    assert!(first.log().contains(settled[0]), "the first was fenced off");
    assert_eq!(council.count("SELECT count(*) FROM messages WHERE state = 'sent' AND attempts = 2").await, 1);
    assert_eq!(council.world.smtp.received().len(), 1, "it came once");
    council.until_settled().await;
    assert_eq!(council.wrong().await, [""; 0]);
    council.end().await;
}
