//! Points on the main road at which a fault test ends the process, to see that nothing is lost and nothing is done twice.
//!
//! Only builds for tests have them: there alone the crate `fail` has its feature `failpoints`. Anywhere else a point is nothing.

use fail::FailScenario;

/// Obeys the variable `FAILPOINTS`, as long as the answer is kept. `FAILPOINTS=claim.after_commit=return` ends the process at that
/// point, and `1*off->return` in place of `return` when it comes there for the second time.
#[must_use]
pub fn obey() -> Option<FailScenario<'static>> {
    fail::has_failpoints().then(FailScenario::setup)
}

/// A point at which the process may be made to end, with no chance to clean anything up.
pub fn failpoint(name: &'static str) {
    // Where the next line is nothing, nobody reads it.
    let _ = name;
    fail::fail_point!(name, |_| std::process::abort());
}
