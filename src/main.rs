//! Reads the arguments and hands over to the library; the only place that ends the process.

use std::process::ExitCode;

use clap::Parser;
use plo_drift::cli::{self, Cli};
use plo_drift::clock::Clock;

fn main() -> ExitCode {
    cli::run(Cli::parse(), Clock::of_the_machine())
}
