//! How a council's own tracker says what a case document says: its headers, its words, its forms of dates.
//!
//! A mapping is a TOML file. It is read strictly: an unknown key, a field that there is not, or a word that no field knows is refused
//! by its key, all at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::cells::{DateForm, Forms, Words};
use super::columns::{self, Kind, List};
use crate::fields::{self, Fields, Mistake, one_of};
use crate::policy_file::{as_json, where_and_why};

/// What one row of the main sheet is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowsAre {
    /// A case.
    #[default]
    Cases,
    /// A child: rows with the same reference are one case.
    Children,
}

impl RowsAre {
    const ALL: &'static [Self] = &[Self::Cases, Self::Children];

    fn code(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Children => "children",
        }
    }
}

/// Where the value of a column goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A field of the case.
    Case(&'static str),
    /// A field of the child that the row is about.
    Child(&'static str),
}

/// A column with the fields that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column<T> {
    /// The header, spaces and line breaks in it being one space.
    pub header: String,
    /// What its cells say.
    pub targets: Vec<T>,
}

/// Columns of the main sheet that say entries of a list: `Review 1 planned`, `Review 2 planned` and so on.
#[derive(Clone, Debug)]
pub struct Entries {
    /// The list.
    pub list: &'static List,
    /// How many entries there may be.
    pub up_to: u32,
    /// The number of the first of them in the list.
    pub first_sequence: u32,
    /// What each entry says beside its cells.
    pub set: Map<String, Value>,
    /// Headers with `{n}` for the number of the entry, from 1.
    pub columns: Vec<Column<&'static str>>,
}

/// How a file of its own that holds one of the lists says its entries.
#[derive(Clone, Debug, Default)]
pub struct ListFile {
    /// What the file is called, where it is not called like the list.
    pub file: Option<String>,
    /// What each entry says beside its cells.
    pub set: Map<String, Value>,
    /// Its columns; `case` is the reference of the case.
    pub columns: Vec<Column<&'static str>>,
}

/// A mapping; the default takes the fields' own names for headers.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// What the source is called in the history, and from one import to the next.
    pub source: Option<String>,
    /// What a row of the main sheet is about.
    pub rows: RowsAre,
    /// The row of the header, from 1; the first where it is absent.
    pub header_row: Option<u32>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// How cells are written.
    pub forms: Forms,
    /// Headers of columns that are not read.
    pub ignore: Vec<String>,
    /// The columns of the main sheet that are not called like the fields.
    pub columns: Vec<Column<Target>>,
    /// Those that say lists.
    pub entries: Vec<Entries>,
    /// Words for those that are known, by field: `outcome`, or `extensions.decision`.
    pub words: BTreeMap<String, Words>,
    /// Lists in files of their own.
    pub lists: BTreeMap<&'static str, ListFile>,
}

/// What the column that holds the reference of the case is called in the file of a list.
pub const CASE_OF_ENTRY: &str = "case";

/// Reads a mapping from TOML.
///
/// # Errors
///
/// Every mistake in it.
pub fn read(text: &str) -> Result<Mapping, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = text.parse().map(|table| as_json(toml::Value::Table(table))).map_err(|wrong| {
        vec![Mistake { pointer: String::new(), reason: format!("is not TOML: {}", where_and_why(text, &wrong)) }]
    })?;
    fields::read(&document, mapping)
}

#[expect(clippy::unnecessary_wraps, reason = "every part of a document is read by a function of this shape")]
fn mapping(fields: &mut Fields) -> Option<Mapping> {
    let rows = fields.word("rows", RowsAre::ALL, RowsAre::code).unwrap_or_default();
    let dates = fields.texts("dates", |text| {
        let form = DateForm::ALL.iter().copied().find(|form| form.code() == text);
        form.ok_or_else(|| one_of(DateForm::ALL, DateForm::code))
    });
    let mut forms = Forms::default();
    if let Some(dates) = dates {
        if dates.is_empty() {
            fields.mistake::<()>("dates", "must name at least one form");
        }
        forms.dates = dates;
    }
    forms.blank = fields.texts("blank", |text| Ok(text.trim().to_owned())).unwrap_or_default();
    let columns = fields.named("columns", |header, value| column(header, value, |field| target(field, rows)));
    let entries = fields.objects("entries", entries);
    Some(Mapping {
        source: fields.text("source").map(str::to_owned),
        header_row: fields.number("header_row", 1..=1000),
        sheet: fields.text("sheet").map(str::to_owned),
        ignore: fields.texts("ignore", |text| Ok(tidy(text))).unwrap_or_default(),
        words: words(fields),
        lists: fields.section("lists", |fields| Some(lists(fields))).unwrap_or_default(),
        rows,
        forms,
        columns,
        entries,
    })
}

