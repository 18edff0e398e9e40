//! What the legal gateway panel has to decide of a case that drifts: one question, the one that cannot wait.

use super::case::coded;
use super::course::Status;
use super::rules::Rule;
use super::schedule::Finding;

coded! {
    /// A question to the panel, the most pressing first.
    Question {
        /// It was decided to issue and nothing was filed.
        ApplyToCourt = "apply_to_court",
        /// The period has ended.
        IssueStepDownOrExtend = "issue_step_down_or_extend",
        /// The final review was held.
        IssueOrStepDown = "issue_or_step_down",
        /// Somebody waits for an answer.
        ApproveOrRefuseExtension = "approve_or_refuse_extension",
        /// More time was given than the rules allow without a second look.
        ReviewExtensions = "review_extensions",
        /// The family is back.
        ReviewReEntry = "review_re_entry",
        /// An assessment is late or was never commissioned.
        ActOnLateAssessment = "act_on_late_assessment",
        /// The parents do not come.
        ActOnMissedEngagement = "act_on_missed_engagement",
        /// The pace does not suffice.
        BringForwardOrExtend = "bring_forward_or_extend",
        /// Steps and reviews are behind.
        BringBackOnTrack = "bring_back_on_track",
        /// The record does not say how the case stands.
        CompleteTheRecord = "complete_the_record",
    }
}

impl Question {
    /// The question of a case with these findings; absent where nothing is at amber or red.
    #[must_use]
    pub fn of(status: Status, findings: &[Finding]) -> Option<Self> {
        let drifting = findings.iter().filter(|finding| finding.severity.is_at_risk());
        drifting.map(|finding| Self::raised_by(finding.rule, status)).min()
    }

    /// The question as a person would ask it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::ApplyToCourt => "It was decided to issue: why is the application not made, and by when will it be?",
            Self::IssueStepDownOrExtend => "The period has ended: issue, step down, or extend once more and record why?",
            Self::IssueOrStepDown => "The final review was held: issue or step down?",
            Self::ApproveOrRefuseExtension => "An extension was asked for: approve or refuse it?",
            Self::ReviewExtensions => "Was more time justified, and is it still? Record the rationale, or decide to issue.",
            Self::ReviewReEntry => "The family is back after stepping down: is pre-proceedings again enough, or issue?",
            Self::ActOnLateAssessment => "An assessment holds the case up: press for it, replace it, or decide without it?",
            Self::ActOnMissedEngagement => "Appointments are missed again and again: what changes, or is it time to issue?",
            Self::BringForwardOrExtend => "At this pace the period ends before the decision: bring it forward, or extend?",
            Self::BringBackOnTrack => "Steps are behind: who does what by when to bring the case back on track?",
            Self::CompleteTheRecord => "The record does not say how the case stands: who completes it, by when?",
        }
    }

    fn raised_by(rule: Rule, status: Status) -> Self {
        match rule {
            Rule::MilestoneMissed if status == Status::DecidedIssue => Self::ApplyToCourt,
            Rule::TimeLimit => Self::IssueStepDownOrExtend,
            Rule::DecisionOverdue => Self::IssueOrStepDown,
            Rule::ExtensionPending => Self::ApproveOrRefuseExtension,
            Rule::RepeatedExtensions
            | Rule::ExtensionTotal
            | Rule::ExtensionNotAuthorised
            | Rule::ExtensionRetrospective
            | Rule::ExtensionWithoutRationale
            | Rule::ExtensionAfterMissedEngagement => Self::ReviewExtensions,
            Rule::ReEntry => Self::ReviewReEntry,
            Rule::AssessmentLate | Rule::AssessmentNotCommissioned => Self::ActOnLateAssessment,
            Rule::MissedEngagement => Self::ActOnMissedEngagement,
            Rule::ForecastOverrun => Self::BringForwardOrExtend,
            Rule::MissingData | Rule::DatesOutOfOrder => Self::CompleteTheRecord,
            Rule::MilestoneMissed
            | Rule::ReviewNotHeld
            | Rule::ReviewPostponed
            | Rule::ReviewGap
            | Rule::NoNextReview
            | Rule::OversightGap
            | Rule::NoRecordedWork
            | Rule::FgdmOfferMissing
            | Rule::WorkerChange => Self::BringBackOnTrack,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::schedule::Severity;
    use super::*;

    fn question(status: Status, rules: &[(Rule, Severity)]) -> Option<Question> {
        let day = date(2026, 6, 1);
        let finding = |&(rule, severity): &(Rule, Severity)| Finding {
            rule,
            subject: String::new(),
            severity,
            since_on: day,
            severity_since_on: day,
            message: String::new(),
            gives_a_birth_away: false,
        };
        Question::of(status, &rules.iter().map(finding).collect::<Vec<_>>())
    }

    #[test]
    fn the_question_that_cannot_wait_is_asked() {
        use Severity::{Amber, Notice, Red};
        let late = (Rule::AssessmentLate, Red);
        assert_eq!(question(Status::Open, &[late]), Some(Question::ActOnLateAssessment));
        assert_eq!(question(Status::Open, &[late, (Rule::TimeLimit, Red)]), Some(Question::IssueStepDownOrExtend));
        assert_eq!(question(Status::Open, &[late, (Rule::TimeLimit, Notice)]), Some(Question::ActOnLateAssessment));
        assert_eq!(question(Status::Open, &[(Rule::MilestoneMissed, Amber)]), Some(Question::BringBackOnTrack));
        assert_eq!(question(Status::DecidedIssue, &[(Rule::MilestoneMissed, Amber)]), Some(Question::ApplyToCourt));
        assert_eq!(question(Status::Open, &[(Rule::ReEntry, Notice)]), None);
    }
}
