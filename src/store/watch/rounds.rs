//! The cases that the nightly reconciliation goes through: every one that is not settled, and a part of the settled ones.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::clock::Moment;

/// The next cases, in the order of their references, that are not settled: by their facts, by what is kept of them, or because an alert
/// of theirs stands. Each of the three is asked, because another one may be wrong.
///
/// # Errors
///
/// The database does not answer.
pub async fn next_not_settled(connection: &mut PgConnection, after: &str, at_most: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- watch.next_not_settled
        SELECT reference AS "reference!" FROM (
            (SELECT reference FROM cases
                WHERE reference > $1 AND closed_on IS NULL AND court_application_on IS NULL
                    AND (step_decision_on IS NULL OR outcome IS NULL OR outcome = 'issue')
                ORDER BY reference LIMIT $2)
            UNION
            (SELECT case_reference FROM case_watch
                WHERE case_reference > $1 AND (next_look_on IS NOT NULL OR rag <> 'green' OR status IS NULL
                    OR status IN ('not_started', 'open', 'decided_issue'))
                ORDER BY case_reference LIMIT $2)
            UNION
            (SELECT DISTINCT case_reference FROM alerts WHERE case_reference > $1 AND state <> 'resolved'
                ORDER BY case_reference LIMIT $2)
        ) AS next ORDER BY reference LIMIT $2"#,
        after,
        at_most
    )
    .fetch_all(connection)
    .await
}

/// The next cases of a part of all, in the order of their references: those whose reference has an MD5 that begins with these two
/// hexadecimal digits.
///
/// # Errors
///
/// The database does not answer.
pub async fn next_of_part(
    connection: &mut PgConnection,
    part: &str,
    after: &str,
    at_most: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- watch.next_of_part
        SELECT case_reference FROM case_watch WHERE left(md5(case_reference), 2) = $1 AND case_reference > $2
        ORDER BY case_reference LIMIT $3",
        part,
        after,
        at_most
    )
    .fetch_all(connection)
    .await
}

/// Notes that some cases were looked at and stand as they did. Those that somebody else holds are looked at by them.
///
/// # Errors
///
/// The database does not answer.
pub async fn note_look(connection: &mut PgConnection, references: &[String], now: Moment) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- watch.note_look
        WITH held AS (
            SELECT case_reference FROM case_watch WHERE case_reference = ANY($1) AND looked_on < $2
            ORDER BY case_reference FOR UPDATE SKIP LOCKED
        )
        UPDATE case_watch SET looked_on = $2, looked_at = $3 FROM held WHERE case_watch.case_reference = held.case_reference",
        references,
        now.today.to_sqlx() as _,
        now.at.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
