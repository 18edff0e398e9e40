//! Proposes a mapping for a council's own tracker, from its header and what stands below it.
//!
//! It is a proposal for somebody to check: what it is not sure of it leaves out and says so in a comment.

mod phrases;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{DateForm, Forms};
use super::columns::{self, Kind, List};
use super::sheet::Sheet;
use phrases::{ENTRIES, EntryPhrases, FIELDS, Phrase};

/// How many cells of a column are looked at.
const SAMPLE: usize = 500;

/// The last row in which a header is looked for.
pub const LAST_HEADER_ROW: u32 = 20;

/// A proposal.
#[derive(Debug, Default)]
pub struct Suggestion {
    header_row: u32,
    is_by_child: bool,
    dates: Vec<DateForm>,
    /// Headers with the fields that they seem to say.
    columns: Vec<(String, &'static str)>,
    entries: Vec<SuggestedEntries>,
    ignored: Vec<String>,
    words: Vec<UnknownWords>,
}

/// Words of a field that are not known.
#[derive(Debug)]
struct UnknownWords {
    field: &'static str,
    /// Each with what it seems to stand for, if that can be told.
    words: Vec<(String, Option<&'static str>)>,
}

/// Columns that seem to say entries of a list.
#[derive(Debug)]
struct SuggestedEntries {
    phrases: &'static EntryPhrases,
    up_to: u32,
    columns: BTreeMap<String, &'static str>,
}

/// A column, with what stands in it.
struct Column<'s> {
    header: &'s str,
    words: Vec<String>,
    /// The number in its header, and the header with `{n}` for it.
    numbered: Option<(u32, String)>,
    cells: BTreeSet<String>,
}

impl<'s> Column<'s> {
    fn of(header: &'s str, cells: BTreeSet<String>) -> Self {
        let words =
            header.to_lowercase().split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
        let digits: Vec<&str> =
            header.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty()).collect();
        let numbered = match digits[..] {
            [number] => number
                .parse()
                .ok()
                .filter(|number| (1..=100).contains(number))
                .map(|it| (it, header.replacen(number, "{n}", 1))),
            _ => None,
        };
        Self { header, words, numbered, cells }
    }

    /// Its header, with `{n}` for a number in it.
    fn pattern(&self) -> &str {
        self.numbered.as_ref().map_or(self.header, |(_, pattern)| pattern)
    }

    /// How well a phrase fits: how many words it has, where all of them are in the header.
    fn fit(&self, phrases: &[Phrase]) -> usize {
        let has = |word: &str| self.words.iter().any(|own| own == word || own.strip_suffix('s') == Some(word));
        let fits = phrases.iter().filter(|phrase| phrase.iter().all(|word| has(word)));
        fits.map(|phrase| phrase.len()).max().unwrap_or_default()
    }

    /// Whether most of what stands in it can be read as what belongs in a field.
    fn holds(&self, kind: Kind) -> bool {
        let forms = Forms { dates: DateForm::ALL.to_vec(), blank: Vec::new() };
        let read = self.cells.iter().filter(|cell| forms.read(cell, kind, None).is_ok()).count();
        match kind {
            Kind::Text | Kind::Word(_) => true,
            _ => self.cells.is_empty() || 2 * read > self.cells.len(),
        }
    }
}

/// Proposes a mapping: of the sheets that the same file is with its header in each of several rows, for the one in which most is
/// recognised.
#[must_use]
pub fn suggest(sheets: &[(u32, Sheet)]) -> Suggestion {
    let suggestions = sheets.iter().map(|(header_row, sheet)| Suggestion::of(sheet, *header_row));
    // Of as many the first.
    suggestions.rev().max_by_key(Suggestion::recognised).unwrap_or_default()
}

