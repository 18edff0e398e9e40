//! A plain reading of the rules: what they say of one case on one day, worked out from nothing but the facts in effect on it.
//!
//! Owns no cleverness: no timelines, nothing remembered from the day before. It keeps the order of the specification's tables so
//! that the two can be read side by side, and shares no code with the schedules but the facts, the policy and the calendar,
//! whose counting is read plainly here too.

mod live;
mod record;

use std::collections::BTreeMap;

use jiff::civil::Date;
use plo_drift::domain::calendar::{Calendar, Span, shift};
use plo_drift::domain::case::{Case, Extension, ExtensionDecision, Meeting, MeetingKind, Outcome, OversightKind};
use plo_drift::domain::course::Status::{self, Closed, DecidedIssue, Issued, NotStarted, Open, SteppedDown};
use plo_drift::domain::policy::{ClockStart, Counts, Limits, Policy};
use plo_drift::domain::schedule::Severity::{self, Amber, Notice, Red};

/// The severity of each (rule, subject) that there is to say something about.
pub type Findings = BTreeMap<(&'static str, String), Severity>;

/// What one rule says: of which subject, how grave.
type Said = Vec<(String, Severity)>;

/// Every rule, with the statuses in which it speaks.
type Row = (&'static str, &'static [Status], fn(&OnDay) -> Said);

const RULES: [Row; 28] = [
    ("milestone_missed", &[Open], live::milestone_missed),
    ("milestone_missed", &[DecidedIssue], live::court_application_missed),
    ("review_not_held", &[Open], live::review_not_held),
    ("review_postponed", &[Open], live::review_postponed),
    ("review_gap", &[Open], live::review_gap),
    ("no_next_review", &[Open], live::no_next_review),
    ("decision_overdue", &[Open], live::decision_overdue),
    ("time_limit", &[Open], live::time_limit),
    ("forecast_overrun", &[Open], live::forecast_overrun),
    ("extension_pending", &[Open], live::extension_pending),
    ("missed_engagement", &[Open], live::missed_engagement),
    ("oversight_gap", &[Open, DecidedIssue], live::oversight_gap),
    ("no_recorded_work", &[Open], live::no_recorded_work),
    ("assessment_late", &[Open], live::assessment_late),
    ("assessment_not_commissioned", &[Open], live::assessment_not_commissioned),
    ("fgdm_offer_missing", &[Open, DecidedIssue], live::fgdm_offer_missing),
    ("missing_data", &[NotStarted], live::start_missing),
    ("missing_data", &[Open, DecidedIssue, Issued], live::missing_data),
    ("dates_out_of_order", &[Open, DecidedIssue], live::dates_out_of_order),
    ("dates_out_of_order", &[Issued], live::application_out_of_order),
    ("repeated_extensions", &[Open], record::repeated_extensions),
    ("extension_total", &[Open], record::extension_total),
    ("extension_not_authorised", &[Open], record::extension_not_authorised),
    ("extension_retrospective", &[Open], record::extension_retrospective),
    ("extension_without_rationale", &[Open], record::extension_without_rationale),
    ("extension_after_missed_engagement", &[Open], record::extension_after_missed_engagement),
    ("re_entry", &[Open], record::re_entry),
    ("worker_change", &[Open], record::worker_change),
];

/// What the rules say of a case on a day.
pub fn findings_on(case: &Case, policy: &Policy, day: Date) -> Findings {
    let on = OnDay::of(case, policy, day);
    let status = on.status();
    let speaking = RULES.iter().filter(|(_, statuses, _)| statuses.contains(&status));
    speaking.flat_map(|(code, _, rule)| rule(&on).into_iter().map(|(subject, severity)| ((*code, subject), severity))).collect()
}

/// Where a case stands on a day.
pub fn status_on(case: &Case, policy: &Policy, day: Date) -> Status {
    OnDay::of(case, policy, day).status()
}

/// The end of the period, as it stands on a day; none before the start.
pub fn end_on(case: &Case, policy: &Policy, day: Date) -> Option<Date> {
    let on = OnDay::of(case, policy, day);
    on.facts.started_on.map(|_| on.end())
}

/// When the decision is to be expected, as it looks on a day; none unless the case is open.
pub fn forecast_on(case: &Case, policy: &Policy, day: Date) -> Option<Date> {
    let on = OnDay::of(case, policy, day);
    (on.status() == Open).then(|| on.forecast())
}

/// A case as it stands on one day.
struct OnDay<'a> {
    today: Date,
    policy: &'a Policy,
    /// All that was ever recorded.
    recorded: &'a Case,
    /// Of that, what is in effect today.
    facts: Case,
}

