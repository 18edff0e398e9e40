//! The period as a bar: one table cell for each stretch of it, as wide as it lasts.
//!
//! Colour says nothing that the cell's border and label, and the days under the bar, do not say as well. Those days are in words
//! however narrow a cell is.

pub use crate::domain::period::{Period, Stage as Look, long};

/// A bar, ready to be laid out.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    pub cells: Vec<Cell>,
    /// Its days, from the first to the last, each with what it is, and none of them broken over two lines.
    pub days: Vec<String>,
}

/// One stretch of days.
#[derive(Debug, PartialEq, Eq)]
pub struct Cell {
    /// In per cent of the bar.
    pub width: usize,
    /// As much as there is room for on a narrow screen; may be empty.
    pub label: String,
    pub look: Look,
}

impl Look {
    /// How the border is drawn, so that stretches can be told apart without colours.
    #[must_use]
    pub fn border(self) -> &'static str {
        match self {
            Self::Period => "1px solid",
            Self::Extension => "2px dashed",
            Self::Over => "3px double",
            Self::Left => "1px dotted",
        }
    }

    /// Background, text and border.
    #[must_use]
    pub fn colours(self) -> Colours {
        match self {
            Self::Period => Colours { back: "#4a5a6a", text: "#ffffff", edge: "#4a5a6a" },
            Self::Extension => Colours { back: "#ffc14d", text: "#1c1c1c", edge: "#8f6200" },
            Self::Over => Colours { back: "#b3261e", text: "#ffffff", edge: "#b3261e" },
            Self::Left => Colours { back: "#ffffff", text: "#1c2733", edge: "#6b7785" },
        }
    }
}

/// The colours of a cell or a badge.
#[derive(Clone, Copy, Debug)]
pub struct Colours {
    pub back: &'static str,
    pub text: &'static str,
    pub edge: &'static str,
}

/// A space at which no line is broken.
pub const NO_BREAK: &str = "\u{a0}";

/// The narrowest cell, in per cent, so that no stretch is out of sight.
const NARROWEST: usize = 6;

impl Bar {
    /// Draws a period; absent where today is not after its start, or its end is not.
    pub fn of(period: Period) -> Option<Self> {
        let parts = period.parts();
        if parts.is_empty() || period.today <= period.start {
            return None;
        }
        let lengths: Vec<i64> = parts.iter().map(|part| part.days).collect();
        let cells = parts.iter().zip(widths(&lengths)).map(|(part, width)| {
            let length = long(part.days);
            let labels = match part.stage {
                Look::Over => [format!("{length} over"), "over".to_owned(), "!".to_owned()],
                _ if part.begins_more_time => [format!("+ {length}"), "+".to_owned(), String::new()],
                Look::Left => [format!("{length} left"), "left".to_owned(), String::new()],
                Look::Period | Look::Extension => [length.to_string(), String::new(), String::new()],
            };
            let label = labels.into_iter().find(|label| fits(label, width)).unwrap_or_default();
            Cell { width, label, look: part.stage }
        });
        let days = period.days().into_iter().map(|day| day.replace(' ', NO_BREAK)).collect();
        Some(Self { cells: cells.collect(), days })
    }
}

/// How wide each of some lengths is, in per cent of them all; together exactly 100.
fn widths(lengths: &[i64]) -> Vec<usize> {
    let total: i64 = lengths.iter().sum::<i64>().max(1);
    let percent = |length: i64| usize::try_from(100 * length / total).unwrap_or(0).max(NARROWEST);
    let mut widths: Vec<usize> = lengths.iter().map(|&length| percent(length)).collect();
    let others = |widths: &[usize], widest: usize| widths.iter().sum::<usize>() - widths[widest];
    if let Some(widest) = (0..widths.len()).max_by_key(|&index| widths[index]) {
        widths[widest] = 100 - others(&widths, widest);
    }
    widths
}

