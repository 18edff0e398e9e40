//! Alive, and ready.

use std::time::Instant;

use axum::http::StatusCode;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;

use crate::fixture::{Answer, Api, request, router, send};

const SWEPT: &str = "INSERT INTO job_runs (job, slot, started_at, finished_at) VALUES
    ('sweep', '2026-06-14T06:00Z', '2026-06-14T06:00Z', '2026-06-14T08:00:00Z'),
    ('sweep', '2026-06-15T06:00Z', '2026-06-15T06:00Z', '2026-06-15T06:00:07Z'),
    ('digest', '2026-06-15T07:00Z', '2026-06-15T07:00Z', '2026-06-15T07:00:07Z')";

async fn ready(api: &Api) -> Answer {
    send(&api.router, request("GET", "/health/ready", None)).await
}

async fn assert_only_not_ok(api: &Api, check: &str) -> Answer {
    let answer = ready(api).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert_eq!(answer.body["status"], "not ready");
    for each in ["database", "migrations", "sweep", "mail", "reconciliation"] {
        assert_eq!(answer.body["checks"][each]["ok"], each != check, "{each}: {}", answer.body);
    }
    answer
}

fn message(state: &str, sealed_at: &str) -> String {
    let leased_until = if state == "sending" { "'2026-06-15T10:00Z'" } else { "NULL" };
    format!(
        "INSERT INTO messages (id, kind, recipient_id, state, created_at, sealed_at, from_address, to_address, subject, body,
            next_attempt_at, leased_until, give_up_at)
        SELECT gen_random_uuid(), 'alert', id, '{state}', '{sealed_at}', '{sealed_at}', 'a@example.org', 'b@example.org', 's', 'b',
            '{sealed_at}', {leased_until}, '2026-06-20T00:00Z' FROM recipients"
    )
}

#[tokio::test]
async fn it_lives_as_long_as_it_answers() {
    let api = Api::new().await;
    api.served.close().await;
    let answer = send(&api.router, request("GET", "/health/live", None)).await;
    assert_eq!((answer.status, answer.body), (StatusCode::OK, json!({"status": "live"})));
    api.close().await;
}

#[tokio::test]
async fn it_is_ready_while_it_does_its_work() {
    let api = Api::new().await;
    api.sql(SWEPT).await;
    api.sql("INSERT INTO recipients (name, email, role) VALUES ('A', 'b@example.org', 'director')").await;
    api.sql(&message("queued", "2026-06-15T08:45Z")).await;
    api.sql(&message("sending", "2026-06-15T08:31Z")).await;
    api.sql(&message("sent", "2026-06-15T06:00Z")).await;
    let answer = ready(&api).await;
    let count = plo_drift::store::MIGRATOR.iter().count();
    let expected = json!({
        "status": "ready",
        "checks": {
            "database": {"ok": true},
            "migrations": {"ok": true, "applied": count, "expected": count, "unknown": 0},
            "sweep": {"ok": true, "last_finished_at": "2026-06-15T06:00:07Z", "last_complete_at": "2026-06-15T06:00:07Z"},
            "mail": {"ok": true, "oldest_unsent_at": "2026-06-15T08:31:00Z", "waiting": 2},
            "reconciliation": {"ok": true, "last_clean_at": null},
        },
    });
    assert_eq!((answer.status, answer.body), (StatusCode::OK, expected));

    api.sql(&message("sending", "2026-06-15T08:30Z")).await;
    let answer = assert_only_not_ok(&api, "mail").await;
    assert_eq!(answer.body["checks"]["mail"]["waiting"], 3);
    api.close().await;
}

#[tokio::test]
async fn it_is_not_ready_without_a_recent_sweep() {
    let api = Api::new().await;
    assert_only_not_ok(&api, "sweep").await;
    api.sql(SWEPT).await;
    api.sql("UPDATE job_runs SET finished_at = NULL WHERE slot = '2026-06-15T06:00Z'").await;
    assert_eq!(ready(&api).await.status, StatusCode::OK, "the sweep before is an hour short of too old");
    api.sql("UPDATE job_runs SET finished_at = '2026-06-14T07:00Z' WHERE finished_at = '2026-06-14T08:00Z'").await;
    let answer = assert_only_not_ok(&api, "sweep").await;
    assert_eq!(answer.body["checks"]["sweep"]["last_finished_at"], "2026-06-14T07:00:00Z");
    api.close().await;
}