/// A header with its spaces and line breaks as one space each.
fn tidy(header: &str) -> String {
    header.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn column<T>(header: &str, value: &Value, target: impl Fn(&str) -> Result<T, String>) -> Result<Column<T>, String> {
    const FORM: &str = "must be the name of a field, or a list of such names";
    let names: Vec<&str> = match value {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<_>>().ok_or(FORM)?,
        _ => return Err(FORM.to_owned()),
    };
    let targets = names.into_iter().map(target).collect::<Result<_, _>>()?;
    Ok(Column { header: tidy(header), targets })
}

fn target(name: &str, rows: RowsAre) -> Result<Target, String> {
    let child = name.strip_prefix("children.").filter(|_| rows == RowsAre::Children);
    let children = columns::list("children").map_or(&[][..], |list| list.fields);
    let found = match child {
        Some(field) => columns::field(children, field).map(|(field, _)| Target::Child(field)),
        None => columns::field(columns::CASE, name).map(|(field, _)| Target::Case(field)),
    };
    found.ok_or_else(|| {
        let hint = if name.contains('.') { "; what belongs to a list goes in [[entries]] or [lists]" } else { "" };
        format!("must be a field of a case: {}{hint}", names(columns::CASE))
    })
}

fn names(fields: &[columns::Field]) -> String {
    fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn field_of(list: &'static List, name: &str) -> Result<&'static str, String> {
    let field = columns::field(list.fields, name).map(|(field, _)| field);
    field.ok_or_else(|| format!("must be a field of an entry of {}: {}", list.name, names(list.fields)))
}

/// Reads the words that are set for a field, so that a wrong one is found here and not in each row.
fn set(list: &'static List, name: &str, value: &Value) -> Result<(String, Value), String> {
    let field = field_of(list, name)?;
    let (_, kind) = columns::field(list.fields, field).expect("it is a field of the list");
    let said = match value {
        Value::String(text) if text.contains("{n}") => value.clone(),
        Value::String(text) => Forms::default().read(text, kind, None).map_err(|(_, reason)| reason)?,
        Value::Bool(flag) if matches!(kind, Kind::Flag) => Value::from(*flag),
        Value::Number(number) if matches!(kind, Kind::Number) => {
            Forms::default().read(&number.to_string(), kind, None).map_err(|(_, reason)| reason)?
        }
        _ => return Err("must be a text, or true or false where the field is yes or no".to_owned()),
    };
    Ok((field.to_owned(), said))
}

fn entries(fields: &mut Fields) -> Option<Entries> {
    let name = fields.text("list");
    let name = fields.required("list", name);
    let up_to = fields.number("up_to", 1..=100).unwrap_or(1);
    let first_sequence = fields.number("first_sequence", 1..=1_000_000).unwrap_or(1);
    let list = name.and_then(|name| columns::list(name).or_else(|| unknown_list(fields)))?;
    let set = fields.named("set", |name, value| set(list, name, value)).into_iter().collect();
    let columns = fields.named("columns", |header, value| column(header, value, |name| field_of(list, name)));
    if columns.is_empty() {
        fields.mistake::<()>("columns", "must name at least one column");
    }
    if up_to > 1 && columns.iter().any(|column| !column.header.contains("{n}")) {
        fields.mistake::<()>("columns", "must have {n} in each header where up_to is more than 1");
    }
    Some(Entries { list, up_to, first_sequence, set, columns })
}

fn unknown_list(fields: &mut Fields) -> Option<&'static List> {
    let all: Vec<&str> = columns::LISTS.iter().map(|list| list.name).collect();
    fields.mistake("list", &format!("must be one of: {}", all.join(", ")))
}

fn lists(fields: &mut Fields) -> BTreeMap<&'static str, ListFile> {
    let mut lists = BTreeMap::new();
    for list in columns::LISTS.iter().filter(|list| fields.has(list.name)).collect::<Vec<_>>() {
        let file = fields.section(list.name, |fields| Some(list_file(fields, list)));
        lists.extend(file.map(|file| (list.name, file)));
    }
    lists
}

fn list_file(fields: &mut Fields, list: &'static List) -> ListFile {
    let target = |name: &str| if name == CASE_OF_ENTRY { Ok(CASE_OF_ENTRY) } else { field_of(list, name) };
    ListFile {
        file: fields.text("file").map(str::to_owned),
        set: fields.named("set", |name, value| set(list, name, value)).into_iter().collect(),
        columns: fields.named("columns", |header, value| column(header, value, target)),
    }
}

/// `[words.outcome]` and `[words.extensions.decision]`.
fn words(fields: &mut Fields) -> BTreeMap<String, Words> {
    let mut all = BTreeMap::new();
    fields.section("words", |fields| {
        for (name, kind) in columns::CASE {
            add_words(&mut all, (*name).to_owned(), words_of(fields, name, *kind));
        }
        for list in columns::LISTS.iter().filter(|list| fields.has(list.name)).collect::<Vec<_>>() {
            fields.section(list.name, |fields| {
                for (name, kind) in list.fields {
                    add_words(&mut all, format!("{}.{name}", list.name), words_of(fields, name, *kind));
                }
                Some(())
            });
        }
        Some(())
    });
    all
}

fn add_words(all: &mut BTreeMap<String, Words>, field: String, words: Words) {
    if !words.is_empty() {
        all.insert(field, words);
    }
}

fn words_of(fields: &mut Fields, name: &'static str, kind: Kind) -> Words {
    let mut seen = BTreeSet::new();
    let read = |own: &str, value: &Value| {
        if !seen.insert(tidy(own).to_lowercase()) {
            return Err("is another word's equal but for its letters' case: which of them counts cannot be told".to_owned());
        }
        let known = match value {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            _ => return Err("must be the word that it stands for".to_owned()),
        };
        if !known.is_empty() {
            Forms::default().read(&known, kind, None).map_err(|(_, reason)| reason)?;
        }
        Ok((tidy(own).to_lowercase(), known))
    };
    fields.named(name, read).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: &str = r#"
        source = "north"
        rows = "children"
        header_row = 3
        dates = ["DD/MM/YYYY", "D/M/YYYY"]
        blank = ["N/A", "TBC"]
        ignore = ["Comments"]

        [columns]
        "Ref  no" = "reference"
        "Child" = "children.reference"

        [words.outcome]
        "Stepped down" = "step_down"
        [words.extensions.decision]
        Agreed = "approved"
        [words.fgdm_offered]
        "Yes - declined" = true

        [[entries]]
        list = "extensions"
        up_to = 4
        set = { decision = "approved" }
        [entries.columns]
        "Extension {n} date" = ["requested_on", "decided_on"]

        [lists.meetings]
        file = "reviews"
        columns = { "Ref" = "case", "Held" = "held_on" }
        set = { kind = "review" }
    "#;

    #[test]
    fn a_mapping_says_headers_words_and_forms() {
        let mapping = read(WIDE).expect("it is right");
        assert_eq!(mapping.columns[1], Column { header: "Ref no".into(), targets: vec![Target::Case("reference")] });
        assert_eq!(mapping.columns[0].targets, [Target::Child("reference")]);
        assert_eq!(mapping.words["outcome"]["stepped down"], "step_down");
        assert_eq!(mapping.words["extensions.decision"]["agreed"], "approved");
        assert_eq!(mapping.words["fgdm_offered"]["yes - declined"], "true");
        assert_eq!(mapping.entries[0].columns[0].targets, ["requested_on", "decided_on"]);
        assert_eq!(mapping.lists["meetings"].columns[1].targets, [CASE_OF_ENTRY]);
        assert_eq!((mapping.rows, mapping.header_row, mapping.forms.dates.len()), (RowsAre::Children, Some(3), 2));
    }

    #[rstest::rstest]
    #[case("rows = 1", "/rows: must be a text")]
    #[case("colums = {}", "/colums: is not a field that is known here")]
    #[case("dates = []", "/dates: must name at least one form")]
    #[case("dates = ['MM/DD/YYYY']", "/dates/0: must be one of: YYYY-MM-DD, DD/MM/YYYY")]
    #[case("[columns]\nX = 'sent_on'", "/columns/X: must be a field of a case: reference, family_reference")]
    #[case("[columns]\nX = 'children.date_of_birth'", "/columns/X: must be a field of a case")]
    #[case("[columns]\nX = 3", "/columns/X: must be the name of a field, or a list of such names")]
    #[case("[words.outcome]\nDone = 'finished'", "/words/outcome/Done: must be one of: issue, step_down, other")]
    #[case("[words.extension]\n", "/words/extension: is not a field that is known here")]
    #[case("[[entries]]\nlist = 'visits'", "/entries/0/list: must be one of: children, meetings")]
    #[case("[[entries]]\nlist = 'meetings'", "/entries/0/columns: must name at least one column")]
    #[case(
        "[[entries]]\nlist = 'meetings'\nup_to = 2\ncolumns = { Held = 'held_on' }",
        "/entries/0/columns: must have {n} in each header where up_to is more than 1"
    )]
    #[case(
        "[[entries]]\nlist = 'meetings'\ncolumns = { Held = 'on' }",
        "/entries/0/columns/Held: must be a field of an entry of meetings"
    )]
    #[case(
        "[[entries]]\nlist = 'meetings'\nset = { kind = 'chat' }\ncolumns = { Held = 'held_on' }",
        "/entries/0/set/kind: must be one of: initial, review, final_review"
    )]
    #[case(
        "[lists.meetings]\ncolumns = { Held = 'on' }",
        "/lists/meetings/columns/Held: must be a field of an entry of meetings"
    )]
    #[case("x = ", "the document: is not TOML: ")]
    fn a_wrong_mapping_is_refused_by_its_key(#[case] text: &str, #[case] expected: &str) {
        let mistakes = read(text).expect_err("it is wrong");
        assert!(mistakes.iter().any(|mistake| mistake.to_string().starts_with(expected)), "{mistakes:?}");
    }
}
