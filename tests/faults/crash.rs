//! The service dies at every point of its road: nothing is lost, and nothing is done twice.

use std::path::Path;
use std::time::Duration;

use jiff::civil::date;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::clock::{Moved, late_letter};
use crate::count::{Council, message_of, now, with_a_past};
use crate::running::{Service, count, sql, until};
use crate::support::smtp::Behaviour;
use crate::support::world::open;

/// Services that are made to die at the same time.
const AT_A_TIME: usize = 5;

/// How often a service is given work at most before it must have died.
const MOST_MEALS: usize = 20;

/// The points at which the answer of the mail server is lost, so that the same bytes are sent again.
const AFTER_THE_ANSWER: [&str; 2] = ["send.answered", "settle.before_commit"];

/// What the points begin with that a service comes to at an hour of some days alone: a clock that the test moves brings it there.
const OF_AN_HOUR: [&str; 2] = ["digest.", "panel."];

/// The point that a service comes to where a message is refused for good.
const OF_A_REFUSAL: &str = "dead.before_commit";

/// Every point in the program's source, in no order.
fn points() -> Vec<String> {
    let (mut points, mut folders) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).expect("a source file");
            let named = text.split("failpoint(\"").skip(1).filter_map(|rest| rest.split('"').next());
            points.extend(named.map(str::to_owned));
        }
    }
    points
}

/// Gives every part of the road something to do: a new case, a pause whose day has come, and a rung that is due.
async fn feed(council: &Council, number: usize) {
    council.record_cases(&format!("NEW-{number}"), 2).await;
    // As if a night had passed for these alone: nobody may move a day that was given.
    council
        .sql(
            "SET session_replication_role = replica;
            UPDATE alert_pauses SET until_on = current_date WHERE ended_at IS NULL AND alert_id = (
                SELECT id FROM alerts WHERE state = 'snoozed' AND NOT EXISTS (
                    SELECT FROM alert_pauses WHERE alert_id = alerts.id AND until_on <= current_date) ORDER BY id LIMIT 1);
            SET session_replication_role = origin;
            UPDATE alerts SET next_rung_on = current_date WHERE id = (
                SELECT id FROM alerts WHERE state = 'open' AND severity = 'red' AND next_rung_on > current_date
                    AND case_reference BETWEEN 'PP-5' AND 'PP-8' ORDER BY id LIMIT 1)",
        )
        .await;
}

