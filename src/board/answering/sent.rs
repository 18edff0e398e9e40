//! Which answer somebody sent, and what they typed into it, whether or not it could be taken.

use jiff::civil::Date;

use super::{ACTION, MORE_TIME, MORE_TIME_PATH, OWNER, REASON, REVIEW_ON, UNTIL, value};
use crate::domain::calendar::with_weekday;
use crate::fields::civil_date;

/// By which form somebody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something will be done.
    Acknowledging,
    /// It must wait.
    PuttingOff,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Acknowledging, Self::PuttingOff];

    /// What the path ends with to which the form is sent.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Acknowledging => "acknowledge",
            Self::PuttingOff => "snooze",
        }
    }

    /// The form of which somebody asked for more time.
    #[must_use]
    pub fn waiting(pairs: &[(String, String)]) -> Option<Self> {
        let asked = pairs.iter().find(|(name, _)| name == MORE_TIME).map(|(_, kind)| kind.as_str())?;
        Self::ALL.into_iter().find(|kind| kind.path() == asked)
    }

    /// The form that was sent to a path, and the page of its alert.
    #[must_use]
    pub fn sent_to<'p>(path: &'p str, pairs: &[(String, String)]) -> Option<(Self, &'p str)> {
        let (alert, last) = path.rsplit_once('/').filter(|(alert, _)| alert.starts_with("/alerts/"))?;
        let kind =
            if last == MORE_TIME_PATH { Self::waiting(pairs) } else { Self::ALL.into_iter().find(|kind| kind.path() == last) };
        Some((kind?, alert))
    }

    /// What is typed into the form, in the order of the page.
    fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Acknowledging => {
                &[(ACTION, "What will be done"), (OWNER, "Who will do it"), (REVIEW_ON, "When to look again")]
            }
            Self::PuttingOff => &[(REASON, "Why it must wait"), (UNTIL, "Until when")],
        }
    }
}

/// What somebody typed into a field of an answer that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedField {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// As it was typed.
    pub typed: String,
}

impl TypedField {
    /// All of a form.
    #[must_use]
    pub fn all(kind: Kind, pairs: &[(String, String)]) -> Vec<Self> {
        kind.fields().iter().map(|&(name, title)| Self { name, title, typed: value(pairs, name) }).collect()
    }

    /// Whether there is a sentence in it.
    #[must_use]
    pub fn is_long(&self) -> bool {
        [ACTION, REASON].contains(&self.name)
    }

    /// Whether there is a day in it as browsers send it.
    #[must_use]
    pub fn is_a_day(&self) -> bool {
        self.day().is_some()
    }

    /// As people read it.
    #[must_use]
    pub fn in_words(&self) -> String {
        self.day().map_or_else(|| self.typed.clone(), with_weekday)
    }

    fn day(&self) -> Option<Date> {
        civil_date(&self.typed).ok().filter(|_| [REVIEW_ON, UNTIL].contains(&self.name))
    }
}
