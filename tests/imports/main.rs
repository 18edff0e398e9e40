//! Imports, against a real database: what a source says, what it said before, and what people record in between.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

mod at_scale;
mod by_sql;
mod conflicts;
mod corners;
mod fixtures;
mod hostile;
mod place;
mod round_trip;
