//! Whom to tell of weaknesses of this service (RFC 9116).

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::SharedState;
use super::frame::Now;
use super::problem::Problem;
use super::site::Site;
use crate::domain::calendar::shift;

/// Where it is to be, by the RFC.
pub const PATH: &str = "/.well-known/security.txt";

/// The RFC wants less than a year; whoever reads it later is to look again.
const VALID_DAYS: i64 = 180;

/// Shows the contact.
///
/// # Errors
///
/// None is configured.
pub async fn show(State(state): State<SharedState>, Now(now): Now) -> Result<Response, Problem> {
    let Site { base_url, security_contact, .. } = &state.site;
    let contact = security_contact.as_deref().ok_or(Problem::NotFound)?;
    let expires_on = shift(now.today, VALID_DAYS);
    // The RFC wants no address here that is not https://.
    let canonical = if state.site.is_encrypted() { format!("Canonical: {base_url}{PATH}\n") } else { String::new() };
    let text = format!("Contact: {contact}\nExpires: {expires_on}T00:00:00Z\nPreferred-Languages: en\n{canonical}");
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
