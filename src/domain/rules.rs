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

use super::case::coded;
use super::course::Course;
use super::schedule::Steps;

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
    /// Facts in, dates out.
    pub schedule: fn(&Course) -> Steps,
}

/// Every rule.
pub const ALL: [Entry; 25] = [
    Entry { rule: Rule::MilestoneMissed, schedule: milestones::missed },
    Entry { rule: Rule::ReviewNotHeld, schedule: reviews::not_held },
    Entry { rule: Rule::ReviewPostponed, schedule: reviews::postponed },
    Entry { rule: Rule::ReviewGap, schedule: reviews::gap },
    Entry { rule: Rule::NoNextReview, schedule: reviews::none_planned },
    Entry { rule: Rule::DecisionOverdue, schedule: period::decision_overdue },
    Entry { rule: Rule::TimeLimit, schedule: period::time_limit },
    Entry { rule: Rule::ForecastOverrun, schedule: period::forecast_overrun },
    Entry { rule: Rule::ExtensionPending, schedule: extensions::pending },
    Entry { rule: Rule::MissedEngagement, schedule: engagement::missed },
    Entry { rule: Rule::OversightGap, schedule: oversight::gap },
    Entry { rule: Rule::NoRecordedWork, schedule: oversight::no_recorded_work },
    Entry { rule: Rule::AssessmentLate, schedule: assessments::late },
    Entry { rule: Rule::AssessmentNotCommissioned, schedule: assessments::not_commissioned },
    Entry { rule: Rule::FgdmOfferMissing, schedule: fgdm::offer_missing },
    Entry { rule: Rule::MissingData, schedule: data_quality::missing },
    Entry { rule: Rule::DatesOutOfOrder, schedule: data_quality::out_of_order },
    Entry { rule: Rule::RepeatedExtensions, schedule: extensions::repeated },
    Entry { rule: Rule::ExtensionTotal, schedule: extensions::total },
    Entry { rule: Rule::ExtensionNotAuthorised, schedule: approvals::not_authorised },
    Entry { rule: Rule::ExtensionRetrospective, schedule: approvals::retrospective },
    Entry { rule: Rule::ExtensionWithoutRationale, schedule: approvals::without_rationale },
    Entry { rule: Rule::ExtensionAfterMissedEngagement, schedule: approvals::after_missed_engagement },
    Entry { rule: Rule::ReEntry, schedule: family::re_entry },
    Entry { rule: Rule::WorkerChange, schedule: workers::changes },
];
