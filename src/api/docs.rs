//! The contract laid out for people: Swagger UI, out of this program, with nothing from elsewhere.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::problem::Problem;

/// Only what comes with the page runs on it; its own styles stand in the markup that it makes.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'none'";

static CONFIG: LazyLock<Arc<Config>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json").validator_url("none").persist_authorization(false)));

/// Leads to the page, whose parts lie beside it.
pub async fn enter() -> Redirect {
    Redirect::permanent("/docs/")
}

/// The page.
///
/// # Errors
///
/// Never, as the page is part of the program.
pub async fn page() -> Result<Response, Problem> {
    part("index.html")
}

/// A part of the page.
///
/// # Errors
///
/// There is no such part.
pub async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    part(&name)
}

fn part(name: &str) -> Result<Response, Problem> {
    let part = utoipa_swagger_ui::serve(name, CONFIG.clone()).map_err(|_| Problem::Internal)?;
    let SwaggerFile { bytes, content_type, .. } = part.ok_or(Problem::NotFound)?;
    let content_type = if content_type.starts_with("text/") { content_type + "; charset=utf-8" } else { content_type };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_str(&content_type).map_err(|_| Problem::Internal)?),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    Ok((headers, bytes.into_owned()).into_response())
}
