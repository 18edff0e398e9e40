//! The list of rules. Each file below holds one rule or a close family: its schedule and its table of cases.
//!
//! A rule turns the course of a case into dates; it knows no "today". Codes are permanent, titles may change.

mod approvals;
mod assessments;
mod data_quality;
mod engagement;
mod extensions;
mod family;
mod fgdm;
mod milestones;
mod oversight;
mod period;
mod reviews;
mod workers;

#[cfg(test)]
mod table;
#[cfg(test)]
pub(crate) use table::case;

use jiff::civil::Date;

use super::calendar::Counted;
use super::case::coded;
use super::course::{Course, Status};
use super::policy::Counts;
use super::schedule::Steps;

pub use engagement::{longest_missed, runs_of_missed};
pub use family::step_downs_before;

coded! {
    /// What can be wrong with the course of a case.
    Rule {
        /// A milestone is not met by its day.
        MilestoneMissed = "milestone_missed",
        /// A meeting was planned, and neither held nor cancelled.
        ReviewNotHeld = "review_not_held",
        /// Meetings are cancelled one after another.
        ReviewPostponed = "review_postponed",
        /// Too long since the last review.
        ReviewGap = "review_gap",
        /// No further review is planned.
        NoNextReview = "no_next_review",
        /// No decision after the final review.
        DecisionOverdue = "decision_overdue",
        /// The period has ended, or is about to.
        TimeLimit = "time_limit",
        /// At the usual pace the decision comes after the end.
        ForecastOverrun = "forecast_overrun",
        /// A request for more time is not decided.
        ExtensionPending = "extension_pending",
        /// Appointments missed in a row.
        MissedEngagement = "missed_engagement",
        /// Nobody has looked from above for too long.
        OversightGap = "oversight_gap",
        /// Nothing is recorded for too long.
        NoRecordedWork = "no_recorded_work",
        /// An assessment is not received by its day.
        AssessmentLate = "assessment_late",
        /// A required assessment is not commissioned.
        AssessmentNotCommissioned = "assessment_not_commissioned",
        /// The family was not offered its own meeting.
        FgdmOfferMissing = "fgdm_offer_missing",
        /// A fact that must be there is not.
        MissingData = "missing_data",
        /// Facts that contradict each other.
        DatesOutOfOrder = "dates_out_of_order",
        /// More time, again and again.
        RepeatedExtensions = "repeated_extensions",
        /// Much more time altogether.
        ExtensionTotal = "extension_total",
        /// More time, approved by nobody who may.
        ExtensionNotAuthorised = "extension_not_authorised",
        /// More time, approved after the end.
        ExtensionRetrospective = "extension_retrospective",
        /// More time, for no recorded reason.
        ExtensionWithoutRationale = "extension_without_rationale",
        /// More time after missed appointments: the repeated opportunities that inspectors describe.
        ExtensionAfterMissedEngagement = "extension_after_missed_engagement",
        /// The family stepped down not long ago.
        ReEntry = "re_entry",
        /// The social worker changes again and again.
        WorkerChange = "worker_change",
    }
}

impl Rule {
    /// The rule as a heading for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::MilestoneMissed => "Milestone missed",
            Self::ReviewNotHeld => "Planned review not held",
            Self::ReviewPostponed => "Reviews postponed",
            Self::ReviewGap => "Too long since the last review",
            Self::NoNextReview => "No next review planned",
            Self::DecisionOverdue => "Decision overdue",
            Self::TimeLimit => "Time limit",
            Self::ForecastOverrun => "Forecast to overrun",
            Self::ExtensionPending => "Extension not decided",
            Self::MissedEngagement => "Missed appointments",
            Self::OversightGap => "No recorded oversight",
            Self::NoRecordedWork => "No recorded work",
            Self::AssessmentLate => "Assessment late",
            Self::AssessmentNotCommissioned => "Assessment not commissioned",
            Self::FgdmOfferMissing => "Family group decision-making not offered",
            Self::MissingData => "Missing data",
            Self::DatesOutOfOrder => "Dates out of order",
            Self::RepeatedExtensions => "Repeated extensions",
            Self::ExtensionTotal => "Long extensions",
            Self::ExtensionNotAuthorised => "Extension not authorised",
            Self::ExtensionRetrospective => "Extension approved after the end",
            Self::ExtensionWithoutRationale => "Extension without rationale",
            Self::ExtensionAfterMissedEngagement => "Extension after missed appointments",
            Self::ReEntry => "Back in pre-proceedings",
            Self::WorkerChange => "Changes of social worker",
        }
    }
}

