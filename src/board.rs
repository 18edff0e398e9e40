//! Pages for people, on top of [`crate::api`]: what a page shows is what the API answers, asked by the same functions, and there is no
//! second way of doing anything.
//!
//! [`ROUTES`] lists every page with who may see it. Each is one file of HTML that the server has finished: no page runs a script, and
//! whatever can be done is done by a form. [`page`] is what stands around each, [`html`] tells problems in words, [`sign_in`] lets
//! people in.

pub mod accessibility;
pub mod acknowledge;
pub mod alerts;
pub mod answering;
pub mod assets;
pub mod case;
pub mod caseload;
pub mod choices;
pub mod data_quality;
pub mod draw;
pub mod html;
pub mod page;
pub mod panel;
pub mod sign_in;
pub mod table;
pub mod trends;
pub mod words;

use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::on;

use crate::api::auth::Access;
use crate::api::router::{self, Route};
use crate::api::{SharedState, headers};
use crate::store::tokens::ApiRole;

const READER: Access = Access::Page(ApiRole::Reader);
const CHAIR: Access = Access::Page(ApiRole::Chair);

/// Every page.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    Route { method: Method::GET, path: "/acknowledge/{token}", access: Access::Link, handler: |method| on(method, acknowledge::show) },
    Route { method: Method::POST, path: "/acknowledge/{token}", access: Access::Link, handler: |method| on(method, acknowledge::submit) },
    Route { method: Method::GET, path: accessibility::PATH, access: Access::Anyone, handler: |method| on(method, accessibility::show) },
    Route { method: Method::GET, path: "/assets/{file}", access: Access::Anyone, handler: |method| on(method, assets::show) },
    Route { method: Method::GET, path: sign_in::PATH, access: Access::Door, handler: |method| on(method, sign_in::show) },
    Route { method: Method::POST, path: sign_in::PATH, access: Access::Door, handler: |method| on(method, sign_in::play) },
    Route { method: Method::GET, path: sign_in::BACK_FROM_ISSUER, access: Access::Door, handler: |method| on(method, sign_in::come_back) },
    Route { method: Method::POST, path: "/sign-out", access: READER, handler: |method| on(method, sign_in::sign_out) },
    Route { method: Method::GET, path: sign_in::SIGNED_OUT, access: Access::Door, handler: |method| on(method, sign_in::signed_out) },
    Route { method: Method::GET, path: "/cases/{reference}", access: READER, handler: |method| on(method, case::show) },
    Route { method: Method::GET, path: "/cases/{reference}/explain", access: READER, handler: |method| on(method, case::explain) },
    Route { method: Method::GET, path: "/cases/{reference}/history", access: READER, handler: |method| on(method, case::history) },
    Route { method: Method::GET, path: "/", access: READER, handler: |method| on(method, page::enter) },
    Route { method: Method::GET, path: "/cases", access: READER, handler: |method| on(method, caseload::show) },
    Route { method: Method::GET, path: "/alerts", access: READER, handler: |method| on(method, alerts::list) },
    Route { method: Method::GET, path: "/alerts/{id}", access: READER, handler: |method| on(method, alerts::show) },
    Route { method: Method::POST, path: "/alerts/{id}/acknowledge", access: CHAIR, handler: |method| on(method, alerts::acknowledge) },
    Route { method: Method::POST, path: "/alerts/{id}/snooze", access: CHAIR, handler: |method| on(method, alerts::snooze) },
    Route { method: Method::POST, path: "/alerts/{id}/more-time", access: CHAIR, handler: |method| on(method, alerts::more_time) },
    Route { method: Method::GET, path: "/panel", access: READER, handler: |method| on(method, panel::show) },
    Route { method: Method::GET, path: "/data-quality", access: READER, handler: |method| on(method, data_quality::show) },
    Route { method: Method::GET, path: "/trends", access: READER, handler: |method| on(method, trends::show) },
];

/// The whole service over HTTP: the API and the pages.
pub fn router(state: SharedState) -> Router {
    router::framed(&state, ROUTES)
        .layer(middleware::from_fn_with_state(state.clone(), html::for_people))
        .layer(middleware::from_fn_with_state(state, headers::protect))
}
