//! Changes of the policy and of the calendar never alter the past in silence: they are previewed and journalled, and what is closed
//! stays as it was. By the commands and the service as people use them.

use std::collections::BTreeSet;

use plo_drift::domain::policy::Policy;
use plo_drift::policy_file::PolicyDocument;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::PgPool;

use crate::clock::FakeClock;
use crate::running::{PEOPLE, Service, count, differences, sql, until};
use crate::support::database::TestDatabase;
use crate::support::program::file;
use crate::support::smtp::{Behaviour, SmtpServer};

/// On 1 June 2026: some that a shorter period would end, some whose letter is late, and some that were late and are closed.
const CASES: &str = "
    INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on)
        SELECT 'PP-' || n, 'North', DATE '2026-03-02', DATE '2026-03-02', DATE '2026-03-03' FROM generate_series(1, 5) AS n;
    INSERT INTO cases (reference, team, recorded_on, started_on)
        SELECT 'PP-' || n, 'North', DATE '2026-05-22', DATE '2026-05-22' FROM generate_series(6, 10) AS n;
    INSERT INTO cases (reference, team, recorded_on, started_on)
        SELECT 'PP-' || n, 'North', DATE '2026-01-05', DATE '2026-01-05' FROM generate_series(11, 15) AS n";
const CLOSED: &str = "UPDATE cases SET outcome = 'step_down', step_decision_on = '2026-05-29', closed_on = '2026-05-29' WHERE started_on = '2026-01-05'";

/// A shorter period, then days on which nobody works.
const CHANGES: [&str; 2] = [
    "[clock]\nlength = \"12 weeks\"\n",
    "[clock]\nlength = \"12 weeks\"\n[calendar]\nclosures = [\"2026-05-26\", \"2026-05-27\", \"2026-05-28\", \"2026-05-29\"]\n",
];

/// Everything that is past and must stay as it is, to the byte.
const PAST: [&str; 5] = [
    "SELECT (alerts.*)::text FROM alerts WHERE state = 'resolved'",
    "SELECT (journal.*)::text FROM journal WHERE id <= (SELECT mark FROM past_mark)",
    "SELECT (policies.*)::text FROM policies WHERE id <= (SELECT policy FROM past_mark)",
    "SELECT (id, subject, encode(sha256(body), 'hex'), to_address)::text FROM messages WHERE state = 'sent'",
    "SELECT (alert_rungs.*)::text FROM alert_rungs JOIN alerts ON alerts.id = alert_id WHERE state = 'resolved'",
];

/// Ways of somebody at the database to alter it in silence, each of which must be refused.
const REWRITES: [&str; 3] = [
    "UPDATE policies SET document = '' WHERE id = (SELECT max(id) FROM policies)",
    "UPDATE journal SET reason = 'another' WHERE what = 'policy_changed'",
    "DELETE FROM journal WHERE what = 'policy_changed'",
];

async fn past(pool: &PgPool) -> Vec<BTreeSet<String>> {
    let mut past = Vec::new();
    for query in PAST {
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(pool).await.expect("the query is right");
        past.push(rows.into_iter().collect());
    }
    past
}

/// The alerts that a preview says would be opened, each as its case, its rule and what it is about.
fn opened(preview: &Value) -> BTreeSet<String> {
    let text = |alert: &Value, field: &str| alert[field].as_str().expect("text").to_owned();
    let fact = |alert: &Value| ["case", "rule", "subject"].map(|field| text(alert, field)).join(" ");
    preview["alerts"]["opened"].as_array().expect("a list").iter().map(fact).collect()
}

