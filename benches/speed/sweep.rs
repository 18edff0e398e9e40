//! Sweeps: with nothing to do, and with a hundredth of the cases changed.

use std::time::Duration;

use plo_drift::jobs::sweep::{self, Report};
use tokio_util::sync::CancellationToken;

use crate::Bench;
use crate::table::{Mark, Table, median, ratio, timed};

/// How often an idle sweep is repeated.
const IDLE_TIMES: usize = 21;

/// How long a sweep takes that finds nothing to do.
pub async fn idle(bench: &Bench) -> Duration {
    let mut took = Vec::new();
    for _ in 0..IDLE_TIMES {
        let (time, report) = timed(once(bench)).await;
        assert_eq!((report.cases, report.opened.len()), (0, 0), "there is nothing to do");
        took.push(time);
    }
    median(took)
}

/// Measures idle sweeps over a large caseload and a small one.
pub fn compare_idle(table: &mut Table, (large, took): (usize, Duration), (small, took_small): (usize, Duration)) {
    table.line(
        &format!("idle sweep with {large} open cases"),
        &format!("idle sweep with {small}"),
        ratio(took, took_small),
        Mark::AtMost(1.5),
        &format!("{took:.2?} against {took_small:.2?}"),
    );
}

/// Measures a sweep after something was recorded about a hundredth of the cases, over a hundredth of a reconciliation of all of them.
pub async fn changed(table: &mut Table, bench: &Bench, open: usize, reconciled: Duration) {
    let mut took = Vec::new();
    for round in 0..3 {
        let changed = bench.record_a_contact(round).await;
        let (time, report) = timed(once(bench)).await;
        assert_eq!(report.cases, changed, "what changed was looked at");
        took.push(time);
    }
    let (took, hundredth) = (median(took), reconciled / 100);
    table.line(
        &format!("sweep with 1 % of {open} open cases changed"),
        "a hundredth of their full reconciliation",
        ratio(took, hundredth),
        Mark::AtMost(6.0),
        &format!("{took:.2?} against {hundredth:.2?}"),
    );
}

async fn once(bench: &Bench) -> Report {
    let sweep = bench.sweep().await;
    sweep::run(&bench.pool, &sweep, bench.now.at, bench.now, &CancellationToken::new()).await.expect("the database answers")
}
