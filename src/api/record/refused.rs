//! What the database refuses though it was checked before: constraints are a public contract, and a council may have added its own.

use sqlx::error::ErrorKind;

use crate::api::problem::Problem;
use crate::fields::Mistake;

/// Data that does not fit its column.
const DATA_EXCEPTION: &str = "22";

/// Names the constraint that refuses a fact; anything else is a problem of the service's own.
pub fn refused(error: sqlx::Error) -> Problem {
    let sqlx::Error::Database(refusal) = &error else { return error.into() };
    let by = refusal.constraint().unwrap_or("a column cannot hold it");
    match refusal.kind() {
        ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation | ErrorKind::ExclusionViolation => {
            Problem::Conflict(format!("What is recorded already stands against it: {by}."))
        }
        ErrorKind::CheckViolation | ErrorKind::NotNullViolation => whole(by),
        _ if refusal.code().is_some_and(|code| code.starts_with(DATA_EXCEPTION)) => whole(by),
        _ => error.into(),
    }
}

fn whole(by: &str) -> Problem {
    Problem::WrongFields(vec![Mistake { pointer: String::new(), reason: format!("the database refuses it: {by}") }])
}
