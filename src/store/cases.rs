//! Cases with all their facts.

use sqlx::PgConnection;

use super::{UnknownWord, day};
use crate::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};

/// The cases of some references, as far as they exist, in the order of their references. Each sees its family's step-downs. A
/// case that holds a word that is not known here comes as an error of its own.
///
/// # Errors
///
/// The database does not answer.
pub async fn load(
    connection: &mut PgConnection,
    references: &[String],
) -> Result<Vec<(String, Result<Case, UnknownWord>)>, sqlx::Error> {
    let mut cases = heads(connection, references).await?;
    children(connection, references, &mut cases).await?;
    meetings(connection, references, &mut cases).await?;
    assessments(connection, references, &mut cases).await?;
    extensions(connection, references, &mut cases).await?;
    engagement(connection, references, &mut cases).await?;
    oversight(connection, references, &mut cases).await?;
    allocations(connection, references, &mut cases).await?;
    family_step_downs(connection, references, &mut cases).await?;
    Ok(cases.in_order)
}

/// The same cases with no more than their course follows from: without assessments, engagement, oversight and allocations.
///
/// # Errors
///
/// The database does not answer.
pub async fn load_for_course(
    connection: &mut PgConnection,
    references: &[String],
) -> Result<Vec<(String, Result<Case, UnknownWord>)>, sqlx::Error> {
    let mut cases = heads(connection, references).await?;
    children(connection, references, &mut cases).await?;
    meetings(connection, references, &mut cases).await?;
    extensions(connection, references, &mut cases).await?;
    family_step_downs(connection, references, &mut cases).await?;
    Ok(cases.in_order)
}

/// What decides who may know of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// The owning team.
    pub team: Option<String>,
    /// Whether only cleared people may know of it.
    pub restricted: bool,
}

/// To whom a case belongs, if it exists; whatever else is recorded of it is not read.
///
/// # Errors
///
/// The database does not answer.
pub async fn find_belonging(connection: &mut PgConnection, reference: &str) -> Result<Option<Belonging>, sqlx::Error> {
    let found = sqlx::query_as!(
        Belonging,
        "-- cases.find_belonging\nSELECT team, restricted FROM cases WHERE reference = $1",
        reference
    );
    found.fetch_optional(connection).await
}

/// One case, if it exists.
///
/// # Errors
///
/// The database does not answer, or the case holds a word that is not known here.
pub async fn find(connection: &mut PgConnection, reference: &str) -> anyhow::Result<Option<Case>> {
    let found = load(connection, &[reference.to_owned()]).await?.pop();
    Ok(found.map(|(_, case)| case).transpose()?)
}

/// Cases in the order of their references, to which facts are added that come in the same order.
struct Cases {
    in_order: Vec<(String, Result<Case, UnknownWord>)>,
    /// The case that the last fact was added to.
    at: usize,
}

impl Cases {
    /// Adds a fact to its case; a word that is not known breaks the case and no other.
    fn add(&mut self, reference: &str, column: &'static str, add: impl FnOnce(&mut Case) -> Option<()>) {
        if self.in_order.get(self.at).is_none_or(|(at, _)| at.as_str() > reference) {
            self.at = 0;
        }
        while self.in_order.get(self.at).is_some_and(|(at, _)| at.as_str() < reference) {
            self.at += 1;
        }
        if let Some((at, entry)) = self.in_order.get_mut(self.at)
            && at == reference
            && let Ok(case) = entry
            && add(case).is_none()
        {
            *entry = Err(UnknownWord { column });
        }
    }
}

/// Reads a whole number that a constraint holds to 1 and above.
fn sequence(number: i32) -> Option<u32> {
    u32::try_from(number).ok()
}

struct Head {
    reference: String,
    family_reference: Option<String>,
    team: Option<String>,
    restricted: bool,
    recorded_on: jiff_sqlx::Date,
    started_on: Option<jiff_sqlx::Date>,
    lbp_sent_on: Option<jiff_sqlx::Date>,
    fgdm_offered: Option<bool>,
    fgdm_facilitated: Option<bool>,
    fgdm_exempt: Option<bool>,
    step_decision_on: Option<jiff_sqlx::Date>,
    outcome: Option<String>,
    court_application_on: Option<jiff_sqlx::Date>,
    letter_of_issue_on: Option<jiff_sqlx::Date>,
    closed_on: Option<jiff_sqlx::Date>,
}

