//! When to look at each case next, and how it stood when it was last looked at.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::sql_day;
use crate::clock::Moment;
use crate::domain::evaluation::Evaluation;

/// Makes every case due whose facts, or whose family's, changed since it was last looked at; returns how many marks were taken in.
///
/// One sweep at a time takes marks in; whoever changes facts meanwhile waits for nobody.
///
/// # Errors
///
/// The database does not answer.
pub async fn take_in_marks(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query!("-- watch.lock_marks\nSELECT pg_advisory_xact_lock(hashtext('plo-drift marks'))::text AS done")
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query_scalar!(
        r#"-- watch.take_in_marks
        WITH taken AS (
            DELETE FROM case_marks RETURNING case_reference, family_reference
        ), touched AS (
            SELECT case_reference FROM taken WHERE case_reference IS NOT NULL
            UNION
            SELECT cases.reference FROM taken JOIN cases USING (family_reference)
        ), due AS (
            UPDATE case_watch SET next_look_on = DATE '2000-01-01', postponed_until = NULL
            FROM touched WHERE case_watch.case_reference = touched.case_reference
        )
        SELECT count(*) AS "marks!" FROM taken"#
    )
    .fetch_one(connection)
    .await
}

/// Makes every case due.
///
/// # Errors
///
/// The database does not answer.
pub async fn make_all_due(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("-- watch.make_all_due\nUPDATE case_watch SET next_look_on = DATE '2000-01-01', postponed_until = NULL")
        .execute(connection)
        .await?;
    Ok(())
}

/// The next cases that are due, in the order of their references, held until the transaction ends. Those that somebody else holds
/// are passed over.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_due(
    connection: &mut PgConnection,
    now: Moment,
    after: &str,
    at_most: u32,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- watch.hold_due
        SELECT case_reference FROM case_watch
        WHERE next_look_on <= $1 AND (postponed_until IS NULL OR postponed_until <= $2) AND case_reference > $3
        ORDER BY case_reference LIMIT $4 FOR UPDATE SKIP LOCKED",
        now.today.to_sqlx() as _,
        now.at.to_sqlx() as _,
        after,
        i64::from(at_most)
    )
    .fetch_all(connection)
    .await
}

/// Tells whether one case is still due, and holds it until the transaction ends.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_one(connection: &mut PgConnection, today: Date, reference: &str) -> Result<bool, sqlx::Error> {
    let held = sqlx::query_scalar!(
        "-- watch.hold_one
        SELECT case_reference FROM case_watch WHERE case_reference = $1 AND next_look_on <= $2 FOR UPDATE SKIP LOCKED",
        reference,
        today.to_sqlx() as _
    );
    Ok(held.fetch_optional(connection).await?.is_some())
}

/// How a case stood, for keeping.
pub struct Seen<'a> {
    /// Which case.
    pub reference: &'a str,
    /// What the rules made of it.
    pub evaluation: &'a Evaluation,
}

/// Keeps how some cases stood, and when to look at each again.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep(connection: &mut PgConnection, now: Moment, seen: &[Seen<'_>]) -> Result<(), sqlx::Error> {
    let rows: serde_json::Value = seen
        .iter()
        .map(|Seen { reference, evaluation }| {
            let mut rules: Vec<&str> = evaluation.findings.iter().map(|finding| finding.rule.code()).collect();
            rules.dedup();
            serde_json::json!({
                "case_reference": reference,
                "next_look_on": evaluation.next_look_on,
                "status": evaluation.status,
                "rag": evaluation.risk.rag,
                "reds": evaluation.risk.reds,
                "ambers": evaluation.risk.ambers,
                "since_on": evaluation.risk.since_on,
                "end_on": evaluation.end.map(|end| end.on),
                "end_set_by": evaluation.end.map(|end| end.set_by),
                "base_end_on": evaluation.base_end,
                "rules": rules,
            })
        })
        .collect();
    sqlx::query!(
        "-- watch.keep
        UPDATE case_watch SET
            next_look_on = seen.next_look_on, postponed_until = NULL, failures = 0, looked_at = $2, looked_on = $3,
            status = seen.status, rag = seen.rag, reds = seen.reds, ambers = seen.ambers, since_on = seen.since_on,
            end_on = seen.end_on, end_set_by = seen.end_set_by, base_end_on = seen.base_end_on, rules = seen.rules
        FROM jsonb_to_recordset($1) AS seen (
            case_reference text, next_look_on date, status text, rag text, reds smallint, ambers smallint, since_on date,
            end_on date, end_set_by text, base_end_on date, rules text[]
        )
        WHERE case_watch.case_reference = seen.case_reference",
        rows,
        now.at.to_sqlx() as _,
        sql_day(Some(now.today)) as _
    )
    .execute(connection)
    .await?;
    Ok(())
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
