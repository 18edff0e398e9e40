//! People who signed in with OpenID Connect: known by issuer and subject, by a number everywhere else, and by no name.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::tokens::SEEN_EVERY;

/// The number of a person who calls, who may be new.
///
/// # Errors
///
/// The database does not answer, or refuses the issuer or the subject.
pub async fn seen(connection: &mut PgConnection, issuer: &str, subject: &str, now: Timestamp) -> Result<i64, sqlx::Error> {
    let known = sqlx::query!(
        "-- people.find\nSELECT id, last_seen_at FROM api_people WHERE issuer = $1 AND subject = $2",
        issuer,
        subject
    );
    match known.fetch_optional(&mut *connection).await? {
        Some(person) if now.duration_since(person.last_seen_at.to_jiff()) < SEEN_EVERY => Ok(person.id),
        _ => note(connection, issuer, subject, now).await,
    }
}

async fn note(connection: &mut PgConnection, issuer: &str, subject: &str, now: Timestamp) -> Result<i64, sqlx::Error> {
    let id = sqlx::query_scalar!(
        r#"-- people.note
        INSERT INTO api_people AS known (issuer, subject, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $3)
        ON CONFLICT (issuer, subject) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
        RETURNING id"#,
        issuer,
        subject,
        now.to_sqlx()
    );
    id.fetch_one(connection).await
}
