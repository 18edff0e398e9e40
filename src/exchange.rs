//! Files in and out.

pub mod caseload;
pub mod census;
pub mod data_quality;
pub mod document;
pub mod fixtures;
pub mod incoming;
pub mod table;
