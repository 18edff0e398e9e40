//! The pages for people, as configured: by which client they are signed in, and for how long.

use jiff::SignedDuration;
use reqwest::Url;
use secrecy::SecretString;

use super::identity::{SignIn, is_this_machine};
use crate::fields::{Fields, plain_words};

/// The pages for people.
#[derive(Clone, Debug)]
pub struct BoardConfig {
    /// This service as the issuer knows it; absent where nobody can sign in to the pages.
    pub client: Option<ClientConfig>,
    /// Whether everybody chooses who to be: never by configuration.
    pub is_demonstration: bool,
    /// For how long somebody stays signed in.
    pub sessions: SessionTimes,
}

impl BoardConfig {
    /// Tells whether people can get in to the pages.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.client.is_some() || self.is_demonstration
    }
}

/// This service as the issuer knows it.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Its name there.
    pub id: String,
    /// What it shows for itself.
    pub secret: SecretString,
    /// What is asked for, `openid` among it.
    pub scopes: Vec<String>,
    /// The claim that holds a person's address; absent where it is not looked at.
    pub email_claim: Option<String>,
}

/// For how long somebody stays signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// Without doing anything.
    pub idle: SignedDuration,
    /// However busy they are.
    pub whole: SignedDuration,
}

/// Reads the section. Pages are for browsers, and a browser is to be sure where it is.
pub(super) fn read(fields: &mut Fields, base_url: Option<&str>, sign_in: Option<&SignIn>) -> Option<BoardConfig> {
    let id = fields.text_or_empty("client_id").unwrap_or_default();
    let secret = fields.long_text_or_empty("client_secret").unwrap_or_default();
    let scopes = fields.texts("scopes", |scope| plain_words(scope).map(|()| scope.to_owned()));
    let email_claim = fields.text_or_empty("email_claim").filter(|claim| !claim.is_empty()).map(str::to_owned);
    let idle = fields.number("session_idle_minutes", 5..=1_440);
    let whole = fields.number("session_hours", 1..=24);
    if !id.is_empty() {
        if secret.is_empty() {
            fields.mistake::<()>("client_secret", "must be given where client_id is: it is made with the client at the issuer");
        }
        if scopes.as_ref().is_some_and(|scopes| !scopes.iter().any(|scope| scope == "openid")) {
            fields.mistake::<()>("scopes", "must name openid");
        }
        if matches!(sign_in, Some(SignIn::Off)) {
            fields.mistake::<()>("client_id", "needs an issuer: give it in identity.issuer");
        }
        if base_url.is_some_and(|url| !is_safe(url)) {
            fields.mistake::<()>("client_id", "needs an https:// address in service.base_url (http:// only on this machine)");
        }
    }
    let client = ClientConfig { id: id.to_owned(), secret: secret.into(), scopes: scopes?, email_claim };
    let sessions =
        SessionTimes { idle: SignedDuration::from_mins(idle?.into()), whole: SignedDuration::from_hours(whole?.into()) };
    Some(BoardConfig { client: (!client.id.is_empty()).then_some(client), is_demonstration: false, sessions })
}

fn is_safe(base_url: &str) -> bool {
    Url::parse(base_url).is_ok_and(|url| url.scheme() == "https" || is_this_machine(&url))
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    fn from_environment(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(key, value)| (format!("PLO_DRIFT__{key}"), (*value).to_owned()));
        Config::from_layers(None, &variables.collect()).map_err(|wrong| wrong.to_string())
    }

    const RIGHT: [(&str, &str); 5] = [
        ("SERVICE__BASE_URL", "https://drift.council.example"),
        ("IDENTITY__ISSUER", "https://login.example"),
        ("IDENTITY__AUDIENCE", "api"),
        ("BOARD__CLIENT_ID", "board"),
        ("BOARD__CLIENT_SECRET", "a secret of the issuer's"),
    ];

    #[test]
    fn nobody_signs_in_to_the_pages_before_a_client_is_given() {
        let board = from_environment(&[]).expect("the defaults are right").board;
        assert!(board.client.is_none());
        assert_eq!((board.sessions.idle.as_mins(), board.sessions.whole.as_hours()), (30, 10));
        let client = from_environment(&RIGHT).expect("a right configuration").board.client.expect("a client is given");
        assert_eq!((client.id.as_str(), client.email_claim.as_deref()), ("board", Some("email")));
        assert!(!format!("{client:?}").contains("a secret"));
    }

    #[rstest::rstest]
    #[case(
        "SERVICE__BASE_URL",
        "http://drift.council.example",
        "board.client_id: needs an https:// address in service.base_url"
    )]
    #[case("IDENTITY__ISSUER", "", "board.client_id: needs an issuer")]
    #[case("BOARD__CLIENT_SECRET", "", "board.client_secret: must be given where client_id is")]
    #[case("BOARD__SCOPES", "profile", "board.scopes: must name openid")]
    #[case("BOARD__SESSION_HOURS", "25", "board.session_hours: must be a whole number from 1 to 24")]
    #[case("BOARD__SESSION_IDLE_MINUTES", "4", "board.session_idle_minutes: must be a whole number from 5 to 1440")]
    fn what_is_wrong_is_named(#[case] key: &str, #[case] value: &str, #[case] expected: &str) {
        let variables: Vec<_> = RIGHT.into_iter().filter(|(other, _)| *other != key).chain([(key, value)]).collect();
        let wrong = from_environment(&variables).expect_err("it is wrong");
        assert!(wrong.contains(expected), "{wrong}");
    }
}
