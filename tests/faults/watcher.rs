//! A watcher that has stopped is noticed: it says that it is not ready, and the heartbeat outside stops; once the cause is gone, both
//! come back. And what the night finds wrong is repaired and reported.

mod monitor;

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use self::monitor::{Answer, Monitor};
use crate::running::{PEOPLE, Service, count, sql, until, within};
use crate::support::database::{TestDatabase, server_url};
use crate::support::smtp::{Behaviour, SmtpServer};

/// Started on 5 January 2026 with nothing done: red since long.
const RED_CASE: &str =
    "INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('PP-1', 'North', '2026-01-05', '2026-01-05')";

/// Three times as long as anything may be late.
const NOTICED: Duration = Duration::from_secs(12);

/// Long enough for a beat that is already on its way, and for several that should not be.
const SILENCE: Duration = Duration::from_millis(2_500);

/// A watcher with a monitor.
struct Watcher {
    database: TestDatabase,
    smtp: SmtpServer,
    monitor: Monitor,
    service: Service,
}

impl Watcher {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let smtp = SmtpServer::start(Behaviour::Accept);
        let monitor = Monitor::start();
        sql(&database.pool, PEOPLE).await;
        let service = Service::on(&database.url, &smtp)
            .set("HEARTBEAT__URL", &monitor.url())
            .set("HEARTBEAT__EVERY_SECONDS", "1")
            .set("HEARTBEAT__TIMEOUT_SECONDS", "2");
        let mut watcher = Self { database, smtp, monitor, service };
        watcher.service.start_and_be_ready().await;
        watcher.until_it_beats().await;
        watcher
    }

    fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    async fn until_it_beats(&self) {
        let before = self.monitor.calls();
        until("the heart beats", async || self.monitor.calls() > before + 1).await;
    }

    /// What is not noticed of a stop whose cause is there by now.
    async fn unnoticed(&self, check: &str) -> Vec<String> {
        let mut unnoticed = Vec::new();
        let noticed = async || self.service.unwell().await.iter().any(|unwell| unwell == check);
        if !within(NOTICED, noticed).await {
            unnoticed.push(format!("readiness does not name {check}"));
        }
        // A look may have begun before it was unwell.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let before = self.monitor.calls();
        tokio::time::sleep(SILENCE).await;
        if self.monitor.calls() > before {
            unnoticed.push("the heart beats on".to_owned());
        }
        if unnoticed.is_empty() {
            let withheld = self.service.log().lines().any(|line| line.contains("withheld") && line.contains(check));
            assert!(withheld, "the log says why it stopped");
        }
        unnoticed
    }

    /// Waits until it is ready and beats again.
    async fn comes_back(&self) {
        self.service.until_ready().await;
        self.until_it_beats().await;
    }

    async fn end(mut self) {
        self.service.kill();
        self.database.close().await;
    }
}

async fn assert_noticed(watcher: &Watcher, check: &str, how: &str) {
    assert_eq!(watcher.unnoticed(check).await, Vec::<String>::new(), "{how}");
}

/// Every sweep fails.
async fn the_sweep_stops() {
    let watcher = Watcher::new().await;
    sql(watcher.pool(), "ALTER TABLE case_marks RENAME TO case_marks_away").await;
    assert_noticed(&watcher, "sweep", "every sweep fails").await;
    sql(watcher.pool(), "ALTER TABLE case_marks_away RENAME TO case_marks").await;
    watcher.comes_back().await;
    watcher.end().await;
}

/// Every claim fails, so nothing is ever sent.
async fn the_sender_stops() {
    let watcher = Watcher::new().await;
    sql(
        watcher.pool(),
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.state = 'sending') EXECUTE FUNCTION refuse()",
    )
    .await;
    sql(watcher.pool(), RED_CASE).await;
    assert_noticed(&watcher, "mail", "the sender is stuck").await;
    sql(watcher.pool(), "DROP TRIGGER refuse ON messages").await;
    watcher.comes_back().await;
    assert_eq!(count(watcher.pool(), "SELECT count(*) FROM messages WHERE state = 'sent'").await, 1);
    watcher.end().await;
}

