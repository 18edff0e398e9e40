//! Reads a tree of named values field by field, and collects every mistake instead of stopping at the first.
//!
//! Case documents, the policy and the configuration all come through here, so each mistake has the same form: where it is, as a
//! JSON pointer (RFC 6901), and what would be right. A reason never repeats the wrong value, which may be somebody's name.

mod repeatable;
mod tree;

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use crate::domain::calendar::{Span, YEARS};
use crate::domain::retention::Term;

pub use repeatable::{looks_like_a_reference, shown};
pub use tree::{NotATree, Tree, tree};

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[schema(as = WrongField)]
pub struct Mistake {
    /// Where, as a JSON pointer; empty for the document as a whole.
    pub pointer: String,
    /// What would be right, in plain words.
    pub reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        write!(f, "{place}: {}", self.reason)
    }
}

/// Mistakes one under another, as a message goes on with them.
pub(crate) fn each_on_a_line(mistakes: &[String]) -> String {
    mistakes.iter().flat_map(|mistake| ["\n  ", mistake]).collect()
}

/// The JSON pointer of a field below a place.
fn pointer_to(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// What a word must be, where it is none of a set.
pub(crate) fn one_of<T: Copy>(all: &[T], code: fn(T) -> &'static str) -> String {
    let codes: Vec<&str> = all.iter().map(|&word| code(word)).collect();
    format!("must be one of: {}", codes.join(", "))
}

/// The longest text that a field may hold, in characters.
pub const LONGEST_TEXT: usize = 200;

/// The most characters of a long one.
const LONGEST_LONG_TEXT: usize = 4_000;

/// Reads a whole document; the result counts only where no mistake was made.
///
/// # Errors
///
/// Every mistake in the document.
pub fn read<T>(document: &Value, read: impl FnOnce(&mut Fields) -> Option<T>) -> Result<T, Vec<Mistake>> {
    let mistakes = RefCell::new(Vec::new());
    let value = if let Value::Object(object) = document {
        let mut fields = Fields { object, pointer: String::new(), known: Vec::new(), mistakes: &mistakes };
        let value = read(&mut fields);
        fields.refuse_unknown();
        value
    } else {
        mistakes.borrow_mut().push(Mistake { pointer: String::new(), reason: "must be an object with named fields".into() });
        None
    };
    let mut mistakes = mistakes.into_inner();
    match value {
        Some(value) if mistakes.is_empty() => Ok(value),
        _ => {
            mistakes.sort();
            Err(mistakes)
        }
    }
}

/// The named fields of one object.
pub struct Fields<'v> {
    object: &'v Map<String, Value>,
    pointer: String,
    known: Vec<&'static str>,
    mistakes: &'v RefCell<Vec<Mistake>>,
}

