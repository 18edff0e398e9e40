//! The configuration of the heartbeat: what outside is called as long as the service does its work.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::identity::is_this_machine;
use crate::fields::Fields;

/// What is called, and how often.
#[derive(Clone, Debug)]
pub struct HeartbeatConfig {
    /// Where; whoever knows it can call in the service's place.
    pub url: SecretString,
    /// The least time between two calls.
    pub every: Duration,
    /// How long a call may take.
    pub timeout: Duration,
}

impl HeartbeatConfig {
    /// Tells whether calls are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.expose_secret().starts_with("https:")
    }
}

/// Reads the section; the inner option is absent where nothing is to be called.
#[expect(clippy::option_option, reason = "a mistake is not the same as a heartbeat that is off")]
pub(super) fn read(fields: &mut Fields) -> Option<Option<HeartbeatConfig>> {
    let url = fields.text_or_empty("url");
    let url = if url == Some("") { Some(None) } else { url.and_then(|url| address(fields, url)).map(Some) };
    let every = fields.number("every_seconds", 1..=86_400);
    let timeout = fields.number("timeout_seconds", 1..=60);
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let (every, timeout) = (seconds(every?), seconds(timeout?));
    Some(url?.map(|url| HeartbeatConfig { url: url.as_str().into(), every, timeout }))
}

/// The mistake does not repeat the address: it is a secret.
fn address(fields: &mut Fields, text: &str) -> Option<Url> {
    let is_safe = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(url));
    Url::parse(text)
        .ok()
        .filter(is_safe)
        .or_else(|| fields.mistake("url", "must be an https:// address (http:// only on this machine), or empty"))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn from_environment(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(key, value)| (format!("PLO_DRIFT__HEARTBEAT__{key}"), (*value).to_owned()));
        Config::from_layers(None, &variables.collect()).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn nothing_is_called_before_an_address_is_given() {
        assert!(from_environment(&[]).expect("a right configuration").heartbeat.is_none());
        let config = from_environment(&[("URL", "https://monitor.example/ping/5ac1")]).expect("a right configuration");
        let heartbeat = config.heartbeat.expect("it is on");
        assert!(heartbeat.is_encrypted());
        assert_eq!((heartbeat.every, heartbeat.timeout), (Duration::from_mins(5), Duration::from_secs(10)));
    }

    #[test]
    fn the_address_may_be_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("url");
        std::fs::write(&file, "https://monitor.example/ping/5ac1\n").expect("a file");
        let config = from_environment(&[("URL_FILE", file.to_str().expect("a plain path"))]).expect("a right configuration");
        assert!(!format!("{config:?}").contains("5ac1"));
        assert_eq!(config.heartbeat.expect("it is on").url.expose_secret(), "https://monitor.example/ping/5ac1");
    }

    #[rstest::rstest]
    #[case("http://127.0.0.1:9000/ping", true)]
    #[case("http://localhost/ping", true)]
    #[case("http://monitor.example/5ac1", false)]
    #[case("ftp://monitor.example/5ac1", false)]
    #[case("monitor.example/5ac1", false)]
    fn the_address_is_not_told_to_the_network_in_the_clear(#[case] url: &str, #[case] right: bool) {
        let read = from_environment(&[("URL", url)]);
        assert_eq!(read.is_ok(), right);
        assert!(!read.err().unwrap_or_default().contains("5ac1"), "a mistake does not repeat it");
    }

    #[test]
    fn every_mistake_is_named() {
        let error = from_environment(&[("EVERY_SECONDS", "0"), ("TIMEOUT_SECONDS", "never"), ("URL", "x")]);
        let error = error.expect_err("much is wrong");
        for expected in [
            "heartbeat.every_seconds: must be a whole number from 1 to 86400",
            "heartbeat.timeout_seconds: must be a whole number from 1 to 60",
            "heartbeat.url: must be an https:// address (http:// only on this machine), or empty",
        ] {
            assert!(error.contains(expected), "{expected}\nis not in\n{error}");
        }
    }
}
