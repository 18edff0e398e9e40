//! What comes in from a council's own systems: trackers, extracts of the Standard Safeguarding Dataset, case documents.
//!
//! Each format is turned into the same thing: what its source [`Said`] of each case, and [`Line`]s for whatever it could not take.
//! Nothing is guessed, and no line repeats what stands in a cell.

pub mod cells;
pub mod columns;
pub mod documents;
pub mod mapping;
pub mod merge;
pub mod sheet;
pub mod ssd;
pub mod suggest;
pub mod tracker;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::case::coded;
use crate::fields::looks_like_a_reference;

/// What a source says of one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The case.
    pub reference: String,
    /// Parts of a case document: a field that the source has no word on is absent, one that it leaves blank is null.
    pub facts: Map<String, Value>,
    /// Facts that the source does not give but that follow from others that it gives: each field of the case, with how.
    pub derived: BTreeMap<String, String>,
    /// What it means that an entry of a list is missing that the source had before; removed, where a list is not named.
    pub missing: BTreeMap<&'static str, Missing>,
    /// Whether the source has the case itself, and not only entries of its lists.
    pub is_whole: bool,
    /// The rows that say it.
    pub rows: Vec<Place>,
}

/// What it means that an entry of a list is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The source has taken it back.
    #[default]
    Removed,
    /// The row that it was in has vanished: what is recorded stands, and somebody is asked.
    Vanished,
    /// Rows have no numbers of their own: where there are fewer than before, which of them has vanished cannot be told. The list stays as
    /// it is recorded, and somebody is asked.
    Uncounted,
    /// It may be in a row that was refused: what is recorded stands.
    Unknown,
}

/// A row of a file; the whole file where it has no number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's name.
    pub file: Arc<str>,
    /// The row as a spreadsheet numbers it, the header included: 2 is the first below a header in row 1.
    pub row: Option<u64>,
}

/// Everything that some files say.
pub struct Incoming<'f> {
    /// One case after another.
    pub cases: Box<dyn Iterator<Item = Offered> + Send + 'f>,
    /// How many cases these are at most, for whoever shows progress.
    pub at_most: usize,
    /// Every reference that a row has, taken or refused.
    pub references: HashSet<String>,
    /// Whether a case that is not among those references has vanished from the source.
    pub tells_what_vanished: bool,
    /// What was refused before any case was looked at.
    pub lines: Vec<Line>,
}

/// What a file offers of one case.
pub enum Offered {
    /// What it says, with what had to be left out.
    Case(Box<Said>, Vec<Line>),
    /// Nothing that can be taken.
    Refused(Vec<Line>),
}

coded! {
    /// What became of a row.
    Verdict {
        /// It was taken, and somebody should look at it.
        Queried = "queried",
        /// It was not taken.
        Refused = "refused",
    }
}

coded! {
    /// What is wrong with a row, permanently.
    Code {
        /// The file cannot be read at all.
        UnreadableFile = "unreadable_file",
        /// The file is larger, or a row or cell of it longer, than is read.
        TooLarge = "too_large",
        /// A quotation mark is opened and not closed.
        UnclosedQuote = "unclosed_quote",
        /// A column that is needed is missing.
        MissingColumn = "missing_column",
        /// A column is not known.
        UnknownColumn = "unknown_column",
        /// Two columns have the same name, or say the same.
        RepeatedColumn = "repeated_column",
        /// The row has more or fewer cells than the header.
        WrongCellCount = "wrong_cell_count",
        /// A text is not the date that belongs there.
        BadDate = "bad_date",
        /// A text is neither yes nor no.
        BadFlag = "bad_flag",
        /// A text is not the number that belongs there.
        BadNumber = "bad_number",
        /// A word is not one of those that are known.
        UnknownWord = "unknown_word",
        /// A text is too long, or holds what no text may.
        BadText = "bad_text",
        /// A value that is needed is blank.
        MissingValue = "missing_value",
        /// The values of the row do not go together, or cannot be.
        BadFact = "bad_fact",
        /// The reference is another row's already.
        RepeatedReference = "repeated_reference",
        /// Rows of one case say different things.
        RowsDisagree = "rows_disagree",
        /// The case may be one that is recorded already under another reference.
        MayBeRepeated = "may_be_repeated",
        /// The case is neither in the files nor recorded.
        UnknownCase = "unknown_case",
        /// The row of the case was refused, and so this one, which belongs to it.
        CaseRefused = "case_refused",
        /// The case may not be recorded by whoever brings it in.
        NotAllowed = "not_allowed",
        /// A constraint of the database stands against it.
        ConstraintViolated = "constraint_violated",
        /// The source says something else than is recorded, which stands.
        Conflict = "conflict",
        /// The case, or the entry of a list, was in the source before and is not any more; what is recorded stands.
        Vanished = "vanished",
        /// Something is said to have ended before it began.
        OutOfOrder = "out_of_order",
        /// A value was worked out from others.
        Derived = "derived",
        /// A value that the file has is not used.
        NotUsed = "not_used",
    }
}

/// One thing that is wrong with, or to be asked about, a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportLine)]
pub struct Line {
    /// The file.
    pub file: String,
    /// The row as a spreadsheet numbers it, the header included; null for the file as a whole.
    pub row: Option<u64>,
    /// The column as the file's header has it; null where it is about the whole row.
    pub column: Option<String>,
    /// The reference of the case, where the row has one that can be read and looks like one: a word with a digit, and no name, date or long number.
    pub case: Option<String>,
    /// `refused`: the row was not taken; `queried`: it was, or what is recorded stands, and somebody should look.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// What it is about, permanently.
    #[schema(value_type = String)]
    pub code: Code,
    /// In plain words, what is wrong and what would be right; never what stands in the cell.
    pub reason: String,
}

impl Line {
    /// A refusal of a row.
    #[must_use]
    pub fn refused(place: &Place, code: Code, reason: impl Into<String>) -> Self {
        Self::new(place, Verdict::Refused, code, reason)
    }

    /// A question about a row.
    #[must_use]
    pub fn queried(place: &Place, code: Code, reason: impl Into<String>) -> Self {
        Self::new(place, Verdict::Queried, code, reason)
    }

    fn new(place: &Place, verdict: Verdict, code: Code, reason: impl Into<String>) -> Self {
        let file = place.file.to_string();
        Self { file, row: place.row, column: None, case: None, verdict, code, reason: reason.into() }
    }

    /// The same, about a column.
    #[must_use]
    pub fn in_column(self, column: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..self }
    }

    /// The same, about a case, unless what stands for its reference may be something else, such as a name or a date of birth in the wrong
    /// column.
    #[must_use]
    pub fn of_case(self, case: impl Into<String>) -> Self {
        Self { case: Some(case.into()).filter(|case| looks_like_a_reference(case)), ..self }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(row) = self.row {
            write!(f, ": row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        if let Some(case) = &self.case {
            write!(f, " ({case:?})")?;
        }
        write!(f, ": {} ({}): {}", self.verdict, self.code, self.reason)
    }
}

impl Place {
    /// A file as a whole.
    #[must_use]
    pub fn file(name: &Arc<str>) -> Self {
        Self { file: Arc::clone(name), row: None }
    }

    /// A row of a file.
    #[must_use]
    pub fn row(name: &Arc<str>, row: u64) -> Self {
        Self { file: Arc::clone(name), row: Some(row) }
    }
}
