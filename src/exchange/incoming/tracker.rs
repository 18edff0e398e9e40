//! Trackers: the spreadsheets that councils keep.
//!
//! A main sheet has one row for each case, or for each child of it; lists are in columns of it or in sheets of their own. A row with
//! anything wrong in it is refused as a whole, because half of a row may say the opposite of the whole.

mod check;
mod layout;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::columns::List;
use super::mapping::{Mapping, RowsAre};
use super::sheet::{Row, Sheet};
use super::{Code, Incoming, Line, Offered};
use check::Draft;
use layout::{Cell, EntryCells, ListLayout, MainLayout};

/// The sheets of a tracker.
#[derive(Debug, Default)]
pub struct Tracker {
    /// Those with the cases: one, or several such as live and closed ones.
    pub main: Vec<Sheet>,
    /// Those of lists.
    pub lists: Vec<(&'static List, Sheet)>,
}

/// A row, with the sheet that it is in.
type Located = (usize, Row);

/// The rows of a case.
#[derive(Default)]
struct CaseRows {
    main: Vec<Located>,
    lists: Vec<Located>,
}

/// Reads what a tracker says. What is said to be done cannot lie after `today`.
///
/// # Errors
///
/// Columns that are missing, unknown, or say the same: then none of the files is read.
pub fn read<'t>(tracker: &'t Tracker, mapping: &'t Mapping, today: Date) -> Result<Incoming<'t>, Vec<Line>> {
    let (layouts, list_layouts) = layouts(tracker, mapping)?;
    let reading = Reading { tracker, mapping, today, layouts, list_layouts };
    let Index { order, mut rows, named, has_unnamed, lines } = Index::of(&reading);
    Ok(Incoming {
        at_most: order.len(),
        // A sheet without a single row is the wrong file more likely than one from which all has vanished.
        tells_what_vanished: !named.is_empty() && !has_unnamed,
        references: named,
        lines,
        cases: Box::new(order.into_iter().map(move |case| {
            let rows = rows.remove(&case).unwrap_or_default();
            reading.offer(case, &rows)
        })),
    })
}

fn layouts(tracker: &Tracker, mapping: &Mapping) -> Result<(Vec<MainLayout>, Vec<ListLayout>), Vec<Line>> {
    let (mut main, mut lists, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for sheet in &tracker.main {
        MainLayout::of(sheet, mapping).map_or_else(|wrong| lines.extend(wrong), |layout| main.push(layout));
    }
    for (list, sheet) in &tracker.lists {
        ListLayout::of(sheet, list, mapping).map_or_else(|wrong| lines.extend(wrong), |layout| lists.push(layout));
    }
    if lines.is_empty() { Ok((main, lists)) } else { Err(lines) }
}

/// Everything that reading a case needs.
struct Reading<'t> {
    tracker: &'t Tracker,
    mapping: &'t Mapping,
    today: Date,
    layouts: Vec<MainLayout>,
    list_layouts: Vec<ListLayout>,
}

/// Where the rows of each case are.
#[derive(Default)]
struct Index {
    /// The cases in the order in which they come first; those that no main sheet has come last.
    order: Vec<String>,
    rows: HashMap<String, CaseRows>,
    /// Every reference that the main sheets have.
    named: HashSet<String>,
    /// Whether a row of a main sheet has no reference that can be read.
    has_unnamed: bool,
    lines: Vec<Line>,
}

impl Index {
    fn of(reading: &Reading) -> Self {
        let mut index = Self::default();
        index.take_main(reading);
        if reading.mapping.rows == RowsAre::Cases {
            index.lines.extend(index.repeated_rows(reading));
        }
        index.take_lists(reading);
        index.refuse_repeated(reading);
        index
    }

