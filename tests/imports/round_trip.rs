//! What went in by a tracker comes out in the return of the census.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::program::{Place, file, in_words};

/// What the census calls each column, of which the tracker holds a day or an answer.
const ITEMS: [(&str, &str); 8] = [
    ("started_on", "PPStartDate"),
    ("lbp_sent_on", "LBPSentDate"),
    ("fgdm_offered", "FGDMMeetingOffer"),
    ("fgdm_facilitated", "FGDMMeetingFac"),
    ("step_decision_on", "StepDecisionDate"),
    ("outcome", "PPOutcome"),
    ("court_application_on", "CourtAppDate"),
    ("letter_of_issue_on", "LetterInitCPDate"),
];

/// The cells of a case, by their columns; blank where it has none.
fn case(number: u32) -> BTreeMap<&'static str, String> {
    let day = |month: u32| format!("2026-{month:02}-{:02}", number % 28 + 1);
    let yes = |is: bool| if is { "1" } else { "0" }.to_owned();
    let mut cells = BTreeMap::from([
        ("started_on", day(4)),
        ("lbp_sent_on", day(5)),
        ("fgdm_offered", yes(!number.is_multiple_of(3))),
        ("fgdm_facilitated", yes(number.is_multiple_of(3))),
    ]);
    if number.is_multiple_of(2) {
        let is_issue = number.is_multiple_of(4);
        cells.insert("step_decision_on", day(8));
        cells.insert("outcome", if is_issue { "issue" } else { "step_down" }.to_owned());
        if is_issue {
            cells.insert("court_application_on", day(9));
            cells.insert("letter_of_issue_on", day(10));
        }
    }
    cells
}

#[tokio::test(flavor = "multi_thread")]
async fn the_census_gives_back_what_the_tracker_said() {
    let cases: BTreeMap<String, BTreeMap<&str, String>> =
        (0..40).map(|number| (format!("PP-{number:02}"), case(number))).collect();
    let columns: Vec<&str> = ITEMS.iter().map(|(column, _)| *column).collect();
    let mut tracker = format!("reference,{}\n", columns.join(","));
    let mut children = String::from("reference,child_reference\n");
    let mut meetings = String::from("reference,kind,held_on\n");
    for (reference, cells) in &cases {
        let cells: Vec<&str> = columns.iter().map(|column| cells.get(column).map_or("", String::as_str)).collect();
        let _ = writeln!(tracker, "{reference},{}", cells.join(","));
        let _ = writeln!(children, "{reference},{reference}-a\n{reference},{reference}-b");
        let _ =
            writeln!(meetings, "{reference},initial,2026-06-01\n{reference},review,2026-06-29\n{reference},review,2026-07-27");
    }
    let place = Place::new().await;
    let written = |name: &str, text: &str| file(place.folder.path(), name, text);
    let files = [written("tracker.csv", &tracker), written("children.csv", &children), written("meetings.csv", &meetings)];
    place.done(&[&["import"], files.each_ref().map(String::as_str).as_slice()].concat());
    let config = place.folder.path().join("config");
    std::fs::create_dir(&config).expect("a folder");
    file(&config, "policy.toml", "[census.outcomes]\nissue = \"A\"\nstep_down = \"B\"\n");

    let blocks = place.folder.path().join("blocks.xml");
    let blocks = blocks.to_str().expect("a path");
    let output =
        place.run(&["--config", config.to_str().expect("a path"), "export", "census", "--year", "2026-27", "--output", blocks]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", in_words(&output));
    let text = std::fs::read_to_string(blocks).expect("it was written");
    let document = roxmltree::Document::parse(&text).expect("it is well-formed");
    let mut found = 0;
    for block in document.descendants().filter(|node| node.has_tag_name("PreProceedingsandFGDM")) {
        let own = block.ancestors().find_map(|node| node.attribute("case")).expect("a block says whose it is");
        let items: BTreeMap<&str, &str> = block
            .children()
            .filter(roxmltree::Node::is_element)
            .map(|item| (item.tag_name().name(), item.text().unwrap_or_default()))
            .collect();
        for (column, item) in ITEMS {
            let said = cases[own].get(column).map(|cell| match cell.as_str() {
                "issue" => "A",
                "step_down" => "B",
                other => other,
            });
            assert_eq!(items.get(item).copied(), said, "{own}: {item}");
        }
        assert_eq!((items["InitialPPMeetingDate"], items["ReviewMeetingsCount"]), ("2026-06-01", "2"), "{own}");
        found += 1;
    }
    assert_eq!(found, 80, "a block for each of two children of each case");
    place.database.close().await;
}
