//! The router over a fresh database, on a day that stands still, and rows to put into it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plo_drift::api::gate::{Gate, RequestLimits};
use plo_drift::api::known::KnownAnswers;
use plo_drift::api::site::Site;
use plo_drift::api::{self, ApiState};
use plo_drift::app;
use plo_drift::board;
use plo_drift::clock::Clock;
use plo_drift::config::Config;
use plo_drift::database::readers::Readers;
use plo_drift::health::HealthLimits;
use plo_drift::identity::Identity;
use plo_drift::policy_file::PolicyDocument;
use plo_drift::store::policies::in_force::InForce;
use plo_drift::store::tokens::{self, ApiRole, NewToken};
use serde_json::Value;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::support::database::{SERVICE, TestDatabase};

/// A Monday, ten o'clock in London.
pub const NOW: &str = "2026-06-15T09:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().expect("it is a moment")
}

/// Limits that no test reaches unless it is about them.
pub fn wide() -> RequestLimits {
    RequestLimits {
        at_once: 128,
        answer: Duration::from_secs(10),
        body: Duration::from_secs(8),
        body_bytes: 1024 * 1024,
        import_answer: Duration::from_mins(1),
        import_bytes: 32 * 1024 * 1024,
        a_minute: 100_000,
        failures_a_minute: 100_000,
        trusted_proxies: Vec::new(),
    }
}

/// A router over a pool, on the day that stands still.
pub fn router(pool: PgPool) -> Router {
    router_within(wide(), pool)
}

/// The same, held to these limits.
pub fn router_within(limits: RequestLimits, pool: PgPool) -> Router {
    router_with(limits, pool, None, Clock::told_by(now), &[])
}

/// A router of a service that is configured by variables.
pub fn router_configured(pool: PgPool, variables: &[(&str, &str)]) -> Router {
    router_with(wide(), pool, None, Clock::told_by(now), variables)
}

/// A router to which the tokens of an issuer count, at what a clock says.
pub fn router_of(pool: PgPool, identity: Option<Arc<Identity>>, clock: Clock) -> Router {
    router_with(wide(), pool, identity, clock, &[])
}

fn router_with(
    limits: RequestLimits,
    pool: PgPool,
    identity: Option<Arc<Identity>>,
    clock: Clock,
    variables: &[(&str, &str)],
) -> Router {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::from_layers(None, &variables.collect()).expect("a right configuration");
    router_as_configured(limits, pool, &config, identity, clock)
}

/// A router that is held to limits, at what a clock says.
pub fn router_at(limits: RequestLimits, pool: PgPool, clock: Clock) -> Router {
    router_with(limits, pool, None, clock, &[])
}

/// A router to whose pages people sign in with an issuer.
pub fn router_signed_in(pool: PgPool, config: &Config, identity: Option<Arc<Identity>>, clock: Clock) -> Router {
    router_as_configured(wide(), pool, config, identity, clock)
}

fn router_as_configured(
    limits: RequestLimits,
    pool: PgPool,
    config: &Config,
    identity: Option<Arc<Identity>>,
    clock: Clock,
) -> Router {
    let policy = InForce::or(PolicyDocument::built_in());
    board::router(Arc::new(ApiState {
        metrics: plo_drift::metrics::Metrics::default(),
        metrics_apart: false,
        site: Site::of(config),
        gate: Arc::new(Gate::of(limits)),
        import_place: api::imports::ImportPlace::default(),
        preview: app::previews(&pool, config, &policy),
        policy,
        readers: Readers::of(&pool, 4),
        known: KnownAnswers::default(),
        pool,
        door: app::door(config, identity.as_ref()),
        sessions: config.board.sessions,
        identity,
        clock,
        limits: HealthLimits {
            sweep: SignedDuration::from_hours(26),
            mail: SignedDuration::from_mins(30),
            reconciliation: SignedDuration::from_hours(50),
        },
    }))
}

pub struct Api {
    pub database: TestDatabase,
    /// What the router has: connections that may do what the service's role may.
    pub served: PgPool,
    pub router: Router,
}

