//! Cases and policies such as nobody would think of, for properties that must hold of all of them.
//!
//! A case draws its days from a small pool of its own, a step aside or a deadline's length away, so that facts meet on one day,
//! miss each other by one, and lie exactly a threshold apart. Every case could be recorded (lists have unique sequences, an
//! approval has a new end, …), however odd its story. What is left of one after shrinking is few facts on few days.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use plo_drift::domain::calendar::{Calendar, CalendarChanges, Span, shift};
use plo_drift::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Grade, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};
use plo_drift::domain::policy::{ClockStart, Counts, ExtensionTotalPolicy, Policy, RequiredAssessment};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The first day on which any finding can hold: no case starts or is recorded before it.
pub const FIRST_DAY: Date = date(2025, 7, 1);

/// How many days the story of a case is told for: two years.
pub const DAYS: i64 = 731;

/// Every day of the story.
pub fn days() -> impl Iterator<Item = Date> {
    (0..DAYS).map(|days| shift(FIRST_DAY, days))
}

/// The days a case's facts fall on or near: its start, and a few others.
#[derive(Clone, Debug)]
struct Pool(Vec<Date>);

impl Pool {
    fn any() -> impl Strategy<Value = Self> {
        (0..7i64, vec(prop_oneof![5 => 0..=300i64, 1 => -30..0i64], 4)).prop_map(|(start, others)| {
            let start = shift(FIRST_DAY, 30 + start);
            Self([0].into_iter().chain(others).map(|days| shift(start, days)).collect())
        })
    }

    fn start(&self) -> Date {
        self.0[0]
    }

    fn day(&self) -> impl Strategy<Value = Date> + use<> {
        const APART: [i64; 9] = [2, 7, 14, 28, 42, 56, 112, 113, 140];
        let aside = prop_oneof![10 => Just(0), 2 => select(&[1, -1][..]), 3 => select(&APART[..])];
        (select(self.0.clone()), aside).prop_map(|(day, aside)| shift(day, aside))
    }

    /// Missing in some cases.
    fn given(&self, probability: f64) -> impl Strategy<Value = Option<Date>> + use<> {
        option::weighted(probability, self.day())
    }

    /// Missing in most cases, and mostly late: what ends a case would otherwise leave little of its story.
    fn late(&self, probability: f64) -> impl Strategy<Value = Option<Date>> + use<> {
        let late = (self.day(), 0..=200i64).prop_map(|(day, days)| shift(day, days));
        option::weighted(probability, prop_oneof![1 => self.day(), 3 => late])
    }
}

/// A case that could be recorded, and everything about it in doubt.
pub fn any_case() -> impl Strategy<Value = Case> {
    Pool::any().prop_flat_map(|pool| {
        let lists = (
            numbered(any_child(&pool), 2, |child, number| child.reference = format!("C-{number}")),
            numbered(any_meeting(&pool), 6, |meeting, number| meeting.sequence = number),
            numbered(any_assessment(&pool), 4, |assessment, number| assessment.sequence = number),
            numbered(any_extension(&pool), 5, |extension, number| extension.sequence = number),
            vec(any_engagement(&pool), 0..7),
            vec(any_oversight(&pool), 0..5),
            vec(any_allocation(&pool), 0..6),
            vec(any_step_down(&pool), 0..4),
        );
        (any_episode(&pool), lists).prop_map(|(episode, lists)| {
            let (children, meetings, assessments, extensions, engagement, oversight, allocations, family_step_downs) = lists;
            Case {
                children,
                meetings,
                assessments,
                extensions,
                engagement,
                oversight,
                allocations,
                family_step_downs,
                ..episode
            }
        })
    })
}

