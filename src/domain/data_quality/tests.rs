use super::*;
use crate::domain::rules::case;

fn day(text: &str) -> Date {
    text.parse().expect("a date in a test table")
}

/// What is asked on 15 June 2026: kind and field, and since when.
fn asked_of(facts: &str, last_change: &str, sources: &[SourceWord]) -> String {
    let mut case = case(facts);
    case.team = Some("north".to_owned());
    let record = Record { case: &case, last_change_on: Some(day(last_change)), sources };
    in_words(&questions(&record, &Policy::default(), day("2026-06-15")))
}

fn in_words(questions: &[Question]) -> String {
    let words = |question: &Question| {
        let since = question.since_on.map_or_else(String::new, |since| format!(" since {since}"));
        let field = if question.field.is_empty() { String::new() } else { format!(" {}", question.field) };
        format!("{}{field}{since}", question.kind)
    };
    questions.iter().map(words).collect::<Vec<_>>().join("; ")
}

#[rstest::rstest]
#[case::nothing("start 2026-06-01; child A born 2020-01-05", "")]
#[case::no_child("start 2026-06-01", "missing children")]
#[case::not_started("recorded 2026-06-01", "missing started_on since 2026-06-01")]
#[case::no_outcome("start 2026-06-01; child A born 2020-01-05; decision 2026-06-10", "missing outcome since 2026-06-10")]
#[case::a_birth_is_not_given_away("start 2026-06-01; child A expected 2026-06-08", "missing birth")]
#[case::a_child_without_dates_is_so_from_the_start("start 2026-06-01; child A", "missing children since 2026-06-01")]
#[case::offer_not_known("start 2026-06-01; child A born 2020-01-05; letter 2026-06-05", "missing fgdm_offered")]
#[case::offer_known("start 2026-06-01; child A born 2020-01-05; letter 2026-06-05; fgdm offered", "")]
#[case::letter_before_the_start(
    "start 2026-06-01; child A born 2020-01-05; letter 2026-05-29; fgdm offered",
    "contradictory lbp_sent_on since 2026-06-01"
)]
#[case::issued_without_a_decision("start 2026-06-01; court 2026-06-08", "missing step_decision_on since 2026-06-08")]
#[case::concluded("start 2026-06-01; closed 2026-06-08", "")]
fn the_rules_and_what_a_good_record_has_are_asked_for(#[case] facts: &str, #[case] expected: &str) {
    assert_eq!(asked_of(facts, "2026-06-10", &[]), expected);
}

#[rstest::rstest]
#[case::four_weeks("start 2026-01-05; child A born 2020-01-05", "2026-05-18", "")]
#[case::a_day_more("start 2026-01-05; child A born 2020-01-05", "2026-05-17", "stale since 2026-05-17")]
#[case::just_started("start 2026-06-01; child A born 2020-01-05", "2026-01-05", "")]
#[case::not_started("start 2026-07-01; child A born 2020-01-05", "2026-01-05", "")]
#[case::closed("start 2026-01-05; closed 2026-02-02", "2026-02-02", "")]
fn a_case_is_stale_where_nobody_has_written_for_too_long(
    #[case] facts: &str,
    #[case] last_change: &str,
    #[case] expected: &str,
) {
    assert_eq!(asked_of(facts, last_change, &[]), expected);
}

fn conflicting() -> SourceWord {
    SourceWord { name: "north".to_owned(), conflicts: vec!["meetings 2".to_owned()], ..SourceWord::default() }
}

#[rstest::rstest]
#[case::agrees(SourceWord::default(), "")]
#[case::conflict(conflicting(), "contradictory meetings 2")]
#[case::derived(
    SourceWord { derived: vec![("started_on".to_owned(), "how".to_owned(), day("2026-06-02"))], ..SourceWord::default() },
    "derived started_on since 2026-06-02"
)]
#[case::vanished(SourceWord { vanished_on: Some(day("2026-06-12")), ..conflicting() }, "vanished since 2026-06-12")]
fn sources_are_held_against_the_record(#[case] source: SourceWord, #[case] expected: &str) {
    assert_eq!(asked_of("start 2026-06-01; child A born 2020-01-05", "2026-06-10", std::slice::from_ref(&source)), expected);
    assert_eq!(asked_of("start 2026-06-01; closed 2026-06-08", "2026-06-10", &[source]), "", "it is concluded");
}

#[test]
fn a_question_says_where_to_put_it_right() {
    let case = case("start 2026-06-01; child A born 2020-01-05");
    let vanished = SourceWord { name: "old".to_owned(), vanished_on: Some(day("2026-06-12")), ..SourceWord::default() };
    let record = Record { case: &case, last_change_on: None, sources: &[vanished, conflicting()] };
    let questions = questions(&record, &Policy::default(), day("2026-06-15"));
    let fixes: Vec<&str> = questions.iter().map(|question| question.fix.as_str()).collect();
    let expected = [
        "Record which team has the case, in the source north",
        "Correct the source north, or what is recorded",
        "Bring it back into the source old, or record that it is concluded",
    ];
    assert_eq!(fixes, expected);
}

#[test]
fn totals_count_questions_by_their_kind_and_cases_once() {
    let case = case("start 2026-01-05; letter 2026-01-01");
    let record = Record { case: &case, last_change_on: None, sources: &[] };
    let questions = questions(&record, &Policy::default(), day("2026-06-15"));
    let mut totals = TeamTotals::none(None);
    totals.add(&questions);
    totals.add(&[]);
    assert_eq!((totals.cases, totals.cases_with_questions), (2, 1));
    assert_eq!(totals.by_kind, [3, 1, 0, 1, 0], "{}", in_words(&questions));
}
