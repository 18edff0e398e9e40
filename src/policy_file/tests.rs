use jiff::civil::date;

use super::*;
use crate::domain::retention::Term;

#[test]
fn the_file_in_force_says_the_defaults() {
    assert_eq!(read("policy.toml", BUILT_IN).expect("the policy in force is right"), Policy::default());
}

/// So that the test above cannot pass on keys that were left out: each number in the file is changed in turn, and noticed.
#[test]
fn the_file_in_force_holds_every_number() {
    let mut changed = 0;
    for (index, found) in BUILT_IN.match_indices(|letter: char| letter.is_ascii_digit()) {
        let line_start = BUILT_IN[..index].rfind('\n').map_or(0, |at| at + 1);
        if BUILT_IN[line_start..index].contains('#') {
            continue;
        }
        let other = if found == "9" { "8" } else { "9" };
        let text = format!("{}{other}{}", &BUILT_IN[..index], &BUILT_IN[index + 1..]);
        let policy = read("policy.toml", &text);
        assert!(
            policy.is_err() || policy.is_ok_and(|policy| policy != Policy::default()),
            "line: {}",
            &BUILT_IN[line_start..=index]
        );
        changed += 1;
    }
    assert!(changed >= 50, "{changed} digits changed");
}

#[test]
fn what_is_left_out_keeps_its_default() {
    let policy = read("p", "[clock]\nlength = \"12 weeks\"\n[fgdm]\nrequired_from = 2026-09-01\n").expect("a right policy");
    assert_eq!(policy.clock.length, Span::Weeks(12));
    assert_eq!(policy.clock.before_birth, Span::Weeks(4));
    assert_eq!(policy.fgdm_required_from, Some(date(2026, 9, 1)));
}

#[test]
fn a_wrong_policy_is_refused_with_every_mistake_named() {
    let text = r#"
        mileposts = 1
        [clock]
        starts = "monday"
        length = "16"
        [review_gap]
        amber_after = "8 weeks"
        red_after = "6 weeks"
        [worker_change]
        red_from = 0
        [calendar]
        closures = ["2026-12-29", "Christmas"]
        [assessment_not_commissioned]
        required = [{ kind = "parenting" }]
        [alerts]
        red = []
    "#;
    let error = read("mine.toml", text).expect_err("nearly everything in it is wrong").to_string();
    let expected = "the policy mine.toml is wrong:\n  \
        alerts.red: must name at least one role: a red alert that nobody is told of is lost\n  \
        assessment_not_commissioned.required.0.within: must be given\n  \
        calendar.closures.1: must be a date written YYYY-MM-DD\n  \
        clock.length: must be a whole number and a unit, as in \"5 working days\", \"16 weeks\" or \"56 days\", of at most five years\n  \
        clock.starts: must be one of: decision, letter, initial_meeting\n  \
        mileposts: is not a field that is known here\n  \
        review_gap.red_after: must not be shorter than amber_after\n  \
        worker_change.red_from: must be a whole number from 1 to 1000";
    assert_eq!(error, expected);
}

#[test]
fn what_is_not_toml_is_refused() {
    assert!(matches!(read("p", "[clock"), Err(PolicyError::NotToml { .. })));
}

#[test]
fn what_is_over_is_kept_for_ever_unless_the_policy_says_how_long() {
    assert_eq!(Policy::default().retention, RetentionPolicy::default());
    let text = "[retention]\ncases_after = \"75 years\"\naudit_after = \"2190 days\"\nmessage_bytes_after = \"520 weeks\"\n\
        journal_after = \"4 weeks\"";
    let expected = RetentionPolicy {
        cases_after: Some(Term::Years(75)),
        audit_after: Some(Term::Days(2_190)),
        message_bytes_after: Some(Term::Weeks(520)),
        journal_after: Some(Term::Weeks(4)),
    };
    assert_eq!(read("p", text).expect("a right policy").retention, expected);
}

/// The terms that the file shows, once somebody takes the `#` away.
#[test]
fn the_terms_that_the_file_suggests_are_terms() {
    let section = BUILT_IN.split_once("[retention]").expect("the file has the section").1;
    let section = section.split("\n[").next().expect("there is a first part");
    let suggested: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = \"")).collect();
    let policy = read("p", &format!("[retention]\n{}", suggested.join("\n"))).expect("they are right");
    assert_eq!(suggested.len(), 4);
    assert_eq!(policy.retention.cases_after, Some(Term::Years(75)));
}

