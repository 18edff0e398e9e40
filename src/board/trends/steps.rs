//! The steps on the way: letters before proceedings, initial meetings, reviews.

use super::section::{Section, by_month, by_team, count, lengths, median, monthly, percent};
use crate::api::statistics::blocks::ReviewsView;
use crate::api::statistics::view::{FiguresView, StatisticsView};
use crate::board::draw::bars::Kind;

/// One for each step.
pub fn sections(view: &StatisticsView) -> [Section; 3] {
    [letters(view), meetings(view), reviews(view)]
}

fn letters(view: &StatisticsView) -> Section {
    const HEAD: [&str; 3] = ["Sent", "Half within (days)", "Waiting on the last day"];
    let cells = |figures: &FiguresView| {
        let letters = &figures.letters;
        vec![count(letters.sent), median(&letters.days), count(letters.waiting)]
    };
    let letters = &view.whole.letters;
    Section {
        id: "letters",
        heading: "Letters before proceedings",
        facts: vec![
            ("Sent", count(letters.sent)),
            ("Days from the start to the letter", lengths(&letters.days)),
            ("Cases that wait for one", count(letters.waiting)),
            ("Days for which they have waited", lengths(&letters.days_waiting)),
        ],
        drawing: monthly(view, "Letters sent by month: the same as in the table", |figures| {
            vec![(Kind::Full, figures.letters.sent)]
        }),
        key: vec![(Kind::Full, "letters sent")],
        table: by_month(view, "Letters by month", &HEAD, cells),
        by_team: by_team(view, "Letters by team", &HEAD, cells),
    }
}

fn meetings(view: &StatisticsView) -> Section {
    const HEAD: [&str; 3] = ["Held", "Half within (days)", "Waiting on the last day"];
    let cells = |figures: &FiguresView| {
        let meetings = &figures.initial_meetings;
        vec![count(meetings.held), median(&meetings.days), count(meetings.waiting)]
    };
    let meetings = &view.whole.initial_meetings;
    Section {
        id: "meetings",
        heading: "Initial meetings",
        facts: vec![
            ("Held", count(meetings.held)),
            ("Days from the letter to the meeting", lengths(&meetings.days)),
            ("Cases that wait for one", count(meetings.waiting)),
            ("Days for which they have waited", lengths(&meetings.days_waiting)),
        ],
        drawing: monthly(view, "Initial meetings held by month: the same as in the table", |figures| {
            vec![(Kind::Full, figures.initial_meetings.held)]
        }),
        key: vec![(Kind::Full, "initial meetings held")],
        table: by_month(view, "Initial meetings by month", &HEAD, cells),
        by_team: by_team(view, "Initial meetings by team", &HEAD, cells),
    }
}

fn reviews(view: &StatisticsView) -> Section {
    const HEAD: [&str; 7] = ["Planned", "Held on the day", "Share", "Early", "Late", "Cancelled", "Not held"];
    let reviews = &view.whole.reviews;
    Section {
        id: "reviews",
        heading: "Reviews",
        facts: vec![
            ("Planned", count(reviews.planned)),
            (
                "Held on the day",
                format!("{} ({})", count(reviews.on_the_day), percent(reviews.percent_on_the_day, reviews.planned)),
            ),
            ("Held early or late", format!("early: {}; late: {}", count(reviews.early), count(reviews.late))),
            ("Cancelled", count(reviews.cancelled)),
            ("Neither held nor cancelled", count(reviews.not_held)),
        ],
        drawing: monthly(view, "Reviews by the month for which they were planned: the same as in the table", |figures| {
            let ReviewsView { on_the_day, early, late, cancelled, not_held, .. } = figures.reviews;
            let sum = |one: Option<u32>, other: Option<u32>| Some(one? + other?);
            vec![(Kind::Full, on_the_day), (Kind::Striped, sum(early, late)), (Kind::Cut, sum(cancelled, not_held))]
        }),
        key: vec![(Kind::Full, "held on the day"), (Kind::Striped, "held early or late"), (Kind::Cut, "cancelled or not held")],
        table: by_month(view, "Reviews by the month for which they were planned", &HEAD, cells_of_reviews),
        by_team: by_team(view, "Reviews by team", &HEAD, cells_of_reviews),
    }
}

fn cells_of_reviews(figures: &FiguresView) -> Vec<String> {
    let reviews = &figures.reviews;
    vec![
        count(reviews.planned),
        count(reviews.on_the_day),
        percent(reviews.percent_on_the_day, reviews.planned),
        count(reviews.early),
        count(reviews.late),
        count(reviews.cancelled),
        count(reviews.not_held),
    ]
}
