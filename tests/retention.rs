//! What is over goes for good, by the policy's terms or on request: all of it, only it, and through one door.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::date;
use mail_parser::MessageParser;
use plo_drift::domain::calendar::in_words;
use plo_drift::domain::pause::PauseKind;
use plo_drift::domain::policy::Role;
use plo_drift::domain::retention::{HeldBack, RetentionPolicy, Term};
use plo_drift::jobs::reconcile;
use plo_drift::jobs::retention::{self, Refused, Report, Request};
use plo_drift::store::audit;
use plo_drift::store::kept_answers::{self, KeptAnswer, Repeatable};
use rstest::rstest;
use sqlx::{AssertSqlSafe, Row};
use support::smtp::Behaviour;
use support::world::{Pause, World, version};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Two red cases and a restricted one, of which the first is full of what must not be found again.
const CASES: &str = r#"
    INSERT INTO cases (reference, family_reference, team, recorded_on, started_on, lbp_sent_on) VALUES
        ('PP-GONE', 'F-GONE', 'North', '2026-01-07', '2026-01-07', '2026-01-09'),
        ('PP-STAYS', 'F-STAYS', 'North', '2026-02-03', '2026-02-03', NULL);
    INSERT INTO cases (reference, team, restricted, recorded_on, started_on) VALUES
        ('PP-SINGLE', 'North', true, '2026-01-08', '2026-01-08');
    INSERT INTO children (case_reference, reference, date_of_birth, expected_delivery_on) VALUES
        ('PP-GONE', 'C-GONE', '2014-04-03', NULL), ('PP-GONE', 'C-GONE-2', NULL, '2026-08-29');
    INSERT INTO meetings (case_reference, sequence, kind, planned_on) VALUES ('PP-GONE', 1, 'initial', '2026-01-21');
    INSERT INTO assessments (case_reference, sequence, kind, due_on) VALUES ('PP-GONE', 1, 'parenting', '2026-03-23');
    INSERT INTO extensions (case_reference, sequence, requested_on) VALUES ('PP-GONE', 1, '2026-04-15');
    INSERT INTO engagement (case_reference, "on", attended, person) VALUES ('PP-GONE', '2026-03-11', false, 'Seeded');
    INSERT INTO oversight (case_reference, "on", kind) VALUES ('PP-GONE', '2026-02-17', 'panel_review');
    INSERT INTO allocations (case_reference, from_on, worker) VALUES ('PP-GONE', '2026-01-12', 'W-GONE');
    INSERT INTO source_cases (source, case_reference, said, said_at)
        SELECT 'tracker', reference, jsonb_build_object('started_on', started_on), now() FROM cases"#;

/// What is found of the first case and of the restricted one, as words and as days.
const TRACES: [&str; 7] = ["PP-GONE", "F-GONE", "C-GONE", "W-GONE", "Seeded", "PP-SINGLE", "Key-of-the-case"];
const DAYS: [&str; 10] = [
    "2026-01-07",
    "2026-01-09",
    "2014-04-03",
    "2026-08-29",
    "2026-01-21",
    "2026-03-23",
    "2026-04-15",
    "2026-03-11",
    "2026-02-17",
    "2026-01-12",
];

/// Every table that is erased from; each holds rows of the first case.
const ERASED_FROM: [&str; 20] = [
    "alert_pauses",
    "alert_rungs",
    "alerts",
    "allocations",
    "api_audit",
    "assessments",
    "case_history",
    "case_marks",
    "case_watch",
    "cases",
    "children",
    "engagement",
    "extensions",
    "journal",
    "kept_answers",
    "meetings",
    "message_alerts",
    "messages",
    "oversight",
    "source_cases",
];

/// Tables that hold nothing about a case: of these no column may name one.
const ABOUT_NO_CASE: [&str; 12] = [
    "_sqlx_migrations",
    "api_people",
    "erasing",
    "erasures",
    "job_runs",
    "link_keys",
    "message_attempts",
    "page_sessions",
    "policies",
    "policies_taken_up",
    "recipients",
    "tokens",
];

/// The one column in them that looks as if it did: a hash.
const NAMES_NO_CASE: [&str; 1] = ["erasures.case_hash"];

