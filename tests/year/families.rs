//! Two hundred families and what happens to them in a year: episodes that go well, slip or stall, and come back.
//!
//! Every case is written with its whole story: what lies ahead is not in effect until its day. Some of what happened is recorded
//! late, or put right afterwards, or changes without a date of its own; those are [`Later`] changes.

use jiff::civil::{Date, date};
use plo_drift::domain::calendar::{days_between, shift};
use plo_drift::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};

use super::chance::Chance;
use super::facts::Change;

const FAMILIES: usize = 200;
pub const TEAMS: [&str; 5] = ["North", "Harbour", "Riverside", "Hillside", "South"];

/// The first day on which an episode begins.
const FIRST_START: Date = date(2026, 6, 1);

/// A Wednesday near the end of the year.
const HANDED_OVER_ON: Date = date(2027, 9, 22);

/// Something that is recorded on a day of the year.
#[derive(Clone, Debug)]
pub struct Later {
    /// On which day.
    pub on: Date,
    /// Before which tick of the day.
    pub before_tick: usize,
    /// Of which case.
    pub case: String,
    /// What.
    pub change: Change,
}

/// The cases as they are on record at the beginning, and what is recorded later, in order.
pub fn caseload(seed: u64, beginning: Date) -> (Vec<Case>, Vec<Later>) {
    let mut chance = Chance::of(seed);
    let (mut cases, mut later) = (Vec::new(), Vec::new());
    for family in 1..=FAMILIES {
        for (number, mut case) in episodes(&mut chance, family).into_iter().enumerate() {
            case.reference = format!("PP-{family:03}-{}", number + 1);
            let changes = changes(&mut case, &mut chance, beginning);
            let arrives = changes.iter().any(|later| matches!(later.change, Change::Arrives(_)));
            later.extend(changes);
            if !arrives {
                cases.push(case);
            }
        }
    }
    later.extend(handed_over());
    later.sort_by_key(|later| (later.on, later.before_tick));
    (cases, later)
}

/// Cases that nobody has watched come on record on one day: more than one mail names.
fn handed_over() -> impl Iterator<Item = Later> {
    (1..=26).map(|number| {
        let start = shift(date(2027, 3, 1), number);
        let (reference, family) = (format!("PP-8{number:02}-1"), format!("F-8{number:02}"));
        let case = Case { started_on: Some(start), family_reference: Some(family), ..Case::new(&reference, HANDED_OVER_ON) };
        Later { on: HANDED_OVER_ON, before_tick: 0, case: reference, change: Change::Arrives(Box::new(case)) }
    })
}

/// The references of those cases whose access was restricted from the beginning to the end.
pub fn always_restricted<'a>(seed: u64, beginning: Date, cases: impl Iterator<Item = &'a Case>) -> Vec<&'a String> {
    let (_, later) = caseload(seed, beginning);
    let opened =
        |case: &Case| later.iter().any(|later| later.case == case.reference && matches!(later.change, Change::Restricted(_)));
    cases.filter(|case| case.restricted && !opened(case)).map(|case| &case.reference).collect()
}

/// The episodes of one family: after stepping down it may be back.
fn episodes(chance: &mut Chance, family: usize) -> Vec<Case> {
    let team = (!chance.is(3)).then(|| chance.one_of(&TEAMS).to_owned());
    let restricted = chance.is(6);
    let diligence = chance.one_of(&[99, 98, 97, 93, 68]);
    let mut start = chance.after(FIRST_START, 0, 440);
    let mut episodes: Vec<Case> = Vec::new();
    loop {
        let mut case = episode(chance, start, diligence);
        case.family_reference = Some(format!("F-{family:03}"));
        case.team.clone_from(&team);
        case.restricted = restricted;
        let back = case.outcome == Some(Outcome::StepDown) && episodes.len() < 2 && chance.is(60);
        let ended = case.step_decision_on;
        episodes.push(case);
        match ended {
            Some(ended) if back => start = chance.after(ended, 10, 120),
            _ => return episodes,
        }
    }
}

