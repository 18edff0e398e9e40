//! Where everything stands. No label overlaps another, and none leaves the drawing.

use jiff::civil::Date;

use super::months::{begins_of_months, day_and_month, month_and_year};
use super::{Lane, Shape, Story};
use crate::board::draw::scale::Scale;
use crate::board::draw::text::{fitted, width};
use crate::domain::calendar::shift;
use crate::domain::period::{Part, Period, Stage};

/// How wide it is.
pub const WIDTH: i32 = 960;
const LEFT: i32 = 112;
const RIGHT: i32 = WIDTH - 10;
const FONT: i32 = 14;
const AXIS_FONT: i32 = 12;
const ROW: i32 = 20;
const AXIS: i32 = 22;
const BAR: i32 = 22;
/// Above and below the marks of a lane.
const MARGIN: i32 = 6;
/// Half as wide as a mark.
const MARK: i32 = 7;
/// Between a mark and its label.
const GAP: i32 = 2;
/// A label is never so long that it would fit on neither side of its mark.
const LONGEST: i32 = (RIGHT - LEFT) / 2 - MARK - GAP;

/// A drawing, laid out.
#[derive(Debug, Default)]
pub struct Layout {
    pub height: i32,
    pub axis: Vec<Text>,
    /// Where months begin.
    pub ticks: Vec<i32>,
    pub bar: Vec<Room>,
    pub lines: Vec<Upright>,
    pub lanes: Vec<Band>,
    pub symbols: Vec<Symbol>,
    pub labels: Vec<Text>,
}

/// A text, and the room that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub x: i32,
    pub y: i32,
    /// Whether it ends at `x` instead of beginning there.
    pub ends: bool,
    pub words: String,
    pub room: Room,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    pub class: &'static str,
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

/// A line through all lanes.
#[derive(Clone, Copy, Debug)]
pub struct Upright {
    pub class: &'static str,
    pub x: i32,
    pub from: i32,
}

/// What is behind a lane.
#[derive(Debug)]
pub struct Band {
    pub title: &'static str,
    pub y: i32,
    pub title_y: i32,
}

/// A mark.
#[derive(Debug)]
pub struct Symbol {
    pub class: &'static str,
    pub path: String,
}

/// What is to be placed in a lane.
struct Item<'a> {
    on: Date,
    label: &'a str,
    shape: Option<Shape>,
}

impl Layout {
    /// Lays a story out; absent where nothing has a day.
    pub fn of(story: &Story) -> Option<Self> {
        let marks = story.lanes.iter().flat_map(|lane| &lane.marks).map(|mark| mark.on);
        let period = story.period.iter().flat_map(|period| [period.start, period.end, period.today]);
        let scale = Scale::of(story.lines.iter().map(|line| line.on).chain(marks).chain(period), LEFT + MARK, RIGHT - MARK)?;
        let mut layout = Self::default();
        layout.draw_axis(&scale);
        layout.height = AXIS;
        layout.draw_period(story, &scale);
        for lane in story.lanes.iter().filter(|lane| !lane.marks.is_empty()) {
            layout.draw_lane(lane, &scale);
        }
        layout.height += MARGIN;
        Some(layout)
    }

    /// Marks where months begin, each or every few, and names those for which there is room.
    fn draw_axis(&mut self, scale: &Scale) {
        const APART: i32 = 70;
        let most = usize::try_from((RIGHT - LEFT) / APART).unwrap_or(1);
        for day in begins_of_months(scale.first, scale.last, most) {
            let x = scale.x(day);
            self.ticks.push(x);
            let label = month_and_year(day);
            let room = Room { x: x + 3, y: 2, width: width(&label, AXIS_FONT), height: AXIS_FONT + 4, ..Room::default() };
            if room.x + room.width <= WIDTH && self.axis.iter().all(|other| !other.room.overlaps(&room)) {
                self.axis.push(Text { x: room.x, y: 14, ends: false, words: label, room });
            }
        }
    }