async fn heads(connection: &mut PgConnection, references: &[String]) -> Result<Cases, sqlx::Error> {
    let rows = sqlx::query_as!(
        Head,
        r#"-- cases.heads
        SELECT reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered,
            fgdm_facilitated, fgdm_exempt, step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on
        FROM cases WHERE reference = ANY($1) ORDER BY reference"#,
        references
    )
    .fetch_all(connection)
    .await?;
    let case = |row: Head| {
        let outcome = match row.outcome {
            None => None,
            Some(code) => Some(Outcome::from_code(&code).ok_or(UnknownWord { column: "cases.outcome" })?),
        };
        Ok(Case {
            family_reference: row.family_reference,
            team: row.team,
            restricted: row.restricted,
            started_on: day(row.started_on),
            lbp_sent_on: day(row.lbp_sent_on),
            fgdm_offered: row.fgdm_offered,
            fgdm_facilitated: row.fgdm_facilitated,
            fgdm_exempt: row.fgdm_exempt,
            step_decision_on: day(row.step_decision_on),
            outcome,
            court_application_on: day(row.court_application_on),
            letter_of_issue_on: day(row.letter_of_issue_on),
            closed_on: day(row.closed_on),
            ..Case::new(row.reference, row.recorded_on.to_jiff())
        })
    };
    Ok(Cases { in_order: rows.into_iter().map(|row| (row.reference.clone(), case(row))).collect(), at: 0 })
}

async fn children(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.children
        SELECT case_reference, reference, date_of_birth, expected_delivery_on, pregnancy_ended_on
        FROM children WHERE case_reference = ANY($1) ORDER BY case_reference, reference"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "children", |case| {
            case.children.push(Child {
                reference: row.reference,
                date_of_birth: day(row.date_of_birth),
                expected_delivery_on: day(row.expected_delivery_on),
                pregnancy_ended_on: day(row.pregnancy_ended_on),
            });
            Some(())
        });
    }
    Ok(())
}

async fn meetings(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.meetings
        SELECT case_reference, sequence, kind, planned_on, held_on, cancelled_on
        FROM meetings WHERE case_reference = ANY($1) ORDER BY case_reference, sequence"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "meetings.kind", |case| {
            case.meetings.push(Meeting {
                sequence: sequence(row.sequence)?,
                kind: MeetingKind::from_code(&row.kind)?,
                planned_on: day(row.planned_on),
                held_on: day(row.held_on),
                cancelled_on: day(row.cancelled_on),
            });
            Some(())
        });
    }
    Ok(())
}

async fn assessments(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.assessments
        SELECT case_reference, sequence, kind, commissioned_on, due_on, received_on
        FROM assessments WHERE case_reference = ANY($1) ORDER BY case_reference, sequence"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "assessments.kind", |case| {
            case.assessments.push(Assessment {
                sequence: sequence(row.sequence)?,
                kind: AssessmentKind::from_code(&row.kind)?,
                commissioned_on: day(row.commissioned_on),
                due_on: day(row.due_on),
                received_on: day(row.received_on),
            });
            Some(())
        });
    }
    Ok(())
}

async fn extensions(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.extensions
        SELECT case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded
        FROM extensions WHERE case_reference = ANY($1) ORDER BY case_reference, sequence"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "extensions.decision", |case| {
            case.extensions.push(Extension {
                sequence: sequence(row.sequence)?,
                requested_on: row.requested_on.to_jiff(),
                decision: ExtensionDecision::from_code(&row.decision)?,
                decided_on: day(row.decided_on),
                new_end_on: day(row.new_end_on),
                approved_by_grade: row.approved_by_grade,
                rationale_recorded: row.rationale_recorded,
            });
            Some(())
        });
    }
    Ok(())
}

async fn engagement(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.engagement
        SELECT case_reference, "on", attended, person, kind, excused
        FROM engagement WHERE case_reference = ANY($1) ORDER BY case_reference, id"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "engagement", |case| {
            case.engagement.push(Engagement {
                on: row.on.to_jiff(),
                attended: row.attended,
                person: row.person,
                kind: row.kind,
                excused: row.excused,
            });
            Some(())
        });
    }
    Ok(())
}

async fn oversight(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.oversight
        SELECT case_reference, "on", kind, rationale_recorded
        FROM oversight WHERE case_reference = ANY($1) ORDER BY case_reference, id"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "oversight.kind", |case| {
            case.oversight.push(Oversight {
                on: row.on.to_jiff(),
                kind: OversightKind::from_code(&row.kind)?,
                rationale_recorded: row.rationale_recorded,
            });
            Some(())
        });
    }
    Ok(())
}

async fn allocations(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.allocations
        SELECT case_reference, from_on, worker
        FROM allocations WHERE case_reference = ANY($1) ORDER BY case_reference, id"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.case_reference, "allocations", |case| {
            case.allocations.push(Allocation { from_on: row.from_on.to_jiff(), worker: row.worker });
            Some(())
        });
    }
    Ok(())
}

async fn family_step_downs(connection: &mut PgConnection, references: &[String], cases: &mut Cases) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- cases.family_step_downs
        SELECT this.reference, other.step_decision_on AS "step_decision_on!"
        FROM cases AS this JOIN cases AS other USING (family_reference)
        WHERE this.reference = ANY($1) AND other.reference <> this.reference
            AND other.outcome = 'step_down' AND other.step_decision_on IS NOT NULL
        ORDER BY this.reference, other.step_decision_on"#,
        references
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        cases.add(&row.reference, "cases", |case| {
            case.family_step_downs.push(row.step_decision_on.to_jiff());
            Some(())
        });
    }
    Ok(())
}
