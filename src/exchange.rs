//! Files in and out.

pub mod caseload;
pub mod document;
