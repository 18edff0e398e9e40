//! Every route of the API, and who may call it. The router is built from this list and that of the pages, so that no route is without a
//! rule.

use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::audit::Audited;
use super::auth::{self, Access};
use super::frame;
use super::problem::Problem;
use super::record::facts;
use super::{
    SharedState, alerts, audit, cases, census, data_quality, docs, explain, health, history, imports, metrics, openapi, panel,
    policy, record, security_txt, statistics,
};
use crate::store::tokens::ApiRole;

/// A method on a path.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What answers it.
    pub handler: fn(MethodFilter) -> MethodRouter<SharedState>,
}

const READER: Access = Access::Bearer(ApiRole::Reader);
const RECORDER: Access = Access::Bearer(ApiRole::Recorder);
const CHAIR: Access = Access::Bearer(ApiRole::Chair);
const ADMIN: Access = Access::Bearer(ApiRole::Admin);

/// Every route.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    Route { method: Method::GET, path: "/api/v1/cases", access: READER, handler: |method| on(method, cases::list) },
    Route { method: Method::GET, path: "/api/v1/cases/{reference}", access: READER, handler: |method| on(method, cases::show) },
    Route { method: Method::PUT, path: "/api/v1/cases/{reference}", access: RECORDER, handler: |method| on(method, record::put) },
    Route { method: Method::GET, path: "/api/v1/cases/{reference}/history", access: READER, handler: |method| on(method, history::show) },
    Route { method: Method::POST, path: "/api/v1/cases/{reference}/meetings", access: RECORDER, handler: |method| on(method, facts::meetings) },
    Route { method: Method::POST, path: "/api/v1/cases/{reference}/assessments", access: RECORDER, handler: |method| on(method, facts::assessments) },
    Route { method: Method::POST, path: "/api/v1/cases/{reference}/extensions", access: RECORDER, handler: |method| on(method, facts::extensions) },
    Route { method: Method::POST, path: "/api/v1/cases/{reference}/engagement", access: RECORDER, handler: |method| on(method, facts::engagement) },
    Route { method: Method::POST, path: "/api/v1/cases/{reference}/oversight", access: RECORDER, handler: |method| on(method, facts::oversight) },
    Route { method: Method::POST, path: imports::PATH, access: RECORDER, handler: |method| on(method, imports::bring_in) },
    Route { method: Method::GET, path: "/api/v1/alerts", access: READER, handler: |method| on(method, alerts::list) },
    Route { method: Method::GET, path: "/api/v1/alerts/{id}", access: READER, handler: |method| on(method, alerts::answers::show) },
    Route { method: Method::POST, path: "/api/v1/alerts/{id}/acknowledge", access: CHAIR, handler: |method| on(method, alerts::answers::acknowledge) },
    Route { method: Method::POST, path: "/api/v1/alerts/{id}/snooze", access: CHAIR, handler: |method| on(method, alerts::answers::snooze) },
    Route { method: Method::GET, path: "/health/live", access: Access::Anyone, handler: |method| on(method, health::live) },
    Route { method: Method::GET, path: "/health/ready", access: Access::Anyone, handler: |method| on(method, health::ready) },
    Route { method: Method::GET, path: "/api/v1/audit", access: ADMIN, handler: |method| on(method, audit::list) },
    Route { method: Method::GET, path: "/metrics", access: Access::Anyone, handler: |method| on(method, metrics::show) },
    Route { method: Method::GET, path: "/openapi.json", access: Access::Anyone, handler: |method| on(method, openapi::show) },
    Route { method: Method::GET, path: "/docs", access: Access::Anyone, handler: |method| on(method, docs::enter) },
    Route { method: Method::GET, path: "/docs/", access: Access::Anyone, handler: |method| on(method, docs::page) },
    Route { method: Method::GET, path: "/docs/{file}", access: Access::Anyone, handler: |method| on(method, docs::file) },
    Route { method: Method::GET, path: security_txt::PATH, access: Access::Anyone, handler: |method| on(method, security_txt::show) },
    Route { method: Method::GET, path: "/api/v1/cases/{reference}/explain", access: READER, handler: |method| on(method, explain::show) },
    Route { method: Method::GET, path: "/api/v1/statistics", access: READER, handler: |method| on(method, statistics::show) },
    Route { method: Method::GET, path: "/api/v1/data-quality", access: READER, handler: |method| on(method, data_quality::show) },
    Route { method: Method::GET, path: "/api/v1/panel", access: READER, handler: |method| on(method, panel::show) },
    Route { method: Method::GET, path: "/api/v1/exports/census/{year}", access: RECORDER, handler: |method| on(method, census::export) },
    Route { method: Method::GET, path: "/api/v1/policy", access: READER, handler: |method| on(method, policy::show) },
    Route { method: Method::PUT, path: "/api/v1/policy", access: ADMIN, handler: |method| on(method, policy::put) },
    Route { method: Method::POST, path: "/api/v1/policy/preview", access: ADMIN, handler: |method| on(method, policy::preview::show) },
];

/// The API and these pages within their frame. What every answer is sent with is put on outside.
pub fn framed(state: &SharedState, pages: &[Route]) -> Router {
    let routes = ROUTES.iter().chain(pages);
    let routes = routes.fold(Router::new(), |router, route| router.route(route.path, route.handled(state)));
    let routes = routes
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .with_state(state.clone());
    frame::around(routes, state.clock.clone(), &state.gate, state.metrics.clone())
}

impl Route {
    /// The handler behind its rule; what it answers is put on record.
    fn handled(&self, state: &SharedState) -> MethodRouter<SharedState> {
        let method = MethodFilter::try_from(self.method.clone()).expect("routes have methods that the router knows");
        let admit = middleware::from_fn_with_state((state.clone(), self.access), auth::admit);
        let audited = Audited::of(self.path, &self.method, self.access);
        let record = middleware::from_fn_with_state((state.clone(), audited), audit::record);
        let hear_out = middleware::from_fn_with_state(state.gate.clone(), frame::hear_out);
        // The layer that is added last is the first to see a request.
        (self.handler)(method).route_layer(hear_out).route_layer(record).route_layer(admit)
    }
}
