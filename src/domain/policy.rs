//! The numbers by which drift is judged, and who is told of it.
//!
//! Owns every threshold of every rule as a typed value with its default. Reading them from a file, and refusing a wrong one, is
//! [`crate::policy_file`]'s; the file `config/policy.toml` says the same as [`Policy::default`], which a test holds.

use jiff::civil::{Date, Time, Weekday, time};

use super::calendar::{Calendar, Span};
use super::case::{AssessmentKind, Grade, Outcome, coded};
use super::census::OutcomeCode;
use super::retention::RetentionPolicy;
use super::schedule::Severity;

coded! {
    /// The event from which the sixteen weeks are counted.
    ClockStart {
        /// The decision to enter pre-proceedings.
        Decision = "decision",
        /// The letter before proceedings, once it is sent.
        Letter = "letter",
        /// The initial meeting, once it is held.
        InitialMeeting = "initial_meeting",
    }
}

coded! {
    /// Whom an alert can be sent to.
    Role {
        /// Manages a team of social workers.
        TeamManager = "team_manager",
        /// Manages several teams.
        ServiceManager = "service_manager",
        /// Keeps the timetable of pre-proceedings and proceedings.
        CaseProgressionManager = "case_progression_manager",
        /// Chairs the panel that decides on extension, issue and step down.
        LegalGatewayChair = "legal_gateway_chair",
        /// Manages the service.
        HeadOfService = "head_of_service",
        /// Answers to the director.
        AssistantDirector = "assistant_director",
        /// The director of children's services.
        Director = "director",
    }
}

impl Role {
    /// The role as a person would say it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TeamManager => "team manager",
            Self::ServiceManager => "service manager",
            Self::CaseProgressionManager => "case progression manager",
            Self::LegalGatewayChair => "legal gateway chair",
            Self::HeadOfService => "head of service",
            Self::AssistantDirector => "assistant director",
            Self::Director => "director",
        }
    }
}

coded! {
    /// How a person is told.
    Delivery {
        /// By a message of its own, at once.
        Immediate = "immediate",
        /// In the next digest.
        Digest = "digest",
    }
}

/// How long after a day a finding turns amber, and how long after it red.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Amber on the days after the day plus this.
    pub amber_after: Span,
    /// Red on the days after the day plus this.
    pub red_after: Span,
}

/// From which count a finding is amber, and from which red.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The least count that is amber.
    pub amber_from: u32,
    /// The least count that is red.
    pub red_from: u32,
}

impl Counts {
    /// The severity of a count; absent below amber.
    #[must_use]
    pub fn severity(self, count: usize) -> Option<Severity> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if count >= self.red_from { Some(Severity::Red) } else { (count >= self.amber_from).then_some(Severity::Amber) }
    }
}

/// The period of pre-proceedings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPolicy {
    /// The event it is counted from.
    pub starts: ClockStart,
    /// How long it is.
    pub length: Span,
    /// How long before an expected birth it must have ended.
    pub before_birth: Span,
}

/// When the milestones are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MilestonePolicy {
    /// After the start.
    pub letter_before_proceedings: Span,
    /// After the letter.
    pub initial_meeting: Span,
    /// Before the end.
    pub final_review: Span,
    /// After the decision to issue.
    pub court_application: Span,
    /// How long before it is due a milestone is noticed.
    pub notice_before: Span,
    /// How long after it is due a missed milestone is red.
    pub red_after: Span,
}

/// The pace of a case that goes as planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForecastPolicy {
    /// From the start to the letter.
    pub letter: Span,
    /// From the letter to the initial meeting.
    pub initial_meeting: Span,
    /// From there to the first review.
    pub first_review: Span,
    /// From there to the final review.
    pub final_review: Span,
    /// From there to the decision.
    pub decision: Span,
    /// How long after the end a forecast is amber.
    pub amber_after: Span,
}

/// When the decision after a final review is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionPolicy {
    /// After the final review.
    pub due: Span,
    /// How long after it is due a missing decision is red.
    pub red_after: Span,
}

/// An assessment without which no decision can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredAssessment {
    /// Of what.
    pub kind: AssessmentKind,
    /// How long after the start of the clock it must have been commissioned.
    pub within: Span,
}

/// Assessments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessmentPolicy {
    /// How long after it is due a late assessment is red.
    pub late_red_after: Span,
    /// The assessments that every case needs.
    pub required: Vec<RequiredAssessment>,
    /// How long after that a required assessment that is not commissioned is red.
    pub not_commissioned_red_after: Span,
}

