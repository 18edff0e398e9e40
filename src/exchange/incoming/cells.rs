//! What the text in a cell means: a date, yes or no, a number, a word.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::Code;
use super::columns::Kind;
use crate::domain::fact::LARGEST_SEQUENCE;
use crate::fields::{civil_date, plain_text};

/// A form in which dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// `YYYY-MM-DD`.
    Iso,
    /// `DD/MM/YYYY`.
    Slashes,
    /// `D/M/YYYY`: one or two digits for day and month.
    ShortSlashes,
    /// `DD/MM/YY`, of this century.
    ShortYear,
    /// `DD.MM.YYYY`.
    Dots,
    /// `DD-MM-YYYY`.
    Dashes,
    /// `DD-Mon-YYYY`, such as `05-Jan-2026`.
    MonthName,
    /// `D-Mon-YYYY`: one or two digits for the day.
    ShortMonthName,
    /// `YYYY-MM-DD 00:00:00`, a date-time at midnight, as databases write it.
    Midnight,
}

impl DateForm {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Iso,
        Self::Slashes,
        Self::ShortSlashes,
        Self::ShortYear,
        Self::Dots,
        Self::Dashes,
        Self::MonthName,
        Self::ShortMonthName,
        Self::Midnight,
    ];

    /// The form as people write it down.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Iso => "YYYY-MM-DD",
            Self::Slashes => "DD/MM/YYYY",
            Self::ShortSlashes => "D/M/YYYY",
            Self::ShortYear => "DD/MM/YY",
            Self::Dots => "DD.MM.YYYY",
            Self::Dashes => "DD-MM-YYYY",
            Self::MonthName => "DD-Mon-YYYY",
            Self::ShortMonthName => "D-Mon-YYYY",
            Self::Midnight => "YYYY-MM-DD 00:00:00",
        }
    }

    /// The date as `YYYY-MM-DD`, where the text has this form; whether there is such a day is not asked.
    fn read(self, text: &str) -> Option<String> {
        let parts = |separator: char| -> Option<[&str; 3]> { text.split(separator).collect::<Vec<_>>().try_into().ok() };
        let [day, month, year] = match self {
            Self::Iso => {
                let [year, month, day] = parts('-')?;
                [day, month, year]
            }
            Self::Slashes | Self::ShortSlashes | Self::ShortYear => parts('/')?,
            Self::Dots => parts('.')?,
            Self::Dashes | Self::MonthName | Self::ShortMonthName => parts('-')?,
            Self::Midnight => {
                let (date, time) = text.split_once([' ', 'T'])?;
                let is_midnight = time.strip_prefix("00:00:00").is_some_and(is_no_fraction) || time == "00:00";
                return if is_midnight { Self::Iso.read(date) } else { None };
            }
        };
        let lengths = if matches!(self, Self::ShortSlashes | Self::ShortMonthName) { 1..=2 } else { 2..=2 };
        let day = digits(day, lengths.clone())?;
        let month =
            if matches!(self, Self::MonthName | Self::ShortMonthName) { month_named(month)? } else { digits(month, lengths)? };
        let year = match self {
            Self::ShortYear => 2000 + digits(year, 2..=2)?,
            _ => digits(year, 4..=4)?,
        };
        Some(format!("{year:04}-{month:02}-{day:02}"))
    }
}

/// What follows the seconds of a date-time at midnight.
fn is_no_fraction(rest: &str) -> bool {
    rest.is_empty()
        || rest.strip_prefix('.').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit == b'0'))
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let is_number = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn month_named(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let place = MONTHS.iter().position(|month| text.eq_ignore_ascii_case(month))?;
    u32::try_from(place + 1).ok()
}

/// How the cells of a sheet are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forms {
    /// How dates are written.
    pub dates: Vec<DateForm>,
    /// What stands for nothing, beside an empty cell; upper and lower case alike.
    pub blank: Vec<String>,
}

impl Default for Forms {
    fn default() -> Self {
        Self { dates: vec![DateForm::Iso, DateForm::Slashes], blank: Vec::new() }
    }
}

