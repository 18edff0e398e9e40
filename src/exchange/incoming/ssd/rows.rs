//! The rows of `ssd_pre_proceedings`: each is one child of an episode.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde_json::Value;

use super::super::cells::{DateForm, Forms, Unreadable};
use super::super::columns::Kind;
use super::super::sheet::{Row, Sheet};
use super::super::{Code, Line, Place};
use super::words;
use crate::domain::case::Outcome;

/// How extracts spell what is in a cell.
pub static FORMS: LazyLock<Forms> = LazyLock::new(|| Forms {
    dates: vec![DateForm::Slashes, DateForm::Iso, DateForm::Midnight],
    blank: vec!["NULL".into(), "SSD_PH".into()],
});

/// The day that databases write for none.
const NO_DAY: &str = "1900-01-01";

/// The columns of SSD 1.4 in their order, `inital` being its own spelling.
const STANDARD: [&str; 24] = [
    "prep_table_id",
    "prep_person_id",
    "prep_plo_family_id",
    "prep_pre_pro_decision_date",
    "prep_initial_pre_pro_meeting_date",
    "prep_pre_pro_outcome",
    "prep_agree_stepdown_issue_date",
    "prep_cp_plans_referral_period",
    "prep_legal_gateway_outcome",
    "prep_prev_pre_proc_child",
    "prep_prev_care_proc_child",
    "prep_pre_pro_letter_date",
    "prep_care_pro_letter_date",
    "prep_pre_pro_meetings_num",
    "prep_pre_pro_parents_legal_rep",
    "prep_parents_legal_rep_point_of_issue",
    "prep_court_reference",
    "prep_care_proc_court_hearings",
    "prep_care_proc_short_notice",
    "prep_proc_short_notice_reason",
    "prep_la_inital_plan_approved",
    "prep_la_initial_care_plan",
    "prep_la_final_plan_approved",
    "prep_la_final_care_plan",
];

/// The columns that are read, by their place in the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The row's own number.
    TableId = 0,
    /// The child.
    Person = 1,
    /// The family.
    Family = 2,
    /// When it was decided to start.
    Decision = 3,
    /// The first meeting.
    FirstMeeting = 4,
    /// How it ended.
    Outcome = 5,
    /// When that was decided.
    StepDecision = 6,
    /// What the legal gateway meeting said; checked, and not kept.
    Gateway = 8,
    /// The letter before proceedings.
    Letter = 11,
    /// The letter of issue.
    LetterOfIssue = 12,
    /// The meetings after the first.
    ReviewMeetings = 13,
}

impl Column {
    /// As the standard calls it.
    pub fn name(self) -> &'static str {
        STANDARD[self as usize]
    }
}

/// Where each column of the standard is in a sheet.
pub struct Columns([usize; 24]);

/// Finds the columns.
pub fn columns(sheet: &Sheet) -> Result<Columns, Vec<Line>> {
    let mut places = [0; 24];
    for (place, found) in places.iter_mut().zip(find(sheet, &STANDARD)?) {
        *place = found;
    }
    Ok(Columns(places))
}

/// Finds columns by name, whatever their letters' case.
pub fn find(sheet: &Sheet, names: &[&str]) -> Result<Vec<usize>, Vec<Line>> {
    let place = |name: &str| sheet.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    let missing = |name: &&&str| {
        let reason =
            "the standard has this column, and the file has not: is it another table, or is its header in another row?";
        place(name).is_none().then(|| Line::refused(&Place::file(&sheet.file), Code::MissingColumn, reason).in_column(**name))
    };
    let missing: Vec<Line> = names.iter().filter_map(|name| missing(&name)).collect();
    if missing.is_empty() { Ok(names.iter().filter_map(|name| place(name)).collect()) } else { Err(missing) }
}

/// A child of an episode. What cannot be read is absent, with a line.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its row.
    pub place: Place,
    /// The row's own number.
    pub table_id: Option<String>,
    /// The child.
    pub person: Option<String>,
    /// The family, if it has one.
    pub family: Option<String>,
    /// When it was decided to start.
    pub decision: Option<Date>,
    /// The first meeting.
    pub first_meeting: Option<Date>,
    /// When it was decided how it ends.
    pub step_decision: Option<Date>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The letter before proceedings.
    pub letter: Option<Date>,
    /// The letter of issue.
    pub letter_of_issue: Option<Date>,
    /// How many meetings were held after the first.
    pub reviews: u32,
    /// Whether which case it belongs to can be told.
    pub is_placed: bool,
    /// Why the row is refused.
    pub refused: Vec<Line>,
}

impl Child {
    /// Refuses the row.
    pub fn refuse(&mut self, column: Column, code: Code, reason: impl Into<String>) {
        self.refused.push(Line::refused(&self.place, code, reason).in_column(column.name()));
    }
}

/// What the rows say.
pub struct Read {
    /// Every row that has something.
    pub children: Vec<Child>,
    /// Rows that are no rows of the table.
    pub lines: Vec<Line>,
    /// Whether there are any such.
    pub has_unreadable: bool,
    /// Rows of placeholders only.
    pub placeholders: usize,
    /// Columns that the standard does not have.
    pub unknown_columns: Vec<String>,
}

