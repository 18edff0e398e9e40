//! Three services behind a proxy, over a primary and a standby behind another: the primary is lost, and the standby takes its place.
//!
//! `HAProxy` stands in for both proxies. Whoever promotes the standby in earnest (an operator, Patroni, a provider), here it is the test.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use sqlx::PgPool;

use crate::cluster::{Cluster, port_that_is_free};
use crate::count::wrong;
use crate::running::{PATIENCE, PEOPLE, Service, count, sql, until, within};
use crate::support::smtp::{Behaviour, SmtpServer};

/// Where Debian puts it.
const HAPROXY: &str = "/usr/sbin/haproxy";

/// Asks a server whether it is the one that takes writes, as `HAProxy` calls it.
const IS_PRIMARY: &str = "#!/bin/sh
[ \"$(psql -XAtq -h \"$3\" -p \"$4\" -U postgres -c 'SELECT pg_is_in_recovery()' postgres)\" = f ]
";

struct HaProxy {
    child: Child,
    port: u16,
}

impl HaProxy {
    /// With how it finds out who is well, and the servers.
    fn start(cluster: &Cluster, name: &str, how: &str, servers: &[u16]) -> Self {
        let port = port_that_is_free();
        let servers: Vec<String> =
            servers.iter().map(|port| format!("    server at_{port} 127.0.0.1:{port} check\n")).collect();
        let servers = servers.concat();
        let settings = format!(
            "global\n    external-check\n    insecure-fork-wanted\n\
            defaults\n    timeout connect 2s\n    timeout client 1h\n    timeout server 1h\n\
            listen {name}\n    bind 127.0.0.1:{port}\n{how}    \
            default-server inter 300ms fastinter 300ms downinter 300ms fall 2 rise 1 on-marked-down shutdown-sessions\n{servers}"
        );
        let settings = cluster.file(&format!("{name}.cfg"), &settings);
        let mut command = cluster.command(HAPROXY);
        let child = command.arg("-db").arg("-f").arg(settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self { child: child.expect("it starts"), port }
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Records a case over HTTP; true where it is recorded for certain.
async fn record(api: &HaProxy, token: &str, reference: &str) -> bool {
    let url = format!("http://127.0.0.1:{}/api/v1/cases/{reference}", api.port);
    let request = reqwest::Client::new().put(url).bearer_auth(token).timeout(Duration::from_secs(5));
    let answer = request.json(&serde_json::json!({"team": "North", "started_on": "2026-01-05"})).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// Lets the primary go under load. The cases that were recorded for certain and are not there any more, and what else is wrong then.
async fn fail_over(replicated: bool) -> (Vec<String>, Vec<String>) {
    let mut primary = Cluster::new(None).await;
    primary.listen(&[]).await;
    let standby = primary.followed().await;
    if replicated {
        primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        primary.run("SELECT pg_reload_conf()").await;
    }
    let check = standby.file("is-primary", IS_PRIMARY);
    std::fs::set_permissions(&check, Permissions::from_mode(0o700)).expect("it is ours");
    let how = format!(
        "    mode tcp\n    option external-check\n    external-check path /usr/local/bin:/usr/bin:/bin\n    external-check command {}\n",
        check.display()
    );
    let database = HaProxy::start(&standby, "database", &how, &[primary.port(), standby.port()]);
    let smtp = SmtpServer::start(Behaviour::Accept);
    let url = format!("postgres://plo_drift@127.0.0.1:{}/council?sslmode=disable", database.port);
    // As patient as by default: a mail that was under way when the primary was lost takes no service out of the proxy.
    let service = || {
        let service = Service::on(&url, &smtp).set("DATABASE__MAX_CONNECTIONS", "5");
        service.set("HEALTH__SWEEP_LATE_AFTER_SECONDS", "900").set("HEALTH__MAIL_LATE_AFTER_SECONDS", "900")
    };
    let mut services: Vec<Service> = (0..3).map(|_| service()).collect();
    until("the proxy has found the primary", async || {
        services[0].command(&["migrate"]).output().is_ok_and(|output| output.status.success())
    })
    .await;
    let before = PgPool::connect(&primary.url("postgres", "council")).await.expect("the primary answers");
    sql(&before, PEOPLE).await;
    let token = services[0].done(&["token", "create", "--name", "load", "--role", "recorder"]);
    for service in &mut services {
        service.start_and_be_ready().await;
    }
    let ports: Vec<u16> = services.iter().map(Service::port).collect();
    let how = "    mode http\n    option httpchk GET /health/ready\n    http-check expect status 200\n";
    let api = HaProxy::start(&standby, "api", how, &ports);
    until("the proxy has found a service", async || record(&api, &token, "FIRST").await).await;

    let mut certain = vec!["FIRST".to_owned()];
    let mut number = 0;
    let mut load = async |certain: &mut Vec<String>, cases: usize| {
        let enough = certain.len() + cases;
        while certain.len() < enough {
            number += 1;
            let reference = format!("PP-{number}");
            if record(&api, &token, &reference).await {
                certain.push(reference);
            } else {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    load(&mut certain, 20).await;
    if !replicated {
        // As if the way between the two were cut before the primary is lost.
        standby.run("ALTER SYSTEM SET primary_conninfo = ''").await;
        standby.run("SELECT pg_reload_conf()").await;
        let follower = PgPool::connect(&standby.url("postgres", "council")).await.expect("the standby answers");
        let received = "SELECT count(*) FROM pg_stat_wal_receiver";
        until("nothing is replicated any more", async || count(&follower, received).await == 0).await;
        follower.close().await;
        load(&mut certain, 5).await;
    }
    before.close().await;
    primary.kill();
    standby.run("SELECT pg_promote()").await;
    tokio::time::timeout(PATIENCE, load(&mut certain, 20)).await.expect("cases can be recorded again");
    for service in &services {
        service.until_ready().await;
    }

    let pool = PgPool::connect(&standby.url("postgres", "council")).await.expect("the new primary answers");
    let untold = "SELECT count(*) FROM cases WHERE NOT EXISTS (
        SELECT FROM alerts JOIN message_alerts ON alert_id = alerts.id JOIN messages ON messages.id = message_id
        WHERE case_reference = reference AND messages.state = 'sent')";
    let under_way = "SELECT count(*) FROM messages WHERE state NOT IN ('sent', 'dead', 'cancelled')";
    within(PATIENCE, async || {
        // As if the time had passed for which a worker that lost its connection holds a message.
        sql(
            &pool,
            "UPDATE messages SET leased_until = now() WHERE state = 'sending' AND leased_until < now() + interval '170 s'",
        )
        .await;
        sql(&pool, "UPDATE messages SET next_attempt_at = now() WHERE state = 'queued'").await;
        count(&pool, untold).await == 0 && count(&pool, under_way).await == 0
    })
    .await;
    let there: Vec<String> = sqlx::query_scalar("SELECT reference FROM cases").fetch_all(&pool).await.expect("cases");
    certain.retain(|reference| !there.contains(reference));
    let wrong = wrong(&pool, &smtp).await;
    pool.close().await;
    (certain, wrong)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_services_go_on_with_the_standby_and_nothing_that_was_replicated_is_lost_or_made_twice() {
    if !Path::new(HAPROXY).is_file() {
        eprintln!("HAPROXY IS NOT INSTALLED HERE, SO NOTHING WAS TRIED: apt-get install haproxy");
        return;
    }
    let (lost, wrong) = fail_over(true).await;
    assert_eq!(lost, [""; 0], "what was answered for was on the standby");
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_replicated_is_lost_and_that_is_seen() {
    if !Path::new(HAPROXY).is_file() {
        eprintln!("HAPROXY IS NOT INSTALLED HERE, SO NOTHING WAS TRIED: apt-get install haproxy");
        return;
    }
    let (lost, _) = fail_over(false).await;
    assert!(lost.len() >= 5, "{lost:?}");
}
