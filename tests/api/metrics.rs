//! What is measured, and that documents, alert rules and dashboard speak of exactly that.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::to_bytes;
use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::fixture::{Api, open_alert, request};

const WATCH: &str = include_str!("../../docs/watch.md");
const RULES: &str = include_str!("../../config/monitoring/alerts.yml");

async fn scraped(api: &Api) -> String {
    let response = api.router.clone().oneshot(request("GET", "/metrics", None)).await.expect("the router never fails");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], plo_drift::metrics::MEDIA_TYPE);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
    String::from_utf8(bytes.into()).expect("it is UTF-8")
}

/// The name of each measure, as the documents have it.
fn names(text: &str) -> BTreeSet<String> {
    let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let named = described.map(|line| {
        let (name, kind) = line.split_once(' ').expect("a name and a kind");
        if kind == "counter" { format!("{name}_total") } else { name.to_owned() }
    });
    named.collect()
}

/// What a service that has done some work shows.
async fn shown_after_some_work(api: &Api) -> String {
    api.sql("INSERT INTO cases (reference, recorded_on, started_on) VALUES ('C-1', '2026-06-01', '2026-06-01')").await;
    api.sql(&open_alert(1, "C-1", "red")).await;
    api.sql("INSERT INTO recipients (name, email, role) VALUES ('A', 'b@example.org', 'director')").await;
    api.sql("INSERT INTO messages (id, kind, recipient_id, state, created_at) SELECT gen_random_uuid(), 'alert', id, 'gathering', now() FROM recipients").await;
    scraped(api).await;
    scraped(api).await
}

#[tokio::test]
async fn the_documents_list_what_is_measured() {
    let api = Api::new().await;
    let found = names(&shown_after_some_work(&api).await);
    let rows = WATCH.lines().filter_map(|line| line.strip_prefix("| `plo_drift_"));
    let listed: BTreeSet<String> =
        rows.map(|row| format!("plo_drift_{}", row.split(['`', '{']).next().unwrap_or_default())).collect();
    assert_eq!(listed, found);
    api.close().await;
}

/// The labels of each series that is shown, by its name; those of a histogram with their endings.
fn labels(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let series = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, rest) = line.split_at(line.find(['{', ' ']).expect("a value"));
        (
            name,
            rest.split("=\"")
                .filter_map(|before| before.rsplit(['{', ',']).next())
                .filter(|name| !name.contains(' '))
                .collect(),
        )
    });
    series.collect()
}

/// The names in an expression that begin as ours do, each with the labels that it is asked for.
fn asked(expression: &str) -> Vec<(&str, Vec<&str>)> {
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let starts = expression.match_indices("plo_drift_").map(|(at, _)| &expression[at..]);
    let asked = starts.map(|rest| {
        let (name, rest) = rest.split_at(rest.find(|letter| !is_of_a_name(letter)).unwrap_or(rest.len()));
        let matchers = rest.strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
        let pieces = matchers.split('"').step_by(2);
        (name, pieces.map(|piece| piece.trim_matches(|letter| !is_of_a_name(letter))).filter(|name| !name.is_empty()).collect())
    });
    asked.collect()
}

/// The labels by which an expression groups.
fn grouped_by(expression: &str) -> Vec<&str> {
    let groups = expression.split(" by (").skip(1).filter_map(|rest| rest.split(')').next());
    groups.flat_map(|group| group.split(", ")).collect()
}

#[tokio::test]
async fn alert_rules_and_dashboard_ask_for_what_is_shown() {
    const PROMETHEUS_OWN: [&str; 2] = ["instance", "job"];
    let api = Api::new().await;
    let text = shown_after_some_work(&api).await;
    let shown = labels(&text);
    let dashboard: Value = serde_json::from_str(include_str!("../../config/monitoring/dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("a panel asks for something"));
    let of_panels = targets.map(|target| target["expr"].as_str().expect("an expression"));
    let of_rules = RULES.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let expressions: Vec<&str> = of_panels.chain(of_rules).collect();
    assert!(expressions.len() > 25, "only {} were found", expressions.len());
    for expression in expressions {
        assert!(expression.contains("plo_drift_") || expression.contains("up{job="), "{expression}");
        for (name, wanted) in asked(expression) {
            let known = shown.get(name).unwrap_or_else(|| panic!("{name} in {expression} is not shown"));
            for label in wanted.into_iter().chain(grouped_by(expression)) {
                assert!(known.contains(label) || PROMETHEUS_OWN.contains(&label), "{label} of {name} in {expression}");
            }
        }
    }
    api.close().await;
}

#[test]
fn each_alert_rule_is_tested_and_says_where_it_stands_what_to_do() {
    let alerts: BTreeSet<&str> = RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let described: BTreeSet<&str> = WATCH.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(alerts, described);
    assert_eq!(RULES.matches("expr: ").count(), RULES.matches("- alert: ").count(), "each expression stands on one line");
    for alert in alerts {
        assert!(RULES.contains(&format!("runbook: docs/watch.md#{}\n", alert.to_lowercase())), "{alert}");
        let test = format!("alertname: {alert}\n        exp_alerts:");
        assert!(include_str!("../monitoring/alerts.yml").contains(&test), "no test sees {alert} fire");
    }
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
