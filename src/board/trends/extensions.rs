//! How much more time was given.

use super::section::{Section, by_team, count, measure, told};
use crate::api::statistics::blocks::ExtensionsView;
use crate::api::statistics::view::StatisticsView;
use crate::board::draw::bars::{Bar, Bars, Kind, Labels};
use crate::board::table::{Row, Table};

pub fn section(view: &StatisticsView) -> Section {
    let extensions = &view.whole.extensions;
    Section {
        id: "extensions",
        heading: "Extensions a case",
        facts: vec![
            ("Approved in the period", count(extensions.approved)),
            ("Extensions a case", measure(extensions.a_case, view.whole.open.cases)),
        ],
        drawing: drawing(extensions),
        key: Vec::new(),
        table: Table {
            caption: "Open cases by their extensions",
            head: vec!["Extensions", "Cases"],
            rows: by_number(extensions).map(|(title, cases)| Row { title: title.to_owned(), cells: vec![count(cases)] }).into(),
        },
        by_team: by_team(
            view,
            "Extensions by team",
            &["Approved in the period", "Cases with none", "With one", "With two", "With three or more", "Extensions a case"],
            |figures| {
                let extensions = &figures.extensions;
                let mut cells = vec![count(extensions.approved)];
                cells.extend(by_number(extensions).map(|(_, cases)| count(cases)));
                cells.push(measure(extensions.a_case, figures.open.cases));
                cells
            },
        ),
    }
}

fn by_number(extensions: &ExtensionsView) -> [(&'static str, Option<u32>); 4] {
    let ExtensionsView { none, one, two, three_or_more, .. } = *extensions;
    [("None", none), ("One", one), ("Two", two), ("Three or more", three_or_more)]
}

fn drawing(extensions: &ExtensionsView) -> Option<Bars> {
    let bars =
        by_number(extensions).map(|(label, cases)| Bar { label: label.to_owned(), parts: told(vec![(Kind::Full, cases)]) });
    Bars::of("Open cases by their extensions: the same as in the table".to_owned(), &bars, Labels::Middle, None)
}
