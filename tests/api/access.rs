//! Who gets in, and what others are told.

use axum::http::StatusCode;
use plo_drift::api::auth::Access;
use plo_drift::api::router::ROUTES;
use plo_drift::store::tokens::{self, ApiRole, NewToken};

use crate::fixture::{Answer, Api, Watched, now, request, send};

fn assert_unauthenticated(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
    assert_eq!(answer.headers["www-authenticate"], "Bearer", "{what}");
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
    assert_eq!(answer.body["type"], "urn:plo-drift:problem:unauthenticated", "{what}");
}

#[tokio::test]
async fn no_route_of_the_api_with_cases_answers_without_a_token() {
    let api = Api::new().await;
    for route in ROUTES {
        let path = route.path.replace(['{', '}'], "");
        let answer = send(&api.router, request(route.method.as_str(), &path, None)).await;
        if ["/health/", "/metrics", "/openapi.json", "/docs", "/.well-known/"].iter().any(|open| route.path.starts_with(open)) {
            assert_eq!(route.access, Access::Anyone);
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        } else {
            assert!(matches!(route.access, Access::Bearer(_)), "{path}");
            assert_unauthenticated(&answer, &path);
        }
    }
    api.close().await;
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let api = Api::new().await;
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    let valid = NewToken {
        name: "a test".to_owned(),
        role: ApiRole::Admin,
        teams: Vec::new(),
        may_see_restricted: true,
        expires_at: Some(now() + jiff::SignedDuration::from_secs(1)),
    };
    let expired = NewToken { expires_at: Some(now()), ..valid.clone() };
    let secret_of = async |connection: &mut sqlx::PgConnection, new: &NewToken| {
        let (id, secret) = tokens::create(connection, new, now()).await.expect("a token can be made");
        (id, secret.reveal())
    };
    let (_, good) = secret_of(&mut connection, &valid).await;
    let (_, expired) = secret_of(&mut connection, &expired).await;
    let (id, revoked) = secret_of(&mut connection, &valid).await;
    assert!(tokens::revoke(&mut connection, id, now()).await.expect("it can be revoked"));
    drop(connection);

    let headers = [
        ("none", vec![]),
        ("unknown", vec![format!("Bearer plo_{}", "0".repeat(64))]),
        ("expired", vec![format!("Bearer {expired}")]),
        ("revoked", vec![format!("Bearer {revoked}")]),
        ("empty", vec![String::new()]),
        ("no secret", vec!["Bearer ".to_owned()]),
        ("another scheme", vec![format!("Basic {good}")]),
        ("no scheme", vec![good.clone()]),
        ("no prefix", vec![format!("Bearer {}", &good[4..])]),
        ("upper case", vec![format!("Bearer {}", good.to_uppercase())]),
        ("too short", vec![format!("Bearer {}", &good[..66])]),
        ("too long", vec![format!("Bearer {good}00")]),
        ("not hexadecimal", vec![format!("Bearer plo_{}", "x".repeat(64))]),
        ("given twice", vec![format!("Bearer {good}"), format!("Bearer {good}")]),
        ("not ASCII", vec!["Bearer plo_é".to_owned()]),
    ];
    let mut bodies = Vec::new();
    for (what, values) in headers {
        let mut request = request("GET", "/api/v1/cases?limit=wrong", None);
        for value in values {
            let value = value.as_bytes().try_into().expect("it is a header");
            request.headers_mut().append("authorization", value);
        }
        let answer = send(&api.router, request).await;
        assert_unauthenticated(&answer, what);
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);

    assert_eq!(api.get(&good, "/api/v1/cases").await.status, StatusCode::OK);
    let mut lower_case = request("GET", "/api/v1/cases", None);
    lower_case.headers_mut().append("authorization", format!("bearer  {good}").try_into().expect("it is a header"));
    assert_eq!(send(&api.router, lower_case).await.status, StatusCode::OK);
    api.close().await;
}

#[tokio::test]
async fn every_role_may_read() {
    let api = Api::new().await;
    api.add(&[Watched::new("C-1")]).await;
    for &role in ApiRole::ALL {
        let new = NewToken { name: "a test".into(), role, teams: vec![], may_see_restricted: false, expires_at: None };
        let mut connection = api.database.pool.acquire().await.expect("a connection is free");
        let (_, secret) = tokens::create(&mut connection, &new, now()).await.expect("a token can be made");
        for path in [
            "/api/v1/cases",
            "/api/v1/cases/C-1",
            "/api/v1/alerts",
            "/api/v1/statistics",
            "/api/v1/panel",
            "/api/v1/data-quality",
        ] {
            assert_eq!(api.get(&secret.reveal(), path).await.status, StatusCode::OK, "{role} {path}");
        }
    }
    api.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_of_its_own() {
    let api = Api::new().await;
    let token = api.token().await;
    for path in ["/nothing", "/api/v1", "/api/v1/cases/", "/api/v1/cases/C-1/x", "/api/v1/cases/C-1", "/api/v2/cases", "/%00"] {
        let answer = api.get(&token, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.body["type"], "urn:plo-drift:problem:not-found", "{path}");
        assert_eq!(answer.body["status"], 404, "{path}");
    }
    for route in ROUTES {
        let path = route.path.replace(['{', '}'], "");
        let answer = send(&api.router, request("PATCH", &path, Some(&token))).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let methods = ROUTES.iter().filter(|other| other.path == route.path).map(|other| other.method.as_str());
        let methods: Vec<&str> = methods.map(|method| if method == "GET" { "GET,HEAD" } else { method }).collect();
        assert_eq!(answer.headers["allow"], methods.join(","), "{path}");
        assert_eq!(answer.body["type"], "urn:plo-drift:problem:method-not-allowed", "{path}");
    }
    api.close().await;
}

#[tokio::test]
async fn every_answer_has_a_number_of_its_own_or_the_one_that_was_given() {
    let api = Api::new().await;
    let token = api.token().await;
    let mut numbers = Vec::new();
    for path in ["/health/live", "/api/v1/cases", "/api/v1/cases?limit=0", "/nothing"] {
        let answer = api.get(&token, path).await;
        numbers.push(answer.headers["x-request-id"].to_str().expect("it is text").to_owned());
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
    for (given, taken) in [("0305e82c-3301-4f89", true), ("jane doe", false)] {
        let mut request = request("GET", "/health/live", None);
        request.headers_mut().insert("x-request-id", given.parse().expect("it is a header"));
        let answer = send(&api.router, request).await;
        assert_eq!(answer.headers["x-request-id"] == given, taken, "{given}");
    }
    api.close().await;
}

#[tokio::test]
async fn without_a_database_callers_are_told_to_come_back() {
    let api = Api::new().await;
    let token = api.token().await;
    api.served.close().await;
    for path in
        ["/api/v1/cases", "/api/v1/cases/C-1", "/api/v1/alerts", "/api/v1/statistics", "/api/v1/panel", "/api/v1/data-quality"]
    {
        let answer = api.get(&token, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.headers["retry-after"], "5", "{path}");
        assert_eq!(answer.body["type"], "urn:plo-drift:problem:unavailable", "{path}");
    }
    api.close().await;
}

#[tokio::test]
async fn a_mistake_of_the_services_own_says_nothing_of_the_inside() {
    let api = Api::new().await;
    let token = api.token().await;
    api.sql("ALTER TABLE case_watch RENAME TO elsewhere").await;
    let answer = api.get(&token, "/api/v1/cases").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.body["type"], "urn:plo-drift:problem:internal");
    assert!(!answer.body.to_string().contains("case_watch"));
    api.close().await;
}
