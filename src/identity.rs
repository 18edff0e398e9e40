//! Who shows a bearer token of an OpenID Connect issuer, such as Microsoft Entra ID, and who signs in there to look at the pages
//! ([`sign_in`]).
//!
//! Only signed JWTs count, under keys that the issuer publishes where it says so itself. Everything is judged here: the form of the
//! token, its key, its signature, and its claims. No token and no value of a claim is ever logged.

mod claims;
mod header;
mod keys;
mod provider;
pub mod sign_in;

use std::sync::Arc;

use jiff::Timestamp;
use jsonwebtoken::{Validation, decode};
use serde_json::{Map, Value};

use crate::config::identity::{IdentityConfig, SigningAlgorithm};
use crate::store::tokens::{ApiRole, Scope};
use claims::ClaimRules;
use header::SignedBy;
use keys::{Keys, NoKey};
use provider::Provider;

pub use provider::SettingsError;

/// The issuer whose tokens count.
#[derive(Debug)]
pub struct Identity {
    issuer: String,
    audience: Vec<String>,
    algorithms: Vec<SigningAlgorithm>,
    claims: ClaimRules,
    provider: Arc<Provider>,
    keys: Keys,
}

/// Who a token that counts was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who vouches for them.
    pub issuer: String,
    /// What the issuer calls them, for good.
    pub subject: String,
    /// What they may do; at least one.
    pub roles: Vec<ApiRole>,
    /// What they may see.
    pub scope: Scope,
}

/// Why nobody is known by a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unidentified {
    /// The token does not count, for this reason.
    #[error("{0}")]
    Refused(&'static str),
    /// It counts, and gives its person no role that is known here.
    #[error("it names no role that is known here")]
    NoRole,
    /// It counts, and names no team.
    #[error("it names no team")]
    NoTeam,
    /// The keys of the issuer cannot be had.
    #[error("the issuer's keys cannot be had")]
    NoKeys,
}

impl Identity {
    /// The issuer as configured. Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// The certificates to trust cannot be read.
    pub fn of(config: &IdentityConfig) -> Result<Self, SettingsError> {
        let provider = Arc::new(Provider::of(config)?);
        Ok(Self {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            algorithms: config.algorithms.clone(),
            claims: ClaimRules::of(config),
            keys: Keys::of(provider.clone(), config.keys),
            provider,
        })
    }

    /// Asks the issuer for its keys before anybody needs them, so that the log says at once where that cannot be.
    pub async fn prepare(&self, now: Timestamp) {
        self.keys.refresh(None, now).await;
    }

    /// Finds out who a token was made for, and what they may do and see.
    ///
    /// # Errors
    ///
    /// The token does not count, or gives its person nothing to do here; the issuer's keys cannot be had.
    pub async fn person(&self, token: &str, now: Timestamp) -> Result<Person, Unidentified> {
        let claims = self.claims_of(token, &self.audience, now).await?;
        self.claims.person(&claims, now)
    }

    /// The claims of a token for one of these audiences, signed by the issuer. Its times are judged with what it says, by the moment
    /// of the request.
    async fn claims_of(&self, token: &str, audience: &[String], now: Timestamp) -> Result<Map<String, Value>, Unidentified> {
        let SignedBy { algorithm, key_id } = header::read(token, &self.algorithms).map_err(Unidentified::Refused)?;
        let key = self.keys.find(&key_id, algorithm, now).await.map_err(|missing| match missing {
            NoKey::Unknown => Unidentified::Refused("its key is not one of the issuer's"),
            NoKey::Unavailable => Unidentified::NoKeys,
        })?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(audience);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let token = decode(token, &key, &validation).map_err(|wrong| Unidentified::Refused(why(&wrong)))?;
        Ok(token.claims)
    }
}

/// What was wrong with a token, without a value of it.
fn why(wrong: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match wrong.kind() {
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidAudience => "it is meant for another audience",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "it cannot be read",
    }
}
