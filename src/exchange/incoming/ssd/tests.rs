use std::fmt::Write as _;

use jiff::civil::date;
use serde_json::Value;

use super::super::{Offered, Said};
use super::rows::Column;
use super::*;

const TODAY: Date = date(2026, 6, 15);
const PRE_PROCEEDINGS: &str = include_str!("../../../../tests/fixtures/imports/ssd/ssd_pre_proceedings.csv");
const PERSON: &str = include_str!("../../../../tests/fixtures/imports/ssd/ssd_person.csv");

fn sheet(name: &str, text: &str) -> Sheet {
    Sheet::separated(&name.into(), text.into(), 1).expect("it is a sheet")
}

const COLUMNS: [Column; 11] = [
    Column::TableId,
    Column::Person,
    Column::Family,
    Column::Decision,
    Column::FirstMeeting,
    Column::Outcome,
    Column::StepDecision,
    Column::Gateway,
    Column::Letter,
    Column::LetterOfIssue,
    Column::ReviewMeetings,
];

/// An extract with rows that have a number, a child, a family and a decision date, unless they say something else, such as
/// `Family=F2; Decision=`.
fn extract(rows: &[&str]) -> Sheet {
    let header = PRE_PROCEEDINGS.lines().next().expect("a header").trim_end_matches(",ssd_flag");
    let mut text = header.to_owned();
    for (number, said) in rows.iter().enumerate() {
        let mut cells = vec![String::new(); 24];
        cells[Column::TableId as usize] = format!("T{number}");
        cells[Column::Person as usize] = format!("P{number}");
        cells[Column::Family as usize] = "F1".to_owned();
        cells[Column::Decision as usize] = "05/01/2026".to_owned();
        for (name, cell) in said.split("; ").filter_map(|said| said.split_once('=')) {
            let column = COLUMNS.into_iter().find(|column| format!("{column:?}") == name).expect("a column");
            cells[column as usize] = cell.to_owned();
        }
        write!(text, "\n{}", cells.join(",")).expect("a text takes it");
    }
    sheet("ssd_pre_proceedings.csv", &text)
}

struct Taken {
    cases: Vec<Said>,
    lines: Vec<Line>,
    references: HashSet<String>,
    tells_what_vanished: bool,
}

fn take(sheet: &Sheet, people: Option<&Sheet>, recorded: &[&str]) -> Taken {
    let recorded = recorded.iter().map(|&reference| reference.to_owned()).collect();
    let Incoming { cases, references, tells_what_vanished, lines, .. } =
        read(sheet, people, &recorded, TODAY).unwrap_or_else(|lines| panic!("columns are missing: {lines:?}"));
    let mut taken = Taken { cases: Vec::new(), lines, references, tells_what_vanished };
    for offered in cases {
        match offered {
            Offered::Case(said, lines) => {
                taken.cases.push(*said);
                taken.lines.extend(lines);
            }
            Offered::Refused(lines) => taken.lines.extend(lines),
        }
    }
    taken
}

impl Taken {
    fn names(&self) -> Vec<&str> {
        self.cases.iter().map(|said| said.reference.as_str()).collect()
    }

    /// Row and code of every line about a row.
    fn codes(&self) -> Vec<(u64, Code)> {
        self.lines.iter().filter_map(|line| Some((line.row?, line.code))).collect()
    }
}

