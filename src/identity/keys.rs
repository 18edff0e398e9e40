//! The issuer's keys: kept for a while, fetched again when they are old or when a token names one that is not among them.
//!
//! One request fetches and the others wait for what it brings. Between two fetches there is a pause, whatever tokens claim, so
//! that made-up key names cannot turn this service against the issuer. While the issuer cannot be reached, its last keys count.

use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::{info, warn};

use super::provider::Provider;
use crate::config::identity::KeysConfig;

/// The keys that signatures of the issuer are checked with.
#[derive(Debug)]
pub struct Keys {
    provider: Arc<Provider>,
    times: KeysConfig,
    held: RwLock<Option<Arc<Held>>>,
    /// When the issuer was last asked; whoever asks holds it.
    asked_at: Mutex<Option<Timestamp>>,
}

#[derive(Debug)]
struct Held {
    keys: KeySet,
    fetched_at: Timestamp,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The issuer has none of this name, for this way to sign.
    Unknown,
    /// The issuer's keys cannot be had.
    Unavailable,
}

impl Keys {
    /// None yet.
    pub fn of(provider: Arc<Provider>, times: KeysConfig) -> Self {
        Self { provider, times, held: RwLock::new(None), asked_at: Mutex::new(None) }
    }

    /// The key of a name, for a way to sign.
    ///
    /// # Errors
    ///
    /// There is none.
    pub async fn find(&self, key_id: &str, algorithm: Algorithm, now: Timestamp) -> Result<DecodingKey, NoKey> {
        let seen = self.held();
        if let Some(held) = seen.as_deref().filter(|held| now.duration_since(held.fetched_at) < self.times.fresh)
            && let Some(key) = held.keys.find(key_id, algorithm)
        {
            return Ok(key.clone());
        }
        self.refresh(seen.map(|held| held.fetched_at), now).await;
        let held = self.held().filter(|held| now.duration_since(held.fetched_at) < self.times.kept);
        held.ok_or(NoKey::Unavailable)?.keys.find(key_id, algorithm).cloned().ok_or(NoKey::Unknown)
    }

    /// Fetches the keys, unless those that were seen have been replaced meanwhile, or the issuer was asked a moment ago.
    pub async fn refresh(&self, seen: Option<Timestamp>, now: Timestamp) {
        let mut asked_at = self.asked_at.lock().await;
        let replaced = self.held().map(|held| held.fetched_at) != seen;
        if replaced || asked_at.is_some_and(|asked_at| now.duration_since(asked_at) < self.times.pause) {
            return;
        }
        *asked_at = Some(now);
        match self.provider.keys().await {
            Ok(keys) => {
                info!(keys = keys.0.len(), "the issuer's keys were fetched");
                *self.held.write().expect("nothing panics while it holds the keys") =
                    Some(Arc::new(Held { keys, fetched_at: now }));
            }
            Err(wrong) => warn!("the issuer's keys cannot be fetched: {wrong}"),
        }
    }

    fn held(&self) -> Option<Arc<Held>> {
        self.held.read().expect("nothing panics while it holds the keys").clone()
    }
}

/// Keys as an issuer publishes them, as far as signatures can be checked with them.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: String,
    algorithm: Option<KeyAlgorithm>,
    public: DecodingKey,
}

impl KeySet {
    /// Takes what is a public key for signatures, and leaves the rest.
    pub fn of(published: Vec<Value>) -> Self {
        let jwks = published.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Self(jwks.filter_map(|jwk| Key::of(&jwk)).collect())
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        let fits = |key: &&Key| {
            key.id == id
                && key.public.family() == algorithm.family()
                && key.algorithm.is_none_or(|only| only == KeyAlgorithm::from(algorithm))
        };
        self.0.iter().find(fits).map(|key| &key.public)
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        let is_public = matches!(jwk.algorithm, AlgorithmParameters::RSA(_) | AlgorithmParameters::EllipticCurve(_));
        let signs = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        if !(is_public && signs) {
            return None;
        }
        Some(Self { id: common.key_id.clone()?, algorithm: common.key_algorithm, public: DecodingKey::from_jwk(jwk).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[rstest::rstest]
    #[case::rsa(json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"}), &[Algorithm::RS256, Algorithm::PS256])]
    #[case::as_entra_publishes_them(json!({"kty": "RSA", "use": "sig", "kid": "a", "x5t": "a", "n": "AQAB", "e": "AQAB", "x5c": ["MII"],
        "issuer": "https://login.microsoftonline.com/t/v2.0"}), &[Algorithm::RS256, Algorithm::PS256])]
    #[case::for_one_algorithm(json!({"kty": "RSA", "kid": "a", "alg": "PS256", "n": "AQAB", "e": "AQAB"}), &[Algorithm::PS256])]
    #[case::elliptic(json!({"kty": "EC", "kid": "a", "crv": "P-256", "x": "AQAB", "y": "AQAB"}), &[Algorithm::ES256])]
    #[case::for_encryption(json!({"kty": "RSA", "kid": "a", "use": "enc", "n": "AQAB", "e": "AQAB"}), &[])]
    #[case::for_another_operation(json!({"kty": "RSA", "kid": "a", "key_ops": ["encrypt"], "n": "AQAB", "e": "AQAB"}), &[])]
    #[case::without_a_name(json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), &[])]
    #[case::of_another_name(json!({"kty": "RSA", "kid": "b", "n": "AQAB", "e": "AQAB"}), &[])]
    #[case::shared(json!({"kty": "oct", "kid": "a", "k": "AQAB"}), &[])]
    #[case::of_an_unknown_type(json!({"kty": "AKP", "kid": "a", "pub": "AQAB"}), &[])]
    #[case::not_a_key(json!("a"), &[])]
    fn a_published_key_is_for_signatures_of_its_kind(#[case] key: Value, #[case] expected: &[Algorithm]) {
        let keys = KeySet::of(vec![json!({"kty": "RSA", "kid": 3}), key]);
        let all = [Algorithm::HS256, Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];
        let found: Vec<Algorithm> = all.into_iter().filter(|&algorithm| keys.find("a", algorithm).is_some()).collect();
        assert_eq!(found, expected);
    }
}
