//! What somebody else holds for long stops nobody else, and is noticed; a clock that is put back stops nothing.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use jiff::SignedDuration;
use plo_drift::domain::policy::Role;
use plo_drift::jobs::{reconcile, sweep};
use plo_drift::mailer::post;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};
use support::world::World;
use tokio_util::sync::CancellationToken;

/// Over their limits since 27 April 2026, one of them restricted.
const RED_CASES: &str = "INSERT INTO cases (reference, team, recorded_on, started_on, restricted) VALUES
    ('PP-1', 'North', '2026-01-05', '2026-01-05', false), ('PP-2', 'North', '2026-01-05', '2026-01-05', true)";

/// Holds the alerts of a case, as somebody would whose transaction hangs.
async fn hold(world: &World) -> Transaction<'static, Postgres> {
    let mut holder = world.pool().begin().await.expect("a transaction");
    let held = sqlx::query("SELECT FROM alerts WHERE case_reference = 'PP-1' FOR UPDATE").fetch_all(&mut *holder).await;
    assert!(!held.expect("they are held").is_empty());
    holder
}

/// Connections that do not wait for long.
async fn impatient(world: &World) -> PgPool {
    let options: PgConnectOptions = world.database.url.parse().expect("a right address");
    let pool = PgPoolOptions::new().connect_with(options.options([("lock_timeout", "200ms")])).await;
    pool.expect("the database answers")
}

#[tokio::test]
async fn alerts_that_somebody_holds_stop_nobody_elses_mail() {
    let world = World::new().await;
    world.add_person(Role::LegalGatewayChair, "chair", true).await;
    world.sql(RED_CASES).await;
    world
        .sql(
            "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
            CREATE TRIGGER break BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION break()",
        )
        .await;
    world.try_sweep().await.expect_err("no message is made yet");
    world.sql("DROP TRIGGER break ON messages").await;

    let (holder, pool) = (hold(&world).await, impatient(&world).await);
    let mut connection = pool.acquire().await.expect("a connection");
    post::seal_gathered(&mut connection, &world.sweep.post, world.now()).await.expect_err("one message waits");
    assert_eq!(world.ask("SELECT string_agg(only_case, '') FROM messages WHERE state = 'queued'").await, "PP-2");
    holder.rollback().await.expect("they are let go");
    world.cycle().await;
    assert_eq!(world.smtp.received().len(), 2);
    drop(connection);
    pool.close().await;
    world.end().await;
}

#[tokio::test]
async fn a_sweep_goes_round_what_somebody_holds_and_says_so() {
    let world = World::with_a_ladder().await;
    world.sql(RED_CASES).await;
    world.cycle().await;
    world.pass(SignedDuration::from_hours(24 * 7));
    world
        .sql(
            "INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('PP-3', 'North', '2026-01-05', '2026-01-05')",
        )
        .await;

    let (holder, pool) = (hold(&world).await, impatient(&world).await);
    let sweep = async || sweep::run(&pool, &world.sweep, world.now().at, world.now(), &CancellationToken::new()).await;
    let report = sweep().await.expect("it goes on with the rest");
    assert!(report.opened.iter().any(|line| line.case == "PP-3"), "{report:?}");
    assert_eq!(report.postponed, [""; 0], "a case that somebody holds is no broken case");
    let passed_over = "SELECT passed_over > 0 FROM job_runs WHERE job = 'sweep' ORDER BY slot DESC LIMIT 1";
    assert_eq!(world.ask(passed_over).await, "true");
    holder.rollback().await.expect("they are let go");
    world.pass(SignedDuration::from_mins(5));
    assert!(sweep().await.expect("it goes through").told > 0, "the next rungs hear of it");
    assert_eq!(world.ask(passed_over).await, "false");
    pool.close().await;
    world.end().await;
}

#[tokio::test]
async fn mail_that_was_queued_before_the_clock_was_put_back_leaves_at_once() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASES).await;
    world.sweep().await;
    world.pass(SignedDuration::from_hours(-1));
    assert_eq!(world.deliver().await.sent, 1);
    world.end().await;
}

#[tokio::test]
async fn a_night_that_repaired_a_hint_is_not_clean_though_the_run_that_did_it_was_lost() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASES).await;
    world.sweep().await;
    assert_eq!(world.reconcile().await.repaired, [""; 0]);
    world.sql("UPDATE case_watch SET reds = reds + 5").await;
    // Nobody puts on record what became of this run.
    assert_eq!(world.reconcile().await.repaired, ["PP-1", "PP-2"]);
    let found = reconcile::run(world.pool(), &world.sweep, world.now(), &CancellationToken::new()).await;
    assert_eq!(found.expect("it goes through").expect("nobody else does it").repaired, [""; 0]);
    assert_eq!(world.ask("SELECT failures FROM job_runs WHERE job = 'reconcile'").await, "2");
    world.end().await;
}

#[tokio::test]
async fn a_night_whose_run_failed_is_tried_again_soon() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASES).await;
    let stop = CancellationToken::new();
    let run = async || reconcile::run(world.pool(), &world.sweep, world.now(), &stop).await;
    run().await.expect_err("another policy is in force than it judges by");
    world.put_in_force().await.expect("the policy is put in force");
    assert!(run().await.expect("it answers").is_none(), "not again at once");
    world.pass(SignedDuration::from_mins(3));
    assert!(run().await.expect("it goes through").is_some());
    world.end().await;
}
