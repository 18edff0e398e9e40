//! One page of cases: what is said of each, held against what is recorded, and written.

use std::collections::HashMap;

use jiff::civil::Date;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Import, SaidOfCase};
use crate::domain::case::Case;
use crate::exchange::document::{self, Reading};
use crate::exchange::incoming::merge::{LastSaid, Merged, Query, merge};
use crate::exchange::incoming::{Code, Said};
use crate::fields::Mistake;
use crate::store::cases;
use crate::store::record::{self, Over, Recorded};
use crate::store::sources::{self, Kept};

/// What became of a case.
pub(super) enum Outcome {
    /// It was recorded.
    Recorded(Recorded, Vec<Query>),
    /// It was not, with what is wrong with it.
    Refused(Code, Vec<String>),
}

impl Outcome {
    pub(super) fn refused_by(constraint: &str) -> Self {
        Self::Refused(Code::ConstraintViolated, vec![format!("a constraint of the database stands against it: {constraint}")])
    }
}

/// Why a page, or a case, could not be written, where that is the doing of one case.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Somebody made the case while it was looked at.
    #[error("somebody else has made the case meanwhile")]
    MadeMeanwhile,
    /// A constraint of the database, which may be a council's own.
    #[error("the database refuses it: {0}")]
    Constraint(String),
}

impl Refusal {
    /// What an error says, if it is the doing of one case.
    pub(super) fn of(wrong: &anyhow::Error) -> Option<Self> {
        if matches!(wrong.downcast_ref(), Some(Self::MadeMeanwhile)) {
            return Some(Self::MadeMeanwhile);
        }
        let Some(sqlx::Error::Database(refusal)) = wrong.downcast_ref() else { return None };
        // Classes 22 and 23: data that does not fit, and constraints.
        let is_of_data = refusal.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"));
        is_of_data.then(|| Self::Constraint(refusal.constraint().unwrap_or("a column cannot hold it").to_owned()))
    }
}

/// Whether what went wrong with a page is the doing of one case, and the rest can go in.
pub(super) fn is_of_one_case(wrong: &anyhow::Error) -> bool {
    Refusal::of(wrong).is_some()
}

/// Writes a page of cases that stand in the order of their references, and tells what became of each.
pub(super) async fn write(
    connection: &mut PgConnection,
    import: &Import<'_>,
    page: &[SaidOfCase],
) -> anyhow::Result<Vec<Outcome>> {
    let known = Known::load(connection, import, page).await?;
    let judged: Vec<Judged> = page.iter().map(|(said, _)| known.judge(import, said)).collect();
    let taken: Vec<&Taken> = judged.iter().filter_map(Judged::taken).collect();
    let overs: Vec<Over> = taken.iter().map(|taken| taken.over(&known)).collect();
    let recorded = record::record_all(connection, &overs, import.label).await?.ok_or(Refusal::MadeMeanwhile)?;
    let said: Vec<(&str, Kept)> = taken.iter().map(|taken| (taken.case.reference.as_str(), taken.kept())).collect();
    sources::keep(connection, import.source, &said, import.now.at).await?;
    drop(overs);
    let mut recorded = recorded.into_iter();
    let outcome = |judged| match judged {
        Judged::Taken(taken) => {
            Outcome::Recorded(recorded.next().expect("each that is taken is recorded"), taken.merged.queries)
        }
        Judged::Refused(code, reasons) => Outcome::Refused(code, reasons),
    };
    Ok(judged.into_iter().map(outcome).collect())
}

/// What is known of the cases of a page; those that are recorded are held.
struct Known {
    stored: HashMap<String, Case>,
    last: HashMap<String, LastSaid>,
    worked_out: HashMap<String, Vec<(String, Value)>>,
    /// Cases that may not be recorded by whoever brings them in.
    hidden: Vec<String>,
}

