//! A message to one person: alerts that cannot wait, the digest, or the pack for a meeting of the panel.
//!
//! Pure: no clock, no I/O. Text and HTML are made of the same sentences in the same order; only the HTML draws the period as a
//! bar as well. What must not be mailed must not come in: the alerts' sentences are [`crate::domain::evidence`]'s, days that
//! would give a birth away are left out by the caller, and why an alert was put aside is no part of it.

use askama::Template;
use jiff::Timestamp;
use jiff::civil::Date;

use super::bar::{Look, NO_BREAK};
use super::page::Page;
use super::plain::wrapped;
use crate::domain::pause::PauseKind;
use crate::domain::policy::{Delivery, Role};
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;

/// How many cases a message shows in full. What is beyond is told by the next; a panel pack has it in brief.
pub const MOST_CASES: usize = 20;

/// How many alerts of one case a message shows.
pub const MOST_ALERTS_OF_A_CASE: usize = 8;

/// How many alerts a message shows altogether: more would make it longer than mail programs show.
const MOST_ALERTS: usize = 80;

/// What one message tells one person.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// What kind of message it is.
    pub kind: Kind,
    /// Why the person receives it: each role as which they are told, in ladder order, without repetition. Empty only in the
    /// panel pack of somebody who is on record for nothing else.
    pub because: Vec<Because>,
    /// The council, for the head of the message; may be empty.
    pub council: &'a str,
    /// What the addresses of pages begin with, where people can sign in to them.
    pub pages: Option<&'a str>,
    /// When the last check ran.
    pub checked_at: Timestamp,
    /// The day on which the message is true.
    pub today: Date,
    /// In a digest, the open alerts that the person was told of earlier.
    pub still_open: Option<StillOpen>,
    /// Every case, the worst first; those beyond [`MOST_CASES`] are only counted, or in a panel pack told in a line each. Empty only in
    /// a panel pack.
    pub blocks: Vec<CaseBlock>,
}

impl Mail<'_> {
    /// The cases that are shown: at most [`MOST_CASES`], and fewer where they have very many alerts.
    #[must_use]
    pub fn shown(&self) -> &[CaseBlock] {
        let mut alerts = 0;
        let fits = |block: &&CaseBlock| {
            alerts += block.alerts.len().clamp(1, MOST_ALERTS_OF_A_CASE);
            alerts <= MOST_ALERTS
        };
        let cases = self.blocks.iter().take(MOST_CASES).take_while(fits).count();
        &self.blocks[..cases]
    }
}

/// The kinds of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What cannot wait for the digest.
    Alerts,
    /// What could.
    Digest,
    /// The cases on which a panel is to decide.
    PanelPack {
        /// The day of the meeting, by the policy.
        meeting_on: Date,
        /// Whether anybody works on that day.
        is_working_day: bool,
    },
}

/// A reason why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Because {
    /// In which role.
    pub role: Role,
    /// Whether they stand in for whoever has it.
    pub stands_in: bool,
}

/// How many alerts are open still, by severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillOpen {
    /// Red ones.
    pub red: i64,
    /// Amber ones.
    pub amber: i64,
}

/// What is said of one case.
#[derive(Clone, Debug)]
pub struct CaseBlock {
    /// The council's pseudonymous case reference.
    pub reference: String,
    /// The owning team.
    pub team: Option<String>,
    /// Decision to enter pre-proceedings.
    pub started_on: Option<Date>,
    /// How many whole weeks it has been open; absent where it is not.
    pub weeks_open: Option<i64>,
    /// The end of the period; left out where a birth or an expected birth set it, because that day would give the birth away.
    pub end_on: Option<Date>,
    /// The end without extensions, where they moved it.
    pub extended_from: Option<Date>,
    /// What is due next.
    pub next_deadline: Option<Deadline>,
    /// In a panel pack, the question that the panel must decide.
    pub question: Option<String>,
    /// The alerts, the worst first; empty only in a panel pack.
    pub alerts: Vec<AlertLine>,
    /// The roles of other people who have been mailed these alerts.
    pub also_told: Vec<Role>,
    /// The roles of people who could not be reached: nobody is there, or their mail was refused.
    pub not_reached: Vec<Role>,
    /// Who is told next if nobody acts; absent where nobody is left to tell.
    pub next_rung: Option<NextRung>,
}

/// Something that is due.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// What: `Final review`, `Meeting 3 (review)`, `Parenting assessment (2)`.
    pub what: String,
    /// On which day.
    pub on: Date,
}

/// The next rung of an alert's ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextRung {
    /// Who is told.
    pub role: Role,
    /// On which day; left out where that day would give a birth away.
    pub on: Option<Date>,
    /// How.
    pub deliver: Delivery,
}

/// One alert.
#[derive(Clone, Debug)]
pub struct AlertLine {
    /// The rule that found it.
    pub rule: Rule,
    /// How grave it is now.
    pub severity: Severity,
    /// The finding's sentence, without a full stop.
    pub message: String,
    /// Since when it drifts; left out where that day would give a birth away, as [`CaseBlock::end_on`] is.
    pub since_on: Option<Date>,
    /// Why it is told now.
    pub news: News,
    /// The whole acknowledge link of this alert for this person; absent where there is none.
    pub acknowledge: Option<String>,
}

/// Why an alert is told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It has just been opened.
    New,
    /// It was amber.
    TurnedRed,
    /// It was red.
    TurnedAmber,
    /// Nobody before on the ladder has acted on it.
    NotActedOn {
        /// Since when it could have been acted on; left out where that day would give a birth away.
        open_since: Option<Date>,
    },
    /// It was put aside, the day has come, and the finding still holds.
    PauseEnded {
        /// How it was put aside.
        kind: PauseKind,
        /// In which role; absent where it came over the API.
        by: Option<Role>,
        /// When.
        made_on: Date,
        /// The day that has come.
        until_on: Date,
    },
    /// Nothing to add: so it is in a panel pack, and where the day of the news would give a birth away.
    Standing,
    /// In a panel pack: it is put aside.
    Paused {
        /// How.
        kind: PauseKind,
        /// In which role; absent where it came over the API.
        by: Option<Role>,
        /// Until which day.
        until_on: Date,
    },
}

/// A message, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Counts and severities only.
    pub subject: String,
    /// The plain part, in lines of about 76 characters.
    pub text: String,
    /// The HTML part, which says the same.
    pub html: String,
}

/// Writes a message.
///
/// # Panics
///
/// Never: writing to a string does not fail.
#[must_use]
pub fn render(mail: &Mail) -> Rendered {
    const INFALLIBLE: &str = "writing to a string does not fail";
    let page = Page::of(mail);
    Rendered {
        subject: page.subject.clone(),
        text: wrapped(&TextPart { page: &page }.render().expect(INFALLIBLE)),
        html: HtmlPart { page: &page }.render().expect(INFALLIBLE),
    }
}

#[derive(Template)]
#[template(path = "mail.txt", config = "src/mailer/templates/askama.toml")]
struct TextPart<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "mail.html", config = "src/mailer/templates/askama.toml")]
struct HtmlPart<'a> {
    page: &'a Page,
}

#[cfg(test)]
mod tests;
