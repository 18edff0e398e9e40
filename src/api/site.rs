//! The service as it is seen from outside: where people reach it, what it is called, and whom they tell of its weaknesses.

use reqwest::Url;

use crate::config::Config;

/// What is known of that.
#[derive(Clone, Debug)]
pub struct Site {
    /// What addresses begin with, without a slash at the end.
    pub base_url: String,
    /// What the paths of addresses begin with, without a slash at the end: empty, unless a proxy puts something before ours.
    pub root: String,
    /// Whose service it is; may be empty.
    pub council: String,
    /// Where weaknesses are reported, as a URI.
    pub security_contact: Option<String>,
}

impl Site {
    /// As configured.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            base_url: config.base_url.clone(),
            root: Url::parse(&config.base_url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default(),
            council: config.council.clone(),
            security_contact: config.http.security_contact.clone(),
        }
    }

    /// Tells whether people reach it by TLS, which ends before this program.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}
