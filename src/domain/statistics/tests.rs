//! The definitions, as tables of cases, and the sums that must hold of any caseload.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::answer::{AlertDays, Answer, Fate};
use super::count::{BANDS, Count, PARTITIONS};
use super::spread::Part;
use super::suppression::Measure;
use super::*;
use crate::domain::calendar::{Calendar, shift};
use crate::domain::case::{Case, Outcome};
use crate::domain::policy::Policy;
use crate::domain::rules::case;

const PERIOD: Period = Period { from: date(2026, 1, 1), to: date(2026, 6, 15) };

fn episode(facts: &str) -> Episode {
    Episode::of(&case(facts), &Policy::default()).expect("it was in pre-proceedings")
}

fn whole(facts: &[&str]) -> Group {
    let episodes: Vec<Episode> = facts.iter().map(|facts| episode(facts)).collect();
    Statistics::of(&episodes, &[], PERIOD).whole
}

/// Started on 5 January 2026, so that the period ends on 27 April.
#[rstest::rstest]
#[case::open("start 2026-01-05", "none")]
#[case::a_decision_without_an_outcome_is_none("start 2026-01-05; decision 2026-03-02", "none")]
#[case::on_the_last_day("start 2026-01-05; decision 2026-04-27 issue", "2026-04-27 issue, within, within")]
#[case::a_day_late("start 2026-01-05; decision 2026-04-28 step_down", "2026-04-28 step_down, after, after")]
#[case::extended(
    "start 2026-01-05; extension 1 requested 2026-04-01 approved 2026-04-10 to 2026-05-25; decision 2026-05-25 other",
    "2026-05-25 other, within, after"
)]
#[case::extended_too_late(
    "start 2026-01-05; extension 1 requested 2026-04-01 approved 2026-06-01 to 2026-07-25; decision 2026-05-25 issue",
    "2026-05-25 issue, after, after"
)]
#[case::an_expected_birth(
    "start 2026-01-05; child K-1 expected 2026-04-30; decision 2026-04-20 step_down",
    "2026-04-20 step_down, after, within"
)]
#[case::an_application_without_a_decision("start 2026-01-05; court 2026-03-02", "2026-03-02 issue, within, within")]
#[case::closed_without_a_decision("start 2026-01-05; closed 2026-03-02", "2026-03-02 other, within, within")]
#[case::closed_on_the_day_of_the_step_down(
    "start 2026-01-05; decision 2026-03-02 step_down; closed 2026-03-02",
    "2026-03-02 step_down, within, within"
)]
#[case::closed_later(
    "start 2026-01-05; decision 2026-03-02 issue; court 2026-03-09; closed 2026-05-04",
    "2026-03-02 issue, within, within"
)]
#[case::decided_before_the_start("start 2026-01-05; decision 2025-12-01 issue", "2026-01-05 issue, within, within")]
fn a_case_is_concluded_on_the_first_day_on_which_something_is_decided(#[case] facts: &str, #[case] expected: &str) {
    let within = |is_within: bool| if is_within { "within" } else { "after" };
    let told = episode(facts).conclusion.map_or("none".to_owned(), |conclusion| {
        let (end, base_end) = (within(conclusion.is_within_end), within(conclusion.is_within_base_end));
        format!("{} {}, {end}, {base_end}", conclusion.on, conclusion.to)
    });
    assert_eq!(told, expected);
}

#[rstest::rstest]
#[case::not_started("recorded 2026-01-05")]
#[case::closed_before_it_started("start 2026-01-05; closed 2026-01-04")]
fn a_case_that_never_was_in_pre_proceedings_counts_nowhere(#[case] facts: &str) {
    assert!(Episode::of(&case(facts), &Policy::default()).is_none());
}

/// Judged as of Monday 15 June 2026.
#[rstest::rstest]
#[case::on_the_day("planned 2026-03-02 held 2026-03-02", "held_on_the_day")]
#[case::early("planned 2026-03-02 held 2026-02-27", "held_early")]
#[case::late("planned 2026-03-02 held 2026-03-03", "held_late")]
#[case::late_by_months("planned 2026-01-30 held 2026-06-15", "held_late")]
#[case::cancelled("planned 2026-03-02 cancelled 2026-03-01", "cancelled")]
#[case::neither("planned 2026-03-02", "not_held")]
#[case::yesterday("planned 2026-06-14", "not_held")]
#[case::today("planned 2026-06-15", "")]
#[case::today_and_held("planned 2026-06-15 held 2026-06-15", "held_on_the_day")]
#[case::planned_in_the_future("planned 2026-06-16", "")]
#[case::held_in_the_future("planned 2026-06-01 held 2026-06-16", "not_held")]
#[case::before_the_period("planned 2025-12-31 held 2026-01-02", "")]
#[case::not_planned("held 2026-03-02", "")]
fn a_review_is_judged_by_its_planned_day(#[case] days: &str, #[case] expected: &str) {
    for kind in ["review", "final_review"] {
        assert_eq!(reviews_of(&format!("start 2025-12-01; meeting 1 {kind} {days}")), expected, "{kind}");
    }
    assert_eq!(reviews_of(&format!("start 2025-12-01; meeting 1 initial {days}")), "", "an initial meeting is no review");
}

