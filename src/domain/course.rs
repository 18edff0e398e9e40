//! The course of a case: what follows from its facts, day by day.
//!
//! Each value is first a plain reading ("the end, as it stood on this day") and then, where rules need all its days, a
//! [`Timeline`] sampled on the days on which it can change. A fact counts only from its own date on; plans always count.

use jiff::civil::Date;
use smallvec::SmallVec;

use super::calendar::{Calendar, FOREVER};
use super::case::{Case, Extension, ExtensionDecision, MeetingKind, Outcome, OversightKind, coded};
use super::policy::{ClockStart, Policy};
use super::timeline::{Stretch, Timeline};

coded! {
    /// Where a case stands.
    Status {
        /// There is no decision to enter pre-proceedings (yet).
        NotStarted = "not_started",
        /// In pre-proceedings.
        Open = "open",
        /// It is decided to go to court, and the application is not made.
        DecidedIssue = "decided_issue",
        /// The application is made.
        Issued = "issued",
        /// It left pre-proceedings without a court.
        SteppedDown = "stepped_down",
        /// Closed, or ended in another way.
        Closed = "closed",
    }
}

/// The end of the period, and what set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last day of the period.
    pub on: Date,
    /// What set it.
    pub set_by: EndSetBy,
}

coded! {
    /// What set the end of the period.
    EndSetBy {
        /// The length of the period.
        Clock = "clock",
        /// The last approved extension.
        Extension = "extension",
        /// An expected birth.
        ExpectedBirth = "expected_birth",
        /// A birth.
        Birth = "birth",
    }
}

impl EndSetBy {
    /// Tells whether the end gives a date of birth, or an expected one, away.
    #[must_use]
    pub fn is_a_birth(self) -> bool {
        matches!(self, Self::ExpectedBirth | Self::Birth)
    }
}

/// A day on which at least one meeting was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The day.
    pub on: Date,
    /// Whether a final review was among the meetings of the day.
    pub is_final_review: bool,
}

/// An extension that was approved, from the day it was decided.
#[derive(Clone, Copy, Debug)]
pub struct Approved<'a> {
    /// The day of the decision.
    pub on: Date,
    /// The end it moved the period to.
    pub new_end_on: Date,
    /// As recorded.
    pub extension: &'a Extension,
}

/// What follows from the facts of one case under one policy.
pub struct Course<'a> {
    /// The facts.
    pub case: &'a Case,
    /// The policy.
    pub policy: &'a Policy,
    /// Approved extensions, in the order of their decision and then of their sequence.
    pub approved: SmallVec<[Approved<'a>; 4]>,
    /// Days on which meetings were held, in order.
    pub held: SmallVec<[Held; 8]>,
    /// The earliest initial meeting held.
    pub first_initial_on: Option<Date>,
    /// The earliest review of either kind held.
    pub first_review_on: Option<Date>,
    /// The earliest final review held.
    pub first_final_review_on: Option<Date>,
    /// Panel reviews with a recorded rationale, in order.
    panel_reviews: SmallVec<[Date; 4]>,
    statuses: Timeline<Status>,
    while_open: Stretch,
    clock_starts: Timeline<Date>,
    base_ends: Timeline<Date>,
    ends: Timeline<End>,
}

impl<'a> Course<'a> {
    /// Reads the course of a case.
    #[must_use]
    pub fn of(case: &'a Case, policy: &'a Policy) -> Self {
        let mut approved: SmallVec<[Approved; 4]> = case.extensions.iter().filter_map(approval).collect();
        approved.sort_by_key(|approved| (approved.on, approved.extension.sequence));
        let mut panel_reviews: SmallVec<[Date; 4]> = (case.oversight.iter())
            .filter(|oversight| oversight.kind == OversightKind::PanelReview && oversight.rationale_recorded)
            .map(|oversight| oversight.on)
            .collect();
        panel_reviews.sort_unstable();
        let first_held = |kind: MeetingKind| {
            case.meetings.iter().filter(|meeting| meeting.kind == kind).filter_map(|meeting| meeting.held_on).min()
        };
        let first_final_review_on = first_held(MeetingKind::FinalReview);
        let first_review_on = [first_held(MeetingKind::Review), first_final_review_on].into_iter().flatten().min();
        let mut course = Self {
            case,
            policy,
            approved,
            held: held_days(case),
            first_initial_on: first_held(MeetingKind::Initial),
            first_review_on,
            first_final_review_on,
            panel_reviews,
            statuses: statuses(case),
            while_open: Stretch::NEVER,
            clock_starts: Timeline::never(),
            base_ends: Timeline::never(),
            ends: Timeline::never(),
        };
        course.while_open = course.while_in(&[Status::Open]);
        if let Some(started) = case.started_on {
            course.clock_starts = course.read_clock_starts(started);
            course.base_ends = course.read_base_ends(started);
            course.ends = course.read_ends(started);
        }
        course
    }