/// A case without its lists.
fn any_episode(pool: &Pool) -> impl Strategy<Value = Case> + use<> {
    let start = prop_oneof![12 => Just(Some(pool.start())), 1 => not_too_early(pool.day()).prop_map(Some), 1 => Just(None)];
    let decided = prop_oneof![11 => pool.late(0.4), 1 => Just(Some(shift(pool.start(), -1)))];
    let decision = (decided, option::weighted(0.8, select(Outcome::ALL)));
    let ends = (pool.late(0.1), option::weighted(0.2, select(&[0, -1, 1, 10, 15][..])), pool.given(0.2), pool.late(0.1));
    let flags = (option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>()));
    (not_too_early(pool.day()), start, pool.given(0.8), decision, ends, flags).prop_map(
        |(recorded_on, started_on, lbp_sent_on, (step_decision_on, outcome), ends, flags)| {
            let (applied_on, applied_after, letter_of_issue_on, closed_on) = ends;
            let applied = step_decision_on.zip(applied_after).map(|(decided, days)| shift(decided, days));
            let (fgdm_offered, fgdm_facilitated, fgdm_exempt) = flags;
            Case {
                started_on,
                lbp_sent_on,
                fgdm_offered,
                fgdm_facilitated,
                fgdm_exempt,
                step_decision_on,
                outcome,
                court_application_on: applied.or(applied_on),
                letter_of_issue_on,
                closed_on,
                ..Case::new("F-1", recorded_on)
            }
        },
    )
}

/// A day on which a story can begin to be told.
fn not_too_early(day: impl Strategy<Value = Date>) -> impl Strategy<Value = Date> {
    day.prop_map(|day| day.max(FIRST_DAY))
}

/// A list of up to `most`, numbered from 1, in any order.
fn numbered<T>(item: impl Strategy<Value = T>, most: usize, number: fn(&mut T, u32)) -> impl Strategy<Value = Vec<T>>
where
    T: Clone + Debug,
{
    let numbered = vec(item, 0..=most).prop_map(move |mut items| {
        items.iter_mut().zip(1..).for_each(|(item, next)| number(item, next));
        items
    });
    numbered.prop_shuffle()
}

fn any_child(pool: &Pool) -> impl Strategy<Value = Child> + use<> {
    let born = prop_oneof![4 => Just(None), 5 => pool.day().prop_map(Some), 1 => Just(Some(pool.start()))];
    (born, pool.given(0.6), pool.given(0.2)).prop_map(|(date_of_birth, expected_delivery_on, pregnancy_ended_on)| Child {
        reference: String::new(),
        date_of_birth,
        expected_delivery_on,
        pregnancy_ended_on,
    })
}

fn any_meeting(pool: &Pool) -> impl Strategy<Value = Meeting> + use<> {
    let day = || pool.day().prop_map(Some);
    let none = Just(None);
    let (planned, held) = ((day(), none, none), (none, day(), none));
    let dates = prop_oneof![1 => planned, 1 => held, 1 => (day(), day(), none), 2 => (day(), none, day())];
    (select(MeetingKind::ALL), dates).prop_map(|(kind, (planned_on, held_on, cancelled_on))| Meeting {
        sequence: 0,
        kind,
        planned_on,
        held_on,
        cancelled_on,
    })
}

fn any_assessment(pool: &Pool) -> impl Strategy<Value = Assessment> + use<> {
    let kind = select(&[AssessmentKind::Parenting, AssessmentKind::ConnectedPersons, AssessmentKind::Cognitive][..]);
    (kind, pool.given(0.6), pool.given(0.6), pool.given(0.3)).prop_map(|(kind, commissioned_on, due_on, received_on)| {
        Assessment { sequence: 0, kind, commissioned_on, due_on, received_on }
    })
}

