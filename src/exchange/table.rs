//! Tables for a spreadsheet (RFC 4180, UTF-8). It takes a cell that begins with certain characters for a formula; such a cell begins
//! with a quote here.

use csv::{Terminator, WriterBuilder};

/// What a spreadsheet takes for the beginning of a formula, or skips before one.
const BEGINS_A_FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes a table; a header alone where there are no rows.
///
/// # Errors
///
/// A row could not be written.
pub fn write<Row>(header: &[&str], rows: impl IntoIterator<Item = Row>) -> Result<Vec<u8>, csv::Error>
where
    Row: IntoIterator<Item = String>,
{
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.into_iter().map(harmless))?;
    }
    writer.into_inner().map_err(|failed| failed.into_error().into())
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(BEGINS_A_FORMULA) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("=1+1", "'=1+1")]
    #[case("+44", "'+44")]
    #[case("-7", "'-7")]
    #[case("@SUM(A1)", "'@SUM(A1)")]
    #[case("\tx", "'\tx")]
    #[case("\rx", "'\rx")]
    #[case("a=1", "a=1")]
    #[case("'x", "'x")]
    #[case("", "")]
    fn no_cell_begins_a_formula(#[case] cell: &str, #[case] expected: &str) {
        assert_eq!(harmless(cell.to_owned()), expected);
    }
}
