//! What the rows of one case say together, while it is put together and checked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::{Code, Line, Missing, Offered, Place, Said, columns as columns_of_documents};
use crate::exchange::document::{self, Reading};
use crate::fields::Mistake;

/// An entry of a list, with where it stands.
struct Entry {
    said: Map<String, Value>,
    place: Place,
    columns: BTreeMap<&'static str, String>,
    /// Whether it has a row of its own, which is refused by itself.
    is_own_row: bool,
}

/// A value of the case, with the first row that says it.
struct Stated {
    value: Value,
    place: Place,
    column: String,
}

/// What is known of a case so far.
pub struct Draft {
    /// The case.
    pub reference: String,
    /// The rows that are taken.
    pub rows: Vec<Place>,
    /// As of [`Said`].
    pub missing: BTreeMap<&'static str, Missing>,
    /// What is wrong with the case itself.
    pub refused: Vec<Line>,
    /// Rows of lists that are wrong, which the rest does without.
    pub left_out: Vec<Line>,
    /// Whether a main sheet has the case.
    pub is_whole: bool,
    facts: BTreeMap<&'static str, Stated>,
    lists: BTreeMap<&'static str, Vec<Entry>>,
    /// How many rows of its own each list has had, right or wrong.
    own_rows: BTreeMap<&'static str, u32>,
}

impl Draft {
    /// A case of which nothing is known yet.
    pub fn new(reference: String, is_whole: bool) -> Self {
        Self {
            reference,
            is_whole,
            rows: Vec::new(),
            missing: BTreeMap::new(),
            refused: Vec::new(),
            left_out: Vec::new(),
            facts: BTreeMap::new(),
            lists: BTreeMap::new(),
            own_rows: BTreeMap::new(),
        }
    }

    /// Refuses the case.
    pub fn refuse(&mut self, line: Line) {
        self.refused.push(line.of_case(&self.reference));
    }

    /// Leaves a row of a list out; what was known of the list before stands.
    pub fn leave_out(&mut self, list: &'static str, lines: Vec<Line>) {
        self.missing.insert(list, Missing::Unknown);
        let reference = &self.reference;
        self.left_out.extend(lines.into_iter().map(|line| line.of_case(reference)));
    }

    /// Takes in a value of the case. Where several rows say it, they must agree; a blank has no word on it.
    pub fn say(&mut self, field: &'static str, value: Value, place: &Place, column: &str) {
        let new = Stated { value, place: place.clone(), column: column.to_owned() };
        let Some(known) = self.facts.get_mut(field) else {
            self.facts.insert(field, new);
            return;
        };
        if known.value.is_null() {
            *known = new;
        } else if !new.value.is_null() && new.value != known.value {
            let first = known.place.row.unwrap_or_default();
            let reason = format!("says something else than row {first}, which is of the same case: make them agree");
            self.refuse(Line::refused(place, Code::RowsDisagree, reason).in_column(column));
        }
    }

    /// The source has a list of its own for this, though it may be empty.
    pub fn speak_of(&mut self, list: &'static str) {
        self.lists.entry(list).or_default();
    }

    /// Adds an entry that some columns of a row of the case say.
    pub fn add_entry(
        &mut self,
        list: &'static str,
        said: Map<String, Value>,
        place: &Place,
        columns: BTreeMap<&'static str, String>,
    ) {
        let key = columns_of_documents::list(list).and_then(|list| list.key);
        let is_same = |entry: &&Entry| match key {
            Some(key) => said.get(key).is_some_and(|name| entry.said.get(key) == Some(name)),
            None => entry.said == said,
        };
        let entries = self.lists.entry(list).or_default();
        // Rows of one case repeat what they say of it.
        let of_another_row = entries.iter().filter(|entry| entry.place != *place).find(is_same);
        match of_another_row {
            None => entries.push(Entry { said, place: place.clone(), columns, is_own_row: false }),
            Some(entry) if entry.said == said => {}
            Some(entry) => {
                let first = entry.place.row.unwrap_or_default();
                let reason =
                    format!("says something else of {list} than row {first}, which is of the same case: make them agree");
                self.refuse(Line::refused(place, Code::RowsDisagree, reason));
            }
        }
    }

    /// Adds an entry that has a row of its own.
    pub fn add_own_row(
        &mut self,
        list: &'static str,
        said: Map<String, Value>,
        place: &Place,
        columns: BTreeMap<&'static str, String>,
    ) {
        self.lists.entry(list).or_default().push(Entry { said, place: place.clone(), columns, is_own_row: true });
    }

