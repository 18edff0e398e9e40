//! The commands by which rules and recipients are changed, as they are run.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use std::process::Output;

use serde_json::Value;
use support::program::{Place, file, in_words, program};

/// An example that is shipped.
fn example(name: &str) -> String {
    format!("{}/tests/fixtures/policy/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn the_rules_pass_the_fixtures_that_are_shipped_and_another_number_fails_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let examples = [example("milestones.toml"), example("families.json")];
    let test = |options: &[&str]| {
        let files = examples.iter().map(String::as_str);
        let arguments: Vec<&str> = ["policy", "test"].into_iter().chain(options.iter().copied()).chain(files).collect();
        program(&arguments).output().expect("the program starts")
    };
    let passed = test(&[]);
    assert_eq!((passed.status.code(), printed(&passed).as_str()), (Some(0), "5 fixtures: 5 passed, 0 failed\n"));

    let later = file(folder.path(), "later.toml", "[milestones]\nred_after = \"6 working days\"\n");
    let failed = test(&["--policy", &later]);
    assert_eq!(failed.status.code(), Some(1), "{}", in_words(&failed));
    let expected = format!(
        "{}: a letter that is six working days late is red, on 2026-06-16:\n  different: milestone_missed \
        letter_before_proceedings amber since 2026-06-09, and must be red since 2026-06-09\n5 fixtures: 4 passed, 1 failed\n",
        examples[0]
    );
    assert_eq!(printed(&failed), expected);

    let longer = file(folder.path(), "longer.toml", "[clock]\nlength = \"17 weeks\"\n[re_entry]\nwithin = \"4 weeks\"\n");
    let failed = printed(&test(&["--policy", &longer]));
    assert!(
        failed.contains("  different: time_limit notice since") && failed.contains("  missing: re_entry amber\n"),
        "{failed}"
    );
}

#[test]
fn wrong_fixtures_are_all_named_with_place_and_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = file(
        folder.path(),
        "one.json",
        r#"{"fixtures": [{"name": "n", "on": "soon", "case": {"reference": "A"}, "expect": []}]}"#,
    );
    let other = file(
        folder.path(),
        "other.toml",
        "[[fixtures]]\nname = \"n\"\non = 2026-06-01\ncase = { reference = \"A\" }\nexpects = []\n",
    );
    let output = program(&["policy", "test", &one, &other]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{}", in_words(&output));
    let expected = format!(
        "plo-drift: the fixtures are wrong:\n  {one}: /fixtures/0/on: must be a date written YYYY-MM-DD\n  \
        {other}: /fixtures/0/expect: must be given\n  {other}: /fixtures/0/expects: is not a field that is known here\n"
    );
    assert_eq!(said(&output), expected);
}

#[test]
fn a_policy_is_checked_without_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let right = file(folder.path(), "right.toml", "[panel]\nroles = [\"director\"]\n");
    let output = program(&["policy", "check", &right]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", in_words(&output));
    let printed = printed(&output);
    for line in [
        "Red alerts are told to:\n  legal gateway chair, at once\n  service manager, after 2 working days\n",
        " to: director.\n",
        "No export of the census has a code for an outcome yet: fill in census.outcomes.issue, census.outcomes.step_down, \
        census.outcomes.other.\n",
    ] {
        assert!(printed.contains(line), "{printed}");
    }
    assert!(said(&output).starts_with("Recipients were not checked"), "{}", in_words(&output));

    let wrong = "[panel]\nevery_weeks = 2\n[digest]\nat = \"8\"\n[census]\noutcomes = { issue = \"D\", closed = \"A\" }\n";
    let wrong = file(folder.path(), "wrong.toml", wrong);
    let output = program(&["policy", "check", &wrong]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{}", in_words(&output));
    let said = said(&output);
    for mistake in [
        "digest.at: ",
        "panel.counted_from: ",
        "census.outcomes.issue: must be one of: A, B, C",
        "census.outcomes.closed: is not a field that is known here",
    ] {
        assert!(said.contains(mistake), "{said}");
    }
}

#[test]
fn a_policy_is_checked_for_what_the_census_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    for (outcomes, expected) in [
        (
            "issue = \"A\"",
            "The census is told issue as A; an export that needs another is refused: fill in census.outcomes.step_down, census.outcomes.other.",
        ),
        ("issue = \"A\"\nstep_down = \"C\"\nother = \"B\"", "The census is told issue as A, step_down as C, other as B."),
    ] {
        let policy = file(folder.path(), "policy.toml", &format!("[census.outcomes]\n{outcomes}\n"));
        let output = program(&["policy", "check", &policy]).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(0), "{}", in_words(&output));
        assert!(printed(&output).lines().any(|line| line == expected), "{}", in_words(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rung_that_nobody_can_receive_is_warned_of() {
    let place = Place::new().await;
    let policy = file(
        place.folder.path(),
        "policy.toml",
        "[alerts]\namber = []\nred = [{ role = \"legal_gateway_chair\", deliver = \"immediate\" }]\n[panel]\nroles = [\"director\"]\n",
    );
    let check = || place.run(&["policy", "check", &policy]);
    let warnings = |output: &Output| -> Vec<String> {
        printed(output).lines().filter(|line| line.starts_with("warning")).map(str::to_owned).collect()
    };
    place.done(&["recipient", "add", "--name", "C", "--email", "chair@council.example", "--role", "legal_gateway_chair"]);
    place.done(&[
        "recipient",
        "add",
        "--name",
        "D",
        "--email",
        "director@council.example",
        "--role",
        "director",
        "--team",
        "North",
    ]);
    assert_eq!(check().status.code(), Some(0), "{}", in_words(&check()));

    let cases = "INSERT INTO cases (reference, team, restricted) VALUES ('A', 'North', false), ('B', 'South', true)";
    sqlx::query(cases).execute(&place.database.pool).await.expect("plain SQL writes cases");
    let output = check();
    assert_eq!(output.status.code(), Some(1), "{}", in_words(&output));
    assert_eq!(
        warnings(&output),
        [
            "warning: legal gateway chair (red alerts) reaches nobody for the cases of South: nobody is cleared for restricted \
            cases: add somebody with plo-drift recipient add --role legal_gateway_chair --restricted",
            "warning: director (panel pack) reaches nobody for the cases of South: nobody is responsible: add somebody with \
            plo-drift recipient add --role director",
        ]
    );
    place.done(&["recipient", "change", "1", "--away-until", "2099-12-31"]);
    assert!(
        warnings(&check())[0].contains("for the cases of North, South: whoever is responsible is away"),
        "{}",
        in_words(&check())
    );
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_prints_what_moves_and_changes_nothing() {
    let place = Place::new().await;
    let policy = file(place.folder.path(), "policy.toml", "[clock]\nlength = \"12 weeks\"\n");
    place.done(&["recipient", "add", "--name", "C", "--email", "chair@council.example", "--role", "legal_gateway_chair"]);
    let case = "INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on)
        VALUES ('PP-1', 'North', '2026-03-02', '2026-03-02', '2026-03-03')";
    sqlx::query(case).execute(&place.database.pool).await.expect("plain SQL writes a case");
    place.done(&["check", "--on", "2026-06-01"]);
    let rows = "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM alerts) + (SELECT count(*) FROM messages)
        + (SELECT count(*) FROM policies)";
    let before = place.count(rows).await;

    let printed = place.done(&["policy", "preview", "--on", "2026-06-01", &policy]);
    for line in [
        "would be opened: PP-1  time_limit  red\n",
        "would move: PP-1  base_end  2026-06-22 -> 2026-05-25\n",
        "The next sweep would send 1 message to the role legal_gateway_chair; by the policy in force 0.\n",
        "Dates that move: 1 base_end, 1 end, ",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let json: Value =
        serde_json::from_str(&place.done(&["policy", "preview", "--json", "--on", "2026-06-01", &policy])).expect("JSON");
    assert_eq!(json["dates_by_kind"]["end"], 1);
    assert_eq!(json["messages"][0], serde_json::json!({"role": "legal_gateway_chair", "from": 0, "to": 1}));
    assert_eq!(json["dates"][0]["what"], "base_end");
    let unchanged = place.run(&["policy", "preview", "--on", "2026-06-01", &example("../../../config/policy.toml")]);
    assert!(self::printed(&unchanged).starts_with("As of 2026-06-01, beyond what the policy in force does: alerts 0 opened"));
    assert!(said(&unchanged).is_empty(), "{}", in_words(&unchanged));
    assert_eq!(place.count(rows).await, before);
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_beside_the_policy_in_force_whatever_is_configured() {
    let place = Place::new().await;
    let case = "INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on)
        VALUES ('PP-1', 'North', '2026-03-02', '2026-03-02', '2026-03-03')";
    sqlx::query(case).execute(&place.database.pool).await.expect("plain SQL writes a case");
    let in_force = "INSERT INTO policies (in_force_from, digest, document, origin, actor)
        VALUES (now(), 'of the API', '[clock]\nlength = \"12 weeks\"\n', 'api', 'token 1')";
    sqlx::query(in_force).execute(&place.database.pool).await.expect("a version");
    let printed = place.done(&["policy", "preview", "--on", "2026-06-01", &example("../../../config/policy.toml")]);
    assert!(printed.contains("would move: PP-1  base_end  2026-05-25 -> 2026-06-22\n"), "{printed}");
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chair_goes_on_leave_comes_back_and_leaves_for_good() {
    let place = Place::new().await;
    let add = |name: &str, role: &str| {
        let email = format!("{name}@council.example");
        place.done(&["recipient", "add", "--name", name, "--email", &email, "--role", role])
    };
    add("chair", "legal_gateway_chair");
    add("head", "head_of_service");

    let away = place.done(&["recipient", "change", "1", "--away-until", "2099-08-14"]);
    assert_eq!(
        away,
        "recipient 1: away until 2099-08-14\nnobody stands in for them\nwarning: nobody is left to be told as legal gateway \
        chair of the cases of every team: add somebody, or name a deputy\n"
    );
    let deputy = place.done(&["recipient", "change", "1", "--deputy", "2"]);
    assert_eq!(deputy, "recipient 1: deputy: 2\nrecipient 2 stands in as legal gateway chair\n");
    let listed = place.done(&["recipient", "list"]);
    assert!(
        listed.starts_with(
            "1  chair <chair@council.example>  legal_gateway_chair  every team; deputy: 2; away until 2099-08-14\n"
        ),
        "{listed}"
    );
    assert_eq!(place.done(&["recipient", "change", "1", "--back"]), "recipient 1: back\n");
    let circle = place.done(&["recipient", "change", "2", "--deputy", "1"]);
    assert!(circle.contains("warning: the deputies stand in for each other in a circle"), "{circle}");
    assert_eq!(place.done(&["recipient", "change", "2", "--no-deputy"]), "recipient 2: no deputy\n");

    let removed = place.done(&["recipient", "remove", "1"]);
    assert_eq!(removed, "recipient 1 removed\nrecipient 2 stands in as legal gateway chair\n");
    let removed = place.done(&["recipient", "remove", "2"]);
    assert!(removed.contains("warning: nobody is left to be told as head of service of the cases of every team"), "{removed}");
    assert_eq!(place.done(&["recipient", "change", "2", "--restore"]), "recipient 2: told again\n");

    let names =
        "SELECT count(*) FROM journal WHERE what = 'recipients_changed' AND (reason ~ 'chair|head|@' OR reason IS NULL)";
    assert_eq!(place.count(names).await, 0);
    assert_eq!(place.count("SELECT count(*) FROM journal WHERE what = 'recipients_changed'").await, 10);
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_recipient_that_cannot_be_is_refused_and_changes_nothing() {
    let place = Place::new().await;
    let add = ["recipient", "add", "--name", "A", "--role", "director", "--email", "a@council.example"];
    place.done(&add);
    for (arguments, expected) in [
        (vec!["change", "1"], "required"),
        (vec!["change", "1", "--deputy", "1"], "must be somebody else"),
        (vec!["change", "1", "--deputy", "7"], "there is no recipient 7"),
        (vec!["change", "7", "--back"], "there is no recipient 7"),
        (vec!["change", "1", "--back", "--away-until", "2099-01-01"], "cannot be used with"),
        (vec!["change", "1", "--away-until", "2020-01-01"], "must not lie in the past"),
        (vec!["change", "1", "--restore"], "was not removed"),
        (vec!["remove", "1", "--deputy", "7"], "there is no recipient 7"),
        (
            vec!["add", "--name", "B", "--role", "director", "--email", "b@council.example", "--deputy", "7"],
            "there is no recipient 7",
        ),
    ] {
        let output = place.run(&[&["recipient"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", in_words(&output));
        assert!(said(&output).contains(expected), "{arguments:?}: {}", in_words(&output));
    }
    assert_eq!(place.done(&["recipient", "list"]), "1  A <a@council.example>  director  every team\n");
    assert_eq!(place.count("SELECT count(*) FROM journal").await, 1);

    place.done(&["recipient", "remove", "1"]);
    place.done(&add);
    let output = place.run(&["recipient", "change", "1", "--restore"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("told in that role already"), "{}", in_words(&output));
    place.database.close().await;
}