impl<'v> Fields<'v> {
    /// A text of at most [`LONGEST_TEXT`] characters, without control characters and not blank; absent where it is not given.
    pub fn text(&mut self, name: &'static str) -> Option<&'v str> {
        let text = self.string(name, "must be a text")?;
        if text.trim().is_empty() {
            return self.mistake(name, "must not be blank; leave it out instead");
        }
        self.plain(name, text)
    }

    /// Like [`Fields::text`], but may be empty.
    pub fn text_or_empty(&mut self, name: &'static str) -> Option<&'v str> {
        let text = self.string(name, "must be a text")?;
        self.plain(name, text)
    }

    /// Like [`Fields::text_or_empty`], for what may be long: the URL of a database holds host, password and names of files.
    pub fn long_text_or_empty(&mut self, name: &'static str) -> Option<&'v str> {
        let text = self.string(name, "must be a text")?;
        match plain_text_within(LONGEST_LONG_TEXT, text) {
            Ok(()) => Some(text),
            Err(reason) => self.mistake(name, &reason),
        }
    }

    /// Words, as [`plain_words`] wants them, that must be given.
    pub fn required_words(&mut self, name: &'static str) -> Option<&'v str> {
        let text = self.string(name, "must be a text");
        let text = self.required(name, text)?;
        match plain_words(text) {
            Ok(()) => Some(text),
            Err(_) if text.is_empty() => self.mistake(name, "must be given"),
            Err(reason) => self.mistake(name, &reason),
        }
    }

    /// A civil date written `YYYY-MM-DD`, within [`YEARS`].
    pub fn date(&mut self, name: &'static str) -> Option<Date> {
        let text = self.string(name, "must be a date as a text, written YYYY-MM-DD")?;
        match civil_date(text) {
            Ok(date) => Some(date),
            Err(reason) => self.mistake(name, reason),
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.given(name)? {
            Value::Bool(flag) => Some(*flag),
            _ => self.mistake(name, "must be true or false"),
        }
    }

    /// A whole number within a range.
    pub fn number(&mut self, name: &'static str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let number = self.given(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None if *range.end() == u32::MAX => self.mistake(name, &format!("must be a whole number from {}", range.start())),
            None => self.mistake(name, &format!("must be a whole number from {} to {}", range.start(), range.end())),
        }
    }

    /// A number with its unit, such as `5 working days`.
    pub fn span(&mut self, name: &'static str) -> Option<Span> {
        let text = self.string(name, "must be a text such as \"5 working days\"")?;
        match Span::from_str(text) {
            Ok(span) => Some(span),
            Err(wrong) => self.mistake(name, &wrong.to_string()),
        }
    }

    /// How long something is kept, such as `75 years`.
    pub fn term(&mut self, name: &'static str) -> Option<Term> {
        let text = self.string(name, "must be a text such as \"75 years\"")?;
        match Term::from_str(text) {
            Ok(term) => Some(term),
            Err(wrong) => self.mistake(name, &wrong.to_string()),
        }
    }

    /// One of a set of words.
    pub fn word<T: Copy>(&mut self, name: &'static str, all: &[T], code: fn(T) -> &'static str) -> Option<T> {
        let text = self.string(name, "must be a text")?;
        let found = all.iter().copied().find(|&word| code(word) == text);
        found.or_else(|| self.mistake(name, &one_of(all, code)))
    }

    /// A time of the day written `HH:MM`.
    pub fn time(&mut self, name: &'static str) -> Option<Time> {
        let text = self.string(name, "must be a time of the day as a text, written HH:MM")?;
        let read = |text: &str| {
            let (hour, minute) = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)?;
            Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
        };
        read(text).or_else(|| self.mistake(name, "must be a time of the day written HH:MM, such as 08:00"))
    }

    /// A list of objects, in order; the wrong ones are left out, with their mistakes.
    pub fn objects<T>(&mut self, name: &'static str, mut read: impl FnMut(&mut Fields<'v>) -> Option<T>) -> Vec<T> {
        let mut all = Vec::new();
        for (index, item) in self.items(name).into_iter().enumerate() {
            let pointer = format!("{}/{name}/{index}", self.pointer);
            all.extend(self.object_at(pointer, item, &mut read));
        }
        all
    }

    /// A list of texts, each read by `read`, which says what is wrong with one.
    pub fn texts<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        self.given(name)?;
        let mut all = Vec::new();
        for (index, item) in self.items(name).into_iter().enumerate() {
            match item.as_str().ok_or_else(|| "must be a text".to_owned()).and_then(&read) {
                Ok(value) => all.push(value),
                Err(reason) => self.add(format!("{}/{name}/{index}", self.pointer), reason),
            }
        }
        Some(all)
    }

    /// A table whose names are free: each name with what stands under it, read by `read`, which says what is wrong with one.
    pub fn named<T>(&mut self, name: &'static str, mut read: impl FnMut(&'v str, &'v Value) -> Result<T, String>) -> Vec<T> {
        let Some(value) = self.given(name) else { return Vec::new() };
        let Value::Object(object) = value else { return self.mistake(name, "must be a table of names").unwrap_or_default() };
        let mut all = Vec::new();
        for (key, value) in object {
            match read(key, value) {
                Ok(value) => all.push(value),
                Err(reason) => self.add(pointer_to(&format!("{}/{name}", self.pointer), key), reason),
            }
        }
        all
    }

    /// An object within this one; read as an empty one where it is not given.
    pub fn section<T>(&mut self, name: &'static str, mut read: impl FnMut(&mut Fields<'v>) -> Option<T>) -> Option<T> {
        static NOTHING: LazyLock<Value> = LazyLock::new(|| Value::Object(Map::new()));
        let item = self.given(name).unwrap_or(&NOTHING);
        self.object_at(format!("{}/{name}", self.pointer), item, &mut read)
    }

