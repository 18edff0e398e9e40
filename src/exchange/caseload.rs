//! Many case documents in one text: a JSON array, or JSON Lines.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde_json::Value;

use super::document::{self, Reading};
use crate::domain::case::{Case, Outcome};
use crate::fields::Mistake;

/// A document that was refused.
#[derive(Debug)]
pub struct Refused {
    /// Which one: `case 3` of an array, `line 3` of JSON Lines.
    pub place: String,
    /// Its reference, if it has one that can be read.
    pub reference: Option<String>,
    /// What is wrong with it.
    pub mistakes: Vec<Mistake>,
}

/// The documents of one text that are right, and those that were refused.
#[derive(Debug, Default)]
pub struct Caseload {
    /// In the order in which they stand.
    pub cases: Vec<Case>,
    /// The rest.
    pub refused: Vec<Refused>,
}

/// Reads every document; one that is wrong is refused and the rest goes in.
#[must_use]
pub fn read(text: &str, reading: Reading) -> Caseload {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut caseload = Caseload::default();
    match documents(text) {
        Ok(documents) => {
            for (place, document) in documents {
                let read = document.and_then(|document| {
                    let reference = document.get("reference").and_then(Value::as_str).map(str::to_owned);
                    document::read(&document, reading).map_err(|mistakes| (reference, mistakes))
                });
                match read {
                    Ok(case) => caseload.cases.push(case),
                    Err((reference, mistakes)) => caseload.refused.push(Refused { place, reference, mistakes }),
                }
            }
        }
        Err(reason) => {
            let place = "the file".to_owned();
            caseload.refused.push(Refused { place, reference: None, mistakes: vec![whole(reason)] });
        }
    }
    caseload
}

type Document = Result<Value, (Option<String>, Vec<Mistake>)>;

fn documents(text: &str) -> Result<Vec<(String, Document)>, String> {
    if text.trim_start().starts_with('[') {
        let items: Vec<Value> = serde_json::from_str(text).map_err(|wrong| not_json(&wrong))?;
        return Ok(items.into_iter().enumerate().map(|(index, item)| (format!("case {}", index + 1), Ok(item))).collect());
    }
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        return Ok(vec![("case 1".into(), Ok(document))]);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Ok(lines.map(|(index, line)| (format!("line {}", index + 1), one_line(line))).collect())
}

fn one_line(line: &str) -> Document {
    serde_json::from_str(line).map_err(|wrong| (None, vec![whole(not_json(&wrong))]))
}

/// Where the JSON breaks, without what stands there.
fn not_json(wrong: &serde_json::Error) -> String {
    format!("is not JSON: it breaks at line {}, column {}", wrong.line(), wrong.column())
}

fn whole(reason: String) -> Mistake {
    Mistake { pointer: String::new(), reason }
}

/// Takes out every case whose reference another case before it has.
pub fn refuse_repeated(cases: &mut Vec<Case>) -> Vec<Refused> {
    let mut seen = HashSet::new();
    let mut refused = Vec::new();
    cases.retain(|case| {
        let is_new = seen.insert(case.reference.clone());
        if !is_new {
            refused.push(Refused {
                place: "a case".into(),
                reference: Some(case.reference.clone()),
                mistakes: vec![Mistake {
                    pointer: "/reference".into(),
                    reason: "is given to another case of the input already".into(),
                }],
            });
        }
        is_new
    });
    refused
}

/// Lets the cases of one caseload see the step-downs of their family's other episodes.
pub fn introduce_families(cases: &mut [Case]) {
    let mut step_downs: HashMap<String, Vec<(usize, Date)>> = HashMap::new();
    for (index, case) in cases.iter().enumerate() {
        if let (Some(family), Some(decided), Some(Outcome::StepDown)) =
            (&case.family_reference, case.step_decision_on, case.outcome)
        {
            step_downs.entry(family.clone()).or_default().push((index, decided));
        }
    }
    for (index, case) in cases.iter_mut().enumerate() {
        let of_family = case.family_reference.as_ref().and_then(|family| step_downs.get(family)).into_iter().flatten();
        case.family_step_downs = of_family.filter(|(other, _)| *other != index).map(|(_, decided)| *decided).collect();
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const AS_OF: Reading = Reading::AsOf(date(2026, 6, 15));

    fn references(text: &str) -> Vec<String> {
        read(text, AS_OF).cases.into_iter().map(|case| case.reference).collect()
    }

    #[rstest::rstest]
    #[case::an_array("[{\"reference\": \"A\"}, {\"reference\": \"B\"}]")]
    #[case::lines("{\"reference\": \"A\"}\n\n{\"reference\": \"B\"}\r\n")]
    #[case::with_a_byte_order_mark("\u{feff}[{\"reference\": \"A\"},\n{\"reference\": \"B\"}]")]
    fn an_array_and_lines_are_read_alike(#[case] text: &str) {
        assert_eq!(references(text), ["A", "B"]);
    }

    #[test]
    fn one_document_may_take_many_lines() {
        assert_eq!(references("{\n  \"reference\":\n  \"A\"\n}"), ["A"]);
    }

    #[test]
    fn a_wrong_line_is_refused_and_the_rest_goes_in() {
        let caseload = read("{\"reference\": \"A\"}\n{\"reference\": \"B\", \"team\": 1}\n{oops\n", AS_OF);
        assert_eq!(caseload.cases.len(), 1);
        let refused: Vec<(&str, Option<&str>, String)> = (caseload.refused.iter())
            .map(|refused| (refused.place.as_str(), refused.reference.as_deref(), refused.mistakes[0].to_string()))
            .collect();
        assert_eq!(
            refused,
            [
                ("line 2", Some("B"), "/team: must be a text".to_owned()),
                ("line 3", None, "the document: is not JSON: it breaks at line 1, column 2".to_owned()),
            ]
        );
    }

    #[test]
    fn families_see_the_step_downs_of_their_other_episodes() {
        let text = r#"[
            {"reference": "A", "family_reference": "F", "step_decision_on": "2026-01-05", "outcome": "step_down"},
            {"reference": "B", "family_reference": "F", "step_decision_on": "2026-02-02", "outcome": "issue"},
            {"reference": "C", "step_decision_on": "2026-01-06", "outcome": "step_down"}]"#;
        let mut cases = read(text, AS_OF).cases;
        introduce_families(&mut cases);
        let seen: Vec<&[Date]> = cases.iter().map(|case| case.family_step_downs.as_slice()).collect();
        assert_eq!(seen, [&[][..], &[date(2026, 1, 5)], &[]]);
    }

    #[test]
    fn a_reference_given_twice_is_refused() {
        let mut cases = read("{\"reference\": \"A\"}\n{\"reference\": \"A\"}", AS_OF).cases;
        assert_eq!(refuse_repeated(&mut cases).len(), 1);
        assert_eq!(cases.len(), 1);
    }
}