/// An answer with its body: JSON, or a page or a table as one text.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// One field of each entry of a list.
    pub fn each(&self, list: &str, field: &str) -> Vec<String> {
        let entries = self.body[list].as_array().unwrap_or_else(|| panic!("{} has a list {list}", self.body));
        entries.iter().map(|entry| entry[field].as_str().expect("it is a text").to_owned()).collect()
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_else(|| panic!("{self:?} has {name}"))
    }

    /// Insists that it is a problem of a kind.
    pub fn assert_problem(&self, status: StatusCode, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["type"], format!("urn:plo-drift:problem:{code}"));
    }

    /// The fields that were refused, each with its reason.
    pub fn wrong_fields(&self) -> Vec<String> {
        self.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "wrong-fields");
        let (pointers, reasons) = (self.each("errors", "pointer"), self.each("errors", "reason"));
        pointers.iter().zip(reasons).map(|(pointer, reason)| format!("{pointer} {reason}")).collect()
    }

    /// The page or the table.
    pub fn page(&self) -> &str {
        self.body.as_str().unwrap_or_else(|| panic!("{} is a page", self.body))
    }

    /// The parameters that were refused.
    pub fn wrong_parameters(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.each("errors", "parameter")
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("the router never fails");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("the body is whole");
    let is_json = parts.headers.get("content-type").is_some_and(|value| value.as_bytes().ends_with(b"json"));
    let body = if bytes.is_empty() {
        Value::Null
    } else if !is_json {
        Value::String(String::from_utf8(bytes.into()).expect("the text is UTF-8"))
    } else {
        serde_json::from_slice(&bytes).expect("the body is JSON")
    };
    Answer { status: parts.status, headers: parts.headers, body }
}

pub fn request(method: &str, uri: &str, token: Option<&str>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(uri);
    let builder = token.into_iter().fold(builder, |builder, token| builder.header("authorization", format!("Bearer {token}")));
    builder.body(Body::empty()).expect("it is a request")
}

/// A request with a body of a type.
pub fn post(uri: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let builder = Request::builder().method("POST").uri(uri).header("content-type", content_type);
    builder.body(body.into()).expect("it is a request")
}

/// Sends requests without waiting for one another's answers.
pub async fn send_at_once(router: &Router, requests: Vec<Request<Body>>) -> Vec<Answer> {
    let mut under_way = JoinSet::new();
    for request in requests {
        let router = router.clone();
        under_way.spawn(async move { send(&router, request).await });
    }
    under_way.join_all().await
}

/// A request with a JSON document and further headers.
pub fn json_request(method: &str, uri: &str, token: &str, headers: &[(&str, &str)], body: &Value) -> Request<Body> {
    let mut request = post(uri, "application/json", body.to_string());
    *request.method_mut() = method.parse().expect("it is a method");
    request.headers_mut().insert("authorization", format!("Bearer {token}").try_into().expect("it is a header"));
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).expect("it is a name");
        request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).expect("it is a header"));
    }
    request
}

impl Api {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let options = database.pool.connect_options().as_ref().clone().options([("role", SERVICE)]);
        let served = PgPoolOptions::new().max_connections(5).acquire_timeout(Duration::from_secs(5)).connect_lazy_with(options);
        Self { router: router(served.clone()), served, database }
    }

    pub async fn close(self) {
        self.database.close().await;
    }

    pub async fn get(&self, token: &str, uri: &str) -> Answer {
        send(&self.router, request("GET", uri, Some(token))).await
    }

    pub async fn post(&self, token: &str, uri: &str, body: &Value) -> Answer {
        self.post_with(token, uri, &[], body).await
    }

    pub async fn post_with(&self, token: &str, uri: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        send(&self.router, json_request("POST", uri, token, headers, body)).await
    }

    pub async fn put(&self, token: &str, uri: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        send(&self.router, json_request("PUT", uri, token, headers, body)).await
    }

    /// Everything that is recorded, and every trace of it, as text: after a refusal it is what it was.
    pub async fn recorded(&self) -> String {
        let mut rows = Vec::new();
        for table in [
            "cases",
            "children",
            "meetings",
            "assessments",
            "extensions",
            "engagement",
            "oversight",
            "allocations",
            "case_history",
            "case_watch",
            "case_marks",
            "kept_answers",
        ] {
            let query = format!("SELECT coalesce(string_agg(row::text, ' ' ORDER BY row::text), '') FROM {table} AS row");
            let text: String =
                sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&self.database.pool).await.expect("it answers");
            rows.push(format!("{table}: {text}"));
        }
        rows.join("\n")
    }

    /// The first column of the only row of a query.
    pub async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&self.database.pool).await.expect("it answers")
    }

    /// A token that sees every case.
    pub async fn token(&self) -> String {
        self.token_for(&[], true).await
    }

    pub async fn token_for(&self, teams: &[&str], may_see_restricted: bool) -> String {
        self.token_of(ApiRole::Reader, teams, may_see_restricted).await
    }

    pub async fn token_of(&self, role: ApiRole, teams: &[&str], may_see_restricted: bool) -> String {
        let new = NewToken {
            name: "a test".to_owned(),
            role,
            teams: teams.iter().map(|&team| team.to_owned()).collect(),
            may_see_restricted,
            expires_at: None,
        };
        let mut connection = self.database.pool.acquire().await.expect("a connection is free");
        tokens::create(&mut connection, &new, now()).await.expect("a token can be made").1.reveal()
    }

    pub async fn sql(&self, statements: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&self.database.pool).await;
        done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// Adds cases as the sweep would have left them.
    pub async fn add(&self, cases: &[Watched]) {
        for case in cases {
            case.insert(&self.database.pool).await;
        }
    }
}

