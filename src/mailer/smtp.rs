//! Messages to a mail server, one connection each.
//!
//! An attempt is walked through command by command, so that it is known how far it came when it fails: until the message
//! itself is on its way the server cannot have it, and afterwards only its own reply says whether it has. A connection is
//! never shared or kept. Encryption is required or absent, as set; it is never left to what the server happens to offer.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, TlsParameters, TlsParametersBuilder};
use lettre::transport::smtp::commands::Noop;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use secrecy::SecretString;
use tokio::time::Instant;

use super::transport::{Envelope, Outcome, ProbeError};
use dialogue::within;
use letter::Letter;
use verdict::{Fault, Stage};

mod dialogue;
mod letter;
mod unhurried;
mod verdict;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// It starts plain and must turn to TLS before anything is said: usually port 587.
    StartTls,
    /// It is TLS from the first byte: usually port 465.
    Implicit,
    /// Not at all: for a relay on the same host, or a catcher in a test.
    None,
}

/// Where mail goes and how.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The server's name, which its certificate must bear, or its IP address.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// The user name and password to sign in with, if the server wants them.
    pub credentials: Option<(String, SecretString)>,
    /// A PEM file of certificates to trust besides the machine's own.
    pub ca_file: Option<PathBuf>,
    /// What to call oneself to the server; `[127.0.0.1]` if nothing.
    pub hello_name: Option<String>,
    /// How long one attempt may take from first to last.
    pub timeout: Duration,
}

impl SmtpSettings {
    /// How long an attempt may take if nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
}

/// Why settings cannot work, whatever the server says.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The certificates to trust cannot be read.
    #[error("the CA file {path} cannot be read ({source}): name a PEM file that this user may read", path = path.display())]
    UnreadableCaFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else, or nothing.
    #[error("the CA file {path} holds no certificate: name a file with one or more PEM blocks `BEGIN CERTIFICATE`", path = path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// Nothing to check a server's certificate against, or a certificate that is none.
    #[error("certificates cannot be checked ({0}): install the system's CA certificates, or mend the CA file")]
    NothingToTrust(String),
    /// The host is not a name.
    #[error("`{0}` is neither a host name nor an IP address: name the mail server as its certificate does")]
    NotAHost(String),
    /// The name for oneself is not a name.
    #[error("`{0}` cannot be said in EHLO: give a host name, or leave it out")]
    NotAHelloName(String),
    /// A password would cross the network for all to read.
    #[error("a password is not sent to {0} without encryption: require STARTTLS or TLS, or leave the credentials out")]
    PasswordInTheClear(String),
}

/// Sends each message over a connection of its own.
#[derive(Clone)]
pub struct SmtpTransport {
    settings: SmtpSettings,
    hello: ClientId,
    channel: Channel,
}

/// How the connection is encrypted, with what that takes.
#[derive(Clone)]
enum Channel {
    StartTls(TlsParameters),
    Implicit(TlsParameters),
    Plain,
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SmtpTransport").field(&self.settings).finish()
    }
}

impl SmtpTransport {
    /// Takes settings that can work, and reads the certificates to trust. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// Says in one sentence which setting cannot work and what to do about it.
    pub fn new(settings: SmtpSettings) -> Result<Self, TransportError> {
        ServerName::try_from(settings.host.as_str()).map_err(|_| TransportError::NotAHost(settings.host.clone()))?;
        if settings.credentials.is_some() && settings.tls == Tls::None && !is_this_machine(&settings.host) {
            return Err(TransportError::PasswordInTheClear(settings.host));
        }
        let channel = match settings.tls {
            Tls::StartTls => Channel::StartTls(trust(&settings)?),
            Tls::Implicit => Channel::Implicit(trust(&settings)?),
            Tls::None => Channel::Plain,
        };
        let hello = settings.hello_name.as_deref().map_or_else(|| Ok(ClientId::default()), hello)?;
        Ok(Self { settings, hello, channel })
    }

    /// Makes one attempt to send a message.
    pub async fn send(&self, envelope: &Envelope<'_>) -> Outcome {
        let letter = match Letter::of(envelope) {
            Ok(letter) => letter,
            Err(fault) => return fault.at(Stage::Envelope),
        };
        let deadline = self.deadline();
        let mut connection = match within(deadline, self.open()).await {
            Ok(connection) => connection,
            Err(fault) => return fault.at(Stage::Opening),
        };
        let answer = dialogue::hand_over(&mut connection, &letter, deadline).await;
        if matches!(answer, Ok(_) | Err((_, Fault::Reply { .. }))) {
            dialogue::leave(connection);
        }
        match answer {
            Ok(reply) => Outcome::Accepted { reply },
            Err((stage, fault)) => fault.at(stage),
        }
    }

