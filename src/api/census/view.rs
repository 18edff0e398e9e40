//! The checks that fail in the return of a year, as JSON.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::census::Slice;

/// What is in the return of a year, and the checks that fail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CensusReport)]
pub struct CensusReportView {
    /// The census year.
    #[schema(example = "2026-27")]
    year: String,
    /// Its first day.
    from: Date,
    /// Its last day.
    to: Date,
    /// Whether every case of the council could be in it: false where the token is held to teams or not cleared for restricted cases,
    /// or one team is asked for.
    complete: bool,
    /// How many cases have blocks.
    cases: usize,
    /// How many blocks there are, one for each child of each case.
    blocks: usize,
    /// How many days of other years were left out, which are in the returns of their years.
    days_left_out: usize,
    /// Each check that fails, by case and child.
    failures: Vec<CensusFailure>,
}

/// A check that fails.
#[derive(Debug, Serialize, ToSchema)]
struct CensusFailure {
    /// The reference of the case.
    case: String,
    /// The reference of the child; null where no child is recorded.
    child: Option<String>,
    /// The number of the item; null where it is about the case as a whole.
    #[schema(example = "N00828")]
    item: Option<&'static str>,
    /// The element that holds it.
    #[schema(example = "FGDMMeetingOffer")]
    element: Option<&'static str>,
    /// The code of the check, as the sector's validator has it; one that ends with `Q` is a query, and may be right as it is. `no_child`
    /// is our own.
    #[schema(example = "9007")]
    code: &'static str,
    /// What is wrong, in words that may change.
    reason: String,
}

impl CensusReportView {
    /// The report of a slice.
    pub fn of(slice: &Slice, complete: bool) -> Self {
        let failures = slice.failures.iter().map(|failure| CensusFailure {
            case: failure.case.clone(),
            child: failure.child.clone(),
            item: failure.item.map(|item| item.number),
            element: failure.item.map(|item| item.element),
            code: failure.code,
            reason: failure.reason.clone(),
        });
        Self {
            year: slice.year.to_string(),
            from: slice.year.from(),
            to: slice.year.to(),
            complete,
            cases: slice.episodes.len(),
            blocks: slice.blocks(),
            days_left_out: slice.left_out,
            failures: failures.collect(),
        }
    }
}
