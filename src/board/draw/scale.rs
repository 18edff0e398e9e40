//! Days along a line.

use jiff::civil::Date;

use crate::domain::calendar::days_between;

/// Where each day stands, in the units of a drawing.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The first day that has a place.
    pub first: Date,
    /// The last one.
    pub last: Date,
    left: i32,
    right: i32,
}

impl Scale {
    /// Lays some days out between two edges; absent where there is none.
    pub fn of(days: impl IntoIterator<Item = Date>, left: i32, right: i32) -> Option<Self> {
        let bounds = |bounds: Option<(Date, Date)>, day: Date| {
            Some(bounds.map_or((day, day), |(first, last)| (first.min(day), last.max(day))))
        };
        let (first, last) = days.into_iter().fold(None, bounds)?;
        Some(Self { first, last, left, right })
    }

    /// Where a day stands; one that has no place stands at the nearer edge.
    pub fn x(&self, day: Date) -> i32 {
        let length = days_between(self.first, self.last).max(1);
        let days = days_between(self.first, day).clamp(0, length);
        let along = (days * i64::from(self.right - self.left) + length / 2) / length;
        self.left + i32::try_from(along).expect("it is no more than the width")
    }
}
