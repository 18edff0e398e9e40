//! A table of text cells below a header, as a spreadsheet holds it, whatever file it comes from.
//!
//! Rows are numbered as a spreadsheet numbers them, so that somebody finds them again: blank rows count, and a line break within a
//! cell begins no row. Blank rows are left out.

mod scan;
mod text;
mod xlsx;

use std::sync::Arc;

use csv::StringRecord;

use super::{Code, Line, Place};

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: usize = 128 << 20;

/// The longest row, in bytes.
const LONGEST_ROW: usize = 1 << 20;

/// The most columns.
pub const MOST_COLUMNS: usize = 1000;

/// A sheet of a file.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The file's name.
    pub file: Arc<str>,
    /// The columns' names, in order; one without a name is called by its letters, such as `column AB`.
    pub columns: Vec<String>,
    /// The rows below the header that are not blank.
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    /// A text of separated values, with the number of each record in it that is not empty.
    Separated { text: String, delimiter: u8, numbers: Vec<u32>, header_at: usize },
    /// Rows that are read already.
    Read(Vec<Row>),
}

/// A row with its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet numbers it, from 1.
    pub number: u64,
    /// One cell for each column.
    pub cells: StringRecord,
}

impl Sheet {
    /// The sheet in a text of values separated by commas, semicolons or tabs: UTF-8 with or without byte order mark, UTF-16 with
    /// one, else Windows-1252. The header is in row `header_row`.
    ///
    /// # Errors
    ///
    /// It cannot be read as such a text.
    pub fn separated(file: &Arc<str>, bytes: Vec<u8>, header_row: u32) -> Result<Self, Line> {
        let whole = Place::file(file);
        let refuse = |code, reason: String| Line::refused(&whole, code, reason);
        if bytes.len() > LARGEST_FILE {
            return Err(too_large(file));
        }
        let text = text::decode(bytes).map_err(|reason| refuse(Code::UnreadableFile, reason))?;
        let delimiter = scan::delimiter(&text, header_row);
        let found = scan::rows(&text, delimiter).map_err(|row| {
            let reason = "a quotation mark opens in this row and is not closed: what comes after it cannot be told apart";
            Line::refused(&Place::row(file, row), Code::UnclosedQuote, reason)
        })?;
        let no_header = || refuse(Code::MissingColumn, format!("row {header_row} should be the header, and is blank"));
        let header_at = found.iter().position(|&number| number == header_row).ok_or_else(no_header)?;
        let mut sheet = Self {
            file: Arc::clone(file),
            columns: Vec::new(),
            rows: Rows::Separated { text, delimiter, numbers: found, header_at },
        };
        let header = sheet.records().nth(header_at).ok_or_else(no_header)?;
        sheet.columns = columns(&header, file)?;
        Ok(sheet)
    }

    /// A sheet whose rows are read already, the first being the header.
    ///
    /// # Errors
    ///
    /// There is no header.
    pub fn of_rows(file: &Arc<str>, rows: Vec<Row>) -> Result<Self, Line> {
        let mut rows = rows.into_iter();
        let no_header = || Line::refused(&Place::file(file), Code::MissingColumn, "there is no header in the sheet");
        let columns = columns(&rows.next().ok_or_else(no_header)?.cells, file)?;
        Ok(Self { file: Arc::clone(file), columns, rows: Rows::Read(rows.collect()) })
    }

