//! The period of a case in stretches, and its days in words, for whatever draws it.

use jiff::civil::Date;

use super::calendar::{Counted, days_between, in_words};

/// The four days that say how a case stands to its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The day from which it is counted.
    pub start: Date,
    /// The end without extensions, where they moved it.
    pub base_end: Option<Date>,
    /// The end as it stands.
    pub end: Date,
    /// The day on which it is looked at.
    pub today: Date,
}

/// What a stretch of days is to the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Gone by, within the first end.
    Period,
    /// Gone by, after the first end and within the extended one.
    Extension,
    /// Gone by, after the end.
    Over,
    /// Still to come.
    Left,
}

/// How far a period has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not beyond its first end.
    Within,
    /// Beyond its first end, and not beyond the extended one.
    InExtension,
    /// Beyond its end.
    Over,
}

impl Standing {
    /// The standing as a sentence begins with it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Within => "Within the period",
            Self::InExtension => "Within the extension",
            Self::Over => "Over the end",
        }
    }
}

/// One stretch of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its first day.
    pub from: Date,
    /// How many days it lasts.
    pub days: i64,
    /// What it is.
    pub stage: Stage,
    /// Whether it begins with the first end: what extensions have added.
    pub begins_more_time: bool,
}

impl Period {
    /// How far it has come.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.today > self.end {
            Standing::Over
        } else if self.first_end().is_some_and(|first_end| self.today > first_end) {
            Standing::InExtension
        } else {
            Standing::Within
        }
    }

    /// The first end, where it lies between the start and the end.
    #[must_use]
    pub fn first_end(&self) -> Option<Date> {
        self.base_end.filter(|&day| self.start < day && day < self.end)
    }

    /// The stretches from the start to the end, or to today where that is later, in their order and without gaps; none where the end is
    /// not after the start.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let Self { start, end, today, .. } = *self;
        if end <= start {
            return Vec::new();
        }
        let first_end = self.first_end();
        let mut days: Vec<Date> = [start, end, today.max(start)].into_iter().chain(first_end).collect();
        days.sort_unstable();
        days.dedup();
        let part = |pair: &[Date]| {
            let (from, begins_more_time) = (pair[0], first_end == Some(pair[0]));
            let stage = match from {
                _ if from >= end => Stage::Over,
                _ if from >= today => Stage::Left,
                _ if begins_more_time => Stage::Extension,
                _ => Stage::Period,
            };
            Part { from, days: days_between(from, pair[1]), stage, begins_more_time }
        };
        days.windows(2).map(part).collect()
    }

    /// Its days in words, in their order: `start 4 May 2026`, `today 10 August 2026, 2 weeks left`, …
    #[must_use]
    pub fn days(&self) -> Vec<String> {
        let Self { start, end, today, .. } = *self;
        let first_end = self.first_end();
        let end_is = if first_end.is_some() { "extended end" } else { "end" };
        let mut days = vec![(start, "start", String::new())];
        days.extend(first_end.map(|day| (day, "first end", String::new())));
        days.push((end, end_is, if end == today { ", today".to_owned() } else { String::new() }));
        match days_between(end, today) {
            0 => {}
            over @ 1.. => days.push((today, "today", format!(", {} over", long(over)))),
            left => days.push((today, "today", format!(", {} left", long(-left)))),
        }
        days.sort_by_key(|&(day, ..)| day);
        days.into_iter().map(|(day, what, how)| format!("{what} {}{how}", in_words(day))).collect()
    }
}

/// A length of time in whole weeks, or in days where it is less than two weeks.
#[must_use]
pub fn long(days: i64) -> Counted {
    match days {
        ..14 => Counted(days, "day"),
        _ => Counted(days / 7, "week"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(base_end: Option<&str>, end: &str, today: &str) -> String {
        let day = |text: &str| text.parse().expect("a date");
        let period = Period { start: day("2026-06-01"), base_end: base_end.map(day), end: day(end), today: day(today) };
        let part = |part: &Part| format!("{:?} {}{}", part.stage, part.days, if part.begins_more_time { " more" } else { "" });
        let parts: Vec<String> = period.parts().iter().map(part).collect();
        format!("{}: {}", period.standing().words(), parts.join(", "))
    }

    #[rstest::rstest]
    #[case::begins_today(None, "2026-09-21", "2026-06-01", "Within the period: Left 112")]
    #[case::to_begin(None, "2026-09-21", "2026-05-01", "Within the period: Left 112")]
    #[case::under_way(None, "2026-09-21", "2026-06-11", "Within the period: Period 10, Left 102")]
    #[case::last_day(None, "2026-09-21", "2026-09-21", "Within the period: Period 112")]
    #[case::over(None, "2026-09-21", "2026-09-22", "Over the end: Period 112, Over 1")]
    #[case::first_end(Some("2026-09-21"), "2026-10-19", "2026-09-21", "Within the period: Period 112, Left 28 more")]
    #[case::in_extension(
        Some("2026-09-21"),
        "2026-10-19",
        "2026-09-28",
        "Within the extension: Period 112, Extension 7 more, Left 21"
    )]
    #[case::over_again(Some("2026-09-21"), "2026-10-19", "2026-10-20", "Over the end: Period 112, Extension 28 more, Over 1")]
    #[case::shortened(Some("2026-09-21"), "2026-08-03", "2026-06-11", "Within the period: Period 10, Left 53")]
    #[case::ended_before_it_began(None, "2026-05-31", "2026-06-11", "Over the end: ")]
    fn a_period_falls_into_parts(
        #[case] base_end: Option<&str>,
        #[case] end: &str,
        #[case] today: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(parts(base_end, end, today), expected);
    }
}
