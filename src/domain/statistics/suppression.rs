//! Small numbers that are not told, and others with them, so that no single subtraction gives them back.
//!
//! A number below the limit and above 0 is withheld, in the whole, a team or a month. Then each sum (a count and its parts, the
//! teams of the whole, its months) is gone through again and again: where all but one of its numbers are told, the smallest of
//! the others is withheld too. That stops one subtraction. It does not stop somebody who solves several sums together, who asks
//! for other periods and takes one answer from another, or who knows one of the families.

use std::collections::BTreeSet;

use super::Statistics;
use super::count::{Count, PARTITIONS};
use super::figures::Figures;
use super::spread::{Part, Spread};
use super::survival::Stays;

/// The figures of the whole, a team or a month, and which of them are not told.
#[derive(Clone, Debug)]
pub struct Group {
    figures: Figures,
    withheld: BTreeSet<Count>,
    limit: Option<u32>,
}

/// A number that rests on others, or that it is not told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure<T> {
    /// What there is to tell: nothing, where nothing was measured.
    Told(Option<T>),
    /// It rests on too few.
    Withheld,
}

impl Group {
    /// Figures that are all told.
    #[must_use]
    pub fn of(figures: Figures) -> Self {
        Self { figures, withheld: BTreeSet::new(), limit: None }
    }

    /// The figures, told or not.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// How many, if it is told.
    #[must_use]
    pub fn count(&self, count: Count) -> Option<u32> {
        (!self.withheld.contains(&count)).then(|| self.figures.counts[count])
    }

    /// How many of a hundred, to one decimal, if both numbers are told.
    #[must_use]
    pub fn percent(&self, part: Count, of: Count) -> Measure<f64> {
        self.resting_on(&[part, of], || {
            let (part, of) = (self.figures.counts[part], self.figures.counts[of]);
            (of > 0).then(|| rounded(100.0 * f64::from(part) / f64::from(of), 10.0))
        })
    }

    /// A percentile of lengths, of which there are as many as a count says.
    #[must_use]
    pub fn percentile(&self, of: Count, spread: &Spread, part: Part) -> Measure<f64> {
        self.resting_on(&[of], || spread.percentile(part))
    }

    /// The largest of some lengths. It is one case's own, so that it is told only where nothing is to be withheld.
    #[must_use]
    pub fn max(&self, of: Count, spread: &Spread) -> Measure<u32> {
        if self.limit.is_some() && !spread.is_empty() { Measure::Withheld } else { self.resting_on(&[of], || spread.max()) }
    }

    /// An estimate of how long things last, of which so many began and so many have ended.
    #[must_use]
    pub fn ended_by(&self, began: Count, ended: Count, stays: &Stays, part: Part) -> Measure<u32> {
        self.resting_on(&[began, ended], || stays.ended_by(part))
    }

    /// Extensions a case in pre-proceedings, to two decimals. It is withheld with any part of the distribution, which it would
    /// give away.
    #[must_use]
    pub fn extensions_a_case(&self) -> Measure<f64> {
        let resting_on = [Count::OpenCases, Count::NotExtended, Count::ExtendedOnce, Count::ExtendedTwice, Count::ExtendedMore];
        self.resting_on(&resting_on, || {
            let cases = self.figures.counts[Count::OpenCases];
            (cases > 0).then(|| rounded(f64::from(self.figures.extensions) / f64::from(cases), 100.0))
        })
    }

    fn resting_on<T>(&self, counts: &[Count], measure: impl FnOnce() -> Option<T>) -> Measure<T> {
        let is_withheld = counts.iter().any(|count| self.withheld.contains(count));
        if is_withheld { Measure::Withheld } else { Measure::Told(measure()) }
    }
}

fn rounded(number: f64, steps: f64) -> f64 {
    (number * steps).round() / steps
}

/// A number in one of the groups.
type Cell = (usize, Count);

/// A number, and others that add up to it, but for a rest that is told nowhere.
struct Sum {
    total: Cell,
    parts: Vec<Cell>,
    rest: u32,
}

impl Statistics {
    /// Withholds every number from 1 up to, but not including, a limit, and what would give one back.
    pub fn suppress(&mut self, below: u32) {
        let sums = self.sums();
        let mut groups = self.groups_mut();
        for group in &mut groups {
            group.limit = Some(below);
            let counts = &group.figures.counts;
            group.withheld = Count::ALL.iter().copied().filter(|&count| is_small(counts[count], below)).collect();
        }
        loop {
            let further: Vec<Cell> = sums.iter().filter_map(|sum| sum.to_withhold(&groups, below)).collect();
            if further.is_empty() {
                return;
            }
            for (group, count) in further {
                groups[group].withheld.insert(count);
            }
        }
    }

    /// The whole, then the teams, then the months.
    fn groups_mut(&mut self) -> Vec<&mut Group> {
        let teams = self.by_team.iter_mut().map(|(_, group)| group);
        let months = self.by_month.iter_mut().map(|(_, group)| group);
        std::iter::once(&mut self.whole).chain(teams).chain(months).collect()
    }

    fn sums(&self) -> Vec<Sum> {
        let groups: Vec<&Group> = std::iter::once(&self.whole)
            .chain(self.by_team.iter().map(|(_, group)| group))
            .chain(self.by_month.iter().map(|(_, group)| group))
            .collect();
        let value = |(group, count): Cell| groups[group].figures.counts[count];
        let sum = |total: Cell, parts: Vec<Cell>| {
            let rest = value(total).saturating_sub(parts.iter().map(|&part| value(part)).sum());
            Sum { total, parts, rest }
        };
        let within = (0..groups.len()).flat_map(|group| {
            let parts = move |parts: &[Count]| parts.iter().map(|&part| (group, part)).collect();
            PARTITIONS.iter().map(move |one| sum((group, one.total), parts(one.parts)))
        });
        let months_from = 1 + self.by_team.len();
        let across = Count::ALL.iter().flat_map(|&count| {
            let of = |groups: std::ops::Range<usize>| groups.map(|group| (group, count)).collect::<Vec<_>>();
            let months = count.adds_up_over_months().then(|| of(months_from..groups.len()));
            [Some(of(1..months_from)), months].into_iter().flatten().map(move |parts| sum((0, count), parts))
        });
        within.chain(across).filter(|sum| !sum.parts.is_empty()).collect()
    }
}

impl Sum {
    /// What to withhold so that what is withheld cannot be worked out from the rest of the sum; absent where it cannot be.
    fn to_withhold(&self, groups: &[&mut Group], below: u32) -> Option<Cell> {
        let is_withheld = |&(group, count): &Cell| groups[group].withheld.contains(&count);
        let value = |&(group, count): &Cell| groups[group].figures.counts[count];
        let withheld = self.parts.iter().chain([&self.total]).filter(|cell| is_withheld(cell)).count();
        let is_given_away = match withheld {
            0 => is_small(self.rest, below),
            1 => self.rest == 0,
            _ => false,
        };
        if !is_given_away {
            return None;
        }
        let told = self.parts.iter().filter(|cell| !is_withheld(cell));
        let next = told.min_by_key(|cell| (value(cell) == 0, value(cell)));
        next.or_else(|| Some(&self.total).filter(|cell| !is_withheld(cell))).copied()
    }
}

fn is_small(number: u32, below: u32) -> bool {
    (1..below).contains(&number)
}
