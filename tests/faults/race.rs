//! Acknowledgements race the ladder: no rung fires after one has committed.

use jiff::ToSpan as _;
use plo_drift::clock::Moment;
use plo_drift::domain::pause::PauseKind;
use plo_drift::jobs::sweep;
use plo_drift::store::pauses::{self, By, NewPause};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::count::now;
use crate::running::{PATIENCE, Service, until};
use crate::support::world::World;

/// Who acknowledges at the same time.
const HANDS: usize = 4;

/// A world with cases of which no rule says anything, so that no sweep resolves what the test says of them.
async fn quiet_world() -> World {
    let world = World::with_a_ladder().await;
    world.at(&now().at.to_string());
    world.sql("INSERT INTO cases (reference, team, recorded_on) SELECT 'PP-' || number, 'North', '2026-06-01' FROM generate_series(1, 20) AS number").await;
    world.sweep().await;
    world
}

/// Opens red alerts that every rung is due of.
async fn open_alerts(world: &World, round: usize, number: usize) -> Vec<Uuid> {
    world
        .sql(format!(
            "WITH opened AS (
                INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at, turned_at,
                    turned_on, next_rung_on, next_rung_role, next_rung_deliver)
                SELECT gen_random_uuid(), 'PP-' || 1 + number % 20, 'time_limit', 'race-{round}-' || number, 'red', 'A race', '2026-05-01',
                    '2026-05-01', '2026-05-01', '2026-05-01', '2026-05-01', '2026-05-01', 'legal_gateway_chair', 'immediate'
                FROM generate_series(1, {number}) AS number RETURNING id, case_reference
            )
            INSERT INTO journal (at, what, case_reference, alert_id, reason) SELECT '2026-05-01', 'alert_opened', case_reference, id, 'red' FROM opened"
        ))
        .await;
    let shuffled = "SELECT id FROM alerts WHERE subject LIKE 'race-' || $1 || '-%' ORDER BY md5(id::text)";
    sqlx::query_scalar(shuffled).bind(round.to_string()).fetch_all(world.pool()).await.expect("the alerts")
}

/// A service that has done what it does at its start: the night's reconciliation would resolve alerts that no rule speaks of.
async fn service_for(world: &World) -> Service {
    let mut service = Service::on(&world.database.url, &world.smtp);
    service.start().await;
    let last_night = "SELECT count(*) FROM job_runs WHERE job = 'reconcile' AND finished_at IS NOT NULL";
    until("last night is made up for", async || world.ask(last_night).await == "1").await;
    service
}

/// Acknowledges alerts as the service does when it is asked, each in a transaction of its own.
async fn acknowledge(pool: PgPool, alerts: Vec<Uuid>, by: i64, now: Moment) {
    for alert in alerts {
        let pause = NewPause {
            alert,
            turn: None,
            kind: PauseKind::Acknowledged,
            by: By::Recipient(by),
            reason: "a meeting is called".to_owned(),
            owner: Some("the team manager".to_owned()),
            until_on: now.today + 7.days(),
        };
        let mut tx = pool.begin().await.expect("a transaction");
        pauses::pause(&mut tx, &pause, now).await.expect("the database answers");
        tx.commit().await.expect("it is acknowledged");
    }
}

/// Asks a service to do so, as somebody with a token.
async fn acknowledge_over_http(alerts_url: String, token: String, alerts: Vec<Uuid>) {
    let client = reqwest::Client::new();
    let review_on = now().today + 7.days();
    let answer = json!({ "action": "a meeting is called", "owner": "the team manager", "review_on": review_on });
    for alert in alerts {
        let request = client.post(format!("{alerts_url}/{alert}/acknowledge")).bearer_auth(&token).json(&answer);
        let answered = request.timeout(PATIENCE).send().await.expect("an answer");
        assert_eq!(answered.status(), StatusCode::OK, "it is acknowledged");
    }
}