#[tokio::test]
async fn it_is_not_ready_where_sweeps_pass_a_case_over_again_and_again() {
    let api = Api::new().await;
    api.sql(SWEPT).await;
    api.sql("UPDATE job_runs SET passed_over = 1 WHERE slot = '2026-06-15T06:00Z'").await;
    assert_eq!(ready(&api).await.status, StatusCode::OK, "the sweep before is an hour short of too old");
    api.sql("UPDATE job_runs SET finished_at = '2026-06-14T07:00Z' WHERE finished_at = '2026-06-14T08:00Z'").await;
    let answer = assert_only_not_ok(&api, "sweep").await;
    let sweep = json!({"ok": false, "last_finished_at": "2026-06-15T06:00:07Z", "last_complete_at": "2026-06-14T07:00:00Z"});
    assert_eq!(answer.body["checks"]["sweep"], sweep);
    api.close().await;
}

#[tokio::test]
async fn it_is_not_ready_without_a_reconciliation_that_was_clean() {
    let api = Api::new().await;
    api.sql(SWEPT).await;
    assert_eq!(ready(&api).await.status, StatusCode::OK, "a fresh service has had no night yet");
    api.sql("INSERT INTO job_runs (job, slot, started_at) VALUES ('sweep', '2026-06-13T06:59Z', '2026-06-13T06:59Z')").await;
    assert_only_not_ok(&api, "reconciliation").await;
    api.sql(
        "INSERT INTO job_runs (job, slot, started_at, finished_at, failures) VALUES
        ('reconcile', '2026-06-14T02:30Z', '2026-06-14T02:30Z', '2026-06-14T02:31Z', 0),
        ('reconcile', '2026-06-15T02:30Z', '2026-06-15T02:30Z', '2026-06-15T02:31Z', 1)",
    )
    .await;
    let answer = ready(&api).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["checks"]["reconciliation"]["last_clean_at"], "2026-06-14T02:31:00Z");
    // A clock that was ahead for a while has not seen the nights that are still to come.
    api.sql("UPDATE job_runs SET finished_at = '2027-06-14T02:31Z' WHERE job = 'reconcile' AND failures = 0").await;
    assert_only_not_ok(&api, "reconciliation").await;
    api.close().await;
}

#[tokio::test]
async fn it_is_not_ready_before_its_migrations() {
    let api = Api::new().await;
    api.sql(SWEPT).await;
    let count = plo_drift::store::MIGRATOR.iter().count();
    for (change, applied) in [
        ("UPDATE _sqlx_migrations SET success = false WHERE version = (SELECT min(version) FROM _sqlx_migrations)", count - 1),
        ("UPDATE _sqlx_migrations SET success = true, checksum = '' WHERE NOT success", count - 1),
        ("DELETE FROM _sqlx_migrations WHERE checksum = ''", count - 1),
        ("DROP TABLE _sqlx_migrations", 0),
    ] {
        api.sql(change).await;
        let answer = assert_only_not_ok(&api, "migrations").await;
        let expected = json!({"ok": false, "applied": applied, "expected": count, "unknown": 0});
        assert_eq!(answer.body["checks"]["migrations"], expected);
    }
    api.sql("DROP TABLE job_runs").await;
    assert_eq!(ready(&api).await.status, StatusCode::SERVICE_UNAVAILABLE, "nor before there are tables");
    api.close().await;
}

/// It goes on working beside the newer program, which is the one to ask from now on.
#[tokio::test]
async fn it_is_not_ready_on_the_tables_of_a_newer_program() {
    let api = Api::new().await;
    api.sql(SWEPT).await;
    assert_eq!(ready(&api).await.status, StatusCode::OK);
    api.sql(
        "INSERT INTO _sqlx_migrations SELECT 99999999999999, description, installed_on, success, checksum, execution_time
        FROM _sqlx_migrations LIMIT 1",
    )
    .await;
    let count = plo_drift::store::MIGRATOR.iter().count();
    let answer = assert_only_not_ok(&api, "migrations").await;
    let expected = json!({"ok": false, "applied": count, "expected": count, "unknown": 1});
    assert_eq!(answer.body["checks"]["migrations"], expected);
    api.close().await;
}

/// A server that accepts connections and then says nothing.
#[tokio::test]
async fn it_is_not_ready_while_the_database_is_silent() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = silent.local_addr().expect("it is bound").port();
    let options = PgConnectOptions::new().host("127.0.0.1").port(port).username("nobody");
    let started = Instant::now();
    let answer = send(&router(PgPoolOptions::new().connect_lazy_with(options)), request("GET", "/health/ready", None)).await;
    assert!((2..4).contains(&started.elapsed().as_secs()));
    let expected = json!({
        "status": "not ready",
        "checks": {
            "database": {"ok": false},
            "migrations": {"ok": false, "applied": null, "expected": plo_drift::store::MIGRATOR.iter().count(), "unknown": null},
            "sweep": {"ok": false, "last_finished_at": null, "last_complete_at": null},
            "mail": {"ok": false, "oldest_unsent_at": null, "waiting": null},
            "reconciliation": {"ok": false, "last_clean_at": null},
        },
    });
    assert_eq!((answer.status, answer.body), (StatusCode::SERVICE_UNAVAILABLE, expected));
}
