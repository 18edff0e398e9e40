//! The configuration: built-in defaults, then the files of a folder, then the environment.
//!
//! The built-in defaults are the text of `config/default.toml` itself, so the two cannot differ. Nothing starts on a
//! configuration that is wrong; every mistake is named at once, with where it was made.

pub mod board;
pub mod heartbeat;
mod http;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::domain::case::coded;
use crate::fields::{self, Fields, Mistake};
use crate::policy_file;
use board::BoardConfig;
use heartbeat::HeartbeatConfig;
pub use http::HttpConfig;

pub mod identity;

use identity::SignIn;

const DEFAULTS: &str = include_str!("../config/default.toml");
const PREFIX: &str = "PLO_DRIFT__";

/// The policy that may be absent: the built-in rules are in force then.
const USUAL_POLICY: &str = "policy.toml";

/// Keys that may be given as a file, by pointer.
const SECRETS: [&str; 4] = ["/board/client_secret", "/database/url", "/heartbeat/url", "/mail/password"];

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{path} is not TOML: {reason}", path = path.display())]
    NotToml {
        /// Which.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// Something in it is wrong.
    #[error("the configuration is wrong:{}", fields::each_on_a_line(mistakes))]
    Wrong {
        /// Every mistake, with its file or variable and its key.
        mistakes: Vec<String>,
        /// The policy that it names, for whoever looks for mistakes in that too.
        policy: Option<PathBuf>,
    },
}

coded! {
    /// How messages leave.
    MailTransport {
        /// To an SMTP relay.
        Smtp = "smtp",
        /// Into a folder.
        File = "file",
    }
}

coded! {
    /// How the connection to the relay is protected.
    MailTls {
        /// By STARTTLS, required.
        Starttls = "starttls",
        /// From the first byte.
        Implicit = "implicit",
        /// Not at all.
        None = "none",
    }
}

coded! {
    /// How logs are written.
    LogFormat {
        /// One JSON object a line.
        Json = "json",
        /// For people.
        Text = "text",
    }
}

/// Everything that can be configured but the rules.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service's name at the head of each mail.
    pub council: String,
    /// What the links in mails begin with; without a slash at its end.
    pub base_url: String,
    /// The rules in force, if the file exists.
    pub policy: Option<PathBuf>,
    /// Connection to PostgreSQL.
    pub database: DatabaseConfig,
    /// The API, and what it is held to.
    pub http: HttpConfig,
    /// Sign-in with OpenID Connect.
    pub sign_in: SignIn,
    /// The pages for people.
    pub board: BoardConfig,
    /// Mail.
    pub mail: MailConfig,
    /// How often jobs run.
    pub jobs: JobsConfig,
    /// When the service is not ready.
    pub health: HealthConfig,
    /// What is called outside as long as it is ready; absent where nothing is.
    pub heartbeat: Option<HeartbeatConfig>,
    /// Logs.
    pub log: LogConfig,
    /// The files and variables that say more than the defaults, in the order in which they were read.
    pub sources: Vec<String>,
}

/// Connection to PostgreSQL.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Where it is; absent where nobody said.
    pub url: Option<SecretString>,
    /// The most connections at a time.
    pub max_connections: u32,
    /// How long the service waits for it when it starts.
    pub wait: Duration,
}

/// Mail.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// How messages leave.
    pub transport: MailTransport,
    /// The folder of the `file` transport.
    pub folder: PathBuf,
    /// The relay.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// A further certificate authority to trust.
    pub ca_file: Option<PathBuf>,
    /// Name and password at the relay.
    pub credentials: Option<(String, SecretString)>,
    /// The sender's address.
    pub from: String,
    /// The only domains that are written to.
    pub allowed_domains: AllowedDomains,
}

/// The only domains that are written to.
#[derive(Clone, Debug, Default)]
pub struct AllowedDomains(Vec<String>);

impl AllowedDomains {
    /// These domains, in whichever case.
    #[must_use]
    pub fn of(domains: impl IntoIterator<Item = String>) -> Self {
        Self(domains.into_iter().map(|domain| domain.to_lowercase()).collect())
    }

