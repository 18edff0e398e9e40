//! The contract says what the service does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::http::StatusCode;
use jiff::civil::date;
use plo_drift::api::auth::Access;
use plo_drift::api::openapi;
use plo_drift::api::router::ROUTES;
use plo_drift::api::security_txt;
use plo_drift::exchange::document::{self, Reading};
use serde_json::{Value, json};

use crate::fixture::{Api, request, send};

fn contract() -> Value {
    serde_json::to_value(openapi::document()).expect("it is JSON")
}

/// Every operation with its path and method.
fn operations(contract: &Value) -> Vec<(String, String, Value)> {
    let paths = contract["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("an item").clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Pages for people, and what RFC 9116 says already, are not part of it.
fn is_for_people(path: &str) -> bool {
    path.starts_with("/acknowledge/") || path.starts_with("/docs") || path == security_txt::PATH
}

#[test]
fn the_contract_changes_only_in_sight_of_a_reviewer() {
    insta::assert_json_snapshot!(contract());
}

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let described: BTreeSet<(String, String)> =
        operations(&contract()).into_iter().map(|(path, method, _)| (path, method)).collect();
    let routes = ROUTES.iter().filter(|route| !is_for_people(route.path));
    let routes: BTreeSet<(String, String)> = routes.map(|route| (route.path.to_owned(), route.method.to_string())).collect();
    assert_eq!(described, routes);
}

#[test]
fn every_operation_says_what_it_does_who_may_call_it_and_what_may_go_wrong() {
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&contract()) {
        let what = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].to_string()), "{what} has the name of another");
        assert!(operation["summary"].as_str().is_some_and(|summary| summary.len() > 5), "{what}");
        let route = ROUTES.iter().find(|route| route.path == path && route.method.as_str() == method).expect("a route");
        assert_eq!(operation["security"] != Value::Null, matches!(route.access, Access::Bearer(_)), "{what}");
        let mut expected = vec!["500", "503"];
        if matches!(route.access, Access::Bearer(_)) {
            expected.extend(["401", "403", "422"]);
        }
        if path.contains('{') {
            expected.push("404");
        }
        if operation["requestBody"] != Value::Null {
            expected.extend(["400", "413", "415", "422"]);
        }
        for status in expected {
            assert!(operation["responses"][status] != Value::Null, "{what} may answer {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {parameter}");
        }
        for (status, answer) in operation["responses"].as_object().expect("answers") {
            let is_refusal = status.starts_with('4') || status == "500";
            let is_problem = answer["content"]["application/problem+json"] != Value::Null;
            assert_eq!(is_problem, is_refusal || (status == "503" && path != "/health/ready"), "{what}: {status}");
        }
    }
}

#[test]
fn every_field_of_every_answer_is_described() {
    let contract = contract();
    let schemas = contract["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        for (field, property) in parts.iter().filter_map(|part| part["properties"].as_object()).flatten() {
            let is_described = |part: &Value| part["$ref"] != Value::Null || part["description"] != Value::Null;
            assert!(is_described(property) || is_described(&property["oneOf"][0]), "{name}.{field} is not described");
        }
    }
}

/// Of two schemas with one name, the contract would hold one, and say of the other what is not true.
#[test]
fn no_two_schemas_have_the_same_name() {
    let mut names = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                for name in schemas_of(&std::fs::read_to_string(&entry).expect("a source file")) {
                    let other = names.insert(name.clone(), entry.clone());
                    assert!(
                        other.is_none(),
                        "{name} is a schema in {} and {}",
                        entry.display(),
                        other.unwrap_or_default().display()
                    );
                }
            }
        }
    }
    let contract = contract();
    let known = contract["components"]["schemas"].as_object().expect("schemas");
    let unknown: Vec<&String> = known.keys().filter(|name| !names.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not found in the sources");
}

/// The names of the schemas that a source file makes: those that are derived, documented or listed as words.
fn schemas_of(source: &str) -> Vec<String> {
    let word = |text: &str| -> String { text.chars().take_while(|letter| letter.is_alphanumeric()).collect() };
    let (mut names, mut is_derived, mut given) = (Vec::new(), false, None);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[derive(") && line.contains("ToSchema") {
            is_derived = true;
        } else if let Some(name) = line.strip_prefix("impl ToSchema for ").filter(|name| !name.starts_with('$')) {
            names.push(word(name));
        } else if let Some((_, name)) = line.split_once("#[schema(as = ") {
            given = Some(word(name));
        } else if let Some(name) =
            ["pub struct ", "struct ", "pub enum ", "enum "].iter().find_map(|kind| line.strip_prefix(kind))
        {
            if std::mem::take(&mut is_derived) && !name.starts_with('$') {
                names.push(given.take().unwrap_or_else(|| word(name)));
            }
            given = None;
        }
    }
    let is_listed = |line: &&str| line.starts_with(char::is_uppercase) && (line.ends_with(" {") || line.contains(": \""));
    let listed =
        ["documented! {", "words! {"].iter().filter_map(|list| source.split_once(&format!("\n{list}\n"))).map(|(_, list)| list);
    names.extend(listed.flat_map(str::lines).map(str::trim).filter(is_listed).map(word));
    names
}

#[test]
fn a_case_document_has_the_fields_that_the_contract_gives_it() {
    let contract = contract();
    let fields = |schema: &str| -> BTreeSet<String> {
        let properties = contract["components"]["schemas"][schema]["properties"].as_object().expect("properties");
        properties.keys().cloned().collect()
    };
    let lists = json!({
        "reference": "PP-1",
        "children": [{"reference": "C-1"}],
        "meetings": [{"sequence": 1, "kind": "review", "planned_on": "2026-06-01"}],
        "assessments": [{"sequence": 1, "kind": "other"}],
        "extensions": [{"sequence": 1, "requested_on": "2026-06-01", "decision": "pending"}],
        "engagement": [{"on": "2026-06-01", "attended": true}],
        "oversight": [{"on": "2026-06-01", "kind": "panel_review"}],
        "allocations": [{"from_on": "2026-06-01", "worker": "W-1"}],
    });
    let case = document::read(&lists, Reading::AsOf(date(2026, 6, 15))).expect("a document");
    let written = document::write(&case);
    let keys = |value: &Value| -> BTreeSet<String> { value.as_object().expect("an object").keys().cloned().collect() };
    assert_eq!(keys(&written), fields("CaseDocument"));
    for (list, entry) in [
        ("children", "ChildEntry"),
        ("meetings", "MeetingEntry"),
        ("assessments", "AssessmentEntry"),
        ("extensions", "ExtensionEntry"),
        ("engagement", "EngagementEntry"),
        ("oversight", "OversightEntry"),
        ("allocations", "AllocationEntry"),
    ] {
        assert_eq!(keys(&written[list][0]), fields(entry), "{list}");
    }
}

#[tokio::test]
async fn the_contract_and_its_page_need_no_token_and_nothing_from_elsewhere() {
    let api = Api::new().await;
    let served = send(&api.router, request("GET", "/openapi.json", None)).await;
    assert_eq!((served.status, &served.body), (StatusCode::OK, &contract()));
    assert_eq!(send(&api.router, request("GET", "/docs", None)).await.headers["location"], "/docs/");
    let page = send(&api.router, request("GET", "/docs/", None)).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    assert!(!page.page().contains("https://") && !page.page().contains("http://"), "{}", page.page());
    assert_eq!(send(&api.router, request("GET", "/docs/nothing.js", None)).await.status, StatusCode::NOT_FOUND);
    api.close().await;
}