/// Words of a council's own for those that are known here, by field; in small letters.
pub type Words = BTreeMap<String, String>;

/// Begins the text of a cell in which a spreadsheet has an error: no such text is accepted anywhere.
pub const SPREADSHEET_ERROR: char = '\u{1a}';

/// Why a cell cannot be read.
pub type Unreadable = (Code, String);

impl Forms {
    /// The text of a cell without what surrounds it; absent where that stands for nothing.
    #[must_use]
    pub fn content<'c>(&self, cell: &'c str) -> Option<&'c str> {
        let content = cell.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
        let is_blank = content.is_empty() || self.blank.iter().any(|blank| blank.eq_ignore_ascii_case(content));
        (!is_blank).then_some(content)
    }

    /// What a cell says, as a case document has it; null where it says nothing.
    ///
    /// # Errors
    ///
    /// What would be right.
    pub fn read(&self, cell: &str, kind: Kind, words: Option<&Words>) -> Result<Value, Unreadable> {
        let Some(content) = self.content(cell) else { return Ok(Value::Null) };
        if content.starts_with(SPREADSHEET_ERROR) {
            let reason = "is an error of the spreadsheet, such as #REF! or #N/A: correct its formula, or leave it blank";
            return Err((Code::BadText, reason.to_owned()));
        }
        let own = words.and_then(|words| words.get(&content.to_lowercase()));
        let content = own.map_or(content, String::as_str);
        match kind {
            _ if content.is_empty() => Ok(Value::Null),
            Kind::Date => self.date(content).map(|date| Value::from(date.to_string())),
            Kind::Flag => flag(content).map(Value::from),
            Kind::Number => number(content).map(Value::from),
            Kind::Text => plain_text(content).map(|()| Value::from(content)).map_err(|reason| (Code::BadText, reason)),
            Kind::Word(all) => word(content, &all()).map(Value::from),
        }
    }

    /// The date that a text spells, as `YYYY-MM-DD`, whether or not there is such a day.
    #[must_use]
    pub fn spelled(&self, content: &str) -> Option<String> {
        self.dates.iter().chain([&DateForm::Iso]).find_map(|form| form.read(content))
    }

    /// The date that a text says.
    ///
    /// # Errors
    ///
    /// What would be right.
    pub fn date(&self, content: &str) -> Result<Date, Unreadable> {
        let Some(iso) = self.spelled(content) else {
            let forms: Vec<&str> = self.dates.iter().map(|form| form.code()).collect();
            return Err((Code::BadDate, format!("must be a date written {}", forms.join(" or "))));
        };
        civil_date(&iso).map_err(|reason| (Code::BadDate, reason.to_owned()))
    }
}

fn flag(content: &str) -> Result<bool, Unreadable> {
    match content.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Ok(true),
        "false" | "no" | "n" | "0" => Ok(false),
        _ => Err((Code::BadFlag, "must be yes or no (or true or false, y or n, 1 or 0)".to_owned())),
    }
}

fn number(content: &str) -> Result<u32, Unreadable> {
    let number = digits(content, 1..=10).filter(|number| (1..=LARGEST_SEQUENCE).contains(number));
    number.ok_or_else(|| (Code::BadNumber, "must be a whole number from 1, such as 3".to_owned()))
}

