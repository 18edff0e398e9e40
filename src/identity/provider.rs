//! What is asked of the issuer: where its keys are and where people sign in, the keys, and what a code of its stands for.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::tls::Certificate;
use reqwest::{Client, Response, Url, header, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::keys::KeySet;
use crate::config::identity::{IdentityConfig, is_this_machine};

/// How long an answer of the issuer may be.
const LONGEST_ANSWER: usize = 256 * 1024;

/// The issuer, over HTTP.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    discovery: Url,
    client: Client,
    timeout: Duration,
}

/// Why the issuer cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The certificates to trust cannot be read.
    #[error("identity.ca_file {path} cannot be read ({source}): name a PEM file that this user may read", path = path.display())]
    UnreadableCaFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else, or nothing.
    #[error("identity.ca_file {path} holds no certificate: name a file with one or more PEM blocks `BEGIN CERTIFICATE`", path = path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// Nothing to check the issuer's certificate against.
    #[error("the issuer's certificate cannot be checked: install the system's CA certificates, or mend identity.ca_file")]
    NothingToTrust,
}

/// Why the issuer's keys were not had.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    #[error("the issuer did not answer in time")]
    TookTooLong,
    #[error("the issuer cannot be reached{}", reasons(.0))]
    Unreachable(#[source] reqwest::Error),
    #[error("the issuer answered with status {0}")]
    Status(u16),
    #[error("the issuer's answer is too long")]
    TooLong,
    #[error("the issuer's answer is not what it should be")]
    Unreadable,
    #[error("the issuer calls itself something else than identity.issuer")]
    AnotherIssuer,
    #[error("the issuer names an address that is not safe")]
    UnsafeAddress,
    #[error("the issuer publishes no key for signatures")]
    NoKeys,
    #[error("the issuer does not say where people sign in")]
    NoSignIn,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
}

/// Where people sign in and out, and where codes are redeemed.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    pub authorization: Url,
    pub token: Url,
    pub end_session: Option<Url>,
}

/// What a code was redeemed for.
#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl Provider {
    /// As configured; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// The certificates to trust cannot be read.
    pub fn of(config: &IdentityConfig) -> Result<Self, SettingsError> {
        // Where it was not asked for, nothing is fetched from anywhere else.
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(config.keys.timeout);
        let client = if config.discovery.scheme() == "https" {
            client.https_only(true).tls_certs_merge(further_authorities(config)?)
        } else {
            client.no_proxy().tls_certs_only([])
        };
        Ok(Self {
            issuer: config.issuer.clone(),
            discovery: config.discovery.clone(),
            client: client.build().map_err(|_| SettingsError::NothingToTrust)?,
            timeout: config.keys.timeout,
        })
    }

    /// The keys that the issuer publishes.
    pub(super) async fn keys(&self) -> Result<KeySet, ProviderError> {
        tokio::time::timeout(self.timeout, self.fetch()).await.map_err(|_| ProviderError::TookTooLong)?
    }

    /// Where people sign in and out.
    pub(super) async fn endpoints(&self) -> Result<Endpoints, ProviderError> {
        let asked = tokio::time::timeout(self.timeout, self.discover());
        let discovery = asked.await.map_err(|_| ProviderError::TookTooLong)??;
        let address = |named: Option<String>| named.as_deref().map(|named| self.address(named)).transpose();
        Ok(Endpoints {
            authorization: address(discovery.authorization_endpoint)?.ok_or(ProviderError::NoSignIn)?,
            token: address(discovery.token_endpoint)?.ok_or(ProviderError::NoSignIn)?,
            end_session: address(discovery.end_session_endpoint)?,
        })
    }

    /// The ID token that a code stands for. The form is as RFC 6749 has it.
    pub(super) async fn redeem(&self, at: Url, form: String) -> Result<String, ProviderError> {
        let asked = self.client.post(at).header(header::ACCEPT, "application/json");
        let asked = asked.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form).send();
        let redeemed = async { read::<Redeemed>(asked.await.map_err(unreachable)?).await };
        let redeemed = tokio::time::timeout(self.timeout, redeemed).await.map_err(|_| ProviderError::TookTooLong)??;
        Ok(redeemed.id_token)
    }

    async fn discover(&self) -> Result<Discovery, ProviderError> {
        let discovery: Discovery = self.get(self.discovery.clone()).await?;
        if discovery.issuer == self.issuer { Ok(discovery) } else { Err(ProviderError::AnotherIssuer) }
    }

    fn address(&self, named: &str) -> Result<Url, ProviderError> {
        Url::parse(named).ok().filter(|address| self.is_safe(address)).ok_or(ProviderError::UnsafeAddress)
    }

    async fn fetch(&self) -> Result<KeySet, ProviderError> {
        let discovery = self.discover().await?;
        let published: Published = self.get(self.address(&discovery.jwks_uri)?).await?;
        let keys = KeySet::of(published.keys);
        if keys.is_empty() { Err(ProviderError::NoKeys) } else { Ok(keys) }
    }

    /// In the clear only on this machine, and only where the issuer is there too.
    fn is_safe(&self, address: &Url) -> bool {
        let in_the_clear = address.scheme() == "http" && self.discovery.scheme() == "http" && is_this_machine(address);
        address.scheme() == "https" || in_the_clear
    }

    async fn get<T: DeserializeOwned>(&self, address: Url) -> Result<T, ProviderError> {
        let asked = self.client.get(address).header(header::ACCEPT, "application/json").send().await;
        read(asked.map_err(unreachable)?).await
    }
}