// Time

/// `day` and so much more: working days counted one by one.
pub fn plus(calendar: &Calendar, day: Date, span: Span) -> Date {
    counted(calendar, day, span, 1)
}

/// `day` and so much less: working days counted one by one.
pub fn minus(calendar: &Calendar, day: Date, span: Span) -> Date {
    counted(calendar, day, span, -1)
}

fn counted(calendar: &Calendar, day: Date, span: Span, step: i64) -> Date {
    let number = match span {
        Span::WorkingDays(number) => number,
        Span::Weeks(number) => return shift(day, step * 7 * i64::from(number)),
        Span::Days(number) => return shift(day, step * i64::from(number)),
    };
    let days = (1..).map(|days| shift(day, step * days));
    days.filter(|&day| calendar.is_working_day(day)).take(number.into()).last().unwrap_or(day)
}

// Facts

/// Leaves of a case what is in effect on a day: done by then, or planned, or undated.
fn in_effect(case: &Case, day: Date) -> Case {
    let mut facts = case.clone();
    let mut done = vec![&mut facts.started_on, &mut facts.lbp_sent_on, &mut facts.step_decision_on];
    done.extend([&mut facts.court_application_on, &mut facts.letter_of_issue_on, &mut facts.closed_on]);
    done.extend(facts.children.iter_mut().flat_map(|child| [&mut child.date_of_birth, &mut child.pregnancy_ended_on]));
    done.extend(facts.meetings.iter_mut().flat_map(|meeting| [&mut meeting.held_on, &mut meeting.cancelled_on]));
    done.extend(facts.assessments.iter_mut().flat_map(|one| [&mut one.commissioned_on, &mut one.received_on]));
    done.extend(facts.extensions.iter_mut().map(|extension| &mut extension.decided_on));
    for on in done {
        *on = on.filter(|&on| on <= day);
    }
    for undecided in facts.extensions.iter_mut().filter(|extension| extension.decided_on.is_none()) {
        undecided.decision = ExtensionDecision::Pending;
    }
    facts.engagement.retain(|appointment| appointment.on <= day);
    facts.oversight.retain(|oversight| oversight.on <= day && oversight.rationale_recorded);
    facts.allocations.retain(|allocation| allocation.from_on <= day);
    facts
}

impl<'a> OnDay<'a> {
    fn of(case: &'a Case, policy: &'a Policy, day: Date) -> Self {
        Self { today: day, policy, recorded: case, facts: in_effect(case, day) }
    }

    fn plus(&self, day: Date, span: Span) -> Date {
        self.policy.calendar.plus(day, span)
    }

    fn minus(&self, day: Date, span: Span) -> Date {
        self.policy.calendar.minus(day, span)
    }

    // Status

    fn status(&self) -> Status {
        let facts = &self.facts;
        if facts.closed_on.is_some() {
            Closed
        } else if facts.started_on.is_none() {
            NotStarted
        } else if facts.court_application_on.is_some() {
            Issued
        } else {
            match facts.step_decision_on.and(facts.outcome) {
                Some(Outcome::Issue) => DecidedIssue,
                Some(Outcome::StepDown) => SteppedDown,
                Some(Outcome::Other) => Closed,
                None => Open,
            }
        }
    }

    // Clock and end

    fn start(&self) -> Date {
        self.facts.started_on.expect("only a case that has started is asked for its start")
    }

    fn clock_start(&self) -> Date {
        let counted_from = match self.policy.clock.starts {
            ClockStart::Decision => None,
            ClockStart::Letter => self.facts.lbp_sent_on,
            ClockStart::InitialMeeting => self.first_held(&[MeetingKind::Initial]),
        };
        counted_from.unwrap_or(self.start())
    }

