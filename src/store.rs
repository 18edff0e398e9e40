//! What is kept in PostgreSQL: free functions over a connection, so that the caller shows the transaction.
//!
//! Every query is checked at compile time and carries its name. Rows turn into the domain's values here and nowhere else.

pub mod cases;
pub mod record;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;

/// A row that the domain cannot read: somebody wrote past the constraints.
#[derive(Debug, thiserror::Error)]
#[error("{column} holds a word that is not known here")]
pub struct UnknownWord {
    /// Table and column.
    pub column: &'static str,
}

pub(crate) fn day(date: Option<jiff_sqlx::Date>) -> Option<Date> {
    date.map(jiff_sqlx::Date::to_jiff)
}

pub(crate) fn sql_day(date: Option<Date>) -> Option<jiff_sqlx::Date> {
    date.map(Date::to_sqlx)
}
