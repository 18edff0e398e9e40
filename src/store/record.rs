//! Writes a case as its document says, changing only what differs.

mod numbered;
mod ordered;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use super::cases::{self, Belonging};
use super::tokens::Scope;
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

/// Says in whose name, and at what moment, the rest of the transaction records; the history keeps it. The moment is the one that the
/// caller's request came in at.
///
/// # Errors
///
/// The database does not answer.
pub async fn name_caller(connection: &mut PgConnection, actor: &str, at: Timestamp) -> Result<(), sqlx::Error> {
    let settings = sqlx::query!(
        "-- record.name_caller\nSELECT set_config('plo_drift.actor', $1, true) AS actor, set_config('plo_drift.now', $2, true) AS now",
        actor,
        at.to_string()
    );
    settings.fetch_one(connection).await?;
    Ok(())
}

/// Says where what the rest of the transaction records comes from; the history keeps it.
///
/// # Errors
///
/// The database does not answer.
pub async fn name_source(connection: &mut PgConnection, source: &str) -> Result<(), sqlx::Error> {
    let setting = sqlx::query!("-- record.name_source\nSELECT set_config('plo_drift.source', $1, true)", source);
    setting.fetch_one(connection).await?;
    Ok(())
}

/// Takes the lock of a case, under which it is recorded; tells to whom it belongs, or that there is none.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold(connection: &mut PgConnection, reference: &str) -> Result<Option<Belonging>, sqlx::Error> {
    let held = sqlx::query_as!(
        Belonging,
        "-- record.hold\nSELECT team, restricted FROM cases WHERE reference = $1 FOR NO KEY UPDATE",
        reference
    );
    held.fetch_optional(connection).await
}

/// Which of some cases there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Those whose locks are taken.
    pub held: Vec<String>,
    /// Those that the scope does not show. Whoever may not know of a case does not wait for its lock.
    pub hidden: Vec<String>,
}

/// Takes the locks of cases, as far as they exist and the scope shows them, in the order of their references.
///
/// # Errors
///
/// The database does not answer.
pub async fn hold_all(connection: &mut PgConnection, references: &[String], scope: &Scope) -> Result<Held, sqlx::Error> {
    let held = sqlx::query_scalar!(
        r#"-- record.hold_all
        SELECT reference FROM cases
        WHERE reference = ANY($1) AND (cardinality($2::text[]) = 0 OR team = ANY($2)) AND ($3 OR NOT restricted)
        ORDER BY reference FOR NO KEY UPDATE"#,
        references,
        &scope.teams,
        scope.may_see_restricted
    );
    let held = held.fetch_all(&mut *connection).await?;
    // A case that somebody has made meanwhile is neither: whoever tries to make it too is told.
    let hidden = sqlx::query_scalar!(
        r#"-- record.hidden
        SELECT reference FROM cases
        WHERE reference = ANY($1) AND NOT ((cardinality($2::text[]) = 0 OR coalesce(team = ANY($2), false)) AND ($3 OR NOT restricted))"#,
        references,
        &scope.teams,
        scope.may_see_restricted
    );
    Ok(Held { hidden: hidden.fetch_all(connection).await?, held })
}

/// Records a case: facts that the document does not hold go, and what it repeats is left alone. The day of record never moves later.
///
/// # Errors
///
/// The database does not answer or refuses a fact.
pub async fn record(connection: &mut PgConnection, to_record: &ToRecord<'_>) -> anyhow::Result<Recorded> {
    loop {
        hold(connection, &to_record.case.reference).await?;
        let before = cases::find(connection, &to_record.case.reference).await?;
        if let Some(recorded) = record_over(connection, before.as_ref(), to_record).await? {
            return Ok(recorded);
        }
    }
}

/// Records a case over what it is now, which is held; absent, and nothing done, where it was not there and somebody else has just
/// made it.
///
/// # Errors
///
/// The database does not answer or refuses a fact.
pub async fn record_over(
    connection: &mut PgConnection,
    before: Option<&Case>,
    to_record: &ToRecord<'_>,
) -> Result<Option<Recorded>, sqlx::Error> {
    let ToRecord { case, document, source } = *to_record;
    let recorded = record_all(connection, &[Over { before, case, document }], source).await?;
    Ok(recorded.map(|recorded| recorded[0]))
}

/// A case with the document that was written from it, over what it is now.
#[derive(Clone, Copy)]
pub struct Over<'a> {
    /// What is recorded, which is held; absent where nothing is.
    pub before: Option<&'a Case>,
    /// The facts.
    pub case: &'a Case,
    /// The same facts as a case document.
    pub document: &'a Value,
}