    fn take_main(&mut self, reading: &Reading) {
        for (at, (sheet, layout)) in reading.tracker.main.iter().zip(&reading.layouts).enumerate() {
            let reference = layout.case.iter().find(|cell| cell.field == "reference").expect("a layout has a reference");
            for row in sheet.rows() {
                match row.and_then(|row| reading.reference(reference, &row, sheet).map(|case| (case, row))) {
                    Ok((case, row)) => {
                        if self.named.insert(case.clone()) {
                            self.order.push(case.clone());
                        }
                        self.rows.entry(case).or_default().main.push((at, row));
                    }
                    Err(line) => {
                        self.has_unnamed = true;
                        self.lines.push(line);
                    }
                }
            }
        }
    }

    fn take_lists(&mut self, reading: &Reading) {
        let mut orphans = Vec::new();
        for (at, ((_, sheet), layout)) in reading.tracker.lists.iter().zip(&reading.list_layouts).enumerate() {
            for row in sheet.rows() {
                match row.and_then(|row| reading.reference(&layout.case, &row, sheet).map(|case| (case, row))) {
                    Ok((case, row)) => {
                        let rows = self.rows.entry(case.clone()).or_default();
                        if rows.main.is_empty() && rows.lists.is_empty() {
                            orphans.push(case);
                        }
                        rows.lists.push((at, row));
                    }
                    Err(line) => self.lines.push(line),
                }
            }
        }
        self.order.extend(orphans);
    }

    /// Which of several rows of a case counts cannot be told.
    fn repeated_rows(&self, reading: &Reading) -> Vec<Line> {
        let reason = "several rows have this reference: which of them counts cannot be told, so none was taken";
        let line = |case: &String, (at, row): &Located| {
            Line::refused(&reading.tracker.main[*at].place(row.number), Code::RepeatedReference, reason).of_case(case)
        };
        let repeated = self.order.iter().filter(|case| self.rows[*case].main.len() > 1);
        repeated.flat_map(|case| self.rows[case].main.iter().map(move |row| line(case, row))).collect()
    }

    /// Takes the cases out of which several rows are, where each row should be one.
    fn refuse_repeated(&mut self, reading: &Reading) {
        if reading.mapping.rows == RowsAre::Children {
            return;
        }
        let Self { order, rows, lines, .. } = self;
        order.retain(|case| {
            let is_one = rows[case].main.len() < 2;
            if !is_one {
                let lists = rows.remove(case).unwrap_or_default().lists;
                lines.extend(lists.iter().map(|(at, row)| reading.case_refused(case, *at, row)));
            }
            is_one
        });
    }
}

impl Reading<'_> {
    fn reference(&self, cell: &Cell, row: &Row, sheet: &Sheet) -> Result<String, Line> {
        if let Value::String(reference) = cell.read(row, sheet, self.mapping)? {
            return Ok(reference);
        }
        let reason = "must be given: the reference of the case";
        Err(Line::refused(&sheet.place(row.number), Code::MissingValue, reason).in_column(&sheet.columns[cell.index]))
    }

    fn case_refused(&self, case: &str, list: usize, row: &Row) -> Line {
        let reason = "its case was refused, so this was not taken either";
        Line::refused(&self.tracker.lists[list].1.place(row.number), Code::CaseRefused, reason).of_case(case)
    }

    /// What its rows say of a case.
    fn offer(&self, reference: String, rows: &CaseRows) -> Offered {
        let mut draft = Draft::new(reference, !rows.main.is_empty());
        for (at, row) in &rows.main {
            self.read_main(&mut draft, *at, row);
        }
        if !draft.refused.is_empty() {
            return self.refuse(draft, &rows.lists);
        }
        for (at, row) in &rows.lists {
            self.read_entry(&mut draft, *at, row);
        }
        if draft.is_whole {
            self.speak_of_every_list(&mut draft);
        }
        if let Err(lines) = draft.check(self.today) {
            draft.refused.extend(lines);
            return self.refuse(draft, &rows.lists);
        }
        draft.offer()
    }

