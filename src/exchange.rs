//! Files in and out.

pub mod document;
