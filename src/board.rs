//! Pages for people, on top of [`crate::api`]: what a page shows is what the API answers.

pub mod assets;
