//! The people who are told.

use jiff::civil::Date;
use sqlx::PgConnection;

use super::{UnknownWord, day, sql_day};
use crate::domain::policy::Role;
use crate::domain::telling;

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
    /// Who stands in for them while they are away, and once they are no longer told.
    pub deputy: Option<i64>,
    /// The last day of an absence.
    pub away_until: Option<Date>,
}

impl Person {
    /// Whether they are away on a day.
    #[must_use]
    pub fn is_away(&self, today: Date) -> bool {
        self.away_until.is_some_and(|last| last >= today)
    }
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
    /// Who stands in for them while they are away, and once they are no longer told.
    pub deputy: Option<i64>,
    /// The last day of an absence.
    pub away_until: Option<Date>,
}

/// Everybody on record, also those who were removed: somebody may stand in for them. Who was removed, is away on this day or has an
/// address that may not be written to cannot be reached.
///
/// # Errors
///
/// The database does not answer, or holds a role that is not known here.
pub async fn people(
    connection: &mut PgConnection,
    today: Date,
    may_write_to: impl Fn(&str) -> bool,
) -> anyhow::Result<Vec<telling::Person>> {
    let everybody = list(connection).await?.into_iter();
    let told = everybody.map(|person| {
        let reachable = person.active && !person.is_away(today) && may_write_to(&person.email);
        Ok(telling::Person {
            id: person.id,
            role: Role::from_code(&person.role).ok_or(UnknownWord { column: "recipients.role" })?,
            teams: person.teams,
            may_see_restricted: person.may_see_restricted,
            reachable,
            deputy: person.deputy,
        })
    });
    told.collect()
}

/// Adds a person; absent where the address is told in this role already.
///
/// # Errors
///
/// The database does not answer or refuses a value.
pub async fn add(connection: &mut PgConnection, person: &NewPerson) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- recipients.add
        INSERT INTO recipients (name, email, role, teams, may_see_restricted, deputy_id, away_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING RETURNING id",
        person.name,
        person.email,
        person.role.code(),
        &person.teams,
        person.may_see_restricted,
        person.deputy,
        sql_day(person.away_until) as _
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
    let rows = sqlx::query!(
        "-- recipients.list
        SELECT id, name, email, role, teams, may_see_restricted, active, deputy_id, away_until
        FROM recipients ORDER BY active DESC, id"
    );
    let person = rows.fetch_all(connection).await?.into_iter().map(|row| Person {
        id: row.id,
        name: row.name,
        email: row.email,
        role: row.role,
        teams: row.teams,
        may_see_restricted: row.may_see_restricted,
        active: row.active,
        deputy: row.deputy_id,
        away_until: day(row.away_until),
    });
    Ok(person.collect())
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

/// Tells a person again who was removed; false where the address is told in the role already.
///
/// # Errors
///
/// The database does not answer.
pub async fn restore(connection: &mut PgConnection, id: i64) -> Result<bool, sqlx::Error> {
    let restored = sqlx::query!("-- recipients.restore\nUPDATE recipients SET active = true WHERE id = $1", id);
    match restored.execute(connection).await {
        Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => Ok(false),
        other => other.map(|_| true),
    }
}

/// Says who stands in for a person.
///
/// # Errors
///
/// The database does not answer, or knows nobody by that number.
pub async fn set_deputy(connection: &mut PgConnection, id: i64, deputy: Option<i64>) -> Result<(), sqlx::Error> {
    sqlx::query!("-- recipients.set_deputy\nUPDATE recipients SET deputy_id = $2 WHERE id = $1", id, deputy)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says until which day, that day included, a person is away; absent where they are back.
///
/// # Errors
///
/// The database does not answer.
pub async fn set_absence(connection: &mut PgConnection, id: i64, until: Option<Date>) -> Result<(), sqlx::Error> {
    sqlx::query!("-- recipients.set_absence\nUPDATE recipients SET away_until = $2 WHERE id = $1", id, sql_day(until) as _)
        .execute(connection)
        .await?;
    Ok(())
}