/// What came of the races.
struct Outcome {
    /// Alerts of which somebody was told after their acknowledgement.
    fired_after: i64,
    /// Alerts of which somebody was told before it.
    told_before: i64,
    /// Alerts of which nobody was told.
    never_told: i64,
}

/// Lets sweeps climb while hands acknowledge, every eighth round over HTTP, until all is acknowledged.
///
/// Who tells of an alert and who acknowledges it both write to the journal with the alert locked until they commit. So the numbers of
/// the two entries about one alert are in the order of the commits.
async fn race(rounds: usize, alerts: usize, mutant: &str) -> Outcome {
    let world = quiet_world().await;
    world.sql(mutant).await;
    let by: i64 = world.ask("SELECT id FROM recipients WHERE role = 'legal_gateway_chair'").await.parse().expect("a number");
    let mut service = service_for(&world).await;
    let token = service.done(&["token", "create", "--name", "a chair", "--role", "chair"]);
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE);
    let pool = pool.connect(&world.database.url).await.expect("the database answers");
    for round in 0..rounds {
        let opened = open_alerts(&world, round, alerts).await;
        let done = CancellationToken::new();
        let mut climbing = JoinSet::new();
        for _ in 0..2 {
            let (pool, sweep, now, done) = (pool.clone(), world.sweep.clone(), world.now(), done.clone());
            climbing.spawn(async move {
                while !done.is_cancelled() {
                    sweep::run(&pool, &sweep, now.at, now, &CancellationToken::new()).await.expect("it sweeps");
                }
            });
        }
        let mut hands = JoinSet::new();
        for share in opened.chunks(alerts.div_ceil(HANDS)) {
            let share = share.to_vec();
            if round % 8 == 0 {
                hands.spawn(acknowledge_over_http(service.url("/api/v1/alerts"), token.clone(), share));
            } else {
                hands.spawn(acknowledge(pool.clone(), share, by, world.now()));
            }
        }
        hands.join_all().await;
        done.cancel();
        climbing.join_all().await;
    }
    // Who climbs after all of it, climbs in vain.
    world.sweep().await;
    let outcome = Outcome {
        fired_after: count_of(&world, "EXISTS", "AND told.id > acknowledged.id").await,
        told_before: count_of(&world, "EXISTS", "AND told.id < acknowledged.id").await,
        never_told: count_of(&world, "NOT EXISTS", "").await,
    };
    assert!(service.terminate().await.success());
    pool.close().await;
    world.end().await;
    outcome
}

/// Counts alerts that were acknowledged, by what was told of them.
async fn count_of(world: &World, exists: &str, when: &str) -> i64 {
    let query = format!(
        "SELECT count(*) FROM journal AS acknowledged WHERE what = 'alert_acknowledged' AND {exists} (
            SELECT FROM journal AS told WHERE told.alert_id = acknowledged.alert_id AND told.what = 'told' {when})"
    );
    world.ask(&query).await.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn in_10_000_races_no_rung_fires_after_an_acknowledgement() {
    let outcome = race(25, 400, "").await;
    assert_eq!(outcome.fired_after, 0, "somebody was told after the acknowledgement");
    assert_eq!(outcome.told_before + outcome.never_told, 10_000, "every alert was acknowledged");
    let both = format!("{} told before, {} never", outcome.told_before, outcome.never_told);
    assert!(outcome.told_before >= 100 && outcome.never_told >= 100, "both win: {both}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rung_that_fires_after_an_acknowledgement_would_be_seen() {
    let mutant = "CREATE FUNCTION stay_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.state := 'open'; RETURN NEW; END $$;
        CREATE TRIGGER stay_open BEFORE UPDATE ON alerts FOR EACH ROW WHEN (NEW.state = 'acknowledged') EXECUTE FUNCTION stay_open()";
    assert!(race(1, 200, mutant).await.fired_after > 0);
}
