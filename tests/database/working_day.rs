//! A day's work of the built program by the role that it is given: the service's, which owns nothing.

use plo_drift::api::auth::Access;
use plo_drift::api::router::ROUTES;
use plo_drift::store::grants::{self, Purpose};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::count::{Council, now};
use crate::running::{Service, count, until};
use crate::support::program::{file, in_words};
use crate::support::smtp::{Behaviour, SmtpServer};

/// Calls a route, and gives what it answered if that is what was wanted.
async fn call(service: &Service, method: Method, path: &str, token: &str, kind: &str, body: String) -> String {
    let request = reqwest::Client::new().request(method, service.url(path)).bearer_auth(token);
    let answer = request.header("content-type", kind).body(body).send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a text");
    assert!(status.is_success(), "{path}: {status} {text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_does_a_day_s_work_as_a_role_that_owns_nothing() {
    let database = crate::support::database::TestDatabase::new().await;
    let role = database.role("plo_day").await;
    let mut owner = database.pool.acquire().await.expect("a connection");
    grants::grant(&mut owner, Purpose::Service, &role.name).await.expect("it is granted");
    drop(owner);
    let smtp = SmtpServer::start(Behaviour::Accept);
    let mut service = Service::on(&role.url, &smtp).without_migrating();
    let folder = tempfile::tempdir().expect("a folder");

    // Before anybody serves.
    service.done(&["migrate"]);
    for (name, role) in [("chair", "legal_gateway_chair"), ("manager", "service_manager")] {
        service.done(&["recipient", "add", "--name", name, "--email", &format!("{name}@council.example"), "--role", role]);
    }
    service.done(&["recipient", "change", "2", "--away-until", "2027-08-14", "--deputy", "1"]);
    let token = |role: &str| service.done(&["token", "create", "--name", "a day", "--restricted", "--role", role]);
    let [reader, recorder, chair, admin] = ["reader", "recorder", "chair", "admin"].map(token);
    let tracker = "reference,team,started_on\nPP-1,North,2026-01-05\nPP-2,North,2026-02-02\n";
    service.done(&["import", &file(folder.path(), "tracker.csv", tracker)]);
    service.done(&["check", "--dry-run"]);

    // All that it does by itself, from the start to the mail.
    service.start_and_be_ready().await;
    until("the first mail has come", async || !smtp.received().is_empty()).await;
    let pool = &database.pool;

    // What is written over HTTP.
    let json = "application/json";
    let case = "/api/v1/cases/PP-3";
    call(&service, Method::PUT, case, &recorder, json, json!({"team": "North", "started_on": "2026-01-05"}).to_string()).await;
    for (list, fact) in [
        ("meetings", json!({"kind": "initial", "planned_on": "2026-02-24"})),
        ("assessments", json!({"kind": "parenting", "commissioned_on": "2026-02-01"})),
        ("extensions", json!({"requested_on": "2026-03-01", "decision": "pending"})),
        ("engagement", json!({"on": "2026-02-03", "attended": true})),
        ("oversight", json!({"on": "2026-02-04", "kind": "panel_review"})),
    ] {
        call(&service, Method::POST, &format!("{case}/{list}"), &recorder, json, fact.to_string()).await;
    }
    let everything = json!({"team": "North", "started_on": "2026-01-06", "oversight": [], "engagement": [], "meetings": [],
        "assessments": [], "extensions": [], "children": [{"reference": "K-1", "date_of_birth": "2021-03-04"}],
        "allocations": [{"from_on": "2026-01-06", "worker": "W-1"}]});
    call(&service, Method::PUT, case, &recorder, json, everything.to_string()).await;
    call(&service, Method::POST, "/api/v1/imports?source=north", &recorder, "text/csv", tracker.to_owned()).await;
    let today = now().today;
    let later = today.checked_add(jiff::Span::new().days(7)).expect("a day");
    let alerts: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM alerts WHERE state = 'open' ORDER BY id").fetch_all(pool).await.expect("alerts");
    let acknowledged = json!({"action": "the letter goes today", "owner": "the team manager", "review_on": later}).to_string();
    call(&service, Method::POST, &format!("/api/v1/alerts/{}/acknowledge", alerts[0]), &chair, json, acknowledged).await;
    let snoozed = json!({"reason": "an assessment is awaited", "until": later}).to_string();
    call(&service, Method::POST, &format!("/api/v1/alerts/{}/snooze", alerts[1]), &chair, json, snoozed).await;
    let policy = "[clock]\nlength = \"12 weeks\"\n[census.outcomes]\nissue = \"A\"\nstep_down = \"B\"\nother = \"C\"\n";
    for (method, path) in [(Method::POST, "/api/v1/policy/preview"), (Method::PUT, "/api/v1/policy")] {
        call(&service, method, path, &admin, "application/toml", policy.to_owned()).await;
    }

    // What is read.
    let paths = ROUTES.iter().filter(|route| route.method == Method::GET && matches!(route.access, Access::Bearer(_)));
    for path in paths.map(|route| route.path.replace("{id}", &alerts[0].to_string())) {
        let path = path.replace("{reference}", "PP-1").replace("{year}", "2026-27");
        let path = if path.ends_with("explain") { format!("{path}?on={today}") } else { path };
        let token = if path.contains("census") { &recorder } else { &admin };
        call(&service, Method::GET, &path, token, json, String::new()).await;
    }
    assert_eq!(service.ask("/api/v1/cases", &reader).await.0, StatusCode::OK);
    let audited = "SELECT count(*) FROM api_audit";
    assert!(count(pool, audited).await > 0, "what is read is on record");
    let named = "SELECT count(*) FROM case_history WHERE actor = 'token 2'";
    assert!(count(pool, named).await > 5, "the history names the callers for whom the service wrote");

    // A mail that is refused, and what the operator does about it.
    smtp.set_behaviour(Behaviour::RefuseData(550));
    call(&service, Method::PUT, "/api/v1/cases/PP-4", &recorder, json, json!({"started_on": "2026-01-05"}).to_string()).await;
    until("a mail is refused", async || count(pool, "SELECT count(*) FROM messages WHERE state = 'dead'").await > 0).await;
    smtp.set_behaviour(Behaviour::Accept);
    let dead = service.done(&["mail", "list", "--state", "dead"]);
    let id = dead.split_whitespace().next().expect("its id");
    service.done(&["mail", "show", id]);
    service.done(&["mail", "replay", "--all"]);
    until("it has left", async || {
        count(pool, "SELECT count(*) FROM messages WHERE state IN ('dead', 'queued', 'sending')").await == 0
    })
    .await;

    // What goes, and what an operator asks for.
    let retention = "[retention]\ncases_after = \"75 years\"\naudit_after = \"6 years\"\nmessage_bytes_after = \"6 years\"\n";
    let retention = file(folder.path(), "retention.toml", retention);
    service.done(&["retention", "--dry-run", "--policy", &retention]);
    service.done(&["erase", "PP-2", "--reason", "recorded in error", "--although-alerts-are-open"]);
    assert_eq!(count(pool, "SELECT count(*) FROM erasures").await, 1);
    service.done(&["data-quality"]);
    let census = ["export", "census", "--year", "2026-27", "--output", &file(folder.path(), "census.xml", "")];
    let census = service.command(&census).output().expect("the program starts");
    assert_eq!(census.status.code(), Some(1), "it is written, and some of its checks fail: {}", in_words(&census));
    service.done(&["recipient", "remove", "2", "--deputy", "1"]);
    service.done(&["token", "revoke", "1"]);
    service.until_ready().await;

    assert!(service.terminate().await.success());
    let refused: Vec<String> = service.log().lines().filter(|line| line.contains("42501")).map(str::to_owned).collect();
    assert_eq!(refused, [""; 0], "nothing was refused for want of a right");
    database.drop_role(role).await;
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_migrate_says_who_can() {
    let council = Council::with_cases(1).await;
    let role = council.world.database.role("plo_late").await;
    let service = council.service().with("DATABASE_URL", &role.url);
    // A migration of this program that the database does not have.
    council
        .sql("GRANT SELECT ON _sqlx_migrations TO PUBLIC; DELETE FROM _sqlx_migrations WHERE version = 20261126170000")
        .await;
    let output = service.command(&["migrate"]).output().expect("it runs");
    let said = in_words(&output);
    assert!(said.contains("run plo-drift migrate as the owner of the tables, then plo-drift grant"), "{said}");
    council.world.database.drop_role(role).await;
    council.end().await;
}