/// How far extensions may move the end, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionTotalPolicy {
    /// Amber above this many days.
    pub amber_over_days: u32,
    /// Red above this many days.
    pub red_over_days: u32,
}

/// An extension granted in spite of missed appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatedOpportunityPolicy {
    /// This many missed and not excused …
    pub missed: u32,
    /// … within this time before the approval.
    pub within: Span,
}

/// A family that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReEntryPolicy {
    /// Step-downs within this time before the start count.
    pub within: Span,
    /// How many are amber, how many red.
    pub counts: Counts,
}

/// One rung of a ladder: who is told of an alert that nobody has acted on, after how long, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// To whom.
    pub role: Role,
    /// Working days since the alert opened or turned to its severity.
    pub after: u16,
    /// How.
    pub deliver: Delivery,
}

/// What becomes of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertPolicy {
    /// The least severity that opens an alert.
    pub alert_from: Severity,
    /// How long an acknowledgement or a snooze may last.
    pub pause_at_most: Span,
    /// How long the acknowledge link of a mail works.
    pub link_valid: Span,
    /// The ladder of an amber alert, in the order of its delays; a role stands on it once.
    pub amber: Vec<Rung>,
    /// The ladder of a red alert.
    pub red: Vec<Rung>,
}

/// The mail of each working day that gathers what is not told at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestPolicy {
    /// London's time from which it is sent.
    pub at: Time,
}

/// The meetings of the legal gateway panel, and who gets the pack on the working day before each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelPolicy {
    /// The day of the week on which the panel meets.
    pub weekday: Weekday,
    /// Every how many weeks.
    pub every_weeks: u16,
    /// The day of one meeting, from which the weeks are counted; without it every week has one.
    pub counted_from: Option<Date>,
    /// London's time from which the pack is sent.
    pub at: Time,
    /// Who gets it.
    pub roles: Vec<Role>,
}

impl AlertPolicy {
    /// The ladder of a severity.
    #[must_use]
    pub fn ladder(&self, severity: Severity) -> &[Rung] {
        match severity {
            Severity::Notice => &[],
            Severity::Amber => &self.amber,
            Severity::Red => &self.red,
        }
    }
}

/// The codes that the census has for outcomes. Only the council can say them, so that by default there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CensusOutcomes {
    /// Of the decision to go to court.
    pub issue: Option<OutcomeCode>,
    /// Of the decision to step down.
    pub step_down: Option<OutcomeCode>,
    /// Of any other.
    pub other: Option<OutcomeCode>,
}

impl CensusOutcomes {
    /// The code of an outcome; absent where the council has not said it.
    #[must_use]
    pub fn code(&self, outcome: Outcome) -> Option<OutcomeCode> {
        match outcome {
            Outcome::Issue => self.issue,
            Outcome::StepDown => self.step_down,
            Outcome::Other => self.other,
        }
    }
}

/// Every number of every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Working days.
    pub calendar: Calendar,
    /// The period.
    pub clock: ClockPolicy,
    /// `milestone_missed`.
    pub milestones: MilestonePolicy,
    /// The forecast and `forecast_overrun`.
    pub forecast: ForecastPolicy,
    /// `review_not_held`: red so long after the planned day.
    pub review_not_held_red_after: Span,
    /// `review_postponed`.
    pub review_postponed: Counts,
    /// `review_gap`.
    pub review_gap: Limits,
    /// `no_next_review`: amber so long after the last meeting.
    pub no_next_review_after: Span,
    /// `decision_overdue`.
    pub decision_overdue: DecisionPolicy,
    /// `time_limit`: noticed so long before the end.
    pub time_limit_notice_before: Span,
    /// `extension_pending`.
    pub extension_pending: Limits,
    /// `missed_engagement`.
    pub missed_engagement: Counts,
    /// `oversight_gap`.
    pub oversight_gap: Limits,
    /// `no_recorded_work`.
    pub no_recorded_work: Limits,
    /// `assessment_late` and `assessment_not_commissioned`.
    pub assessments: AssessmentPolicy,
    /// `fgdm_offer_missing`: letters sent on or after this day need an offer; without a day the rule says nothing.
    pub fgdm_required_from: Option<Date>,
    /// `repeated_extensions`.
    pub repeated_extensions: Counts,
    /// `extension_total`.
    pub extension_total: ExtensionTotalPolicy,
    /// `extension_not_authorised`: the lowest grade that may approve.
    pub extension_minimum_grade: Grade,
    /// `extension_after_missed_engagement`.
    pub repeated_opportunity: RepeatedOpportunityPolicy,
    /// `re_entry`.
    pub re_entry: ReEntryPolicy,
    /// `worker_change`.
    pub worker_change: Counts,
    /// What becomes of findings.
    pub alerts: AlertPolicy,
    /// When the digest is sent.
    pub digest: DigestPolicy,
    /// When the panel meets.
    pub panel: PanelPolicy,
    /// How long what is over is kept.
    pub retention: RetentionPolicy,
    /// How the census calls outcomes.
    pub census_outcomes: CensusOutcomes,
}