    /// The policy's calendar.
    #[must_use]
    pub fn calendar(&self) -> &'a Calendar {
        &self.policy.calendar
    }

    /// Where the case stands on a day.
    #[must_use]
    pub fn status_on(&self, day: Date) -> Status {
        status_on(self.case, day)
    }

    /// The next day on which the status changes; absent where it never does.
    #[must_use]
    pub fn status_changes_after(&self, day: Date) -> Option<Date> {
        self.statuses.runs().map(|(stretch, _)| stretch.from).find(|&from| from > day)
    }

    /// The days on which the case stands at one of these. `open` and `decided_issue` follow one another without a gap.
    #[must_use]
    pub fn while_in(&self, wanted: &[Status]) -> Stretch {
        let mut days = Stretch::NEVER;
        for (stretch, status) in self.statuses.runs() {
            if wanted.contains(status) {
                days = Stretch { from: days.from.min(stretch.from), until: stretch.until };
            }
        }
        days
    }

    /// The days on which the case is open.
    #[must_use]
    pub fn while_open(&self) -> Stretch {
        self.while_open
    }

    /// The day from which the period is counted, as it stood on a day; absent before the start.
    #[must_use]
    pub fn clock_start_on(&self, day: Date) -> Option<Date> {
        let started = self.case.started_on.filter(|&started| started <= day)?;
        Some(self.other_clock_start().filter(|&start| start <= day).unwrap_or(started))
    }

    /// The end of the period without extensions and births, as it stood on a day.
    #[must_use]
    pub fn base_end_on(&self, day: Date) -> Option<Date> {
        Some(self.calendar().plus(self.clock_start_on(day)?, self.policy.clock.length))
    }

    /// The last extension approved, as it stood on a day.
    #[must_use]
    pub fn last_approved_on(&self, day: Date) -> Option<&Approved<'a>> {
        self.approved.iter().rev().find(|approved| approved.on <= day)
    }

    /// The end of the period and what set it, as it stood on a day; absent before the start.
    #[must_use]
    pub fn end_on(&self, day: Date) -> Option<End> {
        let base = End { on: self.base_end_on(day)?, set_by: EndSetBy::Clock };
        let extended = self.last_approved_on(day).map(|last| End { on: last.new_end_on, set_by: EndSetBy::Extension });
        let births = self.births_on(day);
        births.chain([extended.unwrap_or(base)]).min_by_key(|end| (end.on, end.set_by))
    }

    /// The day from which the period is counted, day by day.
    #[must_use]
    pub fn clock_starts(&self) -> &Timeline<Date> {
        &self.clock_starts
    }

    /// The end without extensions and births, day by day.
    #[must_use]
    pub fn base_ends(&self) -> &Timeline<Date> {
        &self.base_ends
    }

    /// The end of the period, day by day.
    #[must_use]
    pub fn ends(&self) -> &Timeline<End> {
        &self.ends
    }

    /// Tells whether a birth, or an expected one, sets the end on any day: days that are counted from an end could give it away.
    #[must_use]
    pub fn a_birth_sets_an_end(&self) -> bool {
        let is_expected = self.case.children.iter().any(|child| child.expected_delivery_on.is_some());
        is_expected && self.ends().runs().any(|(_, end)| end.set_by.is_a_birth())
    }

    /// Each day on which meetings were held, with the days until the next such day.
    pub fn last_held(&self) -> impl Iterator<Item = (Stretch, Held)> {
        self.held.iter().enumerate().map(|(index, held)| {
            let next = self.held.get(index + 1).map(|next| next.on);
            (Stretch::from(held.on).until(next), *held)
        })
    }

    /// The first panel review, with a recorded rationale, strictly after a day.
    #[must_use]
    pub fn panel_looked_again_after(&self, day: Date) -> Option<Date> {
        let index = self.panel_reviews.partition_point(|&review| review <= day);
        self.panel_reviews.get(index).copied()
    }

    /// The last panel review with a recorded rationale by a day.
    #[must_use]
    pub fn last_panel_review_on(&self, day: Date) -> Option<Date> {
        let index = self.panel_reviews.partition_point(|&review| review <= day);
        index.checked_sub(1).map(|index| self.panel_reviews[index])
    }

    fn read_clock_starts(&self, started: Date) -> Timeline<Date> {
        Timeline::sample(started, self.other_clock_start(), |day| self.clock_start_on(day).unwrap_or(started))
    }

    fn read_base_ends(&self, started: Date) -> Timeline<Date> {
        Timeline::sample(started, self.other_clock_start(), |day| self.base_end_on(day).unwrap_or(started))
    }

    fn read_ends(&self, started: Date) -> Timeline<End> {
        let births = self.case.children.iter().filter(|child| child.expected_delivery_on.is_some());
        let can_change = (births.flat_map(|child| [child.date_of_birth, child.pregnancy_ended_on]).flatten())
            .chain(self.approved.iter().map(|approved| approved.on))
            .chain(self.other_clock_start());
        let none_yet = End { on: started, set_by: EndSetBy::Clock };
        Timeline::sample(started, can_change, |day| self.end_on(day).unwrap_or(none_yet))
    }

    /// The event other than the start that starts the clock, if the policy names one and it has a date.
    fn other_clock_start(&self) -> Option<Date> {
        match self.policy.clock.starts {
            ClockStart::Decision => None,
            ClockStart::Letter => self.case.lbp_sent_on,
            ClockStart::InitialMeeting => self.first_initial_on,
        }
    }

    /// The ends that births set: an extension cannot move a birth, and a birth gives no time back.
    fn births_on(&self, day: Date) -> impl Iterator<Item = End> {
        let unborn_at_start = self.case.children.iter().filter(move |child| {
            let born_by_start = child.date_of_birth.zip(self.case.started_on).is_some_and(|(born, start)| born <= start);
            !born_by_start && child.pregnancy_ended_on.is_none_or(|ended| ended > day)
        });
        unborn_at_start.filter_map(move |child| {
            let before_birth = self.calendar().minus(child.expected_delivery_on?, self.policy.clock.before_birth);
            let expected = End { on: before_birth, set_by: EndSetBy::ExpectedBirth };
            let born = child.date_of_birth.filter(|&born| born <= day && born < before_birth);
            Some(born.map_or(expected, |on| End { on, set_by: EndSetBy::Birth }))
        })
    }
}

