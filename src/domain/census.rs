//! Module 5 of the children in need census: what the return of one year says of pre-proceedings.
//!
//! A return is a slice of the year. A case keeps its whole history; the block of a year has of it what falls in that year, and what
//! has no day of its own goes with the day it belongs to. So a start, a letter or a decision of another year is in the block of its
//! own year and is left out here: no check fails for an episode that began the year before and is still running. What *does* fail is
//! a day that no return could have taken, since it lies before the year in which its episode began, and days in the wrong order,
//! whichever of the two is in the year. [`ITEMS`] is the one place that says what is asked for, since when, and how it is checked.

mod checks;
mod items;
mod year;

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::case::{Case, Child, Outcome};
use super::course::{Course, Status};
use super::policy::Policy;
use super::timeline::Stretch;

pub use checks::{Failure, NO_CHILD};
pub use items::{ITEMS, Item, OutcomeCode, Value};
pub use year::{NotAYear, Year};

use items::Source;

/// The slice of one year.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Which year.
    pub year: Year,
    /// The episodes of the year, in the order in which their cases were added.
    pub episodes: Vec<Episode>,
    /// Each check that fails, in the same order.
    pub failures: Vec<Failure>,
    /// How many days of other years are left out.
    pub left_out: usize,
    not_mapped: BTreeSet<Outcome>,
}

/// One episode in the year. It makes a block for each of its children.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The council's reference of the case.
    pub case: String,
    /// The references of the children, in order.
    pub children: Vec<String>,
    /// What the block says, in the order of [`ITEMS`].
    pub block: Block,
}

/// What a block says: items with their values, in order.
pub type Block = Vec<(&'static Item, Value)>;

/// Outcomes that the return needs a code for, and that have none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the census needs a code for the outcome {}: give the policy (policy.toml, or PUT /api/v1/policy) {}, each \"A\", \"B\" or \"C\" as \
    code set CS131 of the census has them, and export again",
    list(.0, |outcome| outcome.code().to_owned(), " and the outcome "),
    list(.0, |outcome| format!("census.outcomes.{outcome}"), " and ")
)]
pub struct NotMapped(pub Vec<Outcome>);

fn list(outcomes: &[Outcome], word: impl Fn(&Outcome) -> String, between: &str) -> String {
    outcomes.iter().map(word).collect::<Vec<_>>().join(between)
}

impl Slice {
    /// A slice without any case yet.
    #[must_use]
    pub fn of(year: Year) -> Self {
        Self { year, episodes: Vec::new(), failures: Vec::new(), left_out: 0, not_mapped: BTreeSet::new() }
    }

    /// Adds a case, if it belongs to the year.
    pub fn add(&mut self, case: &Case, policy: &Policy) {
        if !belongs(case, self.year, policy) {
            return;
        }
        if case.children.is_empty() {
            self.failures.push(checks::no_child(case));
            return;
        }
        let children: Vec<String> =
            (case.children.iter()).filter(|child| is_in(child, self.year)).map(|child| child.reference.clone()).collect();
        if children.is_empty() {
            return;
        }
        let mut block = Block::new();
        for item in items::asked_for(self.year) {
            match self.value(item, case, policy) {
                Some(value) => block.push((item, value)),
                None => self.left_out += usize::from(item.day(case).is_some()),
            }
        }
        for child in &children {
            self.failures.extend(checks::failures(case, child, &block, self.year));
        }
        self.episodes.push(Episode { case: case.reference.clone(), children, block });
    }

    /// The slice, once every case is added.
    ///
    /// # Errors
    ///
    /// The council has not said which code an outcome has that is in it.
    pub fn finish(self) -> Result<Self, NotMapped> {
        if self.not_mapped.is_empty() { Ok(self) } else { Err(NotMapped(self.not_mapped.into_iter().collect())) }
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.episodes.iter().map(|episode| episode.children.len()).sum()
    }

    /// The value of an item in this year; absent where there is none, or it belongs to another year.
    fn value(&mut self, item: &Item, case: &Case, policy: &Policy) -> Option<Value> {
        let is_ours = |day: Option<Date>| day.is_some_and(|day| self.year.holds(day));
        match item.source {
            Source::Day(day) => day(case).filter(|&day| item.may_lie_outside() || self.year.holds(day)).map(Value::Day),
            // The offer is made in the letter; without one it goes with the start.
            Source::Flag(flag) => flag(case).filter(|_| is_ours(case.lbp_sent_on.or(case.started_on))).map(Value::Flag),
            Source::Reviews => items::reviews(case, self.year).map(Value::Count),
            Source::Outcome => {
                let outcome = case.outcome.filter(|_| is_ours(case.step_decision_on))?;
                let code = policy.census_outcomes.code(outcome);
                if code.is_none() {
                    self.not_mapped.insert(outcome);
                }
                code.map(Value::Code)
            }
        }
    }
}

/// Tells whether an episode belongs to a year: one of its days falls in it, or it was under way on any day of it.
#[must_use]
pub fn belongs(case: &Case, year: Year, policy: &Policy) -> bool {
    let has_a_day = items::asked_for(year).filter_map(|item| item.day(case)).any(|day| year.holds(day));
    let under_way = Course::of(case, policy).while_in(&[Status::Open, Status::DecidedIssue]);
    has_a_day || !under_way.and(Stretch::from(year.from()).through(year.to())).is_empty()
}

/// Tells whether there was such a child in the year, born or expected.
fn is_in(child: &Child, year: Year) -> bool {
    child.date_of_birth.is_some() || child.pregnancy_ended_on.is_none_or(|ended| ended >= year.from())
}

#[cfg(test)]
mod tests;
