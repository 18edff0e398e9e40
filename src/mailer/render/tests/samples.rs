//! Messages that look like real ones.

use jiff::civil::{Date, date};

use crate::domain::pause::PauseKind;
use crate::domain::policy::{Delivery, Role};
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::mailer::render::{AlertLine, Because, CaseBlock, Deadline, Kind, Mail, News, NextRung, StillOpen};

pub const TODAY: Date = date(2026, 11, 23);

pub fn mail(kind: Kind, blocks: Vec<CaseBlock>) -> Mail<'static> {
    Mail {
        kind,
        because: vec![Because { role: Role::LegalGatewayChair, stands_in: false }],
        council: "Northshire County Council",
        pages: Some("https://drift.northshire.example"),
        checked_at: "2026-11-23T09:05:00Z".parse().expect("an instant"),
        today: TODAY,
        still_open: None,
        blocks,
    }
}

pub fn alerts(blocks: Vec<CaseBlock>) -> Mail<'static> {
    mail(Kind::Alerts, blocks)
}

pub fn digest() -> Mail<'static> {
    let digest = mail(Kind::Digest, vec![reviewed(), under_way(), not_started()]);
    Mail { still_open: Some(StillOpen { red: 3, amber: 4 }), ..digest }
}

pub fn panel_pack() -> Mail<'static> {
    let kind = Kind::PanelPack { meeting_on: date(2026, 11, 24), is_working_day: true };
    mail(kind, vec![for_decision(), for_extension(), on_course()])
}

pub fn panel_on_a_day_off() -> Mail<'static> {
    Mail { kind: Kind::PanelPack { meeting_on: date(2026, 12, 25), is_working_day: false }, ..panel_pack() }
}

pub fn panel_without_cases() -> Mail<'static> {
    Mail { blocks: vec![], ..panel_pack() }
}

fn line(rule: Rule, severity: Severity, message: &str, since_on: impl Into<Option<Date>>) -> AlertLine {
    let acknowledge =
        format!("https://drift.northshire.example/acknowledge/Zk3vT0qLw9hN7yXcR2bPs5mUe8dKf1JgHq6oWzA4t{}", rule.code());
    AlertLine {
        rule,
        severity,
        message: message.to_owned(),
        since_on: since_on.into(),
        news: News::New,
        acknowledge: Some(acknowledge),
    }
}

fn told_as(news: News, alert: AlertLine) -> AlertLine {
    AlertLine { news, ..alert }
}

/// As it stands in a panel pack.
fn tabled(news: News, alert: AlertLine) -> AlertLine {
    AlertLine { news, acknowledge: None, ..alert }
}

fn time_limit() -> AlertLine {
    let message = "The pre-proceedings period ended on 16 November 2026; 5 working days over";
    line(Rule::TimeLimit, Severity::Red, message, date(2026, 11, 17))
}

fn time_limit_as_extended() -> AlertLine {
    let message = "The pre-proceedings period ended on 19 October 2026 as extended; 25 working days over";
    line(Rule::TimeLimit, Severity::Red, message, date(2026, 10, 20))
}

fn oversight_gap() -> AlertLine {
    let message = "Last oversight with a recorded rationale was on 5 October 2026; 7 weeks ago";
    line(Rule::OversightGap, Severity::Red, message, date(2026, 11, 3))
}

fn assessment_late() -> AlertLine {
    let message = "Parenting assessment (2) was due on 16 November 2026; not received; 5 working days over";
    line(Rule::AssessmentLate, Severity::Amber, message, date(2026, 11, 17))
}

fn no_next_review() -> AlertLine {
    let message = "Last meeting was held on 9 November 2026; no further meeting is planned";
    line(Rule::NoNextReview, Severity::Amber, message, date(2026, 11, 17))
}

fn no_recorded_work() -> AlertLine {
    line(Rule::NoRecordedWork, Severity::Amber, "Last recorded work was on 26 October 2026; 4 weeks ago", date(2026, 11, 10))
}

fn pause_ended(kind: PauseKind, by: Option<Role>) -> News {
    News::PauseEnded { kind, by, made_on: date(2026, 11, 2), until_on: date(2026, 11, 20) }
}

fn put_aside(kind: PauseKind, by: Option<Role>) -> News {
    News::Paused { kind, by, until_on: date(2026, 12, 14) }
}

pub fn over() -> CaseBlock {
    CaseBlock {
        reference: "PLO-2026-0417".to_owned(),
        team: Some("North 2".to_owned()),
        started_on: Some(date(2026, 7, 27)),
        weeks_open: Some(17),
        end_on: Some(date(2026, 11, 16)),
        extended_from: None,
        next_deadline: None,
        question: None,
        alerts: vec![time_limit()],
        also_told: vec![],
        not_reached: vec![],
        next_rung: Some(NextRung { role: Role::ServiceManager, on: Some(date(2026, 11, 25)), deliver: Delivery::Immediate }),
    }
}

/// Extended and over it, with an alert that was amber, an amber one, and others who are told.
pub fn extended() -> CaseBlock {
    CaseBlock {
        reference: "PLO-2026-0288".to_owned(),
        started_on: Some(date(2026, 5, 4)),
        weeks_open: Some(29),
        end_on: Some(date(2026, 10, 19)),
        extended_from: Some(date(2026, 8, 24)),
        next_deadline: Some(Deadline { what: "Meeting 5 (review)".to_owned(), on: date(2026, 12, 7) }),
        alerts: vec![time_limit_as_extended(), told_as(News::TurnedRed, oversight_gap()), assessment_late()],
        also_told: vec![Role::ServiceManager, Role::LegalGatewayChair, Role::CaseProgressionManager],
        not_reached: vec![Role::TeamManager],
        ..over()
    }
}

