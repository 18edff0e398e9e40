//! Cookies: what a browser is given to show again. Each is for this service alone, out of reach of scripts, and not sent with what other
//! sites ask for behind somebody's back.

use axum::http::{HeaderMap, HeaderValue, header};

use super::site::Site;
use crate::store::tokens::Secret;

/// A cookie of ours. Where people reach the service by TLS its name begins with `__Host-`, which a browser takes only from the very host,
/// over TLS and for the whole of it; so no neighbour can plant one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Says who is signed in.
    Session,
    /// Says in which browser a sign-in was begun.
    SignIn,
}

/// How long a sign-in may take, in seconds.
const SIGN_IN_SECONDS: u32 = 900;

impl Cookie {
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_encrypted()) {
            (Self::Session, true) => "__Host-plo-drift-session",
            (Self::Session, false) => "plo-drift-session",
            (Self::SignIn, true) => "__Host-plo-drift-sign-in",
            (Self::SignIn, false) => "plo-drift-sign-in",
        }
    }

    /// The secret that a request shows in it, if it shows exactly one.
    #[must_use]
    pub fn read(self, site: &Site, headers: &HeaderMap) -> Option<Secret> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(name, _)| *name == self.name(site)).map(|(_, value)| value);
        let (Some(value), None) = (ours.next(), ours.next()) else { return None };
        Secret::parse(value)
    }

    /// Gives a browser the secret. A session lasts as long as the browser runs, unless it ends before.
    #[must_use]
    pub fn give(self, site: &Site, secret: &Secret) -> HeaderValue {
        let lasts = if self == Self::SignIn { format!("; Max-Age={SIGN_IN_SECONDS}") } else { String::new() };
        self.write(site, &secret.reveal(), &lasts)
    }

    /// Takes it back.
    #[must_use]
    pub fn take_back(self, site: &Site) -> HeaderValue {
        self.write(site, "", "; Max-Age=0")
    }

    fn write(self, site: &Site, value: &str, lasts: &str) -> HeaderValue {
        let secure = if site.is_encrypted() { "; Secure" } else { "" };
        let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lasts}", self.name(site));
        let mut cookie = HeaderValue::try_from(cookie).expect("it is plain ASCII");
        cookie.set_sensitive(true);
        cookie
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base_url: &str) -> Site {
        Site { base_url: base_url.to_owned(), root: String::new(), council: String::new(), security_contact: None }
    }

    fn shown(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (header::COOKIE, HeaderValue::from_str(cookie).expect("a header"))).collect()
    }

    #[test]
    fn a_browser_shows_what_it_was_given_and_only_where_it_was() {
        let (site, secret) = (site("https://drift.council.example"), Secret::generate());
        let given = Cookie::Session.give(&site, &secret);
        let given = given.to_str().expect("it is text");
        assert!(given.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{given}");
        let (pair, _) = given.split_once(';').expect("it has attributes");
        assert!(pair.starts_with("__Host-"), "{pair}");
        assert_eq!(Cookie::Session.read(&site, &shown(&[&format!("other=1; {pair}")])), Some(secret.clone()));
        assert_eq!(Cookie::Session.read(&site, &shown(&["other=1", pair])), Some(secret));
        assert_eq!(Cookie::SignIn.read(&site, &shown(&[pair])), None, "another cookie");
        let elsewhere = pair.replace("__Host-", "");
        for cookies in [&[][..], &["plo-drift-session"], &[&elsewhere], &[pair, pair], &["__Host-plo-drift-session=plo_1"]] {
            assert_eq!(Cookie::Session.read(&site, &shown(cookies)), None, "{cookies:?}");
        }
    }

    #[test]
    fn on_one_machine_a_cookie_needs_no_encryption() {
        let given = Cookie::SignIn.give(&site("http://127.0.0.1:8080"), &Secret::generate());
        let given = given.to_str().expect("it is text");
        assert!(given.starts_with("plo-drift-sign-in=plo_") && given.ends_with("; SameSite=Lax; Max-Age=900"), "{given}");
        assert!(!format!("{:?}", Cookie::SignIn.give(&site("https://a"), &Secret::generate())).contains("plo_"));
    }
}
