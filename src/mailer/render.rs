//! An immediate message: new alerts told to one person, one block a case, the worst first.
//!
//! Pure: no clock, no I/O. Text and HTML are made of the same sentences in the same order; only the HTML draws the period as a
//! bar as well. What must not be mailed must not come in: the alerts' sentences are [`crate::domain::evidence`]'s, and days
//! that would give a birth away are left out by the caller.

use askama::Template;
use jiff::Timestamp;
use jiff::civil::Date;

use super::bar::Look;
use super::page::Page;
use super::plain::wrapped;
use crate::domain::policy::Role;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;

/// How many cases a message shows; it only counts those beyond.
pub const MOST_CASES: usize = 20;

/// What one immediate message tells one person.
#[derive(Clone, Debug)]
pub struct AlertMail<'a> {
    /// The role in which the person is told.
    pub role: Role,
    /// The council, for the head of the message; may be empty.
    pub council: &'a str,
    /// Where this service is reached: a case is at `{base_url}/api/v1/cases/{reference}`.
    pub base_url: &'a str,
    /// When the last check ran.
    pub checked_at: Timestamp,
    /// The day on which the alerts' sentences are true.
    pub today: Date,
    /// Every case, the worst first; those beyond [`MOST_CASES`] are only counted.
    pub blocks: Vec<CaseBlock>,
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
    /// The new alerts, the worst first.
    pub alerts: Vec<AlertLine>,
    /// The roles of the other people to whom these alerts are mailed.
    pub also_told: Vec<Role>,
}

/// One new alert.
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
    /// Whether it was amber before and is told again because it is red.
    pub turned_red: bool,
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
pub fn render(mail: &AlertMail) -> Rendered {
    const INFALLIBLE: &str = "writing to a string does not fail";
    let page = Page::of(mail);
    Rendered {
        subject: page.subject.clone(),
        text: wrapped(&TextPart { page: &page }.render().expect(INFALLIBLE)),
        html: HtmlPart { page: &page }.render().expect(INFALLIBLE),
    }
}

