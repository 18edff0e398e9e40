//! What a mail says of each case: blocks, made of gathered alerts or of the items of a panel's agenda.
//!
//! This is where days are left out from which a birth, or an expected one, could be worked out.

use jiff::civil::Date;
use uuid::Uuid;

use super::render::{AlertLine, Because, CaseBlock, Deadline, News, NextRung};
use crate::domain::calendar::days_between;
use crate::domain::course::{EndSetBy, Status};
use crate::domain::ladder::TurnedBy;
use crate::domain::pause::PauseKind;
use crate::domain::policy::{Delivery, Role};
use crate::domain::rules::Rule;
use crate::domain::schedule::{Finding, Severity};
use crate::store::agenda::item::Item;
use crate::store::to_tell::ToTell;
use crate::store::{UnknownWord, day};

/// As what the person is told of these alerts, each once, in the order of the ladder.
#[must_use]
pub fn because(gathered: &[ToTell]) -> Vec<Because> {
    let mut because: Vec<Because> = Vec::new();
    for told in gathered {
        let Some(role) = told.role.as_deref().and_then(Role::from_code) else { continue };
        let one = Because { role, stands_in: told.stands_in };
        if !because.contains(&one) {
            because.push(one);
        }
    }
    because.sort_by_key(|one| (one.stands_in, one.role));
    because
}

/// One block a case, in the order in which they were gathered.
///
/// # Errors
///
/// The database holds a word that is not known here.
pub fn of_alerts(gathered: Vec<ToTell>, today: Date, link_to: impl Fn(Uuid) -> String) -> Result<Vec<CaseBlock>, UnknownWord> {
    let mut blocks: Vec<CaseBlock> = Vec::new();
    let mut soonest: Option<(Date, NextRung)> = None;
    for told in gathered {
        let line = line(&told, link_to(told.alert))?;
        let block = match blocks.last_mut() {
            Some(block) if block.reference == told.case => block,
            _ => {
                soonest = None;
                blocks.push(block(&told, today));
                blocks.last_mut().expect("one was pushed")
            }
        };
        block.alerts.push(line);
        add_roles(&mut block.also_told, &told.also_told);
        add_roles(&mut block.not_reached, &told.not_reached);
        soonest = sooner(soonest, next_rung(&told));
        block.next_rung = soonest.map(|(_, rung)| rung);
    }
    Ok(blocks)
}

/// The block of a case on the panel's agenda, for one person.
#[must_use]
pub fn of_item(item: &Item, reader: i64, today: Date) -> CaseBlock {
    let Item { case, evaluation, question, follow_up, .. } = item;
    let end = evaluation.end;
    let ends_with_a_birth = end.is_some_and(|end| end.set_by.is_a_birth());
    let drifting = item.drifting();
    // Of which alert the next rung is, is not said: one that hides its days hides that day too.
    let hides_its_days = drifting.iter().any(|finding| finding.gives_a_birth_away);
    let line = |finding: &Finding| AlertLine {
        rule: finding.rule,
        severity: finding.severity,
        message: finding.message.clone(),
        since_on: (!finding.gives_a_birth_away).then_some(finding.since_on),
        news: item.aside(finding).map_or(News::Standing, |aside| News::Paused {
            kind: aside.kind,
            by: aside.by,
            until_on: aside.until_on,
        }),
        acknowledge: None,
    };
    CaseBlock {
        reference: case.reference.clone(),
        team: case.team.clone(),
        started_on: case.started_on,
        weeks_open: weeks_open(evaluation.status, case.started_on, today),
        end_on: end.map(|end| end.on).filter(|_| !ends_with_a_birth),
        extended_from: evaluation.base_end.filter(|_| end.is_some_and(|end| end.set_by == EndSetBy::Extension)),
        next_deadline: evaluation.next_deadline.clone().map(|next| Deadline { what: next.what, on: next.on }),
        question: Some(question.text().to_owned()),
        alerts: drifting.into_iter().map(line).collect(),
        also_told: others(&follow_up.told, reader),
        not_reached: Vec::new(),
        next_rung: follow_up.next.map(|(role, on, deliver)| NextRung { role, on: (!hides_its_days).then_some(on), deliver }),
    }
}

