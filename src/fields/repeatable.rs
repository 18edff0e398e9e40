//! What may be said again of a text that somebody else wrote where a name or a reference belongs.
//!
//! Refusals and lines are printed, mailed and kept by whoever reads them. So nothing is repeated that may be a person's name in the wrong
//! place, a date of birth, or a number that a person goes by, such as that of the health service.

/// A name that somebody else gave to a field or a parameter, unless it may be something else: fields are named in small letters.
#[must_use]
pub fn shown(name: &str) -> &str {
    const LONGEST: usize = 40;
    let is_plain =
        name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-./~".contains(letter));
    let is_a_number = name.starts_with(|letter: char| letter.is_ascii_digit());
    if is_plain && !is_a_number && !tells_a_date(name) && name.len() <= LONGEST { name } else { "(not repeated here)" }
}

/// Tells whether a text is one word that is no word of a language: it has a digit, or is an initial or two. Nor is it a date or a long
/// number.
#[must_use]
pub fn looks_like_a_reference(text: &str) -> bool {
    let is_one_word = !text.contains(|letter: char| letter.is_whitespace() || letter == ',');
    let is_no_word = text.contains(|letter: char| letter.is_ascii_digit()) || text.chars().count() <= 2;
    is_one_word && is_no_word && !tells_a_date(text) && !is_a_long_number(text)
}

/// So many digits and nothing else that a person may go by them, or be called by them.
fn is_a_long_number(text: &str) -> bool {
    const DIGITS: usize = 10;
    !text.contains(char::is_alphabetic) && text.chars().filter(char::is_ascii_digit).count() >= DIGITS
}

/// A date in whatever form, with or without a time, whatever words stand around it; whether there is such a day is not asked. Where there
/// are other numbers too, it is a part of a reference, such as the day on which a family's case began.
fn tells_a_date(text: &str) -> bool {
    let mut runs = runs(text);
    runs.retain(|run| run.starts_with(|letter: char| letter.is_ascii_digit()) || is_a_month(run));
    match &runs[..] {
        [together] if together.len() == 8 && together.is_ascii() => {
            let parts =
                |first: usize, second: usize| is_a_date(&together[..first], &together[first..second], &together[second..]);
            parts(4, 6) || parts(2, 4)
        }
        [first, second, third, time @ ..] => is_a_date(first, second, third) && time.iter().all(|run| run.len() <= 2),
        _ => false,
    }
}

/// Digits that stand together, and letters that do, in small letters.
fn runs(text: &str) -> Vec<String> {
    let kind = |letter: char| (letter.is_ascii_digit(), letter.is_alphabetic());
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let runs = letters.chunk_by(|&one, &next| kind(one) == kind(next));
    runs.filter(|run| kind(run[0]) != (false, false)).map(|run| run.iter().collect()).collect()
}

/// Day or month first, or a whole year.
fn is_a_date(first: &str, second: &str, third: &str) -> bool {
    let begins_with_a_year = first.len() == 4 && is_a_year(first) && is_a_day(third);
    let ends_with_a_year = (is_a_day(first) || is_a_month(first)) && is_a_year(third);
    (begins_with_a_year || ends_with_a_year) && (is_a_day(second) || is_a_month(second))
}

fn is_a_day(run: &str) -> bool {
    run.len() <= 2 && run.parse().is_ok_and(|number: u8| (1..=31).contains(&number))
}

fn is_a_month(run: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    MONTHS.iter().any(|month| run.starts_with(month))
}

fn is_a_year(run: &str) -> bool {
    let number: Option<u16> = run.parse().ok();
    number.is_some_and(|number| run.len() == 2 || (run.len() == 4 && (1900..=2100).contains(&number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("started_on", true)]
    #[case("line_2", true)]
    #[case("extra/field", true)]
    #[case("", true)]
    #[case("Xanthippe Seeded", false)]
    #[case("Xanthippe", false)]
    #[case("startedOn", false)]
    #[case("2014-04-03", false)]
    #[case("born_2014_04_03", false)]
    #[case("03.04.2014", false)]
    #[case("Zoë", false)]
    #[case("zoë", false)]
    fn a_name_is_shown_where_it_can_be_that_of_a_field(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(shown(name) == name, expected);
    }

    #[rstest::rstest]
    #[case("PP-2026-004")]
    #[case("PP/2026/0412")]
    #[case("PP-1")]
    #[case("C123")]
    #[case("12345")]
    #[case("12345678")]
    #[case("123456789")]
    #[case("2026-004")]
    #[case("2026/13/32")]
    #[case("S2600012345")]
    #[case("W-1-2")]
    #[case("JD")]
    #[case("F103.2026-03-02")]
    #[case("child-P207.2026-03-16")]
    fn references_that_councils_use_are_shown(#[case] text: &str) {
        assert!(looks_like_a_reference(text));
    }

    #[rstest::rstest]
    #[case("Xanthippe")]
    #[case("Quillfeather,X1")]
    #[case("X 1")]
    #[case("2014-04-03")]
    #[case("2014/4/3")]
    #[case("2014.04.03")]
    #[case("2014_04_03")]
    #[case("2014-04-03T00:00:00")]
    #[case("2014 04 03")]
    #[case("03/04/2014")]
    #[case("3/4/14")]
    #[case("31.12.2014")]
    #[case("12/31/2014")]
    #[case("03-04-2014")]
    #[case("03 04 2014")]
    #[case("03\u{2013}04\u{2013}2014")]
    #[case("3-Apr-2014")]
    #[case("3rd-April-2014")]
    #[case("3APR2014")]
    #[case("April-3-2014")]
    #[case("2014-Apr-03")]
    #[case("DOB:03/04/2014")]
    #[case("Xanthippe.2026-03-02")]
    #[case("20140403")]
    #[case("03042014")]
    #[case("9434765919")]
    #[case("943-476-5919")]
    #[case("+447700900123")]
    fn what_may_tell_of_a_person_is_no_reference(#[case] text: &str) {
        assert!(!looks_like_a_reference(text));
    }
}
