//! The rows of `ssd_person`, of which only those of the children in pre-proceedings are kept.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::cells::Unreadable;
use super::super::sheet::Sheet;
use super::super::{Code, Line, Place};
use super::rows::{date, find, text};
use crate::domain::calendar::shift;

const PERSON: &str = "pers_person_id";
const BORN: &str = "pers_dob";
const EXPECTED: &str = "pers_expected_dob";

/// How many days before the start of a case the expected date of a child may lie that is not born yet. Beyond it, what stands there
/// is the date of birth of a child whose age was estimated: some systems write it in the same column.
const LONGEST_OVERDUE: i64 = 28;

/// Where the columns are.
pub struct Columns {
    person: usize,
    born: usize,
    expected: Option<usize>,
}

/// Finds the columns; not every extract has that for expected dates.
pub fn columns(sheet: &Sheet) -> Result<Columns, Vec<Line>> {
    let found = find(sheet, &[PERSON, BORN])?;
    let expected = find(sheet, &[EXPECTED]).ok().map(|found| found[0]);
    Ok(Columns { person: found[0], born: found[1], expected })
}

type Day = Result<Option<Date>, Unreadable>;

/// What is known of a child.
#[derive(PartialEq)]
struct Person {
    place: Place,
    born: Day,
    expected: Option<Day>,
    is_repeated: bool,
}

/// The children that are asked for.
pub struct People(HashMap<String, Person>);

impl People {
    /// Reads them.
    pub fn read(sheet: &Sheet, columns: &Columns, wanted: &HashSet<&str>, lines: &mut Vec<Line>) -> Self {
        let mut people: HashMap<String, Person> = HashMap::new();
        let mut unreadable = Vec::new();
        for row in sheet.rows() {
            let row = match row {
                Ok(row) => row,
                Err(line) => {
                    unreadable.push(line);
                    continue;
                }
            };
            let Ok(Some(id)) = text(&row.cells[columns.person]) else { continue };
            if !wanted.contains(id.as_str()) {
                continue;
            }
            let expected = columns.expected.map(|index| date(&row.cells[index]));
            let person =
                Person { place: sheet.place(row.number), born: date(&row.cells[columns.born]), expected, is_repeated: false };
            if let Some(known) = people.get_mut(&id) {
                known.is_repeated |= (&known.born, &known.expected) != (&person.born, &person.expected);
            } else {
                people.insert(id, person);
            }
        }
        lines.extend(cannot_be_read(unreadable));
        Self(people)
    }

    /// The child of an episode, as a case document has it, and what is to be asked about it.
    pub fn child(&self, reference: &str, row: &Place, started: Date, today: Date) -> (Map<String, Value>, Vec<Line>) {
        let mut child = Map::from_iter([("reference".to_owned(), Value::from(reference))]);
        let Some(person) = self.0.get(reference) else {
            let reason = "is not in ssd_person: the child is taken without its date of birth";
            return (child, vec![Line::queried(row, Code::MissingValue, reason).in_column(super::Column::Person.name())]);
        };
        if person.is_repeated {
            let reason = "another row is of the same child and has other dates: neither was taken";
            return (child, vec![Line::queried(&person.place, Code::RowsDisagree, reason)]);
        }
        let mut lines = Vec::new();
        let mut say = |field: &str, column, day: Day| match day {
            Ok(day) => {
                child.insert(field.to_owned(), day.map_or(Value::Null, |day| Value::from(day.to_string())));
            }
            Err((code, reason)) => {
                let reason = format!("{reason}; the child is taken without it");
                lines.push(Line::queried(&person.place, code, reason).in_column(column));
            }
        };
        say("date_of_birth", BORN, born(&person.born, today));
        if let Some(day) = &person.expected {
            say("expected_delivery_on", EXPECTED, expected(day, &person.born, started));
        }
        (child, lines)
    }
}

fn born(day: &Day, today: Date) -> Day {
    match day {
        Ok(Some(born)) if *born > today => {
            let reason = format!("must not lie in the future: the expected date of a child not born yet belongs in {EXPECTED}");
            Err((Code::BadDate, reason))
        }
        day => day.clone(),
    }
}

fn expected(day: &Day, born: &Day, started: Date) -> Day {
    match day {
        Ok(Some(expected)) if *born == Ok(None) && *expected < shift(started, -LONGEST_OVERDUE) => {
            let reason = "must not lie more than 4 weeks before the case starts: a date of birth, even an estimated one, belongs in \
                 pers_dob";
            Err((Code::BadFact, reason.to_owned()))
        }
        day => day.clone(),
    }
}

/// One line for all of them: whose rows they are cannot be told, and most people in the table are of no concern here.
fn cannot_be_read(lines: Vec<Line>) -> Option<Line> {
    let more = lines.len().saturating_sub(1);
    let first = lines.into_iter().next()?;
    let reason = if more == 0 { first.reason } else { format!("{} ({more} more rows cannot be read either)", first.reason) };
    Some(Line { reason, ..first })
}
