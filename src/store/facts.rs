//! Adds one fact to a list of a case.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::sql_day;
use crate::domain::case::{Assessment, Engagement, Extension, Meeting, Oversight};
use crate::domain::fact::Fact;

/// Adds a fact to a case; nothing that is recorded of it is touched.
///
/// # Errors
///
/// The database does not answer or refuses the fact, a number that is taken among others.
pub async fn add(connection: &mut PgConnection, case: &str, fact: &Fact) -> Result<(), sqlx::Error> {
    match fact {
        Fact::Meeting(fact) => meeting(connection, case, fact).await,
        Fact::Assessment(fact) => assessment(connection, case, fact).await,
        Fact::Extension(fact) => extension(connection, case, fact).await,
        Fact::Engagement(fact) => engagement(connection, case, fact).await,
        Fact::Oversight(fact) => oversight(connection, case, fact).await,
    }
}

/// A number as the database holds it; one that is too large is refused there, as one of the constraints would.
fn number(sequence: u32) -> i32 {
    i32::try_from(sequence).unwrap_or_default()
}

async fn meeting(connection: &mut PgConnection, case: &str, fact: &Meeting) -> Result<(), sqlx::Error> {
    let added = sqlx::query!(
        "-- facts.meeting
        INSERT INTO meetings (case_reference, sequence, kind, planned_on, held_on, cancelled_on) VALUES ($1, $2, $3, $4, $5, $6)",
        case,
        number(fact.sequence),
        fact.kind.code(),
        sql_day(fact.planned_on),
        sql_day(fact.held_on),
        sql_day(fact.cancelled_on)
    );
    added.execute(connection).await?;
    Ok(())
}

async fn assessment(connection: &mut PgConnection, case: &str, fact: &Assessment) -> Result<(), sqlx::Error> {
    let added = sqlx::query!(
        "-- facts.assessment
        INSERT INTO assessments (case_reference, sequence, kind, commissioned_on, due_on, received_on)
        VALUES ($1, $2, $3, $4, $5, $6)",
        case,
        number(fact.sequence),
        fact.kind.code(),
        sql_day(fact.commissioned_on),
        sql_day(fact.due_on),
        sql_day(fact.received_on)
    );
    added.execute(connection).await?;
    Ok(())
}

async fn extension(connection: &mut PgConnection, case: &str, fact: &Extension) -> Result<(), sqlx::Error> {
    let added = sqlx::query!(
        "-- facts.extension
        INSERT INTO extensions (
            case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        case,
        number(fact.sequence),
        fact.requested_on.to_sqlx() as _,
        fact.decision.code(),
        sql_day(fact.decided_on),
        sql_day(fact.new_end_on),
        fact.approved_by_grade,
        fact.rationale_recorded
    );
    added.execute(connection).await?;
    Ok(())
}

async fn engagement(connection: &mut PgConnection, case: &str, fact: &Engagement) -> Result<(), sqlx::Error> {
    let added = sqlx::query!(
        r#"-- facts.engagement
        INSERT INTO engagement (case_reference, "on", attended, person, kind, excused) VALUES ($1, $2, $3, $4, $5, $6)"#,
        case,
        fact.on.to_sqlx() as _,
        fact.attended,
        fact.person,
        fact.kind,
        fact.excused
    );
    added.execute(connection).await?;
    Ok(())
}

async fn oversight(connection: &mut PgConnection, case: &str, fact: &Oversight) -> Result<(), sqlx::Error> {
    let added = sqlx::query!(
        r#"-- facts.oversight
        INSERT INTO oversight (case_reference, "on", kind, rationale_recorded) VALUES ($1, $2, $3, $4)"#,
        case,
        fact.on.to_sqlx() as _,
        fact.kind.code(),
        fact.rationale_recorded
    );
    added.execute(connection).await?;
    Ok(())
}
