//! Lists whose entries have a number or reference of their own.

use serde_json::Value;
use sqlx::PgConnection;

/// Brings the lists to what an array of case documents says: entries that are not given go, the others are added or changed.
pub(super) async fn write(connection: &mut PgConnection, documents: &Value) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"-- record.children
        WITH documents AS (
            SELECT document ->> 'reference' AS case_reference, document -> 'children' AS entries FROM jsonb_array_elements($1) AS document
        ), given AS (
            SELECT case_reference, entry.*
            FROM documents, jsonb_to_recordset(entries) AS entry (reference text, date_of_birth date, expected_delivery_on date, pregnancy_ended_on date)
        ), gone AS (
            DELETE FROM children AS stored USING documents
            WHERE stored.case_reference = documents.case_reference AND NOT EXISTS (
                SELECT FROM given WHERE given.case_reference = stored.case_reference AND given.reference = stored.reference
            )
        )
        INSERT INTO children (case_reference, reference, date_of_birth, expected_delivery_on, pregnancy_ended_on)
        SELECT case_reference, reference, date_of_birth, expected_delivery_on, pregnancy_ended_on FROM given
        ON CONFLICT (case_reference, reference) DO UPDATE SET date_of_birth = excluded.date_of_birth, expected_delivery_on = excluded.expected_delivery_on, pregnancy_ended_on = excluded.pregnancy_ended_on"#,
        documents
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"-- record.meetings
        WITH documents AS (
            SELECT document ->> 'reference' AS case_reference, document -> 'meetings' AS entries FROM jsonb_array_elements($1) AS document
        ), given AS (
            SELECT case_reference, entry.*
            FROM documents, jsonb_to_recordset(entries) AS entry (sequence integer, kind text, planned_on date, held_on date, cancelled_on date)
        ), gone AS (
            DELETE FROM meetings AS stored USING documents
            WHERE stored.case_reference = documents.case_reference AND NOT EXISTS (
                SELECT FROM given WHERE given.case_reference = stored.case_reference AND given.sequence = stored.sequence
            )
        )
        INSERT INTO meetings (case_reference, sequence, kind, planned_on, held_on, cancelled_on)
        SELECT case_reference, sequence, kind, planned_on, held_on, cancelled_on FROM given
        ON CONFLICT (case_reference, sequence) DO UPDATE SET kind = excluded.kind, planned_on = excluded.planned_on, held_on = excluded.held_on, cancelled_on = excluded.cancelled_on"#,
        documents
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"-- record.assessments
        WITH documents AS (
            SELECT document ->> 'reference' AS case_reference, document -> 'assessments' AS entries FROM jsonb_array_elements($1) AS document
        ), given AS (
            SELECT case_reference, entry.*
            FROM documents, jsonb_to_recordset(entries) AS entry (sequence integer, kind text, commissioned_on date, due_on date, received_on date)
        ), gone AS (
            DELETE FROM assessments AS stored USING documents
            WHERE stored.case_reference = documents.case_reference AND NOT EXISTS (
                SELECT FROM given WHERE given.case_reference = stored.case_reference AND given.sequence = stored.sequence
            )
        )
        INSERT INTO assessments (case_reference, sequence, kind, commissioned_on, due_on, received_on)
        SELECT case_reference, sequence, kind, commissioned_on, due_on, received_on FROM given
        ON CONFLICT (case_reference, sequence) DO UPDATE SET kind = excluded.kind, commissioned_on = excluded.commissioned_on, due_on = excluded.due_on, received_on = excluded.received_on"#,
        documents
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"-- record.extensions
        WITH documents AS (
            SELECT document ->> 'reference' AS case_reference, document -> 'extensions' AS entries FROM jsonb_array_elements($1) AS document
        ), given AS (
            SELECT case_reference, entry.*
            FROM documents, jsonb_to_recordset(entries) AS entry (sequence integer, requested_on date, decision text, decided_on date, new_end_on date, approved_by_grade text, rationale_recorded boolean)
        ), gone AS (
            DELETE FROM extensions AS stored USING documents
            WHERE stored.case_reference = documents.case_reference AND NOT EXISTS (
                SELECT FROM given WHERE given.case_reference = stored.case_reference AND given.sequence = stored.sequence
            )
        )
        INSERT INTO extensions (case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded)
        SELECT case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded FROM given
        ON CONFLICT (case_reference, sequence) DO UPDATE SET requested_on = excluded.requested_on, decision = excluded.decision, decided_on = excluded.decided_on, new_end_on = excluded.new_end_on, approved_by_grade = excluded.approved_by_grade, rationale_recorded = excluded.rationale_recorded"#,
        documents
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}
