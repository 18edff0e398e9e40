//! Who is signed in to the pages. A session's secret is shown to its browser alone; only its SHA-256 is kept.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::known;
use super::tokens::{ApiRole, SEEN_EVERY, Scope, Secret};
use crate::config::board::SessionTimes;

/// A session to be begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The number of the person who signed in.
    pub person: i64,
    /// Under which numbers they are told by mail, one for each of their roles there.
    pub recipients: Vec<i64>,
    /// What they may do; at least one.
    pub roles: Vec<ApiRole>,
    /// What they may see.
    pub scope: Scope,
}

/// A session as it is kept, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it.
    pub id: i64,
    /// The number of the person who signed in.
    pub person: i64,
    /// Under which numbers they are told by mail, one for each of their roles there.
    pub recipients: Vec<i64>,
    /// What they may do.
    pub roles: Vec<ApiRole>,
    /// What they may see.
    pub scope: Scope,
    /// When something was last done in it, to the minute.
    pub last_used_at: Timestamp,
    /// From when on it counts no more.
    pub ends_at: Timestamp,
    /// Whether it goes on until then while nothing is done: its person asked for more time.
    pub stays: bool,
}

impl Session {
    /// Tells whether it counts at a moment.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp, times: SessionTimes) -> bool {
        now < self.ends_at && (self.stays || now.duration_since(self.last_used_at) < times.idle)
    }

    /// Tells whether it is to be noted that it is used: not if that was noted a moment ago.
    #[must_use]
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_used_at) >= SEEN_EVERY
    }
}

/// Begins a session; its secret can be had only here. What has ended goes first.
///
/// # Errors
///
/// The database does not answer, or refuses a team.
pub async fn begin(
    connection: &mut PgConnection,
    new: &NewSession,
    times: SessionTimes,
    now: Timestamp,
) -> Result<Secret, sqlx::Error> {
    let idle_since = now.saturating_sub(times.idle).unwrap_or(Timestamp::MIN);
    sqlx::query!(
        "-- sessions.take_away_ended\nDELETE FROM page_sessions WHERE ends_at <= $1 OR (last_used_at <= $2 AND NOT stays)",
        now.to_sqlx(),
        idle_since.to_sqlx()
    )
    .execute(&mut *connection)
    .await?;
    let secret = Secret::generate();
    let roles: Vec<String> = new.roles.iter().map(|role| role.code().to_owned()).collect();
    sqlx::query!(
        "-- sessions.begin
        INSERT INTO page_sessions (
            secret_hash, person_id, recipients, roles, teams, may_see_restricted, created_at, last_used_at, ends_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        secret.hash(),
        new.person,
        &new.recipients,
        &roles,
        &new.scope.teams,
        new.scope.may_see_restricted,
        now.to_sqlx(),
        now.saturating_add(times.whole).unwrap_or(Timestamp::MAX).to_sqlx()
    )
    .execute(connection)
    .await?;
    Ok(secret)
}

/// A session as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The session.
    pub session: Session,
    /// The state of the database in which it was found, where that has a name.
    pub version: Option<String>,
}

/// The session of a secret, whether or not it still counts.
///
/// # Errors
///
/// The database does not answer, or holds a role that is not known here.
pub async fn find(connection: &mut PgConnection, secret: &Secret) -> Result<Option<Found>, sqlx::Error> {
    let row = sqlx::query!(
        "-- sessions.find
        SELECT id, person_id, recipients, roles, teams, may_see_restricted, last_used_at, ends_at, stays, secret_hash,
            database_version() AS version
        FROM page_sessions WHERE secret_hash = $1",
        secret.hash()
    );
    let row = row.fetch_optional(connection).await?.filter(|row| secret.is_kept_as(&row.secret_hash));
    let Some(row) = row else { return Ok(None) };
    let roles =
        row.roles.iter().map(|role| known(ApiRole::from_code(role), "page_sessions.roles")).collect::<Result<_, _>>()?;
    let session = Session {
        id: row.id,
        person: row.person_id,
        recipients: row.recipients,
        roles,
        scope: Scope { teams: row.teams, may_see_restricted: row.may_see_restricted },
        last_used_at: row.last_used_at.to_jiff(),
        ends_at: row.ends_at.to_jiff(),
        stays: row.stays,
    };
    Ok(Some(Found { session, version: row.version }))
}

/// Notes that something was done in a session.
///
/// # Errors
///
/// The database does not answer.
pub async fn used(connection: &mut PgConnection, session: &Session, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- sessions.used\nUPDATE page_sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2",
        session.id,
        now.to_sqlx()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a session go on until its end while nothing is done in it, or no longer.
///
/// # Errors
///
/// The database does not answer.
pub async fn stay(connection: &mut PgConnection, session: i64, stays: bool) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!("-- sessions.stay\nUPDATE page_sessions SET stays = $2 WHERE id = $1", session, stays);
    changed.execute(connection).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
///
/// The database does not answer.
pub async fn end(connection: &mut PgConnection, session: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("-- sessions.end\nDELETE FROM page_sessions WHERE id = $1", session).execute(connection).await?;
    Ok(())
}

/// Under which numbers somebody with an address is told by mail.
///
/// # Errors
///
/// The database does not answer.
pub async fn recipients_at(connection: &mut PgConnection, email: &str) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- sessions.recipients_at\nSELECT id FROM recipients WHERE lower(email) = lower($1) AND active ORDER BY id",
        email
    )
    .fetch_all(connection)
    .await
}
