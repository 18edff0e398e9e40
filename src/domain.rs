//! The floor without I/O: what drift is, by dates alone.
//!
//! Nothing in here reads a clock, a file, a database or the network; days come in as arguments and decisions go out as values.

pub mod attendance;
pub mod briefing;
pub mod calendar;
pub mod case;
pub mod census;
pub mod climb;
pub mod course;
pub mod coverage;
pub mod data_quality;
pub mod deadline;
pub mod delivery;
pub mod evaluation;
pub mod evidence;
pub mod explain;
pub mod fact;
pub mod fixture;
pub mod forecast;
pub mod in_effect;
pub mod ladder;
pub mod milestone;
pub mod more_time;
pub mod pause;
pub mod period;
pub mod policy;
pub mod preview;
pub mod question;
pub mod reconcile;
pub mod retention;
pub mod risk;
pub mod rules;
pub mod schedule;
pub mod statistics;
pub mod telling;
pub mod timeline;
pub mod timetable;
