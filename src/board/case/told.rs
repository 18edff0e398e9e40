//! Who was told of an alert, in sentences.

use crate::api::explain::the_day::{AlertView, Person};
use crate::board::words;

/// Who had been told of it by a day since it was opened, and who had not. People in one role who were told at one time are counted.
pub fn told(alert: &AlertView) -> Vec<String> {
    let told = alert.told.iter().map(|told| {
        let stands_in = if told.stands_in { ", standing in" } else { "" };
        let why = if told.escalated { ", as nobody before had acted" } else { "" };
        let accepted = told.accepted_at.map(words::moment);
        let at = words::moment(told.at);
        let mail = match &accepted {
            Some(accepted) if *accepted == at => "; the mail server accepted it".to_owned(),
            Some(accepted) => format!("; the mail server accepted it on {accepted}"),
            None => "; the mail server has not accepted it yet".to_owned(),
        };
        (told.at, format!("{}{stands_in}", somebody(&told.to)), format!(" on {at}{why}{mail}"))
    });
    let not_told = alert.not_told.iter().map(|silence| {
        let who =
            silence.role.map_or_else(|| "Nobody told".to_owned(), |role| format!("{} not told", capitalised(role.title())));
        let why = silence.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        (silence.at, who, format!(" on {}{why}", words::moment(silence.at)))
    });
    let mut sentences: Vec<_> = told.chain(not_told).collect();
    sentences.sort_by_key(|(at, ..)| *at);
    let mut counted: Vec<(String, String, usize)> = Vec::new();
    for (_, who, rest) in sentences {
        match counted.iter_mut().find(|(other, other_rest, _)| *other == who && *other_rest == rest) {
            Some((.., people)) => *people += 1,
            None => counted.push((who, rest, 1)),
        }
    }
    let said = |(who, rest, people): (String, String, usize)| match people {
        1 => format!("{who}{rest}"),
        _ => format!("{who} ({people} people){rest}"),
    };
    counted.into_iter().map(said).collect()
}

/// A person by their role, as a sentence begins with it.
pub fn somebody(person: &Person) -> String {
    capitalised(person.role.as_deref().map_or("somebody", words::role))
}

/// Some words as a sentence begins with them.
pub fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
