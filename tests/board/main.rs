//! The pages as people use them: the program as it is run, in a real browser.

mod accessible;
mod browser;
mod extremes;
mod figures;
mod letters;
mod morning;
mod pictures;
mod running;
#[expect(dead_code, reason = "a test takes what it needs of the support")]
#[path = "../support/mod.rs"]
mod support;
mod visits;
