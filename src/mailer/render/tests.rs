//! How messages read, in both of their parts.

mod colours;
mod samples;
mod seen;

use jiff::civil::date;

use self::samples::{
    alerts, birth, digest, extended, hostile, not_started, over, panel_in_brief, panel_on_a_day_off, panel_pack,
    panel_without_cases, put_aside_before, reviewed, twenty_three, under_way,
};
use self::seen::seen;
use super::*;
use crate::mailer::plain::one_line;

fn all_news() -> Mail<'static> {
    alerts(vec![extended(), put_aside_before(), birth(), reviewed(), not_started()])
}

#[rstest::rstest]
#[case::one_red("one_red", alerts(vec![over()]))]
#[case::all_news("all_news", all_news())]
#[case::digest("digest", digest())]
#[case::panel_pack("panel_pack", panel_pack())]
#[case::panel_in_brief("panel_in_brief", panel_in_brief())]
#[case::panel_on_a_day_off("panel_on_a_day_off", panel_on_a_day_off())]
#[case::panel_without_cases("panel_without_cases", panel_without_cases())]
#[case::hostile("hostile", alerts(vec![hostile()]))]
fn a_message_reads_as_it_did(#[case] name: &str, #[case] mail: Mail) {
    let Rendered { subject, text, html } = render(&mail);
    insta::assert_snapshot!(format!("{name}_text"), format!("Subject: {subject}\n\n{text}"));
    insta::assert_snapshot!(format!("{name}_html"), html);
}

#[rstest::rstest]
#[case(alerts(vec![over()]), "1 red drift alert in 1 case")]
#[case(alerts(vec![over(), birth()]), "2 red drift alerts in 2 cases")]
#[case(alerts(vec![extended()]), "2 red and 1 amber drift alerts in 1 case")]
#[case(alerts(twenty_three()), "4 red and 40 amber drift alerts in 23 cases")]
#[case(alerts(vec![hostile()]), "1 red drift alert in 1 case")]
#[case(digest(), "Daily digest: 4 amber drift alerts in 3 cases")]
#[case(panel_pack(), "Panel pack for Tuesday 24 November 2026: 3 cases, 2 red and 2 amber drift alerts")]
#[case(Mail { blocks: vec![CaseBlock { alerts: vec![], ..over() }], ..panel_without_cases() }, "Panel pack for Tuesday 24 November 2026: 1 case, no drift alerts")]
#[case(panel_without_cases(), "Panel pack for Tuesday 24 November 2026: no cases")]
fn the_subject_holds_counts_and_severities_only(#[case] mail: Mail, #[case] expected: &str) {
    assert_eq!(render(&mail).subject, expected);
}

#[rstest::rstest]
#[case(alerts(vec![over()]))]
#[case(all_news())]
#[case(digest())]
#[case(panel_pack())]
#[case(panel_in_brief())]
#[case(panel_on_a_day_off())]
#[case(panel_without_cases())]
#[case(alerts(twenty_three()))]
#[case(alerts(vec![hostile()]))]
fn both_parts_say_the_same(#[case] mail: Mail) {
    let Rendered { text, html, .. } = render(&mail);
    let is_link = |line: &&str| line.trim_start().starts_with("https://");
    let said = text.lines().filter(|line| !line.starts_with("---") && !is_link(line)).collect::<Vec<_>>().join(" ");
    let said = said.split_whitespace().filter(|&word| word != "|").collect::<Vec<_>>().join(" ");
    let said = said.replace("RED: ", "RED ").replace("AMBER: ", "AMBER ");
    assert_eq!(said, seen(&html));
    for alert in mail.shown().iter().flat_map(|block| &block.alerts) {
        assert!(said.contains(&one_line(&alert.message)), "{}", alert.message);
    }
    for link in text.lines().filter(is_link) {
        let link = link
            .trim_start()
            .replace('&', "&#38;")
            .replace('"', "&#34;")
            .replace('\'', "&#39;")
            .replace('<', "&#60;")
            .replace('>', "&#62;");
        assert!(html.contains(&format!("href=\"{link}\"")), "{link}");
    }
}

#[test]
fn cases_beyond_twenty_are_only_counted() {
    let text = render(&alerts(twenty_three())).text;
    assert_eq!(text.matches(&format!("{}\nPLO-", "-".repeat(72))).count(), MOST_CASES);
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let further = " 3 further cases at risk are not shown here and follow in the next mail: 5 amber drift alerts. ";
    assert!(said.contains(further), "{text}");
}

