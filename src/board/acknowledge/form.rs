//! The form by which an alert is acknowledged: what was typed, and what is wrong with it in words for the person who typed it.

use std::num::ParseIntError;

use jiff::civil::Date;

use crate::domain::pause::UntilDays;
use crate::fields::{civil_date, plain_words};

/// The names of the fields, in their order on the page.
const ACTION: &str = "action";
const OWNER: &str = "owner";
const REVIEW_ON: &str = "review_on";

/// The name of the field that nobody sees: the turn that the alert was in when the page was made.
const TURN: &str = "turn";

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// What will be done.
    pub action: String,
    /// Who will do it.
    pub owner: String,
    /// When to look again.
    pub review_on: String,
}

/// What is wrong with each field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    /// What will be done.
    pub action: Option<String>,
    /// Who will do it.
    pub owner: Option<String>,
    /// When to look again.
    pub review_on: Option<String>,
}

/// An answer without a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What will be done.
    pub action: String,
    /// Who will do it.
    pub owner: String,
    /// When to look again.
    pub review_on: Date,
}

impl Typed {
    /// What a browser sent. Line breaks and needless spaces, which browsers add, become single spaces; other fields are nobody's.
    #[must_use]
    pub fn of(pairs: &[(String, String)]) -> Self {
        let value = |wanted: &str| {
            let typed = pairs.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value);
            typed.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Self { action: value(ACTION), owner: value(OWNER), review_on: value(REVIEW_ON) }
    }

    /// Reads the answer; the example is a day that would be right, as people type it.
    ///
    /// # Errors
    ///
    /// Every mistake.
    pub fn read(&self, days: UntilDays, example: &str) -> Result<Answer, Mistakes> {
        let action = said(&self.action, "Enter what will be done", "What will be done");
        let owner = said(&self.owner, "Enter who will do it", "Who will do it");
        let review_on = day(&self.review_on, days, example);
        match (action, owner, review_on) {
            (Ok(action), Ok(owner), Ok(review_on)) => Ok(Answer { action, owner, review_on }),
            (action, owner, review_on) => {
                Err(Mistakes { action: action.err(), owner: owner.err(), review_on: review_on.err() })
            }
        }
    }
}

impl Mistakes {
    /// Each mistake with the field that it is in, in the order of the page.
    #[must_use]
    pub fn listed(&self) -> Vec<(&'static str, &str)> {
        let all = [(ACTION, &self.action), (OWNER, &self.owner), (REVIEW_ON, &self.review_on)];
        all.into_iter().filter_map(|(field, mistake)| Some((field, mistake.as_deref()?))).collect()
    }
}

/// The turn of the alert that the page showed; absent where the form holds none.
///
/// # Errors
///
/// It is no number: no page of ours sends that.
pub fn turn_shown(pairs: &[(String, String)]) -> Result<Option<i32>, ParseIntError> {
    pairs.iter().find(|(name, _)| name == TURN).map(|(_, turn)| turn.parse()).transpose()
}

fn said(typed: &str, if_nothing: &str, subject: &str) -> Result<String, String> {
    if typed.is_empty() {
        return Err(if_nothing.to_owned());
    }
    plain_words(typed).map(|()| typed.to_owned()).map_err(|reason| format!("{subject} {reason}"))
}

fn day(typed: &str, days: UntilDays, example: &str) -> Result<Date, String> {
    if typed.is_empty() {
        return Err("Enter the day to look again".to_owned());
    }
    let day =
        day_as_typed(typed).ok_or_else(|| format!("The day to look again must be a date that exists, such as {example}"))?;
    days.check(day).map_err(|reason| format!("The day to look again {reason}"))
}

/// A date as browsers send it (`2026-06-22`), or as people type it where the browser has no calendar to offer (`22/6/2026`).
fn day_as_typed(typed: &str) -> Option<Date> {
    let parts: Vec<&str> = typed.split(['/', '.', '-', ' ']).collect();
    match *parts.as_slice() {
        [day, month, year] if day.len() <= 2 => civil_date(&format!("{year}-{month:0>2}-{day:0>2}")).ok(),
        _ => civil_date(typed).ok(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAYS: UntilDays = UntilDays { first: date(2026, 6, 16), last: date(2026, 7, 13) };

    fn typed(action: &str, owner: &str, review_on: &str) -> Typed {
        let pairs = [("action", action), ("owner", owner), ("review_on", review_on), ("other", "x"), ("action", "twice")];
        Typed::of(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    #[rstest::rstest]
    #[case("2026-06-22", Some(date(2026, 6, 22)))]
    #[case("22/06/2026", Some(date(2026, 6, 22)))]
    #[case("22.6.2026", Some(date(2026, 6, 22)))]
    #[case("1 7 2026", Some(date(2026, 7, 1)))]
    #[case("31/06/2026", None)]
    #[case("06/22/2026", None)]
    #[case("22/06/26", None)]
    #[case("2026/06/22", None)]
    #[case("next week", None)]
    #[case("+1/+7/2026", None)]
    #[case("é/é/2026", None)]
    fn a_day_is_read_as_browsers_and_people_write_it(#[case] text: &str, #[case] expected: Option<Date>) {
        assert_eq!(day_as_typed(text), expected);
    }

    #[test]
    fn line_breaks_and_needless_spaces_are_no_mistakes() {
        let answer = typed(" Book the review\r\n for\t24 June ", "team  manager", " 22/06/2026 ").read(DAYS, "22/06/2026");
        let expected = Answer {
            action: "Book the review for 24 June".to_owned(),
            owner: "team manager".to_owned(),
            review_on: date(2026, 6, 22),
        };
        assert_eq!(answer, Ok(expected));
    }

    #[rstest::rstest]
    #[case("", "", "", &["Enter what will be done", "Enter who will do it", "Enter the day to look again"])]
    #[case("\u{7}", "x", "2026-06-15", &["What will be done must not hold line breaks or other control characters",
        "The day to look again must be a day from 16 June 2026 to 13 July 2026"])]
    #[case("…", "?", "22/06/2026", &["What will be done must hold at least one letter or digit",
        "Who will do it must hold at least one letter or digit"])]
    #[case("x", "the \u{202e}manager", "22/06/2026", &["Who will do it must not hold invisible characters"])]
    #[case("x", &"é".repeat(201), "soon", &["Who will do it must be at most 200 characters long",
        "The day to look again must be a date that exists, such as 29/06/2026"])]
    fn every_mistake_is_named(#[case] action: &str, #[case] owner: &str, #[case] review_on: &str, #[case] expected: &[&str]) {
        let mistakes = typed(action, owner, review_on).read(DAYS, "29/06/2026").expect_err("it is wrong");
        assert_eq!(mistakes.listed().iter().map(|(_, mistake)| *mistake).collect::<Vec<_>>(), expected);
    }
}
