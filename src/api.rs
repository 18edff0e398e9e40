//! The service over HTTP: JSON in and out, under `/api/v1`, and the health of the service.
//!
//! [`mod@router`] lists every route with who may call it and builds the router from that list; [`frame`] is what every request goes
//! through, and [`problem`] everything that can go wrong. A handler reads its parameters, asks the store, and answers. What does
//! not exist and what the caller may not know of look the same from outside.

pub mod alerts;
pub mod auth;
pub mod case_view;
pub mod cases;
pub mod etag;
pub mod frame;
pub mod health;
pub mod page;
pub mod parameters;
pub mod problem;
pub mod router;

use std::sync::Arc;

use jiff::SignedDuration;
use sqlx::PgPool;

use crate::clock::Clock;
use crate::domain::policy::Policy;

pub use router::router;

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct ApiState {
    /// The database.
    pub pool: PgPool,
    /// The numbers by which cases are judged.
    pub policy: Arc<Policy>,
    /// Read once a request.
    pub clock: Clock,
    /// When the service is no longer ready.
    pub limits: HealthLimits,
}

/// How old the signs of work may be while the service counts as ready.
#[derive(Clone, Copy, Debug)]
pub struct HealthLimits {
    /// The last finished sweep.
    pub sweep: SignedDuration,
    /// The oldest message that waits to be sent.
    pub mail: SignedDuration,
}
