//! What was answered to requests that may come again under the same key: kept in the transaction of what they did, for some days.
//!
//! A key is of one caller. Whoever uses one holds it until the transaction ends, so that of the same requests at once one is done.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// How long an answer is kept: over a weekend, for whoever tries again on Monday.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(72);

/// A request that may come again.
#[derive(Clone, Copy, Debug)]
pub struct Repeatable<'a> {
    /// The caller.
    pub actor: &'a str,
    /// The caller's key for it.
    pub key: &'a str,
    /// Tells it from other requests.
    pub fingerprint: &'a [u8],
}

/// An answer, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its body.
    pub body: String,
    /// The tag that it gave.
    pub etag: String,
}

/// How it stands with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is held by this transaction, and nothing was done under it.
    New,
    /// This was answered to the same request.
    Answered(KeptAnswer),
    /// It was used for another request.
    OfAnotherRequest,
    /// The same key is being worked on.
    UnderWay,
}

/// Claims a key. Belongs into the transaction of what is done under it.
///
/// # Errors
///
/// The database does not answer.
pub async fn claim(connection: &mut PgConnection, request: Repeatable<'_>, now: Timestamp) -> Result<Claim, sqlx::Error> {
    let held = sqlx::query_scalar!(
        r#"-- kept_answers.hold
        SELECT pg_try_advisory_xact_lock(hashtextextended(jsonb_build_array($1::text, $2::text)::text, 0)) AS "held!""#,
        request.actor,
        request.key
    );
    if !held.fetch_one(&mut *connection).await? {
        return Ok(Claim::UnderWay);
    }
    // A statement of its own: it sees what the one who held the key before has committed.
    let kept = sqlx::query!(
        "-- kept_answers.find
        SELECT fingerprint, body, etag FROM kept_answers WHERE actor = $1 AND key = $2 AND kept_until > $3",
        request.actor,
        request.key,
        now.to_sqlx() as _
    );
    Ok(match kept.fetch_optional(connection).await? {
        None => Claim::New,
        Some(kept) if kept.fingerprint == request.fingerprint => {
            Claim::Answered(KeptAnswer { body: kept.body, etag: kept.etag })
        }
        Some(_) => Claim::OfAnotherRequest,
    })
}

/// Keeps the answer to a request about a case under the key that it has claimed.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep(
    connection: &mut PgConnection,
    request: Repeatable<'_>,
    case: &str,
    answer: &KeptAnswer,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let kept_until = now.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
    let kept = sqlx::query!(
        "-- kept_answers.keep
        INSERT INTO kept_answers (actor, key, fingerprint, body, etag, kept_until, case_reference)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (actor, key) DO UPDATE SET
            fingerprint = excluded.fingerprint, body = excluded.body, etag = excluded.etag, kept_until = excluded.kept_until,
            case_reference = excluded.case_reference",
        request.actor,
        request.key,
        request.fingerprint,
        answer.body,
        answer.etag,
        kept_until.to_sqlx() as _,
        case
    );
    kept.execute(connection).await?;
    Ok(())
}

/// Forgets the answers whose time is over.
///
/// # Errors
///
/// The database does not answer.
pub async fn forget(connection: &mut PgConnection, now: Timestamp) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!("-- kept_answers.forget\nDELETE FROM kept_answers WHERE kept_until <= $1", now.to_sqlx() as _);
    Ok(forgotten.execute(connection).await?.rows_affected())
}