    /// Draws the period as a bar, and under it the names of the lines that go through all lanes.
    fn draw_period(&mut self, story: &Story, scale: &Scale) {
        let top = self.height;
        self.lanes.push(Band { title: "Period", y: top, title_y: top + MARGIN + 11 });
        self.bar = story.period.iter().flat_map(|period| bar(period, scale, top + MARGIN)).collect();
        self.lines = (story.lines.iter())
            .map(|line| Upright { class: line.kind.class(), x: scale.x(line.on), from: top + MARGIN })
            .collect();
        let labels: Vec<(Date, String)> =
            story.lines.iter().map(|line| (line.on, format!("{} {}", line.label, day_and_month(line.on)))).collect();
        let items = labels.iter().map(|(on, label)| Item { on: *on, label, shape: None }).collect();
        self.height = top + MARGIN + BAR;
        self.place(items, scale);
    }

    fn draw_lane(&mut self, lane: &Lane, scale: &Scale) {
        let top = self.height;
        self.lanes.push(Band { title: lane.title, y: top, title_y: top + MARGIN + 14 });
        let labels: Vec<String> =
            (lane.marks.iter()).map(|mark| format!("{} {}", mark.label, day_and_month(mark.on))).collect();
        let items = lane.marks.iter().zip(&labels).map(|(mark, label)| Item { on: mark.on, label, shape: Some(mark.shape) });
        self.height = top + MARGIN;
        self.place(items.collect(), scale);
    }

    /// Places marks with their labels in rows below the present height: each in the first row in which it has room.
    fn place(&mut self, mut items: Vec<Item>, scale: &Scale) {
        items.sort_by_key(|item| item.on);
        let mut rows: Vec<Vec<Room>> = Vec::new();
        for item in items {
            let x = scale.x(item.on);
            let words = fitted(item.label, FONT, LONGEST);
            let length = MARK + GAP + width(&words, FONT);
            let after = Room { x: x - MARK, width: MARK + length, height: ROW, ..Room::default() };
            let before = Room { x: x - length, ..after };
            let sides =
                [(after, false), (before, true)].into_iter().filter(|(room, _)| room.x >= LEFT && room.x + room.width <= WIDTH);
            let sides: Vec<(Room, bool)> = sides.collect();
            let found = (0..=rows.len()).find_map(|number| {
                let taken = rows.get(number).map_or(&[][..], Vec::as_slice);
                let free = sides.iter().find(|(room, _)| taken.iter().all(|other| !other.overlaps(room)))?;
                Some((number, *free))
            });
            let (number, (room, ends)) = found.expect("the longest label has room on one side of its mark");
            if number == rows.len() {
                rows.push(Vec::new());
            }
            rows[number].push(room);
            let top = self.height + ROW * i32::try_from(number).expect("there are few rows");
            self.draw_item(
                &item,
                x,
                Text {
                    x: if ends { x - MARK - GAP } else { x + MARK + GAP },
                    y: top + 15,
                    ends,
                    words,
                    room: Room { y: top, ..room },
                },
            );
        }
        self.height += ROW * i32::try_from(rows.len().max(1)).expect("there are few rows") + MARGIN;
    }

    fn draw_item(&mut self, item: &Item, x: i32, label: Text) {
        if let Some(shape) = item.shape {
            self.symbols.push(Symbol { class: shape.class(), path: shape.path(x, label.room.y + ROW / 2) });
        }
        self.labels.push(label);
    }
}

impl Room {
    /// Tells whether two share any room.
    pub fn overlaps(&self, other: &Self) -> bool {
        let apart =
            |from: i32, length: i32, other: i32, other_length: i32| from + length <= other || other + other_length <= from;
        !apart(self.x, self.width, other.x, other.width) && !apart(self.y, self.height, other.y, other.height)
    }
}

