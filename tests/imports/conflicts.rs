//! Who wins: a source, what it said before, or whoever recorded something else in between.

use plo_drift::store::tokens::Scope;

use crate::place::{Place, lines};

const TRACKER: &str = "reference,team,started_on,lbp_sent_on\nA,North,2026-01-05,2026-01-09\nB,South,2026-02-02,\n";
const MEETINGS: &str = "reference,sequence,kind,held_on\nA,1,initial,2026-01-20\nA,2,review,2026-02-24\n";
const ALLOCATIONS: &str = "reference,from_on,worker\nA,2026-01-05,W1\nA,2026-02-05,W2\n";
const FILES: &[(&str, &str)] = &[("t.csv", TRACKER), ("meetings", MEETINGS), ("allocations", ALLOCATIONS)];

#[tokio::test]
async fn the_same_import_again_changes_nothing() {
    let place = Place::new().await;
    let first = place.import(FILES).await;
    assert_eq!((first.cases.new, first.rows.taken, first.lines.len()), (2, 6, 0), "{:?}", lines(&first));
    let after_one = place.everything().await;
    let second = place.import(FILES).await;
    assert_eq!((second.cases.unchanged, second.rows.taken, second.lines.len()), (2, 6, 0), "{:?}", lines(&second));
    assert_eq!(place.everything().await, after_one);
    place.database.close().await;
}

#[tokio::test]
async fn a_dry_run_reports_the_same_and_changes_nothing() {
    let mut place = Place::new().await;
    place.import(FILES).await;
    let before = place.everything().await;
    let changed: &[(&str, &str)] = &[("t.csv", "reference,started_on\nA,2026-01-06\nC,2026-02-30\nD,2026-03-02\n")];
    place.is_dry_run = true;
    let mut tried = place.import(changed).await;
    assert_eq!(place.everything().await, before);
    place.is_dry_run = false;
    let done = place.import(changed).await;
    tried.dry_run = false;
    assert_eq!(tried, done);
    assert_eq!((done.cases.new, done.cases.changed, done.cases.refused, done.cases.vanished), (1, 1, 1, 1));
    place.database.close().await;
}

#[tokio::test]
async fn what_a_person_recorded_since_stands_and_the_conflict_is_shown() {
    let place = Place::new().await;
    place.import(FILES).await;
    place
        .sql(
            "UPDATE cases SET lbp_sent_on = '2026-01-12', closed_on = '2026-03-01' WHERE reference = 'A';
            INSERT INTO meetings (case_reference, sequence, kind, planned_on) VALUES ('A', 3, 'final_review', '2026-04-01');
            UPDATE meetings SET held_on = '2026-02-25' WHERE sequence = 2",
        )
        .await;
    let tracker = "reference,team,started_on,lbp_sent_on\nA,North,2026-01-06,2026-01-09\nB,South,2026-02-02,2026-02-06\n";
    let meetings = "reference,sequence,kind,held_on\nA,1,initial,2026-01-21\nA,2,review,2026-02-24\nA,3,review,2026-03-24\n";
    let report = place.import(&[("t.csv", tracker), ("meetings", meetings)]).await;
    let stays = "something else is recorded, which stays; correct the source or what is recorded";
    assert_eq!(
        lines(&report),
        [
            format!("t.csv: row 2 (\"A\"): queried (conflict): lbp_sent_on: {stays}"),
            format!("t.csv: row 2 (\"A\"): queried (conflict): meetings 2: {stays}"),
            format!("t.csv: row 2 (\"A\"): queried (conflict): meetings 3: {stays}"),
        ]
    );
    let recorded = "SELECT (SELECT concat_ws(' ', started_on, lbp_sent_on, closed_on) FROM cases WHERE reference = 'A') || ', '
        || (SELECT string_agg(concat_ws(' ', sequence, kind, planned_on, held_on), ', ' ORDER BY sequence) FROM meetings)
        || ', ' || (SELECT lbp_sent_on FROM cases WHERE reference = 'B')";
    assert_eq!(
        place.ask(recorded).await,
        "2026-01-06 2026-01-12 2026-03-01, 1 initial 2026-01-21, 2 review 2026-02-25, 3 final_review 2026-04-01, 2026-02-06"
    );
    place.database.close().await;
}

