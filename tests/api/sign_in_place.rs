//! The router where people sign in with an issuer, at a moment that the test moves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::StatusCode;
use jiff::Timestamp;
use plo_drift::app;
use plo_drift::clock::Clock;
use plo_drift::config::Config;
use plo_drift::identity::Identity;

use crate::fixture::{Answer, Api, Watched, now, router_of};

/// What tokens for this service are meant for.
pub const AUDIENCE: &str = "urn:plo-drift";

/// The service, and the hand of its clock.
pub struct Place {
    pub api: Api,
    identity: Arc<Identity>,
    moment: Arc<AtomicI64>,
}

impl Place {
    /// Cases of two teams and a restricted one, and an issuer whose tokens count; further settings by their keys.
    pub async fn new(issuer: &str, settings: &[(&str, &str)]) -> Self {
        let mut api = Api::new().await;
        api.add(&[
            Watched::new("C-1"),
            Watched { team: Some("west"), ..Watched::new("C-2") },
            Watched { restricted: true, ..Watched::new("C-3") },
        ])
        .await;
        let identity = identity(issuer, settings);
        let moment = Arc::new(AtomicI64::new(now().as_second()));
        let hand = moment.clone();
        let clock = Clock::told_by(move || Timestamp::from_second(hand.load(Ordering::SeqCst)).expect("it is a moment"));
        api.router = router_of(api.served.clone(), Some(identity.clone()), clock);
        Self { api, identity, moment }
    }

    /// What the clock shows, in seconds.
    pub fn moment(&self) -> i64 {
        self.moment.load(Ordering::SeqCst)
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.moment.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Asks for the cases.
    pub async fn cases(&self, token: &str) -> Answer {
        self.api.get(token, "/api/v1/cases?sort=reference").await
    }

    /// The references of the cases that the bearer of a token sees.
    pub async fn seen(&self, token: &str) -> Vec<String> {
        let answer = self.cases(token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.each("cases", "reference")
    }

    /// The status with which a token is met.
    pub async fn status(&self, token: &str) -> u16 {
        self.cases(token).await.status.as_u16()
    }

    /// Why a token does not count, which only the log says.
    pub async fn why_not(&self, token: &str) -> String {
        let moment = Timestamp::from_second(self.moment()).expect("it is a moment");
        self.identity.person(token, moment).await.expect_err("the token does not count").to_string()
    }
}

/// An issuer as configured: its audience is [`AUDIENCE`], teams are in the claim `teams`; further settings go over that.
pub fn identity(issuer: &str, settings: &[(&str, &str)]) -> Arc<Identity> {
    let usual = [("ISSUER", issuer), ("AUDIENCE", AUDIENCE), ("TEAMS_CLAIM", "teams")];
    let settings =
        usual.iter().chain(settings).map(|(key, value)| (format!("PLO_DRIFT__IDENTITY__{key}"), (*value).to_owned()));
    let config = Config::from_layers(None, &settings.collect::<BTreeMap<_, _>>()).expect("the settings are right");
    app::identity(&config).expect("what is to be read can be").expect("an issuer is given")
}

/// Insists on a problem of a status and a code.
pub fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["type"], format!("urn:plo-drift:problem:{code}"));
}
