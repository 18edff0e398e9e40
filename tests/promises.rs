//! The page about the promises tells of what is tested, and each of these tests is seen to fail.

use std::collections::BTreeMap;
use std::path::Path;

/// The tests in the files of `tests/faults`, each as its module and its name, with its source and the comment above it.
fn fault_tests() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut tests = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name").to_owned();
        let text = std::fs::read_to_string(&path).expect("a source file");
        // Whatever stands alone in a file ends with a brace at the beginning of a line.
        for piece in text.split("\n}\n") {
            let attribute = ["\n#[test]\n", "\n#[tokio::test"].into_iter().find_map(|attribute| piece.rfind(attribute));
            let Some((before, function)) = attribute.map(|at| piece.split_at(at)) else { continue };
            let comment = before.rsplit("\n\n").next().unwrap_or_default();
            let name = function.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).expect("a function");
            tests.insert(format!("{module}::{name}"), format!("{comment}{function}"));
        }
    }
    tests
}

/// The tests that have a mutant of the source.
fn tests_of_mutants() -> Vec<&'static str> {
    let lines = include_str!("faults/mutants.toml").lines();
    lines.filter_map(|line| line.strip_prefix("test = \"")?.strip_suffix('"')).collect()
}

#[test]
fn the_table_of_promises_names_every_fault_test_and_no_other() {
    let promises = include_str!("../docs/promises.md");
    let in_quotes = promises.split('`').skip(1).step_by(2).filter(|quoted| quoted.contains("::"));
    let mut named: Vec<String> = in_quotes.map(str::to_owned).collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, fault_tests().into_keys().collect::<Vec<_>>());
    for test in tests_of_mutants() {
        assert!(named.iter().any(|name| name == test), "a mutant is for a test that does not exist: {test}");
    }
}

/// A mutant of the source breaks what the test holds it to; or the test breaks it itself and says what is then seen, or says where else
/// that is.
#[test]
fn every_fault_test_is_seen_to_fail() {
    let by_mutants = tests_of_mutants();
    let tests = fault_tests().into_iter();
    let says_so = |source: &str| ["mutant", "seen"].iter().any(|word| source.contains(word));
    let unproved = tests.filter(|(name, source)| !by_mutants.contains(&name.as_str()) && !says_so(source));
    assert_eq!(unproved.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<String>::new());
}
