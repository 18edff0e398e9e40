//! Which column of a sheet says what: a mapping, held against a header.

use serde_json::{Map, Value};

use super::super::columns::{self, Field, Kind, List};
use super::super::mapping::{CASE_OF_ENTRY, Column, Entries, ListFile, Mapping, RowsAre, Target};
use super::super::sheet::{Row, Sheet};
use super::super::{Code, Line, Missing, Place};
use crate::exchange::incoming::cells::Words;

/// A column with one thing that it says.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Where in the row.
    pub index: usize,
    /// The field.
    pub field: &'static str,
    /// What belongs there.
    pub kind: Kind,
    /// The name of the field among the words of the mapping.
    words: String,
}

impl Cell {
    fn new(index: usize, (field, kind): Field, list: Option<&List>) -> Self {
        let words = list.map_or_else(|| field.to_owned(), |list| format!("{}.{field}", list.name));
        Self { index, field, kind, words }
    }

    /// What it says in a row; else the refusal.
    ///
    /// # Errors
    ///
    /// The cell cannot be read.
    pub fn read(&self, row: &Row, sheet: &Sheet, mapping: &Mapping) -> Result<Value, Line> {
        let words: Option<&Words> = mapping.words.get(&self.words);
        let cell = row.cells.get(self.index).unwrap_or_default();
        let refuse = |(code, reason): (Code, String)| {
            Line::refused(&sheet.place(row.number), code, reason).in_column(&sheet.columns[self.index])
        };
        mapping.forms.read(cell, self.kind, words).map_err(refuse)
    }
}

/// One entry of a list that a row of the main sheet may have.
#[derive(Clone, Debug)]
pub struct EntryCells {
    /// The list.
    pub list: &'static List,
    /// What it says beside its cells.
    pub set: Map<String, Value>,
    /// Its cells.
    pub cells: Vec<Cell>,
}

impl EntryCells {
    /// Whether entries have numbers, and no column says them.
    pub fn is_unnumbered(&self) -> bool {
        let is_said = self.set.contains_key("sequence") || self.cells.iter().any(|cell| cell.field == "sequence");
        self.list.key == Some("sequence") && !is_said
    }

    /// What it means that a row is missing that was there before.
    pub fn what_is_missing(&self) -> Missing {
        if self.is_unnumbered() { Missing::Uncounted } else { Missing::Vanished }
    }
}

/// What the columns of the main sheet say.
#[derive(Clone, Debug, Default)]
pub struct MainLayout {
    /// Fields of the case.
    pub case: Vec<Cell>,
    /// Entries of lists, in the order in which they come; the child that the row is about is the last.
    pub entries: Vec<EntryCells>,
}

/// What the columns of a list's own sheet say.
#[derive(Clone, Debug)]
pub struct ListLayout {
    /// Where the reference of the case is.
    pub case: Cell,
    /// The entry.
    pub entry: EntryCells,
}

/// Finds columns by their headers, and keeps which are used.
struct Finder<'s> {
    sheet: &'s Sheet,
    used: Vec<bool>,
    lines: Vec<Line>,
}

impl<'s> Finder<'s> {
    fn new(sheet: &'s Sheet) -> Self {
        Self { sheet, used: vec![false; sheet.columns.len()], lines: Vec::new() }
    }

    fn find(&mut self, header: &str) -> Option<usize> {
        let same = |column: &String| column.to_lowercase() == header.to_lowercase();
        let index = self.sheet.columns.iter().position(same)?;
        self.used[index] = true;
        Some(index)
    }

    fn need(&mut self, header: &str) -> Option<usize> {
        let found = self.find(header);
        if found.is_none() {
            self.refuse(header, Code::MissingColumn, "is named in the mapping and is not in the header");
        }
        found
    }

    fn refuse(&mut self, column: &str, code: Code, reason: &str) {
        self.lines.push(Line::refused(&Place::file(&self.sheet.file), code, reason).in_column(column));
    }

