//! The return of the census as it is exported by the command, and the cases that the database finds for it.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use std::path::Path;
use std::process::Output;

use plo_drift::domain::case::Child;
use plo_drift::domain::census::{OutcomeCode, Slice, Year};
use plo_drift::domain::policy::{CensusOutcomes, Policy};
use plo_drift::exchange::document;
use plo_drift::store::census;
use plo_drift::store::record::{ToRecord, name_caller, record};
use plo_drift::store::tokens::Scope;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use support::any_case::any_case;
use support::program::{Place, file, in_words, program};

const CODES: &str = "[census.outcomes]\nissue = \"A\"\nstep_down = \"B\"\nother = \"C\"\n";

/// A case of two years, a case whose references are hostile, and one that is over.
const CASES: &str = r#"[
    {"reference": "PP-1", "team": "North", "recorded_on": "2026-01-05", "started_on": "2026-03-23", "lbp_sent_on": "2026-04-01",
        "fgdm_offered": false, "children": [{"reference": "K-1", "date_of_birth": "2019-07-03"}],
        "step_decision_on": "2026-06-10", "outcome": "step_down"},
    {"reference": "=<&\"'>", "recorded_on": "2026-01-05", "started_on": "2026-05-11", "lbp_sent_on": "2026-05-04",
        "fgdm_offered": false, "children": [{"reference": "<K>", "date_of_birth": "2020-01-15"}]},
    {"reference": "PP-3", "recorded_on": "2025-01-05", "started_on": "2025-01-06", "closed_on": "2025-06-02"}
]"#;

/// A database with these cases, and a folder of configuration with this policy.
async fn place(policy: &str) -> (Place, String) {
    let place = Place::new().await;
    let cases = file(place.folder.path(), "cases.json", CASES);
    place.done(&["import", "--format", "json", &cases]);
    let config = place.folder.path().join("config");
    std::fs::create_dir(&config).expect("a folder");
    file(&config, "policy.toml", policy);
    (place, config.to_str().expect("a plain path").to_owned())
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).expect("UTF-8")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it was written")
}

