//! What is measured, for Prometheus. A label is a word of a short list: never a reference, a name or a path with either in it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The media type of what [`Metrics::written`] writes.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The front of every name.
const PREFIX: &str = "plo_drift";

/// From a quick answer to the limit of one, in seconds.
const ANSWERS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// From a sweep of what changed to one of a large caseload, in seconds.
const SWEEPS: [f64; 8] = [0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
    method: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    route: String,
    method: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Stands {
    severity: String,
    state: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct State {
    state: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Version {
    version: &'static str,
}

/// What this instance has counted since it started.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    answers: Family<Route, Histogram>,
    sweeps: Histogram,
    cases: Counter,
    postponed: Counter,
    failed: Counter,
    beats: Counter,
    beats_failed: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            answers: Family::new_with_constructor(|| Histogram::new(ANSWERS)),
            sweeps: Histogram::new(SWEEPS),
            cases: Counter::default(),
            postponed: Counter::default(),
            failed: Counter::default(),
            beats: Counter::default(),
            beats_failed: Counter::default(),
        };
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        let help = "How long answers took";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, metrics.answers.clone());
        registry.register_with_unit("sweep_duration", "How long sweeps took", Unit::Seconds, metrics.sweeps.clone());
        registry.register("sweep_cases", "Cases judged by sweeps", metrics.cases.clone());
        registry.register("sweep_cases_postponed", "Cases that sweeps could not judge", metrics.postponed.clone());
        registry.register("sweep_failures", "Sweeps that did not come to their end", metrics.failed.clone());
        registry.register("heartbeats", "Calls of the heartbeat that were heard", metrics.beats.clone());
        registry.register("heartbeat_failures", "Calls of the heartbeat that were not", metrics.beats_failed.clone());
        let build = Family::<Version, Gauge>::default();
        build.get_or_create(&Version { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "The version of the program", build);
        Self { registry: Arc::new(registry), ..metrics }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let (route, method) = (route.to_owned(), method.to_owned());
        self.answers.get_or_create(&Route { route: route.clone(), method: method.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { route, method, status }).inc();
    }

    /// Counts a sweep that came to its end.
    pub fn swept(&self, cases: usize, postponed: usize, took: Duration) {
        self.sweeps.observe(took.as_secs_f64());
        self.cases.inc_by(cases as u64);
        self.postponed.inc_by(postponed as u64);
    }

    /// Counts a sweep that did not.
    pub fn sweep_failed(&self) {
        self.failed.inc();
    }

    /// Counts a call of the heartbeat that was heard.
    pub fn heartbeat_called(&self) {
        self.beats.inc();
    }

    /// Counts a call of the heartbeat that was not.
    pub fn heartbeat_failed(&self) {
        self.beats_failed.inc();
    }

    /// Everything as text.
    #[must_use]
    pub fn written(&self, connections: Connections, found: Option<&Found>) -> String {
        let mut text = String::new();
        let current = of_now(connections, found);
        let written = encode_registry(&mut text, &self.registry).and_then(|()| encode_registry(&mut text, &current));
        // A String takes everything.
        if written.and_then(|()| encode_eof(&mut text)).is_err() {
            let _ = writeln!(text, "# EOF");
        }
        text
    }
}

/// The pool of connections to the database.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// How many there may be.
    pub most: u32,
    /// How many there are.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
}

/// What the database says of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Alerts by severity and state.
    pub alerts: Vec<(String, String, i64)>,
    /// Messages by state.
    pub messages: Vec<(String, i64)>,
    /// Cases that the next sweep looks at.
    pub due: i64,
    /// How long the oldest message that is whole has waited to be sent, in seconds; 0 where none waits.
    pub oldest_unsent_seconds: i64,
    /// When the last sweep came to its end.
    pub last_sweep_at: Option<Timestamp>,
    /// When the last reconciliation that found nothing wrong did.
    pub last_clean_reconciliation_at: Option<Timestamp>,
}

/// What stands at this moment; what the database would say is absent while it says nothing.
fn of_now(connections: Connections, found: Option<&Found>) -> Registry {
    let mut registry = Registry::with_prefix(PREFIX);
    let mut gauge = |name: &str, help: &str, value: i64| registry.register(name, help, ConstGauge::new(value));
    gauge("database_up", "1 while the database answers", i64::from(found.is_some()));
    gauge("database_connections", "Connections to the database", connections.open.into());
    gauge("database_connections_max", "Connections that there may be", connections.most.into());
    gauge("database_connections_idle", "Connections that nobody uses", connections.idle.into());
    let in_use = connections.open.saturating_sub(connections.idle);
    gauge("database_connections_in_use", "Connections in use", in_use.into());
    let Some(found) = found else { return registry };
    gauge("cases_due", "Cases that the next sweep looks at", found.due);
    let seconds = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_second);
    let mut gauge = |name: &str, help: &str, value: i64| {
        registry.register_with_unit(name, help, Unit::Seconds, ConstGauge::new(value));
    };
    gauge("oldest_unsent_mail_age", "How long the oldest message waits; 0 where none does", found.oldest_unsent_seconds);
    gauge("last_sweep_timestamp", "When the last sweep ended; 0 before the first", seconds(found.last_sweep_at));
    let help = "When the last clean reconciliation ended; 0 before the first";
    gauge("last_clean_reconciliation_timestamp", help, seconds(found.last_clean_reconciliation_at));
    let (alerts, messages) = (Family::<Stands, Gauge>::default(), Family::<State, Gauge>::default());
    for (severity, state, count) in &found.alerts {
        alerts.get_or_create(&Stands { severity: severity.clone(), state: state.clone() }).set(*count);
    }
    for (state, count) in &found.messages {
        messages.get_or_create(&State { state: state.clone() }).set(*count);
    }
    registry.register("alerts", "Alerts", alerts);
    registry.register("messages", "Messages; dead ones are dead letters", messages);
    registry
}
