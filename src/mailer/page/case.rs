//! A case in words: its alerts, what comes next, its period, and who knows.

use jiff::civil::Date;

use super::alert::{Alert, Link};
use super::follows_in;
use super::words::{Tally, away, others, within_a_sentence};
use crate::domain::calendar::{Counted, in_words, with_weekday};
use crate::domain::policy::{Delivery, Role};
use crate::links;
use crate::mailer::bar::{Bar, Period};
use crate::mailer::plain::one_line;
use crate::mailer::render::{CaseBlock, Kind, MOST_ALERTS_OF_A_CASE, Mail, News};

/// A case in words.
pub struct Case {
    pub heading: String,
    pub team: Option<String>,
    /// Its page.
    pub page: Option<Link>,
    pub question: Option<String>,
    pub alerts: Vec<Alert>,
    /// What comes next.
    pub ahead: Vec<String>,
    pub bar: Option<Bar>,
    /// Its period, and who knows.
    pub background: Vec<String>,
}

impl Case {
    pub fn of(block: &CaseBlock, mail: &Mail) -> Self {
        let period = block.started_on.zip(block.end_on);
        let own: Vec<Role> = mail.because.iter().map(|because| because.role).collect();
        Self {
            heading: one_line(&block.reference),
            team: block.team.as_deref().map(one_line).filter(|team| !team.is_empty()),
            page: page(block, mail),
            question: block.question.as_deref().map(one_line),
            alerts: Alert::all_of(block),
            ahead: [
                no_alerts(block),
                further_alerts(block, mail.kind),
                deadline(block, mail.today),
                not_reached(block, &own),
                next_rung(block, mail.today),
            ]
            .into_iter()
            .flatten()
            .collect(),
            bar: period
                .and_then(|(start, end)| Bar::of(Period { start, base_end: block.extended_from, end, today: mail.today })),
            background: [course(block, mail.today), told(block, &own)].into_iter().flatten().collect(),
        }
    }
}

fn page(block: &CaseBlock, mail: &Mail) -> Option<Link> {
    let url = links::to_page(mail.pages?, &["cases", &block.reference])?;
    Some(Link { name: format!("See the case {}", one_line(&block.reference)), url })
}

fn no_alerts(block: &CaseBlock) -> Option<String> {
    block.alerts.is_empty().then(|| "No drift alerts.".to_owned())
}

fn further_alerts(block: &CaseBlock, kind: Kind) -> Option<String> {
    let further = Tally::of_alerts(block.alerts.get(MOST_ALERTS_OF_A_CASE..)?);
    let (noun, follow) = if further.is_one() { ("alert", "it follows") } else { ("alerts", "they follow") };
    let next = follows_in(kind).map_or_else(String::new, |next| format!("; {follow} {next}"));
    (!further.is_empty()).then(|| format!("Not shown here: {further} {noun} of this case{next}."))
}

fn deadline(block: &CaseBlock, today: Date) -> Option<String> {
    let deadline = block.next_deadline.as_ref()?;
    let what = within_a_sentence(&one_line(&deadline.what));
    Some(format!("Next deadline: {what}, {} ({}).", with_weekday(deadline.on), away(deadline.on, today)))
}

/// Who is told next; absent where every alert is put aside, because then nobody is told before its day.
///
/// Each alert has its own ladder, and the block knows the soonest rung of them all. A rung that is due already has reached nobody yet,
/// so that its day would promise what is past.
fn next_rung(block: &CaseBlock, today: Date) -> Option<String> {
    let unattended = block.alerts.iter().filter(|alert| !matches!(alert.news, News::Paused { .. })).count();
    let (them, of) = match unattended {
        0 => return None,
        1 => ("it", ""),
        _ => ("them", " of the first of them"),
    };
    let Some(rung) = block.next_rung else {
        return Some(format!("If nobody acknowledges {them}, nobody further is told."));
    };
    let told = match (rung.on.filter(|&on| on > today), rung.deliver) {
        (None, _) => "told next".to_owned(),
        (Some(on), Delivery::Immediate) => format!("told{of} on {}", with_weekday(on)),
        (Some(on), Delivery::Digest) => format!("told{of} in the digest of {}", with_weekday(on)),
    };
    Some(format!("If nobody acknowledges {them}, the {} is {told}.", rung.role.title()))
}

fn course(block: &CaseBlock, today: Date) -> Option<String> {
    Some(format!("{} {}", started(block, today)?, ends(block, today)))
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

fn ends(block: &CaseBlock, today: Date) -> String {
    let Some(on) = block.end_on else {
        return "The end of the period is in the case record, not in this mail.".to_owned();
    };
    let verb = if on < today { "ended" } else { "ends" };
    let moved = match block.extended_from {
        Some(from) if from < on => format!("; extended from {}", in_words(from)),
        Some(from) if from > on => format!("; brought forward from {}", in_words(from)),
        _ => String::new(),
    };
    format!("Period {verb} on {}, {}{moved}.", in_words(on), away(on, today))
}

fn told(block: &CaseBlock, own: &[Role]) -> Option<String> {
    match (&block.alerts[..], &block.also_told[..]) {
        ([], _) => None,
        (_, []) => Some("Nobody else has been told.".to_owned()),
        (_, roles) => Some(format!("Also told: {}.", others(roles, own))),
    }
}

fn not_reached(block: &CaseBlock, own: &[Role]) -> Option<String> {
    (!block.not_reached.is_empty()).then(|| format!("Could not be reached: {}.", others(&block.not_reached, own)))
}