    /// Connects, encrypts, signs in and leaves again.
    ///
    /// # Errors
    ///
    /// Says whether waiting may help or a setting has to change.
    pub async fn probe(&self) -> Result<(), ProbeError> {
        let greeted = within(self.deadline(), async {
            let mut connection = self.open().await?;
            connection.command(Noop).await?;
            dialogue::leave(connection);
            Ok::<_, Fault>(())
        });
        greeted.await.map_err(|fault| {
            let remedy = fault.remedy();
            match fault.at(Stage::Opening) {
                Outcome::Misconfigured { reason } => ProbeError::Misconfigured(reason, remedy),
                Outcome::Accepted { reply: text }
                | Outcome::Temporary { reply: text }
                | Outcome::Refused { reply: text }
                | Outcome::Unknown { reason: text } => ProbeError::Unavailable(text, remedy),
            }
        })
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.settings.timeout
    }
}

/// The name to give in EHLO.
fn hello(name: &str) -> Result<ClientId, TransportError> {
    let sayable = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    sayable.then(|| ClientId::Domain(name.to_owned())).ok_or_else(|| TransportError::NotAHelloName(name.to_owned()))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The machine's own certificates and those of the CA file, for this one host.
fn trust(settings: &SmtpSettings) -> Result<TlsParameters, TransportError> {
    let extra = settings.ca_file.as_deref().map_or_else(|| Ok(Vec::new()), certificates)?;
    let parameters = TlsParameters::builder(settings.host.clone());
    let parameters = extra.into_iter().fold(parameters, TlsParametersBuilder::add_root_certificate);
    parameters.build().map_err(|error| TransportError::NothingToTrust(error.to_string()))
}

/// The certificates in a PEM file. There must be one: a file without any would silently add no trust.
fn certificates(path: &Path) -> Result<Vec<Certificate>, TransportError> {
    let pem = std::fs::read(path).map_err(|source| TransportError::UnreadableCaFile { path: path.to_owned(), source })?;
    let none = || TransportError::NoCertificate { path: path.to_owned() };
    let found = CertificateDer::pem_slice_iter(&pem)
        .map(|block| Certificate::from_der(block.map_err(|_| none())?.to_vec()).map_err(|_| none()))
        .collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SmtpSettings {
        SmtpSettings {
            host: "mail.example.org".to_owned(),
            port: 587,
            tls: Tls::StartTls,
            credentials: None,
            ca_file: None,
            hello_name: None,
            timeout: SmtpSettings::DEFAULT_TIMEOUT,
        }
    }

    fn refusal(settings: SmtpSettings) -> String {
        SmtpTransport::new(settings).expect_err("they cannot work").to_string()
    }

    #[rstest::rstest]
    #[case("", "holds no certificate")]
    #[case("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no certificate")]
    #[case("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "holds no certificate")]
    #[case("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "mend the CA file")]
    fn a_ca_file_without_a_certificate_is_refused(#[case] content: &str, #[case] said: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, content).expect("a file");
        let refusal = refusal(SmtpSettings { ca_file: Some(path), ..settings() });
        assert!(refusal.contains(said), "{refusal}");
    }

    #[test]
    fn a_ca_file_that_is_not_there_is_named() {
        let refusal = refusal(SmtpSettings { ca_file: Some("/nowhere/ca.pem".into()), ..settings() });
        assert!(refusal.starts_with("the CA file /nowhere/ca.pem cannot be read"), "{refusal}");
    }

    #[rstest::rstest]
    #[case("mail.example.org", false)]
    #[case("192.0.2.1", false)]
    #[case("localhost", true)]
    #[case("127.0.0.1", true)]
    #[case("::1", true)]
    fn a_password_leaves_the_machine_encrypted_or_not_at_all(#[case] host: &str, #[case] fine: bool) {
        let credentials = Some(("drift".to_owned(), "secret".into()));
        let plain = SmtpSettings { host: host.to_owned(), tls: Tls::None, credentials, ..settings() };
        assert_eq!(SmtpTransport::new(plain).is_ok(), fine);
    }

    #[test]
    fn names_are_names() {
        assert!(refusal(SmtpSettings { host: "mail server".to_owned(), ..settings() }).contains("host name"));
        assert!(refusal(SmtpSettings { hello_name: Some("a\r\nMAIL FROM:<b>".to_owned()), ..settings() }).contains("EHLO"));
    }

    #[test]
    fn a_transport_shows_no_password() {
        let credentials = Some(("drift".to_owned(), "hunter2".into()));
        let shown = format!("{:?}", SmtpTransport::new(SmtpSettings { credentials, ..settings() }).expect("they work"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
