//! What is kept in PostgreSQL: free functions over a connection, so that the caller shows the transaction.
//!
//! Every query is checked at compile time and carries its name. Rows turn into the domain's values here and nowhere else.

pub mod agenda;
pub mod alert_list;
pub mod alerts;
pub mod audit;
pub mod caseload;
pub mod cases;
pub mod census;
pub mod changes;
pub mod data_quality;
pub mod drift;
pub mod erasure;
pub mod facts;
pub mod gathering;
pub mod grants;
pub mod history;
pub mod invariants;
pub mod jobs;
pub mod journal;
pub mod kept_answers;
pub mod ladders;
pub mod link_bearers;
pub mod link_keys;
pub mod measures;
pub mod outbox;
pub mod pauses;
pub mod people;
pub mod policies;
pub mod preview;
pub mod readiness;
pub mod recipients;
pub mod record;
pub mod session;
pub mod sessions;
pub mod sources;
pub mod statistics;
pub mod stood;
pub mod story;
pub mod to_tell;
pub mod tokens;
pub mod told;
pub mod watch;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use tokio::task::JoinError;

/// The migrations, as they were when this program was made.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Begins a transaction that reads a page of a list.
///
/// A list takes filters that are mostly not given. Only a plan made for the values at hand knows that, and walks an index to the
/// end of the page; the plan for any values, which `PostgreSQL` may come to keep, reads and sorts the whole table.
pub const BEGIN_LIST: &str = "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan";

/// Begins a transaction that reads pages of many cases, and one that judges them under their locks.
///
/// Their statements take an array of references. The plan for any array walks indexes; the plan for the references at hand, which
/// `PostgreSQL` makes some times before it believes that, may well read whole tables.
pub const BEGIN_PAGE: &str = "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan";
/// As [`BEGIN_PAGE`], to write.
pub const BEGIN_JUDGING: &str = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan";

/// Begins a transaction that reads one state of the database, whatever others commit meanwhile.
pub const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A row that the domain cannot read: somebody wrote past the constraints.
#[derive(Debug, thiserror::Error)]
#[error("{column} holds a word that is not known here")]
pub struct UnknownWord {
    /// Table and column.
    pub column: &'static str,
}

/// What an error says, without values, which the text of a database error and that of a panic can repeat.
#[must_use]
pub fn without_values(wrong: &anyhow::Error) -> String {
    if wrong.is::<JoinError>() {
        return "a part of it panicked".to_owned();
    }
    match wrong.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(refused)) => {
            let constraint = refused.constraint().map_or_else(String::new, |constraint| format!(", {constraint}"));
            let code = refused.code().unwrap_or_default();
            // The service's role may not: a migration came after what it was granted last.
            let advice = if code == "42501" { "; plo-drift grant says what its role may do" } else { "" };
            format!("the database refused it ({code}{constraint}){advice}")
        }
        Some(sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => {
            "the database holds what is not known here".to_owned()
        }
        Some(_) => "the database does not answer".to_owned(),
        None => format!("{wrong:#}"),
    }
}

pub(crate) fn day(date: Option<jiff_sqlx::Date>) -> Option<Date> {
    date.map(jiff_sqlx::Date::to_jiff)
}

pub(crate) fn sql_day(date: Option<Date>) -> Option<jiff_sqlx::Date> {
    date.map(Date::to_sqlx)
}

/// Insists that a word in a column is known here.
pub(crate) fn known<T>(word: Option<T>, column: &'static str) -> Result<T, sqlx::Error> {
    word.ok_or_else(|| sqlx::Error::Decode(UnknownWord { column }.into()))
}
