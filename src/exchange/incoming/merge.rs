//! What a source says, what it said before, and what is recorded, made one.
//!
//! What somebody recorded since is never overwritten: a source only changes what stands as it said it last, or what nobody has said.
//! Where it says something else than is recorded, what is recorded stands and somebody is asked. What was worked out gives way to
//! what was said.

mod entries;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::columns::{self, List};
use super::{Code, Missing, Said};

/// What a source said of a case the last time that it was taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastSaid {
    /// Parts of a case document, as [`Said::facts`].
    pub facts: Map<String, Value>,
    /// As [`Said::derived`].
    pub derived: BTreeMap<String, String>,
}

impl LastSaid {
    /// What was said, from the two objects that are kept of it.
    #[must_use]
    pub fn of(facts: Value, derived: Value) -> Self {
        let object = |value| if let Value::Object(object) = value { object } else { Map::new() };
        let how = |(field, how): (String, Value)| Some((field, how.as_str()?.to_owned()));
        Self { facts: object(facts), derived: object(derived).into_iter().filter_map(how).collect() }
    }
}

/// What a case becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The whole case document.
    pub document: Value,
    /// What the source has said, to be compared with the next time.
    pub last: LastSaid,
    /// What somebody should look at.
    pub queries: Vec<Query>,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The field, or the list with its entry, such as `meetings 2`.
    pub about: String,
    /// What it is.
    pub code: Code,
}

impl Query {
    /// In plain words.
    #[must_use]
    pub fn reason(&self) -> String {
        let Self { about, code } = self;
        match code {
            Code::Vanished => format!("{about}: was in the source before and is not any more; it stays recorded"),
            Code::OutOfOrder => format!("{about}: lies before the start; is the year right? It is recorded as it stands"),
            Code::Derived => format!("{about}: is not given and was worked out from other dates"),
            _ => format!("{about}: something else is recorded, which stays; correct the source or what is recorded"),
        }
    }
}

/// What is known of a value beside what is said now.
#[derive(Clone, Copy, Default)]
struct Known<'k> {
    stored: Option<&'k Value>,
    last: Option<&'k Value>,
    /// Whether what is stored was worked out, here or from another source.
    stored_is_derived: bool,
}

/// What becomes of a value: the new one, and whether it is in conflict with what is said.
struct Decided {
    value: Value,
    is_conflict: bool,
}

/// Nothing recorded; a flag that is not set is as good as one that was never given.
fn is_nothing(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || *value == Value::Bool(false) || value.as_str() == Some(""))
}

/// What a field holds that is not given.
fn not_given(field: &str) -> Value {
    match field {
        "restricted" | "rationale_recorded" | "excused" => Value::Bool(false),
        "person" => Value::from(""),
        _ => Value::Null,
    }
}

/// Whether a field that is not given holds something all the same, such as a flag that is not set.
fn is_off_by_default(field: &str) -> bool {
    !not_given(field).is_null()
}

/// Makes one value of a field of what is said, what was said last and what is recorded.
fn decide(field: &str, said: &Value, is_derived: bool, known: Known) -> Decided {
    let stored = known.stored.unwrap_or(&Value::Null);
    let keep = |is_conflict| Decided { value: stored.clone(), is_conflict };
    let take = || Decided { value: said.clone(), is_conflict: false };
    let same = |a: Option<&Value>, b: Option<&Value>| a == b || is_off_by_default(field) && is_nothing(a) && is_nothing(b);
    let stands_as_last_said = known.last.is_some_and(|last| same(Some(last), Some(stored)));
    if same(Some(said), Some(stored)) {
        return keep(false);
    }
    // Only a person opens a case that is restricted.
    if field == "restricted" && *stored == Value::Bool(true) {
        return keep(!said.is_null());
    }
    let nothing_is_stored = if is_off_by_default(field) { is_nothing(Some(stored)) } else { stored.is_null() };
    match (said.is_null(), nothing_is_stored) {
        // A blank has no word, unless what stands is the source's own.
        (true, _) if stands_as_last_said && !is_derived => take(),
        (true, _) => keep(false),
        (false, true) if is_nothing(known.last) => take(),
        // Somebody has taken it out.
        (false, true) if known.last == Some(said) => keep(true),
        (false, _) if is_derived => {
            if stands_as_last_said && known.stored_is_derived {
                take()
            } else {
                keep(true)
            }
        }
        (false, _) if stands_as_last_said || known.stored_is_derived => take(),
        (false, _) => keep(true),
    }
}

/// Makes one case of what is said now, what was said last, and what is recorded; `worked_out` are values of it that other sources
/// worked out.
#[must_use]
pub fn merge(said: &Said, last: &LastSaid, stored: Option<&Value>, worked_out: &[(String, Value)]) -> Merged {
    let empty = Map::new();
    let recorded = stored.and_then(Value::as_object).unwrap_or(&empty);
    let mut document = recorded.clone();
    let mut queries = Vec::new();
    let mut remembered = last.clone();
    for (field, value) in &said.facts {
        if let Some(list) = columns::list(field) {
            let missing = said.missing.get(list.name).copied().unwrap_or_default();
            let merged = entries::merge(list, value, missing, recorded.get(field), last.facts.get(field));
            document.insert(field.clone(), merged.entries);
            remembered.facts.insert(field.clone(), merged.remembered);
            queries.extend(merged.queries);
            continue;
        }
        remembered.facts.insert(field.clone(), value.clone());
        let (is_derived, how) = (said.derived.contains_key(field), said.derived.get(field));
        remembered.derived.remove(field);
        remembered.derived.extend(how.map(|how| (field.clone(), how.clone())));
        let stored = recorded.get(field);
        let by_this = last.derived.contains_key(field) && last.facts.get(field) == stored;
        let by_others = worked_out.iter().any(|(other, value)| other == field && Some(value) == stored);
        let known = Known { stored, last: last.facts.get(field), stored_is_derived: by_this || by_others };
        let decided = match field.as_str() {
            "reference" | "recorded_on" => Decided { value: earliest(value, stored), is_conflict: false },
            _ => decide(field, value, is_derived, known),
        };
        if decided.is_conflict {
            queries.push(Query { about: field.clone(), code: Code::Conflict });
        } else if is_derived && decided.value == *value && stored != Some(value) {
            queries.push(Query { about: field.clone(), code: Code::Derived });
        }
        document.insert(field.clone(), decided.value);
    }
    Merged { document: Value::Object(document), last: remembered, queries }
}

/// The day of record never moves later.
fn earliest(said: &Value, stored: Option<&Value>) -> Value {
    match stored.filter(|stored| !stored.is_null()) {
        Some(stored) if said.is_null() || said.as_str() >= stored.as_str() => stored.clone(),
        _ => said.clone(),
    }
}

/// Tells what a source says otherwise than is recorded, of one case: the fields, and the lists with their entries.
#[must_use]
pub fn differences(last: &LastSaid, stored: &Value) -> Vec<String> {
    // Most sources say what is recorded, and thousands of cases are asked at once.
    if last.facts.iter().all(|(field, said)| stored.get(field) == Some(said)) {
        return Vec::new();
    }
    let said = Said { facts: last.facts.clone(), derived: last.derived.clone(), ..Said::default() };
    let queries = merge(&said, last, Some(stored), &[]).queries;
    queries.into_iter().filter(|query| query.code == Code::Conflict).map(|query| query.about).collect()
}

#[cfg(test)]
mod tests;
