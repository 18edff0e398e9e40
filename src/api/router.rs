//! Every route, and who may call it. The router is built from this list, so that no route is without a rule.

use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::auth::{self, Access};
use super::frame::{self, TIME_LIMIT};
use super::problem::Problem;
use super::{ApiState, alerts, cases, health};
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
    handler: fn(MethodFilter) -> MethodRouter<ApiState>,
}

const READER: Access = Access::Bearer(ApiRole::Reader);

/// Every route.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    Route { method: Method::GET, path: "/api/v1/cases", access: READER, handler: |method| on(method, cases::list) },
    Route { method: Method::GET, path: "/api/v1/cases/{reference}", access: READER, handler: |method| on(method, cases::show) },
    Route { method: Method::GET, path: "/api/v1/alerts", access: READER, handler: |method| on(method, alerts::list) },
    Route { method: Method::GET, path: "/health/live", access: Access::Anyone, handler: |method| on(method, health::live) },
    Route { method: Method::GET, path: "/health/ready", access: Access::Anyone, handler: |method| on(method, health::ready) },
];

/// The whole service over HTTP.
pub fn router(state: ApiState) -> Router {
    let routes = ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, route.handler(&state)));
    let routes = routes
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .with_state(state.clone());
    frame::around(routes, state.clock, TIME_LIMIT)
}

impl Route {
    /// The handler behind its rule.
    fn handler(&self, state: &ApiState) -> MethodRouter<ApiState> {
        let method = MethodFilter::try_from(self.method.clone()).expect("routes have methods that the router knows");
        let admit = middleware::from_fn_with_state((state.clone(), self.access), auth::admit);
        (self.handler)(method).route_layer(admit)
    }
}
