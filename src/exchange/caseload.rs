//! Many case documents in one text: a JSON array, or JSON Lines.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::Value;

use super::document::{self, Reading};
use crate::domain::case::{Case, Outcome};
use crate::fields::{Mistake, Tree};

/// A document that was refused.
#[derive(Debug)]
pub struct Refused {
    /// Which one: `case 3` of an array, `line 3` of JSON Lines.
    pub place: String,
    /// Its number there; none where it is the file as a whole.
    pub number: Option<u64>,
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
    /// The number of each in its array, or of its line.
    pub numbers: Vec<u64>,
    /// The rest.
    pub refused: Vec<Refused>,
}

/// Reads every document; one that is wrong is refused and the rest goes in.
#[must_use]
pub fn read(text: &str, reading: Reading) -> Caseload {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut caseload = Caseload::default();
    if text.trim_start().starts_with('[') {
        let mut number = 0;
        let read = each_in_array(text, |document| {
            number += 1;
            caseload.add(("case", number), document, reading);
        });
        if let Err(wrong) = read {
            // An array that breaks may have lost any of its cases: none goes in.
            caseload = Caseload::default();
            caseload.refuse("the file".to_owned(), None, &wrong);
        }
    } else if let Ok(document) = serde_json::from_str::<Tree>(text) {
        caseload.add(("case", 1), document, reading);
    } else {
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(document) => caseload.add(("line", number), document, reading),
                Err(wrong) => caseload.refuse(format!("line {number}"), Some(number), &wrong),
            }
        }
    }
    caseload
}

impl Caseload {
    fn add(&mut self, (place, number): (&str, u64), document: Tree, reading: Reading) {
        let Tree { value: document, repeated } = document;
        let read = if repeated.is_empty() { document::read(&document, reading) } else { Err(repeated) };
        match read {
            Ok(case) => {
                self.cases.push(case);
                self.numbers.push(number);
            }
            Err(mistakes) => {
                let reference = document.get("reference").and_then(Value::as_str).map(str::to_owned);
                self.refused.push(Refused { place: format!("{place} {number}"), number: Some(number), reference, mistakes });
            }
        }
    }

    fn refuse(&mut self, place: String, number: Option<u64>, wrong: &serde_json::Error) {
        let mistakes = vec![Mistake { pointer: String::new(), reason: not_json(wrong) }];
        self.refused.push(Refused { place, number, reference: None, mistakes });
    }
}

/// Hands on the items of a JSON array one by one, so that a long one is never held as a whole.
fn each_in_array(text: &str, take: impl FnMut(Tree)) -> Result<(), serde_json::Error> {
    struct Items<Take>(Take);

    impl<'de, Take: FnMut(Tree)> Visitor<'de> for Items<Take> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<Items: SeqAccess<'de>>(mut self, mut items: Items) -> Result<(), Items::Error> {
            while let Some(item) = items.next_element()? {
                (self.0)(item);
            }
            Ok(())
        }
    }

    let mut text = serde_json::Deserializer::from_str(text);
    text.deserialize_seq(Items(take))?;
    text.end()
}

/// Where the JSON breaks, without what stands there.
pub(super) fn not_json(wrong: &serde_json::Error) -> String {
    format!("is not JSON: it breaks at line {}, column {}", wrong.line(), wrong.column())
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
                number: None,
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
    fn a_field_that_is_given_twice_is_named() {
        let caseload = read(r#"[{"reference": "A", "team": "North", "team": "South"}]"#, AS_OF);
        assert_eq!(caseload.cases.len(), 0);
        assert_eq!(caseload.refused[0].mistakes[0].pointer, "/team");
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
