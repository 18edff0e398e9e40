//! The program as it is run: its commands, what they print, and how they end.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use support::program::{Place, file, in_words, port_that_is_free, program, terminate, wait_until};
use support::smtp::{Behaviour, SmtpServer};
use support::world::open;

#[test]
fn evaluate_prints_a_line_for_each_case_and_names_what_it_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = r#"[{"reference": "PP-1", "started_on": "2026-06-01"}, {"reference": "PP-2", "started_on": "yesterday"},
        {"reference": "PP-3", "recorded_on": "2026-06-02", "started_on": "2026-09-01"}, {"reference": "PP-1"}]"#;
    let cases = file(folder.path(), "cases.json", cases);

    let output = program(&["evaluate", "--on", "2026-06-24", &cases]).output().expect("the program starts");

    assert_eq!(output.status.code(), Some(1), "{}", in_words(&output));
    let lines: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    let keys = ["base_end", "clock_start", "end", "findings", "forecast", "next_change_on", "on", "rag", "reference", "status"];
    assert_eq!(lines[0].as_object().expect("an object").keys().collect::<Vec<_>>(), keys);
    assert_eq!(lines[0]["findings"][0]["rule"], "forecast_overrun");
    assert_eq!(
        lines[0]["findings"][1]["message"],
        "Letter before proceedings was due on 8 June 2026; not sent; 12 working days over"
    );
    assert_eq!((&lines[1]["status"], &lines[1]["next_change_on"]), (&"not_started".into(), &"2026-09-01".into()));
    let refused = String::from_utf8_lossy(&output.stderr);
    assert!(refused.contains("case 2 (\"PP-2\"): /started_on: must be a date written YYYY-MM-DD"), "{refused}");
    assert!(refused.contains("(\"PP-1\"): /reference: is given to another case of the input already"), "{refused}");
    assert!(!refused.contains("yesterday"), "a wrong value is not repeated");
}

#[test]
fn evaluate_reads_standard_input_and_another_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = file(folder.path(), "policy.toml", "[clock]\nlength = \"1 week\"\n");
    let mut child = program(&["evaluate", "--on", "2026-06-30", "--policy", &policy, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"{\"reference\": \"A\", \"started_on\": \"2026-06-01\"}\n").expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let line: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
    assert_eq!(line["base_end"], "2026-06-08");
}

#[test]
fn the_calendar_prints_the_weekdays_on_which_nobody_works() {
    let output = program(&["calendar", "2026", "--to", "2027"]).output().expect("the program starts");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let days: Vec<&str> = printed.lines().collect();
    assert_eq!((days.len(), days[0], days[7], days[15]), (16, "2026-01-01", "2026-12-28", "2027-12-28"));
}

#[test]
fn a_command_that_is_called_or_configured_wrongly_ends_with_2_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "wrong.toml", "[mail]\nport = \"many\"\n[htpt]\nlisten = 1\n");
    let policy = file(folder.path(), "p.toml", "[clock]\nlength = 16\n");
    let config = folder.path().to_str().expect("a plain path");
    for (arguments, expected) in [
        (vec!["evaluate"], "<FILE>"),
        (vec!["evaluate", "--on", "2026-02-30", "-"], "must be a day that exists"),
        (vec!["evaluate", "--policy", &policy, "-"], "clock.length: must be a text such as"),
        (vec!["calendar", "1999"], "1999"),
        (vec!["migrate"], "set DATABASE_URL"),
        (vec!["--config", config, "migrate"], "mail.port: must be a whole number from 1 to 65535"),
        (vec!["--config", config, "migrate"], "htpt: is not a field that is known here"),
        (vec!["recipient", "add", "--name", "A", "--email", "a@b.example", "--role", "king"], "possible values"),
    ] {
        let output = program(&arguments).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", in_words(&output));
        assert!(String::from_utf8_lossy(&output.stderr).contains(expected), "{arguments:?}: {}", in_words(&output));
    }
}

