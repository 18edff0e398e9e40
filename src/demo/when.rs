//! The days of a story, said before it is known which day today is.

use jiff::civil::Date;

use crate::domain::calendar::{Calendar, Span, next_day, shift};

/// The day on which the stories are told, with its calendar.
#[derive(Clone, Debug)]
pub struct Today {
    day: Date,
    calendar: Calendar,
}

/// A day of a story.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// So many days after the first of the story.
    AfterFirst(i64),
    /// So many days after today.
    AfterToday(i64),
    /// So many working days before today.
    WorkdaysAgo(u16),
    /// So many working days after today.
    WorkdaysAhead(u16),
}

/// So many days after the first of the story.
pub fn day(number: i64) -> When {
    When::AfterFirst(number)
}

/// So many weeks after the first day of the story.
pub fn week(number: i64) -> When {
    When::AfterFirst(7 * number)
}

/// So many weeks before today.
pub fn weeks_ago(number: i64) -> When {
    When::AfterToday(-7 * number)
}

/// So many weeks after today.
pub fn weeks_ahead(number: i64) -> When {
    When::AfterToday(7 * number)
}

/// So many working days before today, from 1.
pub fn workdays_ago(number: u16) -> When {
    When::WorkdaysAgo(number)
}

/// So many working days after today, from 1.
pub fn workdays_ahead(number: u16) -> When {
    When::WorkdaysAhead(number)
}

impl Today {
    /// Tells the stories on this day.
    pub fn new(day: Date, calendar: &Calendar) -> Self {
        Self { day, calendar: calendar.clone() }
    }

    /// The day itself.
    pub fn day(&self) -> Date {
        self.day
    }

    /// The working day that a story means, counted from its first day; the last one before where nobody works on that day.
    pub fn resolve(&self, first: Date, when: When) -> Date {
        match when {
            When::AfterFirst(days) => self.working_day_by(shift(first, days)),
            When::AfterToday(days) => self.working_day_by(shift(self.day, days)),
            When::WorkdaysAgo(number) => self.calendar.minus(self.day, Span::WorkingDays(number)),
            When::WorkdaysAhead(number) => self.calendar.plus(self.day, Span::WorkingDays(number)),
        }
    }

    fn working_day_by(&self, day: Date) -> Date {
        self.calendar.minus(next_day(day), Span::WorkingDays(1))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    // Started on Thursday 17 December 2026, told on Saturday 2 January 2027; 25 and 28 December and 1 January are not worked.
    #[rstest::rstest]
    #[case(day(0), "2026-12-17")]
    #[case(week(1), "2026-12-24")]
    #[case(day(9), "2026-12-24")]
    #[case(weeks_ago(2), "2026-12-18")]
    #[case(weeks_ahead(1), "2027-01-08")]
    #[case(workdays_ago(1), "2026-12-31")]
    #[case(workdays_ahead(1), "2027-01-04")]
    fn a_day_of_a_story_is_a_working_day(#[case] when: When, #[case] expected: Date) {
        let today = Today::new(date(2027, 1, 2), &Calendar::default());
        assert_eq!(today.resolve(date(2026, 12, 17), when), expected);
    }
}
