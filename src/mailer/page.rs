//! The sentences of a message, in the order in which both of its parts say them.

mod alert;
mod case;
mod foot;
mod table;
mod words;

use self::alert::Link;
use self::case::Case;
use self::table::Table;
use self::words::{Tally, counted};
use super::plain::one_line;
use super::render::{CaseBlock, Kind, Mail, StillOpen};
use crate::domain::calendar::{in_words, with_weekday};
use crate::domain::schedule::Severity;
use crate::links;

/// A message in words.
pub struct Page {
    pub subject: String,
    pub head: String,
    pub summary: String,
    /// What must be known before any case.
    pub notice: Option<String>,
    /// Where the agenda is as it is now, to be printed.
    pub agenda: Option<Link>,
    /// The cases at a glance.
    pub overview: Option<Table>,
    pub cases: Vec<Case>,
    /// Cases that are at risk and not shown in full, a line each.
    pub in_brief: Option<Table>,
    /// Cases that are only counted.
    pub further: Option<String>,
    pub notes: Vec<String>,
}

impl Page {
    /// Puts a message into words.
    pub fn of(mail: &Mail) -> Self {
        let shown = mail.shown();
        let further = &mail.blocks[shown.len()..];
        let in_brief = Table::in_brief(mail, further);
        let council = one_line(mail.council);
        let at_council = if council.is_empty() { String::new() } else { format!(" at {council}") };
        let title = match mail.kind {
            Kind::Alerts => "Pre-proceedings drift",
            Kind::Digest => "Daily digest of pre-proceedings drift",
            Kind::PanelPack { .. } => "Panel pack: pre-proceedings drift",
        };
        Self {
            subject: subject(mail),
            head: format!("{title}{at_council}, {}", in_words(mail.today)),
            summary: summary(mail),
            notice: notice(mail),
            agenda: agenda(mail),
            overview: Table::overview(shown, mail.today),
            cases: shown.iter().map(|block| Case::of(block, mail)).collect(),
            further: (!further.is_empty() && in_brief.is_none()).then(|| beyond(further, mail.kind)),
            in_brief,
            notes: foot::notes(mail, &at_council),
        }
    }
}

/// Counts and severities only: a subject is read by whoever looks over a shoulder.
fn subject(mail: &Mail) -> String {
    match mail.kind {
        Kind::Alerts => alerts_in_cases(&mail.blocks),
        Kind::Digest => format!("Daily digest: {}", alerts_in_cases(&mail.blocks)),
        Kind::PanelPack { meeting_on, .. } => {
            format!("Panel pack for {}: {}", with_weekday(meeting_on), cases_with_alerts(&mail.blocks))
        }
    }
}

fn summary(mail: &Mail) -> String {
    let what = match mail.kind {
        Kind::Alerts | Kind::Digest => alerts_in_cases(&mail.blocks),
        Kind::PanelPack { meeting_on, .. } => {
            format!("Panel on {}: {}", with_weekday(meeting_on), cases_with_alerts(&mail.blocks))
        }
    };
    if mail.blocks.len() > 1 { format!("{what}, worst first") } else { what }
}

/// `2 red and 1 amber drift alerts in 2 cases`.
fn alerts_in_cases(blocks: &[CaseBlock]) -> String {
    format!("{} in {}", Tally::of_blocks(blocks).drift_alerts(), counted(blocks.len(), "case"))
}

/// `7 cases, 4 red and 3 amber drift alerts`.
fn cases_with_alerts(blocks: &[CaseBlock]) -> String {
    if blocks.is_empty() {
        return "no cases".to_owned();
    }
    format!("{}, {}", counted(blocks.len(), "case"), Tally::of_blocks(blocks).drift_alerts())
}

fn notice(mail: &Mail) -> Option<String> {
    match mail.kind {
        Kind::PanelPack { meeting_on, is_working_day: false } => Some(format!(
            "By the policy the panel meets on {}, but nobody works on that day: was the meeting moved?",
            with_weekday(meeting_on)
        )),
        Kind::Digest => mail.still_open.and_then(besides),
        Kind::Alerts | Kind::PanelPack { .. } => None,
    }
}

fn agenda(mail: &Mail) -> Option<Link> {
    let Kind::PanelPack { .. } = mail.kind else { return None };
    let url = links::to_page(mail.pages?, &["panel"])?;
    Some(Link { name: "See the agenda as it is now, and print it".to_owned(), url })
}

fn besides(StillOpen { red, amber }: StillOpen) -> Option<String> {
    let tally = Tally::of([(red, Severity::Red), (amber, Severity::Amber)]);
    let (noun, verb) = if tally.is_one() { ("alert", "is") } else { ("alerts", "are") };
    (!tally.is_empty()).then(|| format!("Besides these, {tally} {noun} that you were told of earlier {verb} open still."))
}

fn beyond(further: &[CaseBlock], kind: Kind) -> String {
    let (noun, verb, follows) = if further.len() == 1 { ("case", "is", "follows") } else { ("cases", "are", "follow") };
    let tally = Tally::of_blocks(further).drift_alerts();
    let next = follows_in(kind).map_or_else(String::new, |next| format!(" and {follows} {next}"));
    format!("{} further {noun} at risk {verb} not shown here{next}: {tally}.", further.len())
}

/// Where what a message does not name is told; a panel pack's cases are told nowhere else.
fn follows_in(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Alerts => Some("in the next mail"),
        Kind::Digest => Some("in the next digest"),
        Kind::PanelPack { .. } => None,
    }
}