    /// Tells whether there is none, so that nobody is written to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether an address is one, and may be written to.
    #[must_use]
    pub fn may_write_to(&self, address: &str) -> bool {
        self.allow(address) && address.parse::<lettre::Address>().is_ok()
    }

    /// Tells whether the domain of an address may be written to: it must be one of these, to the letter.
    #[must_use]
    pub fn allow(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
        domain.is_some_and(|domain| self.0.contains(&domain))
    }
}

impl fmt::Display for AllowedDomains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none".to_owned() } else { self.0.join(", ") }.as_str())
    }
}

/// How often jobs run.
#[derive(Clone, Copy, Debug)]
pub struct JobsConfig {
    /// Seconds between two sweeps.
    pub sweep_every_seconds: u32,
    /// Seconds between two looks at the outbox.
    pub deliver_every_seconds: u32,
    /// Cases that are judged and committed together.
    pub cases_at_a_time: u32,
}

/// When the service is not ready.
#[derive(Clone, Copy, Debug)]
pub struct HealthConfig {
    /// Where no sweep has finished for so long.
    pub sweep_late_after: SignedDuration,
    /// Where a message has waited for so long.
    pub mail_late_after: SignedDuration,
    /// Where no reconciliation has been clean for so long.
    pub reconciliation_late_after: SignedDuration,
}

/// Logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// How they are written.
    pub format: LogFormat,
    /// What is written.
    pub filter: String,
}

impl Config {
    /// Loads the configuration of a folder (`config` in the current one, if there is such a folder, where none is named) and of
    /// the process's environment.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or something in it is wrong.
    pub fn load(folder: Option<&Path>) -> Result<Self, ConfigError> {
        let usual = Path::new("config");
        let folder = folder.or_else(|| usual.is_dir().then_some(usual));
        Self::from_layers(folder, &variables_in_unicode())
    }

    /// Loads the configuration of a folder and of these environment variables.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or something in it is wrong.
    pub fn from_layers(folder: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let mut layers = Layers::of_defaults();
        for path in folder.map_or_else(|| Ok(Vec::new()), toml_files)? {
            layers.add_file(&path)?;
        }
        layers.add_environment(environment);
        layers.read_secret_files();
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let read = fields::read(&layers.tree, |fields| config(fields, folder, &layers.sources));
        match read {
            Ok(config) if layers.mistakes.is_empty() => Ok(config),
            read => {
                let policy = layers.tree.pointer("/service/policy").and_then(Value::as_str).map(|file| folder.join(file));
                let mistakes = read.err().unwrap_or_default();
                let mut mistakes: Vec<String> = mistakes.iter().map(|mistake| layers.with_origin(mistake)).collect();
                mistakes.extend(layers.mistakes);
                mistakes.sort();
                Err(ConfigError::Wrong { mistakes, policy: policy.filter(|path| path.is_file()) })
            }
        }
    }
}