#[rstest::rstest]
#[case::before_the_start("start 2026-03-03; meeting 1 review planned 2026-03-02 held 2026-03-02", "")]
#[case::after_the_conclusion("start 2026-01-05; decision 2026-03-02 step_down; meeting 1 review planned 2026-03-03", "")]
#[case::needless_on_the_day("start 2026-01-05; decision 2026-03-02 issue; meeting 1 review planned 2026-03-02", "")]
#[case::decided_after_it(
    "start 2026-01-05; decision 2026-03-02 issue; meeting 1 final_review planned 2026-03-02 held 2026-03-02",
    "held_on_the_day"
)]
#[case::missed_before_it("start 2026-01-05; decision 2026-03-02 issue; meeting 1 review planned 2026-03-01", "not_held")]
fn a_review_counts_while_the_case_runs(#[case] facts: &str, #[case] expected: &str) {
    assert_eq!(reviews_of(facts), expected);
}

fn reviews_of(facts: &str) -> String {
    let kinds = [Count::HeldOnTheDay, Count::HeldEarly, Count::HeldLate, Count::Cancelled, Count::NotHeld];
    let whole = whole(&[facts]);
    let counted: Vec<&str> = kinds.iter().filter(|&&kind| whole.count(kind) == Some(1)).map(|kind| kind.code()).collect();
    assert_eq!(whole.count(Count::ReviewsPlanned), u32::try_from(counted.len()).ok());
    counted.join(" ")
}

#[rstest::rstest]
#[case::born("child K-1 born 2020-05-01", 1)]
#[case::expected("child K-1 expected 2026-09-01", 1)]
#[case::neither_date("child K-1", 1)]
#[case::lost("child K-1 expected 2026-09-01 ended 2026-06-15", 0)]
#[case::lost_tomorrow("child K-1 expected 2026-09-01 ended 2026-06-16", 1)]
#[case::born_and_the_pregnancy_ended("child K-1 born 2026-05-01 expected 2026-05-09 ended 2026-05-01", 1)]
#[case::several("child K-1 born 2020-05-01; child K-2 born 2022-05-01; child K-3 expected 2026-09-01", 3)]
fn children_count_born_or_expected(#[case] children: &str, #[case] expected: u32) {
    assert_eq!(whole(&[&format!("start 2026-03-02; {children}")]).count(Count::OpenChildren), Some(expected));
}

#[rstest::rstest]
#[case::sent("start 2026-03-02; letter 2026-03-09", "sent after 7")]
#[case::on_the_first_day("start 2026-03-02; letter 2026-03-02", "sent after 0")]
#[case::dated_before_the_start("start 2026-03-02; letter 2026-03-01", "")]
#[case::after_the_conclusion("start 2026-03-02; letter 2026-03-11; decision 2026-03-10 step_down", "")]
#[case::not_sent("start 2026-03-02", "waiting for 105")]
#[case::sent_tomorrow("start 2026-03-02; letter 2026-06-16", "waiting for 105")]
#[case::needed_no_more("start 2026-03-02; decision 2026-03-10 step_down", "")]
#[case::met_without_it("start 2026-03-02; meeting 1 initial held 2026-03-20", "waiting for 105")]
fn a_letter_that_is_not_sent_is_not_a_quick_one(#[case] facts: &str, #[case] expected: &str) {
    let whole = whole(&[facts]);
    let figures = whole.figures();
    let told = [("sent after", &figures.days_to_letter), ("waiting for", &figures.days_without_letter)];
    let told = told.map(|(what, spread)| spread.max().map_or(String::new(), |days| format!("{what} {days}")));
    assert_eq!(told.concat(), expected);
}

