//! Writes a case as its document says, changing only what differs.

use serde_json::Value;
use sqlx::PgConnection;

use super::cases;
use crate::domain::case::Case;

/// What recording a case changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It was not there before.
    New,
    /// Some fact changed.
    Changed,
    /// Nothing did.
    Unchanged,
}

/// A case with the document that was written from it, and where it came from.
pub struct ToRecord<'a> {
    /// The facts.
    pub case: &'a Case,
    /// The same facts as a case document.
    pub document: &'a Value,
    /// Kept with each change in the history.
    pub source: &'a str,
}

/// Records a case: facts that the document does not hold go, and what it repeats is left alone. The day of record never moves later.
///
/// # Errors
///
/// The database does not answer or refuses a fact.
pub async fn record(connection: &mut PgConnection, to_record: &ToRecord<'_>) -> anyhow::Result<Recorded> {
    let ToRecord { case, document, source } = *to_record;
    sqlx::query!("-- record.hold\nSELECT FROM cases WHERE reference = $1 FOR NO KEY UPDATE", case.reference)
        .fetch_optional(&mut *connection)
        .await?;
    let before = cases::find(connection, &case.reference).await?;
    let mut as_recorded = in_order(case.clone());
    if let Some(before) = &before {
        as_recorded.family_step_downs.clone_from(&before.family_step_downs);
        as_recorded.recorded_on = before.recorded_on.min(case.recorded_on);
        if *before == as_recorded {
            return Ok(Recorded::Unchanged);
        }
    }
    sqlx::query!("-- record.source\nSELECT set_config('plo_drift.source', $1, true)", source)
        .fetch_one(&mut *connection)
        .await?;
    head(connection, document).await?;
    numbered_lists(connection, &case.reference, document).await?;
    let before = before.as_ref();
    if before.is_none_or(|before| before.engagement != case.engagement) {
        engagement(connection, &case.reference, document).await?;
    }
    if before.is_none_or(|before| before.oversight != case.oversight) {
        oversight(connection, &case.reference, document).await?;
    }
    if before.is_none_or(|before| before.allocations != case.allocations) {
        allocations(connection, &case.reference, document).await?;
    }
    Ok(if before.is_some() { Recorded::Changed } else { Recorded::New })
}

/// The case with its numbered lists in the order in which the database gives them back.
fn in_order(mut case: Case) -> Case {
    case.children.sort_by(|a, b| a.reference.cmp(&b.reference));
    case.meetings.sort_by_key(|meeting| meeting.sequence);
    case.assessments.sort_by_key(|assessment| assessment.sequence);
    case.extensions.sort_by_key(|extension| extension.sequence);
    case
}