/// An open alert of a case, by its number.
pub fn open_alert(number: u128, case: &str, severity: &str) -> String {
    let id = alert_id(number);
    format!(
        "INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at, turned_at,
            turned_on, next_rung_on, next_rung_role, next_rung_deliver)
        VALUES ('{id}', '{case}', 'review_gap', '{number}', '{severity}', 'Last meeting was held on 1 April 2026', '2026-05-30',
            '2026-06-01', '2026-06-12T08:00Z', '2026-06-12T08:00Z', '2026-06-12', '2026-06-16', 'service_manager', 'immediate')"
    )
}

pub fn alert_id(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// A case as the sweep left it.
#[derive(Clone, Debug)]
pub struct Watched {
    pub reference: String,
    pub team: Option<&'static str>,
    pub restricted: bool,
    pub started_on: Option<Date>,
    pub status: &'static str,
    pub reds: i16,
    pub ambers: i16,
    pub since_on: Option<Date>,
    pub rules: Vec<&'static str>,
    /// As the sweep keeps it.
    pub drifts: &'static str,
    pub looked_on: Date,
}

impl Watched {
    /// An open case without findings.
    pub fn new(reference: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            team: Some("east"),
            restricted: false,
            started_on: Some(day("2026-06-01")),
            status: "open",
            reds: 0,
            ambers: 0,
            since_on: None,
            rules: Vec::new(),
            drifts: "",
            looked_on: day("2026-06-15"),
        }
    }

    pub fn rag(&self) -> &'static str {
        match (self.reds, self.ambers) {
            (0, 0) => "green",
            (0, _) => "amber",
            _ => "red",
        }
    }

    async fn insert(&self, pool: &PgPool) {
        let sql_day = |day: Option<Date>| day.map(jiff_sqlx::ToSqlx::to_sqlx);
        sqlx::query(
            "INSERT INTO cases (reference, team, restricted, recorded_on, started_on) VALUES ($1, $2, $3, '2026-01-01', $4)",
        )
        .bind(&self.reference)
        .bind(self.team)
        .bind(self.restricted)
        .bind(sql_day(self.started_on))
        .execute(pool)
        .await
        .expect("a case can be added");
        sqlx::query(
            "UPDATE case_watch SET looked_at = now(), looked_on = $2, status = $3, rag = $4, reds = $5, ambers = $6, since_on = $7,
                end_on = '2026-09-21', end_set_by = 'clock', base_end_on = '2026-09-21', next_deadline = 'Final review',
                next_deadline_on = '2026-09-14', rules = $8, drifts = $9 WHERE case_reference = $1",
        )
        .bind(&self.reference)
        .bind(sql_day(Some(self.looked_on)))
        .bind(self.status)
        .bind(self.rag())
        .bind(self.reds)
        .bind(self.ambers)
        .bind(sql_day(self.since_on))
        .bind(&self.rules)
        .bind(self.drifts)
        .execute(pool)
        .await
        .expect("a case can be looked at");
    }
}

pub fn day(text: &str) -> Date {
    text.parse().expect("it is a date")
}

/// A value as it may stand in a query or a path.
pub fn percent_encoded(value: &[u8]) -> String {
    value.iter().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// What a cursor would hold.
pub fn cursor(text: &str) -> String {
    plo_drift::hex::encode(text.as_bytes())
}