/// The earliest of some days of which any may not be given; for ever where none is.
pub fn earliest(days: impl IntoIterator<Item = Option<Date>>) -> Date {
    days.into_iter().map(|day| day.unwrap_or(FOREVER)).min().unwrap_or(FOREVER)
}

fn approval(extension: &Extension) -> Option<Approved<'_>> {
    let (on, new_end_on) = extension.decided_on.zip(extension.new_end_on)?;
    (extension.decision == ExtensionDecision::Approved).then_some(Approved { on, new_end_on, extension })
}

fn held_days(case: &Case) -> SmallVec<[Held; 8]> {
    let mut held: SmallVec<[Held; 8]> = (case.meetings.iter())
        .filter_map(|meeting| Some(Held { on: meeting.held_on?, is_final_review: meeting.kind == MeetingKind::FinalReview }))
        .collect();
    held.sort_unstable_by_key(|held| (held.on, !held.is_final_review));
    held.dedup_by_key(|held| held.on);
    held
}

fn statuses(case: &Case) -> Timeline<Status> {
    let changes = [case.closed_on, case.started_on, case.court_application_on, case.step_decision_on];
    Timeline::sample(Date::MIN, changes.into_iter().flatten(), |day| status_on(case, day))
}

fn status_on(case: &Case, day: Date) -> Status {
    let in_effect = |date: Option<Date>| date.is_some_and(|date| date <= day);
    if in_effect(case.closed_on) {
        Status::Closed
    } else if !in_effect(case.started_on) {
        Status::NotStarted
    } else if in_effect(case.court_application_on) {
        Status::Issued
    } else if in_effect(case.step_decision_on) {
        match case.outcome {
            Some(Outcome::Issue) => Status::DecidedIssue,
            Some(Outcome::StepDown) => Status::SteppedDown,
            Some(Outcome::Other) => Status::Closed,
            None => Status::Open,
        }
    } else {
        Status::Open
    }
}