/// Opened on Friday 1 May 2026; Monday the 4th was a bank holiday.
#[rstest::rstest]
#[case::at_once(Some(date(2026, 5, 1)), None, (Fate::Acknowledged, 0))]
#[case::over_the_bank_holiday(Some(date(2026, 5, 5)), None, (Fate::Acknowledged, 1))]
#[case::and_resolved_later(Some(date(2026, 5, 5)), Some(date(2026, 5, 29)), (Fate::Acknowledged, 1))]
#[case::resolved_first(None, Some(date(2026, 5, 6)), (Fate::ResolvedFirst, 2))]
#[case::nobody(None, None, (Fate::Waiting, 4))]
#[case::later_than_we_look(Some(date(2026, 5, 9)), Some(date(2026, 5, 10)), (Fate::Waiting, 4))]
fn an_alert_waits_until_somebody_acknowledges_it(
    #[case] acknowledged_on: Option<Date>,
    #[case] resolved_on: Option<Date>,
    #[case] expected: (Fate, u32),
) {
    let alert = AlertDays { team: None, opened_on: date(2026, 5, 1), acknowledged_on, resolved_on };
    let answer = Answer::of(alert, date(2026, 5, 8), &Calendar::default());
    assert_eq!((answer.fate, answer.waited), expected);
    assert_eq!(answer.stay().has_ended, expected.0 == Fate::Acknowledged);
}

#[rstest::rstest]
#[case(date(2026, 1, 15), date(2026, 3, 1), "2026-01-15..2026-01-31 2026-02-01..2026-02-28 2026-03-01..2026-03-01")]
#[case(date(2028, 2, 29), date(2028, 2, 29), "2028-02-29..2028-02-29")]
#[case(date(2025, 12, 31), date(2026, 1, 1), "2025-12-31..2025-12-31 2026-01-01..2026-01-01")]
fn months_are_cut_at_the_ends_of_the_period(#[case] from: Date, #[case] to: Date, #[case] expected: &str) {
    let months: Vec<String> = Period { from, to }.months().map(|month| format!("{}..{}", month.from, month.to)).collect();
    assert_eq!(months.join(" "), expected);
}

/// Ten concluded in four weeks each, and ten that go on: the estimate is not four weeks.
#[test]
fn open_cases_lengthen_the_estimate() {
    let concluded = "start 2026-01-05; decision 2026-02-02 step_down";
    let all_concluded = whole(&[concluded; 10]);
    let half_open = whole(&[[concluded; 10], ["start 2026-01-05"; 10]].concat());
    let median = |group: &Group| {
        group.ended_by(Count::Started, Count::StartedConcluded, &group.figures().days_to_conclude, Part::NineTenths)
    };
    assert_eq!(median(&all_concluded), Measure::Told(Some(28)));
    assert_eq!(median(&half_open), Measure::Told(None));
    assert_eq!(half_open.figures().weeks_open.percentile(Part::Half), Some(23.0));
}

/// Judged as of Monday 15 June 2026.
#[rstest::rstest]
#[case::of_today("start 2026-06-15", "0 to 4")]
#[case::on_its_last_day("start 2026-02-23", "16 to 20")]
#[case::a_day_less_than_sixteen_weeks("start 2026-02-24", "12 to 16")]
#[case::past_the_end("start 2026-02-22", "16 to 20 late")]
#[case::extended("start 2026-01-05; extension 1 requested 2026-04-01 approved 2026-04-10 to 2026-06-30", "20 to 24")]
#[case::late_and_decided("start 2025-12-01; decision 2026-06-01 issue", "28 to 32")]
#[case::a_year("start 2025-06-16", "52 late")]
#[case::years("start 2022-06-15", "52 late")]
#[case::concluded("start 2026-01-05; decision 2026-06-15 step_down", "")]
#[case::not_started("start 2026-06-16", "")]
fn a_case_lies_in_the_band_of_its_weeks(#[case] facts: &str, #[case] expected: &str) {
    let whole = whole(&[facts]);
    let told = BANDS.iter().filter(|band| whole.count(band.cases) == Some(1)).map(|band| {
        let until = band.below.map_or(String::new(), |below| format!(" to {below}"));
        let late = if whole.count(band.past_end) == Some(1) { " late" } else { "" };
        format!("{}{until}{late}", band.from)
    });
    assert_eq!(told.collect::<String>(), expected);
}

/// Nine of this week and three of twenty weeks ago: the three are not told, nor the nine, which twelve less three would be.
#[test]
fn a_small_band_takes_the_next_smallest_with_it() {
    let facts = [["start 2026-06-10"; 9].as_slice(), &["start 2026-01-25"; 3], &["start 2026-05-01"; 11]].concat();
    let episodes: Vec<Episode> = facts.iter().map(|facts| episode(facts)).collect();
    let mut statistics = Statistics::of(&episodes, &[], PERIOD);
    statistics.suppress(5);
    let told = |count| statistics.whole.count(count);
    assert_eq!([Count::OpenCases, Count::Open0, Count::Open4, Count::Open20].map(told), [Some(23), None, Some(11), None]);
    assert_eq!([Count::Late0, Count::Late4, Count::Late20].map(told), [Some(0), Some(0), None]);
}

