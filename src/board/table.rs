//! Tables of figures: a title for each row, and numbers.

/// A table with a title for each row.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it tells.
    pub caption: &'static str,
    /// The titles of the columns, that of the titles of the rows first.
    pub head: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is of.
    pub title: String,
    /// One for each column.
    pub cells: Vec<String>,
}

/// A number as people write it: `12,345`.
#[must_use]
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_000, "1,000")]
    #[case(12_345, "12,345")]
    #[case(u32::MAX, "4,294,967,295")]
    fn thousands_are_set_apart(#[case] number: u32, #[case] expected: &str) {
        assert_eq!(grouped(number), expected);
    }
}