/// The environment, as far as it is text; what is not cannot be meant for this program.
fn variables_in_unicode() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml")
            && path.file_name().is_none_or(|name| name != "policy.toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Layers of settings laid over one another, and which of them said what.
struct Layers {
    tree: Value,
    origins: BTreeMap<String, String>,
    sources: Vec<String>,
    mistakes: Vec<String>,
}

impl Layers {
    fn of_defaults() -> Self {
        let table: toml::Table = DEFAULTS.parse().expect("the built-in defaults are TOML");
        let tree = policy_file::as_json(toml::Value::Table(table));
        Self { tree, origins: BTreeMap::new(), sources: Vec::new(), mistakes: Vec::new() }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let table: toml::Table = text.parse().map_err(|wrong: toml::de::Error| ConfigError::NotToml {
            path: path.to_owned(),
            reason: policy_file::where_and_why(&text, &wrong),
        })?;
        let origin = path.display().to_string();
        self.sources.push(origin.clone());
        for (section, value) in table {
            match policy_file::as_json(value) {
                Value::Object(keys) => keys.into_iter().for_each(|(key, value)| self.set(&section, &key, value, &origin)),
                value => self.set_section(&section, value, &origin),
            }
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: &BTreeMap<String, String>) {
        for (variable, pointer) in [("DATABASE_URL", "url"), ("DATABASE_URL_FILE", "url_file")] {
            if let Some(value) = environment.get(variable) {
                self.sources.push(variable.to_owned());
                self.set("database", pointer, Value::from(value.as_str()), variable);
            }
        }
        for (variable, value) in environment {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            self.sources.push(variable.clone());
            match name.to_lowercase().split_once("__") {
                Some((section, key)) => {
                    let value = self.typed(section, key, value);
                    self.set(section, key, value, variable);
                }
                None => self.mistakes.push(format!("{variable}: must name a section and a key, as in {PREFIX}MAIL__HOST")),
            }
        }
    }

    /// Reads a variable as the kind of value that its key has by default.
    fn typed(&self, section: &str, key: &str, text: &str) -> Value {
        match self.tree.pointer(&format!("/{section}/{key}")) {
            Some(Value::Number(_)) => text.parse::<u32>().map_or_else(|_| Value::from(text), Value::from),
            Some(Value::Bool(_)) => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
            Some(Value::Array(_)) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            _ => Value::from(text),
        }
    }

    fn set(&mut self, section: &str, key: &str, value: Value, origin: &str) {
        let Value::Object(tree) = &mut self.tree else { return };
        if let Value::Object(keys) = tree.entry(section).or_insert_with(|| Value::Object(Map::new())) {
            // A secret that is given itself stands over a file for it that was given before.
            keys.remove(&format!("{key}_file"));
            keys.insert(key.to_owned(), value);
            self.origins.entry(format!("/{section}")).or_insert_with(|| origin.to_owned());
            self.origins.insert(format!("/{section}/{key}"), origin.to_owned());
        }
    }

    fn set_section(&mut self, section: &str, value: Value, origin: &str) {
        if let Value::Object(tree) = &mut self.tree {
            tree.insert(section.to_owned(), value);
            self.origins.insert(format!("/{section}"), origin.to_owned());
        }
    }

    /// Puts the content of each secret's file in the place of the secret.
    fn read_secret_files(&mut self) {
        for pointer in SECRETS {
            let at_file = format!("{pointer}_file");
            let (section, key) = pointer.trim_start_matches('/').split_once('/').expect("each secret has a section and a key");
            let Some(Value::Object(keys)) = self.tree.get_mut(section) else { continue };
            let Some(Value::String(path)) = keys.remove(&format!("{key}_file")) else { continue };
            let origin = self.origins.get(&at_file).cloned().unwrap_or_default();
            match std::fs::read_to_string(&path) {
                Ok(secret) => {
                    keys.insert(key.to_owned(), Value::from(secret.trim_end_matches(['\r', '\n'])));
                }
                Err(wrong) => self.mistakes.push(format!("{origin}: {section}.{key}_file: cannot be read: {wrong}")),
            }
        }
    }

    /// A mistake with the file or variable that made it.
    fn with_origin(&self, mistake: &Mistake) -> String {
        let mut pointer = mistake.pointer.as_str();
        let origin = loop {
            if let Some(origin) = self.origins.get(pointer) {
                break origin.as_str();
            }
            match pointer.rsplit_once('/') {
                Some((parent, _)) if !parent.is_empty() => pointer = parent,
                _ => break "the defaults",
            }
        };
        let key = mistake.pointer.trim_start_matches('/').replace('/', ".");
        format!("{origin}: {key}: {}", mistake.reason)
    }
}

fn config(fields: &mut Fields, folder: &Path, sources: &[String]) -> Option<Config> {
    let service = fields.section("service", |fields| {
        let file = fields.text("policy")?;
        let path = folder.join(file);
        let policy = path.is_file().then_some(path);
        if policy.is_none() && file != USUAL_POLICY {
            fields.mistake::<()>("policy", "must be a file that exists, beside the configuration files");
        }
        Some((fields.text_or_empty("council").unwrap_or_default().to_owned(), base_url(fields)?, policy))
    });
    let database = fields.section("database", database);
    let http = fields.section("http", http::read);
    let sign_in = fields.section("identity", |fields| identity::sign_in(fields, folder));
    let base_url = service.as_ref().map(|(_, base_url, _)| base_url.as_str());
    let board = fields.section("board", |fields| board::read(fields, base_url, sign_in.as_ref()));
    let mail = fields.section("mail", |fields| mail(fields, folder));
    let jobs = fields.section("jobs", jobs);
    let health = fields.section("health", |fields| {
        let mut seconds = |name| fields.number(name, 1..=604_800).map(|seconds| SignedDuration::from_secs(seconds.into()));
        let (sweep, mail) = (seconds("sweep_late_after_seconds"), seconds("mail_late_after_seconds"));
        let reconciliation = seconds("reconciliation_late_after_seconds");
        Some(HealthConfig { sweep_late_after: sweep?, mail_late_after: mail?, reconciliation_late_after: reconciliation? })
    });
    let heartbeat = fields.section("heartbeat", heartbeat::read);
    let log = fields.section("log", |fields| {
        let format = fields.word("format", LogFormat::ALL, LogFormat::code);
        let filter = fields.text("filter");
        Some(LogConfig { format: format?, filter: filter?.to_owned() })
    });
    let (council, base_url, policy) = service?;
    Some(Config {
        council,
        base_url,
        policy,
        database: database?,
        http: http?,
        sign_in: sign_in?,
        board: board?,
        mail: mail?,
        jobs: jobs?,
        health: health?,
        heartbeat: heartbeat?,
        log: log?,
        sources: sources.to_vec(),
    })
}

fn base_url(fields: &mut Fields) -> Option<String> {
    let url = fields.text("base_url")?.trim_end_matches('/');
    if url.starts_with("https://") || url.starts_with("http://") {
        Some(url.to_owned())
    } else {
        fields.mistake("base_url", "must begin with https:// (or http:// on one machine)")
    }
}

fn database(fields: &mut Fields) -> Option<DatabaseConfig> {
    let url = fields.long_text_or_empty("url").filter(|url| !url.is_empty()).map(SecretString::from);
    let max_connections = fields.number("max_connections", 5..=1_000);
    let wait = fields.number("wait_seconds", 0..=3_600);
    Some(DatabaseConfig { url, max_connections: max_connections?, wait: Duration::from_secs(wait?.into()) })
}

fn mail(fields: &mut Fields, folder: &Path) -> Option<MailConfig> {
    let transport = fields.word("transport", MailTransport::ALL, MailTransport::code);
    let mail_folder = fields.text("folder").map(PathBuf::from);
    let host = fields.text("host").map(str::to_owned);
    let port = fields.number("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let tls = fields.word("tls", MailTls::ALL, MailTls::code);
    let ca_file = fields.text_or_empty("ca_file").filter(|path| !path.is_empty()).map(|path| folder.join(path));
    let username = fields.text_or_empty("username").unwrap_or_default();
    let password = fields.text_or_empty("password").unwrap_or_default();
    if username.is_empty() != password.is_empty() {
        fields.mistake::<()>("password", "must be given exactly where username is");
    }
    let from = fields.text("from");
    if from.is_some_and(|from| from.parse::<lettre::Address>().is_err()) {
        fields.mistake::<()>("from", "must be an e-mail address, without a name");
    }
    let allowed_domains = fields.texts("allowed_domains", |domain| {
        if domain.is_empty() || domain.contains(['@', ' ', '*']) {
            return Err("must be a domain such as example.gov.uk".to_owned());
        }
        Ok(domain.to_owned())
    });
    Some(MailConfig {
        transport: transport?,
        folder: mail_folder?,
        host: host?,
        port: port?,
        tls: tls?,
        ca_file,
        credentials: (!username.is_empty()).then(|| (username.to_owned(), SecretString::from(password))),
        from: from?.to_owned(),
        allowed_domains: AllowedDomains::of(allowed_domains.unwrap_or_default()),
    })
}

fn jobs(fields: &mut Fields) -> Option<JobsConfig> {
    let mut every = |name| {
        let seconds = fields.number(name, 1..=3_600)?;
        let divides = if seconds < 60 { 60 % seconds == 0 } else { seconds % 60 == 0 && 3_600 % seconds == 0 };
        if divides {
            Some(seconds)
        } else {
            fields.mistake(name, "must divide a minute, or be whole minutes that divide an hour")
        }
    };
    let (sweep, deliver) = (every("sweep_every_seconds"), every("deliver_every_seconds"));
    let cases_at_a_time = fields.number("cases_at_a_time", 1..=10_000);
    Some(JobsConfig { sweep_every_seconds: sweep?, deliver_every_seconds: deliver?, cases_at_a_time: cases_at_a_time? })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn from_environment(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_layers(None, &variables.collect())
    }

    #[test]
    fn the_defaults_alone_are_a_right_configuration() {
        let config = from_environment(&[]).expect("the defaults are right");
        assert_eq!(config.mail.tls, MailTls::Starttls);
        assert!(config.database.url.is_none());
        assert!(!config.mail.allowed_domains.allow("chair@example.gov.uk"), "nobody is written to before somebody says who");
    }

    #[test]
    fn the_environment_goes_over_the_files_and_those_over_the_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.toml"), "[mail]\nhost = \"a\"\nport = 25\n").expect("a file");
        std::fs::write(folder.path().join("b.toml"), "[mail]\nhost = \"b\"\n").expect("a file");
        std::fs::write(folder.path().join("policy.toml"), "[clock]\n").expect("a file");
        let environment = [
            ("PLO_DRIFT__MAIL__PORT", "2525"),
            ("PLO_DRIFT__MAIL__ALLOWED_DOMAINS", "Example.gov.uk, example.org"),
            ("DATABASE_URL", "postgres://somewhere"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let config = Config::from_layers(Some(folder.path()), &environment).expect("a right configuration");
        assert_eq!((config.mail.host.as_str(), config.mail.port), ("b", 2525));
        assert!(
            config.mail.allowed_domains.allow("chair@EXAMPLE.gov.uk")
                && !config.mail.allowed_domains.allow("chair@sub.example.gov.uk")
        );
        assert_eq!(config.database.url.expect("a URL").expose_secret(), "postgres://somewhere");
        assert!(config.policy.is_some());
    }

    #[test]
    fn a_secret_may_be_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "hunter2\n").expect("a file");
        let path = file.to_str().expect("a plain path");
        let config = from_environment(&[("PLO_DRIFT__MAIL__USERNAME", "u"), ("PLO_DRIFT__MAIL__PASSWORD_FILE", path)]);
        let config = config.expect("a right configuration");
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.mail.credentials.expect("credentials").1.expose_secret(), "hunter2");
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("council.toml");
        std::fs::write(&file, "[mail]\nhots = \"a\"\ntls = \"maybe\"\n[extra]\nkey = 1\n").expect("a file");
        let environment = [
            ("PLO_DRIFT__HTTP__LISTEN", "everywhere"),
            ("PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS", "7"),
            ("PLO_DRIFT__MAIL__PASSWORD_FILE", "/no/such/file"),
            ("PLO_DRIFT__LONELY", "1"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let error = Config::from_layers(Some(folder.path()), &environment).expect_err("much is wrong").to_string();
        let file = file.display();
        for expected in [
            format!("{file}: mail.hots: is not a field that is known here"),
            format!("{file}: mail.tls: must be one of: starttls, implicit, none"),
            format!("{file}: extra: is not a field that is known here"),
            "PLO_DRIFT__HTTP__LISTEN: http.listen: must be an address and a port, such as 127.0.0.1:8080".into(),
            "PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS: jobs.sweep_every_seconds: must divide a minute, or be whole minutes that divide an hour".into(),
            "PLO_DRIFT__MAIL__PASSWORD_FILE: mail.password_file: cannot be read: No such file or directory (os error 2)".into(),
            "PLO_DRIFT__LONELY: must name a section and a key, as in PLO_DRIFT__MAIL__HOST".into(),
        ] {
            assert!(error.contains(&expected), "{expected}\nis not in\n{error}");
        }
    }
}