/// A world in which much has happened to the cases, until the first and the restricted one were closed; then a year and more passed.
async fn after_a_year() -> World {
    let mut world = World::with_a_ladder().await;
    world.add_person(Role::LegalGatewayChair, "cleared", true).await;
    world.sql(CASES).await;
    world.tick().await;
    pause_one(&world).await;
    ask_over_the_api(&world).await;
    for _ in 0..8 {
        world.pass(DAY);
        world.tick().await;
    }
    world.sql("UPDATE cases SET closed_on = '2026-05-20' WHERE reference <> 'PP-STAYS'").await;
    world.tick().await;
    world.sweep.policy.retention.cases_after = Some(Term::Weeks(52));
    world.sweep.policy_version = version("a policy with terms");
    world.at("2027-06-21T08:00:00Z");
    world.tick().await;
    world
}

async fn pause_one(world: &World) {
    let alert =
        world.ask("SELECT id FROM alerts WHERE case_reference = 'PP-GONE' AND state = 'open' ORDER BY id LIMIT 1").await;
    let chair = world.ask("SELECT id FROM recipients WHERE email LIKE 'chair@%'").await;
    let pause = Pause {
        alert: alert.parse().expect("an id"),
        kind: PauseKind::Acknowledged,
        by: chair.parse().expect("a number"),
        reason: "Seeded action",
        owner: Some("Seeded owner"),
        until_on: date(2026, 6, 5),
    };
    assert!(world.pause(&pause).await);
}

async fn ask_over_the_api(world: &World) {
    let alert: Uuid =
        world.ask("SELECT id FROM alerts WHERE case_reference = 'PP-GONE' ORDER BY id LIMIT 1").await.parse().expect("an id");
    let mut tx = world.pool().begin().await.expect("a transaction");
    let both = ["PP-GONE".to_owned(), "PP-STAYS".to_owned()];
    for (cases, alert) in [(&both[..], None), (&[][..], Some(alert))] {
        let request =
            audit::Request { actor: "recipient 1", method: "GET", route: "/api/v1/alerts", cases, alert, status: 200 };
        audit::add(&mut tx, &request, world.now().at).await.expect("it is kept");
    }
    for (case, key, body) in [("PP-GONE", "Key-of-the-case", "2026-01-21"), ("PP-STAYS", "another key", "nothing")] {
        let request = Repeatable { actor: "token 1", key, fingerprint: b"print" };
        let answer = KeptAnswer { body: body.to_owned(), etag: "tag".to_owned() };
        kept_answers::keep(&mut tx, request, case, &answer, world.now().at).await.expect("it is kept");
    }
    tx.commit().await.expect("it is kept");
}

/// Every text in every column of every table, messages decoded, with the column that it stands in.
async fn everything(world: &World) -> BTreeMap<String, Vec<String>> {
    let columns = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_sqlx_migrations' ORDER BY 1, 2";
    let mut all = BTreeMap::new();
    for row in sqlx::query(columns).fetch_all(world.pool()).await.expect("the columns") {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let texts = if kind == "bytea" {
            let bytes: Vec<Option<Vec<u8>>> =
                sqlx::query_scalar(AssertSqlSafe(format!("SELECT \"{column}\" FROM {table} ORDER BY {table}::text")))
                    .fetch_all(world.pool())
                    .await
                    .expect("the column");
            bytes.iter().flatten().flat_map(|bytes| read(bytes)).collect()
        } else {
            let texts: Vec<Option<String>> =
                sqlx::query_scalar(AssertSqlSafe(format!("SELECT \"{column}\"::text FROM {table} ORDER BY {table}::text")))
                    .fetch_all(world.pool())
                    .await
                    .expect("the column");
            texts.into_iter().flatten().collect::<Vec<_>>()
        };
        all.insert(format!("{table}.{column}"), texts);
    }
    all
}

/// The bytes themselves, and what a mail program makes of them.
fn read(bytes: &[u8]) -> Vec<String> {
    let mut texts = vec![String::from_utf8_lossy(bytes).into_owned()];
    if let Some(message) = MessageParser::default().parse(bytes) {
        texts.extend([message.body_text(0), message.body_html(0)].into_iter().flatten().map(std::borrow::Cow::into_owned));
    }
    texts
}