#[test]
fn every_case_at_risk_stands_in_a_panel_pack() {
    let mail = panel_in_brief();
    let Rendered { text, html, .. } = render(&mail);
    assert!(text.contains("\n3 further cases at risk, in brief: 5 amber drift alerts\n"), "{text}");
    assert!(!text.contains("not shown"), "{text}");
    for block in &mail.blocks[MOST_CASES..] {
        let severity = block.alerts[0].severity.code().to_uppercase();
        assert!(text.contains(&format!("\n{} | {severity}: Steps are behind: ", block.reference)), "{text}");
        assert!(html.contains(&format!(">{}</th>", block.reference)), "{html}");
    }
}

#[test]
fn several_cases_are_at_a_glance_first() {
    let Rendered { text, html, .. } = render(&alerts(vec![extended(), birth(), not_started()]));
    let overview = "Case | Gravest alert | Drift since\n\
        PLO-2026-0288 | RED: Time limit, 2 more | 4 weeks ago\n\
        PLO-2026-0390 | RED: Time limit | not given\n\
        PLO-2026-0561 | AMBER: Missing data | today\n";
    assert!(text.contains(overview), "{text}");
    assert_eq!(html.matches("scope=\"col\"").count(), 3);
    assert_eq!(html.matches("scope=\"row\"").count(), 3);
    assert!(!render(&alerts(vec![extended()])).text.contains("Gravest"), "one case needs none");
}

#[test]
fn no_two_links_have_the_same_name_and_none_leads_to_what_people_cannot_open() {
    let twice = CaseBlock { alerts: [extended().alerts, extended().alerts].concat(), ..extended() };
    let html = render(&alerts(vec![twice, over(), put_aside_before(), birth()])).html;
    let links = html.split("<a ").skip(1).map(|link| link.split_once("</a>").expect("it ends").0);
    let names: Vec<&str> = links.map(|link| link.split_once('>').expect("a tag ends").1).collect();
    assert_eq!(names.len(), 6 + 1 + 3 + 1 + 4, "a link for each alert and each case");
    assert!(names.contains(&"Acknowledge: Time limit (2 of 2), PLO-2026-0288"), "{names:?}");
    assert!(names.contains(&"Acknowledge: Time limit, PLO-2026-0390"), "{names:?}");
    let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
    assert!(!html.contains("/api/") && !html.contains("see the case"));
}

#[rstest::rstest]
#[case::own(&[(Role::LegalGatewayChair, false)], "You receive this because you are on record as legal gateway chair at X.")]
#[case::stands_in(&[(Role::ServiceManager, true)], "You receive this because you stand in for the service manager at X.")]
#[case::both(
    &[(Role::LegalGatewayChair, false), (Role::ServiceManager, true)],
    "You receive this because you are on record as legal gateway chair and stand in for the service manager at X."
)]
#[case::several(
    &[(Role::TeamManager, false), (Role::ServiceManager, true), (Role::LegalGatewayChair, false)],
    "You receive this because you are on record as team manager and legal gateway chair and stand in for the service manager at X."
)]
#[case::panel(&[], "You receive this because you are on record for the panel pack at X.")]
fn the_foot_says_why_it_comes(#[case] because: &[(Role, bool)], #[case] expected: &str) {
    let because = because.iter().map(|&(role, stands_in)| Because { role, stands_in }).collect();
    let html = render(&Mail { because, council: "X", ..alerts(vec![over()]) }).html;
    assert!(seen(&html).contains(expected), "{}", seen(&html));
}

#[rstest::rstest]
#[case::several(3, 4, Some("Besides these, 3 red and 4 amber alerts that you were told of earlier are open still."))]
#[case::one(0, 1, Some("Besides these, 1 amber alert that you were told of earlier is open still."))]
#[case::none(0, 0, None)]
fn a_digest_counts_what_was_told_earlier(#[case] red: i64, #[case] amber: i64, #[case] expected: Option<&str>) {
    let seen = seen(&render(&Mail { still_open: Some(StillOpen { red, amber }), ..digest() }).html);
    assert_eq!(expected.is_some(), seen.contains("Besides"), "{seen}");
    assert!(seen.contains(expected.unwrap_or_default()), "{seen}");
}

fn overdue(block: CaseBlock, on: jiff::civil::Date) -> CaseBlock {
    CaseBlock { next_rung: block.next_rung.map(|rung| NextRung { on: Some(on), ..rung }), ..block }
}