fn export(place: &Place, config: &str, options: &[&str]) -> Output {
    place.run(&[&["--config", config, "export", "census", "--year", "2026-27"], options].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_and_report_stand_beside_each_other_and_a_failing_check_ends_it_with_1() {
    let (place, config) = place(CODES).await;
    let blocks = place.folder.path().join("blocks.xml");
    let output = export(&place, &config, &["--output", blocks.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(1), "{}", in_words(&output));
    assert!(output.stdout.is_empty());
    assert!(
        text(&output.stderr).starts_with("2026-27: 2 blocks for 2 cases; 1 day of other years left out.\n")
            && text(&output.stderr).ends_with(&format!("1 check failed; each is in {}.report.csv.\n", blocks.display())),
        "{}",
        in_words(&output)
    );
    let written = read(&blocks);
    let document = roxmltree::Document::parse(&written).expect("it is well-formed");
    assert_eq!(document.root_element().attribute("complete"), Some("true"));
    let hostile = document.root_element().first_element_child().expect("a child");
    assert_eq!((hostile.attribute("case"), hostile.attribute("child")), (Some("=<&\"'>"), Some("<K>")));
    assert!(written.contains("<PPOutcome>B</PPOutcome>") && !written.contains("2026-03-23"), "{written}");
    assert_eq!(
        read(&place.folder.path().join("blocks.xml.report.csv")),
        "case,child,item,element,code,reason\r\n\"'=<&\"\"'>\",<K>,N00827,LBPSentDate,9006,\"2026-05-04 lies before N00826 \
        (PPStartDate), 2026-05-11\"\r\n"
    );
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_blocks_go_to_standard_output_and_failing_checks_to_standard_error() {
    let (place, config) = place(CODES).await;
    let output = export(&place, &config, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", in_words(&output));
    assert!(roxmltree::Document::parse(&text(&output.stdout)).is_ok());
    assert!(
        text(&output.stderr).starts_with("=<&\"'>  <K>  N00827  LBPSentDate  9006: 2026-05-04 lies before"),
        "{}",
        in_words(&output)
    );

    let report = place.folder.path().join("checks.csv");
    let north = export(&place, &config, &["--team", "North", "--report", report.to_str().expect("a plain path")]);
    assert_eq!(north.status.code(), Some(0), "{}", in_words(&north));
    let written = text(&north.stdout);
    assert!(written.contains("complete=\"false\"") && written.matches("<CINdetails").count() == 1, "{written}");
    assert_eq!(read(&report), "case,child,item,element,code,reason\r\n");
    assert!(text(&north.stderr).contains("of the team \"North\" alone"), "{}", in_words(&north));
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_without_a_code_ends_it_with_2_and_nothing_is_written() {
    let (place, config) = place("[census.outcomes]\nissue = \"A\"\n").await;
    let blocks = place.folder.path().join("blocks.xml");
    let output = export(&place, &config, &["--output", blocks.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(2), "{}", in_words(&output));
    let said = text(&output.stderr);
    assert!(
        said.contains("policy.toml") && said.contains("census.outcomes.step_down,") && !said.contains("outcomes.issue"),
        "{said}"
    );
    assert!(!blocks.exists());

    // Nothing of it had to be put in force first.
    file(Path::new(&config), "policy.toml", CODES);
    assert_eq!(export(&place, &config, &[]).status.code(), Some(1));
    place.database.close().await;
}

#[test]
fn what_is_wrong_with_the_call_is_said() {
    for (arguments, code, expected) in [
        (vec!["export", "census"], 2, "--year"),
        (vec!["export", "census", "--year", "2026-28"], 2, "written like 2026-27"),
        (vec!["export", "census", "--year", "2025-26"], 2, "must be 2026-27 or later"),
        (vec!["export", "census", "--year", "2026-27", "--output", "a", "--report", "a"], 2, "another file"),
        (vec!["export", "census", "--year", "2026-27"], 2, "set DATABASE_URL"),
    ] {
        let output = program(&arguments).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", in_words(&output));
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", in_words(&output));
    }
    let url = "postgres://somebody@127.0.0.1:1/nothing";
    let output = program(&["export", "census", "--year", "2026-27"]).env("DATABASE_URL", url).output().expect("it starts");
    assert_eq!(output.status.code(), Some(3), "{}", in_words(&output));
}

/// The database looks for candidates by plain conditions; no case that the domain takes may escape them.
#[tokio::test]
async fn the_database_finds_every_case_that_belongs_to_a_year() {
    const CASES: usize = 400;
    let place = Place::new().await;
    let census_outcomes =
        CensusOutcomes { issue: Some(OutcomeCode::A), step_down: Some(OutcomeCode::B), other: Some(OutcomeCode::C) };
    let policy = Policy { census_outcomes, ..Policy::default() };
    let mut runner = TestRunner::deterministic();
    let mut transaction = place.database.pool.begin().await.expect("a connection is free");
    name_caller(&mut transaction, "a test", "2027-09-01T09:00:00Z".parse().expect("a moment")).await.expect("it can be named");
    let mut cases = Vec::new();
    for number in 0..CASES {
        let mut case = any_case().new_tree(&mut runner).expect("nothing is filtered out").current();
        case.reference = format!("C-{number:03}");
        let child =
            Child { reference: "K-1".to_owned(), date_of_birth: None, expected_delivery_on: None, pregnancy_ended_on: None };
        case.children = vec![child];
        let document = document::write(&case);
        let to_record = ToRecord { case: &case, document: &document, source: "a test" };
        record(&mut transaction, &to_record).await.expect("it can be recorded");
        cases.push(case);
    }
    let mut left_out = 0;
    for year in ["2026-27", "2027-28", "2028-29"] {
        let year: Year = year.parse().expect("a year");
        let mut expected = Slice::of(year);
        for case in &cases {
            expected.add(case, &policy);
        }
        let found =
            census::slice(&mut transaction, &Scope::EVERYTHING, None, year, &policy, |_, _| ()).await.expect("it answers");
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{year}");
        let candidates = census::candidates(&mut transaction, &Scope::EVERYTHING, None, year).await.expect("it answers");
        left_out += CASES - candidates.len();
        assert!(!found.episodes.is_empty(), "{year}");
    }
    assert!(left_out > CASES / 2, "the conditions leave {left_out} out");
    transaction.rollback().await.expect("it can be taken back");
    place.database.close().await;
}