/// The columns in which a trace is found, each with the trace.
async fn traces(world: &World, words: &[String]) -> BTreeSet<String> {
    let days = DAYS.iter().flat_map(|day| [(*day).to_owned(), in_words(day.parse().expect("a date"))]);
    let traces: Vec<String> = TRACES.iter().map(|word| (*word).to_owned()).chain(days).chain(words.iter().cloned()).collect();
    let found = |texts: &[String], trace: &str| texts.iter().any(|text| holds(text, trace));
    let all = everything(world).await;
    all.iter()
        .flat_map(|(column, texts)| {
            traces.iter().filter(|trace| found(texts, trace)).map(move |trace| format!("{column}: {trace}"))
        })
        .collect()
}

/// Whether a text holds a trace; `17 January` does not hold `7 January`.
fn holds(text: &str, trace: &str) -> bool {
    text.match_indices(trace).any(|(at, _)| !text[..at].ends_with(|before: char| before.is_ascii_digit()))
}

/// Every row that names the case that stays, or the whole of its messages' fates.
async fn what_stays(world: &World) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ERASED_FROM.iter().filter(|table| !["messages", "case_marks"].contains(table)) {
        let query = format!(
            "SELECT string_agg({table}::text, '; ' ORDER BY {table}::text) FROM {table} WHERE {table}::text LIKE '%STAYS%'"
        );
        rows.push(world.ask(&query).await);
    }
    rows.push(world.ask("SELECT string_agg((id, state, attempts, to_address, subject, settled_at)::text, '; ' ORDER BY id) FROM messages").await);
    rows.push(world.ask("SELECT string_agg(a::text, '; ' ORDER BY a::text) FROM message_attempts AS a").await);
    rows
}

async fn retain(world: &World) -> Report {
    let mut connection = world.pool().acquire().await.expect("a connection");
    let stop = CancellationToken::new();
    retention::retain(&mut connection, &world.sweep, world.now(), &stop).await.expect("it goes through")
}

fn references(report: &Report) -> Vec<&str> {
    report.erased.iter().map(|erased| erased.case.as_str()).collect()
}

#[tokio::test]
async fn of_an_erased_case_no_table_holds_anything_and_of_the_others_everything() {
    let world = after_a_year().await;
    let alerts = world.ask("SELECT string_agg(id::text, ',') FROM alerts WHERE case_reference <> 'PP-STAYS'").await;
    let alerts: Vec<String> = alerts.split(',').map(str::to_owned).collect();
    let before = traces(&world, &alerts).await;
    for column in [
        "messages.body: PP-GONE",
        "messages.only_case: PP-SINGLE",
        "case_history.old_value: 2026-01-09",
        "kept_answers.body: 2026-01-21",
    ] {
        assert!(before.contains(column), "{column} should be there: {before:?}");
    }
    let stays = what_stays(&world).await;

    let report = retain(&world).await;

    assert_eq!(references(&report), ["PP-GONE", "PP-SINGLE"]);
    assert_eq!((report.held_back.len(), report.failed.len()), (0, 0));
    for table in ERASED_FROM.iter().filter(|table| **table != "case_marks") {
        assert!(report.erased[0].rows[*table] > 0, "{table} held nothing of the case: {:?}", report.erased[0].rows);
    }
    assert_eq!(traces(&world, &alerts).await, BTreeSet::new());
    assert_eq!(what_stays(&world).await, stays);
    assert_eq!(world.ask("SELECT count(*) FROM erasing").await, "0");
    let proof = "SELECT erased_at || ' ' || cause || ' ' || (erased_rows ->> 'cases') FROM erasures
        WHERE case_hash = sha256('PP-GONE') AND policy_version = (SELECT max(id) FROM policies)";
    assert_eq!(world.ask(proof).await, "2027-06-21 08:00:00+00 policy 1");
    let found = world.reconcile().await;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!(references(&retain(&world).await), Vec::<&str>::new());
    world.end().await;
}

#[tokio::test]
async fn a_rehearsal_reports_the_same_and_changes_nothing() {
    let mut world = after_a_year().await;
    let year = Some(Term::Weeks(26));
    world.sweep.policy.retention =
        RetentionPolicy { audit_after: year, message_bytes_after: year, journal_after: year, ..world.sweep.policy.retention };
    let before = everything(&world).await;

    let rehearsed = retention::rehearse(world.pool(), &world.sweep, world.now()).await.expect("it goes through");

    assert_eq!(everything(&world).await, before);
    assert!(rehearsed.old["api_audit"] > 0 && rehearsed.old["journal"] > 0, "{rehearsed:?}");
    assert_eq!(retain(&world).await, rehearsed);
    world.end().await;
}