    /// A case that has no row in the file of a list has none of its entries there: what was said of them before has vanished.
    fn speak_of_every_list(&self, draft: &mut Draft) {
        for ((list, _), layout) in self.tracker.lists.iter().zip(&self.list_layouts) {
            draft.speak_of(list.name);
            draft.missing.entry(list.name).or_insert_with(|| layout.entry.what_is_missing());
        }
    }

    fn refuse(&self, draft: Draft, entries: &[Located]) -> Offered {
        let mut lines = draft.refused;
        lines.extend(draft.left_out);
        // A row that has its own mistake is not told a second time.
        let told: HashSet<(String, Option<u64>)> = lines.iter().map(|line| (line.file.clone(), line.row)).collect();
        let reason = "another row of its case was refused, so this was not taken either";
        let main = draft.rows.iter().map(|place| Line::refused(place, Code::CaseRefused, reason).of_case(&draft.reference));
        let rest = main.chain(entries.iter().map(|(at, row)| self.case_refused(&draft.reference, *at, row)));
        lines.extend(rest.filter(|line| !told.contains(&(line.file.clone(), line.row))));
        Offered::Refused(lines)
    }

    fn read_main(&self, draft: &mut Draft, at: usize, row: &Row) {
        let (sheet, layout) = (&self.tracker.main[at], &self.layouts[at]);
        let place = sheet.place(row.number);
        draft.rows.push(place.clone());
        for cell in &layout.case {
            match cell.read(row, sheet, self.mapping) {
                Ok(value) => draft.say(cell.field, value, &place, &sheet.columns[cell.index]),
                Err(line) => draft.refuse(line),
            }
        }
        for entry in &layout.entries {
            draft.speak_of(entry.list.name);
            match self.entry(entry, row, sheet) {
                Ok(Some(said)) => draft.add_entry(entry.list.name, said, &place, columns_of(entry, sheet)),
                Ok(None) => {}
                Err(lines) => lines.into_iter().for_each(|line| draft.refuse(line)),
            }
        }
    }

    fn read_entry(&self, draft: &mut Draft, at: usize, row: &Row) {
        let ((list, sheet), layout) = (&self.tracker.lists[at], &self.list_layouts[at]);
        draft.speak_of(list.name);
        draft.missing.entry(list.name).or_insert_with(|| layout.entry.what_is_missing());
        let place = sheet.place(row.number);
        let number = draft.next_number(list.name);
        match self.entry(&layout.entry, row, sheet) {
            Ok(said) => {
                let mut said = said.unwrap_or_default();
                if layout.entry.is_unnumbered() {
                    said.insert("sequence".to_owned(), Value::from(number));
                }
                draft.rows.push(place.clone());
                draft.add_own_row(list.name, said, &place, columns_of(&layout.entry, sheet));
            }
            Err(lines) => draft.leave_out(list.name, lines),
        }
    }

    /// The entry that some cells of a row say; none where all of them are blank.
    fn entry(&self, entry: &EntryCells, row: &Row, sheet: &Sheet) -> Result<Option<Map<String, Value>>, Vec<Line>> {
        let mut lines = Vec::new();
        let mut said = entry.set.clone();
        let mut is_blank = true;
        for cell in &entry.cells {
            match cell.read(row, sheet, self.mapping) {
                Ok(Value::Null) if said.contains_key(cell.field) => {}
                Ok(value) => {
                    is_blank &= value.is_null();
                    said.insert(cell.field.to_owned(), value);
                }
                Err(line) => lines.push(line),
            }
        }
        if !lines.is_empty() {
            return Err(lines);
        }
        Ok((!is_blank).then_some(said))
    }
}

/// The column of each field of an entry.
fn columns_of(entry: &EntryCells, sheet: &Sheet) -> BTreeMap<&'static str, String> {
    entry.cells.iter().map(|cell| (cell.field, sheet.columns[cell.index].clone())).collect()
}

#[cfg(test)]
mod tests;