/// Starts a service that dies at a point as it is told (`return`, or `1*off->return`), and gives it work until it has.
async fn die(council: &Council, service: &mut Service, point: &str, how: &str, fed: &mut usize) -> Result<(), String> {
    // As if a night had passed, and somebody had set what is kept of the cases wrong.
    council
        .sql(
            "DELETE FROM job_runs WHERE job = 'reconcile';
            UPDATE case_watch SET reds = reds + 5 WHERE next_look_on IS DISTINCT FROM DATE '2000-01-01'",
        )
        .await;
    service.will_have("FAILPOINTS", &format!("{point}={how}"));
    let give_up = *fed + MOST_MEALS;
    // Where it dies before it serves, there was something to do all the same.
    feed(council, *fed).await;
    *fed += 1;
    service.begin();
    while service.has_ended().is_none() {
        if *fed == give_up {
            return Err(format!("the service does not come to it ({how})"));
        }
        if service.serves() {
            feed(council, *fed).await;
            *fed += 1;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let status = service.ended().await;
    service.forget("FAILPOINTS");
    council.let_mail_be_due().await;
    council.let_leases_run_out().await;
    if status.code().is_none() { Ok(()) } else { Err(format!("it ended by itself, {status}: {}", service.log())) }
}

/// Lets a service die at a point, then another at its second passing, and a third do what is left; what is wrong then.
async fn survive(point: &str, mutant: &str) -> Result<Vec<String>, String> {
    let council = with_a_past(now().today.tomorrow().expect("there is a tomorrow")).await;
    council.sql(mutant).await;
    let mut service = council.service().set("JOBS__CASES_AT_A_TIME", "1");
    // It has looked at every case today, so that what is set wrong is left to the reconciliation.
    service.start_and_be_ready().await;
    service.terminate().await;
    let mut fed = 0;
    for how in ["return", "1*off->return"] {
        die(&council, &mut service, point, how, &mut fed).await?;
    }
    service.start().await;
    council.until_settled().await;

    let mut wrong = council.wrong().await;
    wrong.extend(unexplained(&service).await);
    let unknown = council.count("SELECT count(*) FROM message_attempts WHERE outcome = 'unknown'").await;
    if AFTER_THE_ANSWER.contains(&point) && (council.repeated() == 0 || unknown == 0) {
        wrong
            .push(format!("the answer was lost, and {} messages are repeated, {unknown} outcomes unknown", council.repeated()));
    }
    if !service.terminate().await.success() {
        wrong.push("it does not end well".to_owned());
    }
    council.end().await;
    Ok(wrong)
}

/// What the service cannot answer of one case: who was told of it, when, and what the mail server said.
async fn unexplained(service: &Service) -> Vec<String> {
    let token = service.done(&["token", "create", "--name", "an audit", "--role", "reader"]);
    let (status, answer) = service.ask("/api/v1/cases/NEW-0-1/explain", &token).await;
    if status != 200 {
        return vec![format!("the service does not explain: {status}")];
    }
    let told = &answer["alerts"][0]["told"][0];
    let message = |message: &&Value| message["id"] == told["message"] && told["message"].is_string();
    let messages = answer["messages"].as_array().expect("a list");
    let attempts = messages.iter().find(message).map_or(&Value::Null, |message| &message["attempts"]);
    let said = attempts.as_array().and_then(|attempts| attempts.last()).map_or(&Value::Null, |last| &last["reply"]);
    let role = &told["to"]["role"];
    let is_explained = *role == "legal_gateway_chair"
        && told["accepted_at"].is_string()
        && said.as_str().is_some_and(|said| said.starts_with("250"));
    if is_explained {
        Vec::new()
    } else {
        vec![format!("it is not said who was told, when, and what the mail server said: {answer}")]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_dies_at_any_point_loses_nothing_and_does_nothing_twice() {
    let mut points = points();
    points.retain(|point| point != OF_A_REFUSAL && !OF_AN_HOUR.iter().any(|hour| point.starts_with(hour)));
    assert!(points.len() >= 18, "the points are found: {points:?}");
    let here = Handle::current();
    let (mut left, mut dying, mut wrong) = (points.into_iter(), JoinSet::new(), Vec::new());
    loop {
        while dying.len() < AT_A_TIME
            && let Some(point) = left.next()
        {
            let here = here.clone();
            dying.spawn_blocking(move || (here.block_on(survive(&point, "")), point));
        }
        let Some(survived) = dying.join_next().await else { break };
        let (survived, point) = survived.expect("it came to its end");
        wrong.extend(survived.unwrap_or_else(|why| vec![why]).into_iter().map(|wrong| format!("{point}: {wrong}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What an insert into a table does under a mutant: nothing, where a condition holds.
fn swallow(table: &str, condition: &str) -> String {
    format!(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER swallow BEFORE INSERT ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION swallow()"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_without_its_journal_or_its_message_would_be_seen() {
    for (mutant, seen) in [
        (swallow("journal", "NEW.what = 'alert_opened'"), "an alert is not journalled once"),
        (swallow("message_alerts", "NEW.role = 'legal_gateway_chair'"), "a red alert is in no message that has left"),
    ] {
        let wrong = survive("sweep.after_finish", &mutant).await.expect("it dies all the same");
        assert!(wrong.iter().any(|wrong| wrong.starts_with(seen)), "{wrong:?}");
    }
}

/// What is not as it should be of the digest and the panel pack of a day, where the service dies at a point as it makes one of them, and
/// another takes its place.
async fn made_on_the_day(point: &str) -> Vec<String> {
    let mut moved = Moved::to("2026-06-02T06:50:30Z", "").await;
    // Amber since the day before, so that it waits for the digest; red, so that it is on the panel's agenda.
    sql(moved.pool(), late_letter("PP-1", date(2026, 5, 22))).await;
    sql(moved.pool(), late_letter("PP-2", date(2026, 1, 5))).await;
    moved.service.start_and_be_ready().await;
    let under_way = "SELECT count(*) FROM messages WHERE state <> 'sent'";
    until("the alerts' mail has left", async || count(moved.pool(), under_way).await == 0).await;
    moved.service.kill();
    moved.service.will_have("FAILPOINTS", &format!("{point}=return"));
    moved.clock.goes_to("2026-06-02T07:00:30Z");
    moved.service.begin();
    let mut wrong = Vec::new();
    if moved.service.ended().await.code().is_some() {
        wrong.push("it ended by itself".to_owned());
    }
    moved.service.forget("FAILPOINTS");
    sql(moved.pool(), "UPDATE messages SET leased_until = '2026-06-02' WHERE state = 'sending'").await;
    moved.service.start().await;
    let made = "SELECT count(*) FROM job_runs WHERE job IN ('digest', 'panel') AND finished_at IS NOT NULL";
    until("both are made", async || count(moved.pool(), made).await == 2).await;
    until("all mail has left", async || count(moved.pool(), under_way).await == 0).await;
    for kind in ["digest", "panel"] {
        let of_kind = format!("SELECT id FROM messages WHERE kind = '{kind}'");
        let made: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(of_kind)).fetch_all(moved.pool()).await.expect("messages");
        let ids: Vec<Uuid> = moved.smtp.received().iter().map(|received| message_of(&open(received).message_id)).collect();
        let came: Vec<usize> = made.iter().map(|made| ids.iter().filter(|id| *id == made).count()).collect();
        if came != [1] {
            wrong.push(format!("{kind}: came {came:?} times"));
        }
    }
    let told = "SELECT count(*) FROM messages JOIN journal ON message_id = messages.id AND what = 'told' WHERE kind IN ('digest', 'panel')
        GROUP BY kind HAVING count(DISTINCT case_reference) > 0";
    let told: Vec<i64> = sqlx::query_scalar(told).fetch_all(moved.pool()).await.expect("a journal");
    if told.len() != 2 {
        wrong.push("not both are in the journal".to_owned());
    }
    moved.end().await;
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_dies_as_it_makes_the_digest_or_the_pack_makes_each_once() {
    let (points, here) = (points(), Handle::current());
    let of_an_hour = points.into_iter().filter(|point| OF_AN_HOUR.iter().any(|hour| point.starts_with(hour)));
    let mut dying = JoinSet::new();
    for point in of_an_hour {
        let here = here.clone();
        dying.spawn_blocking(move || (here.block_on(made_on_the_day(&point)), point));
    }
    let died = dying.join_all().await;
    assert_eq!(died.len(), 4, "the points are found");
    for (wrong, point) in died {
        assert_eq!(wrong, [""; 0], "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_dies_as_it_gives_a_message_up_lets_the_next_rung_hear_of_it_all_the_same() {
    let council = Council::with_cases(2).await;
    let refused = Behaviour::RefuseAddress { address: "chair@council.example".to_owned(), code: 550 };
    council.world.smtp.set_behaviour(refused);
    let mut service = council.service().with("FAILPOINTS", &format!("{OF_A_REFUSAL}=return"));
    service.begin();
    assert_eq!(service.ended().await.code(), None, "it dies");
    service.forget("FAILPOINTS");
    council.let_leases_run_out().await;
    service.start().await;
    let untold = "SELECT count(*) FROM alerts WHERE severity = 'red' AND NOT EXISTS (
        SELECT FROM message_alerts JOIN messages ON messages.id = message_id WHERE alert_id = alerts.id AND messages.state = 'sent'
            AND role = 'service_manager')";
    until("the next rung has heard", async || {
        council.count("SELECT count(*) FROM messages WHERE state = 'dead'").await == 1 && council.count(untold).await == 0
    })
    .await;
    council.until_settled().await;
    assert_eq!(council.wrong().await, [""; 0]);
    assert!(service.terminate().await.success());
    council.end().await;
}
