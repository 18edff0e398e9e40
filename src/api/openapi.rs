//! The contract: an `OpenAPI` 3.1 document made from the handlers and their views.
//!
//! A handler describes what is its own: what it does, its parameters, its good answers and the refusals that only it knows. What
//! follows from the list of routes is completed here, so that no route forgets it: who may call it, and the problems that any
//! route may answer with.

mod document;
mod problems;
mod words;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::json;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, OpenApi, RefOr, Schema};

pub use document::{
    AssessmentEntry, CaseDocument, CaseToPut, EngagementEntry, ExtensionEntry, MeetingEntry, NewAssessment, NewExtension,
    NewMeeting, OversightEntry,
};

use super::auth::Access;
use super::etag;
use super::parameters::Parameters;
use super::problem::Problem;
use super::router::{ROUTES, Route};
use super::{
    alerts, audit, cases, census, data_quality, explain, health, history, imports, metrics, panel, policy, record, statistics,
};

/// What operations name as their way of saying who calls.
const BEARER: &str = "bearer";

/// What the handlers say of themselves.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        cases::list,
        cases::show,
        record::put,
        record::facts::meetings,
        record::facts::assessments,
        record::facts::extensions,
        record::facts::engagement,
        record::facts::oversight,
        imports::bring_in,
        history::show,
        explain::show,
        alerts::list,
        alerts::answers::show,
        alerts::answers::acknowledge,
        alerts::answers::snooze,
        audit::list,
        panel::show,
        statistics::show,
        census::export,
        data_quality::show,
        policy::show,
        policy::put,
        policy::preview::show,
        health::live,
        health::ready,
        metrics::show,
        show,
    ),
    tags(
        (name = "cases", description = "Which cases drift, and why. A case outside the teams of a token, or a restricted one for a token that is not cleared, does not exist for it: 404, and in no list or count; only `re_entry` counts the earlier step-downs of a family whoever may see them, and names none."),
        (name = "alerts", description = "What was opened for each thing that drifts, who was told, and what was answered."),
        (name = "panel", description = "What the legal gateway panel has to decide next."),
        (name = "statistics", description = "How the work goes as a whole."),
        (name = "data quality", description = "What is missing, contradictory, derived or stale in the records themselves."),
        (name = "census", description = "What the children in need census asks of pre-proceedings."),
        (name = "policy", description = "The rules by which cases are judged: which are in force, and what others would change."),
        (name = "service", description = "Who asked for what, whether the service does its work, and this document."),
    )
)]
struct Described;

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| completed(Described::openapi()));

/// The document.
#[must_use]
pub fn document() -> &'static OpenApi {
    &DOCUMENT
}

/// Shows this document.
///
/// # Errors
///
/// Wrong parameters.
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", operation_id = "show_contract",
    summary = "This document",
    description = "The OpenAPI 3.1 document of this service. For people it is laid out at `/docs`.",
    responses((status = 200, description = "The document.", body = serde_json::Value, content_type = "application/json")),
)]
pub async fn show(parameters: Parameters, headers: HeaderMap) -> Result<Response, Problem> {
    parameters.finish()?;
    etag::answer(&headers, document())
}

/// Adds what the routes and the frame around them bring with them.
fn completed(mut described: OpenApi) -> OpenApi {
    described.info = info();
    for route in ROUTES {
        if let Some(operation) = described.paths.paths.get_mut(route.path).and_then(|item| operation(item, &route.method)) {
            complete(operation, route);
        }
    }
    let in_requests = in_requests(&described);
    let components = described.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token that `plo-drift token create` made or, where the service is so configured, an access token of its OpenID Connect \
            issuer. Each route names the role that it needs; an admin may do everything. An issuer's token that gives its bearer no \
            role or no team here is refused with 403 `no-role` or `no-team`; while the issuer's keys cannot be had, with 503 \
            `issuer-unavailable`.",
        ))
        .build();
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(bearer).into());
    problems::add_to(components);
    words::add_to(components);
    for (name, schema) in &mut components.schemas {
        if !in_requests.contains(name) && name != problems::SCHEMA {
            insist_on_every_property(schema);
        }
    }
    described
}

fn info() -> Info {
    let mut info = Info::new("plo-drift", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Which cases in pre-proceedings drift, why, and what was done about it.\n\n\
        Dates are civil dates in London (`YYYY-MM-DD`), moments are RFC 3339 in UTC. Working days are Monday to Friday without the \
        bank holidays of England and Wales and without the council's closures. Errors are `application/problem+json` (RFC 9457) \
        with a `type` that stays the same. Lists come in pages: pass `next_cursor` on as `cursor` until it is null; a page neither \
        repeats nor skips a row because others came, went or changed; only a case that itself moves in risk order between two pages may \
        stand on both or on neither."
            .to_owned(),
    );
    info.license = Some(utoipa::openapi::LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build());
    info
}

fn operation<'p>(item: &'p mut PathItem, method: &Method) -> Option<&'p mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::POST => item.post.as_mut(),
        _ => None,
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = &Operation> {
    [&item.get, &item.put, &item.post].into_iter().flatten()
}

/// Says who may call a route, and which problems it may answer with whatever it does. A refusal that the handler describes has no
/// body yet.
fn complete(operation: &mut Operation, route: &Route) {
    if let Access::Bearer(role) = route.access {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
        let description = operation.description.take().map_or_else(String::new, |described| described + "\n\n");
        operation.description = Some(format!("{description}Role: `{role}`."));
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter { schema: Some(RefOr::T(Schema::Object(value))), .. }) = parameter {
            take_null_off(&mut value.schema_type);
        }
    }
    for (status, response) in &mut operation.responses.responses {
        match response {
            RefOr::T(response) if status.starts_with(['4', '5']) && response.content.is_empty() => problems::complete(response),
            _ => {}
        }
    }
    for problem in problems::of_route(route, operation.request_body.is_some()) {
        let responses = &mut operation.responses.responses;
        responses.entry(problem.status().as_u16().to_string()).or_insert_with(|| RefOr::T(problems::response(&problem)));
    }
}

/// A parameter that is not given is left out: it cannot be null.
fn take_null_off(kind: &mut SchemaType) {
    if let SchemaType::Array(kinds) = kind
        && let [one, Type::Null] = kinds.as_slice()
    {
        *kind = SchemaType::Type(one.clone());
    }
}

/// The names of the schemas that requests are made of, and of those that these are made of.
fn in_requests(described: &OpenApi) -> BTreeSet<String> {
    let bodies = described.paths.paths.values().flat_map(operations).filter_map(|operation| operation.request_body.as_ref());
    let mut names = BTreeSet::new();
    let mut parts: Vec<String> = bodies.map(|body| json!(body).to_string()).collect();
    while let Some(part) = parts.pop() {
        for name in part.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            if names.insert(name.to_owned()) {
                let schema = described.components.as_ref().and_then(|components| components.schemas.get(name));
                parts.extend(schema.map(|schema| json!(schema).to_string()));
            }
        }
    }
    names
}

/// An answer always has each of its fields: what is not known is null.
fn insist_on_every_property(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.required = object.properties.keys().cloned().collect(),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(insist_on_every_property),
        _ => {}
    }
}