/// One episode; `diligence` is how often in a hundred a thing is done in its time.
fn episode(chance: &mut Chance, start: Date, diligence: i64) -> Case {
    let mut case = Case { started_on: Some(start), ..Case::new("", start) };
    let letter = chance.after(start, 1, 6);
    case.lbp_sent_on = if chance.is(diligence) {
        Some(letter)
    } else if chance.is(85) {
        Some(chance.after(letter, 2, 25))
    } else {
        None
    };
    case.fgdm_offered = Some(chance.is(80));
    let base_end = shift(start, 112);
    let end = extend(&mut case, chance, base_end, diligence);
    meet(&mut case, chance, end, diligence);
    let decided = if chance.is(diligence) { chance.after(end, -12, -2) } else { chance.after(end, -2, 45) };
    if chance.is(92) {
        case.step_decision_on = Some(decided);
        case.outcome =
            Some(chance.one_of(&[Outcome::Issue, Outcome::Issue, Outcome::StepDown, Outcome::StepDown, Outcome::Other]));
        if case.outcome == Some(Outcome::Issue) && chance.is(95) {
            let filed = if chance.is(diligence) { chance.after(decided, 2, 12) } else { chance.after(decided, 13, 40) };
            case.court_application_on = Some(filed);
            case.letter_of_issue_on = Some(filed);
        }
    }
    if chance.is(15) {
        case.closed_on = Some(chance.after(decided, -40, 60));
    }
    assess(&mut case, chance, AssessmentKind::Parenting, (7, 27), diligence);
    assess(&mut case, chance, AssessmentKind::ConnectedPersons, (14, 55), diligence);
    if chance.is(20) {
        assess(&mut case, chance, AssessmentKind::Psychological, (20, 60), diligence);
    }
    look_on(&mut case, chance, decided, diligence);
    bear_children(&mut case, chance);
    case
}

/// Asks for more time, perhaps again and again; the end of the period after that.
fn extend(case: &mut Case, chance: &mut Chance, base_end: Date, diligence: i64) -> Date {
    let mut end = base_end;
    for sequence in 1..=3 {
        if !chance.is(40 - diligence / 4) {
            break;
        }
        let latest = if chance.is(diligence) { -4 } else { 10 };
        let requested_on = chance.after(end, -20, latest);
        let mut extension = Extension {
            sequence,
            requested_on,
            decision: ExtensionDecision::Pending,
            decided_on: None,
            new_end_on: None,
            approved_by_grade: None,
            rationale_recorded: false,
        };
        if chance.is(90) {
            let latest = if chance.is(diligence) { 6 } else { 21 };
            extension.decided_on = Some(chance.after(requested_on, 1, latest));
            extension.decision = if chance.is(80) { ExtensionDecision::Approved } else { ExtensionDecision::Refused };
        }
        if extension.decision == ExtensionDecision::Approved {
            end = chance.after(end, 21, 56);
            extension.new_end_on = Some(end);
            extension.approved_by_grade =
                Some(if chance.is(diligence) { "service_manager" } else { "team_manager" }.to_owned());
            extension.rationale_recorded = chance.is(diligence);
        }
        case.extensions.push(extension);
    }
    end
}

/// The initial meeting, reviews and the final review; some late, some called off, some forgotten.
fn meet(case: &mut Case, chance: &mut Chance, end: Date, diligence: i64) {
    let mut on = chance.after(case.lbp_sent_on.unwrap_or_else(|| shift(end, -95)), 8, 13);
    let mut kind = MeetingKind::Initial;
    let mut sequence = 0;
    while sequence < 12 {
        sequence += 1;
        let mut meeting = Meeting { sequence, kind, planned_on: Some(on), held_on: None, cancelled_on: None };
        if chance.is(diligence) {
            meeting.held_on = Some(on);
        } else {
            match chance.between(1, 4) {
                1 => meeting.held_on = Some(chance.after(on, 2, 14)),
                2 | 3 => meeting.cancelled_on = Some(chance.after(on, -6, 4)),
                _ => {}
            }
        }
        let held = meeting.held_on;
        case.meetings.push(meeting);
        if held.is_none() {
            on = chance.after(on, 8, 21);
            continue;
        }
        if kind == MeetingKind::FinalReview {
            break;
        }
        let latest = if chance.is(diligence) { 38 } else { 55 };
        let next = chance.after(held.unwrap_or(on), 25, latest);
        (kind, on) = if days_between(next, end) < 16 {
            (MeetingKind::FinalReview, chance.after(end, -12, -7).max(shift(on, 3)))
        } else {
            (MeetingKind::Review, next)
        };
    }
}

