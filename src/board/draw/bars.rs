//! How many of something there are, as upright bars side by side.

use askama::Template;

use super::text::width;
use crate::board::table::grouped;

/// At the size for which it is drawn.
const WIDTH: i32 = 600;
/// Where the bars stand.
const LEFT: i32 = 40;
const RIGHT: i32 = 590;
const TOP: i32 = 36;
const BOTTOM: i32 = 220;
const LABELS: i32 = 240;
/// The sizes of the texts, as the style sheet has them.
const TEXT: i32 = 14;
const SMALL: i32 = 12;

/// What a part of a bar stands for. Each is told by its shape: full, striped across, or cut through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it should be.
    Full,
    /// In between.
    Striped,
    /// Not as it should be.
    Cut,
}

impl Kind {
    /// The class by which the style sheet knows it.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Full => "gone",
            Self::Striped => "more",
            Self::Cut => "over",
        }
    }

    /// The class of the lines across it, where it has any.
    #[must_use]
    pub fn lines(self) -> Option<&'static str> {
        match self {
            Self::Full => None,
            Self::Striped => Some("stripes"),
            Self::Cut => Some("cuts"),
        }
    }
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What stands below it.
    pub label: String,
    /// Its parts from the bottom up; none where it is not told how many there are.
    pub parts: Vec<(Kind, u32)>,
}

/// Where the labels of bars stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Below the middle of each bar.
    Middle,
    /// Below its left edge: it begins there.
    Edge,
}

/// A line across the bars.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Where it stands, in thousandths of a bar from the left.
    pub at: i32,
    /// What stands beside it.
    pub label: String,
}

/// The drawing.
#[derive(Debug, Template)]
#[template(path = "drawings/bars.svg", config = "src/board/templates/askama.toml")]
pub struct Bars {
    /// What it shows, in words.
    pub words: String,
    boxes: Vec<Drawn>,
    lines: Vec<(i32, String)>,
    numbers: Vec<Text>,
    labels: Vec<Text>,
    limit: Option<(i32, Text)>,
}

#[derive(Debug)]
struct Drawn {
    kind: Kind,
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

impl Drawn {
    /// Where the lines across it stand.
    fn lines(&self) -> impl Iterator<Item = i32> + use<> {
        (self.y + 3..self.y + self.height).step_by(6)
    }
}

#[derive(Debug)]
struct Text {
    x: i32,
    y: i32,
    words: String,
    ends: bool,
}

/// Where things stand among so many bars up to so many.
struct Plot {
    bars: i32,
    most: u32,
}

impl Bars {
    /// Draws bars; absent where there is nothing to draw.
    #[must_use]
    pub fn of(words: String, bars: &[Bar], labels: Labels, limit: Option<Limit>) -> Option<Self> {
        let largest = bars.iter().map(Bar::total).max().filter(|&largest| largest > 0)?;
        let step = step(largest);
        let plot = Plot { bars: i32::try_from(bars.len()).ok()?, most: largest.div_ceil(step) * step };
        Some(Self {
            words,
            boxes: (0..).zip(bars).flat_map(|(index, bar)| plot.parts(index, bar)).collect(),
            lines: (0..=plot.most / step).map(|line| (plot.y(line * step), grouped(line * step))).collect(),
            numbers: plot.numbers(bars),
            labels: plot.labels(bars, labels),
            limit: limit.map(|limit| plot.limit(limit)),
        })
    }
}

impl Bar {
    fn total(&self) -> u32 {
        self.parts.iter().fold(0, |total, &(_, count)| total.saturating_add(count))
    }
}

impl Plot {
    /// The left edge of a bar's place.
    fn x(&self, index: i32) -> i32 {
        LEFT + (RIGHT - LEFT) * index / self.bars
    }

    fn room(&self) -> i32 {
        (RIGHT - LEFT) / self.bars
    }

    fn y(&self, count: u32) -> i32 {
        let (height, most) = (i64::from(BOTTOM - TOP), i64::from(self.most));
        let up = (i64::from(count) * height + most / 2) / most;
        BOTTOM - i32::try_from(up).expect("it is no more than the height")
    }

    fn parts(&self, index: i32, bar: &Bar) -> Vec<Drawn> {
        let gap = (self.room() / 8).max(1);
        let (x, width) = (self.x(index) + gap, (self.x(index + 1) - self.x(index) - 2 * gap).max(1));
        let mut below = 0;
        let mut drawn = Vec::new();
        for &(kind, count) in bar.parts.iter().filter(|(_, count)| *count > 0) {
            let (from, to) = (self.y(below), self.y(below + count));
            drawn.push(Drawn { kind, x, y: to, width, height: from - to });
            below += count;
        }
        drawn
    }

    /// How many, above each bar, where there is room above all.
    fn numbers(&self, bars: &[Bar]) -> Vec<Text> {
        let number = |(index, bar): (i32, &Bar)| {
            let (x, y) = (self.x(index) + self.room() / 2, self.y(bar.total()) - 5);
            Text { x, y, words: grouped(bar.total()), ends: false }
        };
        let numbers: Vec<Text> = (0..).zip(bars).filter(|(_, bar)| bar.total() > 0).map(number).collect();
        if numbers.iter().all(|number| width(&number.words, TEXT) <= self.room()) { numbers } else { Vec::new() }
    }

