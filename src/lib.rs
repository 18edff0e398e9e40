//! plo-drift
pub mod cli;
pub mod clock;
pub mod domain;
pub mod exchange;
pub mod fields;
pub mod policy_file;
pub mod store;