fn assess(case: &mut Case, chance: &mut Chance, kind: AssessmentKind, within: (i64, i64), diligence: i64) {
    let Some(start) = case.started_on else { return };
    let late = if chance.is(diligence) { 0 } else { chance.between(5, 40) };
    let commissioned = chance.after(shift(start, late), within.0, within.1);
    let due = chance.after(commissioned, 28, 56);
    let received =
        if chance.is(diligence) { Some(chance.after(due, -7, 0)) } else { chance.is(85).then(|| chance.after(due, 1, 40)) };
    case.assessments.push(Assessment {
        sequence: u32::try_from(case.assessments.len() + 1).expect("a list is short"),
        kind,
        commissioned_on: Some(commissioned),
        due_on: chance.is(96).then_some(due),
        received_on: received,
    });
}

/// Oversight, appointments and social workers, up to the decision.
fn look_on(case: &mut Case, chance: &mut Chance, until: Date, diligence: i64) {
    let Some(start) = case.started_on else { return };
    let mut on = chance.after(start, 7, 24);
    while on <= until {
        let kind = chance.one_of(OversightKind::ALL);
        case.oversight.push(Oversight { on, kind, rationale_recorded: chance.is(diligence.max(75)) });
        on = if chance.is(diligence) { chance.after(on, 14, 27) } else { chance.after(on, 27, 55) };
    }
    on = chance.after(start, 3, 12);
    while on <= until {
        let attended = chance.is(diligence.max(65));
        let person = chance.one_of(&["mother", "mother", "father"]).to_owned();
        let excused = !attended && chance.is(25);
        case.engagement.push(Engagement { on, attended, person, kind: Some("home_visit".to_owned()), excused });
        on = if chance.is(diligence) { chance.after(on, 5, 16) } else { chance.after(on, 16, 50) };
    }
    on = chance.after(start, -60, 0);
    let mut worker = 1;
    while on <= until {
        case.allocations.push(Allocation { from_on: on, worker: format!("W-{worker}") });
        worker += 1;
        let longest = if chance.is(diligence) { 400 } else { 90 };
        on = chance.after(on, 45, longest);
    }
}

fn bear_children(case: &mut Case, chance: &mut Chance) {
    let Some(start) = case.started_on else { return };
    for number in 1..=chance.between(1, 3) {
        let mut child = Child {
            reference: format!("C-{number}"),
            date_of_birth: None,
            expected_delivery_on: None,
            pregnancy_ended_on: None,
        };
        if chance.is(15) {
            let expected = chance.after(start, 50, 170);
            child.expected_delivery_on = Some(expected);
            if chance.is(90) {
                child.date_of_birth = Some(chance.after(expected, -16, 10));
            } else {
                child.pregnancy_ended_on = Some(chance.after(start, 10, 40));
            }
        } else {
            child.date_of_birth = chance.is(98).then(|| chance.after(start, -4000, -100));
        }
        case.children.push(child);
    }
}

/// Takes out of a case what is recorded later.
fn changes(case: &mut Case, chance: &mut Chance, beginning: Date) -> Vec<Later> {
    let mut changes: Vec<(Date, Change)> = Vec::new();
    if chance.is(10) {
        let arrives = case.started_on.map_or(beginning, |start| chance.after(start, 0, 30)).max(beginning);
        let whole = Case { recorded_on: arrives, ..case.clone() };
        changes.push((arrives, Change::Arrives(Box::new(whole))));
    } else {
        for _ in 0..chance.between(0, 4) {
            changes.extend(late(case, chance));
        }
    }
    let case = case.reference.clone();
    let later = |(on, change): (Date, Change)| Later { on: on.max(beginning), before_tick: 0, case: case.clone(), change };
    let mut later: Vec<Later> = changes.into_iter().map(later).collect();
    for one in &mut later {
        one.before_tick = chance.index(3);
    }
    later
}

