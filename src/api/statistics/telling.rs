//! Numbers as they are told: null and marked where they are withheld.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::statistics::count::Count;
use crate::domain::statistics::figures::Figures;
use crate::domain::statistics::spread::{Part, Spread};
use crate::domain::statistics::suppression::{Group, Measure};
use crate::domain::statistics::survival::Stays;

/// Lengths of time in whole units. The percentiles interpolate linearly between the closest ranks (definition 7 of Hyndman and Fan,
/// as spreadsheets have it), so that the median of an even number is the mean of the two in the middle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Spread)]
pub struct SpreadView {
    /// How many lengths there are; null where withheld.
    pub n: Option<u32>,
    /// Half of them are no longer than this; null where there is none.
    pub median: Option<f64>,
    /// Nine tenths of them are no longer than this; null where there is none.
    pub p90: Option<f64>,
    /// The longest; null where there is none. It is one case's own, and withheld wherever small numbers are to be.
    pub max: Option<u32>,
    /// Whether any of these is withheld.
    pub suppressed: bool,
}

/// Lengths of time of which some have not ended, estimated after Kaplan and Meier: what goes on counts for as long as it has lasted
/// (it is censored there) and is never taken for something that ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Estimate)]
pub struct EstimateView {
    /// How many began, whether they have ended or not; null where withheld.
    pub n: Option<u32>,
    /// The first length by which, as estimated, at least half have ended; null where the estimate does not come that far.
    pub median: Option<u32>,
    /// The first length by which, as estimated, at least nine tenths have ended; null where the estimate does not come that far.
    pub p90: Option<u32>,
    /// Whether any of these is withheld.
    pub suppressed: bool,
}

/// Tells numbers of one group, and keeps in mind whether one was withheld.
pub(super) struct Telling<'a> {
    group: &'a Group,
    /// Whether any number so far was withheld.
    pub suppressed: bool,
}

impl<'a> Telling<'a> {
    pub fn of(group: &'a Group) -> Self {
        Self { group, suppressed: false }
    }

    pub fn figures(&self) -> &'a Figures {
        self.group.figures()
    }

    pub fn count(&mut self, count: Count) -> Option<u32> {
        let told = self.group.count(count);
        self.suppressed |= told.is_none();
        told
    }

    pub fn percent(&mut self, part: Count, of: Count) -> Option<f64> {
        let percent = self.group.percent(part, of);
        self.measure(percent)
    }

    pub fn extensions_a_case(&mut self) -> Option<f64> {
        let mean = self.group.extensions_a_case();
        self.measure(mean)
    }

    fn measure<T>(&mut self, measure: Measure<T>) -> Option<T> {
        match measure {
            Measure::Told(told) => told,
            Measure::Withheld => {
                self.suppressed = true;
                None
            }
        }
    }
}

impl SpreadView {
    /// Lengths, of which there are as many as a count says.
    pub(super) fn of(group: &Group, of: Count, spread: &Spread) -> Self {
        let mut tell = Telling::of(group);
        Self {
            n: tell.count(of),
            median: tell.measure(group.percentile(of, spread, Part::Half)),
            p90: tell.measure(group.percentile(of, spread, Part::NineTenths)),
            max: tell.measure(group.max(of, spread)),
            suppressed: tell.suppressed,
        }
    }
}

impl EstimateView {
    /// Lengths of which so many began and so many have ended.
    pub(super) fn of(group: &Group, began: Count, ended: Count, stays: &Stays) -> Self {
        let mut tell = Telling::of(group);
        Self {
            n: tell.count(began),
            median: tell.measure(group.ended_by(began, ended, stays, Part::Half)),
            p90: tell.measure(group.ended_by(began, ended, stays, Part::NineTenths)),
            suppressed: tell.suppressed,
        }
    }
}