impl Default for Policy {
    fn default() -> Self {
        use Span::{Weeks, WorkingDays};
        let two_or_three = Counts { amber_from: 2, red_from: 3 };
        let four_to_six_weeks = Limits { amber_after: Weeks(4), red_after: Weeks(6) };
        Self {
            calendar: Calendar::default(),
            clock: ClockPolicy { starts: ClockStart::Decision, length: Weeks(16), before_birth: Weeks(4) },
            milestones: MilestonePolicy {
                letter_before_proceedings: WorkingDays(5),
                initial_meeting: WorkingDays(10),
                final_review: WorkingDays(5),
                court_application: WorkingDays(10),
                notice_before: WorkingDays(5),
                red_after: WorkingDays(5),
            },
            forecast: ForecastPolicy {
                letter: WorkingDays(5),
                initial_meeting: WorkingDays(10),
                first_review: Weeks(5),
                final_review: Weeks(6),
                decision: WorkingDays(5),
                amber_after: Weeks(2),
            },
            review_not_held_red_after: WorkingDays(5),
            review_postponed: two_or_three,
            review_gap: Limits { amber_after: Weeks(6), red_after: Weeks(8) },
            no_next_review_after: WorkingDays(5),
            decision_overdue: DecisionPolicy { due: WorkingDays(5), red_after: WorkingDays(5) },
            time_limit_notice_before: Weeks(2),
            extension_pending: Limits { amber_after: WorkingDays(5), red_after: WorkingDays(10) },
            missed_engagement: two_or_three,
            oversight_gap: four_to_six_weeks,
            no_recorded_work: four_to_six_weeks,
            assessments: AssessmentPolicy {
                late_red_after: WorkingDays(10),
                required: vec![
                    RequiredAssessment { kind: AssessmentKind::Parenting, within: Weeks(4) },
                    RequiredAssessment { kind: AssessmentKind::ConnectedPersons, within: Weeks(8) },
                ],
                not_commissioned_red_after: WorkingDays(10),
            },
            fgdm_required_from: None,
            repeated_extensions: two_or_three,
            extension_total: ExtensionTotalPolicy { amber_over_days: 56, red_over_days: 84 },
            extension_minimum_grade: Grade::ServiceManager,
            repeated_opportunity: RepeatedOpportunityPolicy { missed: 2, within: Weeks(6) },
            re_entry: ReEntryPolicy { within: Weeks(52), counts: Counts { amber_from: 1, red_from: 2 } },
            worker_change: two_or_three,
            alerts: AlertPolicy {
                alert_from: Severity::Amber,
                pause_at_most: WorkingDays(20),
                link_valid: Weeks(4),
                amber: vec![
                    Rung { role: Role::LegalGatewayChair, after: 0, deliver: Delivery::Digest },
                    Rung { role: Role::ServiceManager, after: 5, deliver: Delivery::Digest },
                    Rung { role: Role::HeadOfService, after: 10, deliver: Delivery::Immediate },
                ],
                red: vec![
                    Rung { role: Role::LegalGatewayChair, after: 0, deliver: Delivery::Immediate },
                    Rung { role: Role::ServiceManager, after: 2, deliver: Delivery::Immediate },
                    Rung { role: Role::HeadOfService, after: 5, deliver: Delivery::Immediate },
                    Rung { role: Role::AssistantDirector, after: 10, deliver: Delivery::Immediate },
                ],
            },
            digest: DigestPolicy { at: time(8, 0, 0, 0) },
            panel: PanelPolicy {
                weekday: Weekday::Wednesday,
                every_weeks: 1,
                counted_from: None,
                at: time(8, 0, 0, 0),
                roles: vec![Role::LegalGatewayChair],
            },
            retention: RetentionPolicy::default(),
            census_outcomes: CensusOutcomes::default(),
        }
    }
}
