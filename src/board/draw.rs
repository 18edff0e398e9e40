//! Drawings for pages: dates in, SVG out, without a clock and without any I/O.
//!
//! What a drawing shows, its shapes say without colour, and words beside it or within it say the same.

pub mod bars;
pub mod row;
mod scale;
mod text;
pub mod timeline;
