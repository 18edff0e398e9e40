//! What was concluded, and whether within the limit.

use super::section::{Section, by_month, by_team, count, estimates, monthly, percent};
use crate::api::statistics::view::StatisticsView;
use crate::board::draw::bars::Kind;

pub fn section(view: &StatisticsView) -> Section {
    Section {
        id: "concluded",
        heading: "Concluded within the limit",
        facts: facts(view),
        drawing: monthly(
            view,
            "Cases concluded by month, within their period and later: the same as in the table",
            |figures| vec![(Kind::Full, figures.concluded.within_end), (Kind::Cut, figures.concluded.after_end)],
        ),
        key: vec![(Kind::Full, "by the end of their period"), (Kind::Cut, "later")],
        table: by_month(view, "Concluded by month", &["Concluded", "By the end", "Later", "Share by the end"], |figures| {
            let concluded = &figures.concluded;
            vec![
                count(concluded.cases),
                count(concluded.within_end),
                count(concluded.after_end),
                percent(concluded.percent_within_end, concluded.cases),
            ]
        }),
        by_team: by_team(
            view,
            "Concluded by team",
            &["Concluded", "By the end", "Share", "By the first end", "Share", "To issue", "Stepped down", "Otherwise"],
            |figures| {
                let concluded = &figures.concluded;
                vec![
                    count(concluded.cases),
                    count(concluded.within_end),
                    percent(concluded.percent_within_end, concluded.cases),
                    count(concluded.within_base_end),
                    percent(concluded.percent_within_base_end, concluded.cases),
                    count(concluded.to_issue),
                    count(concluded.stepped_down),
                    count(concluded.otherwise),
                ]
            },
        ),
    }
}

fn facts(view: &StatisticsView) -> Vec<(&'static str, String)> {
    let (concluded, started) = (&view.whole.concluded, &view.whole.started);
    let within = |count_of, percent_of| format!("{} ({})", count(count_of), percent(percent_of, concluded.cases));
    vec![
        ("Concluded", count(concluded.cases)),
        ("By the end of the period", within(concluded.within_end, concluded.percent_within_end)),
        ("By the first end", within(concluded.within_base_end, concluded.percent_within_base_end)),
        ("To issue", count(concluded.to_issue)),
        ("Stepped down", within(concluded.stepped_down, concluded.percent_stepped_down)),
        ("Otherwise", count(concluded.otherwise)),
        (
            "Days to a conclusion",
            format!(
                "of the {} that started: {}; those that are still open are counted, too",
                count(started.cases),
                estimates(&started.days_to_conclude)
            ),
        ),
        ("Back after stepping down", within_started(started.re_entries, started.percent_re_entries, started.cases)),
    ]
}

fn within_started(re_entries: Option<u32>, percent_of: Option<f64>, started: Option<u32>) -> String {
    format!("{} of {} that started ({})", count(re_entries), count(started), percent(percent_of, started))
}