/// What two changes of the policy alter that they must not, or do without a word.
async fn what_is_altered_in_silence(mutant: &str) -> Vec<String> {
    let (database, smtp) = (TestDatabase::new().await, SmtpServer::start(Behaviour::Accept));
    let pool = &database.pool;
    let clock = FakeClock::at("2026-06-01T12:00:00Z");
    let mut service = clock.worn_by(Service::on(&database.url, &smtp));
    sql(pool, PEOPLE).await;
    sql(pool, CASES).await;
    service.start_and_be_ready().await;
    let open = "SELECT count(*) FROM alerts WHERE state = 'open' AND case_reference IN ('PP-11', 'PP-15')";
    until("alerts that will be closed", async || count(pool, open).await > 0).await;
    until("their mail", async || count(pool, "SELECT count(*) FROM messages WHERE state <> 'sent'").await == 0).await;
    sql(pool, CLOSED).await;
    until("they are closed", async || count(pool, open).await == 0).await;
    sql(
        pool,
        "CREATE TABLE past_mark AS SELECT (SELECT max(id) FROM journal) AS mark, (SELECT max(id) FROM policies) AS policy",
    )
    .await;
    sql(pool, mutant).await;

    let mut wrong = Vec::new();
    let admin = service.done(&["token", "create", "--name", "a test", "--role", "admin"]);
    let folder = tempfile::tempdir().expect("a folder");
    let before = past(pool).await;
    assert!(before.iter().all(|rows| !rows.is_empty()), "there is a past to alter");
    for (number, change) in CHANGES.iter().enumerate() {
        let rows = "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM alerts) + (SELECT count(*) FROM policies)";
        let (journalled, all) = (count(pool, JOURNALLED).await, count(pool, rows).await);
        let path = file(folder.path(), &format!("{number}.toml"), change);
        let preview: Value = serde_json::from_str(&service.done(&["policy", "preview", "--json", &path])).expect("JSON");
        if count(pool, rows).await != all {
            wrong.push(format!("change {number}: the preview changed something"));
        }
        let standing = facts(pool).await;
        put(&service, &admin, change).await;
        until("it is taken up", async || {
            count(pool, "SELECT count(*) FROM policies_taken_up WHERE version = (SELECT max(id) FROM policies)").await == 1
                && count(pool, "SELECT count(*) FROM case_watch WHERE next_look_on <= '2026-06-01'").await == 0
        })
        .await;
        let now: BTreeSet<String> = facts(pool).await.difference(&standing).cloned().collect();
        if now != opened(&preview) {
            wrong.push(format!("change {number}: the preview said {:?}, and {now:?} were opened", opened(&preview)));
        }
        if count(pool, JOURNALLED).await != journalled + 1 {
            wrong.push(format!("change {number}: it is not journalled"));
        }
        let policy: Policy = PolicyDocument::of_text("the change", change).expect("a policy").policy;
        wrong.extend(differences(pool, &policy, "2026-06-01".parse().expect("a day")).await);
    }
    for (query, (before, after)) in PAST.iter().zip(before.iter().zip(past(pool).await)) {
        wrong.extend(before.difference(&after).map(|row| format!("altered: {query}: {row}")));
    }
    for rewrite in REWRITES {
        if sqlx::query(rewrite).execute(pool).await.is_ok() {
            wrong.push(format!("not refused: {rewrite}"));
        }
    }
    service.kill();
    database.close().await;
    wrong
}

const JOURNALLED: &str = "SELECT count(*) FROM journal WHERE what = 'policy_changed'";

async fn facts(pool: &PgPool) -> BTreeSet<String> {
    let facts = "SELECT concat_ws(' ', case_reference, rule, subject) FROM alerts WHERE state <> 'resolved'";
    let facts: Vec<String> = sqlx::query_scalar(facts).fetch_all(pool).await.expect("alerts");
    facts.into_iter().collect()
}

async fn put(service: &Service, token: &str, policy: &str) {
    let request = reqwest::Client::new().put(service.url("/api/v1/policy")).bearer_auth(token);
    let answer = request.header("content-type", "application/toml").body(policy.to_owned()).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_previewed_and_journalled_and_what_is_closed_stays_as_it_was() {
    let forgetful = "DROP TRIGGER policies_are_append_only ON policies;
        CREATE FUNCTION alter_the_past() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE alerts SET message = 'as if it had been judged by the new policy' WHERE state = 'resolved'; RETURN NULL; END $$;
        CREATE TRIGGER alter_the_past AFTER INSERT ON policies FOR EACH ROW EXECUTE FUNCTION alter_the_past()";
    let (altered, seen) = tokio::join!(what_is_altered_in_silence(""), what_is_altered_in_silence(forgetful));
    assert_eq!(altered, Vec::<String>::new());
    for expected in ["altered: SELECT (alerts.*)::text", "not refused: UPDATE policies"] {
        assert!(seen.iter().any(|line| line.starts_with(expected)), "the mutant lives: {expected}: {seen:?}");
    }
}
