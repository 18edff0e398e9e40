//! The promises, held against the program as it runs: processes that are killed, a database that goes away, clocks that jump.

mod clock;
mod count;
mod crash;
mod hostile;
mod missed;
mod policy;
mod postgres;
#[expect(dead_code, reason = "tests that come stand on the rest")]
mod running;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;
mod watcher;