/// Two hundred days of cases, of two teams and none.
fn any_case() -> impl Strategy<Value = Case> {
    let day = || prop::option::of(0i64..260).prop_map(|days| days.map(|days| shift(date(2025, 12, 1), days)));
    let facts = (day(), day(), day(), day(), day(), day(), prop::option::of(prop::sample::select(Outcome::ALL)));
    (prop::sample::select(vec![Some("east"), Some("west"), None]), 0..4u32, facts).prop_map(
        |(team, family, (started_on, letter, decided, court, closed, met, outcome))| Case {
            team: team.map(str::to_owned),
            family_reference: (family > 0).then(|| format!("F-{family}")),
            started_on,
            lbp_sent_on: letter,
            step_decision_on: decided,
            outcome,
            court_application_on: court.filter(|_| family == 1),
            closed_on: closed.filter(|_| family == 2),
            meetings: met.into_iter().chain(decided).flat_map(reviews_around).collect(),
            family_step_downs: letter.into_iter().collect(),
            ..Case::new("C-1", date(2025, 12, 1))
        },
    )
}

fn reviews_around(day: Date) -> Vec<crate::domain::case::Meeting> {
    let facts = format!(
        "meeting 1 initial held {day}; meeting 2 review planned {day} held {}; meeting 3 final_review planned {day}",
        shift(day, 3)
    );
    case(&facts).meetings
}

fn any_alert() -> impl Strategy<Value = AlertDays> {
    let day = || (0i64..260).prop_map(|days| shift(date(2025, 12, 1), days));
    (prop::sample::select(vec![Some("east"), None]), day(), prop::option::of(day()), prop::option::of(day())).prop_map(
        |(team, opened_on, acknowledged_on, resolved_on)| AlertDays {
            team: team.map(str::to_owned),
            opened_on,
            acknowledged_on: acknowledged_on.filter(|&on| on >= opened_on),
            resolved_on: resolved_on.filter(|&on| on >= opened_on),
        },
    )
}

fn any_statistics() -> impl Strategy<Value = Statistics> {
    (prop::collection::vec(any_case(), 0..40), prop::collection::vec(any_alert(), 0..20)).prop_map(|(cases, alerts)| {
        let episodes: Vec<Episode> = cases.iter().filter_map(|case| Episode::of(case, &Policy::default())).collect();
        let opened = alerts.into_iter().filter(|alert| PERIOD.holds(alert.opened_on));
        let answers: Vec<Answer> = opened.map(|alert| Answer::of(alert, PERIOD.to, &Calendar::default())).collect();
        Statistics::of(&episodes, &answers, PERIOD)
    })
}

fn value(group: &Group, count: Count) -> u32 {
    group.figures().counts[count]
}

