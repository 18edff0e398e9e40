//! plo-drift
pub mod domain;
pub mod exchange;
pub mod fields;
