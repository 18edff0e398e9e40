//! What was found in the configuration, in short and without any secret.

use reqwest::Url;

use crate::config::identity::{SignIn, is_this_machine};
use crate::config::{Config, MailTransport};
use crate::policy_file::PolicyDocument;

/// What matters of a configuration, and a warning for each thing that is right and may not be meant.
pub fn of(config: &Config, policy: &PolicyDocument) -> Vec<String> {
    let Config { http, mail, database, heartbeat, .. } = config;
    let sources = if config.sources.is_empty() { "nothing".to_owned() } else { config.sources.join(", ") };
    let rules = match &config.policy {
        Some(file) if !policy.is_built_in => file.display().to_string(),
        _ => "the built-in rules".to_owned(),
    };
    let metrics = http.metrics_listen.map_or_else(|| "on the same address".to_owned(), |address| format!("on {address}"));
    let letters = match mail.transport {
        MailTransport::File => format!("as files into {}", mail.folder.display()),
        MailTransport::Smtp => {
            let user = mail.credentials.as_ref().map_or_else(|| "no sign-in".to_owned(), |(name, _)| format!("as {name}"));
            format!("to {} port {}, tls {}, {user}", mail.host, mail.port, mail.tls)
        }
    };
    let issuer = match &config.sign_in {
        SignIn::Off => "off",
        SignIn::With(issuer) => &issuer.issuer,
    };
    let is_set = |set| if set { "set" } else { "not set" };
    let mut lines = vec![
        format!("  read over the defaults: {sources}"),
        format!("  policy: {rules}"),
        format!("  people reach it at: {}", config.base_url),
        format!("  API on {}, metrics {metrics}", http.listen),
        format!("  database.url: {}", is_set(database.url.is_some())),
        format!("  mail: {letters}, from {}", mail.from),
        format!("  mail.allowed_domains: {}", mail.allowed_domains),
        format!("  sign-in with OpenID Connect: {issuer}"),
        format!(
            "  pages: {}",
            if config.board.is_open() { "people sign in to them" } else { "nobody can sign in, as board.client_id is not set" }
        ),
        format!("  heartbeat.url: {}", is_set(heartbeat.is_some())),
        format!("  http.security_contact: {}", is_set(http.security_contact.is_some())),
    ];
    lines.extend(warnings(config).into_iter().map(|warning| format!("warning: {warning}")));
    lines
}

fn warnings(config: &Config) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if config.mail.allowed_domains.is_empty() {
        warnings.push("nobody is written to: name the domains that may be in mail.allowed_domains");
    }
    if config.mail.transport == MailTransport::File {
        warnings.push("no mail leaves this machine unless something takes it from mail.folder: see mail.transport");
    }
    if !is_encrypted(&config.base_url) {
        warnings.push(
            "people reach the service without encryption: put a proxy with TLS before it, and its address in service.base_url",
        );
    }
    if config.heartbeat.is_none() {
        warnings.push("nobody outside notices when the service stops: give it a monitor in heartbeat.url");
    }
    warnings
}

/// Tells whether what people send and get is encrypted, or stays on this machine.
fn is_encrypted(base_url: &str) -> bool {
    base_url.starts_with("https://") || Url::parse(base_url).is_ok_and(|url| is_this_machine(&url))
}
