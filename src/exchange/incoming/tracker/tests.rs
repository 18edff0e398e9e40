use jiff::civil::date;
use serde_json::json;

use super::*;
use crate::exchange::incoming::{Missing, Said, columns, mapping};

const TODAY: Date = date(2026, 6, 15);

/// What the sheets say, by the names of their files: what is offered of each case, and every line.
fn read_all(files: &[(&str, &str)], mapping: &str) -> (Vec<Said>, Vec<String>) {
    let mapping = mapping::read(mapping).expect("the mapping is right");
    let mut tracker = Tracker::default();
    for (name, text) in files {
        let sheet =
            Sheet::separated(&(*name).into(), text.as_bytes().to_vec(), mapping.header_row.unwrap_or(1)).expect("a sheet");
        match columns::list(name.trim_end_matches(".csv")) {
            Some(list) => tracker.lists.push((list, sheet)),
            None => tracker.main.push(sheet),
        }
    }
    let (mut said, mut lines) = (Vec::new(), Vec::new());
    match read(&tracker, &mapping, TODAY) {
        Ok(incoming) => {
            lines.extend(incoming.lines.iter().map(Line::to_string));
            for offered in incoming.cases {
                match offered {
                    Offered::Case(case, left_out) => {
                        said.push(*case);
                        lines.extend(left_out.iter().map(Line::to_string));
                    }
                    Offered::Refused(refused) => lines.extend(refused.iter().map(Line::to_string)),
                }
            }
        }
        Err(refused) => lines.extend(refused.iter().map(Line::to_string)),
    }
    (said, lines)
}

#[test]
fn a_row_is_a_case_and_only_its_columns_have_a_word() {
    let (said, lines) =
        read_all(&[("t.csv", "reference,started_on,fgdm_offered,outcome\nA,05/01/2026,yes,\nB,,,Step down\n")], "");
    assert_eq!(lines, Vec::<String>::new());
    let facts: Vec<Value> = said.into_iter().map(|said| Value::Object(said.facts)).collect();
    assert_eq!(
        facts,
        [
            json!({"reference": "A", "started_on": "2026-01-05", "fgdm_offered": true, "outcome": null}),
            json!({"reference": "B", "started_on": null, "fgdm_offered": null, "outcome": "step_down"}),
        ]
    );
}

#[test]
fn a_row_with_a_mistake_is_named_by_file_row_column_and_reason_and_the_rest_goes_in() {
    let text = "reference,started_on,outcome\nA,31/02/2026,\nB,05/01/2026,gone\nC,05/01/2026,\n,05/01/2026,\nD,2027-01-05,\n";
    let (said, lines) = read_all(&[("t.csv", text)], "");
    assert_eq!(said.iter().map(|said| said.reference.as_str()).collect::<Vec<_>>(), ["C"]);
    assert_eq!(
        lines,
        [
            "t.csv: row 5, column \"reference\": refused (missing_value): must be given: the reference of the case",
            "t.csv: row 2, column \"started_on\" (\"A\"): refused (bad_date): must be a day that exists",
            "t.csv: row 3, column \"outcome\" (\"B\"): refused (unknown_word): must be one of: issue, step_down, other; \
             other words for them go in the mapping",
            "t.csv: row 6, column \"started_on\" (\"D\"): refused (bad_fact): must not lie in the future: it says that something was done",
        ]
    );
}

#[test]
fn a_reference_that_several_rows_have_is_refused_in_all_of_them() {
    let files = [
        ("t.csv", "reference,team\nA,North\nB,South\nA,East\n"),
        ("oversight.csv", "reference,on,kind\nA,2026-01-05,panel_review\n"),
    ];
    let (said, lines) = read_all(&files, "");
    assert_eq!(said.len(), 1);
    assert_eq!(lines.iter().filter(|line| line.contains("repeated_reference")).count(), 2);
    assert!(lines[2].starts_with("oversight.csv: row 2 (\"A\"): refused (case_refused)"), "{lines:?}");
}

#[test]
fn lists_in_files_of_their_own_join_their_cases() {
    let files = [
        ("t.csv", "reference\nA\nB\n"),
        (
            "meetings.csv",
            "reference,kind,planned_on,held_on\nA,initial,,12/01/2026\nB,initial,20/01/2026,\nA,review,23/02/2026,\nC,review,23/02/2026,\n",
        ),
        ("children.csv", "reference,child_reference,date_of_birth\nA,A-1,2019-03-04\nA,A-1,2019-03-04\n"),
    ];
    let (said, lines) = read_all(&files, "");
    assert_eq!(
        said[0].facts["meetings"].clone(),
        json!([
            {"sequence": 1, "kind": "initial", "planned_on": null, "held_on": "2026-01-12"},
            {"sequence": 2, "kind": "review", "planned_on": "2026-02-23", "held_on": null},
        ])
    );
    assert_eq!(said[0].missing, BTreeMap::from([("meetings", Missing::Uncounted), ("children", Missing::Unknown)]));
    assert_eq!(said[2].reference, "C");
    assert!(!said[2].is_whole, "no main sheet has it");
    assert_eq!(
        lines,
        [
            "children.csv: row 3, column \"child_reference\" (\"A\"): refused (bad_fact): is given to another child of the case already"
        ]
    );
}