async fn read<T: DeserializeOwned>(mut answer: Response) -> Result<T, ProviderError> {
    if answer.status() != reqwest::StatusCode::OK {
        return Err(ProviderError::Status(answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(ProviderError::TooLong);
        }
    }
    serde_json::from_slice(&body).map_err(|_| ProviderError::Unreadable)
}

fn further_authorities(config: &IdentityConfig) -> Result<Vec<Certificate>, SettingsError> {
    let Some(path) = &config.ca_file else { return Ok(Vec::new()) };
    let pem = std::fs::read(path).map_err(|source| SettingsError::UnreadableCaFile { path: path.clone(), source })?;
    let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if certificates.is_empty() { Err(SettingsError::NoCertificate { path: path.clone() }) } else { Ok(certificates) }
}

fn unreachable(wrong: reqwest::Error) -> ProviderError {
    if wrong.is_timeout() { ProviderError::TookTooLong } else { ProviderError::Unreachable(wrong.without_url()) }
}

/// What lies below an error of the client, whose own words say little.
fn reasons(wrong: &reqwest::Error) -> String {
    let below = std::iter::successors(std::error::Error::source(wrong), |wrong| wrong.source());
    below.fold(String::new(), |said, wrong| said + ": " + &wrong.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Config;
    use crate::config::identity::SignIn;

    fn provider(issuer: &str) -> Provider {
        let settings = [("ISSUER", issuer), ("AUDIENCE", "a")];
        let settings = settings.map(|(key, value)| (format!("PLO_DRIFT__IDENTITY__{key}"), value.to_owned()));
        let config = Config::from_layers(None, &BTreeMap::from(settings)).expect("a right configuration");
        let SignIn::With(config) = config.sign_in else { panic!("an issuer is given") };
        Provider::of(&config).expect("nothing has to be read")
    }

    #[rstest::rstest]
    #[case("http://127.0.0.1:1", "http://127.0.0.1:1/keys", true)]
    #[case("http://localhost:1", "http://[::1]:1/keys", true)]
    #[case("http://127.0.0.1:1", "https://keys.example", true)]
    #[case("http://127.0.0.1:1", "http://keys.example", false)]
    #[case("http://127.0.0.1:1", "http://10.0.0.1/keys", false)]
    #[case("http://127.0.0.1:1", "file:///keys", false)]
    fn keys_are_fetched_in_the_clear_on_this_machine_only(#[case] issuer: &str, #[case] address: &str, #[case] safe: bool) {
        assert_eq!(provider(issuer).is_safe(&Url::parse(address).expect("an address")), safe);
    }
}