#[rstest::rstest]
#[case::at_once(
    extended(),
    "If nobody acknowledges them, the service manager is told of the first of them on Wednesday 25 November 2026."
)]
#[case::in_the_digest(
    under_way(),
    "If nobody acknowledges it, the service manager is told in the digest of Monday 30 November 2026."
)]
#[case::of_one(over(), "If nobody acknowledges it, the service manager is told on Wednesday 25 November 2026.")]
#[case::without_a_day(birth(), "If nobody acknowledges it, the service manager is told next.")]
#[case::on_a_day_that_is_past(
    overdue(extended(), date(2026, 11, 20)),
    "If nobody acknowledges them, the service manager is told next."
)]
#[case::on_a_day_that_has_come(
    overdue(over(), date(2026, 11, 23)),
    "If nobody acknowledges it, the service manager is told next."
)]
#[case::nobody(put_aside_before(), "If nobody acknowledges them, nobody further is told.")]
fn it_says_who_is_told_next(#[case] block: CaseBlock, #[case] expected: &str) {
    let html = render(&alerts(vec![block])).html;
    assert!(seen(&html).contains(expected), "{}", seen(&html));
}

#[rstest::rstest]
#[case(date(2027, 1, 4), "Next deadline: final review, Monday 4 January 2027 (in 6 weeks).")]
#[case(date(2026, 11, 24), "Next deadline: final review, Tuesday 24 November 2026 (in 1 day).")]
#[case(date(2026, 11, 23), "Next deadline: final review, Monday 23 November 2026 (today).")]
fn the_next_deadline_is_told(#[case] on: Date, #[case] expected: &str) {
    let next_deadline = Some(Deadline { what: "Final review".to_owned(), on });
    let html = render(&alerts(vec![CaseBlock { next_deadline, ..over() }])).html;
    assert!(seen(&html).contains(expected), "{}", seen(&html));
}

#[test]
fn nothing_that_was_typed_is_taken_for_markup_or_for_a_line() {
    let Rendered { text, html, .. } = render(&alerts(vec![hostile()]));
    assert!(!html.contains("<b>") && !html.contains("<script") && !html.contains("/a/\""));
    assert!(text.lines().all(|line| !line.trim_start().starts_with("Bcc")), "{text}");
    assert!(text.contains("\n<b>\"A&B\"</b> Bcc: x@example.org/../'\n"));
}

#[test]
fn the_html_needs_nothing_from_elsewhere() {
    let html = render(&alerts(twenty_three())).html;
    for foreign in ["<img", "<link", "<script", "<form", "url(", "@import", "src="] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn twenty_cases_with_several_alerts_each_are_not_cut_off() {
    let four = [put_aside_before().alerts, over().alerts].concat();
    for times in 1..=5 {
        let html = render(&alerts(vec![CaseBlock { alerts: vec![four.clone(); times].concat(), ..extended() }; 20])).html;
        assert!(html.len() < 100_000, "Gmail cuts off what is beyond 102 kB: {}", html.len());
    }
}

#[test]
fn very_many_alerts_are_counted_and_not_shown() {
    let many = CaseBlock { alerts: vec![over().alerts[0].clone(); 10], ..extended() };
    let Rendered { subject, text, .. } = render(&alerts(vec![many; 12]));
    assert_eq!(subject, "120 red drift alerts in 12 cases");
    assert_eq!(text.matches("Acknowledge: ").count(), 10 * MOST_ALERTS_OF_A_CASE);
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Not shown here: 2 red alerts of this case; they follow in the next mail."), "{text}");
    let further = "2 further cases at risk are not shown here and follow in the next mail: 20 red drift alerts.";
    assert!(said.contains(further), "{text}");
}

#[rstest::rstest]
#[case(alerts(twenty_three()))]
#[case(all_news())]
#[case(digest())]
#[case(panel_in_brief())]
#[case(panel_on_a_day_off())]
fn no_line_of_text_is_wide_but_for_links(#[case] mail: Mail) {
    let text = render(&mail).text;
    let wide = text.lines().find(|line| line.chars().count() > 76 && !line.trim_start().starts_with("https://"));
    assert_eq!(wide, None);
}

#[test]
fn an_end_that_is_left_out_is_nowhere() {
    let html = render(&alerts(vec![birth()])).html;
    assert!(seen(&html).contains("The end of the period is in the case record, not in this mail."));
    assert!(!html.contains("Drift since"));
    assert!(!html.contains("start "), "there is no bar");
    for word in ["birth", "born", "(new)", "(was"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn a_panel_pack_offers_nothing_to_acknowledge() {
    let text = render(&panel_pack()).text;
    assert!(!text.contains("Acknowledge: ") && !text.contains("own link"), "{text}");
}

#[test]
fn the_last_check_is_told_in_london_time() {
    let summer = Mail { checked_at: "2026-07-01T23:30:00Z".parse().expect("an instant"), ..alerts(vec![over()]) };
    assert!(seen(&render(&summer).html).contains("2 July 2026 at 00:30, London time"));
    assert!(seen(&render(&alerts(vec![over()])).html).contains("23 November 2026 at 09:05, London time"));
}
