//! A part of the page: what it is about, its drawing, and the same as tables.

use jiff::civil::Date;

use crate::api::statistics::telling::{EstimateView, SpreadView};
use crate::api::statistics::view::{FiguresView, MonthView, StatisticsView};
use crate::board::draw::bars::{Bar, Bars, Kind, Labels};
use crate::board::table::{Row, Table, grouped};
use crate::domain::calendar::in_words;

/// What stands in place of a number that is not told.
const WITHHELD: &str = "withheld";

/// A part of the page.
pub struct Section {
    /// Names it within the page.
    pub id: &'static str,
    pub heading: &'static str,
    /// What it tells of everything together.
    pub facts: Vec<(&'static str, String)>,
    /// Absent where there is nothing to draw.
    pub drawing: Option<Bars>,
    /// What the parts of the bars stand for.
    pub key: Vec<(Kind, &'static str)>,
    /// The same as the drawing.
    pub table: Table,
    pub by_team: Table,
}

/// A row for each month of the period.
pub fn by_month(
    view: &StatisticsView,
    caption: &'static str,
    head: &[&'static str],
    cells: fn(&FiguresView) -> Vec<String>,
) -> Table {
    let row = |month: &MonthView| Row { title: of_month(month), cells: cells(&month.figures) };
    let head = ["Month"].iter().chain(head).copied().collect();
    Table { caption, head, rows: view.by_month.iter().map(row).collect() }
}

/// A row for each team.
pub fn by_team(
    view: &StatisticsView,
    caption: &'static str,
    head: &[&'static str],
    cells: fn(&FiguresView) -> Vec<String>,
) -> Table {
    let rows = view
        .by_team
        .iter()
        .map(|team| Row { title: team.team.clone().unwrap_or_else(|| "No team".to_owned()), cells: cells(&team.figures) });
    Table { caption, head: ["Team"].iter().chain(head).copied().collect(), rows: rows.collect() }
}

/// The parts of a bar, each with how many it stands for, if that is told.
pub type Parts = Vec<(Kind, Option<u32>)>;

/// A bar for each month of the period.
pub fn monthly(view: &StatisticsView, words: &str, parts: fn(&FiguresView) -> Parts) -> Option<Bars> {
    let bar = |month: &MonthView| Bar { label: short(month.from), parts: told(parts(&month.figures)) };
    let bars: Vec<Bar> = view.by_month.iter().map(bar).collect();
    Bars::of(words.to_owned(), &bars, Labels::Middle, None)
}

/// The parts of a bar; none where one of them is withheld, as its height would tell it.
pub fn told(parts: Parts) -> Vec<(Kind, u32)> {
    parts.into_iter().map(|(kind, count)| Some((kind, count?))).collect::<Option<_>>().unwrap_or_default()
}

/// A month as a label: the year in place of January.
fn short(day: Date) -> String {
    if day.month() == 1 { day.year().to_string() } else { in_words(day).split(' ').nth(1).unwrap_or_default()[..3].to_owned() }
}

/// A month, with the days that count of it where not all do.
fn of_month(month: &MonthView) -> String {
    let in_words = in_words(month.to);
    let name = in_words.split_once(' ').map_or(in_words.as_str(), |(_, name)| name);
    if month.from.day() == 1 && month.to == month.to.last_of_month() {
        return name.to_owned();
    }
    format!("{name} ({} to {})", month.from.day(), month.to.day())
}

/// A count.
pub fn count(count: Option<u32>) -> String {
    count.map_or_else(|| WITHHELD.to_owned(), grouped)
}

/// A share of so many.
pub fn percent(percent: Option<f64>, of: Option<u32>) -> String {
    match (percent, of) {
        (Some(percent), _) => format!("{percent}%"),
        (None, Some(0)) => "none".to_owned(),
        (None, _) => WITHHELD.to_owned(),
    }
}

/// A measure of so many things, in some unit.
pub fn measure(measure: Option<f64>, of: Option<u32>) -> String {
    match (measure, of) {
        (Some(measure), _) => measure.to_string(),
        (None, Some(0)) => "none".to_owned(),
        (None, _) => WITHHELD.to_owned(),
    }
}

/// The middle of some lengths of time.
pub fn median(spread: &SpreadView) -> String {
    measure(spread.median, spread.n)
}

/// Lengths of time in a sentence: `half of them at most 12.5, nine in ten at most 30, the longest 61`.
pub fn lengths(spread: &SpreadView) -> String {
    if spread.n == Some(0) {
        return "none".to_owned();
    }
    let longest = measure(spread.max.map(f64::from), spread.n);
    format!(
        "half of them at most {}, nine in ten at most {}, the longest {longest}",
        median(spread),
        measure(spread.p90, spread.n)
    )
}

/// The length by which so many have ended, as far as the estimate comes.
pub fn estimate(length: Option<u32>, of: &EstimateView) -> String {
    match (length, of.n) {
        (Some(length), _) => length.to_string(),
        (None, Some(0)) => "none".to_owned(),
        (None, _) if of.suppressed => WITHHELD.to_owned(),
        (None, _) => "too few so far to say".to_owned(),
    }
}

/// An estimate in a sentence: `half of them within 105, nine in ten: too few so far to say`.
pub fn estimates(of: &EstimateView) -> String {
    if of.n == Some(0) {
        return "none".to_owned();
    }
    let by = |length: Option<u32>| {
        let length = estimate(length, of);
        if length.starts_with(|letter: char| letter.is_ascii_digit()) {
            format!(" within {length}")
        } else {
            format!(": {length}")
        }
    };
    format!("half of them{}, nine in ten{}", by(of.median), by(of.p90))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(n: Option<u32>, median: Option<f64>, max: Option<u32>) -> SpreadView {
        SpreadView { n, median, p90: median, max, suppressed: n.is_none() }
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_withheld() {
        assert_eq!([count(Some(0)), count(None)], ["0", "withheld"]);
        assert_eq!([percent(Some(66.7), None), percent(None, Some(0)), percent(None, Some(3))], ["66.7%", "none", "withheld"]);
        assert_eq!(
            lengths(&spread(Some(3), Some(12.0), Some(61))),
            "half of them at most 12, nine in ten at most 12, the longest 61"
        );
        assert_eq!(
            lengths(&spread(Some(9), Some(12.5), None)),
            "half of them at most 12.5, nine in ten at most 12.5, the longest withheld"
        );
        assert_eq!(lengths(&spread(Some(0), None, None)), "none");
    }

    #[rstest::rstest]
    #[case(Some(9), Some(105), None, false, "half of them within 105, nine in ten: too few so far to say")]
    #[case(Some(9), None, None, true, "half of them: withheld, nine in ten: withheld")]
    #[case(None, None, None, true, "half of them: withheld, nine in ten: withheld")]
    #[case(Some(0), None, None, false, "none")]
    fn an_estimate_says_how_far_it_comes(
        #[case] n: Option<u32>,
        #[case] median: Option<u32>,
        #[case] p90: Option<u32>,
        #[case] suppressed: bool,
        #[case] expected: &str,
    ) {
        assert_eq!(estimates(&EstimateView { n, median, p90, suppressed }), expected);
    }

    #[test]
    fn a_bar_of_which_a_part_is_withheld_is_not_drawn() {
        assert_eq!(told(vec![(Kind::Full, Some(3)), (Kind::Cut, None)]), []);
        assert_eq!(told(vec![(Kind::Full, Some(3)), (Kind::Cut, Some(0))]), [(Kind::Full, 3), (Kind::Cut, 0)]);
    }
}
