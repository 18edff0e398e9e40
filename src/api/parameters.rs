//! Parameters of the query and the path, read one by one; every wrong one is named, and no value is repeated.

use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use jiff::Timestamp;

use super::problem::{Problem, WrongParameter};
use crate::clock::{london, midnight};
use crate::domain::calendar::YEARS;
use crate::fields::{civil_date, plain_text, shown};

/// The query of a request. Read what is known, then [`Parameters::finish`]; what was read counts only if that succeeds.
#[derive(Debug, Default)]
pub struct Parameters {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    wrong: Vec<WrongParameter>,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let whole = |_| Problem::WrongParameters(vec![wrong("", "the query must be made of names and values")]);
        let Query(given) = Query::try_from_uri(&parts.uri).map_err(whole)?;
        Ok(Self { given, known: Vec::new(), wrong: Vec::new() })
    }
}

impl Parameters {
    /// The same without what a form sends of fields that nobody filled in.
    #[must_use]
    pub fn without_blanks(self) -> Self {
        let given = self.given.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        Self { given, ..self }
    }

    /// What is given under a name that only a page knows; it is not given any more.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.remove(at).1)
    }

    /// The same with a value under a name where none is given.
    #[must_use]
    pub fn or(mut self, name: &str, value: impl Into<String>) -> Self {
        if !self.has(name) {
            self.given.push((name.to_owned(), value.into()));
        }
        self
    }

    /// Tells whether something is given under a name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// One line of text; absent where it is not given.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let text = self.given(name)?;
        if let Err(reason) = plain_text(&text) {
            return self.mistake(name, reason);
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.given(name)?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => self.mistake(name, "must be true or false"),
        }
    }

    /// A whole number within a range.
    pub fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let text = self.given(name)?;
        let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let reason = format!("must be a whole number from {} to {}", range.start(), range.end());
        number.filter(|number| range.contains(number)).or_else(|| self.mistake(name, reason))
    }

    /// One of a set of words.
    pub fn word<T: Copy>(&mut self, name: &'static str, all: &[T], code: fn(T) -> &'static str) -> Option<T> {
        let text = self.given(name)?;
        let found = all.iter().copied().find(|&word| code(word) == text);
        let codes: Vec<&str> = all.iter().map(|&word| code(word)).collect();
        found.or_else(|| self.mistake(name, format!("must be one of: {}", codes.join(", "))))
    }

    /// The moment at which a day begins in London, or a moment as RFC 3339 writes it.
    pub fn since(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.given(name)?;
        let day = civil_date(&text).ok().map(midnight);
        let moment = day.or_else(|| text.parse().ok()).filter(|&moment| is_of_our_years(moment));
        moment.or_else(|| self.mistake(name, "must be a date (YYYY-MM-DD) or a moment (RFC 3339) of the years 2000 to 2100"))
    }

    /// A value that `read` makes of the text, if it can.
    pub fn read<T>(&mut self, name: &'static str, read: impl FnOnce(&str) -> Option<T>, reason: &str) -> Option<T> {
        let text = self.given(name)?;
        read(&text).or_else(|| self.mistake(name, reason))
    }

    /// Records a mistake of one parameter; absent, so that a reading can end with it.
    pub fn mistake<T>(&mut self, name: &str, reason: impl Into<String>) -> Option<T> {
        self.wrong.push(wrong(name, reason));
        None
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// Every parameter that is wrong, given twice or not known.
    pub fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.given {
            if !self.known.contains(&name.as_str()) {
                self.wrong.push(wrong(shown(name), "is not a parameter that is known here"));
            }
        }
        self.wrong.sort();
        self.wrong.dedup();
        if self.wrong.is_empty() { Ok(()) } else { Err(Problem::WrongParameters(self.wrong)) }
    }

    fn given(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut values = self.given.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone());
        let (first, second) = (values.next()?, values.next());
        if second.is_some() {
            self.mistake(name, "must be given once")
        } else if first.trim().is_empty() {
            self.mistake(name, "must not be blank; leave it out instead")
        } else {
            Some(first)
        }
    }
}

fn wrong(parameter: &str, reason: impl Into<String>) -> WrongParameter {
    WrongParameter { parameter: parameter.to_owned(), reason: reason.into() }
}

/// Tells whether a moment is one that facts may be dated to; others would not fit the database.
#[must_use]
pub fn is_of_our_years(moment: Timestamp) -> bool {
    let day = moment.to_zoned(london()).date();
    (YEARS.0..=YEARS.1).contains(&day)
}

/// The reference of a case, from the path.
#[derive(Debug)]
pub struct Reference(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refuse = |reason: String| Problem::WrongParameters(vec![wrong("reference", reason)]);
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(reference) = path.map_err(|_| refuse("must be UTF-8".to_owned()))?;
        if reference.chars().any(char::is_control) {
            return Err(refuse("must not hold line breaks or other control characters".to_owned()));
        }
        Ok(Self(reference))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn of(query: &str) -> Parameters {
        let (mut parts, ()) = Request::builder().uri(format!("/?{query}")).body(()).expect("it is a URI").into_parts();
        Parameters::from_request_parts(&mut parts, &()).await.expect("a query is always pairs")
    }

    #[tokio::test]
    async fn every_mistake_is_named_once_and_no_value_is_repeated() {
        let mut parameters =
            of("flag=Jane&number=201&word=Jane&since=Jane&text=a%00b&twice=1&twice=2&blank=&other=Jane&other=x").await;
        parameters.flag("flag");
        parameters.number("number", 1..=200);
        parameters.word("word", &["x"], |word| word);
        parameters.since("since");
        parameters.text("text");
        parameters.text("twice");
        parameters.text("blank");
        let Err(Problem::WrongParameters(wrong)) = parameters.finish() else { panic!("everything in it is wrong") };
        let names: Vec<&str> = wrong.iter().map(|wrong| wrong.parameter.as_str()).collect();
        assert_eq!(names, ["blank", "flag", "number", "other", "since", "text", "twice", "word"]);
        assert!(!format!("{wrong:?}").contains("Jane"));
    }

    #[rstest::rstest]
    #[case::winter("2026-01-15", Some("2026-01-15T00:00:00Z"))]
    #[case::summer("2026-06-15", Some("2026-06-14T23:00:00Z"))]
    #[case::moment("2026-06-15T12:00:00%2B01:00", Some("2026-06-15T11:00:00Z"))]
    #[case::lost_plus("2026-06-15T12:00:00+01:00", None)]
    #[case::long_ago("1999-12-31", None)]
    #[case::before_the_database_counts("-009000-01-01T00:00:00Z", None)]
    #[case::never("2026-02-30", None)]
    #[tokio::test]
    async fn a_day_begins_at_midnight_in_london(#[case] text: &str, #[case] expected: Option<&str>) {
        let since = of(&format!("since={text}")).await.since("since");
        assert_eq!(since.map(|since| since.to_string()).as_deref(), expected);
    }

    #[rstest::rstest]
    #[case("7", Some(7))]
    #[case("%2B7", None)]
    #[case("-1", None)]
    #[case("7.0", None)]
    #[case("99999999999999999999", None)]
    #[tokio::test]
    async fn numbers_are_digits(#[case] text: &str, #[case] expected: Option<u32>) {
        assert_eq!(of(&format!("n={text}")).await.number("n", 0..=200), expected);
    }
}
