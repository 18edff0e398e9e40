//! The keys by which the links of mails are signed: the newest signs, all of them count.

use aws_lc_rs::rand;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::links::LinkKey;

/// Every key, the newest first.
///
/// # Errors
///
/// The database does not answer.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<LinkKey>, sqlx::Error> {
    let rows = sqlx::query!("-- link_keys.all\nSELECT id, key FROM link_keys ORDER BY id DESC");
    let rows = rows.fetch_all(connection).await?.into_iter();
    // A key of another length cannot be there: a constraint holds it.
    Ok(rows.filter_map(|row| Some(LinkKey { id: row.id, key: row.key.try_into().ok()? })).collect())
}

/// The key that signs; made on first use. Where two make one at once, each signs with its own, and both count.
///
/// # Errors
///
/// The database does not answer.
pub async fn newest_or_new(connection: &mut PgConnection, now: Timestamp) -> Result<LinkKey, sqlx::Error> {
    match all(&mut *connection).await?.into_iter().next() {
        Some(newest) => Ok(newest),
        None => make(connection, now).await,
    }
}

/// Makes a key, which signs from now on.
///
/// # Errors
///
/// The database does not answer.
pub async fn make(connection: &mut PgConnection, now: Timestamp) -> Result<LinkKey, sqlx::Error> {
    let mut key = [0; 32];
    rand::fill(&mut key).expect("the system has randomness to give");
    let id = sqlx::query_scalar!(
        "-- link_keys.make\nINSERT INTO link_keys (key, made_at) VALUES ($1, $2) RETURNING id",
        &key,
        now.to_sqlx()
    );
    Ok(LinkKey { id: id.fetch_one(connection).await?, key })
}

/// Ends every key but one, and with it every link that such a key signed; how many they were.
///
/// # Errors
///
/// The database does not answer.
pub async fn end_all_but(connection: &mut PgConnection, id: i32) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query!("-- link_keys.end_all_but\nDELETE FROM link_keys WHERE id <> $1", id).execute(connection).await?;
    Ok(ended.rows_affected())
}
