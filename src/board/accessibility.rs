//! What has been done so that everybody can use the pages, and what is left.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::page::{self, Frame};
use crate::api::SharedState;

/// Where it is told, below the root.
pub const PATH: &str = "/accessibility";

#[derive(Template)]
#[template(path = "accessibility.html", config = "src/board/templates/askama.toml")]
struct AccessibilityPage {
    frame: Frame,
}

/// Tells it to whoever asks.
pub async fn show(State(state): State<SharedState>) -> Response {
    page::answer(&AccessibilityPage { frame: Frame::for_anybody(&state) })
}
