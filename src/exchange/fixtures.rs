//! Rule fixtures: files of cases with what must be found of each on a day, written by hand, as TOML or JSON.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use super::caseload::{introduce_families, not_json};
use super::document::{self, Reading};
use crate::domain::calendar::YEARS;
use crate::domain::fixture::{Expected, Fixture};
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::fields::{self, Fields, Mistake, one_of};
use crate::policy_file::{as_json, where_and_why};

/// How a file of fixtures is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// TOML: `[[fixtures]]`.
    Toml,
    /// JSON: `{"fixtures": [ … ]}`.
    Json,
}

/// Reads the fixtures of one text.
///
/// # Errors
///
/// Every mistake in it.
pub fn read(text: &str, form: Form) -> Result<Vec<Fixture>, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = match form {
        Form::Toml => text.parse().map(|table| as_json(toml::Value::Table(table))).map_err(|wrong| where_and_why(text, &wrong)),
        Form::Json => serde_json::from_str::<Value>(text).map_err(|wrong| not_json(&wrong)),
    };
    let document = document.map_err(|reason| vec![Mistake { pointer: String::new(), reason }])?;
    fields::read(&document, |fields| {
        let fixtures = fields.objects("fixtures", fixture);
        if !fields.has("fixtures") {
            fields.mistake::<()>("fixtures", "must be given: a list of cases, each with what must be found");
        }
        Some(fixtures)
    })
}

fn fixture(fields: &mut Fields) -> Option<Fixture> {
    let name = fields.text("name");
    let name = fields.required("name", name);
    let on = fields.date("on");
    let on = fields.required("on", on);
    // Where the day is missing the file is refused anyway; the case is read all the same, for its own mistakes.
    let reading = Reading::AsOf(on.unwrap_or(YEARS.0));
    let case = fields.section("case", |fields| document::case(fields, reading));
    let others = fields.objects("others", |fields| document::case(fields, reading));
    if let Some(case) = &case
        && others.iter().any(|other| other.reference == case.reference)
    {
        fields.mistake::<()>("others", "must not hold the case itself: these are the family's other cases");
    }
    let only = fields.texts("only", |text| Rule::from_code(text).ok_or_else(|| one_of(Rule::ALL, Rule::code)));
    let only = only.unwrap_or_default();
    let expected = expectations(fields, &only);
    let mut family: Vec<_> = case.into_iter().chain(others).collect();
    introduce_families(&mut family);
    Some(Fixture { name: name?.to_owned(), on: on?, case: family.into_iter().next()?, expected, only })
}

/// The findings that must be there; an empty list says that there are none.
fn expectations(fields: &mut Fields, only: &[Rule]) -> Vec<Expected> {
    let expected = fields.objects("expect", expectation);
    fields.required("expect", Some(()));
    let facts: BTreeSet<(Rule, &str)> = expected.iter().map(|one| (one.rule, one.subject.as_str())).collect();
    if facts.len() < expected.len() {
        fields.mistake::<()>("expect", "must not name a rule and subject twice");
    }
    if !only.is_empty() && expected.iter().any(|one| !only.contains(&one.rule)) {
        fields.mistake::<()>("expect", "must not name a rule that `only` leaves out");
    }
    expected
}

fn expectation(fields: &mut Fields) -> Option<Expected> {
    let rule = fields.word("rule", Rule::ALL, Rule::code);
    let rule = fields.required("rule", rule);
    let severity = fields.word("severity", Severity::ALL, Severity::code);
    let severity = fields.required("severity", severity);
    let subject = fields.text_or_empty("subject").unwrap_or_default().to_owned();
    let since_on: Option<Date> = fields.date("since_on");
    Some(Expected { rule: rule?, subject, severity: severity?, since_on })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        [[fixtures]]
        name = "a family that comes back"
        on = 2026-06-01
        only = ["re_entry"]
        expect = [{ rule = "re_entry", severity = "amber", since_on = 2026-06-01 }]
        case = { reference = "B", family_reference = "F", started_on = 2026-06-01 }
        others = [{ reference = "A", family_reference = "F", step_decision_on = 2026-01-05, outcome = "step_down" }]
    "#;
    const JSON: &str = r#"{"fixtures": [{"name": "a family that comes back", "on": "2026-06-01", "only": ["re_entry"],
        "expect": [{"rule": "re_entry", "severity": "amber", "since_on": "2026-06-01"}],
        "case": {"reference": "B", "family_reference": "F", "started_on": "2026-06-01"},
        "others": [{"reference": "A", "family_reference": "F", "step_decision_on": "2026-01-05", "outcome": "step_down"}]}]}"#;

    #[rstest::rstest]
    #[case(TOML, Form::Toml)]
    #[case(JSON, Form::Json)]
    fn both_forms_say_the_same(#[case] text: &str, #[case] form: Form) {
        let fixtures = read(text, form).expect("the fixtures are right");
        assert_eq!(fixtures.len(), 1);
        assert_eq!(fixtures[0].case.family_step_downs, [jiff::civil::date(2026, 1, 5)]);
        assert_eq!(fixtures[0].differences(&crate::domain::policy::Policy::default()), []);
    }

    #[rstest::rstest]
    #[case("", &["/fixtures: must be given: a list of cases, each with what must be found"])]
    #[case("[[fixtures]]", &["/fixtures/0/case/reference: must be given", "/fixtures/0/expect: must be given",
        "/fixtures/0/name: must be given", "/fixtures/0/on: must be given"])]
    #[case(&TOML.replace("\"B\"", "\"A\""), &["/fixtures/0/others: must not hold the case itself: these are the family's other cases"])]
    #[case(&TOML.replace("only = [\"re_entry\"]", "only = [\"time_limit\"]"), &["/fixtures/0/expect: must not name a rule that `only` leaves out"])]
    #[case(&TOML.replace("started_on", "started"), &["/fixtures/0/case/started: is not a field that is known here"])]
    #[case(&TOML.replace("since_on = 2026-06-01", "since_on = 2026-06-31"), &["the document: line 6: invalid date, expected day between 01 and 30"])]
    #[case("fixtures = [", &["the document: line 1: unclosed array, expected `]`"])]
    fn a_wrong_file_is_refused_by_pointer_and_reason(#[case] text: &str, #[case] expected: &[&str]) {
        let mistakes = read(text, Form::Toml).expect_err("the file is wrong");
        assert_eq!(mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>(), expected);
    }
}