    /// Columns that are called like fields, where the mapping says nothing else of them.
    fn by_their_own_names(&mut self, fields: &'static [Field], list: Option<&List>, said: &[&str]) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &field in fields.iter().filter(|(name, _)| !said.contains(name)) {
            let is_free = |(index, column): &(usize, &String)| column.as_str() == field.0 && !self.used[*index];
            if let Some((index, _)) = self.sheet.columns.iter().enumerate().find(is_free) {
                self.used[index] = true;
                cells.push(Cell::new(index, field, list));
            }
        }
        cells
    }

    /// Refuses what nothing is known of, and a field that two columns say.
    fn finish<'c>(mut self, mapping: &Mapping, cells: impl Iterator<Item = &'c Cell>) -> Result<(), Vec<Line>> {
        let sheet = self.sheet;
        for name in &mapping.ignore {
            if name == "*" {
                self.used.fill(true);
            } else {
                self.find(name);
            }
        }
        let has_content = with_content(sheet, mapping, &self.used);
        for (name, _) in sheet.columns.iter().zip(has_content).filter(|(_, has_content)| *has_content) {
            let reason = "is no column that is known here: name it in a mapping, under [columns] or ignore (see `plo-drift import --suggest`)";
            self.refuse(name, Code::UnknownColumn, reason);
        }
        let mut said: Vec<(&str, &str)> = Vec::new();
        for cell in cells {
            let column = sheet.columns[cell.index].as_str();
            if let Some((other, _)) = said.iter().find(|(_, field)| *field == cell.words) {
                self.refuse(column, Code::RepeatedColumn, &format!("says {}, which the column {other:?} says too", cell.field));
            }
            said.push((column, &cell.words));
        }
        if self.lines.is_empty() { Ok(()) } else { Err(self.lines) }
    }
}

/// Which of the columns that are not used have anything in them; the sheet is read once, however many there are.
fn with_content(sheet: &Sheet, mapping: &Mapping, used: &[bool]) -> Vec<bool> {
    let mut has_content = vec![false; sheet.columns.len()];
    let unused = used.iter().filter(|used| !**used).count();
    let mut found = 0;
    for row in sheet.rows().flatten() {
        if found == unused {
            break;
        }
        for (index, cell) in row.cells.iter().enumerate() {
            if !used[index] && !has_content[index] && mapping.forms.content(cell).is_some() {
                has_content[index] = true;
                found += 1;
            }
        }
    }
    has_content
}

impl MainLayout {
    /// Holds a mapping against the header of a main sheet.
    ///
    /// # Errors
    ///
    /// Columns that are missing, unknown, or say the same.
    pub fn of(sheet: &Sheet, mapping: &Mapping) -> Result<Self, Vec<Line>> {
        let children = columns::list("children").expect("it is a list");
        let mut finder = Finder::new(sheet);
        let (mut layout, mut child) = (Self::default(), Vec::new());
        for Column { header, targets } in &mapping.columns {
            let Some(index) = finder.need(header) else { continue };
            for target in targets {
                match target {
                    Target::Case(name) => {
                        layout.case.extend(columns::field(columns::CASE, name).map(|it| Cell::new(index, it, None)));
                    }
                    Target::Child(name) => child.extend(entry_cell(index, children, name)),
                }
            }
        }
        for entries in &mapping.entries {
            layout.entries.extend(each_entry(&mut finder, entries));
        }
        let said: Vec<&str> = layout.case.iter().map(|cell| cell.field).collect();
        layout.case.extend(finder.by_their_own_names(columns::CASE, None, &said));
        if !layout.case.iter().any(|cell| cell.field == "reference") {
            finder.refuse("reference", Code::MissingColumn, "is needed: the council's pseudonymous reference of each case");
        }
        // Where the reference is missing, the row may be no header at all: what stands in it is not told.
        if !finder.lines.is_empty() {
            return Err(finder.lines);
        }
        if mapping.rows == RowsAre::Children && !child.iter().any(|cell| cell.field == "reference") {
            finder.refuse(
                "children.reference",
                Code::MissingColumn,
                "is needed where each row is a child: name its column in the mapping",
            );
        }
        finder.finish(mapping, layout.case.iter().chain(&child))?;
        if !child.is_empty() {
            layout.entries.push(EntryCells { list: children, set: Map::new(), cells: child });
        }
        Ok(layout)
    }
}