#[tokio::test]
async fn a_row_that_has_vanished_raises_a_query_and_closes_nothing() {
    let place = Place::new().await;
    place.import(FILES).await;
    let one: &[(&str, &str)] =
        &[("t.csv", "reference\nA\n"), ("meetings", "reference,sequence,kind,held_on\nA,1,initial,2026-01-20\n")];
    for _ in 0..2 {
        let report = place.import(one).await;
        assert_eq!((report.cases.vanished, report.cases.unchanged), (1, 1), "it is asked again each time");
        assert_eq!(
            lines(&report),
            [
                "t.csv: row 2 (\"A\"): queried (vanished): meetings 2: was in the source before and is not any more; it stays recorded",
                "north (\"B\"): queried (vanished): the source had this case before and has it no more; it stays as it is recorded. \
                 Record how it was concluded, or put its row back",
            ]
        );
    }
    let standing = "SELECT (SELECT count(*) FROM meetings) || ' ' || (SELECT string_agg(reference || coalesce(closed_on::text, ''), ' ' ORDER BY reference) FROM cases)
        || ' ' || (SELECT string_agg(case_reference, ' ') FROM source_cases WHERE vanished_at IS NOT NULL)";
    assert_eq!(place.ask(standing).await, "2 A B B");

    let back = place.import(&[("t.csv", TRACKER)]).await;
    assert_eq!((back.cases.vanished, back.lines.len()), (0, 0), "files of lists that are not given have not vanished");
    assert_eq!(place.ask("SELECT count(vanished_at)::text FROM source_cases").await, "0");

    place.sql("UPDATE cases SET step_decision_on = '2026-05-01', outcome = 'step_down' WHERE reference = 'B'").await;
    assert_eq!(place.import(one).await.cases.vanished, 0, "a case that is concluded may leave the tracker");
    place.database.close().await;
}

#[tokio::test]
async fn nothing_is_said_to_have_vanished_where_a_row_could_not_be_told() {
    let place = Place::new().await;
    place.import(FILES).await;
    let report = place.import(&[("t.csv", "reference,team\nA,North\n,South\n")]).await;
    assert_eq!((report.cases.vanished, report.rows.refused), (0, 1), "the row without a reference may be that of B");
    place.database.close().await;
}

#[tokio::test]
async fn one_case_that_the_database_refuses_holds_no_other_up() {
    let place = Place::new().await;
    place.sql("ALTER TABLE cases ADD CONSTRAINT south_is_closed CHECK (team <> 'South')").await;
    let report = place.import(FILES).await;
    assert_eq!((report.cases.new, report.cases.refused), (1, 1));
    assert_eq!(
        lines(&report),
        [
            "t.csv: row 3 (\"B\"): refused (constraint_violated): a constraint of the database stands against it: south_is_closed"
        ]
    );
    place.database.close().await;
}

#[tokio::test]
async fn a_case_outside_of_the_scope_is_not_taken_and_not_touched() {
    let mut place = Place::new().await;
    place.import(FILES).await;
    place.sql("UPDATE cases SET restricted = true WHERE reference = 'A'").await;
    let before = place.everything().await;
    place.scope = Scope { teams: vec!["South".into()], may_see_restricted: false };
    let text = "reference,team,restricted\nA,South,\nB,North,\nC,North,\nD,South,yes\n";
    let report = place.import(&[("t.csv", text)]).await;
    assert_eq!((report.cases.refused, report.rows.refused), (4, 4));
    assert!(report.lines.iter().all(|line| line.code.code() == "not_allowed"), "{:?}", lines(&report));
    assert_eq!(place.everything().await, before);

    let report = place.import(&[("t.csv", "reference,team,restricted\nB,South,\nE,South,\n")]).await;
    assert_eq!((report.cases.new, report.cases.vanished), (1, 0), "what this token may not see has not vanished for it");
    place.database.close().await;
}

#[tokio::test]
async fn entries_of_a_case_that_nobody_knows_are_refused() {
    let place = Place::new().await;
    place.import(&[("t.csv", "reference\nA\n")]).await;
    let report = place.import(&[("meetings", "reference,kind,held_on\nA,initial,2026-01-20\nX,initial,2026-01-20\n")]).await;
    assert_eq!((report.cases.changed, report.cases.refused, report.cases.vanished), (1, 1, 0));
    assert_eq!(
        lines(&report),
        [
            "meetings: row 3 (\"X\"): refused (unknown_case): there is no case of this reference, neither in the files nor recorded"
        ]
    );
    place.database.close().await;
}

#[tokio::test]
async fn two_imports_at_once_lose_nothing_and_make_nothing_twice() {
    let place = Place::new().await;
    let mut rows: Vec<String> = (0..1_200).map(|number| format!("C-{number:04},North,2026-01-05")).collect();
    let text = format!("reference,team,started_on\n{}", rows.join("\n"));
    rows.reverse();
    let turned = format!("reference,team,started_on\n{}", rows.join("\n"));
    let (a, b) = ([("t.csv", text.as_str())], [("t.csv", turned.as_str())]);
    let (one, other) = tokio::join!(place.import(&a), place.import(&b));
    assert_eq!(one.cases.new + other.cases.new, 1_200);
    assert_eq!(one.cases.unchanged + other.cases.unchanged, 1_200);
    assert_eq!(place.ask("SELECT count(*)::text FROM case_history").await, "1200");
    place.database.close().await;
}
