//! Numbers that look random and are the same in every run (`SplitMix64`).

use jiff::civil::Date;
use plo_drift::domain::calendar::shift;

/// Where the numbers come from.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same numbers again for the same seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from `least` to `most`.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let many = u64::try_from(most - least + 1).expect("the range is not empty");
        least + i64::try_from(self.next() % many).expect("the range is small")
    }

    /// True so many times in a hundred.
    pub fn is(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// An index into a list of this length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(length).expect("a list is short")).expect("a list is short")
    }

    /// One of them.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// A day that lies `least` to `most` days after another.
    pub fn after(&mut self, day: Date, least: i64, most: i64) -> Date {
        shift(day, self.between(least, most))
    }
}
