//! Corners in which an import could take too much: each was once taken.

use plo_drift::exchange::incoming::mapping;
use plo_drift::exchange::incoming::sheet::Sheet;
use plo_drift::exchange::incoming::tracker::{self, Tracker};
use plo_drift::intake::{Import, bring_in};
use plo_drift::store::tokens::Scope;

use crate::place::{Place, lines};

const RESTRICTED: &str = "reference,team,restricted\nA,North,yes\n";
const OPEN: &str = "reference,team,restricted\nA,North,no\n";

#[tokio::test]
async fn one_source_does_not_open_a_case_that_another_says_is_restricted() {
    let mut place = Place::new().await;
    place.import(&[("t.csv", RESTRICTED)]).await;
    place.source = "south";
    place.import(&[("t.csv", RESTRICTED)]).await;
    place.import(&[("t.csv", OPEN)]).await;
    assert_eq!(place.ask("SELECT restricted::text FROM cases").await, "true");
    place.database.close().await;
}

#[tokio::test]
async fn a_restriction_that_a_person_set_outlives_a_source_that_agreed_for_a_while() {
    let place = Place::new().await;
    place.import(&[("t.csv", OPEN)]).await;
    place.sql("UPDATE cases SET restricted = true").await;
    place.import(&[("t.csv", RESTRICTED)]).await;
    place.import(&[("t.csv", OPEN)]).await;
    assert_eq!(place.ask("SELECT restricted::text FROM cases").await, "true");
    place.database.close().await;
}

const WIDE: &str = r#"
[[entries]]
list = "meetings"
set = { kind = "review" }
columns = { "Review planned" = "planned_on", "Review held" = "held_on" }
"#;

async fn import_wide(place: &Place, text: &str) -> plo_drift::intake::Report {
    let mapping = mapping::read(WIDE).expect("the mapping is right");
    let sheet = Sheet::separated(&"t.csv".into(), text.as_bytes().to_vec(), 1).expect("a sheet");
    let tracker = Tracker { main: vec![sheet], lists: Vec::new() };
    let now = plo_drift::clock::Clock::of_the_machine().now();
    let incoming = tracker::read(&tracker, &mapping, now.today).expect("the header is right");
    let import =
        Import { source: "north", label: "import north: t.csv", caller: None, scope: &place.scope, is_dry_run: false, now };
    let mut connection = place.database.pool.acquire().await.expect("a connection");
    bring_in(&mut connection, &import, incoming, &mut ()).await.expect("the import ends")
}

#[tokio::test]
async fn an_entry_in_which_a_person_has_recorded_something_does_not_go_with_what_the_source_said_of_it() {
    let place = Place::new().await;
    import_wide(&place, "reference,Review planned,Review held\nA,2026-02-02,\n").await;
    place.sql("UPDATE meetings SET held_on = '2026-02-03'").await;
    let report = import_wide(&place, "reference,Review planned,Review held\nA,,\n").await;
    assert_eq!(place.ask("SELECT coalesce(max(held_on)::text, 'gone') FROM meetings").await, "2026-02-03");
    assert_eq!(lines(&report).len(), 1);
    place.database.close().await;
}

const NUMBERED_AS_THEY_STAND: &str = "reference,kind,planned_on,held_on\nA,initial,2026-01-20,2026-01-21\n\
    A,review,2026-02-24,\nA,final_review,2026-03-24,2026-03-25\n";

#[tokio::test]
async fn a_row_of_a_list_that_is_refused_does_not_give_its_number_to_the_next() {
    let place = Place::new().await;
    let tracker = ("t.csv", "reference\nA\n");
    place.import(&[tracker, ("meetings", NUMBERED_AS_THEY_STAND)]).await;
    let wrong = NUMBERED_AS_THEY_STAND.replace("2026-02-24", "2026-02-31");
    place.import(&[tracker, ("meetings", &wrong)]).await;
    let recorded = "SELECT string_agg(kind, ' ' ORDER BY sequence) FROM meetings";
    assert_eq!(place.ask(recorded).await, "initial review final_review");
    place.database.close().await;
}

#[tokio::test]
async fn a_row_put_in_the_middle_of_a_list_does_not_take_over_what_a_person_recorded_of_another() {
    let place = Place::new().await;
    let tracker = ("t.csv", "reference\nA\n");
    let header = "reference,kind,planned_on,held_on\nA,review,2026-02-02,\n";
    place.import(&[tracker, ("meetings", &format!("{header}A,review,2026-03-02,\n"))]).await;
    place.sql("UPDATE meetings SET held_on = '2026-03-03' WHERE sequence = 2").await;
    place.import(&[tracker, ("meetings", &format!("{header}A,review,2026-02-16,\nA,review,2026-03-02,\n"))]).await;
    let held = "SELECT string_agg(planned_on::text, ' ') FROM meetings WHERE held_on IS NOT NULL";
    assert_eq!(place.ask(held).await, "2026-03-02");
    place.database.close().await;
}

#[tokio::test]
async fn the_last_row_of_a_case_in_a_list_that_vanishes_is_asked_about() {
    let place = Place::new().await;
    let tracker = ("t.csv", "reference\nA\nB\n");
    let list = "reference,sequence,requested_on,decision\nB,1,2026-02-02,pending\n";
    place.import(&[tracker, ("extensions", &format!("{list}A,1,2026-02-02,pending\n"))]).await;
    let report = place.import(&[tracker, ("extensions", list)]).await;
    assert_eq!(lines(&report).len(), 1, "{:?}", lines(&report));
    place.database.close().await;
}

#[tokio::test]
async fn a_list_does_not_tell_whether_there_is_a_case_that_the_token_may_not_see() {
    let mut place = Place::new().await;
    place.import(&[("t.csv", RESTRICTED)]).await;
    place.scope = Scope { teams: vec!["North".to_owned()], may_see_restricted: false };
    place.is_dry_run = true;
    let code_of = |report: &plo_drift::intake::Report| report.lines[0].code;
    let hidden = place.import(&[("meetings", "reference,kind,planned_on\nA,review,2026-02-02\n")]).await;
    let none = place.import(&[("meetings", "reference,kind,planned_on\nZ,review,2026-02-02\n")]).await;
    assert_eq!(code_of(&hidden), code_of(&none));
    place.database.close().await;
}

#[test]
fn two_columns_that_say_the_same_field_refuse_the_file() {
    let mapping = mapping::read("[columns]\n\"Start\" = \"started_on\"\n").expect("the mapping is right");
    let text = "reference,Start,started_on\nA,2026-01-05,2026-02-05\n";
    let sheet = Sheet::separated(&"t.csv".into(), text.as_bytes().to_vec(), 1).expect("a sheet");
    let tracker = Tracker { main: vec![sheet], lists: Vec::new() };
    let today = plo_drift::clock::Clock::of_the_machine().now().today;
    assert!(tracker::read(&tracker, &mapping, today).is_err());
}

#[test]
fn words_that_clash_but_for_their_case_are_no_mapping() {
    assert!(mapping::read("[words.outcome]\n\"NFA\" = \"step_down\"\n\"nfa\" = \"issue\"\n").is_err());
}

#[tokio::test]
async fn an_end_before_the_start_is_asked_about() {
    let place = Place::new().await;
    let report = place.import(&[("t.csv", "reference,started_on,closed_on\nA,2026-01-05,2006-03-05\n")]).await;
    assert_eq!(lines(&report).len(), 1);
    place.database.close().await;
}
