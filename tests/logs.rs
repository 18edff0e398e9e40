//! The log of a running service, as it is written: each line says whose it is.

#[expect(dead_code, reason = "a test takes what it needs of the support")]
mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::process::Command;

use serde_json::Value;
use support::program::{Place, file, port_that_is_free, terminate, wait_until};
use support::smtp::{Behaviour, SmtpServer};

const GIVEN: &str = "0af7651916cd43dd8448eb211c80319c";

/// A value that the spans of a line carry, if any does.
fn carried<'l>(line: &'l Value, key: &str) -> Option<&'l str> {
    line["spans"].as_array()?.iter().find_map(|span| span[key].as_str())
}

fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_says_which_request_run_or_message_it_is_about() {
    let place = Place::new().await;
    let smtp = SmtpServer::start(Behaviour::RefuseRecipient(451));
    place.done(&["recipient", "add", "--name", "Jane Doe", "--email", "jane@council.example", "--role", "legal_gateway_chair"]);
    let token = place.done(&["token", "create", "--name", "a test", "--role", "reader"]);
    let sql = async |statement: &'static str| {
        sqlx::raw_sql(statement).execute(&place.database.pool).await.expect("it is SQL");
    };
    sql("INSERT INTO cases (reference, recorded_on, started_on) VALUES ('PP-1', '2026-01-05', '2026-01-05')").await;
    let path = place.folder.path().join("plo-drift.log");
    let listen = format!("127.0.0.1:{}", port_that_is_free());
    let service = place
        .command(&["serve"])
        .env("PLO_DRIFT__HTTP__LISTEN", &listen)
        .env("PLO_DRIFT__MAIL__TRANSPORT", "smtp")
        .env("PLO_DRIFT__MAIL__PORT", smtp.port().to_string())
        .env("PLO_DRIFT__MAIL__CA_FILE", file(place.folder.path(), "ca.pem", smtp.ca_pem()))
        .env("PLO_DRIFT__HEARTBEAT__URL", format!("http://127.0.0.1:{}/hunter2", port_that_is_free()))
        .env("PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS", "1")
        .env("PLO_DRIFT__JOBS__DELIVER_EVERY_SECONDS", "1")
        // The second attempt of a message panics.
        .env("FAILPOINTS", "send.before_connecting=1*off->panic(hunter2)")
        .stderr(File::create(&path).expect("a file"))
        .spawn()
        .expect("the program starts");
    let written = || std::fs::read_to_string(&path).expect("the log");
    wait_until("a message is to be tried again", || written().contains("a message is tried again"));
    sql("UPDATE messages SET next_attempt_at = now()").await;
    wait_until("an attempt has panicked", || written().contains("the program made a mistake"));
    wait_until("a job has failed", || written().contains("the job failed"));
    wait_until("two sweeps have been made", || written().matches(r#""message":"swept""#).count() > 1);

    let client = reqwest::Client::new();
    let ask = async |path: &str, id: Option<&str>| {
        let request = client.get(format!("http://{listen}{path}")).bearer_auth(token.trim());
        let request = id.into_iter().fold(request, |request, id| request.header("x-request-id", id));
        let answer = request.send().await.expect("the API answers");
        (answer.status().as_u16(), answer.headers()["x-request-id"].to_str().expect("it is text").to_owned())
    };
    let (_, made) = ask("/api/v1/cases/PP-1", None).await;
    sql("ALTER TABLE case_watch RENAME TO elsewhere").await;
    assert_eq!(ask("/api/v1/cases?team=Jane", Some(GIVEN)).await, (500, GIVEN.to_owned()));
    wait_until("a sweep has failed", || {
        let log = written();
        log.lines().any(|line| line.contains("\"sweep\"") && line.contains("the job failed"))
    });
    assert_eq!(terminate(service), Some(0));

    let log = written();
    assert!(!log.contains("Jane") && !log.contains('@') && !log.contains("hunter2") && !log.contains(token.trim()), "{log}");
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} is not JSON"))).collect();
    for line in &lines {
        for key in ["timestamp", "level", "target", "message"] {
            assert!(line[key].is_string(), "{key} of {line}");
        }
        let of = line["target"].as_str().expect("a text");
        if of.starts_with("plo_drift::api") {
            assert!(carried(line, "request.id").is_some(), "{line}");
        }
        if of.starts_with("plo_drift::jobs") {
            assert!(carried(line, "job.name").is_some() && carried(line, "job.run").is_some(), "{line}");
        }
        if message(line).starts_with("a message ") || of == "plo_drift::telemetry" {
            assert!(carried(line, "message.id").is_some(), "{line}");
        }
    }
    for job in ["sweep", "deliver", "reconcile", "heartbeat"] {
        assert!(lines.iter().any(|line| carried(line, "job.name") == Some(job)), "no line is about {job}");
    }
    let of_request =
        |id: &str| -> Vec<&str> { lines.iter().filter(|line| carried(line, "request.id") == Some(id)).map(message).collect() };
    assert_eq!(of_request(&made), ["answered"]);
    assert_eq!(of_request(GIVEN), ["the database refused a query", "answered"]);
    // As docs/watch.md has it.
    let found = Command::new("sh")
        .args(["-c", r#"grep '"request.id":"0af7651916cd43dd8448eb211c80319c"' plo-drift.log"#])
        .current_dir(place.folder.path())
        .output()
        .expect("grep runs");
    assert_eq!(String::from_utf8_lossy(&found.stdout).lines().count(), 2);
    let sweeps = lines.iter().filter(|line| carried(line, "job.name") == Some("sweep") && message(line) == "swept");
    let runs: Vec<_> = sweeps.map(|line| carried(line, "job.run")).collect();
    assert!(
        runs.len() > 1 && runs.iter().collect::<BTreeSet<_>>().len() == runs.len(),
        "each run has a number of its own: {runs:?}"
    );
    place.database.close().await;
}
