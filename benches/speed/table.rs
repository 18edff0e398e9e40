//! What was measured, as lines of a table: a ratio within one run, and the mark that it should reach.

use std::time::{Duration, Instant};

/// What a ratio should be.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// At most so much.
    AtMost(f64),
    /// At least so much.
    AtLeast(f64),
    /// Whatever it is: it is only told.
    Told,
}

impl Mark {
    fn is_reached_by(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
            Self::Told => true,
        }
    }
}

/// Prints lines as they are measured, and remembers whether each reached its mark.
#[derive(Debug, Default)]
pub struct Table {
    missed: usize,
}

impl Table {
    /// A line: what was done, what it is measured against, the ratio and its mark.
    pub fn line(&mut self, work: &str, against: &str, ratio: f64, mark: Mark, figures: &str) {
        let verdict = match (mark, mark.is_reached_by(ratio)) {
            (Mark::Told, _) => "".to_owned(),
            (Mark::AtMost(most), reached) => format!("at most {most} x: {}", if reached { "reached" } else { "MISSED" }),
            (Mark::AtLeast(least), reached) => format!("at least {least} x: {}", if reached { "reached" } else { "MISSED" }),
        };
        if !mark.is_reached_by(ratio) {
            self.missed += 1;
        }
        println!("{work}\n    {ratio:.2} x {against}    {verdict}\n    {figures}");
    }

    /// How many lines missed their mark.
    #[must_use]
    pub fn missed(&self) -> usize {
        self.missed
    }
}

/// How long something takes.
pub async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let started = Instant::now();
    let done = work.await;
    (started.elapsed(), done)
}

/// The middle of some durations.
#[must_use]
pub fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

/// One duration over another.
#[must_use]
pub fn ratio(of: Duration, over: Duration) -> f64 {
    of.as_secs_f64() / over.as_secs_f64()
}