fn line(told: &ToTell, acknowledge: String) -> Result<AlertLine, UnknownWord> {
    let severity = Severity::from_code(&told.severity).ok_or(UnknownWord { column: "message_alerts.severity" })?;
    let rule = Rule::from_code(&told.rule).ok_or(UnknownWord { column: "alerts.rule" })?;
    Ok(AlertLine {
        rule,
        severity,
        since_on: (!told.gives_a_birth_away).then(|| told.since_on.to_jiff()),
        message: told.message.clone(),
        news: news(told, severity),
        acknowledge: Some(acknowledge),
    })
}

/// Why the alert is told now. That it is new, or has turned, says when it did: where that day would give a birth away, it is left out.
fn news(told: &ToTell, severity: Severity) -> News {
    let just_now = |news| if told.gives_a_birth_away { News::Standing } else { news };
    if told.escalated {
        return News::NotActedOn { open_since: (!told.gives_a_birth_away).then(|| told.turned_on.to_jiff()) };
    }
    match (TurnedBy::from_code(&told.turned_by), severity) {
        (Some(TurnedBy::Raised), Severity::Red) => just_now(News::TurnedRed),
        (Some(TurnedBy::Lowered), Severity::Amber) => just_now(News::TurnedAmber),
        (Some(TurnedBy::Reopened), _) => pause_ended(told).unwrap_or_else(|| just_now(News::New)),
        _ => just_now(News::New),
    }
}

fn pause_ended(told: &ToTell) -> Option<News> {
    Some(News::PauseEnded {
        kind: PauseKind::from_code(told.paused_as.as_deref()?)?,
        by: told.paused_by.as_deref().and_then(Role::from_code),
        made_on: day(told.paused_on)?,
        until_on: day(told.paused_until)?,
    })
}

fn ends_with_a_birth(told: &ToTell) -> bool {
    told.end_set_by.as_deref().and_then(EndSetBy::from_code).is_some_and(EndSetBy::is_a_birth)
}

fn block(told: &ToTell, today: Date) -> CaseBlock {
    let started_on = day(told.started_on);
    let status = told.status.as_deref().and_then(Status::from_code);
    let extended = told.end_set_by.as_deref() == Some(EndSetBy::Extension.code());
    CaseBlock {
        reference: told.case.clone(),
        team: told.team.clone(),
        started_on,
        weeks_open: status.and_then(|status| weeks_open(status, started_on, today)),
        end_on: day(told.end_on).filter(|_| !ends_with_a_birth(told)),
        extended_from: day(told.base_end_on).filter(|_| extended),
        next_deadline: next_deadline(told).filter(|deadline| deadline.on >= today),
        question: None,
        alerts: Vec::new(),
        also_told: Vec::new(),
        not_reached: Vec::new(),
        next_rung: None,
    }
}

fn weeks_open(status: Status, started_on: Option<Date>, today: Date) -> Option<i64> {
    let runs = matches!(status, Status::Open | Status::DecidedIssue);
    started_on.filter(|_| runs).map(|started_on| days_between(started_on, today) / 7)
}

fn next_deadline(told: &ToTell) -> Option<Deadline> {
    Some(Deadline { what: told.next_deadline.clone()?, on: day(told.next_deadline_on)? })
}

/// The next rung as it may be told, and the day of it.
fn next_rung(told: &ToTell) -> Option<(Date, NextRung)> {
    let role = Role::from_code(told.next_rung_role.as_deref()?)?;
    let deliver = Delivery::from_code(told.next_rung_deliver.as_deref()?)?;
    let on = day(told.next_rung_on)?;
    Some((on, NextRung { role, on: (!told.gives_a_birth_away).then_some(on), deliver }))
}

fn sooner(one: Option<(Date, NextRung)>, other: Option<(Date, NextRung)>) -> Option<(Date, NextRung)> {
    [one, other].into_iter().flatten().min_by_key(|&(on, rung)| (on, rung.role))
}

/// The roles of other people, each once.
fn others(told: &[(Role, i64)], reader: i64) -> Vec<Role> {
    let mut roles = Vec::new();
    for &(role, recipient) in told {
        if recipient != reader && !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

fn add_roles(roles: &mut Vec<Role>, codes: &[String]) {
    for role in codes.iter().filter_map(|code| Role::from_code(code)) {
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
}
