//! How long alerts wait for somebody to say what will be done.

use super::section::{Section, by_month, by_team, count, estimate, estimates, monthly};
use crate::api::statistics::view::{FiguresView, StatisticsView};
use crate::board::draw::bars::Kind;

const HEAD: [&str; 5] = ["Opened", "Acknowledged", "Put right first", "Nobody yet", "Half within (working days)"];

pub fn section(view: &StatisticsView) -> Section {
    let alerts = &view.whole.alerts;
    Section {
        id: "alerts",
        heading: "Time to acknowledge an alert",
        facts: vec![
            ("Alerts opened", count(alerts.opened)),
            ("Acknowledged", count(alerts.acknowledged)),
            ("Put right before anybody did", count(alerts.resolved_first)),
            ("Nobody has yet", count(alerts.unacknowledged)),
            ("Working days to acknowledge", estimates(&alerts.working_days_to_acknowledge)),
        ],
        drawing: monthly(view, "Working days by which half of the alerts of each month were acknowledged", |figures| {
            vec![(Kind::Full, figures.alerts.working_days_to_acknowledge.median)]
        }),
        key: vec![(Kind::Full, "working days by which half of the alerts opened in the month were acknowledged")],
        table: by_month(view, "Alerts by the month in which they were opened", &HEAD, cells),
        by_team: by_team(view, "Alerts by team", &HEAD, cells),
    }
}

fn cells(figures: &FiguresView) -> Vec<String> {
    let alerts = &figures.alerts;
    let counts = [alerts.opened, alerts.acknowledged, alerts.resolved_first, alerts.unacknowledged].map(count);
    let half = estimate(alerts.working_days_to_acknowledge.median, &alerts.working_days_to_acknowledge);
    counts.into_iter().chain([half]).collect()
}
