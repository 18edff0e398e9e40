//! What is said of some lengths of time: how many there are, their middle, their ninth tenth, their largest.

/// Which part of the lengths lies at or below a percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Half of them: the median.
    Half,
    /// Nine tenths of them: the 90th percentile.
    NineTenths,
}

impl Part {
    pub(super) fn tenths(self) -> u32 {
        match self {
            Self::Half => 5,
            Self::NineTenths => 9,
        }
    }
}

/// Lengths of time in whole units, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(Vec<u32>);

impl Spread {
    /// The percentile by linear interpolation between the closest ranks (Hyndman and Fan's definition 7, the usual one of
    /// spreadsheets): the median of an even number is the mean of the two in the middle. Exact to its one decimal; absent where
    /// there is nothing.
    #[must_use]
    pub fn percentile(&self, part: Part) -> Option<f64> {
        let beyond_first = u32::try_from(self.0.len()).unwrap_or(u32::MAX).checked_sub(1)?;
        let tenths_of_ranks = u64::from(beyond_first) * u64::from(part.tenths());
        let (rank, between) = (usize::try_from(tenths_of_ranks / 10).ok()?, u32::try_from(tenths_of_ranks % 10).ok()?);
        let lower = self.0[rank];
        let upper = self.0.get(rank + 1).copied().unwrap_or(lower);
        Some(f64::from(10 * lower + between * (upper - lower)) / 10.0)
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> Option<u32> {
        self.0.last().copied()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<u32> for Spread {
    fn from_iter<I: IntoIterator<Item = u32>>(lengths: I) -> Self {
        let mut lengths: Vec<u32> = lengths.into_iter().collect();
        lengths.sort_unstable();
        Self(lengths)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case::nothing(&[], None, None, None)]
    #[case::one(&[7], Some(7.0), Some(7.0), Some(7))]
    #[case::an_even_number(&[10, 1, 4, 3], Some(3.5), Some(8.2), Some(10))]
    #[case::an_odd_number(&[5, 1, 3], Some(3.0), Some(4.6), Some(5))]
    #[case::one_to_ten(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Some(5.5), Some(9.1), Some(10))]
    #[case::ties(&[2, 2, 2, 2, 9], Some(2.0), Some(6.2), Some(9))]
    fn the_middle_the_ninth_tenth_and_the_largest(
        #[case] lengths: &[u32],
        #[case] median: Option<f64>,
        #[case] ninth_tenth: Option<f64>,
        #[case] largest: Option<u32>,
    ) {
        let spread: Spread = lengths.iter().copied().collect();
        assert_eq!(
            (spread.percentile(Part::Half), spread.percentile(Part::NineTenths), spread.max()),
            (median, ninth_tenth, largest)
        );
    }

    /// Definition 7 as it is printed: h = (n − 1) p + 1, and x⌊h⌋ + (h − ⌊h⌋)(x⌊h⌋₊₁ − x⌊h⌋), counted from 1.
    fn as_printed(lengths: &[u32], share: f64) -> f64 {
        let mut sorted: Vec<f64> = lengths.iter().copied().map(f64::from).collect();
        sorted.sort_by(f64::total_cmp);
        let many = f64::from(u32::try_from(lengths.len()).expect("a few"));
        let place = (many - 1.0) * share + 1.0;
        let at =
            |number: f64| sorted.iter().zip(1u32..).find(|&(_, rank)| f64::from(rank) >= number).map(|(&length, _)| length);
        let lower = at(place.floor()).expect("the place is within");
        lower + (place - place.floor()) * (at(place.floor() + 1.0).unwrap_or(lower) - lower)
    }

    proptest! {
        #[test]
        fn percentiles_are_what_the_definition_says(lengths in prop::collection::vec(0u32..2000, 1..60)) {
            let spread: Spread = lengths.iter().copied().collect();
            for (part, share) in [(Part::Half, 0.5), (Part::NineTenths, 0.9)] {
                let told = spread.percentile(part).expect("there is something");
                prop_assert!((told - as_printed(&lengths, share)).abs() < 1e-6, "{told} for {share}");
            }
        }
    }
}