    /// Insists that a field is given.
    pub fn required<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        let is_given = self.object.get(name).is_some_and(|value| !value.is_null());
        if !is_given {
            self.add_at(name, "must be given");
        }
        value
    }

    /// Tells whether a field is given at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Records a mistake of one field; absent, so that a reading can end with it.
    pub fn mistake<T>(&mut self, name: &'static str, reason: &str) -> Option<T> {
        self.add_at(name, reason);
        None
    }

    fn object_at<T>(&self, pointer: String, item: &'v Value, read: &mut impl FnMut(&mut Fields<'v>) -> Option<T>) -> Option<T> {
        let Value::Object(object) = item else {
            self.add(pointer, "must be an object with named fields".into());
            return None;
        };
        let mut fields = Fields { object, pointer, known: Vec::new(), mistakes: self.mistakes };
        let value = read(&mut fields);
        fields.refuse_unknown();
        value
    }

    fn items(&mut self, name: &'static str) -> Vec<&'v Value> {
        match self.given(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(_) => self.mistake(name, "must be a list").unwrap_or_default(),
        }
    }

    fn string(&mut self, name: &'static str, reason: &str) -> Option<&'v str> {
        match self.given(name)? {
            Value::String(text) => Some(text),
            _ => self.mistake(name, reason),
        }
    }

    fn plain(&mut self, name: &'static str, text: &'v str) -> Option<&'v str> {
        match plain_text(text) {
            Ok(()) => Some(text),
            Err(reason) => self.mistake(name, &reason),
        }
    }

    fn given(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn refuse_unknown(&self) {
        for name in self.object.keys().filter(|name| !self.known.contains(&name.as_str())) {
            self.add(pointer_to(&self.pointer, shown(name)), "is not a field that is known here".into());
        }
    }

    fn add_at(&self, name: &str, reason: &str) {
        self.add(format!("{}/{name}", self.pointer), reason.to_owned());
    }

    fn add(&self, pointer: String, reason: String) {
        self.mistakes.borrow_mut().push(Mistake { pointer, reason });
    }
}

/// Insists that a text is one line of at most [`LONGEST_TEXT`] characters that neither begins nor ends with a space, and that it
/// reads as it is written: nothing in it is invisible or turns the direction of writing.
///
/// # Errors
///
/// What would be right.
pub fn plain_text(text: &str) -> Result<(), String> {
    plain_text_within(LONGEST_TEXT, text)
}

fn plain_text_within(longest: usize, text: &str) -> Result<(), String> {
    if text != text.trim() {
        Err("must not begin or end with a space".to_owned())
    } else if text.chars().any(|character| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')) {
        Err("must not hold line breaks or other control characters".to_owned())
    } else if text.chars().any(misleads) {
        Err("must not hold invisible characters".to_owned())
    } else if text.chars().nth(longest).is_some() {
        Err(format!("must be at most {longest} characters long"))
    } else {
        Ok(())
    }
}

/// Zero-width characters, and those that turn the direction of writing.
fn misleads(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Insists that a text is plain as [`plain_text`] does, and says something.
///
/// # Errors
///
/// What would be right.
pub fn plain_words(text: &str) -> Result<(), String> {
    plain_text(text)?;
    if text.chars().any(char::is_alphanumeric) { Ok(()) } else { Err("must hold at least one letter or digit".to_owned()) }
}

/// Reads a civil date written `YYYY-MM-DD`, of the years 2000 to 2100.
///
/// # Errors
///
/// What would be right.
pub fn civil_date(text: &str) -> Result<Date, &'static str> {
    const FORM: &str = "must be a date written YYYY-MM-DD";
    let bytes = text.as_bytes();
    let form_is_right = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(index, byte)| if matches!(index, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() });
    if !form_is_right {
        return Err(FORM);
    }
    let number =
        |range: std::ops::Range<usize>| bytes[range].iter().fold(0i16, |sum, digit| sum * 10 + i16::from(digit - b'0'));
    let (month, day) = (number(5..7), number(8..10));
    let date =
        i8::try_from(month).ok().zip(i8::try_from(day).ok()).and_then(|(month, day)| Date::new(number(0..4), month, day).ok());
    let date = date.ok_or("must be a day that exists")?;
    (YEARS.0..=YEARS.1).contains(&date).then_some(date).ok_or("must be a date of the years 2000 to 2100")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[rstest::rstest]
    #[case("2026-06-01", true)]
    #[case("2024-02-29", true)]
    #[case("2026-02-29", false)]
    #[case("2026-6-1", false)]
    #[case("20260601", false)]
    #[case("2026-06-01T00:00:00", false)]
    #[case("01/06/2026", false)]
    #[case("1999-12-31", false)]
    #[case("2101-01-01", false)]
    #[case("2026-00-10", false)]
    fn dates_have_one_form(#[case] text: &str, #[case] right: bool) {
        assert_eq!(civil_date(text).is_ok(), right);
    }

    #[rstest::rstest]
    #[case("Hold the review", Ok(()))]
    #[case("Überprüfung, דיון, 會議", Ok(()))]
    #[case("2", Ok(()))]
    #[case("", Err("must hold at least one letter or digit"))]
    #[case("-", Err("must hold at least one letter or digit"))]
    #[case("… ?!", Err("must hold at least one letter or digit"))]
    #[case(" x", Err("must not begin or end with a space"))]
    #[case("a\nb", Err("must not hold line breaks or other control characters"))]
    #[case("a\u{200b}b", Err("must not hold invisible characters"))]
    #[case("a\u{200f}b", Err("must not hold invisible characters"))]
    #[case("a\u{202e}b", Err("must not hold invisible characters"))]
    #[case("a\u{2060}b", Err("must not hold invisible characters"))]
    #[case("a\u{2066}b\u{2069}", Err("must not hold invisible characters"))]
    #[case("\u{feff}b", Err("must not hold invisible characters"))]
    fn words_say_something_that_reads_as_it_is_written(#[case] text: &str, #[case] expected: Result<(), &str>) {
        assert_eq!(plain_words(text), expected.map_err(str::to_owned));
    }

    #[test]
    fn every_mistake_is_named_and_no_value_is_repeated() {
        let document = json!({"name": 3, "on": "Jane Doe", "list": [{"extra/field": 1}, "x"], "flag": "yes"});
        let mistakes = read(&document, |fields| {
            let _ = (fields.text("name"), fields.date("on"), fields.flag("flag"));
            let needed = fields.number("needed", 1..=9);
            fields.objects("list", |_| Some(()));
            fields.required("needed", needed)
        })
        .expect_err("everything in it is wrong");
        let places: Vec<&str> = mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
        assert_eq!(places, ["/flag", "/list/0/extra~1field", "/list/1", "/name", "/needed", "/on"]);
        assert!(!format!("{mistakes:?}").contains("Jane"));
    }
}
