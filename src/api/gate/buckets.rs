//! How many of something each of many may do a minute: a bucket for each, filled evenly, that holds a minute's worth.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_mins(1);

/// How many buckets are remembered. Of one that is full nothing need be.
const MOST: usize = 10_000;

/// Buckets that are not full, each by when it will be.
#[derive(Debug)]
pub struct Buckets<Of> {
    full_at: HashMap<Of, Instant>,
    /// How long it takes to fill up what one takes.
    one: Duration,
}

impl<Of: Eq + Hash + Clone> Buckets<Of> {
    /// Full buckets from which so many a minute may be taken.
    pub fn of(a_minute: u32) -> Self {
        Self { full_at: HashMap::new(), one: MINUTE / a_minute.max(1) }
    }

    /// Takes one from a bucket; how long to wait where there is none left.
    pub fn take(&mut self, of: Of, now: Instant) -> Result<(), Duration> {
        self.has_left(&of, now)?;
        let full_at = self.full_at.get(&of).copied().unwrap_or(now).max(now) + self.one;
        self.forget_some(now);
        self.full_at.insert(of, full_at);
        Ok(())
    }

    /// Tells whether one can be taken; how long to wait where not.
    pub fn has_left(&self, of: &Of, now: Instant) -> Result<(), Duration> {
        let full_after = self.full_at.get(of).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        match (full_after + self.one).saturating_sub(MINUTE) {
            Duration::ZERO => Ok(()),
            wait => Err(wait),
        }
    }

    /// Where too many are remembered: forgets those that are full, and the fuller half where that is not enough.
    fn forget_some(&mut self, now: Instant) {
        if self.full_at.len() < MOST {
            return;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MOST {
            let mut moments: Vec<Instant> = self.full_at.values().copied().collect();
            let (_, middle, _) = moments.select_nth_unstable(MOST / 2);
            let middle = *middle;
            self.full_at.retain(|_, full_at| *full_at > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_may_be_taken_at_once_and_then_one_as_it_fills() {
        let start = Instant::now();
        let mut buckets = Buckets::of(30);
        for _ in 0..30 {
            assert_eq!(buckets.take("a", start), Ok(()));
        }
        assert_eq!(buckets.take("a", start), Err(Duration::from_secs(2)));
        assert_eq!(buckets.take("a", start + Duration::from_secs(1)), Err(Duration::from_secs(1)));
        assert_eq!(buckets.take("b", start), Ok(()), "another has its own");
        assert_eq!(buckets.take("a", start + Duration::from_secs(2)), Ok(()));
        assert_eq!(buckets.take("a", start + Duration::from_secs(2)), Err(Duration::from_secs(2)));
        let later = start + Duration::from_mins(10);
        assert!((0..30).all(|_| buckets.take("a", later).is_ok()) && buckets.take("a", later).is_err());
    }

    #[test]
    fn only_so_many_are_remembered_and_the_emptiest_longest() {
        let now = Instant::now();
        let mut buckets = Buckets::of(10);
        (0..10).for_each(|_| assert!(buckets.take(usize::MAX, now).is_ok()));
        for other in 0..3 * MOST {
            assert!(buckets.take(other, now + Duration::from_micros(other as u64)).is_ok());
            assert!(buckets.full_at.len() <= MOST);
        }
        assert!(buckets.take(usize::MAX, now).is_err(), "whoever took most is not forgotten for those who took little");
    }
}