    fn base_end(&self) -> Date {
        self.plus(self.clock_start(), self.policy.clock.length)
    }

    fn extended_end(&self) -> Date {
        self.approved().last().map_or(self.base_end(), |&(_, extension)| new_end(extension))
    }

    fn end(&self) -> Date {
        let mut end = self.extended_end();
        for child in &self.facts.children {
            let (Some(expected), None) = (child.expected_delivery_on, child.pregnancy_ended_on) else { continue };
            if child.date_of_birth.is_some_and(|born| born <= self.start()) {
                continue;
            }
            end = end.min(self.minus(expected, self.policy.clock.before_birth));
            end = end.min(child.date_of_birth.unwrap_or(end));
        }
        end
    }

    /// The approved extensions in effect, each with the day it was decided, in order.
    fn approved(&self) -> Vec<(Date, &Extension)> {
        let approved = self.facts.extensions.iter().filter(|extension| extension.decision == ExtensionDecision::Approved);
        let mut approved: Vec<_> = approved.filter_map(|extension| Some((extension.decided_on?, extension))).collect();
        approved.sort_by_key(|(decided_on, extension)| (*decided_on, extension.sequence));
        approved
    }

    fn first_held(&self, kinds: &[MeetingKind]) -> Option<Date> {
        self.facts.meetings.iter().filter(|meeting| kinds.contains(&meeting.kind)).filter_map(|meeting| meeting.held_on).min()
    }

    /// The last held meeting (of two on a day, the final review): its day, and whether it is a final review.
    fn last_held(&self) -> Option<(Date, bool)> {
        let held = |meeting: &Meeting| Some((meeting.held_on?, meeting.kind == MeetingKind::FinalReview));
        self.facts.meetings.iter().filter_map(held).max()
    }

    // Forecast

    fn forecast(&self) -> Date {
        let pace = self.policy.forecast;
        let mut at = self.start();
        for (met, pace) in [
            (self.facts.lbp_sent_on, pace.letter),
            (self.first_held(&[MeetingKind::Initial]), pace.initial_meeting),
            (self.first_held(&[MeetingKind::Review, MeetingKind::FinalReview]), pace.first_review),
            (self.first_held(&[MeetingKind::FinalReview]), pace.final_review),
        ] {
            at = match met {
                Some(met) => met.max(at),
                None => self.plus(at, pace).max(self.today),
            };
        }
        self.plus(at, pace.decision).max(self.today)
    }

    // Findings

    /// *Amber > x*: today is after x.
    fn overdue(&self, amber_after: Date, red_after: Date) -> Option<Severity> {
        if self.today > red_after { Some(Red) } else { (self.today > amber_after).then_some(Amber) }
    }

    fn overdue_since(&self, day: Date, limits: Limits) -> Option<Severity> {
        self.overdue(self.plus(day, limits.amber_after), self.plus(day, limits.red_after))
    }

    fn milestone(&self, due: Date) -> Option<Severity> {
        let policy = &self.policy.milestones;
        let noticed = (self.today >= self.minus(due, policy.notice_before)).then_some(Notice);
        self.overdue(due, self.plus(due, policy.red_after)).or(noticed)
    }

    /// What stands from its own day until the panel has looked again.
    fn record(&self, own_day: Date, severity: Severity) -> Severity {
        let panel_reviews = self.facts.oversight.iter().filter(|oversight| oversight.kind == OversightKind::PanelReview);
        if panel_reviews.into_iter().any(|panel_review| panel_review.on > own_day) { Notice } else { severity }
    }
}

fn new_end(approved: &Extension) -> Date {
    approved.new_end_on.expect("an approved extension has a new end")
}

fn count(counts: Counts, number: usize) -> Option<Severity> {
    let at_least = |least: u32| number >= least as usize;
    if at_least(counts.red_from) { Some(Red) } else { at_least(counts.amber_from).then_some(Amber) }
}

fn whole(severity: Option<Severity>) -> Said {
    about("", severity).into_iter().collect()
}

fn about(subject: &(impl ToString + ?Sized), severity: Option<Severity>) -> Option<(String, Severity)> {
    severity.map(|severity| (subject.to_string(), severity))
}