fn bar(period: &Period, scale: &Scale, y: i32) -> Vec<Room> {
    let part = |part: Part| {
        let (x, until) = (scale.x(part.from), scale.x(shift(part.from, part.days)));
        let class = match part.stage {
            Stage::Period => "gone",
            Stage::Extension => "more",
            Stage::Over => "over",
            Stage::Left => "left",
        };
        let (y, height) = if part.stage == Stage::Over { (y - 3, 20) } else { (y, 14) };
        Room { class, x, y, width: until - x, height }
    };
    period.parts().into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::board::draw::timeline::{Line, LineKind, Mark, Timeline};

    /// Tells, by itself, whether two rectangles have no point in common.
    fn is_apart(one: Room, other: Room) -> bool {
        let (right, bottom) = (one.x + one.width, one.y + one.height);
        right <= other.x || other.x + other.width <= one.x || bottom <= other.y || other.y + other.height <= one.y
    }

    fn stories() -> impl Strategy<Value = Story> {
        let day = |days: i64| shift(date(2026, 1, 1), days);
        let days = || prop_oneof![3 => -30i64..400, 1 => -9000i64..27_000];
        let label = || prop_oneof![3 => "[A-Z][a-z0-9 ]{0,24}", 1 => "\\PC{0,80}"];
        let shape = prop_oneof![Just(Shape::Done), Just(Shape::Due), Just(Shape::Off), Just(Shape::Decided)];
        let mark = (days(), shape, label()).prop_map(move |(on, shape, label)| Mark {
            on: day(on),
            shape,
            words: label.clone(),
            label,
        });
        let line = (days(), label()).prop_map(move |(on, label)| Line {
            on: day(on),
            kind: LineKind::Today,
            words: label.clone(),
            label,
        });
        let lanes = proptest::collection::vec(mark, 0..12).prop_map(|marks| Lane { title: "Assessments", marks });
        let period = proptest::option::of((days(), 1i64..400, proptest::option::of(1i64..400), days()));
        let parts = (period, proptest::collection::vec(line, 0..5), proptest::collection::vec(lanes, 0..5));
        parts.prop_map(move |(period, lines, lanes)| {
            let period = period.map(|(start, length, base, today)| Period {
                start: day(start),
                base_end: base.map(|base| day(start + base)),
                end: day(start + length),
                today: day(today),
            });
            Story { title: String::new(), period, lines, lanes }
        })
    }

    proptest! {
        #[test]
        fn no_label_overlaps_another_and_all_is_within_the_drawing(story in stories()) {
            let Some(layout) = Layout::of(&story) else { return Ok(()) };
            let labels = story.lines.len() + story.lanes.iter().map(|lane| lane.marks.len()).sum::<usize>();
            prop_assert_eq!(layout.labels.len(), labels);
            let texts: Vec<&Text> = layout.labels.iter().chain(&layout.axis).collect();
            for (number, text) in texts.iter().enumerate() {
                let room = text.room;
                prop_assert!(room.x >= 0 && room.x + room.width <= WIDTH && room.y >= 0 && room.y + room.height <= layout.height, "{:?}", text);
                let from = if text.ends { text.x - width(&text.words, FONT) } else { text.x };
                prop_assert!(room.x <= from && from <= room.x + room.width, "{:?}", text);
                for other in &texts[number + 1..] {
                    prop_assert!(is_apart(room, other.room), "{:?} and {:?}", text, other);
                }
            }
            for part in &layout.bar {
                prop_assert!(part.x >= LEFT && part.width >= 0 && part.x + part.width <= WIDTH, "{:?}", part);
            }
            prop_assert!(layout.lines.iter().all(|line| (LEFT..=WIDTH).contains(&line.x)));
        }

        #[test]
        fn every_day_is_in_the_list(story in stories()) {
            let listed: Vec<Date> = Timeline::of(&story).entries.iter().map(|entry| entry.on).collect();
            let mut days: Vec<Date> = (story.lines.iter().map(|line| line.on))
                .chain(story.lanes.iter().flat_map(|lane| lane.marks.iter().map(|mark| mark.on)))
                .collect();
            days.sort();
            prop_assert_eq!(listed, days);
        }
    }
}
