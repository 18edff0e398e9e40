//! The work that is done again and again. Each job takes no input, is safe to repeat, and leaves the retry to its next run.

pub mod deliver;
pub mod digest;
pub mod heartbeat;
mod night;
pub mod panel;
pub mod preview;
pub mod reconcile;
pub mod retention;
pub mod sweep;
pub mod worker;
