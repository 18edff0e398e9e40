//! Many rows: every page of them goes in.

use std::fmt::Write as _;

use crate::place::Place;

#[tokio::test]
async fn every_page_goes_in_and_the_report_counts_all_rows() {
    let place = Place::new().await;
    let mut cases = String::from("reference,started_on\n");
    let mut meetings = String::from("reference,kind,held_on\n");
    for number in 0..1_234 {
        let started = if number % 100 == 7 { "31/04/2026" } else { "05/01/2026" };
        let _ = writeln!(cases, "C-{number},{started}");
        let _ = writeln!(meetings, "C-{number},initial,20/01/2026");
    }
    let report = place.import(&[("t.csv", &cases), ("meetings", &meetings)]).await;
    assert_eq!((report.cases.new, report.cases.refused), (1_221, 13));
    assert_eq!((report.rows.taken, report.rows.refused), (2_442, 26));
    assert_eq!(place.ask("SELECT (SELECT count(*) FROM cases) || ' ' || (SELECT count(*) FROM meetings)").await, "1221 1221");
    place.database.close().await;
}
