//! Asks of every record what is wrong with it: loads cases page by page, with what sources say of them and when they last changed.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde_json::Value;
use sqlx::PgConnection;

use crate::clock::Moment;
use crate::domain::case::Case;
use crate::domain::data_quality::{Question, Record, SourceWord, TeamTotals, questions};
use crate::domain::policy::Policy;
use crate::exchange::document;
use crate::exchange::incoming::merge::{LastSaid, differences};
use crate::store::changes::Origin;
use crate::store::sources::Source;
use crate::store::tokens::Scope;
use crate::store::{UnknownWord, cases, data_quality, sources};

/// Cases that are loaded together.
const AT_A_TIME: usize = 1_000;

/// What there is to ask.
#[derive(Debug, Default)]
pub struct Answer {
    /// By team; cases without one come first.
    pub teams: Vec<TeamTotals>,
    /// In their order.
    pub questions: Vec<Question>,
    /// Cases that could not be read; they are in no count.
    pub unreadable: Vec<(String, UnknownWord)>,
}

/// Asks of every case in scope, of one team if it is given, that is not concluded on a day. It is of one moment where the transaction
/// is a snapshot. `looked_at` hears how many cases of how many were looked at.
///
/// # Errors
///
/// The database does not answer.
pub async fn ask(
    connection: &mut PgConnection,
    scope: &Scope,
    team: Option<&str>,
    policy: &Policy,
    on: Date,
    mut looked_at: impl FnMut(usize, usize),
) -> Result<Answer, sqlx::Error> {
    let references = data_quality::candidates(connection, scope, team, on).await?;
    let mut answer = Answer::default();
    let mut teams: BTreeMap<Option<String>, TeamTotals> = BTreeMap::new();
    for (page, some) in references.chunks(AT_A_TIME).enumerate() {
        let beside = Beside::load(connection, some).await?;
        for (reference, case) in cases::load(connection, some).await? {
            match case {
                Err(wrong) => answer.unreadable.push((reference, wrong)),
                Ok(case) => {
                    let asked = beside.ask(&case, policy, on);
                    let totals = teams.entry(case.team.clone());
                    totals.or_insert_with(|| TeamTotals::none(case.team.clone())).add(&asked);
                    answer.questions.extend(asked);
                }
            }
        }
        looked_at(page * AT_A_TIME + some.len(), references.len());
    }
    answer.teams = teams.into_values().collect();
    answer.questions.sort_unstable();
    Ok(answer)
}

/// What is kept beside the facts of some cases.
struct Beside {
    sources: HashMap<String, Vec<Source>>,
    origins: HashMap<(String, String), Origin>,
    last_changes: HashMap<String, jiff::Timestamp>,
}

impl Beside {
    async fn load(connection: &mut PgConnection, cases: &[String]) -> Result<Self, sqlx::Error> {
        Ok(Self {
            sources: sources::of_cases(connection, cases).await?,
            origins: data_quality::origins_of_derived(connection, cases).await?,
            last_changes: data_quality::last_changes(connection, cases).await?,
        })
    }

    fn ask(&self, case: &Case, policy: &Policy, on: Date) -> Vec<Question> {
        let sources = self.sources.get(&case.reference).map_or(&[][..], Vec::as_slice);
        let changes = self.last_changes.get(&case.reference).copied().into_iter();
        let last_change = changes.chain(sources.iter().map(|source| source.said_at)).max();
        let facts = if sources.is_empty() { Value::Null } else { document::write(case) };
        let words: Vec<SourceWord> = sources.iter().map(|source| self.word(source, case, &facts)).collect();
        let last_change_on = last_change.map(|at| Moment::of(at).today);
        questions(&Record { case, last_change_on, sources: &words }, policy, on)
    }

    fn word(&self, source: &Source, case: &Case, facts: &Value) -> SourceWord {
        let fields = source.kept.derived.as_object().into_iter().flatten();
        let derived = fields.filter_map(|(field, _)| {
            let origin = self.origins.get(&(case.reference.clone(), field.clone()))?;
            let how = how_derived(std::slice::from_ref(source), facts, field, origin)?;
            Some((field.clone(), how, Moment::of(origin.at).today))
        });
        SourceWord {
            name: source.name.clone(),
            vanished_on: source.vanished_at.map(|at| Moment::of(at).today),
            conflicts: conflicts(source, facts),
            derived: derived.collect(),
        }
    }
}

/// Where a source says something else than is recorded: fields, and lists with the number of an entry.
#[must_use]
pub fn conflicts(source: &Source, facts: &Value) -> Vec<String> {
    differences(&LastSaid::of(source.kept.said.clone(), source.kept.derived.clone()), facts)
}

/// How a field was worked out, where it stands as an import of a source that worked it out has recorded it.
#[must_use]
pub fn how_derived(sources: &[Source], facts: &Value, field: &str, origin: &Origin) -> Option<String> {
    let recorded_by = |source: &&Source| origin.source.as_deref().is_some_and(|label| source.is_named_by(label));
    let says = |source: &Source| source.kept.said.get(field).is_some_and(|said| *said == facts[field]);
    let source = sources.iter().filter(recorded_by).find(|source| says(source))?;
    source.kept.derived.get(field)?.as_str().map(str::to_owned)
}