#[tokio::test]
async fn old_records_go_by_their_age_and_what_proves_a_kept_case_stays() {
    let mut world = after_a_year().await;
    let term = Some(Term::Weeks(26));
    world
        .sql("INSERT INTO api_audit (at, actor, method, route, status) VALUES ('2027-06-01', 'token 1', 'GET', '/', 200)")
        .await;
    world.sweep.policy.retention =
        RetentionPolicy { cases_after: None, audit_after: term, message_bytes_after: term, journal_after: term };
    let of_cases = "SELECT count(*) FROM journal WHERE case_reference IS NOT NULL";
    let of_messages = "SELECT count(*) FROM journal WHERE message_id IN (SELECT message_id FROM message_alerts)";
    let open = "SELECT count(*) FROM messages WHERE body IS NOT NULL AND created_at < '2026-12-01' AND EXISTS (
        SELECT FROM message_alerts JOIN alerts ON alerts.id = alert_id WHERE message_id = messages.id AND alerts.state <> 'resolved')";
    let (cases, messages, kept) = (world.ask(of_cases).await, world.ask(of_messages).await, world.ask(open).await);
    assert_ne!(kept, "0");

    let report = retain(&world).await;

    assert_eq!(report.old["api_audit"], 3);
    assert!(report.old["messages"] > 0 && report.old["journal"] > 0, "{report:?}");
    assert_eq!(world.ask("SELECT count(*) FROM api_audit").await, "1");
    assert_eq!((world.ask(of_cases).await, world.ask(of_messages).await, world.ask(open).await), (cases, messages, kept));
    assert_eq!(
        world.ask("SELECT count(*) FROM messages WHERE body IS NULL AND erased_at IS NULL AND state = 'sent'").await,
        "0"
    );
    assert_eq!(world.ask("SELECT count(*) FROM erasures WHERE case_hash IS NULL").await, "3");
    assert!(world.reconcile().await.is_clean());
    let again = retain(&world).await;
    assert_eq!(again.old.values().sum::<i64>(), 0, "{again:?}");
    world.end().await;
}

