//! What stands at the foot of a message: why it comes, how to act on it, and when the last check ran.

use jiff::Timestamp;

use super::words::listed;
use crate::clock::london;
use crate::domain::calendar::in_words;
use crate::mailer::render::{Because, Mail};

pub fn notes(mail: &Mail, at_council: &str) -> Vec<String> {
    let mut notes = vec![format!("You receive this because you {}{at_council}.", because(&mail.because))];
    if has_acknowledge_links(mail) {
        notes.push(
            "Each alert has its own link for acknowledging it. Opening the link changes nothing: it shows a form to fill in. \
             What is sent there is sent in your name, so do not forward this mail."
                .to_owned(),
        );
    }
    if mail.pages.is_some() && !mail.blocks.is_empty() {
        notes.push("To see a case you sign in with your own account.".to_owned());
    }
    notes.push(format!(
        "An alert closes by itself when the case data no longer shows the drift. Last check: {}.",
        in_london(mail.checked_at)
    ));
    notes
}

fn has_acknowledge_links(mail: &Mail) -> bool {
    mail.shown().iter().flat_map(|block| &block.alerts).any(|alert| alert.acknowledge.is_some())
}

/// `are on record as legal gateway chair and stand in for the service manager`.
fn because(because: &[Because]) -> String {
    let titles = |stands_in: bool| -> Vec<String> {
        let of_that_kind = because.iter().filter(|because| because.stands_in == stands_in);
        let article = if stands_in { "the " } else { "" };
        of_that_kind.map(|because| format!("{article}{}", because.role.title())).collect()
    };
    let on_record = |titles: &[String]| format!("are on record as {}", listed(titles));
    let stand_in = |titles: &[String]| format!("stand in for {}", listed(titles));
    match (&titles(false)[..], &titles(true)[..]) {
        ([], []) => "are on record for the panel pack".to_owned(),
        (own, []) => on_record(own),
        ([], others) => stand_in(others),
        (own, others) => format!("{} and {}", on_record(own), stand_in(others)),
    }
}

/// A moment as people in London say it: `23 November 2026 at 09:05, London time`.
fn in_london(at: Timestamp) -> String {
    let at = at.to_zoned(london());
    format!("{} at {:02}:{:02}, London time", in_words(at.date()), at.hour(), at.minute())
}
