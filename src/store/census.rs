//! The return of a year of the census: which cases can belong to it, and the slice of them.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::cases;
use super::tokens::Scope;
use crate::domain::census::{Slice, Year};
use crate::domain::policy::Policy;

/// Cases that are loaded together.
const AT_A_TIME: usize = 500;

/// The slice of a year: every case in scope, of one team if it is given, that belongs to it, in the order of their references. It is
/// of one moment where the transaction is a snapshot. `looked_at` hears how many cases of how many were looked at.
///
/// # Errors
///
/// The database does not answer, or a case holds a word that is not known here: to leave it out would make the return wrong.
pub async fn slice(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    year: Year,
    policy: &Policy,
    mut looked_at: impl FnMut(usize, usize),
) -> Result<Slice, sqlx::Error> {
    let mut slice = Slice::of(year);
    let references = candidates(connection, scope, team, year).await?;
    for (page, some) in references.chunks(AT_A_TIME).enumerate() {
        for (_, case) in cases::load_for_course(connection, some).await? {
            slice.add(&case.map_err(|wrong| sqlx::Error::Decode(wrong.into()))?, policy);
        }
        looked_at(page * AT_A_TIME + some.len(), references.len());
    }
    Ok(slice)
}

/// Every case that may belong to a year: one with a day in it, or one that was not over before it. Which do is the domain's to say.
///
/// # Errors
///
/// The database does not answer.
pub async fn candidates(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    year: Year,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- census.candidates
        SELECT reference FROM cases
        WHERE (cardinality($1::text[]) = 0 OR team = ANY ($1))
            AND ($2::boolean OR NOT restricted)
            AND ($3::text IS NULL OR team = $3)
            AND (
                started_on BETWEEN $4 AND $5 OR lbp_sent_on BETWEEN $4 AND $5 OR step_decision_on BETWEEN $4 AND $5
                OR court_application_on BETWEEN $4 AND $5 OR letter_of_issue_on BETWEEN $4 AND $5
                OR EXISTS (
                    SELECT FROM meetings
                    WHERE case_reference = cases.reference AND kind = 'initial' AND held_on BETWEEN $4 AND $5
                )
                OR (
                    started_on < $4
                    AND (closed_on IS NULL OR closed_on > $4)
                    AND (court_application_on IS NULL OR court_application_on > $4)
                    AND (step_decision_on IS NULL OR outcome IS NULL OR outcome = 'issue' OR step_decision_on > $4)
                )
            )
        ORDER BY reference",
        &scope.teams,
        scope.may_see_restricted,
        team,
        year.from().to_sqlx() as _,
        year.to().to_sqlx() as _
    )
    .fetch_all(connection)
    .await
}