#[rstest::rstest]
#[case::cases(
    "cases_after = \"51 weeks\"",
    "cases_after: must be at least 52 weeks: earlier episodes of a family are looked back to for so long"
)]
#[case::no_term(
    "cases_after = \"5 working days\"",
    "cases_after: must be a whole number and a unit, as in \"75 years\", \"520 weeks\" or \"3650 days\", of at most 150 years"
)]
#[case::audit(
    "audit_after = \"27 days\"",
    "audit_after: must be at least 4 weeks: until then a mail may be under way, and its acknowledge link in use"
)]
#[case::looked_back_for_longer(
    "cases_after = \"2 years\"\n[re_entry]\nwithin = \"105 weeks\"",
    "cases_after: must not be shorter than re_entry.within: earlier episodes of a family are looked back to for so long"
)]
fn a_term_that_is_dangerously_short_is_refused(#[case] text: &str, #[case] expected: &str) {
    let error = read("p", &format!("[retention]\n{text}")).expect_err("it is too short").to_string();
    assert_eq!(error, format!("the policy p is wrong:\n  retention.{expected}"));
}

#[test]
fn another_term_is_another_policy_by_the_same_rules() {
    let digest = |text: &str| PolicyDocument::of_text("p", text).expect("a right policy").digest();
    let rules = |digest: &str| digest.split('.').next().map(str::to_owned);
    let (none, one, two) =
        (digest(""), digest("[retention]\ncases_after = \"75 years\""), digest("[retention]\ncases_after = \"76 years\""));
    assert!(none != one && one != two);
    assert_eq!((rules(&one), rules(&two)), (Some(none.clone()), Some(none.clone())));
    assert_ne!(rules(&digest("[clock]\nlength = \"12 weeks\"\n[retention]\ncases_after = \"75 years\"")), Some(none));
}

/// What a policy says of who is told; each is refused with one mistake.
#[rstest::rstest]
#[case::ladder_out_of_order(
    "[alerts]\nred = [{ role = \"director\", after = \"2 working days\", deliver = \"immediate\" }, \
        { role = \"head_of_service\", after = \"1 working day\", deliver = \"immediate\" }]",
    "alerts.red: must be in the order of the delays"
)]
#[case::role_twice(
    "[alerts]\namber = [{ role = \"director\", deliver = \"digest\" }, { role = \"director\", deliver = \"immediate\" }]",
    "alerts.amber: must not name a role twice"
)]
#[case::delay_in_weeks(
    "[alerts]\namber = [{ role = \"director\", after = \"1 week\", deliver = \"digest\" }]",
    "alerts.amber.0.after: must be in working days"
)]
#[case::no_delivery("[alerts]\namber = [{ role = \"director\" }]", "alerts.amber.0.deliver: must be given")]
#[case::pause_of_no_day("[alerts]\npause_at_most = \"0 working days\"", "alerts.pause_at_most: must be at least a day")]
#[case::link_of_no_day("[alerts]\nlink_valid = \"0 weeks\"", "alerts.link_valid: must be at least a day")]
#[case::no_time_of_the_day("[digest]\nat = \"24:00\"", "digest.at: must be a time of the day written HH:MM, such as 08:00")]
#[case::time_with_seconds("[panel]\nat = \"08:00:00\"", "panel.at: must be a time of the day written HH:MM, such as 08:00")]
#[case::time_of_one_digit("[panel]\nat = \"8:00\"", "panel.at: must be a time of the day written HH:MM, such as 08:00")]
#[case::meeting_on_a_sunday(
    "[panel]\nweekday = \"sunday\"",
    "panel.weekday: must be one of: monday, tuesday, wednesday, thursday, friday"
)]
#[case::counted_from_another_weekday(
    "[panel]\nweekday = \"tuesday\"\ncounted_from = 2027-01-06",
    "panel.counted_from: must be the day of a meeting: it is another day of the week"
)]
#[case::weeks_counted_from_nowhere(
    "[panel]\nevery_weeks = 2",
    "panel.counted_from: must be the day of one meeting, where the panel does not meet every week"
)]
fn a_wrong_ladder_or_panel_is_refused_by_key_and_reason(#[case] text: &str, #[case] expected: &str) {
    let error = read("p", text).expect_err("it is wrong").to_string();
    assert_eq!(error, format!("the policy p is wrong:\n  {expected}"));
}
