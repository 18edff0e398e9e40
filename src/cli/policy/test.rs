//! `plo-drift policy test`: what the rules must find, held against what they find.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::files::read_text;
use crate::cli::{Done, Failure};
use crate::domain::calendar::Counted;
use crate::domain::fixture::{Difference, Expected, Fixture};
use crate::domain::schedule::Finding;
use crate::exchange::fixtures::{self, Form};
use crate::policy_file::PolicyDocument;

/// Hold a policy against fixtures: cases, each with a day and the findings that there must be. Needs no database.
#[derive(Debug, Args)]
pub struct Test {
    /// The policy to test; the built-in rules if left out.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Files of fixtures: JSON where the name ends in `.json`, else TOML; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Test {
    /// Prints each difference, and counts them.
    pub fn run(self) -> Result<Done, Failure> {
        let policy = PolicyDocument::of_file_or_built_in(self.policy.as_deref()).map_err(Failure::wrong)?.policy;
        let files = read_all(&self.files)?;
        let (mut tested, mut failed) = (0, 0);
        for (file, fixtures) in &files {
            for fixture in fixtures {
                let differences = fixture.differences(&policy);
                tested += 1;
                failed += i64::from(!differences.is_empty());
                print(file, fixture, &differences);
            }
        }
        println!("{}: {} passed, {failed} failed", Counted(tested, "fixture"), tested - failed);
        Ok(if failed == 0 { Done::Whole } else { Done::WithRefusals })
    }
}

/// Reads every file before any is tested, so that every mistake in any of them is named at once.
fn read_all(paths: &[PathBuf]) -> Result<Vec<(String, Vec<Fixture>)>, Failure> {
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.display().to_string();
        match fixtures::read(&read_text(path)?, form_of(path)) {
            Ok(fixtures) => files.push((name, fixtures)),
            Err(mistakes) => wrong.extend(mistakes.iter().map(|mistake| format!("\n  {name}: {mistake}"))),
        }
    }
    if wrong.is_empty() { Ok(files) } else { Err(Failure::usage(format!("the fixtures are wrong:{}", wrong.concat()))) }
}

fn form_of(path: &Path) -> Form {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json { Form::Json } else { Form::Toml }
}

fn print(file: &str, fixture: &Fixture, differences: &[Difference]) {
    if !differences.is_empty() {
        println!("{file}: {}, on {}:", fixture.name, fixture.on);
    }
    for difference in differences {
        match difference {
            Difference::Missing(expected) => println!("  missing: {}", expected_in_words(expected)),
            Difference::Unexpected(found) => println!("  unexpected: {}", found_in_words(found)),
            Difference::Different(expected, found) => {
                println!("  different: {}, and must be {}", found_in_words(found), must_be(expected));
            }
        }
    }
}

fn expected_in_words(expected: &Expected) -> String {
    format!("{} {}", fact(expected.rule.code(), &expected.subject), must_be(expected))
}

fn must_be(expected: &Expected) -> String {
    let since = expected.since_on.map_or_else(String::new, |since_on| format!(" since {since_on}"));
    format!("{}{since}", expected.severity)
}

fn found_in_words(found: &Finding) -> String {
    format!("{} {} since {}", fact(found.rule.code(), &found.subject), found.severity, found.since_on)
}

fn fact(rule: &str, subject: &str) -> String {
    format!("{rule} {subject}").trim_end().to_owned()
}
