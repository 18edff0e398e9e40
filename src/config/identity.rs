//! Sign-in with OpenID Connect, as configured.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Url;

use crate::domain::case::coded;
use crate::fields::{self, Fields};

coded! {
    /// How tokens may be signed: with a key of which the issuer publishes one half, and never with a shared one.
    SigningAlgorithm {
        /// RSA, PKCS #1 1.5, SHA-256: what Microsoft Entra ID signs with.
        Rs256 = "RS256",
        /// With SHA-384.
        Rs384 = "RS384",
        /// With SHA-512.
        Rs512 = "RS512",
        /// RSA, PSS, SHA-256.
        Ps256 = "PS256",
        /// With SHA-384.
        Ps384 = "PS384",
        /// With SHA-512.
        Ps512 = "PS512",
        /// ECDSA, P-256.
        Es256 = "ES256",
        /// ECDSA, P-384.
        Es384 = "ES384",
    }
}

/// Whether people sign in.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// Nobody does: only the service's own tokens count.
    Off,
    /// With an issuer.
    With(Box<IdentityConfig>),
}

/// Whose tokens count, and what their claims mean.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// The issuer, to the letter.
    pub issuer: String,
    /// Where the issuer says what it is.
    pub discovery: Url,
    /// What a token must be meant for; one of these is enough.
    pub audience: Vec<String>,
    /// A further certificate authority to trust.
    pub ca_file: Option<PathBuf>,
    /// How tokens may be signed.
    pub algorithms: Vec<SigningAlgorithm>,
    /// How far the issuer's clock may be from this one.
    pub clock_leeway: SignedDuration,
    /// What the claims mean.
    pub claims: ClaimsConfig,
    /// How the issuer's keys are had.
    pub keys: KeysConfig,
}

/// What the claims of a token mean.
#[derive(Clone, Debug)]
pub struct ClaimsConfig {
    /// Names the person, for good.
    pub subject: String,
    /// Holds the values below.
    pub roles: String,
    /// Values that make a reader.
    pub reader: Vec<String>,
    /// Values that make a recorder.
    pub recorder: Vec<String>,
    /// Values that make a chair.
    pub chair: Vec<String>,
    /// Values that make an admin.
    pub admin: Vec<String>,
    /// Values that clear for restricted cases.
    pub restricted: Vec<String>,
    /// Holds the teams; where there is none, everybody sees every team.
    pub teams: Option<String>,
    /// Values of the roles' claim that show every team.
    pub every_team: Vec<String>,
}

/// How the issuer's keys are had, and for how long they count.
#[derive(Clone, Copy, Debug)]
pub struct KeysConfig {
    /// They are fetched again after this time.
    pub fresh: SignedDuration,
    /// Those that were fetched last count for so long while no newer ones can be had.
    pub kept: SignedDuration,
    /// The least time between two fetches.
    pub pause: SignedDuration,
    /// How long one fetch may take.
    pub timeout: Duration,
}

/// Tells whether a URL leads to this machine itself.
#[must_use]
pub fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Reads the section; what is wrong with it is named, whether or not an issuer is given.
pub(super) fn sign_in(fields: &mut Fields, folder: &Path) -> Option<SignIn> {
    let issuer = fields.text_or_empty("issuer").unwrap_or_default();
    let is_on = !issuer.is_empty();
    let discovery = if is_on { discovery(fields, issuer) } else { None };
    let audience = texts(fields, "audience");
    let ca_file = fields.text_or_empty("ca_file").filter(|path| !path.is_empty()).map(|path| folder.join(path));
    let algorithms = fields.texts("algorithms", |text| {
        SigningAlgorithm::from_code(text).ok_or_else(|| fields::one_of(SigningAlgorithm::ALL, SigningAlgorithm::code))
    });
    let leeway = fields.number("clock_leeway_seconds", 0..=300);
    let claims = claims(fields);
    let keys = keys(fields);
    if !is_on {
        return Some(SignIn::Off);
    }
    for (name, is_empty) in [
        ("audience", audience.as_ref().is_none_or(Vec::is_empty)),
        ("algorithms", algorithms.as_ref().is_none_or(Vec::is_empty)),
    ] {
        if is_empty {
            fields.mistake::<()>(name, "must name at least one where there is an issuer");
        }
    }
    Some(SignIn::With(Box::new(IdentityConfig {
        issuer: issuer.to_owned(),
        discovery: discovery?,
        audience: audience?,
        ca_file,
        algorithms: algorithms?,
        clock_leeway: SignedDuration::from_secs(leeway?.into()),
        claims: claims?,
        keys: keys?,
    })))
}

/// Where an issuer says what it is.
fn discovery(fields: &mut Fields, issuer: &str) -> Option<Url> {
    let plain =
        |url: &Url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let safe = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(url));
    let url = Url::parse(issuer).ok().filter(|url| plain(url) && safe(url));
    let discovery = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    url.and_then(|_| Url::parse(&discovery).ok()).or_else(|| {
        fields.mistake("issuer", "must be an https:// address (http:// only on this machine), without a query or a user")
    })
}

