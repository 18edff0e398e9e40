//! The rules alone, on one core.

use std::time::Instant;

use jiff::civil::Date;
use plo_drift::domain::evaluation::Evaluation;
use plo_drift::domain::policy::Policy;

use crate::caseload;
use crate::table::{Mark, Table};

/// How many cases are judged.
const JUDGED: u32 = 400_000;

/// The mark to aim for, cases a second.
const AIMED_AT: f64 = 1_000_000.0;

/// Measures it.
pub fn measure(table: &mut Table, today: Date) {
    let (policy, cases) = (Policy::default(), caseload::open(today));
    let started = Instant::now();
    let found: usize =
        cases.iter().cycle().zip(0..JUDGED).map(|(case, _)| Evaluation::of(case, &policy, today).findings.len()).sum();
    let a_second = f64::from(JUDGED) / started.elapsed().as_secs_f64();
    table.line(
        "the rules alone, one core",
        "1,000,000 cases a second",
        a_second / AIMED_AT,
        Mark::AtLeast(1.0),
        &format!("{a_second:.0} cases a second, {found} findings"),
    );
}
