//! The sentences of a message, in the order in which both of its parts say them.

use jiff::Timestamp;
use jiff::civil::Date;

use super::bar::{Bar, Colours, Look, Period, long};
use super::plain::one_line;
use super::render::{AlertLine, AlertMail, CaseBlock, MOST_CASES};
use crate::clock::london;
use crate::domain::calendar::{Counted, days_between, in_words};
use crate::domain::policy::Role;
use crate::domain::schedule::Severity;

/// A message in words.
pub struct Page {
    pub subject: String,
    pub head: String,
    pub summary: String,
    pub cases: Vec<Case>,
    pub further: Option<String>,
    pub notes: Vec<String>,
}

/// A case in words.
pub struct Case {
    pub heading: String,
    pub team: Option<String>,
    pub link: String,
    pub alerts: Vec<Alert>,
    pub bar: Option<Bar>,
    pub facts: Vec<String>,
    pub told: String,
}

/// An alert in words.
pub struct Alert {
    pub severity: String,
    pub colours: Colours,
    pub title: &'static str,
    pub was: &'static str,
    pub sentence: String,
    pub since: Option<String>,
}

impl Page {
    /// Puts a message into words.
    pub fn of(mail: &AlertMail) -> Self {
        let (shown, further) = mail.blocks.split_at(mail.blocks.len().min(MOST_CASES));
        let subject = format!("{} in {}", alerts(&mail.blocks), counted(mail.blocks.len(), "case"));
        let council = one_line(mail.council);
        let at_council = if council.is_empty() { String::new() } else { format!(" at {council}") };
        Self {
            head: format!("Pre-proceedings drift{at_council}, {}", in_words(mail.today)),
            summary: if mail.blocks.len() > 1 { format!("{subject}, worst first") } else { subject.clone() },
            cases: shown.iter().map(|block| Case::of(block, mail)).collect(),
            further: (!further.is_empty()).then(|| beyond(further)),
            notes: notes(mail, &at_council),
            subject,
        }
    }
}

impl Case {
    fn of(block: &CaseBlock, mail: &AlertMail) -> Self {
        let path = askama::filters::urlencode_strict(&block.reference).unwrap_or_else(|never| match never {});
        let period = block.started_on.zip(block.end_on);
        Self {
            heading: one_line(&block.reference),
            team: block.team.as_deref().map(one_line).filter(|team| !team.is_empty()),
            link: format!("{}/api/v1/cases/{path}", mail.base_url.trim_end_matches('/')),
            alerts: block.alerts.iter().map(Alert::of).collect(),
            bar: period
                .and_then(|(start, end)| Bar::of(Period { start, base_end: block.extended_from, end, today: mail.today })),
            facts: [started(block, mail.today), ends(block, mail.today)].into_iter().flatten().collect(),
            told: also_told(&block.also_told, mail.role),
        }
    }
}

impl Alert {
    fn of(alert: &AlertLine) -> Self {
        let look = match alert.severity {
            Severity::Red => Look::Over,
            Severity::Amber => Look::Extension,
            Severity::Notice => Look::Left,
        };
        Self {
            severity: alert.severity.code().to_uppercase(),
            colours: look.colours(),
            was: if alert.turned_red { " (was AMBER)" } else { "" },
            title: alert.rule.title(),
            sentence: format!("{}.", one_line(&alert.message)),
            since: alert.since_on.map(|on| format!("Drift since {}.", in_words(on))),
        }
    }
}

/// How many alerts some cases have, by severity: `2 red and 1 amber drift alerts`.
fn alerts(blocks: &[CaseBlock]) -> String {
    let count = |severity| blocks.iter().flat_map(|block| &block.alerts).filter(|alert| alert.severity == severity).count();
    let counts = Severity::ALL.iter().rev().map(|&severity| (count(severity), severity.code()));
    let counts: Vec<(usize, &str)> = counts.filter(|&(count, _)| count > 0).collect();
    let is_one = counts.iter().map(|(count, _)| count).sum::<usize>() == 1;
    let counts: Vec<String> = counts.iter().map(|(count, severity)| format!("{count} {severity}")).collect();
    format!("{} drift alert{}", listed(&counts), if is_one { "" } else { "s" })
}

fn beyond(further: &[CaseBlock]) -> String {
    let (noun, verb) = if further.len() == 1 { ("case", "is") } else { ("cases", "are") };
    format!("{} further {noun} {verb} not shown here: {}.", further.len(), alerts(further))
}

fn started(block: &CaseBlock, today: Date) -> Option<String> {
    let on = block.started_on?;
    let open = match block.weeks_open {
        None => String::new(),
        Some(..1) => "; open for less than a week".to_owned(),
        Some(weeks) => format!("; open for {}", Counted(weeks, "week")),
    };
    let verb = if on > today { "Starts" } else { "Started" };
    Some(format!("{verb} on {}{open}.", in_words(on)))
}

fn ends(block: &CaseBlock, today: Date) -> Option<String> {
    block.started_on?;
    let Some(on) = block.end_on else {
        return Some("The end of the period is not given in this mail; see the case.".to_owned());
    };
    let days = days_between(on, today);
    let when = match days {
        1.. => format!("Period ended on {}, {} ago", in_words(on), long(days)),
        0 => format!("Period ends today, {}", in_words(on)),
        _ => format!("Period ends on {}, in {}", in_words(on), long(-days)),
    };
    let moved = match block.extended_from {
        Some(from) if from < on => format!("; extended from {}", in_words(from)),
        Some(from) if from > on => format!("; brought forward from {}", in_words(from)),
        _ => String::new(),
    };
    Some(format!("{when}{moved}."))
}

fn also_told(roles: &[Role], reader: Role) -> String {
    let mut titles: Vec<String> = Vec::new();
    for &role in roles {
        let title = if role == reader { format!("another {}", role.title()) } else { role.title().to_owned() };
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    if titles.is_empty() { "Sent to nobody else.".to_owned() } else { format!("Also sent to: {}.", listed(&titles)) }
}

fn notes(mail: &AlertMail, at_council: &str) -> Vec<String> {
    let tell = match mail.role {
        Role::CaseProgressionManager => "Record what is decided in the case file.",
        _ => "Record what you decide in the case file, and tell your case progression manager.",
    };
    vec![
        format!("You receive this because you are on record as {}{at_council}.", mail.role.title()),
        format!(
            "Acknowledging from this mail is not available yet. {tell} An alert closes by itself when the case data no longer shows the drift."
        ),
        "Links open only with a sign-in or an access token for this service.".to_owned(),
        format!("Last check: {}.", in_london(mail.checked_at)),
    ]
}

/// A moment as people in London say it: `23 November 2026 at 09:05, London time`.
fn in_london(at: Timestamp) -> String {
    let at = at.to_zoned(london());
    format!("{} at {:02}:{:02}, London time", in_words(at.date()), at.hour(), at.minute())
}

fn counted(count: usize, noun: &'static str) -> Counted {
    Counted(i64::try_from(count).unwrap_or(i64::MAX), noun)
}

/// Some words as a list: `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => "no".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
