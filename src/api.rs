//! The service over HTTP: JSON in and out, under `/api/v1`, and the health of the service. The pages for people are made of the same
//! answers, in [`crate::board`].
//!
//! [`mod@router`] lists every route of the API with who may call it and builds the router from that list and the one of the pages;
//! [`frame`] is what every request goes through, and [`problem`] everything that can go wrong. A handler reads its parameters, asks
//! the store, and answers. What does not exist and what the caller may not know of look the same from outside.

mod accept;
pub mod alerts;
mod attachment;
pub mod audit;
pub mod auth;
pub mod body;
pub mod case_tag;
pub mod case_view;
pub mod cases;
pub mod census;
pub mod connections;
pub mod cookies;
pub mod data_quality;
pub mod docs;
pub mod door;
pub mod etag;
pub mod explain;
pub mod frame;
pub mod gate;
pub mod headers;
pub mod health;
pub mod history;
pub mod imports;
pub mod known;
pub mod link;
mod masked;
pub mod metrics;
pub mod openapi;
pub mod page;
pub mod panel;
pub mod parameters;
pub mod policy;
pub mod problem;
pub mod record;
pub mod router;
pub mod security_txt;
pub mod site;
pub mod statistics;
pub mod surroundings;

use std::sync::Arc;

use sqlx::PgPool;

use crate::clock::Clock;
use crate::config::board::SessionTimes;
use crate::database::readers::Readers;
use crate::health::HealthLimits;
use crate::identity::Identity;
use crate::metrics::Metrics;
use crate::store::policies::in_force::InForce;

use door::Door;
use gate::Gate;
use known::KnownAnswers;
use policy::preview::Preview;
use site::Site;

/// What handlers work with, handed to each without a copy.
pub type SharedState = Arc<ApiState>;

/// What handlers work with.
#[derive(Debug)]
pub struct ApiState {
    /// The database.
    pub pool: PgPool,
    /// The database, for what is read with one statement.
    pub readers: Readers,
    /// What was worked out of cases.
    pub known: KnownAnswers,
    /// The policy in force.
    pub policy: InForce,
    /// The place of the one import that may be under way.
    pub import_place: imports::ImportPlace,
    /// What another policy would change.
    pub preview: Preview,
    /// Whose tokens count beside the service's own, if anybody's.
    pub identity: Option<Arc<Identity>>,
    /// How people sign in to the pages.
    pub door: Door,
    /// For how long they stay signed in.
    pub sessions: SessionTimes,
    /// Read once a request.
    pub clock: Clock,
    /// When the service is no longer ready.
    pub limits: HealthLimits,
    /// What is measured.
    pub metrics: Metrics,
    /// Whether that is shown at an address of its own.
    pub metrics_apart: bool,
    /// The service as it is seen from outside.
    pub site: Site,
    /// Who may come in at the moment.
    pub gate: Arc<Gate>,
}