    /// The rows that are not blank, each with as many cells as there are columns; what cannot be read as one is refused.
    #[must_use]
    pub fn rows(&self) -> Box<dyn Iterator<Item = Result<Row, Line>> + Send + '_> {
        match &self.rows {
            Rows::Separated { numbers, header_at, .. } => {
                let numbered = self.records().zip(numbers).skip(header_at + 1);
                Box::new(numbered.filter_map(|(cells, &number)| self.row(u64::from(number), cells)))
            }
            Rows::Read(rows) => Box::new(rows.iter().filter_map(|row| self.row(row.number, row.cells.clone()))),
        }
    }

    /// Where a row is.
    #[must_use]
    pub fn place(&self, row: u64) -> Place {
        Place::row(&self.file, row)
    }

    /// The place of a column, by its name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn records(&self) -> Box<dyn Iterator<Item = StringRecord> + Send + '_> {
        let Rows::Separated { text, delimiter, .. } = &self.rows else { return Box::new(std::iter::empty()) };
        let reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(*delimiter).from_reader(text.as_bytes());
        Box::new(reader.into_records().map(|record| record.expect("a flexible reader of a text fails at nothing")))
    }

    fn row(&self, number: u64, mut cells: StringRecord) -> Option<Result<Row, Line>> {
        let is_blank = |cell: &str| cell.chars().all(char::is_whitespace);
        if cells.iter().all(is_blank) {
            return None;
        }
        let refuse = |code, reason: &str| Some(Err(Line::refused(&self.place(number), code, reason)));
        if cells.as_slice().len() > LONGEST_ROW {
            return refuse(Code::TooLarge, "is longer than 1 MiB; is a quotation mark in it not closed?");
        }
        if cells.iter().skip(self.columns.len()).any(|cell| !is_blank(cell)) {
            return refuse(
                Code::WrongCellCount,
                "has more cells than the header has columns: a comma or a quotation mark too many?",
            );
        }
        if cells.len() < self.columns.len() {
            if matches!(self.rows, Rows::Separated { .. }) {
                return refuse(
                    Code::WrongCellCount,
                    "has fewer cells than the header has columns: is a comma or a line break missing?",
                );
            }
            cells.extend(std::iter::repeat_n("", self.columns.len() - cells.len()));
        }
        cells.truncate(self.columns.len());
        Some(Ok(Row { number, cells }))
    }
}

/// The refusal of a file that is too large.
#[must_use]
pub fn too_large(file: &Arc<str>) -> Line {
    let reason = format!(
        "is larger than {} MiB, which is more than a caseload takes; split it, or is it another file?",
        LARGEST_FILE >> 20
    );
    Line::refused(&Place::file(file), Code::TooLarge, reason)
}

/// The columns of a header: spaces and line breaks within a name are one space, and blank columns at the end are none.
fn columns(header: &StringRecord, file: &Arc<str>) -> Result<Vec<String>, Line> {
    let tidy = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut names: Vec<String> = header.iter().map(tidy).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    let whole = Place::file(file);
    if names.len() > MOST_COLUMNS {
        return Err(Line::refused(
            &whole,
            Code::TooLarge,
            format!("has more than {MOST_COLUMNS} columns: is it another file?"),
        ));
    }
    if names.is_empty() {
        return Err(Line::refused(&whole, Code::MissingColumn, "there is no header in the sheet"));
    }
    for (index, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
        *name = format!("column {}", letters(index));
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            let reason = "two columns have this name: which of them counts cannot be told; rename one of them";
            return Err(Line::refused(&whole, Code::RepeatedColumn, reason).in_column(name));
        }
    }
    Ok(names)
}

