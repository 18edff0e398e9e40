//! How far long work has come.

use std::io::{IsTerminal, Write};

/// Says, to a person at a terminal, what begins and may take a while.
pub fn begin(step: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{step} …");
    }
}

/// How far it has come, for a person at a terminal; short work shows nothing.
pub struct Progress {
    of: usize,
    shown: bool,
}

impl Progress {
    /// Work on so many cases.
    pub fn of(of: usize) -> Self {
        Self { of, shown: of >= 200 && std::io::stderr().is_terminal() }
    }

    /// So many are done.
    pub fn show(&self, done: usize) {
        if self.shown && done.is_multiple_of(50) {
            let _ = write!(std::io::stderr(), "\r{done} of {} cases", self.of);
        }
    }

    /// All of them are: takes the line away.
    pub fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
