//! Reads the arguments and hands over to the library; the only place that ends the process.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use plo_drift::cli::{self, Cli};
use plo_drift::clock::Clock;
use plo_drift::failpoints;

/// Judging a caseload makes and drops many small texts; the system's allocator took a sixth of the time for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let _failpoints = failpoints::obey();
    cli::run(Cli::parse(), Clock::of_the_machine())
}
