//! The entries of a list: those that have a number or reference of their own are told apart by it and merged field by field; the
//! others are told apart by all that they say.

use serde_json::{Map, Value};

use super::{Code, Known, List, Missing, Query, decide, is_nothing, not_given};

/// What becomes of a list.
pub(super) struct MergedList {
    pub entries: Value,
    pub remembered: Value,
    pub queries: Vec<Query>,
}

/// The entries of a list in a document.
fn entries(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Makes one list of what is said, what was said last, and what is recorded.
pub(super) fn merge(list: &List, said: &Value, missing: Missing, stored: Option<&Value>, before: Option<&Value>) -> MergedList {
    let (said, stored, before) = (entries(Some(said)), entries(stored), entries(before));
    match list.key {
        Some(key) => keyed(list, key, said, missing, stored, before),
        None => unkeyed(list, said, missing, stored, before),
    }
}

fn find<'e>(entries: &'e [Value], key: &str, value: &Value) -> Option<&'e Value> {
    entries.iter().find(|entry| entry[key] == *value)
}

fn about(list: &List, key: &Value) -> String {
    match key {
        // A child's reference is named by the case that it belongs to, not here.
        Value::String(_) => format!("one of the {}", list.name),
        number => format!("{} {number}", list.name),
    }
}

fn keyed(list: &List, key: &str, said: &[Value], missing: Missing, stored: &[Value], earlier: &[Value]) -> MergedList {
    let mut merged = MergedList { entries: Value::Null, remembered: Value::Null, queries: Vec::new() };
    if let (Missing::Uncounted, Some(code)) = (missing, why_it_cannot_be_counted(key, said, stored, earlier)) {
        merged.queries.push(Query { about: format!("one of the {}", list.name), code });
        merged.entries = Value::from(stored.to_vec());
        merged.remembered = Value::from(earlier.to_vec());
        return merged;
    }
    let (mut kept, mut remembered) = (Vec::new(), Vec::new());
    for entry in stored {
        let name = &entry[key];
        let before = find(earlier, key, name);
        match find(said, key, name) {
            Some(now) => kept.push(merge_entry(list, key, now, Some(entry), before, &mut merged.queries)),
            None if before.is_some_and(|before| stands_as_said(before, entry)) && missing == Missing::Removed => {}
            None => {
                if before.is_some() && missing == Missing::Removed {
                    merged.queries.push(Query { about: about(list, name), code: Code::Conflict });
                }
                if before.is_some() && missing == Missing::Vanished {
                    merged.queries.push(Query { about: about(list, name), code: Code::Vanished });
                }
                kept.push(entry.clone());
            }
        }
    }
    for now in said {
        let name = &now[key];
        let before = find(earlier, key, name);
        remembered.push(now.clone());
        if find(stored, key, name).is_some() {
            continue;
        }
        if before.is_some() {
            // Somebody has taken it out since.
            merged.queries.push(Query { about: about(list, name), code: Code::Conflict });
        } else {
            kept.push(merge_entry(list, key, now, None, None, &mut merged.queries));
        }
    }
    if missing != Missing::Removed {
        remembered.extend(earlier.iter().filter(|before| find(said, key, &before[key]).is_none()).cloned());
    }
    kept.sort_by(|a, b| (a[key].as_u64(), a[key].as_str()).cmp(&(b[key].as_u64(), b[key].as_str())));
    merged.entries = Value::Array(kept);
    merged.remembered = Value::Array(remembered);
    merged
}

/// Why a list whose rows have no numbers of their own is left as it is recorded: there are fewer of them than before, or they are others
/// and somebody has recorded something in one of them.
fn why_it_cannot_be_counted(key: &str, said: &[Value], stored: &[Value], earlier: &[Value]) -> Option<Code> {
    let is_gone = |before: &Value| find(said, key, &before[key]).is_none();
    let is_changed = |before: &Value| find(stored, key, &before[key]).is_none_or(|entry| !stands_as_said(before, entry));
    if earlier.iter().any(is_gone) {
        Some(Code::Vanished)
    } else {
        (said != earlier && earlier.iter().any(is_changed)).then_some(Code::Conflict)
    }
}

