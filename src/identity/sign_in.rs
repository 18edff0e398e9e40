//! People who sign in to look at the pages: OpenID Connect's authorisation code flow, with PKCE (RFC 7636).
//!
//! Nothing is kept here between the two halves of a sign-in. The browser holds one secret that was made for it; what the issuer is to
//! send back (`state`), what it is to write into its answer (`nonce`) and what proves that the code was asked for here (the verifier)
//! all follow from that secret, and none of them gives it away. So a sign-in counts only in the browser in which it was begun.

use std::sync::Arc;

use aws_lc_rs::{aead, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::provider::{Endpoints, ProviderError};
use super::{Identity, Person, Unidentified};
use crate::config::board::ClientConfig;
use crate::fields::plain_text;
use crate::hex;
use crate::store::tokens::Secret;

/// Where the issuer lets people sign in is asked again after this time.
const ENDPOINTS_FRESH: SignedDuration = SignedDuration::from_hours(1);

/// The least time between two times that the issuer is asked where people sign in.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// How people sign in with the issuer.
#[derive(Debug)]
pub struct SignInWithIssuer {
    identity: Arc<Identity>,
    client: String,
    secret: SecretString,
    scopes: String,
    email_claim: Option<String>,
    come_back_to: String,
    endpoints: Mutex<Known>,
}

/// Where the issuer lets people sign in, as far as it is known.
#[derive(Debug, Default)]
struct Known {
    /// When the issuer was last asked.
    asked_at: Option<Timestamp>,
    /// What it said last, and when.
    said: Option<(Timestamp, Endpoints)>,
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// Their address, where the issuer tells it. It finds what they were mailed of; it says nothing of what they may see.
    pub email: Option<String>,
    /// Where they wanted to go.
    pub to: String,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// It was begun in another browser, too long ago, or not at all.
    #[error("it was not begun in this browser")]
    NotBegunHere,
    /// The issuer does not let them in.
    #[error("the issuer refused it ({0})")]
    Refused(String),
    /// The issuer cannot be asked, or its answer is of no use.
    #[error("{0}")]
    Unavailable(String),
    /// The issuer's answer does not count, or gives them nothing to do here.
    #[error("the ID token: {0}")]
    Unidentified(#[from] Unidentified),
}

impl From<ProviderError> for NotSignedIn {
    fn from(wrong: ProviderError) -> Self {
        match wrong {
            // An issuer answers 400 to a code that is used up or was asked for elsewhere.
            ProviderError::Status(status @ 400..=499) => Self::Refused(format!("status {status}")),
            wrong => Self::Unavailable(wrong.to_string()),
        }
    }
}

/// What the issuer sends a browser back with.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What was sent with the browser.
    pub state: String,
    /// Stands for the ID token.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who answers, where it says (RFC 9207).
    pub issuer: Option<String>,
}

impl SignInWithIssuer {
    /// With an issuer, as a client of it. People are sent back to an address of this service.
    #[must_use]
    pub fn of(identity: Arc<Identity>, client: &ClientConfig, come_back_to: String) -> Self {
        Self {
            identity,
            client: client.id.clone(),
            secret: client.secret.clone(),
            scopes: client.scopes.join(" "),
            email_claim: client.email_claim.clone(),
            come_back_to,
            endpoints: Mutex::default(),
        }
    }

    /// Where to send somebody who wants to go somewhere and has to sign in first.
    ///
    /// # Errors
    ///
    /// The issuer cannot be asked.
    pub async fn begin(&self, secret: &Secret, to: &str, now: Timestamp) -> Result<Url, NotSignedIn> {
        let mut address = self.endpoints(now).await?.authorization;
        let challenge = digest::digest(&digest::SHA256, secret.derive(VERIFIER).as_bytes());
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client)
            .append_pair("redirect_uri", &self.come_back_to)
            .append_pair("scope", &self.scopes)
            .append_pair("state", &state(secret, to))
            .append_pair("nonce", &secret.derive(NONCE))
            .append_pair("code_challenge", &BASE64_URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        Ok(address)
    }

    /// Who came back.
    ///
    /// # Errors
    ///
    /// They did not sign in, or not here; the issuer cannot be asked.
    pub async fn finish(&self, secret: &Secret, answer: &Answer, now: Timestamp) -> Result<SignedIn, NotSignedIn> {
        let to = wanted(secret, &answer.state).ok_or(NotSignedIn::NotBegunHere)?;
        if answer.issuer.as_ref().is_some_and(|issuer| *issuer != self.identity.issuer) {
            return Err(NotSignedIn::Unavailable("another issuer answered".to_owned()));
        }
        let Some(code) = &answer.code else { return Err(NotSignedIn::Refused(known_error(answer.error.as_deref()))) };
        let token = self.identity.provider.redeem(self.endpoints(now).await?.token, self.redemption(secret, code)).await?;
        let audience = [self.client.clone()];
        let claims = self.identity.claims_of(&token, &audience, now).await?;
        let person = self.identity.claims.signed_in(&claims, &self.client, &secret.derive(NONCE), now)?;
        Ok(SignedIn { person, email: self.email(&claims), to })
    }

    /// Where somebody signs out of the issuer's, too, if that can be; they come back to an address of this service.
    #[must_use]
    pub fn end(&self, back_to: &str) -> Option<Url> {
        // Nobody who signs out waits for the issuer: whoever signed in here has asked it.
        let mut address = self.endpoints.try_lock().ok()?.said.as_ref()?.1.end_session.clone()?;
        address.query_pairs_mut().append_pair("client_id", &self.client).append_pair("post_logout_redirect_uri", back_to);
        Some(address)
    }

    async fn endpoints(&self, now: Timestamp) -> Result<Endpoints, ProviderError> {
        let mut known = self.endpoints.lock().await;
        let is_within = |at: Timestamp, limit: SignedDuration| now.duration_since(at).abs() < limit;
        if let Some((at, endpoints)) = &known.said
            && is_within(*at, ENDPOINTS_FRESH)
        {
            return Ok(endpoints.clone());
        }
        // Whoever waited meanwhile does not ask once more: while the issuer is silent, one after the other would wait for it.
        if !known.asked_at.is_some_and(|at| is_within(at, PAUSE)) {
            known.asked_at = Some(now);
            match self.identity.provider.endpoints().await {
                Ok(endpoints) => known.said = Some((now, endpoints)),
                Err(wrong) if known.said.is_none() => return Err(wrong),
                Err(wrong) => tracing::warn!("where people sign in cannot be asked, so what was said last counts: {wrong}"),
            }
        }
        known.said.as_ref().map(|(_, endpoints)| endpoints.clone()).ok_or(ProviderError::TookTooLong)
    }

    /// The client shows its secret in the form: issuers differ in how they read one that stands in a header (RFC 6749, 2.3.1).
    fn redemption(&self, secret: &Secret, code: &str) -> String {
        let mut form = Url::parse("form:").expect("it is a URL");
        form.query_pairs_mut()
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", &self.client)
            .append_pair("client_secret", self.secret.expose_secret())
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.come_back_to)
            .append_pair("code_verifier", &secret.derive(VERIFIER));
        form.query().unwrap_or_default().to_owned()
    }

    /// An address that the issuer says is not verified is nobody's.
    fn email(&self, claims: &Map<String, Value>) -> Option<String> {
        let email = claims.get(self.email_claim.as_ref()?)?.as_str()?;
        let is_verified = claims.get("email_verified").is_none_or(|verified| *verified == Value::Bool(true));
        (is_verified && plain_text(email).is_ok()).then(|| email.to_owned())
    }
}