/// In time, and amber.
pub fn under_way() -> CaseBlock {
    CaseBlock {
        reference: "PLO-2026-0533".to_owned(),
        team: Some("East".to_owned()),
        started_on: Some(date(2026, 9, 21)),
        weeks_open: Some(9),
        end_on: Some(date(2027, 1, 11)),
        next_deadline: Some(Deadline { what: "Final review".to_owned(), on: date(2026, 12, 28) }),
        alerts: vec![no_next_review()],
        next_rung: Some(NextRung { role: Role::ServiceManager, on: Some(date(2026, 11, 30)), deliver: Delivery::Digest }),
        ..over()
    }
}

/// Less grave than it was, and told before.
pub fn reviewed() -> CaseBlock {
    CaseBlock {
        reference: "PLO-2026-0502".to_owned(),
        alerts: vec![
            told_as(News::TurnedAmber, AlertLine { severity: Severity::Amber, ..oversight_gap() }),
            told_as(News::NotActedOn { open_since: Some(date(2026, 11, 11)) }, no_recorded_work()),
        ],
        also_told: vec![Role::LegalGatewayChair],
        ..under_way()
    }
}

/// Put aside before, and nobody further to tell.
pub fn put_aside_before() -> CaseBlock {
    let by_the_chair = pause_ended(PauseKind::Acknowledged, Some(Role::LegalGatewayChair));
    CaseBlock {
        reference: "PLO-2026-0366".to_owned(),
        alerts: vec![
            told_as(by_the_chair, time_limit()),
            told_as(pause_ended(PauseKind::Snoozed, None), assessment_late()),
            told_as(News::NotActedOn { open_since: Some(date(2026, 11, 11)) }, no_recorded_work()),
        ],
        also_told: vec![Role::ServiceManager, Role::HeadOfService, Role::AssistantDirector],
        next_rung: None,
        ..over()
    }
}

/// A birth set the end, which must not be shown, nor any day that follows from it.
pub fn birth() -> CaseBlock {
    let message = "The pre-proceedings period has ended; still open";
    CaseBlock {
        reference: "PLO-2026-0390".to_owned(),
        end_on: None,
        alerts: vec![told_as(News::Standing, line(Rule::TimeLimit, Severity::Red, message, None))],
        also_told: vec![Role::ServiceManager],
        next_rung: Some(NextRung { role: Role::ServiceManager, on: None, deliver: Delivery::Immediate }),
        ..over()
    }
}

/// Nothing is known but that it is there.
pub fn not_started() -> CaseBlock {
    let message = "No decision to enter pre-proceedings is recorded";
    CaseBlock {
        reference: "PLO-2026-0561".to_owned(),
        team: None,
        started_on: None,
        weeks_open: None,
        end_on: None,
        alerts: vec![line(Rule::MissingData, Severity::Amber, message, TODAY)],
        ..over()
    }
}

fn for_decision() -> CaseBlock {
    let by_the_chair = put_aside(PauseKind::Acknowledged, Some(Role::LegalGatewayChair));
    CaseBlock {
        question: Some("Issue proceedings, step down or extend?".to_owned()),
        alerts: vec![
            tabled(News::Standing, time_limit_as_extended()),
            tabled(by_the_chair, oversight_gap()),
            tabled(News::Standing, assessment_late()),
        ],
        ..extended()
    }
}

/// All of it is put aside, so that nobody is told next.
fn for_extension() -> CaseBlock {
    CaseBlock {
        question: Some("Extend the period?".to_owned()),
        alerts: vec![tabled(put_aside(PauseKind::Snoozed, None), no_next_review())],
        next_rung: None,
        ..under_way()
    }
}

fn on_course() -> CaseBlock {
    CaseBlock {
        reference: "PLO-2026-0540".to_owned(),
        question: Some("Enter pre-proceedings?".to_owned()),
        alerts: vec![],
        ..under_way()
    }
}

pub fn twenty_three() -> Vec<CaseBlock> {
    let alike = (1..=19).map(|number| CaseBlock { reference: format!("PLO-2026-{number:04}"), ..reviewed() });
    [extended(), over(), birth()].into_iter().chain(alike).chain([not_started()]).collect()
}

/// With more cases than are shown in full.
pub fn panel_in_brief() -> Mail<'static> {
    let tabled = |block: CaseBlock| CaseBlock {
        question: Some("Steps are behind: who does what by when to bring the case back on track?".to_owned()),
        alerts: block.alerts.into_iter().map(|alert| tabled(News::Standing, alert)).collect(),
        ..block
    };
    Mail { blocks: twenty_three().into_iter().map(tabled).collect(), ..panel_pack() }
}

pub fn hostile() -> CaseBlock {
    let hostile = |text: &str| format!("{text}<script>alert('1')</script>\r\n\r\nBcc: all@example.org & \"more\"");
    CaseBlock {
        reference: "<b>\"A&B\"</b>\r\nBcc: x@example.org/../'".to_owned(),
        team: Some(hostile("")),
        question: Some(hostile("Q")),
        next_deadline: Some(Deadline { what: hostile("D"), on: TODAY }),
        alerts: vec![AlertLine {
            acknowledge: Some("https://drift.northshire.example/a/\"><script>\r\nBcc:x".to_owned()),
            ..line(Rule::MissingData, Severity::Red, &hostile("M"), TODAY)
        }],
        ..over()
    }
}
