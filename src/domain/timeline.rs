//! Values that change from day to day, as stretches of days.

use jiff::civil::Date;
use smallvec::{SmallVec, smallvec};

use super::calendar::{FOREVER, next_day};

/// The days from `from` up to, but not including, `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first day.
    pub from: Date,
    /// The first day after it.
    pub until: Date,
}

impl Stretch {
    /// No day at all.
    pub const NEVER: Self = Self { from: FOREVER, until: FOREVER };

    /// From this day on, for ever.
    #[must_use]
    pub fn from(from: Date) -> Self {
        Self { from, until: FOREVER }
    }

    /// The days after this day, for ever.
    #[must_use]
    pub fn after(day: Date) -> Self {
        Self::from(next_day(day))
    }

    /// The same, ending before `day` where that is earlier; a day that is not given ends nothing.
    #[must_use]
    pub fn until(self, day: impl Into<Option<Date>>) -> Self {
        Self { until: day.into().map_or(self.until, |day| self.until.min(day)), ..self }
    }

    /// The same, ending with `day` where that is earlier.
    #[must_use]
    pub fn through(self, day: Date) -> Self {
        self.until(next_day(day))
    }

    /// The days that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// Tells whether it holds no day.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.from >= self.until
    }

    /// Tells whether it holds this day.
    #[must_use]
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day < self.until
    }
}

impl Stretch {
    /// Cuts a stretch on each of some days that lie within it.
    pub fn cut(self, on: impl IntoIterator<Item = Date>) -> impl Iterator<Item = Self> {
        let mut cuts: SmallVec<[Date; 24]> = SmallVec::new();
        on.into_iter().filter(|&day| self.from < day && day < self.until).for_each(|day| cuts.push(day));
        cuts.sort_unstable();
        cuts.dedup();
        let mut rest = self;
        let last = (!self.is_empty()).then_some(self.until);
        cuts.into_iter().chain(last).map(move |next| {
            let piece = rest.until(next);
            rest.from = next;
            piece
        })
    }
}

/// A value that holds from one day until the next change, from a first day on for ever.
#[derive(Clone, Debug)]
pub struct Timeline<T> {
    changes: SmallVec<[(Date, T); 8]>,
}

impl<T: PartialEq> Timeline<T> {
    /// Samples a plain reading of the value on `start` and on each later day on which it can change.
    pub fn sample(start: Date, can_change: impl IntoIterator<Item = Date>, read_on: impl Fn(Date) -> T) -> Self {
        let mut days: SmallVec<[Date; 16]> = smallvec![start];
        can_change.into_iter().filter(|&day| day > start).for_each(|day| days.push(day));
        days.sort_unstable();
        days.dedup();
        let mut timeline = Self::never();
        for day in days {
            timeline.then(day, read_on(day));
        }
        timeline
    }

    /// A value that holds from a day on, for ever.
    #[must_use]
    pub fn from(day: Date, value: T) -> Self {
        Self { changes: smallvec![(day, value)] }
    }

    /// Another value from a later day on; nothing changes where it is the same.
    pub fn then(&mut self, day: Date, value: T) {
        if self.changes.last().is_none_or(|(_, before)| *before != value) {
            self.changes.push((day, value));
        }
    }

    /// What follows from the value, day by day.
    pub fn map<U: PartialEq>(&self, follows: impl Fn(&T) -> U) -> Timeline<U> {
        let mut changes: SmallVec<[(Date, U); 8]> = self.changes.iter().map(|(day, value)| (*day, follows(value))).collect();
        changes.dedup_by(|(_, value), (_, before)| value == before);
        Timeline { changes }
    }

    /// A value that never holds.
    #[must_use]
    pub fn never() -> Self {
        Self { changes: SmallVec::new() }
    }

    /// Each value with the days on which it holds, in order.
    pub fn runs(&self) -> impl Iterator<Item = (Stretch, &T)> {
        self.changes.iter().enumerate().map(|(index, (from, value))| {
            let until = self.changes.get(index + 1).map_or(FOREVER, |(next, _)| *next);
            (Stretch { from: *from, until }, value)
        })
    }

    /// The value on a day; absent before the first.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&T> {
        let index = self.changes.partition_point(|(from, _)| *from <= day);
        index.checked_sub(1).map(|index| &self.changes[index].1)
    }
}