/// A rule with its schedule.
pub struct Entry {
    /// Which rule.
    pub rule: Rule,
    /// Where the case must stand for the rule to apply.
    pub statuses: &'static [Status],
    /// Facts in, dates out.
    pub schedule: fn(&Course) -> Steps,
    /// Where the rule applies and finds nothing: what there is to judge, or that there is nothing. A plain sentence without a
    /// full stop and, as [`super::evidence`], without personal data. It reads a course of what is in effect on the day.
    pub quiet: fn(&Course, Date) -> String,
}

impl Entry {
    const fn new(
        rule: Rule,
        statuses: &'static [Status],
        schedule: fn(&Course) -> Steps,
        quiet: fn(&Course, Date) -> String,
    ) -> Self {
        Self { rule, statuses, schedule, quiet }
    }
}

const OPEN: &[Status] = &[Status::Open];
const UNTIL_ISSUED: &[Status] = &[Status::Open, Status::DecidedIssue];
const UNTIL_ENDED: &[Status] = &[Status::Open, Status::DecidedIssue, Status::Issued];
const NOT_ENDED: &[Status] = &[Status::NotStarted, Status::Open, Status::DecidedIssue, Status::Issued];

/// Every rule.
#[rustfmt::skip]
pub const ALL: [Entry; 25] = [
    Entry::new(Rule::MilestoneMissed, UNTIL_ISSUED, milestones::missed, milestones::quiet),
    Entry::new(Rule::ReviewNotHeld, OPEN, reviews::not_held, reviews::quiet_about_planned),
    Entry::new(Rule::ReviewPostponed, OPEN, reviews::postponed, reviews::quiet_about_cancelled),
    Entry::new(Rule::ReviewGap, OPEN, reviews::gap, reviews::quiet_about_last),
    Entry::new(Rule::NoNextReview, OPEN, reviews::none_planned, reviews::quiet_about_next),
    Entry::new(Rule::DecisionOverdue, OPEN, period::decision_overdue, period::quiet_about_decision),
    Entry::new(Rule::TimeLimit, OPEN, period::time_limit, period::quiet_about_end),
    Entry::new(Rule::ForecastOverrun, OPEN, period::forecast_overrun, period::quiet_about_forecast),
    Entry::new(Rule::ExtensionPending, OPEN, extensions::pending, extensions::quiet_about_pending),
    Entry::new(Rule::MissedEngagement, OPEN, engagement::missed, engagement::quiet),
    Entry::new(Rule::OversightGap, UNTIL_ISSUED, oversight::gap, oversight::quiet_about_oversight),
    Entry::new(Rule::NoRecordedWork, OPEN, oversight::no_recorded_work, oversight::quiet_about_work),
    Entry::new(Rule::AssessmentLate, OPEN, assessments::late, assessments::quiet_about_late),
    Entry::new(Rule::AssessmentNotCommissioned, OPEN, assessments::not_commissioned, assessments::quiet_about_required),
    Entry::new(Rule::FgdmOfferMissing, UNTIL_ISSUED, fgdm::offer_missing, fgdm::quiet),
    Entry::new(Rule::MissingData, NOT_ENDED, data_quality::missing, data_quality::quiet_about_missing),
    Entry::new(Rule::DatesOutOfOrder, UNTIL_ENDED, data_quality::out_of_order, data_quality::quiet_about_order),
    Entry::new(Rule::RepeatedExtensions, OPEN, extensions::repeated, extensions::quiet_about_repeated),
    Entry::new(Rule::ExtensionTotal, OPEN, extensions::total, extensions::quiet_about_total),
    Entry::new(Rule::ExtensionNotAuthorised, OPEN, approvals::not_authorised, approvals::quiet_about_authority),
    Entry::new(Rule::ExtensionRetrospective, OPEN, approvals::retrospective, approvals::quiet_about_time),
    Entry::new(Rule::ExtensionWithoutRationale, OPEN, approvals::without_rationale, approvals::quiet_about_rationale),
    Entry::new(Rule::ExtensionAfterMissedEngagement, OPEN, approvals::after_missed_engagement, approvals::quiet_about_missed),
    Entry::new(Rule::ReEntry, OPEN, family::re_entry, family::quiet),
    Entry::new(Rule::WorkerChange, OPEN, workers::changes, workers::quiet),
];

/// Says of a count that it is not enough: `No meeting cancelled`, or `1 meeting cancelled; 2 are amber`.
fn count_below(count: usize, noun: &'static str, what: &str, counts: Counts) -> String {
    if count == 0 {
        return format!("No {noun} {what}");
    }
    let counted = Counted(i64::try_from(count).unwrap_or(i64::MAX), noun);
    format!("{counted} {what}; {} or more are amber", counts.amber_from)
}