/// A case in the family of another, as of 21 June 2027 with a term of 52 weeks: concluded before 22 June 2026.
const A_CASE: &str =
    "INSERT INTO cases (reference, family_reference, recorded_on, started_on, step_decision_on, outcome, court_application_on,
    letter_of_issue_on, closed_on) VALUES ('PP-1', 'F-1', '2026-01-05', '2026-01-05', ";

#[rstest]
#[case::closed("NULL, NULL, NULL, NULL, '2026-06-21')", Ok(true))]
#[case::a_day_too_early("NULL, NULL, NULL, NULL, '2026-06-22')", Ok(false))]
#[case::stepped_down("'2026-06-01', 'step_down', NULL, NULL, NULL)", Ok(true))]
#[case::applied_to_the_court("'2026-05-01', 'issue', '2026-06-01', NULL, NULL)", Ok(true))]
#[case::letter_came_later("'2026-05-01', 'issue', '2026-06-01', '2026-07-01', NULL)", Ok(false))]
#[case::stepped_down_and_closed_later("'2026-05-01', 'step_down', NULL, NULL, '2026-07-01')", Ok(false))]
#[case::never_concluded("NULL, NULL, NULL, NULL, NULL)", Ok(false))]
#[case::decided_to_issue("'2026-05-01', 'issue', NULL, NULL, NULL)", Ok(false))]
#[case::needed_by_a_live_episode(
    "'2026-06-01', 'step_down', NULL, NULL, NULL);
    INSERT INTO cases (reference, family_reference, recorded_on, started_on) VALUES ('PP-2', 'F-1', '2027-05-31', '2027-05-31')",
    Err(HeldBack::NeededByFamily)
)]
#[case::the_other_episode_is_over(
    "'2026-06-01', 'step_down', NULL, NULL, NULL);
    INSERT INTO cases (reference, family_reference, recorded_on, started_on, closed_on)
        VALUES ('PP-2', 'F-1', '2027-05-31', '2027-05-31', '2027-06-20')",
    Ok(true)
)]
#[case::another_family(
    "'2026-06-01', 'step_down', NULL, NULL, NULL);
    INSERT INTO cases (reference, family_reference, recorded_on, started_on) VALUES ('PP-2', 'F-2', '2027-05-31', '2027-05-31')",
    Ok(true)
)]
#[case::an_alert_is_not_resolved(
    "NULL, NULL, NULL, NULL, '2026-06-01');
    INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at, turned_at)
        VALUES (gen_random_uuid(), 'PP-1', 'a rule', '', 'red', 'x', '2026-06-01', '2026-06-01', now(), now())",
    Err(HeldBack::UnresolvedAlert)
)]
#[case::a_message_has_not_left(
    "NULL, NULL, NULL, NULL, '2026-06-01');
    INSERT INTO messages (id, kind, recipient_id, only_case, created_at) SELECT gen_random_uuid(), 'alert', id, 'PP-1', now() FROM recipients",
    Err(HeldBack::MessageUnderWay)
)]
#[case::somebody_deleted_it_long_ago(
    "NULL, NULL, NULL, NULL, NULL); SET plo_drift.now = '2026-06-01T08:00:00Z'; DELETE FROM cases; RESET plo_drift.now",
    Ok(true)
)]
#[case::somebody_deleted_it_lately(
    "NULL, NULL, NULL, NULL, NULL); SET plo_drift.now = '2026-07-01T08:00:00Z'; DELETE FROM cases; RESET plo_drift.now",
    Ok(false)
)]
#[tokio::test]
async fn a_case_goes_once_its_time_is_over_and_nothing_keeps_it(#[case] rest: &str, #[case] expected: Result<bool, HeldBack>) {
    let mut world = World::with_a_chair().await;
    world.put_in_force().await.expect("a policy");
    world.at("2027-06-21T08:00:00Z");
    world.sweep.policy.retention.cases_after = Some(Term::Weeks(52));
    world.sql(format!("{A_CASE}{rest}")).await;
    let report = retain(&world).await;
    let went = match (&report.erased[..], &report.held_back[..]) {
        ([gone], []) if gone.case == "PP-1" => Ok(true),
        ([], [kept]) if kept.case == "PP-1" => Err(kept.why),
        ([], []) => Ok(false),
        _ => panic!("{report:?}"),
    };
    assert_eq!(went, expected);
    let left = world.ask("SELECT count(*) FROM case_history WHERE case_reference = 'PP-1'").await;
    assert_eq!(left == "0", went == Ok(true), "{left} entries of its history are left");
    world.end().await;
}

/// Each is refused to whoever owns the tables, too.
const REFUSED: [&str; 13] = [
    "DELETE FROM journal",
    "UPDATE journal SET reason = 'another'",
    "TRUNCATE journal",
    "DELETE FROM case_history",
    "UPDATE case_history SET old_value = NULL",
    "DELETE FROM api_audit",
    "UPDATE api_audit SET case_reference = NULL",
    "DELETE FROM alert_pauses",
    "UPDATE messages SET body = NULL, erased_at = now()",
    "DELETE FROM messages",
    "DELETE FROM erasures",
    "UPDATE erasures SET reason = 'another'",
    "DELETE FROM message_attempts",
];

/// Why statements are refused, which are taken back.
async fn refusal(world: &World, statements: &str) -> String {
    let mut tx = world.pool().begin().await.expect("a transaction");
    let refused = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut *tx).await;
    tx.rollback().await.expect("it is taken back");
    refused.expect_err(statements).to_string()
}