#[test]
fn the_fixture_shows_every_trap() {
    let people = sheet("ssd_person.csv", PERSON);
    let taken = take(&sheet("ssd_pre_proceedings.csv", PRE_PROCEEDINGS), Some(&people), &[]);
    let mut shown = String::new();
    for said in &taken.cases {
        let rows: Vec<u64> = said.rows.iter().filter_map(|place| place.row).collect();
        let facts = Value::Object(said.facts.clone());
        let facts = serde_json::to_string_pretty(&facts).expect("it is JSON");
        let Said { derived, missing, is_whole, .. } = said;
        writeln!(shown, "{} rows {rows:?} derived {derived:?} missing {missing:?} whole {is_whole}\n{facts}\n", said.reference)
            .expect("a text takes it");
    }
    for line in &taken.lines {
        writeln!(shown, "{line}").expect("a text takes it");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn no_line_of_the_fixture_repeats_a_cell() {
    let people = sheet("ssd_person.csv", PERSON);
    let taken = take(&sheet("ssd_pre_proceedings.csv", PRE_PROCEEDINGS), Some(&people), &[]);
    for content in ["P2", "T1", "Withdrawn", "31/02", "13/13", "several", "2026-"] {
        assert!(taken.lines.iter().all(|line| !line.reason.contains(content)), "{content}");
    }
}

#[test]
fn every_missing_column_is_named_at_once() {
    let pre_proceedings = sheet("ssd_pre_proceedings.csv", "prep_table_id,prep_person_id\n1,2\n");
    let people = sheet("ssd_person.csv", "pers_person_id\n1\n");
    let refused = read(&pre_proceedings, Some(&people), &BTreeSet::new(), TODAY).err().expect("columns are missing");
    assert!(refused.iter().all(|line| line.code == Code::MissingColumn));
    let named: Vec<_> = refused.iter().filter_map(|line| line.column.as_deref()).collect();
    assert_eq!((named.len(), named[0], named[22]), (23, "prep_plo_family_id", "pers_dob"));
}

#[rstest::rstest]
#[case::one_decision(&["", ""], &["F1.2026-01-05"])]
#[case::two_families(&["", "Family=F2"], &["F1.2026-01-05", "F2.2026-01-05"])]
#[case::two_episodes(&["Decision=01/02/2025", ""], &["F1.2025-02-01", "F1.2026-01-05"])]
#[case::no_decision(&["Decision=; FirstMeeting=19/01/2026"], &["F1.2026-01-19"])]
#[case::no_family(&["Family=", "Family=NULL"], &["child-P0.2026-01-05", "child-P1.2026-01-05"])]
#[case::a_sibling_with_the_same_meeting_and_no_decision(
    &["Decision=; FirstMeeting=19/01/2026", "FirstMeeting=19/01/2026"],
    &["F1.2026-01-05"]
)]
#[case::a_sibling_with_the_meeting_of_two_episodes_and_no_decision(
    &[
        "FirstMeeting=19/01/2026",
        "Decision=06/01/2026; FirstMeeting=19/01/2026",
        "Decision=; FirstMeeting=19/01/2026",
    ],
    &["F1.2026-01-05", "F1.2026-01-06", "F1.2026-01-19"]
)]
fn siblings_with_the_same_start_are_one_case(#[case] rows: &[&str], #[case] expected: &[&str]) {
    assert_eq!(take(&extract(rows), None, &[]).names(), expected);
}

#[rstest::rstest]
#[case::nothing_is_recorded(&["FirstMeeting=19/01/2026"], &[], "F1.2026-01-05", 0)]
#[case::it_is_recorded(&["FirstMeeting=19/01/2026"], &["F1.2026-01-05", "F1.2025-01-05"], "F1.2026-01-05", 0)]
#[case::its_decision_date_was_filled_in(&["FirstMeeting=19/01/2026"], &["F1.2026-01-19"], "F1.2026-01-19", 0)]
#[case::its_child_was_put_into_a_family(&["FirstMeeting=19/01/2026"], &["child-P0.2026-01-05"], "child-P0.2026-01-05", 0)]
#[case::both_at_once(&["FirstMeeting=19/01/2026"], &["child-P0.2026-01-19"], "child-P0.2026-01-19", 0)]
#[case::two_children_were_put_into_a_family(&["", ""], &["child-P0.2026-01-05", "child-P1.2026-01-05"], "child-P0.2026-01-05", 1)]
#[case::its_start_was_corrected(&["FirstMeeting=19/01/2026"], &["F1.2026-01-07"], "F1.2026-01-05", 1)]
#[case::the_other_is_in_the_extract(&["FirstMeeting=19/01/2026", "Decision=07/01/2026"], &["F1.2026-01-07"], "F1.2026-01-05", 0)]
#[case::others_are_recorded(&["FirstMeeting=19/01/2026"], &["F10.2026-01-19", "child-P9.2026-01-19"], "F1.2026-01-05", 0)]
fn a_case_keeps_its_reference(#[case] rows: &[&str], #[case] recorded: &[&str], #[case] expected: &str, #[case] asked: usize) {
    let taken = take(&extract(rows), None, recorded);
    assert_eq!(taken.names()[0], expected);
    assert_eq!(taken.lines.iter().filter(|line| line.code == Code::MayBeRepeated).count(), asked, "{:?}", taken.lines);
}