/// The entries for which the header has columns; the first must be there, and one that is there in part is refused.
fn each_entry(finder: &mut Finder, entries: &Entries) -> Vec<EntryCells> {
    let mut all = Vec::new();
    for number in 1..=entries.up_to {
        let named = |column: &Column<&'static str>| column.header.replace("{n}", &number.to_string());
        let headers: Vec<String> = entries.columns.iter().map(named).collect();
        let is_there =
            |header: &String| finder.sheet.columns.iter().any(|column| column.to_lowercase() == header.to_lowercase());
        if number > 1 && !headers.iter().any(is_there) {
            break;
        }
        let mut cells = Vec::new();
        for (header, column) in headers.iter().zip(&entries.columns) {
            let Some(index) = finder.need(header) else { continue };
            cells.extend(column.targets.iter().filter_map(|name| entry_cell(index, entries.list, name)));
        }
        let mut set = entries.set.clone();
        for value in set.values_mut() {
            if let Value::String(text) = value {
                *text = text.replace("{n}", &number.to_string());
            }
        }
        let mut entry = EntryCells { list: entries.list, set, cells };
        if entry.is_unnumbered() {
            entry.set.insert("sequence".to_owned(), Value::from(entries.first_sequence + number - 1));
        }
        all.push(entry);
    }
    all
}

fn entry_cell(index: usize, list: &'static List, name: &str) -> Option<Cell> {
    columns::field(list.fields, name).map(|field| Cell::new(index, field, Some(list)))
}

impl ListLayout {
    /// Holds a mapping against the header of a list's own sheet.
    ///
    /// # Errors
    ///
    /// Columns that are missing, unknown, or say the same.
    pub fn of(sheet: &Sheet, list: &'static List, mapping: &Mapping) -> Result<Self, Vec<Line>> {
        let nothing = ListFile::default();
        let file = mapping.lists.get(list.name).unwrap_or(&nothing);
        let mut finder = Finder::new(sheet);
        let (mut case, mut cells) = (None, Vec::new());
        for Column { header, targets } in &file.columns {
            let Some(index) = finder.need(header) else { continue };
            for name in targets {
                match columns::field(list.fields, name) {
                    Some(field) if *name != CASE_OF_ENTRY => cells.push(Cell::new(index, field, Some(list))),
                    _ => case = Some(index),
                }
            }
        }
        // By themselves, the sheets of all lists have the reference of the case in `reference`; a child has its own beside it.
        case = case.or_else(|| finder.find("reference"));
        let is_missing = |name: &str| cells.iter().all(|cell: &Cell| cell.field != name);
        if list.name == "children" && is_missing("reference") {
            cells.extend(finder.find("child_reference").and_then(|index| entry_cell(index, list, "reference")));
        }
        let said: Vec<&str> = cells.iter().map(|cell| cell.field).collect();
        cells.extend(finder.by_their_own_names(list.fields, Some(list), &said));
        let Some(case) = case else {
            finder.refuse("reference", Code::MissingColumn, "is needed: the reference of the case that each row belongs to");
            return Err(finder.lines);
        };
        finder.finish(mapping, cells.iter())?;
        let reference = columns::field(columns::CASE, "reference").expect("it is a field");
        Ok(Self { case: Cell::new(case, reference, None), entry: EntryCells { list, set: file.set.clone(), cells } })
    }
}
