//! The floor without I/O: what drift is, by dates alone.
//!
//! Nothing in here reads a clock, a file, a database or the network; days come in as arguments and decisions go out as values.

pub mod calendar;
pub mod case;
pub mod course;
pub mod delivery;
pub mod evaluation;
pub mod evidence;
pub mod forecast;
pub mod milestone;
pub mod policy;
pub mod reconcile;
pub mod risk;
pub mod rules;
pub mod schedule;
pub mod telling;
pub mod timeline;
