//! What `plo-drift demo` shows: a synthetic caseload in which nobody is real.

pub mod caseload;
mod stories;
mod story;
mod when;
