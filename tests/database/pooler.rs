//! `PgBouncer` between the service and the database: in session mode it does, and in transaction mode it is refused and told why.

use std::path::Path;
use std::process::{Child, Stdio};

use sqlx::{Connection as _, PgConnection};

use crate::cluster::{Cluster, port_that_is_free};
use crate::running::{PEOPLE, Service, count, sql, until};
use crate::support::program::in_words;
use crate::support::smtp::{Behaviour, SmtpServer};

/// Where Debian puts it.
const PGBOUNCER: &str = "/usr/sbin/pgbouncer";

struct PgBouncer {
    child: Child,
    port: u16,
}

impl PgBouncer {
    /// Before a cluster, in a mode, with settings that are its own defaults otherwise.
    async fn before(cluster: &Cluster, mode: &str) -> Self {
        let port = port_that_is_free();
        let settings = format!(
            "[databases]\ncouncil = host={} port={} dbname=council user=plo_drift\n\
            [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n",
            cluster.folder().display(),
            cluster.port(),
        );
        let settings = cluster.file(&format!("pgbouncer.{mode}.ini"), &settings);
        let mut command = cluster.command(PGBOUNCER);
        let child = command.arg(settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let pooler = Self { child, port };
        until("PgBouncer answers", async || PgConnection::connect_with(&pooler.options()).await.is_ok()).await;
        pooler
    }

    fn url(&self) -> String {
        format!("postgres://plo_drift@127.0.0.1:{}/council", self.port)
    }

    fn options(&self) -> sqlx::postgres::PgConnectOptions {
        self.url().parse::<sqlx::postgres::PgConnectOptions>().expect("it is a URL").extra_float_digits(None)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_works_through_pgbouncer_in_session_mode_and_refuses_transaction_mode() {
    if !Path::new(PGBOUNCER).is_file() {
        eprintln!("PGBOUNCER IS NOT INSTALLED HERE, SO NOTHING WAS TRIED: apt-get install pgbouncer");
        return;
    }
    let cluster = Cluster::new(None).await;
    let pooler = PgBouncer::before(&cluster, "session").await;
    let smtp = SmtpServer::start(Behaviour::Accept);
    let mut service = Service::on(&pooler.url(), &smtp);
    service.done(&["migrate"]);
    let pool = sqlx::PgPool::connect(&cluster.url("postgres", "council")).await.expect("the server answers");
    sql(&pool, PEOPLE).await;
    service.start_and_be_ready().await;
    sql(&pool, "INSERT INTO cases (reference, started_on) VALUES ('PP-1', '2026-01-05')").await;
    until("the mail has come", async || !smtp.received().is_empty()).await;
    service.until_ready().await;
    // It listens through the pooler, too, and its sessions keep to their limits.
    let listens =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'plo-drift' AND query = 'LISTEN \"plo_drift_outbox\"'";
    assert_eq!(count(&pool, listens).await, 1);
    assert!(service.terminate().await.success());
    let config = plo_drift::config::DatabaseConfig {
        url: Some(pooler.url().into()),
        max_connections: 5,
        wait: std::time::Duration::ZERO,
    };
    let through = plo_drift::database::connect(&config, false).await.expect("it may");
    let limit: String = sqlx::query_scalar("SHOW statement_timeout").fetch_one(&through).await.expect("an answer");
    assert_eq!(limit, "1min");
    through.close().await;
    drop(pooler);

    for mode in ["transaction", "statement"] {
        let pooler = PgBouncer::before(&cluster, mode).await;
        let refused = Service::on(&pooler.url(), &smtp);
        for command in ["migrate", "serve"] {
            let output = refused.command(&[command]).output().expect("it runs");
            assert_eq!(output.status.code(), Some(2), "{mode}: {}", in_words(&output));
            assert!(in_words(&output).contains("set pool_mode = session there"), "{mode}: {}", in_words(&output));
        }
    }
    pool.close().await;
}