    /// The labels that do not stand in one another's way.
    fn labels(&self, bars: &[Bar], place: Labels) -> Vec<Text> {
        let mut free_from = 0;
        let mut labels = Vec::new();
        for (index, bar) in (0..).zip(bars) {
            let middle = self.x(index) + if place == Labels::Middle { self.room() / 2 } else { 0 };
            let half = width(&bar.label, SMALL) / 2;
            if middle - half >= free_from {
                free_from = middle + half + 6;
                labels.push(Text { x: middle, y: LABELS, words: bar.label.clone(), ends: false });
            }
        }
        labels
    }

    fn limit(&self, limit: Limit) -> (i32, Text) {
        let x = (LEFT + (RIGHT - LEFT) * limit.at / (1000 * self.bars)).clamp(LEFT, RIGHT);
        let ends = x + 6 + width(&limit.label, TEXT) > WIDTH;
        (x, Text { x: if ends { x - 6 } else { x + 6 }, y: 14, words: limit.label, ends })
    }
}

/// A round number, of which at most five lead to the largest.
fn step(largest: u32) -> u32 {
    let powers = std::iter::successors(Some(1u32), |power| power.checked_mul(10));
    let mut steps = powers.flat_map(|power| [1, 2, 5].map(|times| power.saturating_mul(times)));
    steps.find(|&step| largest.div_ceil(step) <= 5).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bar(label: &str, parts: &[(Kind, u32)]) -> Bar {
        Bar { label: label.to_owned(), parts: parts.to_vec() }
    }

    fn drawn(bars: &[Bar]) -> Bars {
        Bars::of("Cases by weeks".to_owned(), bars, Labels::Edge, None).expect("there is something")
    }

    #[test]
    fn parts_stand_on_one_another_and_are_told_by_their_shapes() {
        let drawn = drawn(&[bar("0", &[(Kind::Full, 6), (Kind::Cut, 4)]), bar("4", &[(Kind::Striped, 5)]), bar("8", &[])]);
        let told: Vec<(Kind, i32, i32)> = drawn.boxes.iter().map(|part| (part.kind, part.y, part.y + part.height)).collect();
        assert_eq!(told, [(Kind::Full, 110, BOTTOM), (Kind::Cut, TOP, 110), (Kind::Striped, 128, BOTTOM)]);
        let written = drawn.to_string();
        assert!(
            written.contains("<path class=\"cuts\" d=\"M62 39h") && written.contains("<path class=\"stripes\" d=\"M245 131h"),
            "{written}"
        );
        let numbers: Vec<&str> = drawn.numbers.iter().map(|number| number.words.as_str()).collect();
        assert_eq!(numbers, ["10", "5"]);
        let lines: Vec<(i32, &str)> = drawn.lines.iter().map(|(y, count)| (*y, count.as_str())).collect();
        assert_eq!(lines, [(220, "0"), (183, "2"), (146, "4"), (110, "6"), (73, "8"), (36, "10")]);
    }

    #[test]
    fn where_there_is_nothing_nothing_is_drawn() {
        assert!(Bars::of(String::new(), &[], Labels::Middle, None).is_none());
        assert!(Bars::of(String::new(), &[bar("a", &[(Kind::Full, 0)]), bar("b", &[])], Labels::Middle, None).is_none());
    }

    /// Sixteen weeks, in bands of four, lie where the fifth bar begins; a limit beyond the bars stands at their edge.
    #[rstest::rstest]
    #[case(4_000, 197, false)]
    #[case(13_500, 570, true)]
    #[case(90_000, RIGHT, true)]
    fn a_limit_stands_where_it_lies_and_its_words_within_the_drawing(#[case] at: i32, #[case] x: i32, #[case] ends: bool) {
        let bars = vec![bar("0", &[(Kind::Full, 1)]); 14];
        let limit = Some(Limit { at, label: "Limit: 16 weeks".to_owned() });
        let (line, text) = Bars::of(String::new(), &bars, Labels::Edge, limit).expect("drawn").limit.expect("it has one");
        assert_eq!((line, text.ends), (x, ends));
    }

    #[test]
    fn of_many_labels_only_as_many_stand_as_there_is_room_for() {
        let few = drawn(&vec![bar("Nov", &[(Kind::Full, 1)]); 12]);
        assert_eq!((few.labels.len(), few.numbers.len()), (12, 12));
        let many = drawn(&vec![bar("Nov", &[(Kind::Full, 11)]); 61]);
        assert!((10..31).contains(&many.labels.len()) && many.numbers.is_empty(), "{}", many.labels.len());
    }

    #[test]
    fn it_is_written_as_an_image_with_its_words() {
        let written = drawn(&[bar("<0>", &[(Kind::Cut, 3)])]).to_string();
        assert!(
            written.starts_with("<svg")
                && written.contains("role=\"img\"")
                && written.contains("<title>Cases by weeks</title>")
        );
        assert!(written.contains("&#60;0&#62;") && !written.contains("style="), "{written}");
    }

    proptest! {
        #[test]
        fn everything_is_within_the_drawing(counts in prop::collection::vec((0u32..400_000, 0u32..400_000), 1..70)) {
            let bars: Vec<Bar> = counts.iter().map(|&(full, cut)| bar("x", &[(Kind::Full, full), (Kind::Cut, cut)])).collect();
            let Some(drawn) = Bars::of(String::new(), &bars, Labels::Middle, None) else { return Ok(()) };
            for part in &drawn.boxes {
                prop_assert!(part.x >= LEFT && part.width >= 1 && part.x + part.width <= RIGHT, "{part:?}");
                prop_assert!(part.y >= TOP && part.height >= 0 && part.y + part.height <= BOTTOM, "{part:?}");
            }
            prop_assert!(drawn.lines.len() <= 6);
        }
    }
}
