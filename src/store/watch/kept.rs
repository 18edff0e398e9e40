//! What is kept of each case, so that lists need not judge it, and so that it is looked at again in time.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::clock::Moment;
use crate::domain::course::{EndSetBy, Status};
use crate::domain::deadline::Deadline;
use crate::domain::evaluation::Evaluation;
use crate::domain::risk::{Drift, Rag};
use crate::store::{day, drift};

/// What hides drift where it is wrong: when to look at a case next, and how it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hints {
    next_look_on: Option<Date>,
    status: Option<Status>,
    rag: Option<Rag>,
    reds: i32,
    ambers: i32,
    since_on: Option<Date>,
    end_on: Option<Date>,
    end_set_by: Option<EndSetBy>,
    base_end_on: Option<Date>,
    rules: Vec<String>,
}

impl Hints {
    /// What is to be kept of a case.
    #[must_use]
    pub fn of(evaluation: &Evaluation) -> Self {
        let mut rules: Vec<&str> = evaluation.findings.iter().map(|finding| finding.rule.code()).collect();
        rules.dedup();
        Self {
            next_look_on: evaluation.next_look_on,
            status: Some(evaluation.status),
            rag: Some(evaluation.risk.rag),
            reds: evaluation.risk.reds.into(),
            ambers: evaluation.risk.ambers.into(),
            since_on: evaluation.risk.since_on,
            end_on: evaluation.end.map(|end| end.on),
            end_set_by: evaluation.end.map(|end| end.set_by),
            base_end_on: evaluation.base_end,
            rules: rules.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Everything that is kept of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What must not be wrong.
    pub hints: Hints,
    /// What its mails say of it; renewed whenever it is looked at.
    pub next_deadline: Option<Deadline>,
    /// What the list says of it beside how grave it is; likewise.
    pub drifts: String,
}

impl Kept {
    /// What is to be kept of a case.
    #[must_use]
    pub fn of(evaluation: &Evaluation) -> Self {
        Self {
            hints: Hints::of(evaluation),
            next_deadline: evaluation.next_deadline.clone(),
            drifts: drift::written(&Drift::of(&evaluation.findings)),
        }
    }
}

/// What is kept of some cases, in the order of their references.
///
/// # Errors
///
/// The database does not answer.
pub async fn kept(connection: &mut PgConnection, references: &[String]) -> Result<Vec<(String, Kept)>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- watch.kept
        SELECT case_reference, next_look_on, status, rag, reds, ambers, since_on, end_on, end_set_by, base_end_on, rules, drifts,
            next_deadline, next_deadline_on
        FROM case_watch WHERE case_reference = ANY($1) ORDER BY case_reference",
        references
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .map(|row| {
            let hints = Hints {
                next_look_on: day(row.next_look_on),
                status: row.status.as_deref().and_then(Status::from_code),
                rag: Rag::from_code(&row.rag),
                reds: row.reds.into(),
                ambers: row.ambers.into(),
                since_on: day(row.since_on),
                end_on: day(row.end_on),
                end_set_by: row.end_set_by.as_deref().and_then(EndSetBy::from_code),
                base_end_on: day(row.base_end_on),
                rules: row.rules,
            };
            let next_deadline = row.next_deadline.zip(day(row.next_deadline_on)).map(|(what, on)| Deadline { what, on });
            (row.case_reference, Kept { hints, next_deadline, drifts: row.drifts })
        })
        .collect())
}

/// How a case stood, for keeping.
pub struct Seen<'a> {
    /// Which case.
    pub reference: &'a str,
    /// What the rules made of it.
    pub evaluation: &'a Evaluation,
}

/// A row of what is kept.
#[derive(Serialize)]
struct Row<'a> {
    case_reference: &'a str,
    #[serde(flatten)]
    hints: Hints,
    next_deadline: Option<String>,
    next_deadline_on: Option<Date>,
    drifts: String,
}

impl<'a> Row<'a> {
    fn of(Seen { reference, evaluation }: &'a Seen<'_>) -> Self {
        let Kept { hints, next_deadline, drifts } = Kept::of(evaluation);
        let (next_deadline, next_deadline_on) = next_deadline.map(|deadline| (deadline.what, deadline.on)).unzip();
        Self { case_reference: reference, hints, next_deadline, next_deadline_on, drifts }
    }
}

/// Keeps how some cases stood, and when to look at each again.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep(connection: &mut PgConnection, now: Moment, seen: &[Seen<'_>]) -> Result<(), sqlx::Error> {
    let rows: Vec<Row> = seen.iter().map(Row::of).collect();
    sqlx::query!(
        "-- watch.keep
        UPDATE case_watch SET
            next_look_on = seen.next_look_on, postponed_until = NULL, failures = 0, looked_at = $2, looked_on = $3,
            status = seen.status, rag = seen.rag, reds = seen.reds, ambers = seen.ambers, since_on = seen.since_on,
            end_on = seen.end_on, end_set_by = seen.end_set_by, base_end_on = seen.base_end_on, rules = seen.rules,
            drifts = seen.drifts, next_deadline = seen.next_deadline, next_deadline_on = seen.next_deadline_on
        FROM jsonb_to_recordset($1) AS seen (
            case_reference text, next_look_on date, status text, rag text, reds smallint, ambers smallint, since_on date,
            end_on date, end_set_by text, base_end_on date, rules text[], drifts text, next_deadline text,
            next_deadline_on date
        )
        WHERE case_watch.case_reference = seen.case_reference",
        Json(rows) as _,
        now.at.to_sqlx() as _,
        now.today.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
