//! The router over a fresh database, on a day that stands still, and rows to put into it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plo_drift::api::{self, ApiState, HealthLimits};
use plo_drift::clock::Clock;
use plo_drift::store::tokens::{self, ApiRole, NewToken};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use tower::ServiceExt as _;

use crate::support::database::TestDatabase;

/// A Monday, ten o'clock in London.
pub const NOW: &str = "2026-06-15T09:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().expect("it is a moment")
}

/// A router over a pool, on the day that stands still.
pub fn router(pool: PgPool) -> Router {
    api::router(ApiState {
        pool,
        policy: std::sync::Arc::default(),
        clock: Clock::told_by(now),
        limits: HealthLimits { sweep: SignedDuration::from_hours(26), mail: SignedDuration::from_mins(30) },
    })
}

pub struct Api {
    pub database: TestDatabase,
    pub router: Router,
}

/// An answer with its body, which is JSON wherever there is one.
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
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("the body is JSON") };
    Answer { status: parts.status, headers: parts.headers, body }
}

pub fn request(method: &str, uri: &str, token: Option<&str>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(uri);
    let builder = token.into_iter().fold(builder, |builder, token| builder.header("authorization", format!("Bearer {token}")));
    builder.body(Body::empty()).expect("it is a request")
}

impl Api {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        Self { router: router(database.pool.clone()), database }
    }

    pub async fn close(self) {
        self.database.close().await;
    }

    pub async fn get(&self, token: &str, uri: &str) -> Answer {
        send(&self.router, request("GET", uri, Some(token))).await
    }

    /// A token that sees every case.
    pub async fn token(&self) -> String {
        self.token_for(&[], true).await
    }

    pub async fn token_for(&self, teams: &[&str], may_see_restricted: bool) -> String {
        let new = NewToken {
            name: "a test".to_owned(),
            role: ApiRole::Reader,
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
                end_on = '2026-09-21', end_set_by = 'clock', base_end_on = '2026-09-21', rules = $8 WHERE case_reference = $1",
        )
        .bind(&self.reference)
        .bind(sql_day(Some(self.looked_on)))
        .bind(self.status)
        .bind(self.rag())
        .bind(self.reds)
        .bind(self.ambers)
        .bind(sql_day(self.since_on))
        .bind(&self.rules)
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
