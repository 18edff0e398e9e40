//! The configuration of the API: where it listens, and what bounds it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::Url;

use crate::fields::Fields;

/// The API, and what it is held to.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Its address.
    pub listen: SocketAddr,
    /// The address of what is measured, where it has one of its own.
    pub metrics_listen: Option<SocketAddr>,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<IpAddr>,
    /// The most connections at once.
    pub max_connections: usize,
    /// The most requests under way at once.
    pub max_requests: usize,
    /// The most bytes of a body.
    pub max_body_bytes: usize,
    /// The most bytes of the body of an import.
    pub max_import_bytes: usize,
    /// How long an answer may take.
    pub answer: Duration,
    /// How long the answer to an import may take.
    pub import: Duration,
    /// How long a body may take to come in.
    pub body: Duration,
    /// How long the head of the first request on a connection may take to come in.
    pub head: Duration,
    /// How long an answer may take to be fetched, and the head of the next request to come in.
    pub idle: Duration,
    /// How long what is under way may take to end, when the service is told to stop.
    pub drain: Duration,
    /// Where weaknesses of the service are reported: a `mailto:` or `https:` URI.
    pub security_contact: Option<String>,
    /// The most requests of one caller a minute.
    pub requests_a_minute: u32,
    /// The most requests from one address a minute that do not say who calls.
    pub failures_a_minute: u32,
}

/// Reads the section.
pub(super) fn read(fields: &mut Fields) -> Option<HttpConfig> {
    let listen = fields.text("listen").and_then(|text| {
        let address = text.parse().ok();
        address.or_else(|| fields.mistake("listen", "must be an address and a port, such as 127.0.0.1:8080"))
    });
    let metrics_listen = fields.text_or_empty("metrics_listen").filter(|text| !text.is_empty()).and_then(|text| {
        let address = text.parse().ok();
        address.or_else(|| fields.mistake("metrics_listen", "must be an address and a port, such as 127.0.0.1:9090, or empty"))
    });
    let trusted_proxies = fields
        .texts("trusted_proxies", |text| text.parse::<IpAddr>().map_err(|_| "must be an address such as 10.0.0.1".to_owned()));
    let security_contact = fields.text_or_empty("security_contact").filter(|text| !text.is_empty()).and_then(|text| {
        let is_right = |url: &Url| matches!(url.scheme(), "https" | "mailto");
        let contact = Url::parse(text).ok().filter(is_right).map(|url| url.to_string());
        contact.or_else(|| {
            fields.mistake("security_contact", "must be an address such as mailto:security@council.example, or empty")
        })
    });
    let mut number = |name, range| fields.number(name, range);
    let (max_connections, max_requests) = (number("max_connections", 8..=100_000), number("max_requests", 1..=10_000));
    let max_body_bytes = number("max_body_bytes", 1_024..=104_857_600);
    let max_import_bytes = number("max_import_bytes", 1_024..=104_857_600);
    let (requests_a_minute, failures_a_minute) =
        (number("requests_a_minute", 1..=1_000_000), number("failures_a_minute", 1..=1_000_000));
    let mut seconds = |name| Some(Duration::from_secs(fields.number(name, 1..=600)?.into()));
    let (answer, body, head) = (seconds("answer_seconds"), seconds("body_seconds"), seconds("head_seconds"));
    let import = seconds("import_seconds");
    let (idle, drain) = (seconds("idle_seconds"), seconds("drain_seconds"));
    let size = |number: Option<u32>| usize::try_from(number?).ok();
    Some(HttpConfig {
        listen: listen?,
        metrics_listen,
        trusted_proxies: trusted_proxies?.into_iter().map(|address| address.to_canonical()).collect(),
        max_connections: size(max_connections)?,
        max_requests: size(max_requests)?,
        max_body_bytes: size(max_body_bytes)?,
        max_import_bytes: size(max_import_bytes)?,
        answer: answer?,
        import: import?,
        body: body?,
        head: head?,
        idle: idle?,
        drain: drain?,
        security_contact,
        requests_a_minute: requests_a_minute?,
        failures_a_minute: failures_a_minute?,
    })
}
