use serde_json::json;

use super::*;

fn facts(value: Value) -> Map<String, Value> {
    if let Value::Object(facts) = value { facts } else { panic!("facts are an object") }
}

fn said(value: Value) -> Said {
    Said { reference: "A".into(), facts: facts(value), ..Said::default() }
}

fn last(value: Value) -> LastSaid {
    LastSaid { facts: facts(value), ..LastSaid::default() }
}

/// What becomes of a date, by what was said last, is recorded and is said now.
#[rstest::rstest]
#[case::new(json!(null), None, json!("x"), "x")]
#[case::the_same("x".into(), Some("x".into()), json!("x"), "x")]
#[case::corrected_by_the_source(json!("x"), Some(json!("x")), json!("y"), "y")]
#[case::taken_back_by_the_source(json!("x"), Some(json!("x")), json!(null), "")]
#[case::recorded_by_a_person_since(json!("p"), Some(json!("x")), json!("x"), "p?")]
#[case::recorded_by_a_person_while_the_source_was_corrected(json!("p"), Some(json!("x")), json!("y"), "p?")]
#[case::recorded_by_a_person_and_corrected_alike(json!("y"), Some(json!("x")), json!("y"), "y")]
#[case::recorded_by_a_person_before_the_first_import(json!("p"), None, json!("x"), "p?")]
#[case::filled_in_by_a_person(json!("p"), Some(json!(null)), json!(null), "p")]
#[case::filled_in_by_both(json!("p"), Some(json!(null)), json!("x"), "p?")]
#[case::taken_out_by_a_person(json!(null), Some(json!("x")), json!("x"), "?")]
#[case::taken_out_by_a_person_while_the_source_was_corrected(json!(null), Some(json!("x")), json!("y"), "?")]
#[case::never_known(json!(null), Some(json!(null)), json!(null), "")]
fn a_source_changes_only_what_stands_as_it_said(
    #[case] stored: Value,
    #[case] before: Option<Value>,
    #[case] now: Value,
    #[case] expected: &str,
) {
    let before = before.map_or_else(LastSaid::default, |before| last(json!({"started_on": before})));
    let merged = merge(&said(json!({"started_on": now})), &before, Some(&json!({"started_on": stored})), &[]);
    let value = merged.document["started_on"].as_str().unwrap_or_default();
    let mark = if merged.queries.is_empty() { "" } else { "?" };
    assert_eq!(format!("{value}{mark}"), expected);
    assert_eq!(merged.last.facts["started_on"], now, "the next import compares with what is said now");
}

/// The same where what is said was worked out.
#[rstest::rstest]
#[case::new(json!(null), None, "x~")]
#[case::moved(json!("w"), Some("w"), "x~")]
#[case::a_person_has_recorded_another(json!("p"), Some("w"), "p?")]
#[case::a_person_had_recorded_another_before(json!("p"), None, "p?")]
#[case::a_person_has_recorded_the_same(json!("x"), None, "x")]
fn what_was_worked_out_never_replaces_what_was_said(
    #[case] stored: Value,
    #[case] before: Option<&str>,
    #[case] expected: &str,
) {
    let mut now = said(json!({"started_on": "x"}));
    now.derived.insert("started_on".into(), "how".into());
    let before = before.map_or_else(LastSaid::default, |before| LastSaid {
        derived: now.derived.clone(),
        ..last(json!({"started_on": before}))
    });
    let merged = merge(&now, &before, Some(&json!({"started_on": stored})), &[]);
    let marks: String = merged.queries.iter().map(|query| if query.code == Code::Derived { '~' } else { '?' }).collect();
    assert_eq!(format!("{}{marks}", merged.document["started_on"].as_str().unwrap_or_default()), expected);
}

