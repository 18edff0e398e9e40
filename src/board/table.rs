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
