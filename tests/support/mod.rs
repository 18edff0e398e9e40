//! What the tests stand on. A test takes what it needs and leaves the rest, and says so where it declares this module.

pub mod any_case;
pub mod certificates;
pub mod database;
pub mod issuer;
pub mod naive;
pub mod oidc;
pub mod program;
pub mod smtp;
pub mod world;
