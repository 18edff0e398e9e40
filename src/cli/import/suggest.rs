//! `plo-drift import --suggest`: proposes a mapping.

use std::path::Path;

use super::files::{FileRead, read_file, sheet_of};
use crate::cli::{Done, Failure};
use crate::exchange::incoming::sheet::too_large;
use crate::exchange::incoming::suggest::{LAST_HEADER_ROW, suggest};

/// Prints a proposal on standard output.
pub fn run(file: &Path) -> Result<Done, Failure> {
    let FileRead { name, bytes, is_too_large } = read_file(file)?;
    if is_too_large {
        eprintln!("{}", too_large(&name));
        return Ok(Done::WithRefusals);
    }
    // Titles often stand above the header: it is looked for where most is recognised.
    let mut refused = None;
    let mut sheets = Vec::new();
    for header_row in 1..=LAST_HEADER_ROW {
        match sheet_of(&name, bytes.clone(), None, header_row) {
            Ok(sheet) => sheets.push((header_row, sheet)),
            Err(line) => refused = refused.or(Some(line)),
        }
    }
    if let (true, Some(line)) = (sheets.is_empty(), refused) {
        eprintln!("{line}");
        return Ok(Done::WithRefusals);
    }
    print!("{}", suggest(&sheets));
    Ok(Done::Whole)
}