#[test]
fn what_was_said_replaces_what_was_worked_out_and_not_the_other_way_round() {
    let stored = json!({"started_on": "w"});
    let mut before = last(json!({"started_on": "w"}));
    before.derived.insert("started_on".into(), "how".into());
    let merged = merge(&said(json!({"started_on": "x"})), &before, Some(&stored), &[]);
    assert_eq!((merged.document["started_on"].as_str(), merged.queries.len()), (Some("x"), 0));
    assert_eq!(merged.last.derived, BTreeMap::new());
    let by_another_source = [("started_on".to_owned(), json!("w"))];
    let merged = merge(&said(json!({"started_on": "x"})), &LastSaid::default(), Some(&stored), &by_another_source);
    assert_eq!((merged.document["started_on"].as_str(), merged.queries.len()), (Some("x"), 0));
    // The source said the day, and now only one that stands in for it.
    let mut derived = said(json!({"started_on": "y"}));
    derived.derived.insert("started_on".into(), "how".into());
    let merged = merge(&derived, &last(json!({"started_on": "w"})), Some(&stored), &[]);
    assert_eq!((merged.document["started_on"].as_str(), merged.queries.len()), (Some("w"), 1));
}

#[test]
fn columns_that_a_file_has_not_change_nothing() {
    let stored = json!({"reference": "A", "started_on": "x", "team": "North", "meetings": [{"sequence": 1}]});
    let before = last(json!({"started_on": "x", "team": "North"}));
    let merged = merge(&said(json!({"reference": "A", "started_on": "y"})), &before, Some(&stored), &[]);
    assert_eq!(merged.document, json!({"reference": "A", "started_on": "y", "team": "North", "meetings": [{"sequence": 1}]}));
    assert_eq!(merged.last.facts["team"], "North");
}

#[rstest::rstest]
#[case::becomes_restricted(false, None, true, true)]
#[case::is_not_opened_by_a_second_source(true, None, false, true)]
#[case::only_a_person_opens_it(true, Some(true), false, true)]
#[case::a_person_has_restricted_it(true, Some(false), false, true)]
fn doubt_restricts_a_case(#[case] stored: bool, #[case] before: Option<bool>, #[case] now: bool, #[case] expected: bool) {
    let before = before.map_or_else(LastSaid::default, |before| last(json!({"restricted": before})));
    let merged = merge(&said(json!({"restricted": now})), &before, Some(&json!({"restricted": stored})), &[]);
    assert_eq!(merged.document["restricted"], expected);
}

#[test]
fn the_day_of_record_never_moves_later() {
    for (stored, now, expected) in [("2026-01-05", "2026-01-06", "2026-01-05"), ("2026-01-06", "2026-01-05", "2026-01-05")] {
        let merged =
            merge(&said(json!({"recorded_on": now})), &LastSaid::default(), Some(&json!({"recorded_on": stored})), &[]);
        assert_eq!((merged.document["recorded_on"].as_str(), merged.queries.len()), (Some(expected), 0));
    }
}

/// Meetings, each as its number and the letter of the day on which it is planned; a question mark for each query.
fn meetings(text: &str) -> Value {
    let meeting = |word: &str| {
        let (sequence, planned) = word.split_at(1);
        json!({"sequence": sequence.parse::<u32>().expect("a number"), "planned_on": planned})
    };
    text.split_whitespace().map(meeting).collect()
}