/// One thing that is recorded late, put right, or changes without a date of its own.
fn late(case: &mut Case, chance: &mut Chance) -> Vec<(Date, Change)> {
    let start = case.started_on.unwrap_or(FIRST_START);
    let recorded = |chance: &mut Chance, on: Date| chance.after(on, 0, 25);
    match chance.between(1, 15) {
        1 => case.lbp_sent_on.take().map(|on| (recorded(chance, on), Change::Letter(on))).into_iter().collect(),
        2 => {
            let held = case.meetings.iter_mut().filter(|meeting| meeting.planned_on.is_some() && meeting.held_on.is_some());
            let mut held: Vec<&mut Meeting> = held.collect();
            if held.is_empty() {
                return Vec::new();
            }
            let index = chance.index(held.len());
            let on = held[index].held_on.take().expect("it was held");
            vec![(recorded(chance, on), Change::Held(held[index].sequence, on))]
        }
        3 => {
            let late =
                case.assessments.iter_mut().find_map(|assessment| Some((assessment.sequence, assessment.received_on.take()?)));
            late.map(|(sequence, on)| (recorded(chance, on), Change::Received(sequence, on))).into_iter().collect()
        }
        4 | 15 if !case.oversight.is_empty() => {
            let looked = case.oversight.remove(chance.index(case.oversight.len()));
            // By then the gap may be red, and turn out to be amber only.
            let on = if chance.is(60) { chance.after(looked.on, 29, 40) } else { recorded(chance, looked.on) };
            vec![(on, Change::LookedAt(looked))]
        }
        5 => {
            let decided = case.step_decision_on.take().zip(case.outcome.take());
            decided.map(|(on, outcome)| (recorded(chance, on), Change::Decided(on, outcome))).into_iter().collect()
        }
        6 => {
            let team = (!chance.is(10)).then(|| chance.one_of(&TEAMS));
            vec![(chance.after(start, 20, 120), Change::Team(team))]
        }
        7 => {
            let from = chance.after(start, 20, 120);
            let open_again = (chance.after(from, 5, 50), Change::Restricted(false));
            let restricted = (from, Change::Restricted(true));
            if chance.is(60) { vec![restricted, open_again] } else { vec![restricted] }
        }
        8 if !case.oversight.is_empty() => {
            let on = case.oversight[chance.index(case.oversight.len())].on;
            vec![(recorded(chance, on), Change::WithoutRationale(on))]
        }
        9 if !case.engagement.is_empty() => {
            let appointment = case.engagement.remove(chance.index(case.engagement.len()));
            vec![(recorded(chance, appointment.on), Change::Appointment(appointment))]
        }
        10 => {
            let born = |child: &mut Child| {
                child.expected_delivery_on.and(child.date_of_birth.take()).map(|on| (child.reference.clone(), on))
            };
            let born = case.children.iter_mut().find_map(born);
            born.map(|(child, on)| (recorded(chance, on), Change::Born(child, on))).into_iter().collect()
        }
        // Of three missed in a row, the last is excused: less grave than it looked.
        12 | 13 => {
            let missed = |three: &[Engagement]| three.iter().all(|one| !one.attended && !one.excused);
            let third = case.engagement.windows(3).find(|three| missed(three)).map(|three| three[2].on);
            third.map(|on| (chance.after(on, 2, 12), Change::Excused(on))).into_iter().collect()
        }
        14 => {
            // Too late by more than ten working days, then promised for a day that was only lately.
            let late = case.assessments.iter().find_map(|one| {
                let due_on =
                    one.due_on.filter(|&due| one.received_on.is_none_or(|received| days_between(due, received) > 20))?;
                Some((one.sequence, due_on))
            });
            let promised = late.map(|(sequence, due)| (shift(due, 18), Change::Promised(sequence, shift(due, 14))));
            promised.into_iter().collect()
        }
        11 => case.started_on.take().map(|on| (recorded(chance, on), Change::Started(on))).into_iter().collect(),
        _ => Vec::new(),
    }
}
