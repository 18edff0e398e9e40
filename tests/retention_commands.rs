//! `retention` and `erase` as they are run: what they print, what they refuse, and how they end.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use serde_json::Value;
use support::program::{Place, file, in_words};

const CASES: &str = r#"[
    {"reference": "PP-1", "recorded_on": "2020-01-06", "started_on": "2020-01-06", "closed_on": "2020-05-29"},
    {"reference": "PP-2", "recorded_on": "2026-01-05", "started_on": "2026-01-05"}
]"#;

/// A place with a case that was closed long ago and one that is over its limit, swept once.
async fn place() -> Place {
    let place = Place::new().await;
    let cases = file(place.folder.path(), "cases.json", CASES);
    place.done(&["import", "--format", "json", &cases]);
    place.done(&["check", "--on", "2026-06-01"]);
    place
}

#[tokio::test]
async fn retention_says_what_would_go_and_then_erases_it() {
    let place = place().await;
    let policy = file(place.folder.path(), "new.toml", "[retention]\ncases_after = \"5 years\"\n");
    let kept = place.done(&["retention", "--on", "2026-06-02"]);
    assert!(kept.contains("0 cases erased, 0 held back.") && kept.contains("keeps everything for ever"), "{kept}");

    let tried = place.done(&["retention", "--dry-run", "--policy", &policy, "--on", "2026-06-02"]);
    assert!(tried.contains("would be erased: PP-1  concluded on 2020-05-29  4 rows"), "{tried}");
    assert!(tried.contains("As of 2026-06-02: 1 case would be erased, 0 held back."), "{tried}");
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 2);

    let config = tempfile::tempdir().expect("a folder");
    file(config.path(), "policy.toml", "[retention]\ncases_after = \"5 years\"\n");
    let config = config.path().to_str().expect("a plain path");
    let erased = place.done(&["--config", config, "retention", "--on", "2026-06-02", "--json"]);
    let erased: Value = serde_json::from_str(&erased).expect("JSON");
    assert_eq!(erased["report"]["erased"][0]["case"], "PP-1");
    assert_eq!(erased["report"]["rows"]["cases"], 1);
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 1);
    assert_eq!(place.count("SELECT count(*) FROM erasures WHERE cause = 'policy' AND case_hash = sha256('PP-1')").await, 1);
    place.database.close().await;
}

#[tokio::test]
async fn erase_takes_one_case_away_and_says_what_it_needs() {
    let place = place().await;
    for (arguments, code, said) in [
        (vec!["erase", "PP-2"], 2, "--reason"),
        (vec!["erase", "PP-2", "--reason", ""], 2, "--reason must not be empty"),
        (vec!["erase", "PP-2", "--reason", "PP-2 is wrong"], 2, "must not name the case"),
        (vec!["erase", "PP-3", "--reason", "asked for"], 2, "nothing is kept of that case"),
        (vec!["erase", "PP-2", "--reason", "asked for"], 1, "erase it with --although-alerts-are-open"),
        (vec!["retention", "--on", "2099-01-01"], 2, "must not be a day to come"),
        (vec!["retention", "--policy", "new.toml"], 2, "--dry-run"),
    ] {
        let output = place.run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", in_words(&output));
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{arguments:?}: {}", in_words(&output));
    }
    let erase = ["erase", "PP-2", "--reason", "recorded in error", "--although-alerts-are-open"];
    let tried = place.done(&[&erase[..], &["--dry-run"]].concat());
    assert!(tried.starts_with("Would be erased:\n") && tried.contains("  cases: 1 row\n"), "{tried}");
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 2);

    let erased = place.done(&erase);

    assert_eq!(erased, tried.replace("Would be erased", "Erased"));
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 1);
    assert_eq!(place.count("SELECT count(*) FROM alerts").await, 0);
    assert_eq!(place.count("SELECT count(*) FROM erasures WHERE reason = 'recorded in error'").await, 1);
    place.database.close().await;
}
