//! The standard's own phrases, as extracts spell them.

use crate::domain::case::Outcome;

/// What the standard says of how pre-proceedings end, by the letter that its form has before it.
const OUTCOMES: &[(char, &str, Outcome)] =
    &[('a', "decision to issue care proceedings", Outcome::Issue), ('b', "decision to step down", Outcome::StepDown)];

/// What the standard says of how a legal gateway meeting ends.
const GATEWAY: &[(char, &str, ())] = &[
    ('a', "continue with current plan", ()),
    ('b', "start pre proceedings", ()),
    ('c', "issue care proceedings", ()),
    ('d', "unknown", ()),
];

/// How pre-proceedings ended.
///
/// # Errors
///
/// What would be right.
pub fn outcome(content: &str) -> Result<Outcome, &'static str> {
    let (letter, phrase) = parts(content);
    let known = (!phrase.is_empty()).then(|| find(OUTCOMES, letter, &phrase)).flatten();
    known.ok_or("must be \"Decision to Issue Care Proceedings\" or \"Decision to step down\", or blank while it goes on")
}

/// Insists that a text is an outcome of a legal gateway meeting.
///
/// # Errors
///
/// What would be right.
pub fn gateway(content: &str) -> Result<(), &'static str> {
    let (letter, phrase) = parts(content);
    find(GATEWAY, letter, &phrase).ok_or(
        "must be one of: A - Continue with current plan, B - Start pre-proceedings, C - Issue care proceedings, D - Unknown",
    )
}

/// The phrase that a letter, a text or both together stand for; none where they contradict each other.
fn find<T: Copy>(phrases: &[(char, &str, T)], letter: Option<char>, phrase: &str) -> Option<T> {
    let fits = |(own, text, _): &&(char, &str, T)| {
        letter.is_none_or(|letter| letter == *own) && (phrase.is_empty() || phrase == *text)
    };
    (letter.is_some() || !phrase.is_empty()).then(|| phrases.iter().find(fits)).flatten().map(|(_, _, meaning)| *meaning)
}

/// The letter before a phrase, and the phrase in small letters with spaces for every kind of dash.
fn parts(content: &str) -> (Option<char>, String) {
    let is_dash = |character: char| character == '-' || ('\u{2010}'..='\u{2015}').contains(&character);
    let small = content.to_lowercase().replace(is_dash, " ");
    let mut words: Vec<&str> = small.split_whitespace().collect();
    let letter = words.first().and_then(|word| {
        let mut characters = word.trim_start_matches('(').trim_end_matches([')', '.', ':']).chars();
        characters.next().filter(|letter| letter.is_ascii_lowercase() && characters.next().is_none())
    });
    if letter.is_some() {
        words.remove(0);
    }
    (letter, words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("Decision to Issue Care Proceedings", Some(Outcome::Issue))]
    #[case("DECISION TO ISSUE CARE PROCEEDINGS", Some(Outcome::Issue))]
    #[case("a) Decision to Issue Care Proceedings", Some(Outcome::Issue))]
    #[case("A \u{2013} Decision to issue  care proceedings", Some(Outcome::Issue))]
    #[case("Decision to step down", Some(Outcome::StepDown))]
    #[case("b) Decision to step\u{2010}down", Some(Outcome::StepDown))]
    #[case("b) Decision to Issue Care Proceedings", None)]
    #[case("c) Decision to step down", None)]
    #[case("Issue", None)]
    #[case("b", None)]
    #[case("Decision to step down?", None)]
    fn outcomes_are_known_in_every_spelling(#[case] cell: &str, #[case] expected: Option<Outcome>) {
        assert_eq!(outcome(cell).ok(), expected);
    }

    #[rstest::rstest]
    #[case("A", true)]
    #[case("d)", true)]
    #[case("B \u{2013} Start pre-proceedings", true)]
    #[case("B - Start pre\u{2013}proceedings", true)]
    #[case("c) issue care proceedings", true)]
    #[case("Continue with current plan", true)]
    #[case("unknown", true)]
    #[case("A - Issue care proceedings", false)]
    #[case("E", false)]
    #[case("AB", false)]
    #[case("Start", false)]
    #[case("-", false)]
    fn gateway_outcomes_are_a_letter_or_a_phrase(#[case] cell: &str, #[case] is_known: bool) {
        assert_eq!(gateway(cell).is_ok(), is_known);
    }
}