#[test]
fn a_wrong_row_of_a_list_is_left_out_and_its_case_goes_in() {
    let files = [
        ("t.csv", "reference\nA\n"),
        (
            "meetings.csv",
            "reference,sequence,kind,planned_on,held_on\nA,1,initial,,12/13/2026\nA,2,review,,\nA,3,review,2026-07-01,\n",
        ),
    ];
    let (said, lines) = read_all(&files, "");
    assert_eq!(said[0].facts["meetings"].as_array().map(Vec::len), Some(1));
    assert_eq!(said[0].missing["meetings"], Missing::Unknown);
    assert_eq!(
        lines,
        [
            "meetings.csv: row 2, column \"held_on\" (\"A\"): refused (bad_date): must be a day that exists",
            "meetings.csv: row 3, column \"planned_on\" (\"A\"): refused (missing_value): must be given, unless held_on is",
        ]
    );
}

#[test]
fn a_row_that_is_refused_keeps_its_number_and_so_do_those_after_it() {
    let meetings = "reference,kind,planned_on\nA,initial,2026-01-20\nA,review,soon\nA,review,2026-07-01\n";
    let (said, _) = read_all(&[("t.csv", "reference\nA\n"), ("meetings.csv", meetings)], "");
    let numbers: Vec<&Value> =
        said[0].facts["meetings"].as_array().expect("a list").iter().map(|entry| &entry["sequence"]).collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(said[0].missing["meetings"], Missing::Unknown);
}

#[rstest::rstest]
#[case("started_on\n2026-01-05\n", "column \"reference\": refused (missing_column)")]
#[case("reference,Notes\nA,hello\n", "column \"Notes\": refused (unknown_column)")]
#[case("reference,lpb_sent_on\nA,2026-01-05\n", "column \"lpb_sent_on\": refused (unknown_column)")]
fn a_header_that_is_not_understood_refuses_the_file(#[case] text: &str, #[case] expected: &str) {
    let (said, lines) = read_all(&[("t.csv", text)], "");
    assert_eq!(said.len(), 0);
    assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
}

const WIDE: &str = r#"
    header_row = 2
    blank = ["TBC"]
    ignore = ["Notes"]
    [columns]
    "Ref" = "reference"
    "PLO start" = "started_on"
    [[entries]]
    list = "meetings"
    set = { kind = "initial" }
    columns = { "IM planned" = "planned_on", "IM held" = "held_on" }
    [[entries]]
    list = "meetings"
    first_sequence = 2
    up_to = 9
    set = { kind = "review" }
    columns = { "Review {n} planned" = "planned_on", "Review {n} held" = "held_on" }
    [[entries]]
    list = "extensions"
    up_to = 3
    set = { decision = "approved" }
    columns = { "Ext {n} agreed" = ["requested_on", "decided_on"], "Ext {n} to" = "new_end_on" }
"#;

#[test]
fn a_wide_sheet_says_lists_in_its_columns() {
    let text = "Tracker of the North,,,,,,,,,\n\
        ref,PLO start,IM planned,IM held,Review 1 planned,Review 1 held,Review 2 planned,Review 2 held,Ext 1 agreed,Ext 1 to,Notes\n\
        A,05/01/2026,,20/01/2026,24/02/2026,25/02/2026,TBC,,01/04/2026,01/06/2026,a word\n\
        B,05/01/2026,,,,,,,01/04/2026,,\n";
    let (said, lines) = read_all(&[("wide.csv", text)], WIDE);
    assert_eq!(said.len(), 1);
    assert_eq!(
        Value::Object(said[0].facts.clone()),
        json!({
            "reference": "A", "started_on": "2026-01-05",
            "meetings": [
                {"sequence": 1, "kind": "initial", "planned_on": null, "held_on": "2026-01-20"},
                {"sequence": 2, "kind": "review", "planned_on": "2026-02-24", "held_on": "2026-02-25"},
            ],
            "extensions": [
                {"sequence": 1, "decision": "approved", "requested_on": "2026-04-01", "decided_on": "2026-04-01", "new_end_on": "2026-06-01"},
            ],
        })
    );
    assert_eq!(said[0].missing, BTreeMap::new(), "a cell that was emptied takes its entry back");
    assert_eq!(
        lines,
        ["wide.csv: row 4, column \"Ext 1 to\" (\"B\"): refused (missing_value): must be given where the decision is approved"]
    );
}

#[test]
fn a_column_of_the_mapping_that_is_not_there_is_named() {
    let (_, lines) = read_all(&[("wide.csv", "x\nRef,Review 1 planned,Ext 2 to\n")], WIDE);
    let missing: Vec<&str> = lines.iter().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(missing, ["PLO start", "IM held", "IM planned", "Review 1 held", "Ext 1 agreed", "Ext 1 to", "Ext 2 agreed"]);
}

#[test]
fn rows_of_children_with_one_reference_are_one_case() {
    let mapping = "rows = \"children\"\n[columns]\nCase = \"reference\"\nChild = \"children.reference\"\nBorn = \"children.date_of_birth\"";
    let text = "Case,Child,Born,team,started_on\nA,A-1,2019-03-04,North,2026-01-05\nB,B-1,,South,\nA,A-2,2021-03-04,,2026-01-05\nB,B-2,,East,\n";
    let (said, lines) = read_all(&[("t.csv", text)], mapping);
    assert_eq!(said.len(), 1);
    assert_eq!(
        Value::Object(said[0].facts.clone()),
        json!({
            "reference": "A", "team": "North", "started_on": "2026-01-05",
            "children": [{"reference": "A-1", "date_of_birth": "2019-03-04"}, {"reference": "A-2", "date_of_birth": "2021-03-04"}],
        })
    );
    assert_eq!(said[0].rows.len(), 2);
    assert_eq!(
        lines,
        [
            "t.csv: row 5, column \"team\" (\"B\"): refused (rows_disagree): says something else than row 3, which is of the same case: make them agree",
            "t.csv: row 3 (\"B\"): refused (case_refused): another row of its case was refused, so this was not taken either",
        ]
    );
}
