//! The database fails in every way that one does: the service says so, loses nothing, and recovers by itself.

#[expect(dead_code, reason = "tests/database stands on the rest")]
mod cluster;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use plo_drift::clock::Clock;
use plo_drift::domain::policy::Policy;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use self::cluster::Cluster;
use crate::running::{PATIENCE, PEOPLE, Service, broken, count, differences, sql, within};
use crate::support::smtp::{Behaviour, SmtpServer};

/// A service on a server of its own, and how many cases were recorded there for certain.
struct Council {
    cluster: Cluster,
    smtp: SmtpServer,
    service: Service,
    recorded: usize,
}

impl Council {
    async fn new(volume: Option<u32>) -> Self {
        let cluster = Cluster::new(volume).await;
        let smtp = SmtpServer::start(Behaviour::Accept);
        let mut service = Service::on(&cluster.url("plo_drift", "council"), &smtp);
        service.done(&["migrate"]);
        let mut connection = cluster.connect("council").await;
        sqlx::raw_sql(PEOPLE).execute(&mut connection).await.expect("people can be added");
        service.start_and_be_ready().await;
        Self { cluster, smtp, service, recorded: 0 }
    }

    /// Records red cases, as a council's own program would; an error where they are not recorded for certain.
    async fn record(&mut self, cases: usize) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect(&self.cluster.url("plo_drift", "council")).await?;
        let first = self.recorded + 1;
        let insert = format!(
            "INSERT INTO cases (reference, team, recorded_on, started_on)
            SELECT 'PP-' || n, 'North', '2026-01-05', '2026-01-05' FROM generate_series({first}, {}) AS n",
            self.recorded + cases
        );
        sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut connection).await?;
        self.recorded += cases;
        Ok(())
    }

    async fn pool(&self) -> PgPool {
        PgPool::connect(&self.cluster.url("postgres", "council")).await.expect("the server answers")
    }

    /// The service does not say that all is well for longer than it may.
    async fn is_unwell(&self) {
        assert!(within(Duration::from_secs(15), async || !self.service.unwell().await.is_empty()).await, "nothing is noticed");
        assert!(self.service.get("/health/live").await.contains("live"), "it lives all the same");
    }

    /// What is wrong once the database is well again and the service has had time to recover by itself.
    async fn what_is_lost(&self) -> Vec<String> {
        self.service.until_ready().await;
        let pool = self.pool().await;
        let today = Clock::of_the_machine().now();
        // Within a cycle or two; what is lost stays so.
        let all = async || differences(&pool, &Policy::default(), today.today).await.is_empty();
        let patience = if self.recorded == 0 { Duration::ZERO } else { Duration::from_secs(10) };
        within(patience, all).await;
        let mut wrong = differences(&pool, &Policy::default(), today.today).await;
        let queued = "SELECT count(*) FROM messages WHERE state IN ('gathering', 'queued', 'sending')";
        if !within(PATIENCE, async || count(&pool, queued).await == 0).await {
            wrong.push("mail does not leave".to_owned());
        }
        let cases = usize::try_from(count(&pool, "SELECT count(*) FROM cases").await).expect("a number");
        if cases != self.recorded {
            wrong.push(format!("{} cases were recorded, and {cases} are there", self.recorded));
        }
        // One mail names twenty cases, and the next ones follow.
        let told = async || untold(&pool).await.is_empty();
        within(PATIENCE, told).await;
        wrong.extend(untold(&pool).await);
        let sent = usize::try_from(count(&pool, "SELECT count(*) FROM messages WHERE state = 'sent'").await).expect("a number");
        // A message may come again, as the same bytes, where the answer to it could not be put on record.
        let mut received: Vec<Vec<u8>> = self.smtp.received().into_iter().map(|received| received.message).collect();
        received.sort_unstable();
        received.dedup();
        if received.len() != sent {
            wrong.push(format!("{sent} messages were sent, and {} different ones came", received.len()));
        }
        wrong.extend(broken(&pool, today.at).await);
        pool.close().await;
        wrong
    }

    async fn assert_nothing_is_lost(&self, after: &str) {
        assert_eq!(self.what_is_lost().await, Vec::<String>::new(), "{after}");
    }
}

