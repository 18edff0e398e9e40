//! Answers that are files to save.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// What a table says that it is (RFC 4180).
const TABLE: &str = "text/csv; charset=utf-8; header=present";

/// A file of this name.
pub fn answer(name: &str, media_type: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// A table, as a file of this name.
///
/// # Errors
///
/// It could not be written.
pub fn table(name: &str, written: Result<Vec<u8>, csv::Error>) -> Result<Response, Problem> {
    // The text of an error could repeat a cell.
    let body = written.map_err(|_| {
        tracing::error!(file = name, "a table could not be written");
        Problem::Internal
    })?;
    Ok(answer(name, TABLE, body))
}