/// The database lets nobody in.
async fn the_database_stops() {
    let watcher = Watcher::new().await;
    let name = watcher.database.url.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name").to_owned();
    let mut server = PgConnection::connect(server_url()).await.expect("the server answers");
    let shut = format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    sqlx::raw_sql(AssertSqlSafe(shut)).execute(&mut server).await.expect("it is shut");
    assert_noticed(&watcher, "database", "the database lets nobody in").await;
    let open = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    sqlx::raw_sql(AssertSqlSafe(open)).execute(&mut server).await.expect("it is open");
    watcher.comes_back().await;
    watcher.end().await;
}

/// The mail server takes nothing, so that the queue grows.
async fn the_queue_is_full() {
    let watcher = Watcher::new().await;
    watcher.smtp.set_behaviour(Behaviour::RefuseMailFrom(451));
    sql(
        watcher.pool(),
        "INSERT INTO cases (reference, team, recorded_on, started_on, restricted)
            SELECT 'PP-' || n, 'North', '2026-01-05', '2026-01-05', true FROM generate_series(1, 50) AS n;
        UPDATE recipients SET may_see_restricted = true",
    )
    .await;
    assert_noticed(&watcher, "mail", "the mail server takes nothing").await;
    watcher.smtp.set_behaviour(Behaviour::Accept);
    // As if the time until the next try had passed.
    sql(watcher.pool(), "UPDATE messages SET next_attempt_at = now() WHERE state = 'queued'").await;
    watcher.comes_back().await;
    until("all of it has left", async || {
        count(watcher.pool(), "SELECT count(*) FROM messages WHERE state <> 'sent'").await == 0
    })
    .await;
    assert!(watcher.smtp.received().len() >= 50);
    watcher.end().await;
}

