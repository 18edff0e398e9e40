//! The problems as the contract lists them: one schema for all of them, and an example of each where it may be met.

use serde_json::json;
use utoipa::openapi::{Components, ContentBuilder, Ref, Response, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::api::auth::Access;
use crate::api::problem::{Details, MEDIA_TYPE, Problem, WrongParameter};
use crate::api::router::Route;

/// The name of the schema of every problem.
pub const SCHEMA: &str = "Problem";

/// The problems that a route may answer with whatever it does.
#[must_use]
pub fn of_route(route: &Route, has_body: bool) -> Vec<Problem> {
    let mut problems = vec![Problem::Unavailable, Problem::Internal];
    if route.access != Access::Anyone {
        problems.push(Problem::TooManyRequests { seconds: 20 });
    }
    if let Access::Bearer(_) = route.access {
        problems.extend([Problem::Unauthenticated, Problem::Forbidden, Problem::WrongParameters(vec![wrong_parameter()])]);
    }
    if route.path.contains('{') {
        problems.push(Problem::NotFound);
    }
    if has_body {
        problems.extend([Problem::MalformedBody, Problem::UnsupportedMediaType, Problem::BodyTooLarge, Problem::BodyTooSlow]);
    }
    problems
}

/// A problem as one of the answers of an operation.
#[must_use]
pub fn response(problem: &Problem) -> Response {
    let details = problem.details();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(SCHEMA))).example(Some(json!(details)));
    ResponseBuilder::new().description(details.summary()).content(MEDIA_TYPE, content.build()).build()
}

/// Lets a refusal that a handler describes in words have the body of every problem.
pub fn complete(response: &mut Response) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(SCHEMA))).build();
    response.content.entry(MEDIA_TYPE.to_owned()).or_insert_with(|| content.into());
}

/// Adds the schemas that problems are made of.
pub fn add_to(components: &mut Components) {
    let mut schemas = vec![(Details::name().into_owned(), Details::schema())];
    Details::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

fn wrong_parameter() -> WrongParameter {
    WrongParameter { parameter: "limit".to_owned(), reason: "must be a whole number from 1 to 200".to_owned() }
}
