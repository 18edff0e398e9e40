//! The words in which a synthetic case is told.
//!
//! A story says what was meant to happen and when. What lies after today has not happened yet: a meeting is only planned, an
//! assessment is outstanding, a request undecided, and anything else is not recorded. References are for the caseload to give.

mod children;
mod extensions;
mod pace;

use jiff::civil::Date;

use super::when::{Today, When, day, week};
use crate::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Engagement, Meeting, MeetingKind, Outcome, Oversight, OversightKind,
};

/// A case as it is being told.
#[must_use]
pub struct Story {
    today: Today,
    first: Date,
    case: Case,
    earlier: Vec<Case>,
}

impl Story {
    /// Begins with the decision to enter pre-proceedings; the family has had its social worker for some weeks.
    pub fn begun(today: &Today, when: When) -> Self {
        let mut story = Self::recorded(today, when);
        story.case.started_on = Some(story.first);
        story.case.recorded_on = story.done(day(1)).unwrap_or(story.first);
        story.new_worker(week(-6))
    }

    /// Begins with a record that does not say when pre-proceedings began.
    pub fn recorded(today: &Today, when: When) -> Self {
        let first = today.resolve(today.day(), when);
        Self { today: today.clone(), first, case: Case::new("", first), earlier: Vec::new() }
    }

    /// The family was in pre-proceedings before.
    pub fn after(mut self, earlier: Self) -> Self {
        self.earlier.extend(earlier.episodes());
        self
    }

    /// The cases of the story: earlier episodes, then this one.
    pub fn episodes(self) -> Vec<Case> {
        let mut episodes = self.earlier;
        episodes.push(self.case);
        episodes
    }

    /// Only cleared people may know of it.
    pub fn restricted(mut self) -> Self {
        self.case.restricted = true;
        self
    }

    /// The letter before proceedings is sent.
    pub fn letter(mut self, when: When) -> Self {
        self.case.lbp_sent_on = self.done(when);
        self
    }

    /// The family is offered a meeting of its own, or is not.
    pub fn family_meeting(mut self, offered: bool) -> Self {
        self.case.fgdm_offered = Some(offered);
        self
    }

    /// The family has its own meeting.
    pub fn family_met(mut self) -> Self {
        self.case.fgdm_facilitated = Some(true);
        self
    }

    /// The family needs no meeting of its own.
    pub fn exempt_from_family_meeting(mut self) -> Self {
        self.case.fgdm_exempt = Some(true);
        self
    }

    /// The initial meeting, which goes to plan.
    pub fn initial_meeting(self, when: When) -> Self {
        let held = self.done(when);
        self.meeting(MeetingKind::Initial, when, held, None)
    }

    /// A review that goes to plan.
    pub fn review(self, when: When) -> Self {
        let held = self.done(when);
        self.meeting(MeetingKind::Review, when, held, None)
    }

    /// The final review, which goes to plan.
    pub fn final_review(self, when: When) -> Self {
        let held = self.done(when);
        self.meeting(MeetingKind::FinalReview, when, held, None)
    }

    /// A review of which nothing is known but its plan.
    pub fn review_planned(self, when: When) -> Self {
        self.meeting(MeetingKind::Review, when, None, None)
    }

    /// A review that is called off.
    pub fn review_cancelled(self, planned: When, cancelled: When) -> Self {
        let cancelled = self.done(cancelled);
        self.meeting(MeetingKind::Review, planned, None, cancelled)
    }

    fn meeting(mut self, kind: MeetingKind, planned: When, held_on: Option<Date>, cancelled_on: Option<Date>) -> Self {
        let planned_on = Some(self.on(planned));
        let sequence = next_sequence(&self.case.meetings);
        self.case.meetings.push(Meeting { sequence, kind, planned_on, held_on, cancelled_on });
        self
    }

