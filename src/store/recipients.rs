//! The people who are told.

use sqlx::PgConnection;

use super::UnknownWord;
use crate::domain::policy::Role;
use crate::domain::telling::Recipient;

/// A person as an operator enters and sees them.
#[derive(Clone, Debug)]
pub struct Person {
    /// What the store knows the person by.
    pub id: i64,
    /// Name, for operators only: it never leaves in a mail.
    pub name: String,
    /// Address.
    pub email: String,
    /// In which role.
    pub role: String,
    /// For which teams; none means all.
    pub teams: Vec<String>,
    /// Whether they may see restricted cases.
    pub may_see_restricted: bool,
    /// Whether they are told of anything.
    pub active: bool,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Name, for operators only.
    pub name: String,
    /// Address.
    pub email: String,
    /// In which role.
    pub role: Role,
    /// For which teams; none means all.
    pub teams: Vec<String>,
    /// Whether they may see restricted cases.
    pub may_see_restricted: bool,
}

/// Everybody who is told, and whose address may be written to.
///
/// # Errors
///
/// The database does not answer, or holds a role that is not known here.
pub async fn active(connection: &mut PgConnection, may_write_to: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Recipient>> {
    let rows = sqlx::query!(
        "-- recipients.active\nSELECT id, email, role, teams, may_see_restricted FROM recipients WHERE active ORDER BY id"
    );
    let mut recipients = Vec::new();
    for row in rows.fetch_all(connection).await?.into_iter().filter(|row| may_write_to(&row.email)) {
        let role = Role::from_code(&row.role).ok_or(UnknownWord { column: "recipients.role" })?;
        recipients.push(Recipient { id: row.id, role, teams: row.teams, may_see_restricted: row.may_see_restricted });
    }
    Ok(recipients)
}

/// Adds a person; absent where the address is told in this role already.
///
/// # Errors
///
/// The database does not answer or refuses a value.
pub async fn add(connection: &mut PgConnection, person: &NewPerson) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- recipients.add
        INSERT INTO recipients (name, email, role, teams, may_see_restricted) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING id",
        person.name,
        person.email,
        person.role.code(),
        &person.teams,
        person.may_see_restricted
    )
    .fetch_optional(connection)
    .await
}

/// Everybody, also those who were removed.
///
/// # Errors
///
/// The database does not answer.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Person>, sqlx::Error> {
    sqlx::query_as!(
        Person,
        "-- recipients.list
        SELECT id, name, email, role, teams, may_see_restricted, active FROM recipients ORDER BY active DESC, id"
    )
    .fetch_all(connection)
    .await
}

/// Tells a person nothing any more; false where there is no such active person. What they were told stays on record.
///
/// # Errors
///
/// The database does not answer.
pub async fn remove(connection: &mut PgConnection, id: i64) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!("-- recipients.remove\nUPDATE recipients SET active = false WHERE id = $1 AND active", id);
    Ok(removed.execute(connection).await?.rows_affected() == 1)
}
