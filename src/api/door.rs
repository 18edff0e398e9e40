//! How people get in to the pages.

use crate::identity::sign_in::SignInWithIssuer;
use crate::store::tokens::{ApiRole, Scope};

/// The way in.
#[derive(Debug, Default)]
pub enum Door {
    /// None: no client of an issuer is configured.
    #[default]
    Shut,
    /// They sign in with an issuer.
    Issuer(Box<SignInWithIssuer>),
    /// In the demonstration, they choose who they are.
    Demonstration(Vec<Part>),
}

/// Somebody that one can be in the demonstration.
#[derive(Clone, Debug)]
pub struct Part {
    /// Names it in the form.
    pub code: &'static str,
    /// As a person would say it.
    pub title: &'static str,
    /// What they may do and see, in a sentence.
    pub about: &'static str,
    /// What they may do.
    pub roles: Vec<ApiRole>,
    /// What they may see.
    pub scope: Scope,
    /// Under which numbers they are told by mail.
    pub recipients: Vec<i64>,
}