#[rstest::rstest]
#[case::added("1a", "1a", "1a 2b", Missing::Removed, "1a 2b")]
#[case::changed("1a", "1a", "1b", Missing::Removed, "1b")]
#[case::removed("1a 2b", "1a 2b", "1a", Missing::Removed, "1a")]
#[case::vanished("1a 2b", "1a 2b", "1a", Missing::Vanished, "1a 2b ?")]
#[case::perhaps_refused("1a 2b", "1a 2b", "1a", Missing::Unknown, "1a 2b")]
#[case::one_of_three_gone("1a 2b 3c", "1a 2b 3c", "1a 2c", Missing::Uncounted, "1a 2b 3c ?")]
#[case::one_put_in_between("1a 2c", "1a 2c", "1a 2b 3c", Missing::Uncounted, "1a 2b 3c")]
#[case::recorded_by_a_person("1a 2p", "1a", "1a", Missing::Removed, "1a 2p")]
#[case::changed_by_a_person("1p", "1a", "1a", Missing::Removed, "1p ?")]
#[case::changed_by_a_person_and_removed("1p", "1a", "", Missing::Removed, "1p ?")]
#[case::the_number_is_taken("1a 2p", "1a", "1a 2b", Missing::Removed, "1a 2p ?")]
#[case::taken_out_by_a_person("", "1a", "1a", Missing::Removed, "?")]
#[case::the_first_time("1p", "", "1a 2b", Missing::Removed, "1p 2b ?")]
fn numbered_entries_are_merged_one_by_one(
    #[case] stored: &str,
    #[case] before: &str,
    #[case] now: &str,
    #[case] missing: Missing,
    #[case] expected: &str,
) {
    let mut now = said(json!({"meetings": meetings(now)}));
    now.missing.insert("meetings", missing);
    let merged = merge(&now, &last(json!({"meetings": meetings(before)})), Some(&json!({"meetings": meetings(stored)})), &[]);
    let mut told: Vec<String> = merged.document["meetings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| format!("{}{}", entry["sequence"], entry["planned_on"].as_str().unwrap_or_default()))
        .collect();
    told.extend(merged.queries.iter().map(|_| "?".to_owned()));
    assert_eq!(told.join(" "), expected);
}

#[test]
fn an_entry_is_taken_as_a_whole_or_not_at_all() {
    let stored = json!({"meetings": [{"sequence": 1, "kind": "final_review", "planned_on": "p", "held_on": null}]});
    let now = said(json!({"meetings": [{"sequence": 1, "kind": "review", "held_on": "x"}]}));
    let merged = merge(&now, &LastSaid::default(), Some(&stored), &[]);
    assert_eq!((merged.document, merged.queries.len()), (stored, 1));
}

fn allocations(letters: &str) -> Value {
    letters.chars().map(|letter| json!({"from_on": "2026-01-05", "worker": letter.to_string()})).collect()
}

#[rstest::rstest]
#[case::added("a", "a", "ab", Missing::Removed, "ab")]
#[case::added_in_front("b", "b", "ab", Missing::Removed, "ab")]
#[case::removed("ab", "ab", "b", Missing::Removed, "b")]
#[case::one_of_two_alike_removed("aa", "aa", "a", Missing::Removed, "a")]
#[case::vanished("ab", "ab", "b", Missing::Vanished, "ab?")]
#[case::perhaps_refused("ab", "ab", "b", Missing::Unknown, "ab")]
#[case::recorded_by_a_person("ap", "a", "ab", Missing::Removed, "apb")]
#[case::recorded_by_a_person_and_said("ab", "a", "ab", Missing::Removed, "ab")]
#[case::taken_out_by_a_person("a", "ab", "ab", Missing::Removed, "a?")]
#[case::the_first_time("p", "", "ab", Missing::Removed, "pab")]
#[case::the_first_time_said_already("b", "", "ab", Missing::Removed, "ab")]
fn entries_without_a_number_are_told_apart_by_all_that_they_say(
    #[case] stored: &str,
    #[case] before: &str,
    #[case] now: &str,
    #[case] missing: Missing,
    #[case] expected: &str,
) {
    let mut now = said(json!({"allocations": allocations(now)}));
    now.missing.insert("allocations", missing);
    let merged = merge(
        &now,
        &last(json!({"allocations": allocations(before)})),
        Some(&json!({"allocations": allocations(stored)})),
        &[],
    );
    let workers =
        merged.document["allocations"].as_array().expect("a list").iter().filter_map(|entry| entry["worker"].as_str());
    let marks = merged.queries.iter().map(|_| "?");
    assert_eq!(workers.chain(marks).collect::<String>(), expected);
}

#[test]
fn a_blank_flag_is_one_that_is_not_set() {
    let stored = json!({"oversight": [{"on": "2026-01-05", "kind": "panel_review", "rationale_recorded": false}]});
    let now = said(json!({"oversight": [{"on": "2026-01-05", "kind": "panel_review", "rationale_recorded": null}]}));
    let merged = merge(&now, &LastSaid::default(), Some(&stored), &[]);
    assert_eq!((merged.document, merged.queries.len()), (stored, 0));
}

#[test]
fn the_same_again_changes_nothing_and_asks_the_same() {
    let now = said(json!({"started_on": "x", "meetings": meetings("1a 2b"), "allocations": allocations("ab")}));
    let stored = json!({"started_on": "p", "meetings": meetings("1a 2p 3p"), "allocations": allocations("pa")});
    let first = merge(&now, &LastSaid::default(), Some(&stored), &[]);
    let second = merge(&now, &first.last, Some(&first.document), &[]);
    assert_eq!((&second.document, &second.last, &second.queries), (&first.document, &first.last, &first.queries));
    assert_eq!(differences(&first.last, &first.document), ["meetings 2", "started_on"]);
}