/// What it asks in the end is seen to fail in [`a_recorded_fact_that_is_lost_is_seen`].
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_and_the_service_goes_on_when_it_is_back() {
    let mut council = Council::new(None).await;
    // Killed while the sweep is at it, or before it sees them; then started again in good order.
    for (after, end) in [(600, Cluster::kill as fn(&mut Cluster)), (0, Cluster::kill), (600, Cluster::stop)] {
        council.record(30).await.expect("they are recorded");
        tokio::time::sleep(Duration::from_millis(after)).await;
        end(&mut council.cluster);
        council.is_unwell().await;
        council.cluster.start().await;
        council.assert_nothing_is_lost("the server was ended").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_fact_that_is_lost_is_seen() {
    let mut council = Council::new(None).await;
    council.record(3).await.expect("they are recorded");
    council.assert_nothing_is_lost("nothing has happened").await;
    let pool = council.pool().await;
    sql(&pool, "ALTER TABLE cases DISABLE TRIGGER USER").await;
    council.record(1).await.expect("it is recorded");
    sql(&pool, "SET session_replication_role = replica; DELETE FROM cases WHERE reference = 'PP-1'").await;
    pool.close().await;
    let lost = council.what_is_lost().await;
    assert!(lost.iter().any(|line| line.starts_with("missing: (\"PP-4\"")), "{lost:?}");
    assert!(lost.contains(&"4 cases were recorded, and 3 are there".to_owned()), "{lost:?}");
}

/// What it asks in the end is seen to fail in [`a_recorded_fact_that_is_lost_is_seen`].
#[tokio::test(flavor = "multi_thread")]
async fn without_connections_writes_or_locks_it_says_so_and_goes_on_when_it_has_them() {
    let mut council = Council::new(None).await;
    council.record(5).await.expect("they are recorded");
    council.assert_nothing_is_lost("nothing has happened").await;

    let taken = take_every_connection(&council.cluster).await;
    council.is_unwell().await;
    for connection in taken {
        connection.close().await.expect("it can be closed");
    }
    council.record(5).await.expect("they are recorded");
    council.assert_nothing_is_lost("it had no connections").await;

    council.record(5).await.expect("they are recorded");
    council.cluster.run("ALTER SYSTEM SET default_transaction_read_only = on").await;
    council.cluster.run("SELECT pg_reload_conf()").await;
    council.is_unwell().await;
    assert!(council.record(1).await.is_err(), "nothing can be recorded");
    let mut admin = council.cluster.connect("postgres").await;
    admin.execute_all("SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()").await;
    council.assert_nothing_is_lost("it could not write").await;

    let mut holder = council.cluster.connect("council").await;
    let mut held = holder.begin().await.expect("a transaction");
    sqlx::raw_sql("LOCK TABLE case_watch, messages IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.expect("it is held");
    council.is_unwell().await;
    held.rollback().await.expect("it is let go");
    council.record(5).await.expect("they are recorded");
    council.assert_nothing_is_lost("somebody held a table").await;
}

/// A few of the red alerts that are in no mail that left, with what the journal says of each.
async fn untold(pool: &PgPool) -> Vec<String> {
    let untold = "SELECT format('told of in no mail that left: %s %s %s', case_reference, rule, (
            SELECT array_agg((what, journal.reason)) FROM journal WHERE alert_id = alerts.id
        )) FROM alerts WHERE severity = 'red' AND state = 'open' AND NOT EXISTS (
            SELECT FROM message_alerts JOIN messages ON messages.id = message_id WHERE alert_id = alerts.id AND messages.state = 'sent'
        ) LIMIT 3";
    sqlx::query_scalar(untold).fetch_all(pool).await.expect("alerts can be read")
}

trait ExecuteAll {
    async fn execute_all(&mut self, statements: &str);
}

impl ExecuteAll for PgConnection {
    /// One after the other, each in a transaction of its own.
    async fn execute_all(&mut self, statements: &str) {
        for statement in statements.split(';') {
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *self).await.expect("the SQL is right");
        }
    }
}

/// Takes every connection that the server has, those of the service included.
async fn take_every_connection(cluster: &Cluster) -> Vec<PgConnection> {
    let mut admin = cluster.connect("postgres").await;
    let mut taken = Vec::new();
    let mut theirs = 1;
    while theirs > 0 {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'plo-drift'";
        sqlx::raw_sql(cut).execute(&mut admin).await.expect("they can be cut off");
        while let Ok(connection) = PgConnection::connect(&cluster.url("plo_drift", "council")).await {
            taken.push(connection);
        }
        let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'plo-drift'";
        theirs = sqlx::query_scalar::<_, i64>(left).fetch_one(&mut admin).await.expect("an answer");
    }
    taken
}

/// What it asks in the end is seen to fail in [`a_recorded_fact_that_is_lost_is_seen`].
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_that_was_recorded_and_the_service_goes_on_when_there_is_room() {
    let mut council = Council::new(Some(128)).await;
    council.record(5).await.expect("they are recorded");
    council.assert_nothing_is_lost("nothing has happened").await;
    if council.cluster.is_mounted() {
        // What is recorded has found its room; what is then to be made of it does not.
        let mut holder = council.cluster.connect("council").await;
        let mut held = holder.begin().await.expect("a transaction");
        sqlx::raw_sql("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.expect("it is held");
        council.record(60).await.expect("they are recorded");
        let filler = council.cluster.folder().join("filler");
        fill(&filler);
        held.rollback().await.expect("it is let go");
        council.is_unwell().await;
        let log = council.cluster.log();
        assert!(log.contains("No space left on device"), "{log}");
        std::fs::remove_file(filler).expect("there is room again");
        // Where not even its log had room, the server has stopped: whoever runs it starts it again.
        if council.cluster.has_ended_within(Duration::from_secs(1)).await {
            council.cluster.start().await;
        }
    } else {
        eprintln!("NO VOLUME COULD BE MOUNTED HERE: instead of a full disk, every alert is refused as if it were one");
        let pool = council.pool().await;
        let refuse = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION full_disk()";
        sql(&pool, refuse).await;
        council.record(100).await.expect("they are recorded");
        council.is_unwell().await;
        sql(&pool, "DROP TRIGGER full_disk ON alerts").await;
        pool.close().await;
    }
    council.assert_nothing_is_lost("the disk was full").await;
    council.record(5).await.expect("they are recorded");
    council.assert_nothing_is_lost("there is room again").await;
}

/// Takes every byte that a volume has left.
fn fill(path: &Path) {
    let mut filler = File::create(path).expect("a file");
    for size in [1 << 16, 1 << 12, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}
