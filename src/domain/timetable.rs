//! When the digest and the panel pack are due: by London's date and time, whenever somebody asks.
//!
//! Asked again and again, each answers with what is due and lets the caller find out whether it is done. So nothing depends on a
//! clock that ticks at the right moment, and what an outage made late is simply still due.

use jiff::civil::{Date, DateTime};

use super::calendar::{Calendar, Span, days_between, next_day, shift};
use super::policy::{DigestPolicy, PanelPolicy};

/// The day whose digest is due at this time in London; absent before its hour and on days on which nobody works.
#[must_use]
pub fn digest_due(now: DateTime, policy: DigestPolicy, calendar: &Calendar) -> Option<Date> {
    (calendar.is_working_day(now.date()) && now.time() >= policy.at).then_some(now.date())
}

/// The working days strictly between the last digest and this one, on which none was sent.
#[must_use]
pub fn digests_missed(last: Date, this: Date, calendar: &Calendar) -> Vec<Date> {
    let between = std::iter::successors(Some(next_day(last)), |&day| Some(next_day(day)));
    between.take_while(|&day| day < this).filter(|&day| calendar.is_working_day(day)).collect()
}

/// The meeting whose pack is due at this time in London: from the hour of the pack on the working day before the meeting to the end
/// of the meeting's own day, on days on which people work.
#[must_use]
pub fn pack_due(now: DateTime, policy: &PanelPolicy, calendar: &Calendar) -> Option<Date> {
    let (today, meeting) = (now.date(), next_meeting(now.date(), policy));
    let pack_on = pack_on(meeting, calendar);
    let has_come = today > pack_on || (today == pack_on && now.time() >= policy.at);
    (calendar.is_working_day(today) && has_come).then_some(meeting)
}

/// The day on which the pack of a meeting goes out.
#[must_use]
pub fn pack_on(meeting: Date, calendar: &Calendar) -> Date {
    calendar.minus(meeting, Span::WorkingDays(1))
}

/// The next meeting on this day or later.
#[must_use]
pub fn next_meeting(from: Date, policy: &PanelPolicy) -> Date {
    let weekday_in = i64::from(policy.weekday.since(from.weekday()));
    let first = shift(from, weekday_in);
    let cycle = 7 * i64::from(policy.every_weeks);
    let beyond = policy.counted_from.map_or(0, |anchor| days_between(anchor, first).rem_euclid(cycle));
    shift(first, if beyond == 0 { 0 } else { cycle - beyond })
}

/// The meetings strictly between two, for which no pack was sent.
#[must_use]
pub fn packs_missed(last: Date, this: Date, policy: &PanelPolicy) -> Vec<Date> {
    let between = std::iter::successors(Some(last), |&meeting| Some(next_meeting(next_day(meeting), policy)));
    between.skip(1).take_while(|&meeting| meeting < this).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date, datetime};

    use super::super::policy::Policy;
    use super::*;

    #[rstest::rstest]
    #[case::before_the_hour(datetime(2026, 6, 1, 7, 59, 59, 0), None)]
    #[case::at_the_hour(datetime(2026, 6, 1, 8, 0, 0, 0), Some(date(2026, 6, 1)))]
    #[case::late(datetime(2026, 6, 1, 23, 59, 0, 0), Some(date(2026, 6, 1)))]
    #[case::saturday(datetime(2026, 6, 6, 9, 0, 0, 0), None)]
    #[case::a_bank_holiday(datetime(2026, 12, 28, 9, 0, 0, 0), None)]
    fn a_digest_is_due_on_working_days_from_its_hour(#[case] now: DateTime, #[case] expected: Option<Date>) {
        let policy = Policy::default();
        assert_eq!(digest_due(now, policy.digest, &policy.calendar), expected);
    }

    #[test]
    fn an_outage_over_christmas_misses_working_days_only() {
        let missed = digests_missed(date(2026, 12, 23), date(2026, 12, 31), &Calendar::default());
        assert_eq!(missed, [date(2026, 12, 24), date(2026, 12, 29), date(2026, 12, 30)]);
        assert_eq!(digests_missed(date(2026, 12, 24), date(2026, 12, 29), &Calendar::default()), []);
    }

    #[rstest::rstest]
    #[case::two_days_before(datetime(2026, 6, 1, 9, 0, 0, 0), None)]
    #[case::the_day_before_before_the_hour(datetime(2026, 6, 2, 7, 0, 0, 0), None)]
    #[case::the_day_before(datetime(2026, 6, 2, 8, 0, 0, 0), Some(date(2026, 6, 3)))]
    #[case::late_on_the_day_itself(datetime(2026, 6, 3, 1, 0, 0, 0), Some(date(2026, 6, 3)))]
    #[case::past(datetime(2026, 6, 4, 9, 0, 0, 0), None)]
    #[case::before_new_year(datetime(2027, 1, 4, 9, 0, 0, 0), None)]
    fn a_pack_is_due_from_the_working_day_before_until_the_meeting(#[case] now: DateTime, #[case] expected: Option<Date>) {
        let policy = Policy::default();
        assert_eq!(pack_due(now, &policy.panel, &policy.calendar), expected);
    }

    /// The panel meets on Tuesdays; 29 December 2026 is the first working day after Christmas, 24 December the last before it.
    #[test]
    fn a_pack_for_the_first_day_after_christmas_goes_out_before_it() {
        let policy = Policy::default();
        let panel = PanelPolicy { weekday: Weekday::Tuesday, ..policy.panel };
        let due = |now: DateTime| pack_due(now, &panel, &policy.calendar);
        assert_eq!(due(datetime(2026, 12, 24, 8, 0, 0, 0)), Some(date(2026, 12, 29)));
        assert_eq!(due(datetime(2026, 12, 26, 8, 0, 0, 0)), None, "nobody works on the days between");
        assert_eq!(due(datetime(2026, 12, 29, 0, 5, 0, 0)), Some(date(2026, 12, 29)));
    }

    #[rstest::rstest]
    #[case(date(2026, 6, 3), date(2026, 6, 3))]
    #[case(date(2026, 6, 4), date(2026, 6, 17))]
    #[case(date(2026, 5, 1), date(2026, 5, 6))]
    #[case(date(2025, 12, 31), date(2025, 12, 31))]
    #[case(date(2026, 1, 1), date(2026, 1, 14))]
    fn weeks_are_counted_from_a_meeting_both_ways(#[case] from: Date, #[case] expected: Date) {
        let every_other = PanelPolicy { every_weeks: 2, counted_from: Some(date(2026, 6, 3)), ..Policy::default().panel };
        assert_eq!(next_meeting(from, &every_other), expected);
    }

    #[test]
    fn packs_that_were_missed_are_those_of_the_meetings_between() {
        let panel = Policy::default().panel;
        assert_eq!(packs_missed(date(2026, 6, 3), date(2026, 6, 24), &panel), [date(2026, 6, 10), date(2026, 6, 17)]);
        assert_eq!(packs_missed(date(2026, 6, 3), date(2026, 6, 10), &panel), []);
    }
}