fn claims(fields: &mut Fields) -> Option<ClaimsConfig> {
    let subject = fields.text("subject_claim");
    let roles = fields.text("roles_claim");
    let [reader, recorder, chair, admin] = ["reader", "recorder", "chair", "admin"].map(|role| texts(fields, role));
    let restricted = texts(fields, "restricted");
    let teams = fields.text_or_empty("teams_claim")?;
    let every_team = texts(fields, "every_team");
    Some(ClaimsConfig {
        subject: subject?.to_owned(),
        roles: roles?.to_owned(),
        reader: reader?,
        recorder: recorder?,
        chair: chair?,
        admin: admin?,
        restricted: restricted?,
        teams: (!teams.is_empty()).then(|| teams.to_owned()),
        every_team: every_team?,
    })
}

fn keys(fields: &mut Fields) -> Option<KeysConfig> {
    let fresh = fields.number("keys_fresh_seconds", 60..=86_400);
    let kept = fields.number("keys_kept_seconds", 60..=604_800);
    let pause = fields.number("keys_pause_seconds", 1..=3_600);
    let timeout = fields.number("timeout_seconds", 1..=8);
    if fresh > kept {
        fields.mistake::<()>("keys_kept_seconds", "must be at least keys_fresh_seconds");
    }
    let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
    Some(KeysConfig {
        fresh: seconds(fresh?),
        kept: seconds(kept?),
        pause: seconds(pause?),
        timeout: Duration::from_secs(timeout?.into()),
    })
}

fn texts(fields: &mut Fields, name: &'static str) -> Option<Vec<String>> {
    fields.texts(name, |text| fields::plain_words(text).map(|()| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::{IdentityConfig, SignIn};

    fn from_environment(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(key, value)| (format!("PLO_DRIFT__IDENTITY__{key}"), (*value).to_owned()));
        Config::from_layers(None, &variables.collect()).map_err(|wrong| wrong.to_string())
    }

    fn issuer_of(config: Config) -> IdentityConfig {
        if let SignIn::With(identity) = config.sign_in { *identity } else { panic!("an issuer is given") }
    }

    #[test]
    fn nobody_signs_in_before_an_issuer_is_given() {
        for variables in [&[][..], &[("AUDIENCE", "a")]] {
            assert!(matches!(from_environment(variables).expect("a right configuration").sign_in, SignIn::Off));
        }
        let config = from_environment(&[("ISSUER", "https://login.example/t/v2.0"), ("AUDIENCE", "a")]);
        let identity = issuer_of(config.expect("a right configuration"));
        assert_eq!(identity.discovery.as_str(), "https://login.example/t/v2.0/.well-known/openid-configuration");
        assert_eq!(identity.claims.chair, ["plo-drift.chair"]);
        assert_eq!(identity.claims.teams, None);
    }

    #[rstest::rstest]
    #[case("https://login.example", true)]
    #[case("https://login.example/", true)]
    #[case("http://127.0.0.1:8080", true)]
    #[case("http://[::1]:8080", true)]
    #[case("http://localhost/realms/a", true)]
    #[case("http://login.example", false)]
    #[case("http://127.0.0.1.login.example", false)]
    #[case("https://user@login.example", false)]
    #[case("https://user:word@login.example", false)]
    #[case("https://login.example?tenant=a", false)]
    #[case("https://login.example#a", false)]
    #[case("file:///etc/keys", false)]
    #[case("login.example", false)]
    fn an_issuer_is_an_address_that_nobody_else_can_answer_for(#[case] issuer: &str, #[case] right: bool) {
        assert_eq!(from_environment(&[("ISSUER", issuer), ("AUDIENCE", "a")]).is_ok(), right);
    }

    #[test]
    fn every_mistake_is_named() {
        let wrong = [
            ("ISSUER", "https://login.example"),
            ("ALGORITHMS", "RS256, HS256, none"),
            ("ROLES_CLAIM", ""),
            ("CLOCK_LEEWAY_SECONDS", "3600"),
            ("KEYS_FRESH_SECONDS", "7200"),
            ("KEYS_KEPT_SECONDS", "3600"),
            ("TIMEOUT_SECONDS", "60"),
        ];
        let error = from_environment(&wrong).expect_err("much is wrong");
        for expected in [
            "identity.audience: must name at least one where there is an issuer",
            "identity.algorithms.1: must be one of: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384",
            "identity.algorithms.2: must be one of",
            "identity.roles_claim: must not be blank",
            "identity.clock_leeway_seconds: must be a whole number from 0 to 300",
            "identity.keys_kept_seconds: must be at least keys_fresh_seconds",
            "identity.timeout_seconds: must be a whole number from 1 to 8",
        ] {
            assert!(error.contains(expected), "{expected}\nis not in\n{error}");
        }
    }
}
