//! The days of one case, large: lanes of marks under the period, and the same as a list.
//!
//! The list is what a narrow screen shows in place of the drawing, so nothing may be in the one that is not in the other.

mod layout;
mod months;

use askama::Template;
use jiff::civil::Date;

use crate::domain::calendar::in_words;
use crate::domain::period::Period;
use layout::Layout;

/// What is to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// What the drawing is called.
    pub title: String,
    /// The period, if there is one.
    pub period: Option<Period>,
    /// Days that matter to all lanes.
    pub lines: Vec<Line>,
    /// What happened, or is to happen, by kind.
    pub lanes: Vec<Lane>,
}

/// A day that matters to all lanes.
#[derive(Clone, Debug)]
pub struct Line {
    /// The day.
    pub on: Date,
    /// Which.
    pub kind: LineKind,
    /// What it is, in two or three words.
    pub label: String,
    /// What it is, where there is room for a sentence.
    pub words: String,
}

/// Which day a line is, by which it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// The start of the period.
    Start,
    /// Its end before it was moved.
    FirstEnd,
    /// Its end as it stands.
    End,
    /// When a decision is to be expected.
    Forecast,
    /// Today.
    Today,
}

/// Marks of one kind.
#[derive(Clone, Debug)]
pub struct Lane {
    /// What they are, in a word.
    pub title: &'static str,
    /// In any order.
    pub marks: Vec<Mark>,
}

/// Something on a day.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The day.
    pub on: Date,
    /// How it is drawn.
    pub shape: Shape,
    /// What it is, in a few words.
    pub label: String,
    /// What it is, where there is room for a sentence.
    pub words: String,
}

/// How a mark is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It happened: a full circle.
    Done,
    /// It is, or was, to happen: an empty circle.
    Due,
    /// It was called off or refused: a cross.
    Off,
    /// It was decided: a diamond.
    Decided,
}

impl LineKind {
    fn class(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::FirstEnd => "first-end",
            Self::End => "end",
            Self::Forecast => "forecast",
            Self::Today => "today",
        }
    }
}

impl Shape {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Due => "due",
            Self::Off => "off",
            Self::Decided => "decided",
        }
    }

    /// The shape around a point.
    fn path(self, x: i32, y: i32) -> String {
        match self {
            Self::Done | Self::Due => format!("M{} {y}a5 5 0 1 0 10 0a5 5 0 1 0-10 0z", x - 5),
            Self::Off => format!("M{} {}l9 9m0-9l-9 9", x - 4, y - 4),
            Self::Decided => format!("M{x} {}l6 6l-6 6l-6-6z", y - 6),
        }
    }
}

/// A story, drawn and listed.
#[derive(Debug)]
pub struct Timeline {
    /// The drawing; absent where nothing has a day.
    pub drawing: Option<Drawing>,
    /// Every day of it, in order.
    pub entries: Vec<Entry>,
}

/// A day of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The day.
    pub on: Date,
    /// The same as people write it.
    pub day: String,
    /// What it is.
    pub words: String,
    /// How it is marked.
    pub class: &'static str,
}

/// The drawing.
#[derive(Debug, Template)]
#[template(path = "drawings/timeline.svg", config = "src/board/templates/askama.toml")]
pub struct Drawing {
    title: String,
    layout: Layout,
}

impl Timeline {
    /// Draws and lists a story.
    #[must_use]
    pub fn of(story: &Story) -> Self {
        let drawing = Layout::of(story).map(|layout| Drawing { title: story.title.clone(), layout });
        Self { drawing, entries: entries(story) }
    }
}

fn entries(story: &Story) -> Vec<Entry> {
    let entry = |on, words: &str, class| Entry { on, day: in_words(on), words: words.to_owned(), class };
    let marks = story.lanes.iter().flat_map(|lane| &lane.marks);
    let mut entries: Vec<Entry> = (story.lines.iter().map(|line| entry(line.on, &line.words, line.kind.class())))
        .chain(marks.map(|mark| entry(mark.on, &mark.words, mark.shape.class())))
        .collect();
    entries.sort_by_key(|entry| entry.on);
    entries
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn story() -> Story {
        let start = date(2026, 5, 4);
        let line = |on, kind, label: &str| Line { on, kind, label: label.to_owned(), words: format!("{label} <b>") };
        let mark = |on, shape, label: &str| Mark { on, shape, label: label.to_owned(), words: label.to_owned() };
        Story {
            title: "Timeline of <PP-1>".to_owned(),
            period: None,
            lines: vec![line(date(2026, 6, 1), LineKind::Today, "Today"), line(start, LineKind::Start, "Start")],
            lanes: vec![
                Lane { title: "Letter", marks: vec![mark(date(2026, 5, 11), Shape::Due, "Due & not sent")] },
                Lane { title: "Extensions", marks: vec![] },
            ],
        }
    }

    #[test]
    fn the_list_has_every_day_in_order() {
        let listed: Vec<String> = Timeline::of(&story())
            .entries
            .iter()
            .map(|entry| format!("{} {} {}", entry.day, entry.class, entry.words))
            .collect();
        assert_eq!(listed, ["4 May 2026 start Start <b>", "11 May 2026 due Due & not sent", "1 June 2026 today Today <b>"]);
    }

    #[test]
    fn what_is_drawn_is_escaped_and_has_a_title() {
        let drawn = Timeline::of(&story()).drawing.expect("there are days").to_string();
        assert!(drawn.contains("role=\"img\""), "{drawn}");
        assert!(drawn.contains("<title>Timeline of &#60;PP-1&#62;</title>"), "{drawn}");
        assert!(drawn.contains("Due &#38; not sent") && !drawn.contains("style="), "{drawn}");
        assert!(!drawn.contains("Extensions"), "a lane without marks is not drawn");
    }

    #[test]
    fn without_any_day_there_is_nothing_to_draw() {
        let timeline = Timeline::of(&Story::default());
        assert!(timeline.drawing.is_none() && timeline.entries.is_empty());
    }
}
