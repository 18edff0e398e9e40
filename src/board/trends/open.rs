//! For how long cases have been in pre-proceedings, against the limit.

use super::section::{Section, by_team, count, lengths, median, told};
use crate::api::statistics::blocks::{BandView, OpenView};
use crate::api::statistics::view::StatisticsView;
use crate::board::draw::bars::{Bar, Bars, Kind, Labels, Limit};
use crate::board::table::{Row, Table};
use crate::domain::calendar::{Counted, in_words};

/// How many weeks a bar stands for.
const WEEKS: i32 = 4;

pub fn section(view: &StatisticsView) -> Section {
    let open = &view.whole.open;
    Section {
        id: "open",
        heading: "How long cases have been open",
        facts: facts(view),
        drawing: drawing(view),
        key: vec![(Kind::Full, "within their period, or decided to issue"), (Kind::Cut, "not decided and past the end")],
        table: Table {
            caption: "Cases by weeks open",
            head: vec!["Weeks open", "Cases", "Not decided and past the end"],
            rows: open.weeks_open_distribution.iter().map(row).collect(),
        },
        by_team: by_team(
            view,
            "Open cases by team",
            &["Cases", "Children", "Half open for (weeks)", "Not decided", "Past the end", "Past the first end"],
            |figures| {
                let OpenView { cases, children, weeks_open, undecided, past_end, past_base_end, .. } = &figures.open;
                let counts = [undecided, past_end, past_base_end].map(|&number| count(number));
                [count(*cases), count(*children), median(weeks_open)].into_iter().chain(counts).collect()
            },
        ),
    }
}

fn facts(view: &StatisticsView) -> Vec<(&'static str, String)> {
    let open = &view.whole.open;
    let (cases, families, children) = (count(open.cases), count(open.families), count(open.children));
    let decided = format!(
        "cases: {}; past the end of their period, with extensions and births: {}; past the first end: {}",
        count(open.undecided),
        count(open.past_end),
        count(open.past_base_end)
    );
    vec![
        ("In pre-proceedings", format!("on {}: cases: {cases}; families: {families}; children: {children}", in_words(view.to))),
        ("Weeks open", lengths(&open.weeks_open)),
        ("Not decided", decided),
        ("The limit", format!("{}, by the policy in force", Counted(i64::from(view.limit_weeks), "week"))),
    ]
}

fn drawing(view: &StatisticsView) -> Option<Bars> {
    let bar = |band: &BandView| {
        let in_time = band.cases.zip(band.past_end).map(|(cases, past_end)| cases.saturating_sub(past_end));
        Bar { label: band.from_weeks.to_string(), parts: told(vec![(Kind::Full, in_time), (Kind::Cut, band.past_end)]) }
    };
    let bars: Vec<Bar> = view.whole.open.weeks_open_distribution.iter().map(bar).collect();
    let limit_weeks = i32::from(view.limit_weeks);
    let limit = Limit { at: 1000 * limit_weeks / WEEKS, label: format!("Limit: {}", Counted(i64::from(limit_weeks), "week")) };
    let words = "Cases by weeks open: the same as in the table";
    Bars::of(words.to_owned(), &bars, Labels::Edge, Some(limit))
}

fn row(band: &BandView) -> Row {
    let title = match band.below_weeks {
        Some(below) => format!("{} to {}", band.from_weeks, below - 1),
        None => format!("{} or more", band.from_weeks),
    };
    Row { title, cells: vec![count(band.cases), count(band.past_end)] }
}