#[test]
fn two_cases_never_take_one_reference() {
    let rows: &[&str] = &["Family=child-P1", "Family="];
    let taken = take(&extract(rows), None, &[]);
    assert_eq!((taken.names().len(), taken.codes()), (1, vec![(3, Code::RepeatedReference)]));
}

#[rstest::rstest]
#[case::letters(Column::Letter, "06/01/2026", "07/01/2026", false)]
#[case::the_same_in_another_spelling(Column::Letter, "06/01/2026", "2026-01-06 00:00:00", true)]
#[case::a_letter_and_none(Column::Letter, "06/01/2026", "", true)]
#[case::meetings(Column::FirstMeeting, "06/01/2026", "07/01/2026", false)]
#[case::outcomes(Column::Outcome, "Decision to step down", "Decision to issue care proceedings", false)]
#[case::ends(Column::StepDecision, "06/04/2026", "07/04/2026", false)]
fn rows_that_disagree_are_refused_with_their_case(
    #[case] column: Column,
    #[case] first: &str,
    #[case] second: &str,
    #[case] is_taken: bool,
) {
    let [first, second] = [first, second].map(|cell| format!("{column:?}={cell}"));
    let taken = take(&extract(&[first.as_str(), second.as_str(), ""]), None, &[]);
    assert_eq!(taken.cases.len(), usize::from(is_taken));
    if !is_taken {
        let mut refused = taken.codes();
        refused.retain(|(_, code)| *code != Code::MayBeRepeated);
        let disagree: Vec<_> = taken.lines.iter().filter(|line| line.column.as_deref() == Some(column.name())).collect();
        assert!(disagree.iter().filter(|line| line.code == Code::RowsDisagree).count() >= 2, "{refused:?}");
        assert!(refused.contains(&(4, Code::CaseRefused)), "{refused:?}");
    }
    assert!(taken.references.contains("F1.2026-01-05"));
}

#[test]
fn a_case_does_not_end_while_it_goes_on_for_a_sibling() {
    let ended: &str = "Outcome=Decision to step down; StepDecision=06/04/2026";
    let taken = take(&extract(&[ended, ""]), None, &[]);
    assert!(!taken.cases[0].facts.contains_key("outcome") && !taken.cases[0].facts.contains_key("step_decision_on"));
    assert_eq!(taken.codes(), [(3, Code::RowsDisagree), (3, Code::RowsDisagree)]);
    let taken = take(&extract(&[ended, ended]), None, &[]);
    assert_eq!((&taken.cases[0].facts["outcome"], taken.codes()), (&Value::from("step_down"), vec![]));
}

#[test]
fn a_start_that_the_first_meeting_stands_in_for_is_derived_and_no_meeting() {
    let taken = take(&extract(&["Decision=; FirstMeeting=19/01/2026"]), None, &[]);
    let said = &taken.cases[0];
    assert_eq!(said.facts["started_on"], "2026-01-19");
    assert!(said.derived.contains_key("started_on") && !said.facts.contains_key("meetings"));
    assert!(taken.lines.iter().any(|line| line.code == Code::Derived && line.row.is_none()));
    let taken = take(&extract(&["FirstMeeting=19/01/2026"]), None, &[]);
    assert_eq!(taken.cases[0].facts["meetings"][0]["held_on"], "2026-01-19");
    assert!(taken.cases[0].derived.is_empty() && !taken.cases[0].facts.contains_key("closed_on"));
}

