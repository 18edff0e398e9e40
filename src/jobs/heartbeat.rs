//! The heartbeat: an address outside that is called as long as the service does its work, so that somebody else notices when it stops.
//!
//! Silence is the alarm: whatever stops the service, its database or this task stops the calls. The address is a capability, so
//! neither it nor what is said of a failed call (which may repeat it) is logged. Each instance calls for itself.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, redirect};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, warn};

use super::worker;
use crate::clock::Clock;
use crate::config::heartbeat::HeartbeatConfig;
use crate::health::{self, HealthLimits};
use crate::metrics::Metrics;

/// How long it takes at most until a change of the service's health is seen.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What is called, and how often.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    client: Client,
    url: SecretString,
    every: Duration,
}

/// What is looked at before each call.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The database.
    pub pool: PgPool,
    /// How old the signs of work may be.
    pub limits: HealthLimits,
    /// What time it is.
    pub clock: Clock,
    /// Where calls are counted.
    pub metrics: Metrics,
}

impl Heartbeat {
    /// As configured.
    ///
    /// # Errors
    ///
    /// There is nothing to check the certificate of the monitor against.
    pub fn of(config: &HeartbeatConfig) -> anyhow::Result<Self> {
        // A monitor that moves says so to its people: nothing is called that was not configured.
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(config.timeout);
        let client = if config.is_encrypted() { client.https_only(true) } else { client.no_proxy().tls_certs_only([]) };
        let client = client.build();
        let client = client.context("the monitor's certificate cannot be checked: install the system's CA certificates")?;
        Ok(Self { client, url: config.url.clone(), every: config.every })
    }

    /// Calls whenever it is time, as long as all is well, until it is told to stop.
    pub async fn beat(self, watched: Watched, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.beat_for_ever(&watched) => {}
        }
    }

    async fn beat_for_ever(&self, watched: &Watched) {
        let mut called_at: Option<Instant> = None;
        let mut was_unwell = Vec::new();
        loop {
            let looking = async {
                let unwell = health::look(&watched.pool, watched.limits, watched.clock.now().at).await.unwell();
                if unwell != was_unwell {
                    report(&unwell);
                }
                if unwell.is_empty() && called_at.is_none_or(|at| at.elapsed() >= self.every) {
                    called_at = Some(Instant::now());
                    self.call(&watched.metrics).await;
                }
                unwell
            };
            was_unwell = looking.instrument(worker::span_of("heartbeat")).await;
            let until_the_next = called_at.map_or(LOOK_EVERY, |at| self.every.saturating_sub(at.elapsed()));
            let soon = if until_the_next.is_zero() { LOOK_EVERY.min(self.every) } else { until_the_next };
            sleep(soon.min(LOOK_EVERY)).await;
        }
    }

    async fn call(&self, metrics: &Metrics) {
        let answer = self.client.get(self.url.expose_secret()).send().await;
        let failure = match answer {
            Ok(answer) if answer.status().is_success() => return metrics.heartbeat_called(),
            Ok(answer) => format!("the monitor answered with status {}", answer.status().as_u16()),
            Err(wrong) if wrong.is_timeout() => "the monitor did not answer in time".to_owned(),
            Err(wrong) if wrong.is_connect() => "the monitor cannot be reached".to_owned(),
            Err(_) => "the call broke off".to_owned(),
        };
        metrics.heartbeat_failed();
        warn!(reason = failure, "the heartbeat was not heard");
    }
}

/// Says that calls stop, and why, or that they go on.
fn report(unwell: &[&str]) {
    if unwell.is_empty() {
        info!("the service does its work: the heartbeat goes on");
    } else {
        warn!(unwell = unwell.join(", "), "the heartbeat is withheld: the service does not do its work");
    }
}