/// Records many cases, each once, over what they are now, and tells of each what that changed; absent, and nothing to be committed,
/// where one was not there and somebody else has just made it.
///
/// # Errors
///
/// The database does not answer or refuses a fact.
pub async fn record_all(
    connection: &mut PgConnection,
    cases: &[Over<'_>],
    source: &str,
) -> Result<Option<Vec<Recorded>>, sqlx::Error> {
    let recorded: Vec<Recorded> = cases.iter().map(Over::what_it_is).collect();
    let documents = |wanted: Recorded| -> Vec<Value> {
        let wanted = cases.iter().zip(&recorded).filter(|(_, recorded)| **recorded == wanted);
        wanted.map(|(over, _)| over.document.clone()).collect()
    };
    let (mut written, changed) = (documents(Recorded::New), documents(Recorded::Changed));
    if written.is_empty() && changed.is_empty() {
        return Ok(Some(recorded));
    }
    name_source(connection, source).await?;
    if !written.is_empty() && create(connection, &Value::from(written.clone())).await? < written.len() {
        return Ok(None);
    }
    if !changed.is_empty() {
        change(connection, &Value::from(changed.clone())).await?;
    }
    written.extend(changed);
    let written = Value::from(written);
    numbered::write(connection, &written).await?;
    ordered::write(connection, &written).await?;
    Ok(Some(recorded))
}

impl Over<'_> {
    fn what_it_is(&self) -> Recorded {
        match self.before {
            None => Recorded::New,
            Some(before) if *before == as_recorded_over(before, self.case) => Recorded::Unchanged,
            Some(_) => Recorded::Changed,
        }
    }
}

/// The case as the database would give it back, were it recorded over another.
fn as_recorded_over(before: &Case, case: &Case) -> Case {
    let mut case = case.clone();
    case.children.sort_by(|a, b| a.reference.cmp(&b.reference));
    case.meetings.sort_by_key(|meeting| meeting.sequence);
    case.assessments.sort_by_key(|assessment| assessment.sequence);
    case.extensions.sort_by_key(|extension| extension.sequence);
    let recorded_on = before.recorded_on.min(case.recorded_on);
    Case { family_step_downs: before.family_step_downs.clone(), recorded_on, ..case }
}

/// Makes the cases of an array of documents; tells how many were not there before.
async fn create(connection: &mut PgConnection, documents: &Value) -> Result<usize, sqlx::Error> {
    let created = sqlx::query!(
        r#"-- record.create
        INSERT INTO cases (
            reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered, fgdm_facilitated,
            fgdm_exempt, step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on
        )
        SELECT reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered,
            fgdm_facilitated, fgdm_exempt, step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on
        FROM jsonb_to_recordset($1) AS given (
            reference text, family_reference text, team text, restricted boolean, recorded_on date, started_on date,
            lbp_sent_on date, fgdm_offered boolean, fgdm_facilitated boolean, fgdm_exempt boolean, step_decision_on date,
            outcome text, court_application_on date, letter_of_issue_on date, closed_on date
        )
        ON CONFLICT (reference) DO NOTHING"#,
        documents
    );
    Ok(usize::try_from(created.execute(connection).await?.rows_affected()).unwrap_or(usize::MAX))
}

/// Changes the cases of an array of documents.
async fn change(connection: &mut PgConnection, documents: &Value) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        r#"-- record.change
        UPDATE cases AS stored SET
            family_reference = given.family_reference, team = given.team, restricted = given.restricted,
            recorded_on = least(stored.recorded_on, given.recorded_on), started_on = given.started_on,
            lbp_sent_on = given.lbp_sent_on, fgdm_offered = given.fgdm_offered, fgdm_facilitated = given.fgdm_facilitated,
            fgdm_exempt = given.fgdm_exempt, step_decision_on = given.step_decision_on, outcome = given.outcome,
            court_application_on = given.court_application_on, letter_of_issue_on = given.letter_of_issue_on,
            closed_on = given.closed_on
        FROM jsonb_to_recordset($1) AS given (
            reference text, family_reference text, team text, restricted boolean, recorded_on date, started_on date,
            lbp_sent_on date, fgdm_offered boolean, fgdm_facilitated boolean, fgdm_exempt boolean, step_decision_on date,
            outcome text, court_application_on date, letter_of_issue_on date, closed_on date
        )
        WHERE stored.reference = given.reference"#,
        documents
    );
    changed.execute(connection).await?;
    Ok(())
}