#[rstest::rstest]
#[case::a_future_letter("Letter=16/06/2026", Code::BadDate, true, true)]
#[case::a_future_start("Decision=16/06/2026", Code::BadDate, false, true)]
#[case::an_american_date("Letter=01/13/2026", Code::BadDate, true, true)]
#[case::a_time("Decision=2026-01-05 09:30:00", Code::BadDate, false, true)]
#[case::an_unknown_outcome("Outcome=Withdrawn", Code::UnknownWord, true, true)]
#[case::an_unknown_gateway("Gateway=E", Code::UnknownWord, true, true)]
#[case::no_number("TableId=", Code::MissingValue, true, true)]
#[case::no_child("Person=NULL", Code::MissingValue, true, true)]
#[case::no_dates("Decision=", Code::MissingValue, false, true)]
#[case::a_family_that_is_no_text("Family=F\u{200b}1", Code::BadText, false, false)]
#[case::a_count_that_is_none("ReviewMeetings=-1", Code::BadNumber, true, true)]
fn a_row_that_is_wrong_is_refused_and_its_case_has_not_vanished(
    #[case] row: &str,
    #[case] code: Code,
    #[case] is_placed: bool,
    #[case] tells_what_vanished: bool,
) {
    let taken = take(&extract(&[row]), None, &["F1.2025-01-05", "F1.2026-01-05"]);
    assert_eq!((taken.cases.len(), taken.codes()), (0, vec![(2, code)]));
    assert_eq!(taken.tells_what_vanished, tells_what_vanished);
    assert_eq!(taken.references.contains("F1.2026-01-05"), tells_what_vanished);
    assert_eq!(taken.references.contains("F1.2025-01-05"), !is_placed && tells_what_vanished);
}

#[rstest::rstest]
#[case::placed("Letter=none")]
#[case::not_placed("Decision=none")]
fn a_child_whose_row_is_refused_has_not_vanished(#[case] row: &str) {
    let taken = take(&extract(&[row, ""]), None, &[]);
    assert_eq!(taken.cases[0].missing["children"], super::super::Missing::Unknown);
}

#[rstest::rstest]
#[case::born("2020-05-04,", "[2020-05-04, null]", None)]
#[case::not_born_yet("NULL,2026-08-01", "[null, 2026-08-01]", None)]
#[case::born_since("04/03/2026,01/03/2026", "[2026-03-04, 2026-03-01]", None)]
#[case::nothing("1900-01-01,SSD_PH", "[null, null]", None)]
#[case::a_birth_in_the_future("2026-08-01,", "[-, null]", Some(Code::BadDate))]
#[case::no_date("soon,2026-08-01", "[-, 2026-08-01]", Some(Code::BadDate))]
#[case::an_estimated_birth("NULL,2017-01-01", "[null, -]", Some(Code::BadFact))]
#[case::overdue_at_the_start("NULL,2025-12-20", "[null, 2025-12-20]", None)]
fn a_child_has_the_dates_of_its_person(#[case] cells: &str, #[case] expected: &str, #[case] code: Option<Code>) {
    let people = sheet("ssd_person.csv", &format!("pers_person_id,pers_dob,pers_expected_dob\nP0,{cells}\nP9,,\n"));
    let taken = take(&extract(&[""]), Some(&people), &[]);
    let child = &taken.cases[0].facts["children"][0];
    let day = |field| child.get(field).map_or("-".to_owned(), |day| day.as_str().unwrap_or("null").to_owned());
    assert_eq!(format!("[{}, {}]", day("date_of_birth"), day("expected_delivery_on")), expected);
    assert_eq!(taken.lines.iter().map(|line| line.code).next(), code);
}

#[test]
fn a_child_that_is_not_among_the_people_is_taken_and_asked_about() {
    let people = sheet("ssd_person.csv", "pers_person_id,pers_dob\nP0,04/05/2020\nP0,05/05/2020\n");
    let taken = take(&extract(&["", ""]), Some(&people), &[]);
    assert_eq!(taken.cases[0].facts["children"], serde_json::json!([{"reference": "P0"}, {"reference": "P1"}]));
    assert_eq!(taken.codes(), [(2, Code::RowsDisagree), (3, Code::MissingValue)]);
}
