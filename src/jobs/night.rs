//! The hour of what is done once a night.

use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;

use crate::domain::calendar::shift;

/// The night's slot once its hour has come: half past two, UTC, when London sleeps in summer and in winter.
pub fn slot_of(at: Timestamp) -> Option<Timestamp> {
    let day = at.to_zoned(TimeZone::UTC).date();
    let hour = |day: Date| day.to_datetime(time(2, 30, 0, 0)).to_zoned(TimeZone::UTC);
    let tonight = hour(day).ok()?.timestamp();
    if at >= tonight { Some(tonight) } else { hour(shift(day, -1)).ok().map(|last_night| last_night.timestamp()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("2026-06-02T02:30:00Z", "2026-06-02T02:30:00Z")]
    #[case("2026-06-02T23:59:59Z", "2026-06-02T02:30:00Z")]
    #[case("2026-06-02T02:29:59Z", "2026-06-01T02:30:00Z")]
    #[case("2026-03-29T01:30:00Z", "2026-03-28T02:30:00Z")]
    #[case("2026-10-25T02:30:00Z", "2026-10-25T02:30:00Z")]
    fn a_night_has_one_slot_whatever_the_clocks_do(#[case] at: Timestamp, #[case] expected: Timestamp) {
        assert_eq!(slot_of(at), Some(expected));
    }
}
