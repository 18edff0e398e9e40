//! One case, as far as figures are made of it: when it stood where, and on which days things were done.

use jiff::civil::Date;

use crate::domain::calendar::FOREVER;
use crate::domain::case::{Case, Child, Meeting, MeetingKind, Outcome};
use crate::domain::course::{Course, End, Status};
use crate::domain::policy::Policy;
use crate::domain::rules::step_downs_before;
use crate::domain::timeline::{Stretch, Timeline};

/// One case that began.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The team that owns it now.
    pub team: Option<String>,
    /// The family, or the case itself where no family is recorded.
    pub family: String,
    /// Decision to enter pre-proceedings.
    pub started_on: Date,
    /// The days on which it is in pre-proceedings: open, or decided to issue.
    pub open: Stretch,
    /// The days on which nothing is decided.
    pub undecided: Stretch,
    /// How it ended, if it did.
    pub conclusion: Option<Conclusion>,
    /// Whether the family had stepped down not long before.
    pub is_re_entry: bool,
    /// Letter before proceedings sent.
    pub letter_on: Option<Date>,
    /// The first initial meeting held.
    pub first_meeting_on: Option<Date>,
    /// The days on which extensions were approved, in order.
    pub approvals: Vec<Date>,
    /// Reviews of either kind.
    pub reviews: Vec<Meeting>,
    children: Vec<Child>,
    ends: Timeline<End>,
    base_ends: Timeline<Date>,
}

/// How a case came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// The first day on which it was neither open nor not started: a step decision was in effect, the application made, or the
    /// case closed.
    pub on: Date,
    /// To what.
    pub to: Outcome,
    /// Whether that was by the end of the period, as it stood on the day.
    pub is_within_end: bool,
    /// Whether it was by the end without extensions and births.
    pub is_within_base_end: bool,
}

impl Episode {
    /// Reads a case; absent where it never was in pre-proceedings: it has not started, or was closed before.
    #[must_use]
    pub fn of(case: &Case, policy: &Policy) -> Option<Self> {
        let course = Course::of(case, policy);
        let started_on = case.started_on?;
        let concluded_on = course.while_in(&[Status::DecidedIssue, Status::Issued, Status::SteppedDown, Status::Closed]).from;
        if concluded_on < started_on {
            return None;
        }
        Some(Self {
            team: case.team.clone(),
            family: case.family_reference.clone().unwrap_or_else(|| case.reference.clone()),
            started_on,
            open: course.while_in(&[Status::Open, Status::DecidedIssue]),
            undecided: course.while_open(),
            conclusion: (concluded_on < FOREVER).then(|| Conclusion::of(&course, concluded_on)),
            is_re_entry: step_downs_before(case, policy).next().is_some(),
            letter_on: case.lbp_sent_on,
            first_meeting_on: course.first_initial_on,
            approvals: course.approved.iter().map(|approved| approved.on).collect(),
            reviews: case.meetings.iter().filter(|meeting| meeting.kind != MeetingKind::Initial).cloned().collect(),
            children: case.children.clone(),
            ends: course.ends().clone(),
            base_ends: course.base_ends().clone(),
        })
    }

    /// Tells whether a day lies between the start and the conclusion, both included.
    #[must_use]
    pub fn runs_on(&self, day: Date) -> bool {
        self.started_on <= day && self.conclusion.is_none_or(|conclusion| day <= conclusion.on)
    }

    /// The conclusion, if it had come by a day.
    #[must_use]
    pub fn concluded_by(&self, day: Date) -> Option<Conclusion> {
        self.conclusion.filter(|conclusion| conclusion.on <= day)
    }

    /// Tells whether the period was over on a day.
    #[must_use]
    pub fn is_past_end(&self, day: Date) -> bool {
        self.ends.on(day).is_some_and(|end| day > end.on)
    }

    /// Tells whether the period without extensions and births was over on a day.
    #[must_use]
    pub fn is_past_base_end(&self, day: Date) -> bool {
        self.base_ends.on(day).is_some_and(|&end| day > end)
    }

    /// How many children there were on a day, born or expected.
    #[must_use]
    pub fn children_on(&self, day: Date) -> usize {
        let in_effect = |date: Option<Date>| date.is_some_and(|date| date <= day);
        let is_lost = |child: &&Child| in_effect(child.pregnancy_ended_on) && !in_effect(child.date_of_birth);
        self.children.iter().filter(|child| !is_lost(child)).count()
    }

    /// How many extensions were approved by a day.
    #[must_use]
    pub fn extensions_by(&self, day: Date) -> usize {
        self.approvals.iter().filter(|&&on| on <= day).count()
    }
}

impl Conclusion {
    fn of(course: &Course, on: Date) -> Self {
        let case = course.case;
        let in_effect = |date: Option<Date>| date.is_some_and(|date| date <= on);
        let decided = case.outcome.filter(|_| in_effect(case.step_decision_on));
        let undecided = if in_effect(case.court_application_on) { Outcome::Issue } else { Outcome::Other };
        Self {
            on,
            to: decided.unwrap_or(undecided),
            is_within_end: course.end_on(on).is_some_and(|end| on <= end.on),
            is_within_base_end: course.base_end_on(on).is_some_and(|end| on <= end),
        }
    }
}
