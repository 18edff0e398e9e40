//! What is asked of records as a table: one row a question.

use super::table;
use crate::domain::data_quality::Question;

const COLUMNS: [&str; 8] = ["team", "case", "kind", "field", "since_on", "message", "fix", "sources"];

/// The questions, one a row.
///
/// # Errors
///
/// A row could not be written.
pub fn table(questions: &[Question]) -> Result<Vec<u8>, csv::Error> {
    let row = |question: &Question| {
        let since_on = question.since_on.map_or_else(String::new, |since| since.to_string());
        let (team, sources) = (question.team.clone().unwrap_or_default(), question.sources.join(" | "));
        let Question { case, kind, field, message, fix, .. } = question.clone();
        [team, case, kind.code().to_owned(), field, since_on, message, fix, sources]
    };
    table::write(&COLUMNS, questions.iter().map(row))
}
