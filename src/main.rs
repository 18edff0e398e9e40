//! Reads the arguments and hands over to the library; the only place that ends the process.

use std::process::ExitCode;

use clap::Parser;
use plo_drift::cli::{self, Cli};
use plo_drift::clock::Clock;
use plo_drift::failpoints;

fn main() -> ExitCode {
    let _failpoints = failpoints::obey();
    cli::run(Cli::parse(), Clock::of_the_machine())
}
