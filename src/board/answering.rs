//! The forms by which an alert is acknowledged or put off: what was typed, and what is wrong with it in words for the person who typed it.

mod sent;

use std::num::ParseIntError;

use jiff::Timestamp;
use jiff::civil::Date;

use super::page::Visitor;
use super::words;
use crate::config::board::SessionTimes;
use crate::domain::calendar::{Calendar, with_weekday};
use crate::domain::pause::UntilDays;
use crate::domain::policy::Policy;
use crate::fields::{civil_date, plain_words};
pub use sent::{Kind, TypedField};

/// The names of the fields, in their order on the page.
const ACTION: &str = "action";
const OWNER: &str = "owner";
const REVIEW_ON: &str = "review_on";
const REASON: &str = "reason";
const UNTIL: &str = "until";

/// The name of the field that nobody sees: the turn that the alert was in when the page was made.
const TURN: &str = "turn";

/// The name of the button by which somebody asks for more time.
const MORE_TIME: &str = "more_time";

/// What the path ends with to which that is sent.
const MORE_TIME_PATH: &str = "more-time";

/// A form, as it is shown.
#[derive(Clone, Debug)]
pub struct Form<T> {
    /// What stands in its fields, and what is wrong with them.
    pub filled: T,
    /// The turn of the alert that the page shows.
    pub turn: i32,
    /// The days that may be chosen.
    pub days: UntilDays,
    /// One of them as people type it.
    pub example: String,
    /// What the marks of its fields begin with, where the page has several forms.
    pub prefix: String,
}

impl<T> Form<T> {
    /// An empty form for an alert in a turn; the day that is usual is given to each maker of fields.
    pub fn empty(turn: i32, days: UntilDays, calendar: &Calendar, fields: impl FnOnce(String) -> T) -> Self {
        let usual = days.usual(calendar);
        let example = usual.strftime("%d/%m/%Y").to_string();
        Self { filled: fields(usual.to_string()), turn, days, example, prefix: String::new() }
    }

    /// The mark of a field in its page.
    #[must_use]
    pub fn mark(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// The days that may be chosen, in words.
    #[must_use]
    pub fn span(&self) -> String {
        format!("from {} to {}", with_weekday(self.days.first), with_weekday(self.days.last))
    }
}

/// The two forms by which somebody answers an alert.
#[derive(Clone, Debug)]
pub struct Answering {
    /// Something will be done.
    pub acknowledging: Form<Acknowledging>,
    /// It must wait.
    pub putting_off: Form<PuttingOff>,
    /// Whether it is this that somebody fills in.
    pub is_to_be_put_off: bool,
}

impl Answering {
    /// Empty forms for an alert in a turn.
    #[must_use]
    pub fn empty(turn: i32, policy: &Policy, today: Date) -> Self {
        let days = UntilDays::of(today, &policy.alerts, &policy.calendar);
        Self {
            acknowledging: Form::empty(turn, days, &policy.calendar, Acknowledging::by),
            putting_off: Form::empty(turn, days, &policy.calendar, PuttingOff::until),
            is_to_be_put_off: false,
        }
    }

    /// The same in a page that has those of other alerts, too.
    #[must_use]
    pub fn beside_others(self, alert: &str) -> Self {
        let prefix = || format!("of-{alert}-");
        Self {
            acknowledging: Form { prefix: prefix(), ..self.acknowledging },
            putting_off: Form { prefix: prefix(), ..self.putting_off },
            ..self
        }
    }

    /// Each mistake with the field that it is in, in the order of the page.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(&'static str, &str)> {
        let acknowledging = self.acknowledging.filled.mistakes.listed();
        acknowledging.into_iter().chain(self.putting_off.filled.listed()).collect()
    }
}

/// How long somebody may take to fill a form in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeToAnswer {
    /// They are signed out then, whatever they do.
    pub until: String,
    /// And before, after so many minutes without doing anything.
    pub idle_minutes: Option<i64>,
    /// Whether asking for more time gives them any.
    pub can_be_more: bool,
}

impl TimeToAnswer {
    /// What somebody has who is signed in.
    #[must_use]
    pub fn of(visitor: &Visitor, times: SessionTimes, now: Timestamp) -> Self {
        let ends_before = !visitor.stays && visitor.ends_at.duration_since(now) > times.idle;
        Self {
            until: words::moment(visitor.ends_at),
            idle_minutes: ends_before.then(|| times.idle.as_mins()),
            can_be_more: ends_before,
        }
    }
}

/// The fields of an acknowledgement.
#[derive(Clone, Debug, Default)]
pub struct Acknowledging {
    /// What stands in them.
    pub typed: Typed,
    /// What is wrong with them.
    pub mistakes: Mistakes,
}

