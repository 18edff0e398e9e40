//! The one place that knows what time it is.
//!
//! A run or a request reads the clock once and passes the moment on. Instants are UTC; the civil date is London's.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};

/// The time zone of England, bundled with the program.
#[must_use]
pub fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("the time zone database is bundled and knows London")
}

/// The moment at which a day begins in London; its clocks never change at midnight.
///
/// # Panics
///
/// Never: every day of our years has a beginning.
#[must_use]
pub fn midnight(day: Date) -> Timestamp {
    day.to_zoned(london()).expect("a civil date is within the years of instants").timestamp()
}

/// A moment, with its civil date in London.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant, UTC.
    pub at: Timestamp,
    /// The civil date in London at that instant.
    pub today: Date,
}

impl Moment {
    /// A moment with its civil date.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self { at, today: at.to_zoned(london()).date() }
    }

    /// What calendar and clock show in London.
    #[must_use]
    pub fn in_london(self) -> DateTime {
        self.today.to_datetime(self.at.to_zoned(london()).time())
    }

    /// The same instant, taken to be on another day: for checks as of a day.
    #[must_use]
    pub fn as_of(self, today: Option<Date>) -> Self {
        Self { today: today.unwrap_or(self.today), ..self }
    }
}

/// Tells the time; tests hold it still and move it.
#[derive(Clone)]
pub struct Clock(std::sync::Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn of_the_machine() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        Self(std::sync::Arc::new(Timestamp::now))
    }

    /// A clock that somebody else moves.
    #[must_use]
    pub fn told_by(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(std::sync::Arc::new(tell))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::of((self.0)())
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("2026-03-29", "2026-03-29T00:00:00Z")]
    #[case("2026-03-30", "2026-03-29T23:00:00Z")]
    #[case("2026-10-25", "2026-10-24T23:00:00Z")]
    #[case("2026-10-26", "2026-10-26T00:00:00Z")]
    fn a_day_begins_at_midnight_over_clock_changes(#[case] day: Date, #[case] expected: Timestamp) {
        assert_eq!(midnight(day), expected);
    }

    #[rstest::rstest]
    #[case("2026-03-29T07:00:00Z", "2026-03-29T08:00:00")]
    #[case("2026-03-28T08:00:00Z", "2026-03-28T08:00:00")]
    #[case("2026-10-25T08:00:00Z", "2026-10-25T08:00:00")]
    #[case("2026-10-24T07:00:00Z", "2026-10-24T08:00:00")]
    fn eight_in_london_is_another_instant_in_summer(#[case] at: Timestamp, #[case] expected: DateTime) {
        assert_eq!(Moment::of(at).in_london(), expected);
    }

    /// In 2026 London's clocks go forward on 29 March and back on 25 October, both at 01:00 UTC; likewise in 2027 and 2028.
    #[rstest::rstest]
    #[case("2026-03-28T23:59:59Z", "2026-03-28")]
    #[case("2026-03-29T22:59:59Z", "2026-03-29")]
    #[case("2026-03-29T23:00:00Z", "2026-03-30")]
    #[case("2026-10-24T22:59:59Z", "2026-10-24")]
    #[case("2026-10-24T23:00:00Z", "2026-10-25")]
    #[case("2026-10-25T23:00:00Z", "2026-10-25")]
    #[case("2026-10-26T00:00:00Z", "2026-10-26")]
    #[case("2027-03-28T23:30:00Z", "2027-03-29")]
    #[case("2027-10-31T23:30:00Z", "2027-10-31")]
    #[case("2028-03-26T23:30:00Z", "2028-03-27")]
    #[case("2028-10-29T23:30:00Z", "2028-10-29")]
    #[case("2028-02-29T00:00:00Z", "2028-02-29")]
    fn the_date_is_londons_over_clock_changes(#[case] at: Timestamp, #[case] expected: Date) {
        assert_eq!(Moment::of(at).today, expected);
    }
}