#[tokio::test]
async fn nothing_is_deleted_but_through_the_door() {
    let world = after_a_year().await;
    let erase = "SELECT erase_case('PP-GONE', 'policy', 1, NULL, now())";
    for forbidden in REFUSED {
        for before in ["", "SET LOCAL plo_drift.erasing = 'yes';", &format!("{erase};")] {
            let reason = refusal(&world, &format!("{before} {forbidden}")).await;
            assert!(
                ["only ever added to", "never deleted", "do not change"].iter().any(|said| reason.contains(said)),
                "{reason}"
            );
        }
    }
    let role = format!("plo_test_{}", Uuid::now_v7().simple());
    world.sql(format!("CREATE ROLE {role}; GRANT ALL ON journal, api_audit, cases TO {role}")).await;
    for (forbidden, said) in [
        ("DELETE FROM journal", "only ever added to"),
        ("INSERT INTO erasing SELECT pg_current_xact_id(); DELETE FROM journal", "permission denied"),
        (erase, "permission denied"),
        ("SELECT erase_old('api_audit', now(), 1, 1, now())", "permission denied"),
    ] {
        let reason = refusal(&world, &format!("SET LOCAL ROLE {role}; {forbidden}")).await;
        assert!(reason.contains(said), "{forbidden}: {reason}");
    }
    world.sql(format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    assert_ne!(world.ask("SELECT count(*) FROM journal WHERE case_reference = 'PP-GONE'").await, "0");
    world.end().await;
}

/// Whoever adds a table says here whether a case is erased from it; whoever adds a column that names a case to a table that is about
/// none, has it erased.
#[tokio::test]
async fn every_table_that_names_a_case_is_known_to_the_door() {
    let world = World::new().await;
    world.put_in_force().await.expect("a policy");
    let tables = world.ask("SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace").await;
    let mut known: Vec<&str> = ERASED_FROM.iter().chain(&ABOUT_NO_CASE).copied().collect();
    known.sort_unstable();
    assert_eq!(
        tables.split(',').collect::<Vec<_>>(),
        known,
        "a table is not known: erase from it, or say that it is about no case"
    );
    let by_the_door =
        "SELECT string_agg(key, ',' ORDER BY key) FROM jsonb_object_keys(erase_case('PP-1', 'policy', 1, NULL, now())) AS key";
    assert_eq!(world.ask(by_the_door).await.split(',').collect::<Vec<_>>(), ERASED_FROM);
    let suspicious = "SELECT string_agg(table_name || '.' || column_name, ',' ORDER BY 1) FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name ~ '(case|family|child|alert|reference)' AND table_name <> ALL (string_to_array('";
    let suspicious = world.ask(&format!("{suspicious}{}', ','))", ERASED_FROM.join(","))).await;
    assert_eq!(suspicious.split(',').collect::<Vec<_>>(), NAMES_NO_CASE, "a column seems to name a case and is not erased");
    world.end().await;
}

#[tokio::test]
async fn the_night_is_retained_once_after_it_is_reconciled_and_missed_nights_are_made_up_for() {
    let world = after_a_year().await;
    let stop = CancellationToken::new();
    let run = async || retention::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it goes through");
    assert_eq!(run().await, None, "the night is not reconciled");
    reconcile::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it is reconciled");
    let (one, other) = tokio::join!(run(), run());
    let report = one.xor(other).expect("one of them does it");
    assert_eq!(references(&report), ["PP-GONE", "PP-SINGLE"]);
    assert_eq!(run().await, None);
    world.pass(DAY);
    assert_eq!(run().await, None, "the next night is not reconciled");
    reconcile::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it is reconciled");
    assert_eq!(run().await, Some(Report::default()));
    world.end().await;
}

#[tokio::test]
async fn terms_that_are_shortened_during_the_day_count_from_the_next_night() {
    let mut world = after_a_year().await;
    let stop = CancellationToken::new();
    let terms = std::mem::take(&mut world.sweep.policy.retention);
    reconcile::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it is reconciled");
    let by_none = retention::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it goes through");
    assert_eq!(by_none, Some(Report::default()), "nothing has a term");
    world.sweep.policy.retention = terms;
    assert_eq!(retention::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it goes through"), None);
    world.end().await;
}

#[tokio::test]
async fn told_to_stop_it_leaves_the_rest_to_the_next_run_and_another_policy_ends_it() {
    let world = after_a_year().await;
    let mut connection = world.pool().acquire().await.expect("a connection");
    let stop = CancellationToken::new();
    stop.cancel();
    let report = retention::retain(&mut connection, &world.sweep, world.now(), &stop).await.expect("it goes through");
    assert_eq!(report, Report::default());
    world.sql("INSERT INTO policies (in_force_from, digest) VALUES (now(), 'another')").await;
    let overtaken = retention::retain(&mut connection, &world.sweep, world.now(), &CancellationToken::new()).await;
    assert!(overtaken.expect_err("it is overtaken").to_string().contains("another policy"));
    assert_eq!(world.ask("SELECT count(*) FROM erasures").await, "0");
    world.end().await;
}

#[tokio::test]
async fn a_case_that_somebody_writes_to_at_the_moment_stays() {
    let world = after_a_year().await;
    let mut writer = world.pool().begin().await.expect("a transaction");
    sqlx::query("UPDATE cases SET team = 'South' WHERE reference = 'PP-GONE'").execute(&mut *writer).await.expect("it writes");
    let report = retain(&world).await;
    let held_back: Vec<_> = report.held_back.iter().map(|kept| (kept.case.as_str(), kept.why)).collect();
    assert_eq!(held_back, [("PP-GONE", HeldBack::InUse)]);
    assert_eq!(references(&report), ["PP-SINGLE"]);
    writer.rollback().await.expect("it is taken back");
    assert_eq!(references(&retain(&world).await), ["PP-GONE"]);
    world.end().await;
}

#[tokio::test]
async fn a_case_that_somebody_opens_again_after_it_was_found_stays() {
    let world = after_a_year().await;
    // Both are found before the first goes.
    world
        .sql(
            "CREATE FUNCTION open_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE cases SET closed_on = NULL WHERE reference = 'PP-SINGLE'; RETURN NULL; END $$;
            CREATE TRIGGER open_again AFTER INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION open_again()",
        )
        .await;
    assert_eq!(references(&retain(&world).await), ["PP-GONE"]);
    assert_eq!(world.ask("SELECT count(*) FROM cases WHERE reference = 'PP-SINGLE'").await, "1");
    world.end().await;
}

async fn erase(world: &World, reference: &str, although_alerts_are_open: bool) -> Result<(), Refused> {
    let mut tx = world.pool().begin().await.expect("a transaction");
    let request = Request { reference, reason: "recorded in error", although_alerts_are_open };
    let erased = retention::erase(&mut tx, request, world.now()).await.expect("the database answers");
    if erased.is_ok() {
        tx.commit().await.expect("it is erased");
    }
    erased.map(drop)
}

#[tokio::test]
async fn a_case_is_erased_on_request_and_what_its_messages_tell_of_others_is_told_again() {
    let world = World::with_a_chair().await;
    world.smtp.set_behaviour(Behaviour::RefuseRecipient(451));
    world.sql(CASES).await;
    world.cycle().await;
    assert_eq!(world.ask("SELECT count(*) FROM messages WHERE state = 'queued'").await, "1");
    assert_eq!(erase(&world, "PP-GONE", false).await, Err(Refused::HeldBack(HeldBack::UnresolvedAlert)));
    assert_eq!(erase(&world, "PP-NEVER", true).await, Err(Refused::NotKept));
    world.sql("UPDATE messages SET state = 'sending', leased_until = '2026-06-01T09:00:00Z'").await;
    assert_eq!(erase(&world, "PP-GONE", true).await, Err(Refused::HeldBack(HeldBack::MessageUnderWay)));
    world.sql("UPDATE messages SET state = 'queued', leased_until = NULL").await;

    assert_eq!(erase(&world, "PP-GONE", true).await, Ok(()));

    world.smtp.set_behaviour(Behaviour::Accept);
    world.pass(SignedDuration::from_hours(2));
    world.cycle().await;
    let received = world.smtp.received();
    assert_eq!(received.len(), 1);
    let text = support::world::open(&received[0]).text;
    assert!(text.contains("PP-STAYS") && !text.contains("PP-GONE"), "{text}");
    let proof = "SELECT cause || ': ' || reason FROM erasures WHERE case_hash = sha256('PP-GONE')";
    assert_eq!(world.ask(proof).await, "request: recorded in error");
    assert_eq!(world.ask("SELECT count(*) FROM erasures").await, "1", "nothing is said of a case that is not kept");
    let found: Vec<String> = traces(&world, &[]).await.into_iter().filter(|trace| !trace.ends_with("PP-SINGLE")).collect();
    assert_eq!(found, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn a_change_of_terms_alone_has_no_case_looked_at_again() {
    let mut world = World::with_a_chair().await;
    world.sweep.policy_version = version("the rules");
    world.sql(CASES).await;
    assert_eq!(world.sweep().await.cases, 3);
    world.sweep.policy_version = version("the rules.with terms");
    assert_eq!(world.sweep().await.cases, 0);
    world.sweep.policy_version = version("other rules.with terms");
    assert_eq!(world.sweep().await.cases, 3);
    world.end().await;
}
