//! What every answer tells a browser, and whom to tell of weaknesses.

use axum::http::StatusCode;
use plo_drift::api::router::ROUTES;
use plo_drift::store::tokens::ApiRole;

use crate::fixture::{Answer, Api, request, router_configured, send};

const ENCRYPTED: (&str, &str) = ("PLO_DRIFT__SERVICE__BASE_URL", "https://drift.council.example");

fn assert_protected(answer: &Answer, what: &str) {
    for (name, expected) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), expected, "{what}: {name}");
    }
    let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 1, "{what}");
    let policy = answer.header("content-security-policy");
    let by_default =
        if what.contains(" /docs") && answer.status.is_success() { "default-src 'self'" } else { "default-src 'none'" };
    for part in [by_default, "frame-ancestors 'none'", "base-uri 'none'", "form-action "] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
}

#[tokio::test]
async fn every_answer_of_every_route_protects_whoever_gets_it() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Admin, &[], true).await;
    let encrypted = router_configured(api.database.pool.clone(), &[ENCRYPTED]);
    let elsewhere = [("GET", "/nothing"), ("PATCH", "/api/v1/cases"), ("GET", "/docs/swagger-ui.css")];
    let routes = ROUTES.iter().map(|route| (route.method.as_str(), route.path)).chain(elsewhere);
    for (method, path) in routes {
        let path = path.replace(['{', '}'], "");
        for token in [None, Some(token.as_str())] {
            let what = format!("{method} {path} {}", if token.is_some() { "with a token" } else { "without" });
            let answer = send(&api.router, request(method, &path, token)).await;
            assert_protected(&answer, &what);
            assert!(!answer.headers.contains_key("strict-transport-security"), "{what}: nothing is encrypted here");
            let answer = send(&encrypted, request(method, &path, token)).await;
            assert_protected(&answer, &what);
            assert_eq!(answer.header("strict-transport-security"), "max-age=15552000", "{what}");
        }
    }
    api.close().await;
}

#[tokio::test]
async fn what_may_be_kept_for_good_is_named_by_its_content_and_nothing_else_may_be_kept() {
    let api = Api::new().await;
    for path in plo_drift::board::assets::stylesheets() {
        let kept = send(&api.router, request("GET", path, None)).await;
        assert_eq!(
            (kept.status, kept.header("cache-control")),
            (StatusCode::OK, "public, max-age=31536000, immutable"),
            "{path}"
        );
        assert_eq!(kept.header("x-content-type-options"), "nosniff", "{path}");
        let another = send(&api.router, request("GET", &path.replace('-', "-0"), None)).await;
        assert_eq!((another.status, another.header("cache-control")), (StatusCode::NOT_FOUND, "no-store"), "{path}");
    }
    api.close().await;
}

#[tokio::test]
async fn whoever_finds_a_weakness_is_told_whom_to_tell() {
    let api = Api::new().await;
    let path = plo_drift::api::security_txt::PATH;
    let absent = send(&api.router, request("GET", path, None)).await;
    absent.assert_problem(StatusCode::NOT_FOUND, "not-found");

    let contact = ("PLO_DRIFT__HTTP__SECURITY_CONTACT", "mailto:security@council.example");
    let answer = send(&router_configured(api.database.pool.clone(), &[contact, ENCRYPTED]), request("GET", path, None)).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/plain; charset=utf-8"));
    let expected = "Contact: mailto:security@council.example\nExpires: 2026-12-12T00:00:00Z\nPreferred-Languages: en\n\
        Canonical: https://drift.council.example/.well-known/security.txt\n";
    assert_eq!(answer.page(), expected);

    let plain = send(&router_configured(api.database.pool.clone(), &[contact]), request("GET", path, None)).await;
    assert!(!plain.page().contains("Canonical"), "an address that is not https:// is none of RFC 9116");
    api.close().await;
}
