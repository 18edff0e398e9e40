//! Somebody who looks at the pages: signed in without an issuer, by a session that is begun for them.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use plo_drift::config::board::SessionTimes;
use plo_drift::store::people;
use plo_drift::store::sessions::{self, NewSession};
use plo_drift::store::tokens::{ApiRole, Scope, Secret};

use crate::fixture::{Answer, Api, now, percent_encoded, send};

/// As configured by default.
pub const TIMES: SessionTimes =
    SessionTimes { idle: jiff::SignedDuration::from_mins(30), whole: jiff::SignedDuration::from_hours(10) };

/// What a browser says of a form that stands on a page of ours.
pub const FROM_HERE: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

/// Somebody's browser.
#[derive(Clone)]
pub struct Visit {
    router: axum::Router,
    secret: Secret,
    /// The number of the person.
    pub person: i64,
}

impl Visit {
    /// Signs a chair in who sees every case but restricted ones.
    pub async fn chair(api: &Api) -> Self {
        Self::of(api, &[ApiRole::Chair], &[], false, &[]).await
    }

    /// Signs a reader in who sees everything.
    pub async fn reader(api: &Api) -> Self {
        Self::of(api, &[ApiRole::Reader], &[], true, &[]).await
    }

    /// Signs somebody in with these roles, held to these teams, told by mail under these numbers.
    pub async fn of(api: &Api, roles: &[ApiRole], teams: &[&str], may_see_restricted: bool, recipients: &[i64]) -> Self {
        let mut connection = api.database.pool.acquire().await.expect("a connection is free");
        let subject = format!("{roles:?} {teams:?} {may_see_restricted} {recipients:?}").replace(['"', '[', ']'], "");
        let person = people::seen(&mut connection, "https://login.example", &subject, now()).await.expect("it answers");
        let teams = teams.iter().map(|&team| team.to_owned()).collect();
        let new = NewSession {
            person,
            recipients: recipients.to_vec(),
            roles: roles.to_vec(),
            scope: Scope { teams, may_see_restricted },
        };
        let secret = sessions::begin(&mut connection, &new, TIMES, now()).await.expect("a session can be begun");
        Self { router: api.router.clone(), secret, person }
    }

    /// The same browser before another router.
    pub fn before(&self, router: axum::Router) -> Self {
        Self { router, ..self.clone() }
    }

    /// What the browser shows.
    pub fn cookie(&self) -> String {
        format!("plo-drift-session={}", self.secret.reveal())
    }

    /// Looks at a page.
    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::builder().uri(path).header(header::ACCEPT, "text/html").header(header::COOKIE, self.cookie());
        send(&self.router, request.body(Body::empty()).expect("it is a request")).await
    }

    /// The page, which is there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.page().to_owned()
    }

    /// Sends a form as its page does, with the key that stands in it.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.secret.derive("form");
        let fields: Vec<_> = fields.iter().copied().chain([("form_key", key.as_str())]).collect();
        self.send_as_is(path, &fields, FROM_HERE).await
    }

    /// Sends a form with nothing added.
    pub async fn send_as_is(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", percent_encoded(value.as_bytes()));
        let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        let mut request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, self.cookie())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.router, request.body(Body::from(body)).expect("it is a request")).await
    }
}

/// Where a browser is led.
pub fn location(headers: &HeaderMap) -> &str {
    headers[header::LOCATION].to_str().expect("it is text")
}
