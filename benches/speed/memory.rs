//! The memory of a full reconciliation, by a process of its own.

use std::process::Command;

use crate::Bench;
use crate::table::{Mark, Table};

/// The argument with which this program is started again to reconcile once and tell how much memory it had.
pub const ALONE: &str = "reconcile-alone";

/// The most memory, in MiB.
const MOST: f64 = 128.0;

/// The most memory that a process had which reconciled once, in MiB.
pub fn of(bench: &Bench) -> f64 {
    let this = std::env::current_exe().expect("it runs");
    let output = Command::new(this).arg(ALONE).env("DATABASE_URL", bench.url()).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("it tells a number")
}

/// The most memory that this process has had, in MiB.
pub fn most_here() -> f64 {
    let told = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    peak.expect("it tells the peak") / 1024.0
}

/// Measures it over a large caseload and a small one.
pub fn compare(table: &mut Table, (large, most): (usize, f64), (small, most_small): (usize, f64)) {
    let figures = format!("{most:.0} MiB against {most_small:.0} MiB");
    table.line(
        &format!("memory of a full reconciliation of {large} open cases"),
        &format!("of {small}"),
        most / most_small,
        Mark::AtMost(1.5),
        &figures,
    );
    table.line("the same", &format!("{MOST:.0} MiB"), most / MOST, Mark::AtMost(1.0), &figures);
}
