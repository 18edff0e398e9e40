//! When to look at each case next, and how it stood when it was last looked at.

mod kept;
mod rounds;

use jiff::civil::{Date, date};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::sql_day;
use crate::clock::Moment;

pub use self::kept::{Hints, Kept, Seen, keep, kept};
pub use self::rounds::{next_not_settled, next_of_part, note_look};

/// How many marks are taken in by one statement.
const MARKS_AT_A_TIME: i64 = 100_000;

/// Makes every case due whose facts, or whose family's, changed since it was last looked at. One sweep at a time does it, and waits
/// for nobody: what somebody else holds stays marked for the next time.
///
/// # Errors
///
/// The database does not answer.
pub async fn take_in_marks(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let alone = sqlx::query_scalar!(
        "-- watch.take_in_marks_alone\nSELECT pg_try_advisory_xact_lock(hashtext('plo-drift marks')) AS \"alone!\""
    );
    if !alone.fetch_one(&mut *connection).await? {
        return Ok(());
    }
    let last = sqlx::query_scalar!("-- watch.last_mark\nSELECT max(id) FROM case_marks").fetch_one(&mut *connection).await?;
    let Some(last) = last else { return Ok(()) };
    let mut taken = MARKS_AT_A_TIME;
    while taken == MARKS_AT_A_TIME {
        taken = sqlx::query_scalar!(
            r#"-- watch.take_in_marks
            WITH taken AS (
                DELETE FROM case_marks WHERE id IN (SELECT id FROM case_marks WHERE id <= $1 ORDER BY id LIMIT $2)
                RETURNING case_reference, family_reference
            ), touched AS (
                SELECT case_reference FROM taken WHERE case_reference IS NOT NULL
                UNION
                SELECT cases.reference FROM taken JOIN cases USING (family_reference)
            ), held AS (
                SELECT case_watch.case_reference FROM case_watch JOIN touched USING (case_reference)
                ORDER BY case_reference FOR UPDATE OF case_watch SKIP LOCKED
            ), due AS (
                UPDATE case_watch SET next_look_on = DATE '2000-01-01', postponed_until = NULL
                FROM held WHERE case_watch.case_reference = held.case_reference
            ), left_marked AS (
                INSERT INTO case_marks (case_reference)
                SELECT case_reference FROM touched JOIN case_watch USING (case_reference)
                WHERE case_reference NOT IN (SELECT case_reference FROM held)
            )
            SELECT count(*) AS "taken!" FROM taken"#,
            last,
            MARKS_AT_A_TIME
        )
        .fetch_one(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Makes every case due; those that somebody else holds are marked instead.
///
/// # Errors
///
/// The database does not answer.
pub async fn make_all_due(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- watch.make_all_due
        WITH held AS (
            SELECT case_reference FROM case_watch ORDER BY case_reference FOR UPDATE SKIP LOCKED
        ), due AS (
            UPDATE case_watch SET next_look_on = DATE '2000-01-01', postponed_until = NULL
            FROM held WHERE case_watch.case_reference = held.case_reference
        )
        INSERT INTO case_marks (case_reference)
        SELECT case_reference FROM case_watch WHERE case_reference NOT IN (SELECT case_reference FROM held)"
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes every case due that was last looked at as of a later day: the clock went back, or a check was made as of the future.
///
/// # Errors
///
/// The database does not answer.
pub async fn make_due_what_was_seen_after(connection: &mut PgConnection, today: Date) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- watch.make_due_what_was_seen_after
        WITH held AS (
            SELECT case_reference FROM case_watch WHERE looked_on > $1 ORDER BY case_reference FOR UPDATE SKIP LOCKED
        )
        UPDATE case_watch SET next_look_on = DATE '2000-01-01', postponed_until = NULL
        FROM held WHERE case_watch.case_reference = held.case_reference",
        today.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes every case due whose alerts may be told of today, because a rung has come to its day or a pause is over, and that was not
/// looked at today: what is told is as it stands today.
///
/// # Errors
///
/// The database does not answer.
pub async fn make_due_what_is_told(connection: &mut PgConnection, today: Date) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- watch.make_due_what_is_told
        WITH told AS (
            SELECT case_reference FROM alerts WHERE state <> 'resolved' AND next_rung_on <= $1
            UNION
            SELECT case_reference FROM alert_pauses JOIN alerts ON alerts.id = alert_id WHERE ended_at IS NULL AND until_on <= $1
        ), held AS (
            SELECT case_watch.case_reference FROM case_watch JOIN told USING (case_reference)
            WHERE looked_on < $1 AND (next_look_on > $1 OR next_look_on IS NULL)
            ORDER BY case_watch.case_reference FOR UPDATE OF case_watch SKIP LOCKED
        )
        UPDATE case_watch SET next_look_on = DATE '2000-01-01' FROM held WHERE case_watch.case_reference = held.case_reference",
        today.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How far a sweep has come among the cases that are due.
#[derive(Clone, Debug)]
pub struct Place {
    next_look_on: Date,
    reference: String,
}

impl Default for Place {
    /// Before the first.
    fn default() -> Self {
        Self { next_look_on: date(1, 1, 1), reference: String::new() }
    }
}

/// The next cases that are due after a place, those that have waited longest first, held until the transaction ends; the place moves
/// on to the last of them. Those that somebody else holds are passed over.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_due(
    connection: &mut PgConnection,
    now: Moment,
    place: &mut Place,
    at_most: u32,
) -> Result<Vec<String>, sqlx::Error> {
    let due = sqlx::query!(
        "-- watch.hold_due
        SELECT case_reference, next_look_on AS \"next_look_on!\" FROM case_watch
        WHERE next_look_on <= $1 AND (postponed_until IS NULL OR postponed_until <= $2)
            AND (next_look_on, case_reference) > ($3, $4)
        ORDER BY next_look_on, case_reference LIMIT $5 FOR UPDATE SKIP LOCKED",
        now.today.to_sqlx() as _,
        now.at.to_sqlx() as _,
        place.next_look_on.to_sqlx() as _,
        place.reference,
        i64::from(at_most)
    );
    let due = due.fetch_all(connection).await?;
    if let Some(last) = due.last() {
        *place = Place { next_look_on: last.next_look_on.to_jiff(), reference: last.case_reference.clone() };
    }
    Ok(due.into_iter().map(|due| due.case_reference).collect())
}

/// How many cases and alerts a sweep that has ended passed over, because somebody else held them all the while: cases that are due
/// still or that stay marked, and alerts with a rung or a pause that has come to its day.
///
/// # Errors
///
/// The database does not answer.
pub async fn count_passed_over(connection: &mut PgConnection, now: Moment, is_working_day: bool) -> Result<i64, sqlx::Error> {
    // What has been marked since is no fault of the sweep's, so it is tried whether marked cases are held; not of more than can be let
    // go of at once, so that no other sweep misses them.
    sqlx::query_scalar!(
        r#"-- watch.count_passed_over
        WITH marked AS (
            SELECT DISTINCT case_reference FROM case_marks JOIN case_watch USING (case_reference) LIMIT 1000
        ), free AS (
            SELECT case_reference FROM case_watch WHERE case_reference IN (SELECT case_reference FROM marked)
            FOR SHARE SKIP LOCKED
        )
        SELECT (SELECT count(*) FROM marked WHERE case_reference NOT IN (SELECT case_reference FROM free))
            + (SELECT count(*) FROM case_watch WHERE next_look_on <= $1 AND (postponed_until IS NULL OR postponed_until <= $2))
            + (SELECT count(*) FROM alerts WHERE state <> 'resolved' AND next_rung_on <= $1 AND unreachable_since IS NULL
                AND (state <> 'open' OR (next_rung_deliver = 'immediate' AND (severity = 'red' OR $3::boolean))))
            + (SELECT count(*) FROM alert_pauses WHERE ended_at IS NULL AND until_on <= $1) AS "passed_over!""#,
        now.today.to_sqlx() as _,
        now.at.to_sqlx() as _,
        is_working_day
    )
    .fetch_one(connection)
    .await
}

/// Holds one case until the transaction ends; false where somebody else holds it, or it is not due by a day that is given.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_one(connection: &mut PgConnection, due_by: Option<Date>, reference: &str) -> Result<bool, sqlx::Error> {
    let held = sqlx::query_scalar!(
        "-- watch.hold_one
        SELECT case_reference FROM case_watch
        WHERE case_reference = $1 AND ($2::date IS NULL OR next_look_on <= $2) FOR UPDATE SKIP LOCKED",
        reference,
        sql_day(due_by) as _
    );
    Ok(held.fetch_optional(connection).await?.is_some())
}

/// Holds some cases until the transaction ends, and tells which. Those that are due, which a sweep will see to, and those that somebody
/// else holds are passed over.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_unless_due(connection: &mut PgConnection, references: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- watch.hold_unless_due
        SELECT case_reference FROM case_watch
        WHERE case_reference = ANY($1) AND next_look_on IS DISTINCT FROM DATE '2000-01-01'
        ORDER BY case_reference FOR UPDATE SKIP LOCKED",
        references
    )
    .fetch_all(connection)
    .await
}

/// Puts a case off that could not be judged: an hour for each time it failed, a day at most.
///
/// # Errors
///
/// The database does not answer.
pub async fn postpone(connection: &mut PgConnection, now: Moment, reference: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- watch.postpone
        UPDATE case_watch SET
            failures = failures + 1, postponed_until = $2::timestamptz + least(failures + 1, 24) * interval '1 hour'
        WHERE case_reference = $1",
        reference,
        now.at.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