proptest! {
    #[test]
    fn teams_and_months_add_up_to_the_whole(statistics in any_statistics()) {
        for &count in Count::ALL {
            let of_teams: u32 = statistics.by_team.iter().map(|(_, group)| value(group, count)).sum();
            let of_months: u32 = statistics.by_month.iter().map(|(_, group)| value(group, count)).sum();
            if count == Count::OpenFamilies {
                prop_assert!(of_teams >= value(&statistics.whole, count));
            } else {
                prop_assert_eq!(of_teams, value(&statistics.whole, count), "{} of teams", count);
            }
            if count.adds_up_over_months() {
                prop_assert_eq!(of_months, value(&statistics.whole, count), "{} of months", count);
            }
        }
    }

    #[test]
    fn parts_add_up_to_what_is_parted(statistics in any_statistics()) {
        let months = statistics.by_month.iter().map(|(_, group)| group);
        for group in months.chain([&statistics.whole]) {
            for partition in PARTITIONS {
                let parts: u32 = partition.parts.iter().map(|&part| value(group, part)).sum();
                let total = value(group, partition.total);
                let is_of_a_band = BANDS.iter().any(|band| band.cases == partition.total);
                let leaves_a_rest =
                    partition.total == Count::Undecided || partition.parts == [Count::ReEntries] || is_of_a_band;
                prop_assert!(parts == total || (leaves_a_rest && parts < total), "{}", partition.total);
            }
            let figures = group.figures();
            prop_assert_eq!(u32::try_from(figures.weeks_open.len()).ok(), Some(value(group, Count::OpenCases)));
            let backlog = u32::try_from(figures.days_decided_to_issue.len()).ok();
            prop_assert_eq!(backlog, Some(value(group, Count::DecidedToIssue)));
        }
    }

    /// One subtraction gives nothing back: in no sum is exactly one number withheld.
    #[test]
    fn no_sum_withholds_exactly_one_number(mut statistics in any_statistics(), below in 2u32..12) {
        statistics.suppress(below);
        let groups: Vec<&Group> = std::iter::once(&statistics.whole)
            .chain(statistics.by_team.iter().map(|(_, group)| group))
            .chain(statistics.by_month.iter().map(|(_, group)| group))
            .collect();
        for group in &groups {
            for &count in Count::ALL {
                prop_assert!(!(1..below).contains(&group.count(count).unwrap_or_default()), "{} is small and told", count);
            }
            for partition in PARTITIONS {
                let parts: u32 = partition.parts.iter().map(|&part| value(group, part)).sum();
                let rest = value(group, partition.total) - parts;
                let all = partition.parts.iter().chain([&partition.total]);
                let withheld = all.filter(|&&count| group.count(count).is_none()).count();
                prop_assert!(withheld != 1 || rest > 0, "one part of {} is given away", partition.total);
                prop_assert!(withheld != 0 || !(1..below).contains(&rest), "the rest of {} is given away", partition.total);
            }
        }
        let teams: Vec<&Group> = statistics.by_team.iter().map(|(_, group)| group).collect();
        let months: Vec<&Group> = statistics.by_month.iter().map(|(_, group)| group).collect();
        let withheld = |parts: &[&Group], count| {
            parts.iter().chain([&&statistics.whole]).filter(|group| group.count(count).is_none()).count()
        };
        for &count in Count::ALL {
            let adds_up = count != Count::OpenFamilies && !teams.is_empty();
            prop_assert!(!adds_up || withheld(&teams, count) != 1, "one team's {} is given away", count);
            prop_assert!(!count.adds_up_over_months() || withheld(&months, count) != 1, "one month's {} is given away", count);
        }
    }
}

/// Fifteen cases of team north, two of the west and seven of the south, all open: to withhold the two would not help, for the whole
/// is told.
#[test]
fn what_is_withheld_takes_the_next_smallest_with_it() {
    let of_team = |team: &str, many: usize| {
        let case = Case { team: Some(team.to_owned()), ..case("start 2026-03-02; letter 2026-03-09") };
        std::iter::repeat_n(Episode::of(&case, &Policy::default()).expect("it has started"), many)
    };
    let episodes: Vec<Episode> = of_team("north", 15).chain(of_team("south", 7)).chain(of_team("west", 2)).collect();
    let mut statistics = Statistics::of(&episodes, &[], PERIOD);
    statistics.suppress(5);
    let told: Vec<Option<u32>> = statistics.by_team.iter().map(|(_, group)| group.count(Count::OpenCases)).collect();
    assert_eq!((statistics.whole.count(Count::OpenCases), told), (Some(24), vec![Some(15), None, None]));
    let (north, west) = (&statistics.by_team[0].1, &statistics.by_team[2].1);
    let median = |group: &Group| group.percentile(Count::OpenCases, &group.figures().weeks_open, Part::Half);
    assert_eq!((median(north), median(west)), (Measure::Told(Some(15.0)), Measure::Withheld));
    assert_eq!(north.max(Count::OpenCases, &north.figures().weeks_open), Measure::Withheld);
}

/// Of eleven concluded one was late: "ten within" or "90.9 %" would say so.
#[test]
fn a_share_does_not_tell_what_its_rest_is() {
    let in_time = "start 2026-01-05; decision 2026-02-02 step_down";
    let late = "start 2026-01-05; decision 2026-05-04 step_down";
    let facts = [[in_time; 10].as_slice(), &[late]].concat();
    let episodes: Vec<Episode> = facts.iter().map(|facts| episode(facts)).collect();
    let mut statistics = Statistics::of(&episodes, &[], PERIOD);
    assert_eq!(statistics.whole.percent(Count::WithinEnd, Count::Concluded), Measure::Told(Some(90.9)));
    statistics.suppress(5);
    let whole = &statistics.whole;
    assert_eq!([Count::Concluded, Count::WithinEnd, Count::AfterEnd].map(|count| whole.count(count)), [Some(11), None, None]);
    assert_eq!(whole.percent(Count::WithinEnd, Count::Concluded), Measure::Withheld);
    assert_eq!(whole.percent(Count::SteppedDown, Count::Concluded), Measure::Told(Some(100.0)));
}