#[test]
fn a_database_that_does_not_answer_ends_a_command_with_3() {
    let url = format!("postgres://somebody:hunter2@127.0.0.1:{}/nothing", port_that_is_free());
    let output = program(&["check"]).env("DATABASE_URL", url).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(3), "{}", in_words(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("could not reach the database") && !said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_imported_once_and_checked() {
    let place = Place::new().await;
    let cases = r#"{"reference": "PP-1", "team": "North", "started_on": "2026-01-05", "meetings": [{"sequence": 2, "kind": "review", "planned_on": "2026-02-02"}, {"sequence": 1, "kind": "initial", "held_on": "2026-01-19"}], "engagement": [{"on": "2026-02-01", "attended": false}, {"on": "2026-01-20", "attended": true}]}
        {"reference": "PP-2", "team": 7}
        {"reference": "PP-3", "lbp_sent_on": "2100-01-01"}"#;
    let path = file(place.folder.path(), "cases.jsonl", cases);
    place.done(&["recipient", "add", "--name", "C", "--email", "chair@council.example", "--role", "legal_gateway_chair"]);

    let tried = place.run(&["import", "--format", "json", "--dry-run", &path]);
    assert!(
        String::from_utf8_lossy(&tried.stdout).starts_with("1 new, 0 changed, 0 unchanged, 2 refused"),
        "{}",
        in_words(&tried)
    );
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 0);

    let imported = place.run(&["import", "--format", "json", &path]);
    assert_eq!(imported.status.code(), Some(1));
    let told = "1 new, 0 changed, 0 unchanged, 2 refused\nrows: 1 taken, 0 queried, 2 refused; cases vanished: 0\n";
    assert_eq!(String::from_utf8_lossy(&imported.stdout), told);
    let refused = String::from_utf8_lossy(&imported.stderr);
    let second = "cases.jsonl: row 2, column \"/team\" (\"PP-2\"): refused (bad_fact): must be a text";
    assert!(refused.contains(second), "{refused}");
    let third = "cases.jsonl: row 3, column \"/lbp_sent_on\" (\"PP-3\"): refused (bad_fact): must not lie in the future";
    assert!(refused.contains(third), "{refused}");

    let rehearsed = place.done(&["check", "--on", "2026-06-01", "--dry-run"]);
    assert!(rehearsed.contains("would be opened: PP-1  time_limit  red"), "{rehearsed}");
    assert_eq!(place.count("SELECT count(*) FROM alerts").await, 0);
    let checked: Value = serde_json::from_str(&place.done(&["check", "--on", "2026-06-01", "--json"])).expect("JSON");
    assert_eq!((&checked["report"]["cases"], &checked["report"]["messages"]), (&1.into(), &1.into()));
    assert!(place.done(&["check", "--on", "2026-06-01"]).starts_with("As of 2026-06-01: 0 cases looked at"));

    let history = place.count("SELECT count(*) FROM case_history").await;
    let again = place.run(&["import", "--format", "json", &path]);
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("0 new, 0 changed, 1 unchanged, 2 refused\n"));
    assert_eq!(place.count("SELECT count(*) FROM case_history").await, history, "repeating an import changes nothing");
    let changed =
        cases.lines().next().expect("a line").replace("\"planned_on\": \"2026-02-02\"", "\"planned_on\": \"2026-02-09\"");
    let changed = file(place.folder.path(), "changed.json", &changed);
    let told = "0 new, 1 changed, 0 unchanged, 0 refused\nrows: 1 taken, 0 queried, 0 refused; cases vanished: 0\n";
    assert_eq!(place.done(&["import", &changed]), told);
    assert_eq!(place.count("SELECT count(*) FROM case_history").await, history + 1, "only what differs is changed");

    let list = place.done(&["mail", "list", "--state", "queued"]);
    let id = list.split_whitespace().next().expect("a message").to_owned();
    assert!(list.contains("legal_gateway_chair") && !list.contains('@'), "{list}");
    assert!(place.done(&["mail", "show", &id]).contains("To: chair@council.example"));
    assert_eq!(place.run(&["mail", "show", "01a20a26-e7f7-713c-bda9-f43045c2f93a"]).status.code(), Some(2));
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_are_added_listed_and_removed() {
    let place = Place::new().await;
    let add = ["recipient", "add", "--name", "A", "--role", "director", "--team", "North", "--email"];
    let with = |email: &str| place.run(&[&add[..], &[email]].concat());
    assert_eq!(with("a@elsewhere.example").status.code(), Some(2), "its domain is not allowed");
    assert_eq!(with("A <a@council.example>").status.code(), Some(2));
    assert!(with("a@council.example").status.success());
    assert_eq!(with("A@council.example").status.code(), Some(2), "told in that role already");
    assert_eq!(place.done(&["recipient", "list"]), "1  A <a@council.example>  director  North\n");
    place.done(&["recipient", "remove", "1"]);
    assert_eq!(place.run(&["recipient", "remove", "1"]).status.code(), Some(2));
    assert!(place.done(&["recipient", "list"]).ends_with("; removed\n"));
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_takes_a_case_from_sql_to_smtp_within_one_cycle_and_stops_when_told() {
    let place = Place::new().await;
    let smtp = SmtpServer::start(Behaviour::Accept);
    let ca_file = file(place.folder.path(), "ca.pem", smtp.ca_pem());
    let port = port_that_is_free();
    place.done(&["recipient", "add", "--name", "C", "--email", "chair@council.example", "--role", "legal_gateway_chair"]);
    let token = place.done(&["token", "create", "--name", "manager", "--role", "reader"]);
    let listen = format!("127.0.0.1:{port}");
    let serving = |command: &mut Command| {
        command
            .env("PLO_DRIFT__HTTP__LISTEN", &listen)
            .env("PLO_DRIFT__MAIL__TRANSPORT", "smtp")
            .env("PLO_DRIFT__MAIL__PORT", smtp.port().to_string())
            .env("PLO_DRIFT__MAIL__CA_FILE", &ca_file)
            .env("PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS", "1")
            .env("PLO_DRIFT__JOBS__DELIVER_EVERY_SECONDS", "1")
            .stderr(Stdio::null());
    };
    let healthy = || {
        let mut command = place.command(&["healthcheck"]);
        serving(&mut command);
        command.status().expect("the program starts").code()
    };
    assert_eq!(healthy(), Some(3), "nothing answers yet");
    let start = || {
        let mut command = place.command(&["serve"]);
        serving(&mut command);
        command.spawn().expect("the program starts")
    };
    let service = start();
    wait_until("the service is ready", || healthy() == Some(0));

    sqlx::query(
        "INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('PP-1', 'North', '2026-01-05', '2026-01-05')",
    )
    .execute(&place.database.pool)
    .await
    .expect("plain SQL writes a case");
    // The day of the test may have a panel pack of its own.
    let told_as_new = || {
        let received = smtp.received();
        received.iter().map(|mail| open(mail).text).filter(|text| text.contains("(new)") && text.contains("PP-1")).count()
    };
    wait_until("the alert is told", || told_as_new() > 0);

    let url = format!("http://{listen}/api/v1/cases?at_risk=true");
    let answer = reqwest::Client::new().get(url).bearer_auth(token.trim()).send().await.expect("the API answers");
    let cases: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    let case = &cases["cases"][0];
    assert_eq!(case["reference"], "PP-1");
    let drifts = case["drifts"].as_array().expect("a list");
    let found = |severity: &str| -> u64 {
        drifts.iter().filter(|drift| drift["severity"] == severity).filter_map(|drift| drift["findings"].as_u64()).sum()
    };
    assert_eq!((json!(found("red")), json!(found("amber"))), (case["reds"].clone(), case["ambers"].clone()), "{case}");
    assert!(found("red") > 0 && drifts[0]["severity"] == "red", "what the sweep has kept: {case}");

    assert_eq!(terminate(service), Some(0));
    let again = start();
    wait_until("the service is ready again", || healthy() == Some(0));
    wait_until("a sweep has run again", || healthy() == Some(0));
    assert_eq!(terminate(again), Some(0));
    assert_eq!(told_as_new(), 1, "a restart tells nobody anything twice");
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_killed_at_any_moment_loses_nothing_and_doubles_nothing() {
    let place = Place::new().await;
    place.done(&["recipient", "add", "--name", "C", "--email", "chair@council.example", "--role", "legal_gateway_chair"]);
    sqlx::query(
        "INSERT INTO cases (reference, team, recorded_on, started_on)
        SELECT 'PP-' || number, 'North', DATE '2026-01-05', DATE '2026-01-05' + number % 60 FROM generate_series(1, 300) AS number",
    )
    .execute(&place.database.pool)
    .await
    .expect("plain SQL writes cases");
    let check = |page: &str| {
        let mut command = place.command(&["check", "--on", "2026-06-01"]);
        command.env("PLO_DRIFT__JOBS__CASES_AT_A_TIME", page).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };

    let mut killed = 0;
    for attempt in 0..25 {
        let mut child = check("7").spawn().expect("the program starts");
        std::thread::sleep(Duration::from_millis(20 + 23 * attempt));
        killed += u32::from(child.try_wait().expect("the child is ours").is_none());
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
    }
    assert!(killed >= 5, "only {killed} checks were under way when they were killed");
    wait_until("a check goes through, once the sessions of the killed have ended", || {
        check("500").status().expect("the program starts").success()
    });

    let wrong = "SELECT count(*) FROM alerts WHERE
        (SELECT count(*) FROM journal WHERE alert_id = alerts.id AND what = 'alert_opened') <> 1
        OR (SELECT count(*) FROM message_alerts WHERE alert_id = alerts.id)
            <> (SELECT count(*) FROM alert_rungs WHERE alert_id = alerts.id AND outcome = 'told')
        OR (SELECT count(*) FROM message_alerts WHERE alert_id = alerts.id) > (severity = 'red')::int
        OR (severity = 'red' AND next_rung_on IS NULL AND NOT EXISTS (SELECT FROM alert_rungs WHERE alert_id = alerts.id))";
    assert_eq!(
        place.count(wrong).await,
        0,
        "each alert is journalled once, and each red one told once, or is still to be told"
    );
    assert_eq!(place.count("SELECT count(DISTINCT case_reference) FROM alerts").await, 300);
    assert_eq!(place.count("SELECT count(*) FROM messages WHERE state <> 'queued'").await, 0);
    place.database.close().await;
}

#[test]
fn the_demonstration_shows_everything_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = folder.path().join("mail");
    let printed = folder.path().join("printed");
    let child = program(&["demo", "--port", "0", "--mail", mail.to_str().expect("a plain path")])
        .stdout(std::fs::File::create(&printed).expect("a file"))
        .stderr(Stdio::null())
        .env("TMPDIR", folder.path())
        .spawn()
        .expect("the program starts");
    let said = || std::fs::read_to_string(&printed).expect("what it printed");
    wait_until("the demonstration is ready", || said().contains("Ctrl-C"));

    let said = said();
    let tokens: Vec<&str> = said.lines().filter(|line| line.starts_with("token ")).collect();
    assert_eq!(tokens.len(), 4, "{said}");
    let address = said.split("http://").nth(1).and_then(|rest| rest.split([' ', '\n']).next()).expect("an address");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cases: Value = runtime.block_on(async {
        let token = tokens[0].rsplit(' ').next().expect("a token");
        let url = format!("http://{address}/api/v1/cases?limit=200");
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("the API answers");
        serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
    });
    assert!(cases["cases"].as_array().expect("a list").len() >= 60);
    let mails = std::fs::read_dir(&mail).expect("the mail folder").count();
    assert!(mails >= 2, "{mails} mails");

    assert_eq!(terminate(child), Some(0));
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name != "mail" && name != "printed")
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn a_demonstration_without_postgresql_says_in_one_line_what_to_install() {
    let folder = tempfile::tempdir().expect("an empty folder");
    let output = program(&["demo"]).env("PG_BIN", folder.path()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(3), "{}", in_words(&output));
    assert!(!String::from_utf8_lossy(&output.stderr).trim_end().lines().last().unwrap_or_default().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn data_quality_prints_totals_and_what_to_do_and_ends_well_whatever_it_finds() {
    let place = Place::new().await;
    let cases = r#"[{"reference": "PP-1", "team": "North", "recorded_on": "2026-01-05", "started_on": "2026-01-05",
        "children": [{"reference": "K-1"}]}, {"reference": "PP-2", "recorded_on": "2026-01-05"}]"#;
    place.done(&["import", "--format", "json", &file(place.folder.path(), "cases.json", cases)]);

    let table = place.done(&["data-quality"]);
    let lines: Vec<String> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let totals =
        ["team cases asked missing contradictory derived stale vanished", "(no team) 1 1 2 0 0 0 0", "North 1 1 1 0 0 0 0"];
    assert_eq!(lines[..3], totals, "{table}");
    assert!(
        lines[3].starts_with("(no team), PP-2, missing started_on: No decision to enter pre-proceedings is recorded. Record")
    );
    assert_eq!(lines.len(), 6, "{table}");

    let json: Value = serde_json::from_str(&place.done(&["data-quality", "--team", "North", "--json"])).expect("JSON");
    assert_eq!((&json["teams"][0]["missing"], &json["questions"][0]["field"]), (&1.into(), &"children".into()));
    let csv = place.done(&["data-quality", "--kind", "missing", "--csv"]);
    assert!(csv.starts_with("team,case,kind,field,since_on,message,fix,sources\r\n") && csv.lines().count() == 4, "{csv}");
    assert_eq!(place.done(&["data-quality", "--kind", "stale", "--csv"]).lines().count(), 1);
    assert_eq!(place.run(&["data-quality", "--kind", "wrong"]).status.code(), Some(2));
    place.database.close().await;
}