impl Suggestion {
    fn of(sheet: &Sheet, header_row: u32) -> Self {
        let columns = with_cells(sheet);
        let mut suggestion = Self { header_row, ..Self::default() };
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        // The best fits first, so that a column that says it plainly is not kept out by one that says it by the way.
        let mut fits = Vec::new();
        for column in &columns {
            for (target, phrases) in FIELDS {
                let fit = if column.header == *target { usize::MAX } else { column.fit(phrases) };
                if fit > 0 && column.holds(kind_of(target)) {
                    fits.push((fit, *target, column));
                }
            }
        }
        let entries: Vec<SuggestedEntries> =
            ENTRIES.iter().filter_map(|phrases| SuggestedEntries::of(phrases, &columns)).collect();
        let in_entries: BTreeSet<String> = entries.iter().flat_map(SuggestedEntries::headers).collect();
        fits.sort_by_key(|(fit, ..)| std::cmp::Reverse(*fit));
        for (_, target, column) in fits {
            if !in_entries.contains(column.header) && !taken.contains(target) && used.insert(column.header) {
                taken.insert(target);
                suggestion.columns.push((column.header.to_owned(), target));
            }
        }
        suggestion.is_by_child = taken.contains("children.reference");
        if !suggestion.is_by_child {
            suggestion.columns.retain(|(_, target)| !target.starts_with("children."));
        }
        let used: BTreeSet<&str> = suggestion.columns.iter().map(|(header, _)| header.as_str()).collect();
        let rest = columns.iter().filter(|column| !used.contains(column.header) && !in_entries.contains(column.header));
        suggestion.ignored = rest.map(|column| column.header.to_owned()).collect();
        suggestion.entries = entries;
        suggestion.dates = suggestion.date_forms(&columns);
        suggestion.words = suggestion.unknown_words(&columns);
        suggestion
    }

    /// How many columns say something that is known here.
    fn recognised(&self) -> usize {
        self.columns.len() + self.entries.iter().map(|entries| entries.columns.len()).sum::<usize>()
    }

    /// The headers that say dates.
    fn date_forms(&self, columns: &[Column]) -> Vec<DateForm> {
        let is_date = |target: &str| matches!(kind_of(target), Kind::Date);
        let mut headers: BTreeSet<&str> =
            self.columns.iter().filter(|(_, target)| is_date(target)).map(|(header, _)| header.as_str()).collect();
        let in_entries: Vec<String> = self.entries.iter().flat_map(SuggestedEntries::date_headers).collect();
        headers.extend(in_entries.iter().map(String::as_str));
        let cells = columns.iter().filter(|column| headers.contains(column.header)).flat_map(|column| &column.cells);
        let mut left: Vec<&String> = cells.collect();
        let mut forms = Vec::new();
        for &form in DateForm::ALL {
            let alone = Forms { dates: vec![form], blank: Vec::new() };
            let before = left.len();
            left.retain(|cell| alone.date(cell).is_err());
            if left.len() < before {
                forms.push(form);
            }
        }
        forms
    }

    fn unknown_words(&self, columns: &[Column]) -> Vec<UnknownWords> {
        let mut all = Vec::new();
        for (header, target) in &self.columns {
            let kind = kind_of(target);
            let Some(column) = columns.iter().find(|column| column.header == header) else { continue };
            let is_unknown = |cell: &&String| Forms::default().read(cell, kind, None).is_err();
            if matches!(kind, Kind::Word(_) | Kind::Flag) {
                let words: Vec<_> =
                    column.cells.iter().filter(is_unknown).map(|cell| (cell.clone(), phrases::meant(target, cell))).collect();
                if !words.is_empty() {
                    all.push(UnknownWords { field: target, words });
                }
            }
        }
        all
    }
}