async fn head(connection: &mut PgConnection, document: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"-- record.head
        INSERT INTO cases AS stored (
            reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered, fgdm_facilitated,
            fgdm_exempt, step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on
        )
        SELECT reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered,
            fgdm_facilitated, fgdm_exempt, step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on
        FROM jsonb_to_record($1) AS given (
            reference text, family_reference text, team text, restricted boolean, recorded_on date, started_on date,
            lbp_sent_on date, fgdm_offered boolean, fgdm_facilitated boolean, fgdm_exempt boolean, step_decision_on date,
            outcome text, court_application_on date, letter_of_issue_on date, closed_on date
        )
        ON CONFLICT (reference) DO UPDATE SET
            family_reference = excluded.family_reference, team = excluded.team, restricted = excluded.restricted,
            recorded_on = least(stored.recorded_on, excluded.recorded_on),
            started_on = excluded.started_on, lbp_sent_on = excluded.lbp_sent_on, fgdm_offered = excluded.fgdm_offered,
            fgdm_facilitated = excluded.fgdm_facilitated, fgdm_exempt = excluded.fgdm_exempt,
            step_decision_on = excluded.step_decision_on, outcome = excluded.outcome,
            court_application_on = excluded.court_application_on, letter_of_issue_on = excluded.letter_of_issue_on,
            closed_on = excluded.closed_on"#,
        document
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lists whose entries have a number or reference of their own: those not given go, the others are added or changed.
async fn numbered_lists(connection: &mut PgConnection, reference: &str, document: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"-- record.children
        WITH given AS (
            SELECT * FROM jsonb_to_recordset($2::jsonb -> 'children') AS given (reference text, date_of_birth date, expected_delivery_on date, pregnancy_ended_on date)
        ), gone AS (
            DELETE FROM children WHERE case_reference = $1 AND reference NOT IN (SELECT reference FROM given)
        )
        INSERT INTO children (case_reference, reference, date_of_birth, expected_delivery_on, pregnancy_ended_on)
        SELECT $1, reference, date_of_birth, expected_delivery_on, pregnancy_ended_on FROM given
        ON CONFLICT (case_reference, reference) DO UPDATE SET date_of_birth = excluded.date_of_birth, expected_delivery_on = excluded.expected_delivery_on, pregnancy_ended_on = excluded.pregnancy_ended_on"#,
        reference,
        document
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"-- record.meetings
        WITH given AS (
            SELECT * FROM jsonb_to_recordset($2::jsonb -> 'meetings') AS given (sequence integer, kind text, planned_on date, held_on date, cancelled_on date)
        ), gone AS (
            DELETE FROM meetings WHERE case_reference = $1 AND sequence NOT IN (SELECT sequence FROM given)
        )
        INSERT INTO meetings (case_reference, sequence, kind, planned_on, held_on, cancelled_on)
        SELECT $1, sequence, kind, planned_on, held_on, cancelled_on FROM given
        ON CONFLICT (case_reference, sequence) DO UPDATE SET kind = excluded.kind, planned_on = excluded.planned_on, held_on = excluded.held_on, cancelled_on = excluded.cancelled_on"#,
        reference,
        document
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"-- record.assessments
        WITH given AS (
            SELECT * FROM jsonb_to_recordset($2::jsonb -> 'assessments') AS given (sequence integer, kind text, commissioned_on date, due_on date, received_on date)
        ), gone AS (
            DELETE FROM assessments WHERE case_reference = $1 AND sequence NOT IN (SELECT sequence FROM given)
        )
        INSERT INTO assessments (case_reference, sequence, kind, commissioned_on, due_on, received_on)
        SELECT $1, sequence, kind, commissioned_on, due_on, received_on FROM given
        ON CONFLICT (case_reference, sequence) DO UPDATE SET kind = excluded.kind, commissioned_on = excluded.commissioned_on, due_on = excluded.due_on, received_on = excluded.received_on"#,
        reference,
        document
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"-- record.extensions
        WITH given AS (
            SELECT * FROM jsonb_to_recordset($2::jsonb -> 'extensions') AS given (sequence integer, requested_on date, decision text, decided_on date, new_end_on date, approved_by_grade text, rationale_recorded boolean)
        ), gone AS (
            DELETE FROM extensions WHERE case_reference = $1 AND sequence NOT IN (SELECT sequence FROM given)
        )
        INSERT INTO extensions (case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded)
        SELECT $1, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded FROM given
        ON CONFLICT (case_reference, sequence) DO UPDATE SET requested_on = excluded.requested_on, decision = excluded.decision, decided_on = excluded.decided_on, new_end_on = excluded.new_end_on, approved_by_grade = excluded.approved_by_grade, rationale_recorded = excluded.rationale_recorded"#,
        reference,
        document
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}

async fn engagement(connection: &mut PgConnection, reference: &str, document: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!("-- record.engagement_gone\nDELETE FROM engagement WHERE case_reference = $1", reference)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        r#"-- record.engagement
        INSERT INTO engagement (case_reference, "on", attended, person, kind, excused)
        SELECT $1, "on", attended, person, kind, excused
        FROM ROWS FROM (
            jsonb_to_recordset($2::jsonb -> 'engagement') AS ("on" date, attended boolean, person text, kind text, excused boolean)
        ) WITH ORDINALITY AS given ("on", attended, person, kind, excused, place)
        ORDER BY place"#,
        reference,
        document
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn oversight(connection: &mut PgConnection, reference: &str, document: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!("-- record.oversight_gone\nDELETE FROM oversight WHERE case_reference = $1", reference)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        r#"-- record.oversight
        INSERT INTO oversight (case_reference, "on", kind, rationale_recorded)
        SELECT $1, "on", kind, rationale_recorded
        FROM ROWS FROM (
            jsonb_to_recordset($2::jsonb -> 'oversight') AS ("on" date, kind text, rationale_recorded boolean)
        ) WITH ORDINALITY AS given ("on", kind, rationale_recorded, place)
        ORDER BY place"#,
        reference,
        document
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn allocations(connection: &mut PgConnection, reference: &str, document: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!("-- record.allocations_gone\nDELETE FROM allocations WHERE case_reference = $1", reference)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        r#"-- record.allocations
        INSERT INTO allocations (case_reference, from_on, worker)
        SELECT $1, from_on, worker
        FROM ROWS FROM (
            jsonb_to_recordset($2::jsonb -> 'allocations') AS (from_on date, worker text)
        ) WITH ORDINALITY AS given (from_on, worker, place)
        ORDER BY place"#,
        reference,
        document
    )
    .execute(connection)
    .await?;
    Ok(())
}
