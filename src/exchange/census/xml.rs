//! As much of writing XML 1.0 as the census needs: elements within elements, attributes and texts, in UTF-8.

use std::fmt::Write as _;

/// A document as far as it is written, an element a line.
pub struct Xml {
    written: String,
    depth: usize,
}

impl Xml {
    /// A document without its root yet.
    pub fn new() -> Self {
        Self { written: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 }
    }

    /// Begins an element with attributes, as [`attributes`] writes them.
    pub fn open(&mut self, element: &str, attributes: &str) {
        self.line(&format!("<{element}{attributes}>"));
        self.depth += 1;
    }

    /// Ends the element that was begun last.
    pub fn close(&mut self, element: &str) {
        self.depth -= 1;
        self.line(&format!("</{element}>"));
    }

    /// An element that holds a text.
    pub fn leaf(&mut self, element: &str, text: &str) {
        self.line(&format!("<{element}>{}</{element}>", escaped(text)));
    }

    /// The whole document.
    pub fn done(self) -> String {
        self.written
    }

    fn line(&mut self, line: &str) {
        self.written.extend(std::iter::repeat_n("  ", self.depth));
        self.written.push_str(line);
        self.written.push('\n');
    }
}

/// Attributes as they stand in a tag.
pub fn attributes(attributes: &[(&str, &str)]) -> String {
    attributes.iter().fold(String::new(), |mut written, (name, value)| {
        // A text takes whatever is written to it.
        let _ = write!(written, " {name}=\"{}\"", escaped(value));
        written
    })
}

/// A text without what XML would take for its own. What no document may hold becomes the replacement character; a constraint keeps
/// control characters out, but not every one of the others.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}
