//! Mail: what is told to whom, how it reads, its bytes, and how they leave.
//!
//! What leaves holds references, rules, dates and links; no names, dates of birth, expected delivery dates or typed text.

mod bar;
pub mod blocks;
pub mod file;
mod page;
mod plain;
pub mod post;
pub mod render;
pub mod smtp;
pub mod telling;
pub mod transport;
pub mod trial;
