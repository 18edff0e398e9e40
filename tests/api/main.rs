//! The service over HTTP, against a real database: what callers get, and what they never get.

mod access;
mod alerts;
mod cases;
mod fixture;
mod health;
mod one_case;
mod parameters;
#[expect(dead_code, reason = "a test takes what it needs of the support")]
#[path = "../support/mod.rs"]
mod support;
mod tokens;