    /// An assessment that arrives on the day it was promised for.
    pub fn assessed(self, kind: AssessmentKind, commissioned: When, due: When) -> Self {
        let received_on = self.done(due);
        self.assessment(kind, commissioned, Some(due), received_on)
    }

    /// An assessment that does not arrive.
    pub fn outstanding(self, kind: AssessmentKind, commissioned: When, due: When) -> Self {
        self.assessment(kind, commissioned, Some(due), None)
    }

    /// An assessment that is promised for no day.
    pub fn open_ended(self, kind: AssessmentKind, commissioned: When) -> Self {
        self.assessment(kind, commissioned, None, None)
    }

    fn assessment(mut self, kind: AssessmentKind, commissioned: When, due: Option<When>, received_on: Option<Date>) -> Self {
        if let Some(commissioned_on) = self.done(commissioned) {
            let (sequence, due_on) = (next_sequence(&self.case.assessments), due.map(|due| self.on(due)));
            let commissioned_on = Some(commissioned_on);
            self.case.assessments.push(Assessment { sequence, kind, commissioned_on, due_on, received_on });
        }
        self
    }

    /// Somebody of the family keeps an appointment.
    pub fn kept(self, person: &str, when: When) -> Self {
        self.appointment(person, when, true, false)
    }

    /// Somebody of the family misses an appointment.
    pub fn missed(self, person: &str, when: When) -> Self {
        self.appointment(person, when, false, false)
    }

    /// Somebody of the family misses an appointment through illness.
    pub fn excused(self, person: &str, when: When) -> Self {
        self.appointment(person, when, false, true)
    }

    fn appointment(mut self, person: &str, when: When, attended: bool, excused: bool) -> Self {
        if let Some(on) = self.done(when) {
            let (person, kind) = (person.to_owned(), Some("home_visit".to_owned()));
            self.case.engagement.push(Engagement { on, attended, person, kind, excused });
        }
        self
    }

    /// The legal gateway panel looks at the case.
    pub fn panel(self, when: When) -> Self {
        self.looked_at(OversightKind::PanelReview, when, true)
    }

    /// A manager looks at the case.
    pub fn managed(self, when: When) -> Self {
        self.looked_at(OversightKind::ManagementOversight, when, true)
    }

    /// A manager ticks that the case was looked at.
    pub fn ticked(self, when: When) -> Self {
        self.looked_at(OversightKind::ManagementOversight, when, false)
    }

    fn looked_at(mut self, kind: OversightKind, when: When, rationale_recorded: bool) -> Self {
        if let Some(on) = self.done(when) {
            self.case.oversight.push(Oversight { on, kind, rationale_recorded });
        }
        self
    }

    /// Another social worker takes the case on.
    pub fn new_worker(mut self, when: When) -> Self {
        if let Some(from_on) = self.done(when) {
            self.case.allocations.push(Allocation { from_on, worker: String::new() });
        }
        self
    }

    /// The step decision; without an outcome where it is not known.
    pub fn decided(mut self, outcome: impl Into<Option<Outcome>>, when: When) -> Self {
        self.case.step_decision_on = self.done(when);
        self.case.outcome = self.case.step_decision_on.and_then(|_| outcome.into());
        self
    }

    /// The court is asked for an order, and the parents are told.
    pub fn applied(mut self, when: When) -> Self {
        self.case.court_application_on = self.done(when);
        self.case.letter_of_issue_on = self.case.court_application_on;
        self
    }

    /// The case is closed.
    pub fn closed(mut self, when: When) -> Self {
        self.case.closed_on = self.done(when);
        self
    }

    /// The day of something planned.
    fn on(&self, when: When) -> Date {
        self.today.resolve(self.first, when)
    }

    /// The day of something done; absent where it lies ahead.
    fn done(&self, when: When) -> Option<Date> {
        Some(self.on(when)).filter(|&on| on <= self.today.day())
    }
}

fn next_sequence<T>(list: &[T]) -> u32 {
    u32::try_from(list.len() + 1).expect("a story is short")
}