/// Whether an entry stands as it was said, and nobody has recorded anything else in it.
fn stands_as_said(said: &Value, stored: &Value) -> bool {
    let Some(fields) = stored.as_object() else { return false };
    fields.iter().all(|(field, value)| {
        let said = said.get(field);
        said == Some(value) || is_nothing(said) && is_nothing(Some(value))
    })
}

fn merge_entry(
    list: &List,
    key: &str,
    now: &Value,
    stored: Option<&Value>,
    before: Option<&Value>,
    queries: &mut Vec<Query>,
) -> Value {
    let mut entry = stored.and_then(Value::as_object).cloned().unwrap_or_else(|| blank(list));
    let mut is_conflict = false;
    for (field, value) in now.as_object().into_iter().flatten() {
        let known = Known {
            stored: stored.and_then(|stored| stored.get(field)),
            last: before.and_then(|before| before.get(field)),
            stored_is_derived: false,
        };
        let decided = decide(field, value, false, known);
        is_conflict |= decided.is_conflict;
        entry.insert(field.clone(), decided.value);
    }
    if let (true, Some(stored)) = (is_conflict, stored) {
        // Half of one and half of the other would be an entry that nobody has said.
        queries.push(Query { about: about(list, &now[key]), code: Code::Conflict });
        return stored.clone();
    }
    Value::Object(entry)
}

/// An entry that says nothing.
fn blank(list: &List) -> Map<String, Value> {
    list.fields.iter().map(|(field, _)| ((*field).to_owned(), Value::Null)).collect()
}

/// Takes one entry like this out; tells whether there was one.
fn take(from: &mut Vec<Value>, entry: &Value) -> bool {
    let place = from.iter().position(|other| other == entry);
    place.map(|place| from.remove(place)).is_some()
}

fn unkeyed(list: &List, said: &[Value], missing: Missing, stored: &[Value], earlier: &[Value]) -> MergedList {
    let (said, earlier): (Vec<Value>, Vec<Value>) = (each_whole(list, said), each_whole(list, earlier));
    let mut queries = Vec::new();
    let (mut gone, mut new) = (earlier.clone(), Vec::new());
    for entry in &said {
        if !take(&mut gone, entry) {
            new.push(entry.clone());
        }
    }
    // What somebody has recorded that was not said before may be what is said now.
    let mut others = stored.to_vec();
    let mut taken_out = Vec::new();
    for entry in &earlier {
        if !take(&mut others, entry) {
            taken_out.push(entry.clone());
        }
    }
    new.retain(|entry| !take(&mut others, entry));
    let mut kept = stored.to_vec();
    for entry in &gone {
        match missing {
            Missing::Removed => {
                take(&mut kept, entry);
            }
            Missing::Vanished if kept.contains(entry) => {
                queries.push(Query { about: format!("an entry of {}", list.name), code: Code::Vanished });
            }
            _ => {}
        }
    }
    for _ in taken_out.iter().filter(|entry| said.contains(entry)) {
        queries.push(Query { about: format!("an entry of {}", list.name), code: Code::Conflict });
    }
    kept.extend(new);
    let mut remembered = said.clone();
    if missing != Missing::Removed {
        remembered.extend(gone);
    }
    // Where nobody else has a hand in the list, it stands in the order of the source.
    let mut as_said = said.clone();
    if missing == Missing::Removed && kept.len() == said.len() && kept.iter().all(|entry| take(&mut as_said, entry)) {
        kept = said;
    }
    MergedList { entries: Value::Array(kept), remembered: Value::Array(remembered), queries }
}

/// Entries with every field, as a case document has them.
fn each_whole(list: &List, entries: &[Value]) -> Vec<Value> {
    let whole = |entry: &Value| {
        let mut whole = blank(list);
        whole.extend(entry.as_object().cloned().unwrap_or_default());
        for (field, value) in &mut whole {
            if value.is_null() {
                *value = not_given(field);
            }
        }
        Value::Object(whole)
    };
    entries.iter().map(whole).collect()
}
