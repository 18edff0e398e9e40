//! The period of one case, small, for a row of a list.

use askama::Template;

use super::scale::Scale;
use crate::domain::calendar::{days_between, shift};
pub use crate::domain::period::Period;
use crate::domain::period::{Part, Stage};

/// In tenths of a pixel at the size for which it is drawn: 220 by 28.
const WIDTH: i32 = 2_200;
/// Room for the mark of today, where it stands at an edge.
const EDGE: i32 = 60;
/// No more marks of weeks than this: on a longer case each stands for several.
const MOST_WEEKS: i64 = 70;

/// The drawing.
///
/// A stretch is told by its shape: full, striped, taller, or empty with a dotted edge.
#[derive(Debug, Template)]
#[template(path = "drawings/row.svg", config = "src/board/templates/askama.toml")]
pub struct Row {
    /// What it shows, in words.
    pub words: String,
    boxes: Vec<Stretch>,
    stripes: Vec<i32>,
    weeks: Vec<i32>,
    start: i32,
    first_end: Option<i32>,
    end: i32,
    today: i32,
}

#[derive(Debug)]
struct Stretch {
    class: &'static str,
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

impl Row {
    /// Draws a period; absent where today is before its start, or its end is not after it.
    #[must_use]
    pub fn of(period: &Period) -> Option<Self> {
        let Period { start, end, today, .. } = *period;
        let parts = period.parts();
        if parts.is_empty() || today < start {
            return None;
        }
        let scale = Scale::of([start, end, today], EDGE, WIDTH - EDGE)?;
        Some(Self {
            words: format!("{}: {}", period.standing().words(), period.days().join("; ")),
            boxes: parts.iter().map(|part| stretch(part, &scale)).collect(),
            stripes: stripes(&parts, &scale),
            weeks: weeks(&scale),
            start: scale.x(start),
            first_end: period.first_end().map(|day| scale.x(day)),
            end: scale.x(end),
            today: scale.x(today),
        })
    }
}

fn stretch(part: &Part, scale: &Scale) -> Stretch {
    let (x, until) = (scale.x(part.from), scale.x(shift(part.from, part.days)));
    let (class, y, height) = match part.stage {
        Stage::Period => ("gone", 60, 120),
        Stage::Extension => ("more", 60, 120),
        Stage::Over => ("over", 20, 200),
        Stage::Left => ("left", 60, 120),
    };
    Stretch { class, x, y, width: until - x, height }
}

/// Upright stripes over what extensions have added and is gone by.
fn stripes(parts: &[Part], scale: &Scale) -> Vec<i32> {
    const APART: usize = 40;
    let more = parts.iter().filter(|part| part.stage == Stage::Extension);
    more.flat_map(|part| (scale.x(part.from) + 20..scale.x(shift(part.from, part.days))).step_by(APART)).collect()
}

/// A mark at the end of each week or, on a long case, of each few weeks.
fn weeks(scale: &Scale) -> Vec<i32> {
    let weeks = days_between(scale.first, scale.last) / 7;
    let each = weeks / MOST_WEEKS + 1;
    (1..=weeks / each).map(|number| scale.x(shift(scale.first, 7 * each * number))).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::*;

    fn row(base_end: Option<Date>, end: Date, today: Date) -> Row {
        Row::of(&Period { start: date(2026, 5, 4), base_end, end, today }).expect("it has begun")
    }

    fn classes(row: &Row) -> Vec<&str> {
        row.boxes.iter().map(|stretch| stretch.class).collect()
    }

    #[test]
    fn each_standing_is_told_by_words_and_by_shapes() {
        let (first, extended) = (date(2026, 8, 24), date(2026, 10, 19));
        let within = row(None, first, date(2026, 6, 1));
        assert_eq!(classes(&within), ["gone", "left"]);
        assert!(within.words.starts_with("Within the period: start 4 May 2026; today 1 June 2026"), "{}", within.words);
        assert!(within.stripes.is_empty());

        let extension = row(Some(first), extended, date(2026, 9, 14));
        assert_eq!(classes(&extension), ["gone", "more", "left"]);
        assert!(extension.words.starts_with("Within the extension: "), "{}", extension.words);
        assert!(!extension.stripes.is_empty() && extension.first_end.is_some());

        let over = row(Some(first), extended, date(2026, 11, 23));
        assert_eq!(classes(&over), ["gone", "more", "over"]);
        assert!(over.words.ends_with("today 23 November 2026, 5 weeks over"), "{}", over.words);
        assert!(over.boxes[2].height > over.boxes[0].height, "without colour it is told by its height");
        assert_eq!(over.weeks.len(), 29);
    }

    #[test]
    fn what_has_not_begun_is_not_drawn() {
        let of = |end, today| Row::of(&Period { start: date(2026, 5, 4), base_end: None, end, today });
        assert!(of(date(2026, 8, 24), date(2026, 5, 3)).is_none());
        assert!(of(date(2026, 5, 4), date(2026, 6, 1)).is_none());
        assert_eq!(classes(&of(date(2026, 8, 24), date(2026, 5, 4)).expect("it begins today")), ["left"]);
    }

    #[test]
    fn it_is_written_as_an_image_with_its_words() {
        let written = row(None, date(2026, 8, 24), date(2026, 6, 1)).to_string();
        assert!(written.starts_with("<svg") && written.contains("role=\"img\""), "{written}");
        assert!(written.contains("<title>Within the period: start 4 May 2026; "), "{written}");
        assert!(!written.contains("style="));
    }

    proptest! {
        #[test]
        fn everything_is_within_the_drawing(base in 1i64..3000, end in 1i64..3000, today in 0i64..9000) {
            let day = |days| shift(date(2026, 5, 4), days);
            let row = row(Some(day(base)), day(end), day(today));
            let mut at = EDGE;
            for stretch in &row.boxes {
                prop_assert_eq!(stretch.x, at);
                prop_assert!(stretch.width >= 0 && stretch.y >= 0 && stretch.y + stretch.height <= 280);
                at += stretch.width;
            }
            prop_assert_eq!(at, WIDTH - EDGE);
            prop_assert!(row.weeks.len() <= 70);
            for x in [row.start, row.end, row.today].into_iter().chain(row.first_end) {
                prop_assert!((EDGE..=WIDTH - EDGE).contains(&x));
            }
        }
    }
}
