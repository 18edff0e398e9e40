//! What was worked out before, such as a page of cases, each good for as long as the database stays as it was then.
//!
//! The statement that lets a bearer in also names the state of the whole database that it saw ([`Seen`]). An answer is kept under the
//! name that its first bearer's statement saw, and was read after that; whoever is let in under an equal name sees what was committed
//! by then and no more (migration `know_the_version` says why), so that none is older than its request. As a crash of the server
//! can make a name come again, a session counts only for answers that were made once it was open: it would not have outlived the crash.
//! So nobody need tell this module of a change, whichever way it is made.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

use axum::body::Bytes;
use jiff::civil::Date;

use super::surroundings::{Around, Surroundings};
use crate::database::readers::SessionNumber;
use crate::store::tokens::Scope;

/// How many answers of a kind are kept.
const MOST: usize = 256;

/// How many bytes those of a kind may have together.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The state in which a request found the database.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its name.
    pub version: String,
    /// The session that saw it.
    pub by: SessionNumber,
    /// The newest session that was open before it was seen.
    pub newest: SessionNumber,
}

/// All that a page of cases depends on beside the rows of the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The cases that exist for the caller.
    pub scope: Scope,
    /// The query, to the letter.
    pub query: String,
    /// Weeks are counted up to it.
    pub today: Date,
}

/// A body with its `ETag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The `ETag` of the body.
    pub tag: String,
    /// What is answered.
    pub body: Bytes,
}

/// What was worked out of cases.
#[derive(Debug, Default)]
pub struct KnownAnswers {
    /// Pages of the list.
    pub lists: Known<Asked, Tagged>,
    /// The same for people: what stands below the menu.
    pub caseloads: Known<Asked, Bytes>,
    /// What stands around each.
    pub surroundings: Known<Around, Surroundings>,
}

/// Something of which only so many bytes are kept.
pub trait Weighed {
    /// How many it has.
    fn bytes(&self) -> usize;
}

impl Weighed for Asked {
    fn bytes(&self) -> usize {
        self.query.len() + self.scope.bytes()
    }
}

impl Weighed for Scope {
    fn bytes(&self) -> usize {
        self.teams.iter().map(String::len).sum()
    }
}

impl Weighed for Tagged {
    fn bytes(&self) -> usize {
        self.body.len()
    }
}

impl Weighed for Bytes {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// What was worked out for one state of the database: that of another is of no use any more.
#[derive(Debug)]
pub struct Known<A, W>(Mutex<OfOneState<A, W>>);

#[derive(Debug)]
struct OfOneState<A, W> {
    version: String,
    answers: HashMap<A, (SessionNumber, W)>,
    bytes: usize,
}

impl<A, W> Default for Known<A, W> {
    fn default() -> Self {
        Self(Mutex::new(OfOneState::of(String::new())))
    }
}

impl<A, W> OfOneState<A, W> {
    fn of(version: String) -> Self {
        Self { version, answers: HashMap::new(), bytes: 0 }
    }
}

impl<A: Clone + Eq + Hash + Weighed, W: Clone + Weighed> Known<A, W> {
    /// The answer, if it was worked out once this very state was seen; of a state without a name nothing is known.
    #[must_use]
    pub fn find(&self, asked: &A, seen: Option<&Seen>) -> Option<W> {
        let seen = seen?;
        let known = self.held();
        let of_this_state = known.answers.get(asked).filter(|_| known.version == seen.version);
        of_this_state.filter(|(newest, _)| seen.by <= *newest).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer that was worked out once a state was seen, if that has a name.
    pub fn keep(&self, asked: &A, seen: Option<&Seen>, answer: W) {
        let Some(Seen { version, newest, .. }) = seen else { return };
        let bytes = asked.bytes() + answer.bytes();
        let mut known = self.held();
        if known.version != *version || known.answers.len() >= MOST || known.bytes + bytes > MOST_BYTES {
            *known = OfOneState::of(version.clone());
        }
        if bytes <= MOST_BYTES {
            known.bytes += bytes;
            if let Some((_, replaced)) = known.answers.insert(asked.clone(), (*newest, answer)) {
                known.bytes -= asked.bytes() + replaced.bytes();
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, OfOneState<A, W>> {
        self.0.lock().expect("nobody panics while holding the answers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        Asked { scope: Scope::EVERYTHING, query: query.to_owned(), today: Date::ZERO }
    }

    fn seen(version: &str, by: u64, newest: u64) -> Seen {
        Seen { version: version.to_owned(), by: SessionNumber(by), newest: SessionNumber(newest) }
    }

    fn page(bytes: usize) -> Bytes {
        vec![b' '; bytes].into()
    }

    #[test]
    fn a_page_is_found_by_a_session_that_was_there_when_it_was_worked_out_and_saw_the_same_state() {
        let known = Known::default();
        known.keep(&asked("a"), Some(&seen("1", 1, 2)), page(10));
        for (query, version, by, expected) in
            [("a", "1", 1, true), ("a", "1", 2, true), ("a", "1", 3, false), ("a", "2", 1, false), ("b", "1", 1, false)]
        {
            assert_eq!(known.find(&asked(query), Some(&seen(version, by, 9))).is_some(), expected, "{query} {version} {by}");
        }
        known.keep(&asked("b"), Some(&seen("2", 1, 2)), page(10));
        assert_eq!(known.find(&asked("a"), Some(&seen("1", 1, 2))), None, "of another state nothing is kept");
    }

    #[test]
    fn only_so_many_pages_and_bytes_are_kept() {
        let known = Known::default();
        let (mut most, mut most_bytes) = (0, 0);
        for number in 0..6 * MOST {
            // Each is kept twice: what it replaces counts no more.
            let bytes = if number < 4 * MOST { 1 } else { MOST_BYTES / 9 };
            known.keep(&asked(&(number / 2).to_string()), Some(&seen("1", 1, 1)), page(bytes));
            let kept = known.held();
            let bytes: usize = kept.answers.iter().map(|(asked, (_, page))| asked.query.len() + page.len()).sum();
            assert_eq!(kept.bytes, bytes);
            (most, most_bytes) = (most.max(kept.answers.len()), most_bytes.max(bytes));
        }
        assert!(most == MOST && most_bytes <= MOST_BYTES && most_bytes > MOST_BYTES / 2, "{most} {most_bytes}");
        known.keep(&asked("large"), Some(&seen("1", 1, 1)), page(MOST_BYTES + 1));
        assert_eq!(known.find(&asked("large"), Some(&seen("1", 1, 1))), None);
    }
}
