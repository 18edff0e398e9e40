use jiff::civil::date;

use super::*;
use crate::domain::case::{Case, Child, Meeting, MeetingKind, Outcome};
use crate::domain::census::OutcomeCode;
use crate::domain::policy::{CensusOutcomes, Policy};

fn child(reference: &str) -> Child {
    Child {
        reference: reference.to_owned(),
        date_of_birth: Some(date(2019, 7, 3)),
        expected_delivery_on: None,
        pregnancy_ended_on: None,
    }
}

/// An episode of two children with everything in it, one with next to nothing under a hostile reference, and one without a child.
fn slice() -> Slice {
    let whole = Case {
        children: vec![child("K-1"), child("K-2")],
        started_on: Some(date(2026, 5, 4)),
        lbp_sent_on: Some(date(2026, 5, 8)),
        fgdm_offered: Some(true),
        fgdm_facilitated: Some(false),
        meetings: vec![Meeting {
            sequence: 1,
            kind: MeetingKind::Initial,
            planned_on: None,
            held_on: Some(date(2026, 5, 22)),
            cancelled_on: None,
        }],
        step_decision_on: Some(date(2026, 8, 14)),
        outcome: Some(Outcome::Issue),
        court_application_on: Some(date(2026, 8, 28)),
        letter_of_issue_on: Some(date(2026, 8, 27)),
        ..Case::new("PP-1", date(2026, 5, 4))
    };
    let hostile = Case {
        children: vec![child("=K<&\"'>\u{ffff}\u{e9}\u{1f476}")],
        started_on: Some(date(2026, 2, 2)),
        lbp_sent_on: Some(date(2026, 4, 1)),
        ..Case::new("<&\"'>]]>", date(2026, 2, 2))
    };
    let childless = Case { started_on: Some(date(2026, 6, 1)), ..Case::new("-PP-3, \"x\"", date(2026, 6, 1)) };
    let census_outcomes = CensusOutcomes { issue: Some(OutcomeCode::A), ..CensusOutcomes::default() };
    let policy = Policy { census_outcomes, ..Policy::default() };
    let mut slice = Slice::of("2026-27".parse().expect("it is a year"));
    for case in [whole, hostile, childless] {
        slice.add(&case, &policy);
    }
    slice.finish().expect("every outcome has a code")
}

#[test]
fn the_blocks_are_written_element_by_element() {
    insta::assert_snapshot!(blocks(&slice(), true));
}

/// Another program's reader finds in the document what was put into it.
#[test]
fn what_is_written_can_be_read_back() {
    let written = blocks(&slice(), false);
    let document = roxmltree::Document::parse(&written).expect("it is well-formed");
    let root = document.root_element();
    assert_eq!(
        (root.tag_name().name(), root.attribute("year"), root.attribute("complete")),
        ("PreProceedingsBlocks", Some("2026-27"), Some("false"))
    );
    let children: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
    let references: Vec<_> = children.iter().map(|child| (child.attribute("case"), child.attribute("child"))).collect();
    assert_eq!(
        references,
        [
            (Some("PP-1"), Some("K-1")),
            (Some("PP-1"), Some("K-2")),
            (Some("<&\"'>]]>"), Some("=K<&\"'>\u{fffd}\u{e9}\u{1f476}")),
        ]
    );
    for child in &children {
        let blocks: Vec<_> = child.children().filter(roxmltree::Node::is_element).collect();
        assert_eq!(blocks.iter().map(|block| block.tag_name().name()).collect::<Vec<_>>(), ["PreProceedingsandFGDM"]);
    }
    let values =
        children[2].descendants().filter(|node| node.is_element() && node.text().is_some_and(|text| !text.trim().is_empty()));
    let values: Vec<_> = values.map(|node| (node.tag_name().name(), node.text())).collect();
    assert_eq!(values, [("LBPSentDate", Some("2026-04-01"))]);
}

#[test]
fn the_report_has_a_row_for_each_failing_check_and_no_formula() {
    let report = report(&slice().failures).expect("it can be written");
    let expected = "case,child,item,element,code,reason\r\n\
        PP-1,K-1,N00835,LetterInitCPDate,9013,\"2026-08-27 lies before N00834 (CourtAppDate), 2026-08-28\"\r\n\
        PP-1,K-2,N00835,LetterInitCPDate,9013,\"2026-08-27 lies before N00834 (CourtAppDate), 2026-08-28\"\r\n\
        \"<&\"\"'>]]>\",\"'=K<&\"\"'>\u{ffff}\u{e9}\u{1f476}\",N00828,FGDMMeetingOffer,9007,\"nothing is recorded, and must be where there is N00827 (LBPSentDate)\"\r\n\
        \"'-PP-3, \"\"x\"\"\",,,,no_child,\"no child is recorded, so that nothing of this case is in the return\"\r\n";
    assert_eq!(String::from_utf8(report).expect("UTF-8"), expected);
}
