//! What is measured, and that the README lists exactly that.

use std::collections::BTreeSet;

use axum::body::to_bytes;
use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use tower::ServiceExt as _;

use crate::fixture::{Api, open_alert, request};

async fn scraped(api: &Api) -> String {
    let response = api.router.clone().oneshot(request("GET", "/metrics", None)).await.expect("the router never fails");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], plo_drift::metrics::MEDIA_TYPE);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
    String::from_utf8(bytes.into()).expect("it is UTF-8")
}

/// The name of each measure, as the README has it.
fn names(text: &str) -> BTreeSet<String> {
    let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let named = described.map(|line| {
        let (name, kind) = line.split_once(' ').expect("a name and a kind");
        if kind == "counter" { format!("{name}_total") } else { name.to_owned() }
    });
    named.collect()
}

#[tokio::test]
async fn the_readme_lists_what_is_measured() {
    let api = Api::new().await;
    api.sql("INSERT INTO cases (reference, recorded_on, started_on) VALUES ('C-1', '2026-06-01', '2026-06-01')").await;
    api.sql(&open_alert(1, "C-1", "red")).await;
    api.sql("INSERT INTO recipients (name, email, role) VALUES ('A', 'b@example.org', 'director')").await;
    api.sql("INSERT INTO messages (id, kind, recipient_id, state, created_at) SELECT gen_random_uuid(), 'alert', id, 'gathering', now() FROM recipients").await;
    scraped(&api).await;
    let found = names(&scraped(&api).await);
    let readme = include_str!("../../README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `plo_drift_"));
    let listed: BTreeSet<String> =
        rows.map(|row| format!("plo_drift_{}", row.split(['`', '{']).next().unwrap_or_default())).collect();
    assert_eq!(listed, found);
    api.close().await;
}

#[tokio::test]
async fn measures_tell_of_the_work_and_of_no_case() {
    let api = Api::new().await;
    let token = api.token_of(ApiRole::Reader, &[], true).await;
    api.sql("INSERT INTO cases (reference, recorded_on, started_on) VALUES ('SECRET-1', '2026-06-01', '2026-06-01')").await;
    api.sql(&open_alert(1, "SECRET-1", "red")).await;
    api.sql("INSERT INTO job_runs (job, slot, started_at, finished_at) VALUES ('sweep', now(), now(), '2026-06-15T06:00:07Z')")
        .await;
    for path in ["/api/v1/cases/SECRET-1", "/api/v1/cases/SECRET-2", "/SECRET-3"] {
        api.get(&token, path).await;
    }
    let text = scraped(&api).await;
    for line in [
        r#"plo_drift_http_requests_total{route="/api/v1/cases/{reference}",method="GET",status="200"} 1"#,
        r#"plo_drift_http_requests_total{route="/api/v1/cases/{reference}",method="GET",status="404"} 1"#,
        r#"plo_drift_http_requests_total{route="none",method="GET",status="404"} 1"#,
        r#"plo_drift_http_request_duration_seconds_count{route="/api/v1/cases/{reference}",method="GET"} 2"#,
        r#"plo_drift_alerts{severity="red",state="open"} 1"#,
        "plo_drift_database_up 1",
        "plo_drift_cases_due 1",
        "plo_drift_oldest_unsent_mail_age_seconds 0",
        "plo_drift_last_sweep_timestamp_seconds 1781503207",
        "plo_drift_last_clean_reconciliation_timestamp_seconds 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("SECRET") && text.ends_with("# EOF\n"), "{text}");
    api.close().await;
}

#[tokio::test]
async fn without_a_database_what_this_instance_knows_is_told() {
    let api = Api::new().await;
    api.served.close().await;
    let text = scraped(&api).await;
    assert!(text.contains("\nplo_drift_database_up 0\n") && text.contains("plo_drift_build_info{"), "{text}");
    assert!(!text.contains("plo_drift_alerts") && !text.contains("plo_drift_last_sweep"), "what is not known is not told");
    api.close().await;
}