/// A word is known by its code, whatever its letters' case; spaces and hyphens stand for the code's underscores.
fn word<'w>(content: &str, all: &[&'w str]) -> Result<&'w str, Unreadable> {
    let spoken = content.to_lowercase().split([' ', '-', '_']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    let known = all.iter().find(|&&code| code == spoken);
    known.copied().ok_or_else(|| {
        let reason = format!("must be one of: {}; other words for them go in the mapping", all.join(", "));
        (Code::UnknownWord, reason)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::exchange::incoming::columns;

    fn all_forms() -> Forms {
        Forms { dates: DateForm::ALL.to_vec(), blank: vec!["n/a".into()] }
    }

    #[rstest::rstest]
    #[case("2026-01-05", Some("2026-01-05"))]
    #[case("05/01/2026", Some("2026-01-05"))]
    #[case("5/1/2026", Some("2026-01-05"))]
    #[case("05/01/26", Some("2026-01-05"))]
    #[case("05.01.2026", Some("2026-01-05"))]
    #[case("05-01-2026", Some("2026-01-05"))]
    #[case("05-jan-2026", Some("2026-01-05"))]
    #[case("5-Jan-2026", Some("2026-01-05"))]
    #[case("2026-01-05 00:00:00", Some("2026-01-05"))]
    #[case("2026-01-05T00:00:00.000", Some("2026-01-05"))]
    #[case("  05/01/2026\u{a0}", Some("2026-01-05"))]
    #[case("2026-01-05 09:30:00", None)]
    #[case("2026-01-05 00:00:00.", None)]
    #[case("01/13/2026", None)]
    #[case("31/02/2026", None)]
    #[case("05/01/1999", None)]
    #[case("05/01/٢٠٢٦", None)]
    #[case("5 January", None)]
    #[case("46027", None)]
    fn dates_are_read_in_the_forms_that_were_said(#[case] cell: &str, #[case] expected: Option<&str>) {
        let read = all_forms().read(cell, Kind::Date, None);
        assert_eq!(read.as_ref().ok().and_then(Value::as_str), expected, "{read:?}");
    }

    #[test]
    fn other_forms_are_refused_with_those_that_are_read() {
        let refused = Forms::default().read("5/1/2026", Kind::Date, None).expect_err("it has another form");
        assert_eq!(refused, (Code::BadDate, "must be a date written YYYY-MM-DD or DD/MM/YYYY".to_owned()));
        let refused = Forms::default().read("31/02/2026", Kind::Date, None).expect_err("there is no such day");
        assert_eq!(refused, (Code::BadDate, "must be a day that exists".to_owned()));
    }

    #[rstest::rstest]
    #[case("", json!(null))]
    #[case(" \t", json!(null))]
    #[case("N/A", json!(null))]
    #[case("Yes", json!(true))]
    #[case("n", json!(false))]
    fn a_flag_is_yes_or_no_or_blank(#[case] cell: &str, #[case] expected: Value) {
        assert_eq!(all_forms().read(cell, Kind::Flag, None), Ok(expected));
    }

    #[rstest::rstest]
    #[case("step_down", Ok("step_down"))]
    #[case("Step down", Ok("step_down"))]
    #[case("STEP-DOWN", Ok("step_down"))]
    #[case("Ended well", Ok("step_down"))]
    #[case("stepdown", Err(Code::UnknownWord))]
    fn words_are_known_by_their_code_or_a_mapping(#[case] cell: &str, #[case] expected: Result<&str, Code>) {
        let (_, kind) = columns::field(columns::CASE, "outcome").expect("a field");
        let words = Words::from([("ended well".to_owned(), "step_down".to_owned())]);
        let read = all_forms().read(cell, kind, Some(&words)).map_err(|(code, _)| code);
        assert_eq!(read, expected.map(Value::from));
    }

    #[rstest::rstest]
    #[case("1", true)]
    #[case("12", true)]
    #[case("0", false)]
    #[case("1.0", false)]
    #[case("-1", false)]
    #[case("99999999999", false)]
    fn numbers_are_whole_and_from_one(#[case] cell: &str, #[case] right: bool) {
        assert_eq!(Forms::default().read(cell, Kind::Number, None).is_ok(), right);
    }

    #[test]
    fn no_reason_repeats_what_stands_in_the_cell() {
        for kind in [Kind::Date, Kind::Flag, Kind::Number, Kind::Word(|| vec!["issue"])] {
            let (_, reason) = Forms::default().read("Jane Doe", kind, None).expect_err("it is none of these");
            assert!(!reason.contains("Jane"), "{reason}");
        }
        let (_, reason) = Forms::default().read("Jane\nDoe", Kind::Text, None).expect_err("it has two lines");
        assert!(!reason.contains("Jane"), "{reason}");
    }
}
