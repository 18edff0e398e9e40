//! What a mail server says, without the addresses and names that it repeats. What this service says itself names nobody, and is not
//! searched for names: a mailbox is often called by a role, as people are in nearly every sentence of ours.

use std::ops::Range;

use crate::store::journal::What;
use crate::store::told::Addressee;

const ADDRESS: &str = "(address)";
const NAME: &str = "(name)";

/// How few letters a word of a name has to have to be taken for it wherever it stands.
const TELLING_LETTERS: usize = 3;

/// A text without anything that looks like an e-mail address and, where it is about a message, without the part before the `@` of
/// the address that the message goes to, the name of the person, and each of its words that is not very short.
pub fn masked(text: &str, about: Option<&Addressee>) -> String {
    let hidden = about.map_or_else(Vec::new, |about| mentions(text, about));
    let ends_a_word = |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>');
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for piece in text.split_inclusive(ends_a_word) {
        let word = piece.trim_end_matches(ends_a_word);
        let at = from..from + word.len();
        from += piece.len();
        masked.push_str(mask_for(word, &at, &hidden).unwrap_or(word));
        masked.push_str(&piece[word.len()..]);
    }
    masked
}

/// The reason of an entry of the journal: only what a mail server said is searched for whom the message goes to.
pub fn reason(what: &str, reason: &str, about: Option<&Addressee>) -> String {
    let is_ours = What::from_code(what).is_some_and(|what| !what.quotes_a_mail_server());
    masked(reason, about.filter(|_| !is_ours))
}

/// What is to stand in the place of a word; absent where it may stay.
fn mask_for(word: &str, at: &Range<usize>, hidden: &[Mention]) -> Option<&'static str> {
    let lower = word.to_lowercase();
    if ["@", "%40", "=40", "\u{ff20}"].iter().any(|sign| lower.contains(sign)) {
        return Some(ADDRESS);
    }
    hidden.iter().find(|mention| mention.at.start < at.end && at.start < mention.at.end).map(|mention| mention.mask)
}

/// Where a text mentions somebody.
struct Mention {
    at: Range<usize>,
    mask: &'static str,
}

/// Every place at which a text holds the local part of the address, the name or a word of it, whatever stands between the words.
fn mentions(text: &str, about: &Addressee) -> Vec<Mention> {
    let all = words(text);
    let mut mentions = Vec::new();
    for (wanted, mask) in secrets(about) {
        for found in all.windows(wanted.len()).filter(|found| found.iter().map(|(_, word)| word).eq(&wanted)) {
            mentions.extend(found.iter().map(|(at, _)| Mention { at: at.clone(), mask }));
        }
    }
    mentions
}

/// The words in a row that give somebody away, each with what is to stand in their place.
fn secrets(about: &Addressee) -> Vec<(Vec<String>, &'static str)> {
    let in_order = |text: &str| words(text).into_iter().map(|(_, word)| word).collect::<Vec<_>>();
    let local_part = about.address.as_deref().and_then(|address| address.rsplit_once('@')).map(|(local_part, _)| local_part);
    let name = in_order(&about.name);
    let each = name.iter().filter(|word| word.chars().count() >= TELLING_LETTERS).map(|word| (vec![word.clone()], NAME));
    let each: Vec<_> = each.collect();
    let whole = local_part.map(|local_part| (in_order(local_part), ADDRESS)).into_iter().chain([(name, NAME)]);
    whole.chain(each).filter(|(words, _)| !words.is_empty()).collect()
}

/// The words of a text in lower case, and where they stand.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut begun = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match begun {
            None if letter.is_alphanumeric() => begun = Some(at),
            Some(from) if !letter.is_alphanumeric() => {
                words.push((from..at, text[from..at].to_lowercase()));
                begun = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, name: &str) -> Addressee {
        Addressee { address: Some(address.to_owned()), name: name.to_owned() }
    }

    #[rstest::rstest]
    #[case("", "")]
    #[case("250 2.0.0 Ok: queued as 4F1", "250 2.0.0 Ok: queued as 4F1")]
    #[case("550 5.1.1 <j.d+1@council.example>: user unknown", "550 5.1.1 <(address)>: user unknown")]
    #[case("550 no mailbox j.d+1@council.example, sorry", "550 no mailbox (address) sorry")]
    #[case("550 RCPT TO:<J.D+1@COUNCIL.example> refused", "550 RCPT TO:<(address)> refused")]
    #[case("550-first\r\n550 j.d+1@council.example", "550-first\r\n550 (address)")]
    #[case("see https://mail.example/?to=j.d%2B1%40council.example", "see (address)")]
    #[case("to=3Dx=40council.example and x\u{ff20}council.example", "(address) and (address)")]
    #[case("550 \"J.D+1\" is not known here", "550 (address) is not known here")]
    #[case("mailbox=J.D+1: full, J and D are not", "(address) full, J and D are not")]
    #[case("550 JANE@b", "550 (address)")]
    #[case("jané@council.example, 'b@c' (d@e)", "(address) (address) (address)")]
    #[case("Zoë Öst-Li is away; ask for zoë or \"ÖST\".", "(name) (name) is away; ask for (name) or (name)")]
    #[case("Öst, Zoë<x>: no; Li and Zoës stay", "(name) (name)<x>: no; Li and Zoës stay")]
    fn addresses_and_names_are_masked(#[case] reply: &str, #[case] expected: &str) {
        assert_eq!(masked(reply, Some(&of("j.d+1@council.example", "Zoë Öst-Li"))), expected);
    }

    #[test]
    fn a_name_of_short_words_is_masked_as_a_whole() {
        let about = of("x1@council.example", "Jo Li");
        assert_eq!(
            masked("jo li is away, Jo is not, x1 is full", Some(&about)),
            "(name) (name) is away, Jo is not, (address) is full"
        );
    }

    #[rstest::rstest]
    #[case("told", "legal gateway chair: panel pack")]
    #[case("not_told", "legal gateway chair: the alert is acknowledged")]
    #[case("alert_acknowledged", "by the legal gateway chair, until 22 June 2026")]
    #[case("message_cancelled", "the address is not one that may be written to: see mail.allowed_domains")]
    #[case("message_dead", "550 (address) (name) is full")]
    #[case("a_word_of_tomorrow", "by (name) (address)")]
    fn our_own_sentences_stay_whole(#[case] what: &str, #[case] expected: &str) {
        let about = of("gateway-chair@council.example", "Legal Gateway Chair");
        let said = match what {
            "message_dead" => "550 gateway-chair@council.example: gateway is full",
            "a_word_of_tomorrow" => "by legal gateway-chair",
            _ => expected,
        };
        assert_eq!(reason(what, said, Some(&about)), expected);
    }

    #[test]
    fn of_nobody_only_addresses_are_masked() {
        assert_eq!(masked("Jane has jane@council.example", None), "Jane has (address)");
    }
}
