//! The policy in force, which any number of instances read from the database.
//!
//! A policy comes from the file beside the configuration, or over the API. An instance that starts offers its file: it is put in
//! force if it is not the one that was put in force from a file last. So a policy that came over the API stays in force until the
//! file changes, and two instances that have different files do not put each other's policy out again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::{Account, Origin, PolicyVersion, Version, add, alone, in_force, last_of_a_file, newest};
use crate::domain::policy::Policy;
use crate::policy_file::{self, PolicyDocument, PolicyError};

/// Why it is not known which policy is in force.
#[derive(Debug, thiserror::Error)]
pub enum InForceError {
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It holds a policy that this program cannot read.
    #[error("version {version} of the policy is in force and cannot be read by this version of the program: {reason}")]
    Unreadable {
        /// Its number.
        version: i64,
        /// Why.
        reason: PolicyError,
    },
}

/// A policy as it was found in force.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its number; absent where none is kept yet, and the configured one counts.
    pub number: Option<i64>,
    /// What it says.
    pub policy: Policy,
    /// How it is known in the database.
    pub version: PolicyVersion,
}

impl From<&PolicyDocument> for Known {
    fn from(document: &PolicyDocument) -> Self {
        let version = PolicyVersion { digest: document.digest(), document: document.text.clone() };
        Self { number: None, policy: document.policy.clone(), version }
    }
}

/// The policy in force: read again only where another has come.
#[derive(Clone, Debug)]
pub struct InForce {
    configured: Arc<PolicyDocument>,
    last: Arc<Mutex<Option<Arc<Known>>>>,
    offered: Arc<AtomicBool>,
}

impl InForce {
    /// Whatever the database says; the configured one where it says nothing yet.
    #[must_use]
    pub fn or(configured: PolicyDocument) -> Self {
        Self { configured: Arc::new(configured), last: Arc::default(), offered: Arc::default() }
    }

    /// The policy in force.
    ///
    /// # Errors
    ///
    /// The database does not answer, or holds a policy that cannot be read.
    pub async fn read(&self, connection: &mut PgConnection) -> Result<Arc<Known>, InForceError> {
        let number = newest(connection).await?;
        let last = self.last.lock().expect("nobody panics while looking").clone();
        if let Some(last) = last.filter(|last| last.number.is_some() && last.number == number) {
            return Ok(last);
        }
        let known = Arc::new(match in_force(connection).await? {
            Some(version) => self.known(version)?,
            None => Known::from(&*self.configured),
        });
        *self.last.lock().expect("nobody panics while looking") = Some(known.clone());
        Ok(known)
    }

    /// Offers the configured policy, once in the life of an instance, and wherever the database holds none: it is another then.
    ///
    /// # Errors
    ///
    /// The database does not answer; the next call offers it.
    pub async fn offer_once(&self, connection: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
        if !self.offered.load(Ordering::Relaxed) || newest(connection).await?.is_none() {
            offer(connection, &self.configured, now).await?;
            self.offered.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// A program of before kept no texts: it judged by its file, as this one then does.
    fn known(&self, version: Version) -> Result<Known, InForceError> {
        let number = Some(version.id);
        let Some(text) = version.document else {
            let configured = Known::from(&*self.configured);
            return Ok(Known { number, version: PolicyVersion { digest: version.digest, ..configured.version }, ..configured });
        };
        let policy =
            policy_file::read("in force", &text).map_err(|reason| InForceError::Unreadable { version: version.id, reason })?;
        Ok(Known { number, policy, version: PolicyVersion { digest: version.digest, document: text } })
    }
}

/// Puts the configured policy in force where its file has changed, and the one in force anew where the program has: after either,
/// every case is looked at again. Tells whether it did.
///
/// # Errors
///
/// The database does not answer.
pub async fn offer(connection: &mut PgConnection, configured: &PolicyDocument, now: Timestamp) -> Result<bool, sqlx::Error> {
    let mut tx = connection.begin().await?;
    alone(&mut tx).await?;
    let put = to_put(&mut tx, configured).await?;
    if let Some((policy, account)) = &put {
        add(&mut tx, policy, account, now).await?;
    }
    tx.commit().await?;
    Ok(put.is_some())
}

/// The policy in force, once the configured one is offered.
///
/// # Errors
///
/// The database does not answer, or holds a policy that cannot be read.
pub async fn once_offered(
    connection: &mut PgConnection,
    configured: PolicyDocument,
    now: Timestamp,
) -> Result<Arc<Known>, InForceError> {
    let in_force = InForce::or(configured);
    in_force.offer_once(connection, now).await?;
    in_force.read(connection).await
}

/// The policy that would be in force, if the configured one were offered now.
///
/// # Errors
///
/// The database does not answer, or holds a policy that cannot be read.
pub async fn would_be(connection: &mut PgConnection, configured: PolicyDocument) -> Result<Arc<Known>, InForceError> {
    let Some((version, _)) = to_put(connection, &configured).await? else {
        return InForce::or(configured).read(connection).await;
    };
    let policy = match PolicyDocument::of_text("in force", &version.document) {
        Ok(document) => document.policy,
        Err(_) => configured.policy,
    };
    Ok(Arc::new(Known { number: None, policy, version }))
}

async fn to_put(
    connection: &mut PgConnection,
    configured: &PolicyDocument,
) -> Result<Option<(PolicyVersion, Account)>, sqlx::Error> {
    let of_file = last_of_a_file(connection).await?;
    let current = in_force(connection).await?;
    let has_changed = match (&current, configured.is_built_in) {
        (None, _) => true,
        (Some(current), true) => current.origin != Origin::Api && !says_the_same(current, configured),
        (Some(_), false) => !of_file.is_some_and(|last| says_the_same(&last, configured)),
    };
    if has_changed {
        let account = if configured.is_built_in { Account::BuiltIn } else { Account::File };
        return Ok(Some((Known::from(configured).version, account)));
    }
    let Some(current) = current else { return Ok(None) };
    let again = current.document.as_deref().and_then(|text| PolicyDocument::of_text("in force", text).ok());
    let anew = again.map(|document| Known::from(&document).version).filter(|anew| anew.digest != current.digest);
    Ok(anew.map(|anew| (anew, current.account())))
}

/// Tells whether a version is what a document says, whichever program put it in force.
fn says_the_same(version: &Version, document: &PolicyDocument) -> bool {
    let kept = version.document.as_deref();
    version.digest == document.digest()
        || kept == Some(&document.text)
        || kept
            .and_then(|text| PolicyDocument::of_text("kept", text).ok())
            .is_some_and(|kept| kept.digest() == document.digest())
}