    /// The number of the next row of a list's own sheet; a row that is refused has one too, so that those after it keep theirs.
    pub fn next_number(&mut self, list: &'static str) -> u32 {
        let number = self.own_rows.entry(list).or_default();
        *number += 1;
        *number
    }

    /// Holds what is said against what a case document may say; rows of lists that it may not are left out.
    ///
    /// # Errors
    ///
    /// What is wrong with the case itself.
    pub fn check(&mut self, today: Date) -> Result<(), Vec<Line>> {
        loop {
            let document = Value::Object(self.document());
            let Err(mistakes) = document::read(&document, Reading::RecordedOn(today)) else { return Ok(()) };
            let (of_rows, of_case): (Vec<_>, Vec<_>) = mistakes.iter().partition(|mistake| self.own_row(mistake).is_some());
            if !of_case.is_empty() {
                let mut lines: Vec<Line> = of_case.into_iter().map(|mistake| self.line(mistake)).collect();
                // A column that says two fields makes a mistake twice.
                lines.dedup();
                return Err(lines);
            }
            self.leave_rows_out(&of_rows);
        }
    }

    fn leave_rows_out(&mut self, mistakes: &[&Mistake]) {
        let mut gone: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for mistake in mistakes {
            let line = self.line(mistake);
            let Some((list, index)) = self.own_row(mistake) else { continue };
            self.rows.retain(|place| *place != self.lists[list][index].place);
            self.leave_out(list, vec![line]);
            gone.entry(list).or_default().push(index);
        }
        for (list, indices) in gone {
            let entries = std::mem::take(self.lists.entry(list).or_default());
            let kept = entries.into_iter().enumerate().filter(|(index, _)| !indices.contains(index)).map(|(_, entry)| entry);
            self.lists.insert(list, kept.collect());
        }
    }

    /// The entry that a mistake is about, if that has a row of its own.
    fn own_row(&self, mistake: &Mistake) -> Option<(&'static str, usize)> {
        let (list, index, _) = self.entry_of(mistake)?;
        self.lists[list][index].is_own_row.then_some((list, index))
    }

    fn entry_of<'m>(&self, mistake: &'m Mistake) -> Option<(&'static str, usize, Option<&'m str>)> {
        let mut parts = mistake.pointer.strip_prefix('/')?.split('/');
        let name = parts.next()?;
        let list = self.lists.keys().copied().find(|list| *list == name)?;
        let index = parts.next()?.parse().ok().filter(|index| *index < self.lists[list].len())?;
        Some((list, index, parts.next()))
    }

    /// A mistake in a case document, as a line about the cell that it comes from.
    fn line(&self, mistake: &Mistake) -> Line {
        let code = if mistake.reason.starts_with("must be given") { Code::MissingValue } else { Code::BadFact };
        let (place, column) = match self.entry_of(mistake) {
            Some((list, index, field)) => {
                let entry = &self.lists[list][index];
                let column = field.map(|field| entry.columns.get(field).cloned().unwrap_or_else(|| format!("{list}.{field}")));
                (entry.place.clone(), column)
            }
            None => match self.facts.get(mistake.pointer.trim_start_matches('/')) {
                Some(fact) => (fact.place.clone(), Some(fact.column.clone())),
                None => (self.rows.first().cloned().unwrap_or_default(), None),
            },
        };
        let line = Line::refused(&place, code, mistake.reason.clone()).of_case(&self.reference);
        if let Some(column) = column { line.in_column(column) } else { line }
    }

    fn document(&self) -> Map<String, Value> {
        let mut document: Map<String, Value> =
            self.facts.iter().map(|(field, fact)| ((*field).to_owned(), fact.value.clone())).collect();
        document.insert("reference".to_owned(), Value::from(self.reference.as_str()));
        for (list, entries) in &self.lists {
            let entries = entries.iter().map(|entry| Value::Object(entry.said.clone())).collect();
            document.insert((*list).to_owned(), entries);
        }
        document
    }

    /// What is said in the end.
    pub fn offer(self) -> Offered {
        let said = Said {
            facts: self.document(),
            reference: self.reference,
            derived: BTreeMap::new(),
            missing: self.missing,
            is_whole: self.is_whole,
            rows: self.rows,
        };
        Offered::Case(Box::new(said), self.left_out)
    }
}
