//! A first look at a text of separated values: what separates them, where its rows begin, whether each quotation mark is closed.

/// What separates the values: whichever of comma, semicolon and tab is most often in the header, outside of quotation marks.
pub fn delimiter(text: &str, header_row: u32) -> u8 {
    let row = usize::try_from(header_row).map_or(usize::MAX, |row| row.saturating_sub(1));
    let header = text.lines().nth(row).unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in header.bytes() {
        is_quoted ^= byte == b'"';
        for (_, count) in counts.iter_mut().filter(|(delimiter, _)| *delimiter == byte && !is_quoted) {
            *count += 1;
        }
    }
    // Of as many the first: the comma.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

enum Within {
    /// At the beginning of a value.
    Start,
    /// In a value without quotation marks, or after those of one.
    Plain,
    Quoted,
    /// After a quotation mark in a quoted value, which either ends it or is doubled.
    Quote,
}

/// The number of each row that holds anything, as a spreadsheet numbers them from 1.
///
/// # Errors
///
/// The row in which a quotation mark is opened that is not closed.
pub fn rows(text: &str, delimiter: u8) -> Result<Vec<u32>, u64> {
    let (mut within, mut numbers, mut number, mut is_empty) = (Within::Start, Vec::new(), 1_u32, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        within = match (within, byte) {
            (Within::Quoted, b'"') => Within::Quote,
            (Within::Quoted, _) | (Within::Quote | Within::Start, b'"') => Within::Quoted,
            (_, b'\n' | b'\r') => {
                if byte == b'\r' && bytes.peek() == Some(&b'\n') {
                    bytes.next();
                }
                if !is_empty {
                    numbers.push(number);
                }
                (number, is_empty) = (number.saturating_add(1), true);
                within = Within::Start;
                continue;
            }
            (_, byte) if byte == delimiter => Within::Start,
            _ => Within::Plain,
        };
        is_empty = false;
    }
    if !is_empty {
        numbers.push(number);
    }
    if matches!(within, Within::Quoted) { Err(number.into()) } else { Ok(numbers) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case("a,b;c,d", b',')]
    #[case("a;b;\"c,d,e,f\"", b';')]
    #[case("a\tb", b'\t')]
    #[case("a", b',')]
    fn the_header_tells_what_separates(#[case] header: &str, #[case] expected: u8) {
        assert_eq!(delimiter(header, 1), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The reader that reads the values and this scan agree on what a row is.
        #[test]
        fn there_are_as_many_rows_as_the_reader_reads(text in r#"[ab,"\n\r]{0,40}"#) {
            if let Ok(numbers) = rows(&text, b',') {
                let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                prop_assert_eq!(numbers.len(), reader.into_records().count(), "{:?}", text);
            }
        }
    }
}
