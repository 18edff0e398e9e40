//! A return of the census as files: its blocks as XML, and the checks that fail as a table.
//!
//! The document is not a whole return, which the council makes from its own system: it brings the blocks of module 5 to be put there.
//! Each child of a case has a `CINdetails`, as in the return, that names both by reference and holds the block of that episode. What
//! is not known is left out, a day is `YYYY-MM-DD`, yes is 1 and no is 0.

mod xml;

use super::table;
use crate::domain::census::{Failure, Slice, Value};

use xml::{Xml, attributes};

/// The columns of the table of failing checks.
pub const REPORT_COLUMNS: [&str; 6] = ["case", "child", "item", "element", "code", "reason"];

/// The blocks of a year; `complete` says whether every case of the council could be among them.
#[must_use]
pub fn blocks(slice: &Slice, complete: bool) -> String {
    let (year, complete) = (slice.year.to_string(), complete.to_string());
    let mut xml = Xml::new();
    xml.open("PreProceedingsBlocks", &attributes(&[("year", &year), ("complete", &complete)]));
    for episode in &slice.episodes {
        for child in &episode.children {
            xml.open("CINdetails", &attributes(&[("case", &episode.case), ("child", child)]));
            xml.open("PreProceedingsandFGDM", "");
            for (item, value) in &episode.block {
                xml.leaf(item.element, &text(*value));
            }
            xml.close("PreProceedingsandFGDM");
            xml.close("CINdetails");
        }
    }
    xml.close("PreProceedingsBlocks");
    xml.done()
}

fn text(value: Value) -> String {
    match value {
        Value::Day(day) => day.to_string(),
        Value::Flag(flag) => u8::from(flag).to_string(),
        Value::Count(count) => count.to_string(),
        Value::Code(code) => code.to_string(),
    }
}

/// The checks that fail, as CSV, one a row.
///
/// # Errors
///
/// A row could not be written.
pub fn report(failures: &[Failure]) -> Result<Vec<u8>, csv::Error> {
    let row = |failure: &Failure| {
        let child = failure.child.as_deref().unwrap_or_default();
        let (item, element) = failure.item.map_or(("", ""), |item| (item.number, item.element));
        [&failure.case, child, item, element, failure.code, &failure.reason].map(str::to_owned)
    };
    table::write(&REPORT_COLUMNS, failures.iter().map(row))
}

#[cfg(test)]
mod tests;