#[derive(Template)]
#[template(path = "alert.txt", config = "src/mailer/templates/askama.toml")]
struct TextPart<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "alert.html", config = "src/mailer/templates/askama.toml")]
struct HtmlPart<'a> {
    page: &'a Page,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 23);

    fn mail(blocks: Vec<CaseBlock>) -> AlertMail<'static> {
        AlertMail {
            role: Role::LegalGatewayChair,
            council: "Northshire County Council",
            base_url: "https://drift.northshire.example/",
            checked_at: "2026-11-23T09:05:00Z".parse().expect("an instant"),
            today: TODAY,
            blocks,
        }
    }

    fn line(rule: Rule, severity: Severity, message: &str, since_on: impl Into<Option<Date>>) -> AlertLine {
        AlertLine { rule, severity, message: message.to_owned(), since_on: since_on.into(), turned_red: false }
    }

    fn over() -> CaseBlock {
        CaseBlock {
            reference: "PLO-2026-0417".to_owned(),
            team: Some("North 2".to_owned()),
            started_on: Some(date(2026, 7, 27)),
            weeks_open: Some(17),
            end_on: Some(date(2026, 11, 16)),
            extended_from: None,
            alerts: vec![line(
                Rule::TimeLimit,
                Severity::Red,
                "The pre-proceedings period ended on 16 November 2026; 5 working days over",
                date(2026, 11, 17),
            )],
            also_told: vec![],
        }
    }

    /// Extended and over it, with an alert that was amber, an amber one, and others who are told.
    fn extended() -> CaseBlock {
        let turned = AlertLine {
            turned_red: true,
            ..line(
                Rule::OversightGap,
                Severity::Red,
                "Last oversight with a recorded rationale was on 5 October 2026; 7 weeks ago",
                date(2026, 11, 3),
            )
        };
        let late = "Parenting assessment (2) was due on 16 November 2026; not received; 5 working days over";
        CaseBlock {
            reference: "PLO-2026-0288".to_owned(),
            started_on: Some(date(2026, 5, 4)),
            weeks_open: Some(29),
            end_on: Some(date(2026, 10, 19)),
            extended_from: Some(date(2026, 8, 24)),
            alerts: vec![
                line(
                    Rule::TimeLimit,
                    Severity::Red,
                    "The pre-proceedings period ended on 19 October 2026 as extended; 25 working days over",
                    date(2026, 10, 20),
                ),
                turned,
                line(Rule::AssessmentLate, Severity::Amber, late, date(2026, 11, 17)),
            ],
            also_told: vec![Role::ServiceManager, Role::LegalGatewayChair, Role::CaseProgressionManager],
            ..over()
        }
    }

    /// In time, and amber.
    fn under_way() -> CaseBlock {
        CaseBlock {
            reference: "PLO-2026-0533".to_owned(),
            team: Some("East".to_owned()),
            started_on: Some(date(2026, 9, 21)),
            weeks_open: Some(9),
            end_on: Some(date(2027, 1, 11)),
            alerts: vec![line(
                Rule::NoNextReview,
                Severity::Amber,
                "Last meeting was held on 9 November 2026; no further meeting is planned",
                date(2026, 11, 17),
            )],
            ..over()
        }
    }

    /// A birth set the end, which must not be shown.
    fn birth() -> CaseBlock {
        CaseBlock {
            reference: "PLO-2026-0390".to_owned(),
            end_on: None,
            alerts: vec![line(
                Rule::TimeLimit,
                Severity::Red,
                "The pre-proceedings period ended with the birth of a child; still open",
                None,
            )],
            also_told: vec![Role::ServiceManager],
            ..over()
        }
    }

    /// Nothing is known but that it is there.
    fn not_started() -> CaseBlock {
        CaseBlock {
            reference: "PLO-2026-0561".to_owned(),
            team: None,
            started_on: None,
            weeks_open: None,
            end_on: None,
            alerts: vec![line(
                Rule::MissingData,
                Severity::Amber,
                "No decision to enter pre-proceedings is recorded",
                date(2026, 11, 23),
            )],
            ..over()
        }
    }

    fn twenty_three() -> Vec<CaseBlock> {
        let alike = (1..=19).map(|number| CaseBlock { reference: format!("PLO-2026-{number:04}"), ..under_way() });
        [extended(), over(), birth()].into_iter().chain(alike).chain([not_started()]).collect()
    }

    fn hostile() -> CaseBlock {
        CaseBlock {
            reference: "<b>\"A&B\"</b>\r\nBcc: x@example.org/../'".to_owned(),
            team: Some("<script>alert('1')</script>\n\nYou have won & lost".to_owned()),
            ..over()
        }
    }

    #[rstest::rstest]
    #[case::one_red("one_red", vec![over()])]
    #[case::of_every_kind("of_every_kind", vec![extended(), over(), birth(), under_way(), not_started()])]
    #[case::more_than_twenty("more_than_twenty", twenty_three())]
    #[case::hostile("hostile", vec![hostile()])]
    fn a_message_reads_as_it_did(#[case] name: &str, #[case] blocks: Vec<CaseBlock>) {
        let Rendered { subject, text, html } = render(&mail(blocks));
        insta::assert_snapshot!(format!("{name}_text"), format!("Subject: {subject}\n\n{text}"));
        insta::assert_snapshot!(format!("{name}_html"), html);
    }

    #[rstest::rstest]
    #[case(vec![over()], "1 red drift alert in 1 case")]
    #[case(vec![over(), birth()], "2 red drift alerts in 2 cases")]
    #[case(vec![extended()], "2 red and 1 amber drift alerts in 1 case")]
    #[case(twenty_three(), "4 red and 21 amber drift alerts in 23 cases")]
    #[case(vec![hostile()], "1 red drift alert in 1 case")]
    fn the_subject_holds_counts_and_severities_only(#[case] blocks: Vec<CaseBlock>, #[case] expected: &str) {
        assert_eq!(render(&mail(blocks)).subject, expected);
    }

    #[rstest::rstest]
    #[case(vec![over()])]
    #[case(vec![extended(), over(), birth(), under_way(), not_started()])]
    #[case(twenty_three())]
    #[case(vec![hostile()])]
    fn both_parts_say_the_same(#[case] blocks: Vec<CaseBlock>) {
        let mail = mail(blocks);
        let Rendered { text, html, .. } = render(&mail);
        let said = text.lines().filter(|line| !line.starts_with("---") && !line.starts_with("https://"));
        let said = said.map(|line| line.replacen("RED: ", "RED ", 1).replacen("AMBER: ", "AMBER ", 1)).collect::<Vec<_>>();
        let said = said.iter().flat_map(|line| line.split_whitespace()).collect::<Vec<_>>().join(" ");
        assert_eq!(said, seen(&html));
        for alert in mail.blocks.iter().take(MOST_CASES).flat_map(|block| &block.alerts) {
            assert!(said.contains(&alert.message), "{}", alert.message);
        }
        for link in text.lines().filter(|line| line.starts_with("https://")) {
            assert!(html.contains(&format!("href=\"{link}\"")), "{link}");
        }
    }

    #[test]
    fn nothing_in_a_reference_or_a_team_is_taken_for_markup_or_for_a_line() {
        let Rendered { text, html, .. } = render(&mail(vec![hostile()]));
        assert!(!html.contains("<b>") && !html.contains("<script"));
        assert!(text.contains("\n<b>\"A&B\"</b> Bcc: x@example.org/../'\n"));
        assert!(text.contains("/api/v1/cases/%3Cb%3E%22A%26B%22%3C%2Fb%3E%0D%0ABcc%3A%20x%40example.org%2F..%2F%27\n"));
    }

    #[test]
    fn the_html_needs_nothing_from_elsewhere() {
        let html = render(&mail(twenty_three())).html;
        for foreign in ["<img", "<link", "<script", "url(", "@import", "src="] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        assert!(html.len() < 100_000, "Gmail cuts off what is beyond 102 kB: {}", html.len());
    }

    #[test]
    fn no_line_of_text_is_wide_but_for_links() {
        let text = render(&mail(twenty_three())).text;
        assert!(text.lines().all(|line| line.chars().count() <= 76 || line.starts_with("https://")));
    }

    #[test]
    fn an_end_that_is_left_out_is_nowhere() {
        let Rendered { text, html, .. } = render(&mail(vec![birth()]));
        assert!(text.contains("The end of the period is not given in this mail; see the case."));
        assert!(!text.contains("Drift since") && !html.contains("Drift since"));
        assert!(!html.contains("start, "), "there is no bar");
    }

    #[test]
    fn the_last_check_is_told_in_london_time() {
        let summer = AlertMail { checked_at: "2026-07-01T23:30:00Z".parse().expect("an instant"), ..mail(vec![over()]) };
        assert!(render(&summer).text.contains("2 July 2026 at 00:30, London time"));
        assert!(render(&mail(vec![over()])).text.contains("23 November 2026 at 09:05, London time"));
    }

    #[test]
    fn a_case_progression_manager_is_not_asked_to_tell_the_case_progression_manager() {
        let manager = AlertMail { role: Role::CaseProgressionManager, council: "", ..mail(vec![over()]) };
        assert!(!render(&manager).text.contains("tell your case progression manager"));
    }

    /// What a person sees of an HTML part: no tags, no comments, no head, no bars.
    fn seen(html: &str) -> String {
        let body = html.split_once("<body").map_or("", |(_, body)| body);
        let mut rest = format!("<body{body}");
        while let Some(from) = rest.find("<table role=\"presentation\" aria-hidden=\"true\"") {
            let to = from + rest[from..].find("</table>").expect("a table ends");
            rest.replace_range(from..to, " ");
        }
        let mut seen = String::new();
        for part in rest.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("a tag ends");
            if !matches!(tag.split(' ').next(), Some("span" | "/span" | "strong" | "/strong" | "a" | "/a")) {
                seen.push(' ');
            }
            seen.push_str(text);
        }
        for (code, character) in
            [("&#160;", " "), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        {
            seen = seen.replace(code, character);
        }
        seen.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
