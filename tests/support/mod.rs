//! What the tests stand on. A test takes what it needs and leaves the rest, and says so where it declares this module.

pub mod any_case;
pub mod database;
pub mod naive;
pub mod smtp;
pub mod world;