/// A newer program has migrated.
async fn the_program_is_older_than_its_tables() {
    let watcher = Watcher::new().await;
    sql(
        watcher.pool(),
        "INSERT INTO _sqlx_migrations SELECT 99990101000000, 'of a newer program', now(), true, checksum, execution_time
        FROM _sqlx_migrations LIMIT 1",
    )
    .await;
    assert_noticed(&watcher, "migrations", "a newer program has migrated").await;
    assert!(watcher.service.get("/health/ready").await.contains(r#""unknown":1"#));
    // It goes on working beside the newer one.
    sql(watcher.pool(), RED_CASE).await;
    until("its alert", async || count(watcher.pool(), "SELECT count(*) FROM alerts").await > 0).await;
    sql(watcher.pool(), "DELETE FROM _sqlx_migrations WHERE version = 99990101000000").await;
    watcher.comes_back().await;
    watcher.end().await;
}

/// The sixth is below: a lock that hangs.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_noticed_when_the_watcher_has_stopped_in_whichever_way() {
    tokio::join!(
        the_sweep_stops(),
        the_sender_stops(),
        the_database_stops(),
        the_queue_is_full(),
        the_program_is_older_than_its_tables()
    );
}

/// What is not noticed of a case that somebody holds for ever, so that no sweep can look at it.
async fn unnoticed_of_a_hung_lock(mutant: &str) -> Vec<String> {
    let watcher = Watcher::new().await;
    sql(watcher.pool(), mutant).await;
    let mut holder = watcher.pool().begin().await.expect("a transaction");
    sql(watcher.pool(), "INSERT INTO cases (reference, team) VALUES ('PP-1', 'North')").await;
    sqlx::query("SELECT FROM case_watch FOR UPDATE").execute(&mut *holder).await.expect("it is held");
    sql(watcher.pool(), "UPDATE cases SET started_on = '2026-01-05', recorded_on = '2026-01-05'").await;
    let unnoticed = watcher.unnoticed("sweep").await;
    holder.rollback().await.expect("it is let go");
    watcher.comes_back().await;
    assert!(count(watcher.pool(), "SELECT count(*) FROM alerts WHERE case_reference = 'PP-1'").await > 0);
    watcher.end().await;
    unnoticed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_hangs_is_noticed() {
    let forgetful =
        "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.passed_over := 0; RETURN NEW; END $$;
        CREATE TRIGGER forget BEFORE UPDATE ON job_runs FOR EACH ROW EXECUTE FUNCTION forget()";
    let (unnoticed, seen) = tokio::join!(unnoticed_of_a_hung_lock(""), unnoticed_of_a_hung_lock(forgetful));
    assert_eq!(unnoticed, Vec::<String>::new());
    assert_eq!(seen, ["readiness does not name sweep", "the heart beats on"], "the mutant lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_does_not_hear_it_disturbs_nothing_and_its_address_is_told_to_nobody() {
    let watcher = Watcher::new().await;
    let answers = [
        Answer::Status("500 Internal Server Error"),
        Answer::Status("302 Found\r\nLocation: /elsewhere"),
        Answer::HangUp,
        Answer::Silence,
    ];
    for answer in answers {
        let before = failures(&watcher.service.get("/metrics").await);
        watcher.monitor.answer_with(answer);
        until("a call fails", async || failures(&watcher.service.get("/metrics").await) > before).await;
        assert!(watcher.service.unwell().await.is_empty(), "{answer:?}");
    }
    assert_eq!(watcher.monitor.calls_elsewhere(), 0, "no redirect is followed");
    watcher.monitor.answer_with(Answer::Status("204 No Content"));
    watcher.until_it_beats().await;
    let said = [watcher.service.log(), watcher.service.get("/metrics").await].concat();
    assert!(said.contains("the heartbeat was not heard") && said.contains("plo_drift_heartbeats_total"), "{said}");
    assert!(!said.contains(Monitor::SECRET), "{said}");
    watcher.end().await;
}

/// How many calls of the heartbeat have failed.
fn failures(metrics: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix("plo_drift_heartbeat_failures_total "));
    line.expect("it is counted").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_set_wrong_by_hand_is_repaired_in_the_night_and_reported() {
    let database = TestDatabase::new().await;
    let smtp = SmtpServer::start(Behaviour::Accept);
    let pool = database.pool.clone();
    sql(&pool, PEOPLE).await;
    sql(&pool, RED_CASE).await;
    let mut service = Service::on(&database.url, &smtp).set("HEALTH__RECONCILIATION_LATE_AFTER_SECONDS", "4");
    service.start().await;
    let nights = "SELECT count(*) FROM job_runs WHERE job = 'reconcile' AND finished_at IS NOT NULL";
    until("last night is made up for", async || count(&pool, nights).await == 1).await;
    until("the case is judged", async || count(&pool, "SELECT count(*) FROM alerts WHERE state = 'open'").await > 0).await;
    service.kill();

    // The next night: what hides a case from every sweep is found.
    sql(&pool, "UPDATE job_runs SET slot = slot - interval '1 day', finished_at = finished_at - interval '1 day' WHERE job = 'reconcile'").await;
    sql(&pool, "UPDATE case_watch SET next_look_on = '2099-01-01', rag = 'green', rules = '{}'").await;
    service.start().await;
    until("the night", async || count(&pool, nights).await == 2).await;
    assert_eq!(
        count(&pool, "SELECT count(*) FROM case_watch WHERE rag = 'red' AND next_look_on IS DISTINCT FROM '2099-01-01'").await,
        1
    );
    assert_eq!(count(&pool, "SELECT count(*) FROM journal WHERE what = 'hint_repaired' AND case_reference = 'PP-1'").await, 1);
    assert!(service.log().lines().any(|line| line.contains("a hint was wrong and is repaired") && line.contains("PP-1")));
    let clean = "SELECT max(finished_at)::text FROM job_runs WHERE job = 'reconcile' AND failures = 0";
    let clean: String = sqlx::query_scalar(clean).fetch_one(&pool).await.expect("the first night was clean");
    let metrics = service.get("/metrics").await;
    let measured = metrics.lines().find(|line| line.starts_with("plo_drift_last_clean_reconciliation_timestamp_seconds "));
    let measured: i64 = measured.and_then(|line| line.rsplit(' ').next()).expect("it is measured").parse().expect("a number");
    let clean: jiff::Timestamp = clean.parse().expect("a moment");
    assert_eq!(measured, clean.as_second(), "the night that found it is no clean one");
    service.until_unwell("reconciliation").await;

    service.kill();
    sql(
        &pool,
        "UPDATE job_runs SET slot = slot - interval '1 day' WHERE job = 'reconcile';
        SET session_replication_role = replica;
        UPDATE journal SET at = at - interval '1 day';
        SET session_replication_role = origin",
    )
    .await;
    service.start().await;
    service.until_ready().await;
    service.kill();
    database.close().await;
}