/// Tells whether a label has room in a cell of a bar that is 260 pixels wide.
fn fits(label: &str, width: usize) -> bool {
    label.chars().count() * 6 <= width * 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::calendar::{in_words, shift};

    fn drawn(start: &str, base_end: Option<&str>, end: &str, today: &str) -> String {
        let day = |text: &str| text.parse().expect("a date");
        let period = Period { start: day(start), base_end: base_end.map(day), end: day(end), today: day(today) };
        let Some(bar) = Bar::of(period) else { return String::new() };
        let cells: Vec<String> =
            bar.cells.iter().map(|cell| format!("{:?} {} [{}]", cell.look, cell.width, cell.label)).collect();
        format!("{}; {}", cells.join(", "), bar.days.join(" > ").replace(NO_BREAK, " "))
    }

    #[rstest::rstest]
    #[case::under_way(
        ("2026-06-01", None, "2026-09-21", "2026-08-10"),
        "Period 63 [10 weeks], Left 37 [6 weeks left]; start 1 June 2026 > today 10 August 2026, 6 weeks left > end 21 September 2026"
    )]
    #[case::extended_and_over(
        ("2026-05-04", Some("2026-08-24"), "2026-10-19", "2026-11-23"),
        "Period 56 [16 weeks], Extension 27 [+ 8 weeks], Over 17 [over]; \
         start 4 May 2026 > first end 24 August 2026 > extended end 19 October 2026 > today 23 November 2026, 5 weeks over"
    )]
    #[case::within_the_extension(
        ("2026-05-04", Some("2026-08-24"), "2026-10-19", "2026-09-14"),
        "Period 68 [16 weeks], Extension 12 [+], Left 20 [left]; \
         start 4 May 2026 > first end 24 August 2026 > today 14 September 2026, 5 weeks left > extended end 19 October 2026"
    )]
    #[case::extended_early(
        ("2026-05-04", Some("2026-08-24"), "2026-10-19", "2026-08-10"),
        "Period 59 [14 weeks], Left 8 [], Left 33 [+ 8 weeks]; \
         start 4 May 2026 > today 10 August 2026, 10 weeks left > first end 24 August 2026 > extended end 19 October 2026"
    )]
    #[case::ends_today(
        ("2026-06-01", None, "2026-09-21", "2026-09-21"),
        "Period 100 [16 weeks]; start 1 June 2026 > end 21 September 2026, today"
    )]
    #[case::one_day_over(
        ("2026-06-01", None, "2026-09-21", "2026-09-22"),
        "Period 94 [16 weeks], Over 6 [!]; start 1 June 2026 > end 21 September 2026 > today 22 September 2026, 1 day over"
    )]
    #[case::not_begun(("2026-06-01", None, "2026-09-21", "2026-06-01"), "")]
    fn a_period_is_drawn(#[case] days: (&str, Option<&str>, &str, &str), #[case] expected: &str) {
        assert_eq!(drawn(days.0, days.1, days.2, days.3), expected);
    }

    proptest! {
        #[test]
        fn a_bar_is_full_and_shows_every_stretch(base in -400i64..2000, end in -400i64..2000, today in -400i64..2000) {
            let start = jiff::civil::date(2026, 6, 1);
            let days = |days| shift(start, days);
            let bar = Bar::of(Period { start, base_end: Some(days(base)), end: days(end), today: days(today) });
            prop_assert_eq!(bar.is_some(), end > 0 && today > 0);
            if let Some(bar) = bar {
                prop_assert_eq!(bar.cells.iter().map(|cell| cell.width).sum::<usize>(), 100);
                prop_assert!(bar.cells.iter().all(|cell| cell.width >= NARROWEST));
                prop_assert!(bar.cells.iter().all(|cell| cell.look != Look::Over || !cell.label.is_empty()));
                for day in [start, days(end), days(today)] {
                    prop_assert!(bar.days.iter().any(|said| said.replace(NO_BREAK, " ").contains(&in_words(day))), "{} in {:?}", day, bar.days);
                }
            }
        }
    }
}
