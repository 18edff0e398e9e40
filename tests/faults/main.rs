//! The promises, held against the program as it runs: processes that are killed, a database that goes away, clocks that jump.

mod clock;
mod count;
mod crash;
mod crowd;
mod hostile;
mod mail;
mod missed;
mod pauses;
mod policy;
mod postgres;
mod race;
#[expect(dead_code, reason = "tests/database stands on the rest")]
mod running;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;
mod watcher;
