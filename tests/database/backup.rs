//! A copy of the database is made, the database is lost, and the copy is restored somewhere else: nothing is sent twice, nothing is lost.

use std::path::Path;
use std::process::Command;

use plo_drift::private_postgres::Programs;

use crate::count::{Council, message_of};
use crate::running::{PATIENCE, Service, until, within};
use crate::support::database::TestDatabase;
use crate::support::program::{file, in_words};
use crate::support::smtp::Behaviour;
use crate::support::world::open;

fn run(program: &str, arguments: &[&str]) {
    let programs = Programs::find().expect("PostgreSQL is installed");
    let output = Command::new(programs.path(program)).args(arguments).output().expect("it starts");
    assert!(output.status.success(), "{program}: {}", in_words(&output));
}

/// Copies the database into a file, as docs/database.md says.
fn dump(database: &TestDatabase, copy: &str) {
    run("pg_dump", &["--format=custom", "--no-owner", "--no-privileges", &format!("--file={copy}"), &database.url]);
}

/// Restores a copy into another database, and drops the one before.
async fn restore(council: &mut Council, copy: &str) {
    let fresh = TestDatabase::new().await;
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&fresh.pool).await.expect("it can be emptied");
    run("pg_restore", &["--no-owner", "--no-privileges", "--exit-on-error", &format!("--dbname={}", fresh.url), copy]);
    std::mem::replace(&mut council.world.database, fresh).close().await;
}

/// A council with mail in every state: sent, waiting for its next attempt, and handed over by a service that died before it heard the
/// answer. Nobody serves.
async fn with_all_kinds_of_mail() -> Council {
    let council = Council::with_cases(6).await;
    let mut service = council.service();
    service.start().await;
    council.until_settled().await;
    let sent = council.world.smtp.received().len();
    assert!(sent > 0, "some are sent");

    service.kill();
    council.record_cases("HALF", 3).await;
    let mut dying = council.service().with("FAILPOINTS", "send.answered=sleep(60000)");
    dying.start().await;
    until("one is handed over", async || council.world.smtp.received().len() > sent).await;
    dying.kill();
    assert_eq!(council.count("SELECT count(*) FROM messages WHERE state = 'sending'").await, 1);

    council.world.smtp.set_behaviour(Behaviour::RefuseData(451));
    council.record_cases("WAITS", 3).await;
    let mut delayed = council.service();
    delayed.start().await;
    until("one waits for its next attempt", async || {
        council.count("SELECT count(*) FROM messages WHERE state = 'queued' AND attempts > 0").await > 0
    })
    .await;
    delayed.kill();
    council.world.smtp.set_behaviour(Behaviour::Accept);
    council
}

/// Serves from the restored copy until nothing is under way any more.
async fn serve(council: &Council) -> Service {
    let mut service = council.service();
    council.let_leases_run_out().await;
    service.start().await;
    council.until_settled().await;
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_made_after_the_service_stopped_goes_on_where_it_was() {
    let mut council = with_all_kinds_of_mail().await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("plo_drift.dump").display().to_string();
    dump(&council.world.database, &copy);
    restore(&mut council, &copy).await;
    let mut service = serve(&council).await;
    service.until_ready().await;
    assert_eq!(council.wrong().await, [""; 0]);
    assert!(council.repeated() <= 1, "only the one that was handed over may come again, to the byte");
    assert!(service.terminate().await.success());
    council.end().await;
}

/// The log of a mail server, as far as it matters here.
fn mail_log(council: &Council, folder: &Path) -> String {
    let lines =
        council.world.smtp.received().into_iter().map(|received| {
            format!("Nov 26 12:00:01 mail postfix/cleanup[7]: 4F: message-id=<{}>\n", open(&received).message_id)
        });
    file(folder, "mail.log", &lines.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_older_copy_no_mail_goes_twice_that_the_mail_server_s_log_knows() {
    let mut council = with_all_kinds_of_mail().await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("plo_drift.dump").display().to_string();
    dump(&council.world.database, &copy);
    // After the copy the service sends what waited, and tells of a new case.
    let mut before = serve(&council).await;
    council.record_cases("LATER", 1).await;
    let later =
        "SELECT count(*) FROM message_alerts JOIN messages ON message_id = messages.id JOIN alerts ON alert_id = alerts.id
        WHERE messages.state = 'sent' AND case_reference LIKE 'LATER%'";
    until("the new case is told", async || council.count(later).await > 0).await;
    council.until_settled().await;
    before.kill();
    let came = council.world.smtp.received().len();
    restore(&mut council, &copy).await;
    council.record_cases("LATER", 1).await;

    let waiting = council.count("SELECT count(*) FROM messages WHERE state IN ('queued', 'sending')").await;
    assert!(waiting >= 2, "{waiting}");
    let log = mail_log(&council, folder.path());
    let output = council.service().command(&["mail", "sent", &log]).output().expect("it runs");
    let said = in_words(&output);
    assert_eq!(output.status.code(), Some(1), "some were made after the copy: {said}");
    assert!(said.contains(&format!("{waiting} messages put on record as sent")), "{said}");
    assert!(said.contains("made after the copy, and not in it"), "{said}");
    let again = council.service().command(&["mail", "sent", &log]).output().expect("it runs");
    assert!(in_words(&again).contains("0 messages put on record as sent"), "{}", in_words(&again));

    let service = serve(&council).await;
    let ids: Vec<_> = council.world.smtp.received().iter().map(|received| message_of(&open(received).message_id)).collect();
    let again = ids[came..].iter().filter(|id| ids[..came].contains(id)).count();
    assert_eq!(again, 0, "no message that had come has come again");
    let told = async || council.count(later).await > 0;
    assert!(within(PATIENCE, told).await, "what the copy does not know is told once more");
    drop(service);
    council.end().await;
}
