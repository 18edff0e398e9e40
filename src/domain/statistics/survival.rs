//! How long things last of which some have not ended: the estimate of Kaplan and Meier.
//!
//! What has not ended counts for as long as it was seen to last, and is never taken for something that ended then.

use std::collections::BTreeMap;

use super::spread::Part;

/// How long something lasted, or has lasted so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// In whole units.
    pub length: u32,
    /// Whether it ended then; else nobody knows when it will (it is censored).
    pub has_ended: bool,
}

/// Stays, of which some have not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stays(Vec<Stay>);

/// Far below what one of a caseload's cases changes, far above what multiplying shares gets wrong.
const ROUNDING: f64 = 1e-9;

impl Stays {
    /// The shortest length by which, as estimated, this part has ended: the first at which the share that goes on is not above
    /// the rest. Absent where the estimate does not come that far, because too many have not ended.
    #[must_use]
    pub fn ended_by(&self, part: Part) -> Option<u32> {
        let most_that_go_on = f64::from(10 - part.tenths()) / 10.0;
        self.shares_that_go_on().find(|&(_, share)| share <= most_that_go_on + ROUNDING).map(|(length, _)| length)
    }

    /// For each length at which something ended, in order: the share that goes on beyond it. What was last seen at that length
    /// counts as seen at it.
    fn shares_that_go_on(&self) -> impl Iterator<Item = (u32, f64)> {
        let mut by_length: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for stay in &self.0 {
            let (ended, left) = by_length.entry(stay.length).or_default();
            *ended += u32::from(stay.has_ended);
            *left += 1;
        }
        let (mut at_risk, mut share) = (u32::try_from(self.0.len()).unwrap_or(u32::MAX), 1.0);
        by_length.into_iter().filter_map(move |(length, (ended, left))| {
            share *= f64::from(at_risk - ended) / f64::from(at_risk);
            at_risk -= left;
            (ended > 0).then_some((length, share))
        })
    }
}

impl FromIterator<Stay> for Stays {
    fn from_iter<I: IntoIterator<Item = Stay>>(stays: I) -> Self {
        Self(stays.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::spread::Spread;
    use super::*;

    /// Lengths in a line of words; those with a plus have not ended.
    fn stays(words: &str) -> Stays {
        let stay = |word: &str| Stay {
            length: word.trim_end_matches('+').parse().expect("a length"),
            has_ended: !word.ends_with('+'),
        };
        words.split_whitespace().map(stay).collect()
    }

    /// The remissions of the patients who were given 6-mercaptopurine (Freireich 1963), with the estimate as Cox and Oakes,
    /// "Analysis of Survival Data", print it. The median of the paper is 23 weeks.
    #[test]
    fn the_example_of_the_textbooks_comes_out() {
        let remissions = stays("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+");
        let told: Vec<(u32, f64)> =
            remissions.shares_that_go_on().map(|(length, share)| (length, (share * 1000.0).round() / 1000.0)).collect();
        let printed = [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)];
        assert_eq!(told, printed);
        assert_eq!(remissions.ended_by(Part::Half), Some(23));
        assert_eq!(remissions.ended_by(Part::NineTenths), None);
    }

    #[rstest::rstest]
    #[case::nothing("", None, None)]
    #[case::none_has_ended("5+ 7+", None, None)]
    #[case::all_have_ended("4 1 3 2", Some(2), Some(4))]
    #[case::what_goes_on_is_not_short("1 1+ 1+ 1+ 90", Some(90), Some(90))]
    #[case::just_short_of_the_half("1 1 50+ 50+ 50+", None, None)]
    #[case::the_half_exactly("1 1 50+ 50+", Some(1), None)]
    #[case::on_the_first_day("0 0 9", Some(0), Some(9))]
    fn what_has_not_ended_is_not_taken_for_ended(
        #[case] words: &str,
        #[case] half: Option<u32>,
        #[case] nine_tenths: Option<u32>,
    ) {
        assert_eq!((stays(words).ended_by(Part::Half), stays(words).ended_by(Part::NineTenths)), (half, nine_tenths));
    }

    proptest! {
        /// Where everything has ended, the estimate is the plain share: the length of the first that completes the part.
        #[test]
        fn without_anything_open_it_is_the_plain_rank(mut lengths in prop::collection::vec(0u32..400, 1..40)) {
            let stays: Stays = lengths.iter().map(|&length| Stay { length, has_ended: true }).collect();
            lengths.sort_unstable();
            for (part, tenths) in [(Part::Half, 5), (Part::NineTenths, 9)] {
                let rank = (lengths.len() * tenths).div_ceil(10);
                prop_assert_eq!(stays.ended_by(part), Some(lengths[rank - 1]));
            }
        }

        /// To leave out what goes on would make everything look shorter.
        #[test]
        fn what_goes_on_never_shortens_the_estimate(
            ended in prop::collection::vec(0u32..400, 1..30),
            going_on in prop::collection::vec(0u32..400, 0..30),
        ) {
            let ended = ended.into_iter().map(|length| Stay { length, has_ended: true });
            let going_on = going_on.into_iter().map(|length| Stay { length, has_ended: false });
            let without = ended.clone().collect::<Stays>().ended_by(Part::Half).expect("all have ended");
            let with = ended.clone().chain(going_on).collect::<Stays>().ended_by(Part::Half);
            prop_assert!(with.is_none_or(|with| with >= without));
            let median = ended.map(|stay| stay.length).collect::<Spread>().percentile(Part::Half);
            prop_assert!(median.is_some_and(|median| f64::from(without) <= median));
        }
    }
}
