//! Text as a plain mail shows it: on one line where it must be, and in lines that are not too wide.

/// How wide a line of plain text gets, in characters. Words that are longer, such as links, stay in one piece.
const WIDTH: usize = 76;

/// The text on one line: line breaks, other control characters and runs of blanks become one blank.
pub fn one_line(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text with its wide lines broken between words; what is broken off is indented as its line is.
pub fn wrapped(text: &str) -> String {
    text.lines().map(wrapped_line).collect()
}

fn wrapped_line(line: &str) -> String {
    let words = line.trim_start();
    let indent = &line[..line.len() - words.len()];
    let mut lines = String::new();
    let mut width = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length <= WIDTH {
            lines.push(' ');
            width += 1;
        } else {
            if width > 0 {
                lines.push('\n');
            }
            lines.push_str(indent);
            width = indent.len();
        }
        lines.push_str(word);
        width += length;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("PLO-1", "PLO-1")]
    #[case("PLO-1\r\nBcc: all@example.org", "PLO-1 Bcc: all@example.org")]
    #[case("\u{2028} North \u{0}\t East\u{85}", "North East")]
    fn a_line_stays_a_line(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(one_line(text), expected);
    }

    #[test]
    fn wide_lines_are_broken_between_words_and_keep_their_indent() {
        let sentence = "ten chars ".repeat(9);
        let text = format!("short\n\n  {sentence}\n{}\n", "x".repeat(90));
        let expected = format!("short\n\n  {}ten\n  chars ten chars\n{}\n", "ten chars ".repeat(7), "x".repeat(90));
        assert_eq!(wrapped(&text), expected);
    }
}