const VERIFIER: &str = "verifier";
const NONCE: &str = "nonce";

/// What is sent with a browser: where it is to go in the end, sealed with a key that follows from its secret. So nobody on the way reads
/// which case it is, and what comes back is ours or nothing. A key seals one thing only, as each sign-in has a secret of its own.
fn state(secret: &Secret, to: &str) -> String {
    let mut sealed = to.as_bytes().to_vec();
    let nonce = aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN]);
    key(secret).seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut sealed).expect("it is short");
    BASE64_URL_SAFE_NO_PAD.encode(sealed)
}

/// Where a browser was to go, if it was sent with this.
fn wanted(secret: &Secret, sent: &str) -> Option<String> {
    let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(sent).ok()?;
    let nonce = aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN]);
    let to = key(secret).open_in_place(nonce, aead::Aad::empty(), &mut sealed).ok()?;
    String::from_utf8(to.to_vec()).ok()
}

fn key(secret: &Secret) -> aead::LessSafeKey {
    let bytes = hex::decode(&secret.derive("state")).expect("it is written in digits");
    aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &bytes).expect("it is as long as a key"))
}

/// An error in the words of RFC 6749, which go into the log; whatever else was sent does not.
fn known_error(error: Option<&str>) -> String {
    let is_known = |error: &&str| error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    error.filter(is_known).unwrap_or("no code").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_goes_where_it_was_to_go_and_nowhere_else() {
        let (secret, other) = (Secret::generate(), Secret::generate());
        let sent = state(&secret, "/cases/PP-1?a=b");
        assert_eq!(wanted(&secret, &sent).as_deref(), Some("/cases/PP-1?a=b"));
        assert_eq!(wanted(&other, &sent), None, "begun in another browser");
        let other_way = state(&other, "//elsewhere");
        let (turned, cut) = (sent.chars().rev().collect(), sent[..sent.len() - 2].to_owned());
        assert!(!sent.contains(&hex::encode(b"PP-1")), "nobody on the way reads where");
        for forged in [other_way, turned, cut, String::new()] {
            assert_eq!(wanted(&secret, &forged), None, "{forged}");
        }
    }

    #[rstest::rstest]
    #[case(Some("access_denied"), "access_denied")]
    #[case(Some("Jane Doe was here"), "no code")]
    #[case(None, "no code")]
    fn only_words_that_are_known_reach_the_log(#[case] error: Option<&str>, #[case] expected: &str) {
        assert_eq!(known_error(error), expected);
    }
}
