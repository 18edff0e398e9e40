//! The sheets of a workbook (`.xlsx`), as a person hands it to the command line.
//!
//! A workbook is a zip of XML, so a small one can be made to unfold into anything. What it really unfolds to is counted before it is
//! read (see [`guard`]), and cells are then read one after the other, never as a rectangle: a cell far away costs nothing. At most
//! 200,000 rows below the header, 10 million cells and 128 MiB of text are kept. Together with what the reader itself keeps of shared
//! strings and styles, reading stays below about 1 GiB for the worst workbook, and takes a few times its own size for an honest one.

mod guard;
mod value;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calamine::{Reader, Sheet as Listed, SheetType, SheetVisible, Xlsx, XlsxError};
use csv::StringRecord;

use super::{LARGEST_FILE, MOST_COLUMNS, Row, Sheet, too_large};
use crate::exchange::incoming::cells::Unreadable;
use crate::exchange::incoming::{Code, Line, Place};

/// The most rows below the header.
const MOST_ROWS: usize = 200_000;

/// The most cells, counting the blank ones before the last of each row.
const MOST_CELLS: usize = 10_000_000;

const DAMAGED: &str = "cannot be read as a workbook: open it in a spreadsheet program and save it again as .xlsx, or as .csv";

impl Sheet {
    /// A sheet of a workbook: that of a name, else the first that is not hidden. The header is in row `header_row`. Dates become
    /// `YYYY-MM-DD`, formulas their last result, and hidden rows are rows.
    ///
    /// # Errors
    ///
    /// It is no such workbook, or a larger one than is read, or has no such sheet.
    pub fn of_workbook(file: &Arc<str>, bytes: Vec<u8>, sheet: Option<&str>, header_row: u32) -> Result<Self, Line> {
        if bytes.len() > LARGEST_FILE {
            return Err(too_large(file));
        }
        let refuse = |(code, reason): Unreadable| Line::refused(&Place::file(file), code, reason);
        guard::check(&bytes).map_err(refuse)?;
        // The reader's arithmetic is not safe against made-up cell references; its panic must not end more than this file.
        let rows = catch_unwind(AssertUnwindSafe(|| rows(bytes, sheet, header_row)));
        let rows = rows.unwrap_or_else(|_| Err(damaged())).map_err(refuse)?;
        if rows.first().is_none_or(|row| row.number != u64::from(header_row)) {
            let reason = format!("row {header_row} should be the header, and is blank");
            return Err(refuse((Code::MissingColumn, reason)));
        }
        Self::of_rows(file, rows)
    }
}

fn damaged() -> Unreadable {
    (Code::UnreadableFile, DAMAGED.to_owned())
}

/// The rows from the header on.
fn rows(bytes: Vec<u8>, sheet: Option<&str>, header_row: u32) -> Result<Vec<Row>, Unreadable> {
    // What is wrong may be said with a piece of the file, so it is not repeated.
    let unreadable = |_: XlsxError| damaged();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let name = choose(workbook.sheets_metadata(), sheet)?;
    let is_1904 = workbook.has_1904_epoch();
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(unreadable)?;
    let mut grid = Grid::default();
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        if row + 1 >= header_row {
            let column = usize::try_from(column).unwrap_or(MOST_COLUMNS);
            value::with_text(cell.get_value(), is_1904, |text| grid.put(row, column, text))?;
        }
    }
    grid.end_row()?;
    Ok(grid.rows)
}

/// The name of the sheet that is meant.
fn choose(sheets: &[Listed], name: Option<&str>) -> Result<String, Unreadable> {
    let of_cells = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let found = match name {
        Some(name) => {
            let exact = of_cells().find(|sheet| sheet.name == name);
            exact.or_else(|| of_cells().find(|sheet| sheet.name.to_lowercase() == name.to_lowercase()))
        }
        None => of_cells().find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let names: Vec<String> = of_cells().take(20).map(|sheet| format!("{:?}", sheet.name)).collect();
        (Code::UnreadableFile, format!("has no such sheet; its sheets are: {}", names.join(", ")))
    })
}

/// Rows as they are filled cell by cell.
#[derive(Default)]
struct Grid {
    rows: Vec<Row>,
    number: u64,
    cells: Vec<String>,
    cells_kept: usize,
    text_kept: usize,
}

impl Grid {
    fn put(&mut self, row: u32, column: usize, text: &str) -> Result<(), Unreadable> {
        if text.is_empty() {
            return Ok(());
        }
        let number = u64::from(row) + 1;
        if number < self.number {
            return Err(damaged());
        }
        if number > self.number {
            self.end_row()?;
            self.number = number;
        }
        self.text_kept += text.len();
        if self.text_kept > LARGEST_FILE {
            return Err(too_much("128 MiB of text"));
        }
        // All columns beyond the last one that is read count as one, which makes the row too long for its header.
        let column = column.min(MOST_COLUMNS);
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        text.clone_into(&mut self.cells[column]);
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Unreadable> {
        if self.cells.is_empty() {
            return Ok(());
        }
        self.cells_kept += self.cells.len();
        if self.cells_kept > MOST_CELLS {
            return Err(too_much("10 million cells"));
        }
        if self.rows.len() > MOST_ROWS {
            return Err(too_much("200,000 rows"));
        }
        let cells = StringRecord::from(std::mem::take(&mut self.cells));
        self.rows.push(Row { number: self.number, cells });
        Ok(())
    }
}

fn too_much(what: &str) -> Unreadable {
    (Code::TooLarge, format!("has more than {what} in the sheet, which is more than a caseload takes: is it another file?"))
}

#[cfg(test)]
mod tests;
