//! The words of the API as people say them on pages.

use jiff::Timestamp;

use crate::clock::Moment;
use crate::domain::calendar::in_words;
use crate::domain::course::{EndSetBy, Status};
use crate::domain::policy::Role;
use crate::domain::risk::Rag;
use crate::domain::schedule::Severity;
use crate::store::alert_list::AlertState;

/// Where a case stands.
#[must_use]
pub fn status(status: Status) -> &'static str {
    match status {
        Status::NotStarted => "Not started",
        Status::Open => "In pre-proceedings",
        Status::DecidedIssue => "Decided to issue",
        Status::Issued => "Issued",
        Status::SteppedDown => "Stepped down",
        Status::Closed => "Closed",
    }
}

/// How much at risk a case is.
#[must_use]
pub fn rag(rag: Rag) -> &'static str {
    match rag {
        Rag::Red => "Red",
        Rag::Amber => "Amber",
        Rag::Green => "Green",
    }
}

/// How grave something is.
#[must_use]
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Red => "Red",
        Severity::Amber => "Amber",
        Severity::Notice => "Notice",
    }
}

/// How grave something is, and what that means.
#[must_use]
pub fn severity_explained(severity: Severity) -> &'static str {
    match severity {
        Severity::Red => "Red: the case has drifted",
        Severity::Amber => "Amber: the case is drifting",
        Severity::Notice => "Notice: worth knowing",
    }
}

/// What happens next to an alert that stands, whoever answers it.
pub const CLOSES: &str = "The alert closes by itself as soon as the case data shows that it is put right.";

/// What happens next to an alert that is resolved.
pub const OVER: &str = "Nothing. If the same thing goes wrong again, a new alert is opened.";

/// What has become of an alert.
#[must_use]
pub fn state(state: AlertState) -> &'static str {
    match state {
        AlertState::Open => "Not answered",
        AlertState::Acknowledged => "Acknowledged",
        AlertState::Snoozed => "Put off",
        AlertState::Resolved => "Resolved",
    }
}

/// What set the end of a period.
#[must_use]
pub fn set_by(set_by: EndSetBy) -> &'static str {
    match set_by {
        EndSetBy::Clock => "the usual period",
        EndSetBy::Extension => "the last approved extension",
        EndSetBy::ExpectedBirth => "an expected birth",
        EndSetBy::Birth => "a birth",
    }
}

/// A role that is given by its code: `the` belongs before it.
#[must_use]
pub fn role(code: &str) -> &str {
    Role::from_code(code).map_or(code, |role| role.title())
}

/// When something happened: the day and the time in London.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    let moment = Moment::of(at);
    format!("{} at {}", in_words(moment.today), moment.in_london().strftime("%H:%M"))
}