impl Known {
    async fn load(connection: &mut PgConnection, import: &Import<'_>, page: &[SaidOfCase]) -> anyhow::Result<Self> {
        let references: Vec<String> = page.iter().map(|(said, _)| said.reference.clone()).collect();
        let record::Held { held, hidden } = record::hold_all(connection, &references, import.scope).await?;
        let mut stored = HashMap::new();
        for (reference, case) in cases::load(connection, &held).await? {
            stored.insert(reference, case?);
        }
        let last = sources::last_said(connection, import.source, &references).await?;
        let last = last.into_iter().map(|(case, Kept { said, derived })| (case, LastSaid::of(said, derived))).collect();
        let worked_out = sources::worked_out_elsewhere(connection, import.source, &references).await?;
        Ok(Self { stored, last, worked_out, hidden })
    }

    fn judge(&self, import: &Import<'_>, said: &Said) -> Judged {
        let reference = &said.reference;
        if self.hidden.contains(reference) {
            // Entries of a list are told nothing that would not be told of a case that there is not.
            return if said.is_whole { not_allowed() } else { unknown_case() };
        }
        let stored = self.stored.get(reference).map(document::write);
        if stored.is_none() && !said.is_whole {
            return unknown_case();
        }
        let nothing = LastSaid::default();
        let last = self.last.get(reference).unwrap_or(&nothing);
        let worked_out = self.worked_out.get(reference).map_or(&[][..], Vec::as_slice);
        let mut merged = merge(said, last, stored.as_ref(), worked_out);
        let case = match read(&merged.document, import.now.today) {
            Ok(case) => case,
            Err(mistakes) => {
                let reason = |mistake: &Mistake| format!("what it says and what is recorded do not go together: {mistake}");
                return Judged::Refused(Code::BadFact, mistakes.iter().map(reason).collect());
            }
        };
        if !import.scope.shows(case.team.as_deref(), case.restricted) {
            return not_allowed();
        }
        merged.queries.extend(ended_before_it_began(&case));
        let document = document::write(&case);
        Judged::Taken(Box::new(Taken { case, document, merged }))
    }
}

/// What is recorded already stands, whenever it is dated; what is new was held against today before.
fn read(document: &Value, today: Date) -> Result<Case, Vec<Mistake>> {
    document::read(document, Reading::AsOf(today))
}

/// Days on which the case is said to have ended that lie before its start: most likely the year is wrong.
fn ended_before_it_began(case: &Case) -> impl Iterator<Item = Query> {
    let ends = [
        ("step_decision_on", case.step_decision_on),
        ("court_application_on", case.court_application_on),
        ("closed_on", case.closed_on),
    ];
    let started_on = case.started_on;
    let is_before = move |end: Option<Date>| end.zip(started_on).is_some_and(|(end, start)| end < start);
    let early = ends.into_iter().filter(move |(_, end)| is_before(*end));
    early.map(|(field, _)| Query { about: field.to_owned(), code: Code::OutOfOrder })
}

fn unknown_case() -> Judged {
    let reason = "there is no case of this reference, neither in the files nor recorded";
    Judged::Refused(Code::UnknownCase, vec![reason.to_owned()])
}

fn not_allowed() -> Judged {
    let reason = "this token may not record a case of this reference, or of this team, or a restricted one";
    Judged::Refused(Code::NotAllowed, vec![reason.to_owned()])
}

enum Judged {
    Taken(Box<Taken>),
    Refused(Code, Vec<String>),
}

impl Judged {
    fn taken(&self) -> Option<&Taken> {
        if let Self::Taken(taken) = self { Some(taken) } else { None }
    }
}

struct Taken {
    case: Case,
    document: Value,
    merged: Merged,
}

impl Taken {
    fn over<'a>(&'a self, known: &'a Known) -> Over<'a> {
        Over { before: known.stored.get(&self.case.reference), case: &self.case, document: &self.document }
    }

    fn kept(&self) -> Kept {
        let last = &self.merged.last;
        let derived = last.derived.iter().map(|(field, how)| (field.clone(), Value::from(how.as_str()))).collect();
        Kept { said: Value::Object(last.facts.clone()), derived: Value::Object(derived) }
    }
}