fn any_extension(pool: &Pool) -> impl Strategy<Value = Extension> + use<> {
    use ExtensionDecision::{Approved, Pending, Refused};

    const TOTALS: [i64; 7] = [0, 1, 56, 57, 84, 85, -1];
    let start = pool.start();
    let decision = prop_oneof![2 => Just(Pending), 5 => Just(Approved), 1 => Just(Refused)];
    let decision = (decision, pool.day()).prop_map(|(decision, on)| (decision, (decision != Pending).then_some(on)));
    let new_end = prop_oneof![pool.day(), select(&TOTALS[..]).prop_map(move |total| shift(start, 112 + total))];
    let grades: Vec<_> = Grade::ALL.iter().map(|grade| grade.code()).chain(["chair", "Service Manager"]).collect();
    let grade = option::weighted(0.8, select(grades).prop_map(str::to_owned));
    (pool.day(), decision, new_end, grade, any::<bool>()).prop_map(
        |(requested_on, (decision, decided_on), new_end_on, approved_by_grade, rationale_recorded)| Extension {
            sequence: 0,
            requested_on,
            decision,
            decided_on,
            new_end_on: Some(new_end_on),
            approved_by_grade,
            rationale_recorded,
        },
    )
}

fn any_engagement(pool: &Pool) -> impl Strategy<Value = Engagement> + use<> {
    let six_weeks_before = (pool.day(), select(&[-42, -42, -43, -41][..])).prop_map(|(day, days)| shift(day, days));
    let came = prop_oneof![3 => Just((false, false)), 2 => Just((true, false)), 1 => Just((false, true))];
    let person = prop_oneof![Just("mother"), select(&["mother", "father", ""][..])];
    (prop_oneof![2 => pool.day(), 1 => six_weeks_before], person, came)
        .prop_map(|(on, person, (attended, excused))| Engagement { on, attended, person: person.into(), kind: None, excused })
}

fn any_oversight(pool: &Pool) -> impl Strategy<Value = Oversight> + use<> {
    let kind = prop_oneof![Just(OversightKind::PanelReview), select(OversightKind::ALL)];
    (pool.day(), kind, any::<bool>()).prop_map(|(on, kind, rationale_recorded)| Oversight { on, kind, rationale_recorded })
}

fn any_allocation(pool: &Pool) -> impl Strategy<Value = Allocation> + use<> {
    let worker = select(&["W-1", "W-2", "W-3"][..]);
    (pool.day(), worker).prop_map(|(from_on, worker)| Allocation { from_on, worker: worker.into() })
}

fn any_step_down(pool: &Pool) -> impl Strategy<Value = Date> + use<> {
    const BEFORE_START: [i64; 8] = [-364, -365, -363, -1, 0, 1, -100, -500];
    let start = pool.start();
    prop_oneof![pool.day(), select(&BEFORE_START[..]).prop_map(move |days| shift(start, days))]
}

/// A policy that a council could put in force: some of the default's numbers changed, and days off of its own.
pub fn any_policy() -> impl Strategy<Value = Policy> {
    let required_from = option::of((30..37i64).prop_map(|days| shift(FIRST_DAY, days)));
    let extensions =
        (select(&[Grade::ServiceManager, Grade::TeamManager, Grade::Director][..]), 0..3u32, any_extension_totals());
    let numbers = (vec((any::<Index>(), any_span()), 0..8), vec((any::<Index>(), any_counts()), 0..3));
    (select(ClockStart::ALL), any_calendar(), required_from, extensions, any_required_assessments(), numbers).prop_map(
        |(
            starts,
            calendar,
            fgdm_required_from,
            (extension_minimum_grade, missed, extension_total),
            required,
            (spans, counts),
        )| {
            let mut policy =
                Policy { calendar, fgdm_required_from, extension_minimum_grade, extension_total, ..Policy::default() };
            policy.clock.starts = starts;
            policy.assessments.required = required;
            policy.repeated_opportunity.missed = [2, 1, 3][missed as usize];
            for (which, span) in spans {
                let mut all = all_spans(&mut policy);
                *all.swap_remove(which.index(all.len())) = span;
            }
            for (which, counts) in counts {
                let all = all_counts(&mut policy);
                *all[which.index(all.len())] = counts;
            }
            policy
        },
    )
}