impl SuggestedEntries {
    fn of(phrases: &'static EntryPhrases, columns: &[Column]) -> Option<Self> {
        let mut found: BTreeMap<String, &'static str> = BTreeMap::new();
        let mut up_to = 1;
        for (field, field_phrases) in phrases.fields {
            let kind = columns::field(phrases.list().fields, field).map_or(Kind::Text, |(_, kind)| kind);
            let is_about_it =
                |column: &&Column| column.fit(phrases.about) > 0 && column.fit(phrases.not_about) == 0 && column.holds(kind);
            let fits = columns.iter().filter(is_about_it).filter(|column| column.fit(field_phrases) > 0);
            let fits = fits.filter(|column| column.numbered.is_some() == phrases.is_numbered);
            let fits: Vec<&Column> = fits.filter(|column| !found.contains_key(column.pattern())).collect();
            let Some(best) = fits.iter().max_by_key(|column| (column.fit(field_phrases), column.header.len())) else {
                continue;
            };
            let of_it = fits.iter().filter(|column| column.pattern() == best.pattern());
            up_to =
                up_to.max(of_it.filter_map(|column| column.numbered.as_ref()).map(|(number, _)| *number).max().unwrap_or(1));
            found.insert(best.pattern().to_owned(), field);
        }
        let says_enough = phrases.needs.iter().any(|needed| found.values().any(|field| field == needed));
        says_enough.then_some(Self { phrases, up_to, columns: found })
    }

    fn headers(&self) -> Vec<String> {
        let numbers = 1..=self.up_to;
        numbers.flat_map(|number| self.columns.keys().map(move |name| name.replace("{n}", &number.to_string()))).collect()
    }

    fn date_headers(&self) -> Vec<String> {
        let list = self.phrases.list();
        let is_date = |field: &str| columns::field(list.fields, field).is_some_and(|(_, kind)| matches!(kind, Kind::Date));
        let names = self.columns.iter().filter(|(_, field)| is_date(field)).map(|(name, _)| name);
        names.flat_map(|name| (1..=self.up_to).map(move |number| name.replace("{n}", &number.to_string()))).collect()
    }
}

fn with_cells(sheet: &Sheet) -> Vec<Column<'_>> {
    let mut cells = vec![BTreeSet::new(); sheet.columns.len()];
    for row in sheet.rows().take(SAMPLE).flatten() {
        for (cells, cell) in cells.iter_mut().zip(row.cells.iter()) {
            cells.extend(Forms::default().content(cell).map(str::to_owned));
        }
    }
    sheet.columns.iter().zip(cells).map(|(header, cells)| Column::of(header, cells)).collect()
}

/// What belongs in a field, named as a mapping does.
fn kind_of(target: &str) -> Kind {
    let (fields, name) = match target.strip_prefix("children.") {
        Some(name) => (columns::list("children").map_or(&[][..], |list: &List| list.fields), name),
        None => (columns::CASE, target),
    };
    columns::field(fields, name).map_or(Kind::Text, |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::incoming::mapping;

    fn sheets(text: &str) -> Vec<(u32, Sheet)> {
        let sheet = |row| Sheet::separated(&"t.csv".into(), text.as_bytes().to_vec(), row).ok().map(|sheet| (row, sheet));
        (1..=LAST_HEADER_ROW).filter_map(sheet).collect()
    }

    const WIDE: &str = include_str!("../../../tests/fixtures/imports/suggest/wide.csv");

    #[test]
    fn a_mapping_is_proposed_that_can_be_read_and_says_what_it_is_not_sure_of() {
        let text = suggest(&sheets(WIDE)).to_string();
        insta::assert_snapshot!(text);
        let mapping = mapping::read(&text).expect("what is proposed can be read");
        assert_eq!((mapping.header_row, mapping.entries.len()), (Some(3), 4));
    }

    #[test]
    fn a_sheet_with_a_row_for_each_child_is_recognised() {
        let text = "Case ID,Child ID,DOB,EDD,Team,PLO start date\n1,a,01/02/2020,,North,2026-01-05\n";
        let text = suggest(&sheets(text)).to_string();
        let mapping = mapping::read(&text).expect("what is proposed can be read");
        assert_eq!(mapping.rows, mapping::RowsAre::Children);
        assert_eq!(mapping.columns.len(), 6, "{text}");
    }

    #[test]
    fn where_no_reference_is_recognised_the_proposal_says_that_it_is_needed() {
        let text = suggest(&sheets("Colour,Shape\nred,round\n")).to_string();
        assert!(text.contains("# \"…\" = \"reference\""), "{text}");
        assert!(mapping::read(&text).is_ok(), "{text}");
    }
}
