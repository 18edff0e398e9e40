//! The page about the promises tells of what is tested.

use std::path::Path;

/// The tests in a file of `tests/faults`, each with the name of its module.
fn fault_tests() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name").to_owned();
        let text = std::fs::read_to_string(&path).expect("a source file");
        let after_attribute = text.split("test]\n").skip(1).chain(text.split("\"multi_thread\")]\n").skip(1));
        let names = after_attribute.filter_map(|rest| rest.split("fn ").nth(1)?.split('(').next());
        tests.extend(names.map(|name| format!("{module}::{name}")));
    }
    tests.sort_unstable();
    tests
}

#[test]
fn the_table_of_promises_names_every_fault_test_and_no_other() {
    let promises = include_str!("../docs/promises.md");
    let in_quotes = promises.split('`').skip(1).step_by(2).filter(|quoted| quoted.contains("::"));
    let mut named: Vec<String> = in_quotes.map(str::to_owned).collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, fault_tests());
    let mutants = include_str!("faults/mutants.toml");
    for line in mutants.lines().filter_map(|line| line.strip_prefix("test = \"")) {
        assert!(named.iter().any(|test| line == format!("{test}\"")), "a mutant is for a test that does not exist: {line}");
    }
}
