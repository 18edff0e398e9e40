//! Pages of cases that were worked out before, each good for as long as the database stays as it was then.
//!
//! The statement that lets a bearer in also names the state of the whole database that it saw ([`Seen`]). A page is kept under the
//! name that its first bearer's statement saw, and was read after that; whoever is let in under an equal name sees what was committed
//! by then and no more (migration `know_the_version` says why), so that no page is older than its request. As a crash of the server
//! can make a name come again, a session counts only for pages that were made once it was open: it would not have outlived the crash.
//! So nobody need tell this module of a change, whichever way it is made.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use axum::body::Bytes;
use jiff::civil::Date;

use crate::database::readers::SessionNumber;
use crate::store::tokens::Scope;

/// How many pages are kept.
const MOST: usize = 256;

/// How many bytes they may have together.
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

/// All that a page depends on beside the rows of the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The cases that exist for the caller.
    pub scope: Scope,
    /// The query, to the letter.
    pub query: String,
    /// Weeks are counted up to it.
    pub today: Date,
}

/// A page as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The ETag of the body.
    pub tag: String,
    /// JSON.
    pub body: Bytes,
}

/// Pages of one state of the database: those of another are of no use any more.
#[derive(Debug, Default)]
pub struct KnownPages(Mutex<OfOneState>);

#[derive(Debug, Default)]
struct OfOneState {
    version: String,
    pages: HashMap<Asked, (SessionNumber, Page)>,
    bytes: usize,
}

impl KnownPages {
    /// The page, if it was worked out once this very state was seen.
    #[must_use]
    pub fn find(&self, asked: &Asked, seen: &Seen) -> Option<Page> {
        let known = self.held();
        let of_this_state = known.pages.get(asked).filter(|_| known.version == seen.version);
        of_this_state.filter(|(newest, _)| seen.by <= *newest).map(|(_, page)| page.clone())
    }

    /// Keeps a page that was worked out once a state was seen.
    pub fn keep(&self, asked: Asked, seen: Seen, page: Page) {
        let Seen { version, newest, .. } = seen;
        let bytes = asked.query.len() + page.body.len();
        let mut known = self.held();
        if known.version != version || known.pages.len() >= MOST || known.bytes + bytes > MOST_BYTES {
            *known = OfOneState { version, ..OfOneState::default() };
        }
        if bytes <= MOST_BYTES {
            known.bytes += bytes;
            if let Some((_, replaced)) = known.pages.insert(asked.clone(), (newest, page)) {
                known.bytes -= asked.query.len() + replaced.body.len();
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, OfOneState> {
        self.0.lock().expect("nobody panics while holding the pages")
    }
}