/// Reads every row.
pub fn read(sheet: &Sheet, columns: &Columns, today: Date) -> Read {
    let is_unknown = |(index, name): (usize, &String)| (!columns.0.contains(&index)).then(|| name.clone());
    let unknown_columns = sheet.columns.iter().enumerate().filter_map(is_unknown).collect();
    let mut read = Read { children: Vec::new(), lines: Vec::new(), has_unreadable: false, placeholders: 0, unknown_columns };
    for row in sheet.rows() {
        match row {
            Ok(row) if is_placeholder(&row, columns) => read.placeholders += 1,
            Ok(row) => {
                let cells = Cells { row: &row, columns, today, wrong: Vec::new() };
                read.children.push(cells.child(sheet.place(row.number)));
            }
            Err(line) => read.lines.push(line),
        }
    }
    read.has_unreadable = !read.lines.is_empty();
    read
}

/// Whether a row says nothing but its own number: systems fill in such rows where they have no table. Numbers and flags have
/// placeholders that look like values.
fn is_placeholder(row: &Row, columns: &Columns) -> bool {
    let says = |column: Column| {
        FORMS
            .content(&row.cells[columns.0[column as usize]])
            .is_some_and(|content| FORMS.spelled(content).as_deref() != Some(NO_DAY))
    };
    ![Column::Person, Column::Family, Column::Decision, Column::FirstMeeting, Column::Outcome, Column::Letter]
        .into_iter()
        .any(says)
}

/// What a cell of dates says; the day that databases write for none is none.
pub fn date(cell: &str) -> Result<Option<Date>, Unreadable> {
    match FORMS.content(cell) {
        Some(content) if FORMS.spelled(content).as_deref() != Some(NO_DAY) => FORMS.date(content).map(Some),
        _ => Ok(None),
    }
}

/// What a cell of texts says.
pub fn text(cell: &str) -> Result<Option<String>, Unreadable> {
    FORMS.read(cell, Kind::Text, None).map(|value| if let Value::String(text) = value { Some(text) } else { None })
}

struct Cells<'r> {
    row: &'r Row,
    columns: &'r Columns,
    today: Date,
    wrong: Vec<(Column, Unreadable)>,
}

impl Cells<'_> {
    fn child(mut self, place: Place) -> Child {
        let mut child = Child {
            place,
            family: self.take(Column::Family, text),
            decision: self.done(Column::Decision),
            first_meeting: self.done(Column::FirstMeeting),
            is_placed: false,
            table_id: self.required(Column::TableId),
            person: self.required(Column::Person),
            step_decision: self.done(Column::StepDecision),
            outcome: self.word(Column::Outcome, words::outcome),
            letter: self.done(Column::Letter),
            letter_of_issue: self.done(Column::LetterOfIssue),
            reviews: self.take(Column::ReviewMeetings, count).unwrap_or_default(),
            refused: Vec::new(),
        };
        self.word(Column::Gateway, words::gateway);
        let is_wrong = |column: Column| self.wrong.iter().any(|(wrong, _)| *wrong == column);
        child.is_placed = (child.decision.is_some() || (child.first_meeting.is_some() && !is_wrong(Column::Decision)))
            && (child.family.is_some() || (child.person.is_some() && !is_wrong(Column::Family)));
        if child.decision.is_none()
            && child.first_meeting.is_none()
            && !is_wrong(Column::Decision)
            && !is_wrong(Column::FirstMeeting)
        {
            let reason =
                "must be given, or else the date of the first meeting: without both, which episode it is cannot be told";
            self.wrong.push((Column::Decision, (Code::MissingValue, reason.to_owned())));
        }
        self.wrong.sort_by_key(|(column, _)| *column as usize);
        for (column, (code, reason)) in self.wrong {
            child.refuse(column, code, reason);
        }
        child
    }

    fn take<T>(&mut self, column: Column, read: impl Fn(&str) -> Result<Option<T>, Unreadable>) -> Option<T> {
        read(&self.row.cells[self.columns.0[column as usize]]).unwrap_or_else(|wrong| {
            self.wrong.push((column, wrong));
            None
        })
    }

    /// The day on which something was done.
    fn done(&mut self, column: Column) -> Option<Date> {
        let today = self.today;
        self.take(column, |cell| match date(cell)? {
            Some(date) if date > today => {
                Err((Code::BadDate, "must not lie in the future: it says that something was done".to_owned()))
            }
            date => Ok(date),
        })
    }

    fn required(&mut self, column: Column) -> Option<String> {
        self.take(column, |cell| text(cell)?.map(Some).ok_or((Code::MissingValue, "must be given".to_owned())))
    }

    fn word<T>(&mut self, column: Column, known: impl Fn(&str) -> Result<T, &'static str>) -> Option<T> {
        self.take(column, |cell| {
            let word = FORMS.content(cell).map(&known).transpose();
            word.map_err(|reason| (Code::UnknownWord, reason.to_owned()))
        })
    }
}

/// A whole number from 0; programs that hold gaps in numbers write `3.0` for 3.
fn count(cell: &str) -> Result<Option<u32>, Unreadable> {
    let Some(content) = FORMS.content(cell) else { return Ok(None) };
    let digits = content.strip_suffix(".0").unwrap_or(content);
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| digits.parse().ok()).flatten();
    number.map(Some).ok_or((Code::BadNumber, "must be a whole number from 0, such as 3".to_owned()))
}
