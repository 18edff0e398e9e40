//! `plo-drift policy`: the rules, before they are put in force.

mod check;
mod preview;
mod test;

use clap::Subcommand;

/// Check, test and preview a policy before it is put in force.
#[derive(Debug, Subcommand)]
pub enum Policy {
    Check(check::Check),
    Test(test::Test),
    Preview(preview::Preview),
}