impl Acknowledging {
    /// Empty but for a day to look again.
    #[must_use]
    pub fn by(review_on: String) -> Self {
        Self { typed: Typed { review_on, ..Typed::default() }, mistakes: Mistakes::default() }
    }
}

/// The fields of a snooze.
#[derive(Clone, Debug, Default)]
pub struct PuttingOff {
    /// Why the alert must wait, as typed.
    pub reason: String,
    /// Until when, as typed.
    pub until: String,
    /// What is wrong with the reason.
    pub reason_mistake: Option<String>,
    /// What is wrong with the day.
    pub until_mistake: Option<String>,
}

impl PuttingOff {
    /// Empty but for a day.
    #[must_use]
    pub fn until(until: String) -> Self {
        Self { until, ..Self::default() }
    }

    /// What a browser sent.
    #[must_use]
    pub fn of(pairs: &[(String, String)]) -> Self {
        Self { reason: value(pairs, REASON), until: value(pairs, UNTIL), ..Self::default() }
    }

    /// Reads why and until when; the example is a day that would be right, as people type it.
    ///
    /// # Errors
    ///
    /// The same with every mistake.
    pub fn read(self, days: UntilDays, example: &str) -> Result<(String, Date), Self> {
        let reason = said(&self.reason, "Enter why it must wait", "Why it must wait");
        let until =
            day(&self.until, days, ("Enter the day until which it must wait", "The day until which it must wait"), example);
        match (reason, until) {
            (Ok(reason), Ok(until)) => Ok((reason, until)),
            (reason, until) => Err(Self { reason_mistake: reason.err(), until_mistake: until.err(), ..self }),
        }
    }

    /// Each mistake with the field that it is in, in the order of the page.
    #[must_use]
    pub fn listed(&self) -> Vec<(&'static str, &str)> {
        let all = [(REASON, &self.reason_mistake), (UNTIL, &self.until_mistake)];
        all.into_iter().filter_map(|(field, mistake)| Some((field, mistake.as_deref()?))).collect()
    }
}

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
    /// What a browser sent; other fields are nobody's.
    #[must_use]
    pub fn of(pairs: &[(String, String)]) -> Self {
        Self { action: value(pairs, ACTION), owner: value(pairs, OWNER), review_on: value(pairs, REVIEW_ON) }
    }

    /// Reads the answer; the example is a day that would be right, as people type it.
    ///
    /// # Errors
    ///
    /// Every mistake.
    pub fn read(&self, days: UntilDays, example: &str) -> Result<Answer, Mistakes> {
        let action = said(&self.action, "Enter what will be done", "What will be done");
        let owner = said(&self.owner, "Enter who will do it", "Who will do it");
        let words = ("Enter the day to look again", "The day to look again");
        let review_on = day(&self.review_on, days, words, example);
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

/// What stands in a field. Line breaks and needless spaces, which browsers add, become single spaces.
fn value(pairs: &[(String, String)], wanted: &str) -> String {
    let typed = pairs.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value);
    typed.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(typed: &str, if_nothing: &str, subject: &str) -> Result<String, String> {
    if typed.is_empty() {
        return Err(if_nothing.to_owned());
    }
    plain_words(typed).map(|()| typed.to_owned()).map_err(|reason| format!("{subject} {reason}"))
}

fn day(typed: &str, days: UntilDays, (if_nothing, subject): (&str, &str), example: &str) -> Result<Date, String> {
    if typed.is_empty() {
        return Err(if_nothing.to_owned());
    }
    let day = day_as_typed(typed).ok_or_else(|| format!("{subject} must be a date that exists, such as {example}"))?;
    days.check(day).map_err(|reason| format!("{subject} {reason}"))
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

    #[test]
    fn why_an_alert_must_wait_and_until_when_is_read_and_every_mistake_named() {
        let pairs = [("reason", " The assessor is\r\nill "), ("until", "22/06/2026")];
        let typed = PuttingOff::of(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let read = typed.read(DAYS, "22/06/2026").expect("it is right");
        assert_eq!(read, ("The assessor is ill".to_owned(), date(2026, 6, 22)));
        let wrong = PuttingOff::until("2026-07-14".to_owned()).read(DAYS, "22/06/2026").expect_err("it is wrong");
        let mistakes: Vec<_> = wrong.listed();
        let expected = "The day until which it must wait must be a day from 16 June 2026 to 13 July 2026";
        assert_eq!(mistakes, [("reason", "Enter why it must wait"), ("until", expected)]);
        assert_eq!(wrong.until, "2026-07-14", "what was typed stays");
    }
}
