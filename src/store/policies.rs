//! The versions of the policy: which rules were in force from when, with their whole text and who put them in force.

pub mod in_force;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::journal::{self, Entry, What};
use super::known;
use crate::domain::case::coded;

coded! {
    /// Where a policy came from.
    Origin {
        /// From the program itself.
        BuiltIn = "built_in",
        /// From the file beside the configuration.
        File = "file",
        /// From somebody who put it in force over the API.
        Api = "api",
    }
}

/// A policy as it is put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Tells this policy, and this program, from others.
    pub digest: String,
    /// The whole text that says it, in TOML.
    pub document: String,
}

/// A policy that is or was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number; numbers rise, and some may be left out.
    pub id: i64,
    /// Since when.
    pub in_force_from: Timestamp,
    /// Tells it from others.
    pub digest: String,
    /// Its whole text; absent where a program put it in force that did not keep texts.
    pub document: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// Who put it in force over the API.
    pub actor: Option<String>,
}

/// On whose account a policy is put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The program has no other.
    BuiltIn,
    /// The file beside the configuration says it.
    File,
    /// Somebody called the API.
    Api(String),
}

/// Lets nobody else put a policy in force until the transaction ends.
///
/// # Errors
///
/// The database does not answer.
pub async fn alone(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("-- policies.alone\nSELECT pg_advisory_xact_lock(hashtext('plo-drift policy'))").execute(connection).await?;
    Ok(())
}

/// Adds a version, which is in force from now on, and journals it; its number.
///
/// # Errors
///
/// The database does not answer.
pub async fn add(
    connection: &mut PgConnection,
    policy: &PolicyVersion,
    account: &Account,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    let (origin, actor) = match account {
        Account::BuiltIn => (Origin::BuiltIn, None),
        Account::File => (Origin::File, None),
        Account::Api(actor) => (Origin::Api, Some(actor.as_str())),
    };
    let before = in_force(connection).await?;
    let id = sqlx::query_scalar!(
        "-- policies.add
        INSERT INTO policies (in_force_from, digest, document, origin, actor) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        now.to_sqlx() as _,
        policy.digest,
        policy.document,
        origin.code(),
        actor
    )
    .fetch_one(&mut *connection)
    .await?;
    let mut reason = before.map_or_else(
        || format!("version {id} is the first"),
        |before| format!("version {id} takes the place of version {}", before.id),
    );
    reason.extend(actor.map(|actor| format!("; put in force over the API by {actor}")));
    journal::add(connection, now, What::PolicyChanged, Entry { reason: Some(&reason), ..Entry::default() }).await?;
    Ok(id)
}

/// Notes that a sweep begins to judge by a version; false where one has done so before.
///
/// # Errors
///
/// The database does not answer.
pub async fn take_up(connection: &mut PgConnection, version: i64, now: Timestamp) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "-- policies.take_up\nINSERT INTO policies_taken_up (version, taken_up_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        version,
        now.to_sqlx() as _
    );
    Ok(taken.execute(connection).await?.rows_affected() == 1)
}

/// Tells whether a version that was taken up judges cases as the one that was taken up before it: only how long things are kept has
/// changed, which stands behind the dot of a digest.
///
/// # Errors
///
/// The database does not answer.
pub async fn judges_as_before(connection: &mut PgConnection, version: &Version) -> Result<bool, sqlx::Error> {
    let before = sqlx::query_scalar!(
        "-- policies.judges_as_before
        SELECT digest FROM policies_taken_up JOIN policies ON id = version WHERE version < $1 ORDER BY version DESC LIMIT 1",
        version.id
    );
    let rules = |digest: &str| digest.split('.').next().map(str::to_owned);
    Ok(before.fetch_optional(connection).await?.is_some_and(|before| rules(&before) == rules(&version.digest)))
}

/// The number of the version that is in force; absent before there is one.
///
/// # Errors
///
/// The database does not answer.
pub async fn newest(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!("-- policies.newest\nSELECT max(id) FROM policies").fetch_one(connection).await
}

/// Tells whether this policy is the one that is in force.
///
/// # Errors
///
/// The database does not answer.
pub async fn is_in_force(connection: &mut PgConnection, policy: &PolicyVersion) -> Result<bool, sqlx::Error> {
    let digest = sqlx::query_scalar!("-- policies.is_in_force\nSELECT digest FROM policies ORDER BY id DESC LIMIT 1");
    Ok(digest.fetch_optional(connection).await?.is_some_and(|digest| digest == policy.digest))
}

/// The policy that is in force; absent before the first sweep.
///
/// # Errors
///
/// The database does not answer.
pub async fn in_force(connection: &mut PgConnection) -> Result<Option<Version>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "-- policies.in_force
        SELECT id, in_force_from, digest, document, origin, actor FROM policies ORDER BY id DESC LIMIT 1"
    );
    row.fetch_optional(connection).await?.map(Version::try_from).transpose()
}

/// The last policy that came from a file; absent where none did.
///
/// # Errors
///
/// The database does not answer.
pub async fn last_of_a_file(connection: &mut PgConnection) -> Result<Option<Version>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "-- policies.last_of_a_file
        SELECT id, in_force_from, digest, document, origin, actor FROM policies WHERE origin = 'file' ORDER BY id DESC LIMIT 1"
    );
    row.fetch_optional(connection).await?.map(Version::try_from).transpose()
}

/// The policy that was in force right before a moment; absent where none was.
///
/// # Errors
///
/// The database does not answer.
pub async fn find_in_force_before(connection: &mut PgConnection, moment: Timestamp) -> Result<Option<Version>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "-- policies.find_in_force_before
        SELECT id, in_force_from, digest, document, origin, actor FROM policies WHERE in_force_from < $1
        ORDER BY in_force_from DESC, id DESC LIMIT 1",
        moment.to_sqlx() as _
    );
    row.fetch_optional(connection).await?.map(Version::try_from).transpose()
}

struct Row {
    id: i64,
    in_force_from: jiff_sqlx::Timestamp,
    digest: String,
    document: Option<String>,
    origin: String,
    actor: Option<String>,
}

impl TryFrom<Row> for Version {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let Row { id, in_force_from, digest, document, origin, actor } = row;
        let origin = known(Origin::from_code(&origin), "policies.origin")?;
        Ok(Self { id, in_force_from: in_force_from.to_jiff(), digest, document, origin, actor })
    }
}

impl Version {
    /// On whose account it was put in force.
    #[must_use]
    pub fn account(&self) -> Account {
        match (self.origin, &self.actor) {
            (Origin::Api, actor) => Account::Api(actor.clone().unwrap_or_default()),
            (Origin::BuiltIn, _) => Account::BuiltIn,
            (Origin::File, _) => Account::File,
        }
    }
}
