//! Extracts of the Standard Safeguarding Dataset (SSD): `ssd_pre_proceedings` with `ssd_person`.
//!
//! The table has one row for each child of an episode. Children of one family with the same decision date (else the same first
//! meeting date) are one case. Its reference is made of what the case management system itself keeps, the family's number and that
//! date, because `prep_table_id` is drawn anew for each extract in some systems, and the smallest of a group changes when a sibling
//! joins. A case keeps the reference under which it was recorded first when its decision date is filled in later, or when a child is
//! put into a family later; see `episodes`.
//!
//! Extracts often have no decision date, and then the date of the first meeting is really the day on which the legal status began.
//! It stands in for the start, is said to be derived, and is not taken as a meeting as well. Nothing here closes a case.

mod episodes;
mod offer;
mod people;
mod rows;
mod words;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::sheet::Sheet;
use super::{Code, Incoming, Line, Place};
use episodes::Episodes;
use offer::Offering;
use people::People;
use rows::{Child, Column, Read};

/// Reads what an extract says. What is said to be done cannot lie after `today`. `recorded` has the references under which this
/// source's cases are recorded already.
///
/// # Errors
///
/// Columns that the standard has and a file has not: then nothing is read.
pub fn read(
    pre_proceedings: &Sheet,
    people: Option<&Sheet>,
    recorded: &BTreeSet<String>,
    today: Date,
) -> Result<Incoming<'static>, Vec<Line>> {
    let mut missing = Vec::new();
    let columns = rows::columns(pre_proceedings).map_err(|lines| missing.extend(lines));
    let person_columns = people.map(people::columns).transpose().map_err(|lines| missing.extend(lines));
    let (Ok(columns), Ok(person_columns)) = (columns, person_columns) else { return Err(missing) };

    let mut read = rows::read(pre_proceedings, &columns, today);
    refuse_repeated(&mut read.children);
    let mut lines = std::mem::take(&mut read.lines);
    lines.extend(about_the_file(&read, pre_proceedings));
    let wanted: HashSet<&str> = read.children.iter().filter_map(|child| child.person.as_deref()).collect();
    let people = people.zip(person_columns).map(|(sheet, columns)| People::read(sheet, &columns, &wanted, &mut lines));
    if people.is_none() && !wanted.is_empty() {
        let reason = "comes without ssd_person: the children are taken without their dates of birth";
        lines.push(Line::queried(&Place::file(&pre_proceedings.file), Code::MissingValue, reason));
    }

    let Episodes { all: episodes, unplaced, references, has_unnamed } = Episodes::of(read.children, recorded);
    lines.extend(unplaced);
    lines.extend(derived_starts(&episodes, pre_proceedings));
    let offering = Offering { people, today };
    let cases: Vec<_> = episodes.into_iter().map(|episode| offering.offer(episode)).collect();
    Ok(Incoming {
        at_most: cases.len(),
        cases: Box::new(cases.into_iter()),
        references,
        tells_what_vanished: !has_unnamed && !read.has_unreadable,
        lines,
    })
}

/// Which of two rows with the same `prep_table_id` counts cannot be told.
fn refuse_repeated(children: &mut [Child]) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for id in children.iter().filter_map(|child| child.table_id.as_ref()) {
        *times.entry(id.clone()).or_default() += 1;
    }
    for child in children {
        if child.table_id.as_ref().is_some_and(|id| times[id] > 1) {
            let reason = "another row has the same: which of them counts cannot be told, so none was taken";
            child.refuse(Column::TableId, Code::RepeatedReference, reason);
        }
    }
}

/// What is told once for the whole file, so that a report on thousands of rows can still be read.
fn about_the_file(read: &Read, sheet: &Sheet) -> Vec<Line> {
    let whole = Place::file(&sheet.file);
    let mut lines = Vec::new();
    if !read.unknown_columns.is_empty() {
        let named: Vec<&str> = read.unknown_columns.iter().take(10).map(String::as_str).collect();
        let more = read.unknown_columns.len() - named.len();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        let reason = format!("has columns that the standard does not know, which are not read: {}{more}", named.join(", "));
        lines.push(Line::queried(&whole, Code::NotUsed, reason));
    }
    if read.placeholders > 0 {
        let reason = format!("has {} of placeholders only, which say nothing", rows_in_words(read.placeholders));
        lines.push(Line::queried(&whole, Code::NotUsed, reason));
    }
    let counted = read.children.iter().filter(|child| child.reviews > 0).count();
    if counted > 0 {
        let reason = format!(
            "has review meetings counted in {}, but the standard has no dates for them: they are not taken, and should be recorded",
            rows_in_words(counted)
        );
        lines.push(Line::queried(&whole, Code::NotUsed, reason).in_column(Column::ReviewMeetings.name()));
    }
    lines
}

fn derived_starts(episodes: &[episodes::Episode], sheet: &Sheet) -> Option<Line> {
    let derived = episodes.iter().filter(|episode| episode.is_start_derived() && episode.is_taken()).count();
    let cases = if derived == 1 { "1 case".to_owned() } else { format!("{derived} cases") };
    let reason = format!(
        "is blank for {cases}: the date of the first meeting stands in for the decision date there, and is taken for no meeting"
    );
    let line = Line::queried(&Place::file(&sheet.file), Code::Derived, reason).in_column(Column::Decision.name());
    (derived > 0).then_some(line)
}

fn rows_in_words(number: usize) -> String {
    if number == 1 { "1 row".to_owned() } else { format!("{number} rows") }
}

#[cfg(test)]
mod tests;