/// The letters by which a spreadsheet calls a column.
fn letters(index: usize) -> String {
    let last = char::from(b'A' + u8::try_from(index % 26).expect("it is below 26"));
    if index < 26 { last.to_string() } else { letters(index / 26 - 1) + &last.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: impl AsRef<[u8]>) -> Result<Sheet, Line> {
        Sheet::separated(&"t.csv".into(), text.as_ref().to_vec(), 1)
    }

    fn rows(text: impl AsRef<[u8]>) -> Vec<String> {
        let sheet = sheet(text).expect("it is a sheet");
        let told = |row: Result<Row, Line>| match row {
            Ok(row) => format!("{}: {}", row.number, row.cells.iter().collect::<Vec<_>>().join("|")),
            Err(line) => format!("{}: {}", line.row.expect("a row"), line.code),
        };
        sheet.rows().map(told).collect()
    }

    #[rstest::rstest]
    #[case::plain("a,b\n1,2\n")]
    #[case::no_last_line_break("a,b\n1,2")]
    #[case::windows_line_breaks("a,b\r\n1,2\r\n")]
    #[case::old_line_breaks("a,b\r1,2\r")]
    #[case::a_byte_order_mark("\u{feff}a,b\n1,2\n")]
    #[case::semicolons("a;b\n1;2\n")]
    #[case::tabs("a\tb\n1\t2\n")]
    #[case::quotes("\"a\",\"b\"\n\"1\",\"2\"\n")]
    #[case::blank_rows_at_the_end("a,b\n1,2\n,\n , \n\n\n")]
    #[case::blank_columns_at_the_end("a,b,,\n1,2,,\n")]
    fn one_table_has_many_spellings(#[case] text: &str) {
        assert_eq!(sheet(text).expect("it is a sheet").columns, ["a", "b"]);
        assert_eq!(rows(text), ["2: 1|2"]);
    }

    #[test]
    fn utf_16_and_windows_1252_are_read() {
        let wide: Vec<u8> = "\u{feff}a\tb\r\n1\té\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(rows(wide), ["2: 1|é"]);
        assert_eq!(rows(b"a,b\n1,\xe9 \x96 \x80\n"), ["2: 1|é – €"]);
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_numbers_them() {
        assert_eq!(rows("a,b\n\n1,\"two\r\nlines\"\n\n\n3,4\n"), ["3: 1|two\r\nlines", "6: 3|4"]);
        let text = "Pre-proceedings tracker,\n\nRef no,\"Date\nof letter\"\nA,1\n".as_bytes().to_vec();
        let sheet = Sheet::separated(&"t.csv".into(), text, 3).expect("it is a sheet");
        assert_eq!(sheet.columns, ["Ref no", "Date of letter"]);
        assert_eq!(sheet.rows().next().expect("a row").expect("it is right").number, 4);
    }

    #[test]
    fn a_row_of_another_length_is_refused_and_the_rest_goes_in() {
        assert_eq!(
            rows("a,b\n1,2\n1\n1,2,3\n1,2,\n4,5\n"),
            ["2: 1|2", "3: wrong_cell_count", "4: wrong_cell_count", "5: 1|2", "6: 4|5"]
        );
    }

    #[rstest::rstest]
    #[case::nothing("", Code::MissingColumn)]
    #[case::blank("\n\n\n", Code::MissingColumn)]
    #[case::no_names(",,\n1,2,3\n", Code::MissingColumn)]
    #[case::a_name_twice("a,b,a\n1,2,3\n", Code::RepeatedColumn)]
    #[case::a_picture("\u{89}PNG\r\n\u{1a}\n\0\0\0", Code::UnreadableFile)]
    #[case::a_workbook("PK\u{3}\u{4}xx", Code::UnreadableFile)]
    fn what_is_no_sheet_is_refused(#[case] text: &str, #[case] code: Code) {
        assert_eq!(sheet(text).expect_err("it is none").code, code);
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_named_by_its_row() {
        let refused = sheet("a,b\n1,2\n3,\"4\n5,6\n").expect_err("a quote is open");
        assert_eq!((refused.row, refused.code), (Some(3), Code::UnclosedQuote));
    }

    #[test]
    fn a_row_that_is_too_long_is_refused() {
        let long = format!("a,b\n1,{}\n3,4\n", "x".repeat(LONGEST_ROW));
        assert_eq!(rows(long), ["2: too_large", "3: 3|4"]);
    }

    #[test]
    fn columns_without_a_name_go_by_their_letters() {
        assert_eq!(sheet("a,,c\n").expect("it is a sheet").columns, ["a", "column B", "c"]);
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