fn any_calendar() -> impl Strategy<Value = Calendar> {
    select(CALENDARS.as_slice())
}

/// Laying a calendar out takes longer than telling a story, so all policies share a few.
static CALENDARS: LazyLock<[Calendar; 3]> = LazyLock::new(|| {
    let between_the_years: BTreeSet<Date> = (27..=31).map(|day| date(2025, 12, day)).chain([date(2026, 1, 2)]).collect();
    let every_ninth_day: BTreeSet<Date> = days().step_by(9).collect();
    [
        Calendar::default(),
        Calendar::new(CalendarChanges { closures: between_the_years, ..CalendarChanges::default() }),
        Calendar::new(CalendarChanges {
            closures: every_ninth_day,
            added_bank_holidays: BTreeSet::from([date(2025, 9, 15), date(2025, 9, 16), date(2026, 3, 17)]),
            removed_bank_holidays: BTreeSet::from([date(2025, 8, 25), date(2026, 4, 3)]),
        }),
    ]
});

/// A length of time such as policies name, or none.
pub fn any_span() -> impl Strategy<Value = Span> {
    prop_oneof![(0..15u16).prop_map(Span::WorkingDays), (0..10u16).prop_map(Span::Weeks), (0..60u16).prop_map(Span::Days)]
}

fn any_counts() -> impl Strategy<Value = Counts> {
    (1..4u32, 0..3u32).prop_map(|(amber_from, more)| Counts { amber_from, red_from: amber_from + more })
}

fn any_extension_totals() -> impl Strategy<Value = ExtensionTotalPolicy> {
    prop_oneof![2 => Just((56, 28)), 1 => (0..60u32, 0..60u32)]
        .prop_map(|(amber_over_days, more)| ExtensionTotalPolicy { amber_over_days, red_over_days: amber_over_days + more })
}

fn any_required_assessments() -> impl Strategy<Value = Vec<RequiredAssessment>> {
    let required = (select(AssessmentKind::ALL), any_span()).prop_map(|(kind, within)| RequiredAssessment { kind, within });
    prop_oneof![4 => Just(Policy::default().assessments.required), 1 => vec(required, 0..2)]
}

fn all_spans(policy: &mut Policy) -> Vec<&mut Span> {
    let Policy { clock, milestones, forecast, decision_overdue, assessments, .. } = policy;
    let mut spans = vec![
        &mut clock.length,
        &mut clock.before_birth,
        &mut milestones.letter_before_proceedings,
        &mut milestones.initial_meeting,
        &mut milestones.final_review,
        &mut milestones.court_application,
        &mut milestones.notice_before,
        &mut milestones.red_after,
        &mut forecast.letter,
        &mut forecast.initial_meeting,
        &mut forecast.first_review,
        &mut forecast.final_review,
        &mut forecast.decision,
        &mut forecast.amber_after,
        &mut policy.review_not_held_red_after,
        &mut policy.no_next_review_after,
        &mut decision_overdue.due,
        &mut decision_overdue.red_after,
        &mut policy.time_limit_notice_before,
        &mut assessments.late_red_after,
        &mut assessments.not_commissioned_red_after,
        &mut policy.repeated_opportunity.within,
        &mut policy.re_entry.within,
    ];
    for limits in
        [&mut policy.review_gap, &mut policy.extension_pending, &mut policy.oversight_gap, &mut policy.no_recorded_work]
    {
        spans.extend([&mut limits.amber_after, &mut limits.red_after]);
    }
    spans
}

fn all_counts(policy: &mut Policy) -> [&mut Counts; 5] {
    [
        &mut policy.review_postponed,
        &mut policy.missed_engagement,
        &mut policy.repeated_extensions,
        &mut policy.re_entry.counts,
        &mut policy.worker_change,
    ]
}
