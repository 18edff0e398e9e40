//! For how long cases are in pre-proceedings, in bands of four weeks.

use super::Count;

/// How many weeks a band holds.
const WEEKS: u32 = 4;

/// Cases that are in pre-proceedings for about as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// For so many whole weeks at least.
    pub from: u32,
    /// For less than so many; the last band has no end.
    pub below: Option<u32>,
    /// Counts these cases.
    pub cases: Count,
    /// Counts those of them that are undecided after the end of their period.
    pub past_end: Count,
}

const fn band(from: u32, cases: Count, past_end: Count) -> Band {
    Band { from, below: Some(from + WEEKS), cases, past_end }
}

/// The bands, in order. Each case in pre-proceedings lies in one.
pub const BANDS: [Band; 14] = [
    band(0, Count::Open0, Count::Late0),
    band(4, Count::Open4, Count::Late4),
    band(8, Count::Open8, Count::Late8),
    band(12, Count::Open12, Count::Late12),
    band(16, Count::Open16, Count::Late16),
    band(20, Count::Open20, Count::Late20),
    band(24, Count::Open24, Count::Late24),
    band(28, Count::Open28, Count::Late28),
    band(32, Count::Open32, Count::Late32),
    band(36, Count::Open36, Count::Late36),
    band(40, Count::Open40, Count::Late40),
    band(44, Count::Open44, Count::Late44),
    band(48, Count::Open48, Count::Late48),
    Band { below: None, ..band(52, Count::Open52, Count::Late52) },
];

impl Band {
    /// The band of a number of whole weeks.
    #[must_use]
    pub fn of(weeks: u32) -> &'static Self {
        let is_in = |band: &&Self| band.below.is_none_or(|below| weeks < below);
        BANDS.iter().find(is_in).expect("the last band has no end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, 0)]
    #[case(3, 0)]
    #[case(4, 4)]
    #[case(15, 12)]
    #[case(16, 16)]
    #[case(51, 48)]
    #[case(52, 52)]
    #[case(u32::MAX, 52)]
    fn a_number_of_weeks_lies_in_one_band(#[case] weeks: u32, #[case] from: u32) {
        assert_eq!(Band::of(weeks).from, from);
    }

    #[test]
    fn where_a_band_ends_the_next_begins() {
        for pair in BANDS.windows(2) {
            assert_eq!(pair[0].below, Some(pair[1].from));
        }
    }
}
