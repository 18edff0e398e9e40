//! Judges cases: their alerts follow what the rules say of them.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::{Connection, PgConnection};
use tracing::{error, warn};
use uuid::Uuid;

use super::{Line, Report, Sweep, follow_up, is_held_elsewhere, is_the_cases_own};
use crate::clock::Moment;
use crate::domain::case::Case;
use crate::domain::evaluation::Evaluation;
use crate::domain::ladder::{Position, Step, TurnedBy};
use crate::domain::pause::PauseEnd;
use crate::domain::policy::{Policy, Role};
use crate::domain::reconcile::{Change, Standing, reconcile};
use crate::domain::schedule::{Finding, Severity};
use crate::store::alerts::{self, NewAlert, Turn};
use crate::store::journal::{self, Entry, ToAdd, What};
use crate::store::watch::{self, Seen};
use crate::store::{UnknownWord, cases, ladders, without_values};

/// Judges a page of cases that are held: alerts follow findings, news is gathered, and the next look is noted.
pub async fn page(connection: &mut PgConnection, sweep: &Sweep, now: Moment, held: &[String]) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut standing: HashMap<String, Vec<Standing<Uuid>>> = HashMap::new();
    for (case, alert) in alerts::standing(connection, held).await? {
        standing.entry(case).or_default().push(alert);
    }
    let mut decided = Decided::default();
    let mut judged = Vec::new();
    for (reference, case) in cases::load(connection, held).await? {
        match evaluate(case, &sweep.policy, now) {
            Ok((case, evaluation)) => {
                let standing = standing.remove(&reference).unwrap_or_default();
                for change in reconcile(&evaluation.findings, &standing, &sweep.policy.alerts) {
                    decided.add(sweep, &case.reference, &standing, change, now);
                }
                judged.push((reference, evaluation));
            }
            Err(reason) => {
                error!(case.reference = reference, reason, "a case could not be judged and is put off");
                put_off(connection, now, &reference, &reason).await?;
                report.postponed.push(reference);
            }
        }
    }
    report.told += decided.carry_out(connection, sweep, now).await?;
    report.add(decided.report);
    let seen: Vec<Seen> = judged.iter().map(|(reference, evaluation)| Seen { reference, evaluation }).collect();
    watch::keep(connection, now, &seen).await?;
    report.cases += seen.len();
    Ok(report)
}

/// Which cases are to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those whose day has come.
    Due,
    /// Every one.
    Any,
}

/// Cases of a page that somebody holds and that are waited for in vain, before the trouble is taken to be everybody's.
const MOST_PASSED_OVER: usize = 3;

/// Judges cases each in a transaction of its own, after a page of them failed, so that only the broken ones are put off.
pub async fn one_by_one(
    connection: &mut PgConnection,
    sweep: &Sweep,
    now: Moment,
    held: &[String],
    which: Which,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut passed_over = 0;
    for reference in held {
        let mut tx = connection.begin().await?;
        let due_by = match which {
            Which::Due => Some(now.today),
            Which::Any => None,
        };
        if !watch::hold_one(&mut tx, due_by, reference).await? {
            continue;
        }
        match page(&mut tx, sweep, now, std::slice::from_ref(reference)).await {
            Ok(page) => {
                tx.commit().await?;
                report.add(page);
            }
            Err(wrong) if is_held_elsewhere(&wrong) && passed_over < MOST_PASSED_OVER => {
                tx.rollback().await?;
                passed_over += 1;
                warn!(case.reference = reference, "somebody holds an alert of a case: it stays due");
            }
            Err(wrong) if !is_the_cases_own(&wrong) => return Err(wrong),
            Err(wrong) => {
                tx.rollback().await?;
                let reason = without_values(&wrong);
                error!(case.reference = reference, reason, "a case could not be judged and is put off");
                let mut tx = connection.begin().await?;
                put_off(&mut tx, now, reference, &reason).await?;
                tx.commit().await?;
                report.postponed.push(reference.clone());
            }
        }
    }
    Ok(report)
}

/// A case with what the rules make of it; a reason where they cannot.
pub fn evaluate(case: Result<Case, UnknownWord>, policy: &Policy, now: Moment) -> Result<(Case, Evaluation), String> {
    let case = case.map_err(|wrong| wrong.to_string())?;
    match catch_unwind(AssertUnwindSafe(|| Evaluation::of(&case, policy, now.today))) {
        Ok(evaluation) => Ok((case, evaluation)),
        Err(_) => Err("the rules failed on it".to_owned()),
    }
}

/// What was decided about the alerts of some cases, to be carried out together.
#[derive(Default)]
struct Decided {
    opened: Vec<NewAlert>,
    /// Alerts that turn graver or less grave.
    turned: Vec<(Uuid, TurnedBy, Finding)>,
    kept: Vec<(Uuid, Finding)>,
    resolved: Vec<Uuid>,
    journal: Vec<ToAdd>,
    report: Report,
}

impl Decided {
    fn add(&mut self, sweep: &Sweep, case: &str, standing: &[Standing<Uuid>], change: Change<Uuid>, now: Moment) {
        let line = |rule: &str, subject: &str, severity| Line {
            case: case.to_owned(),
            rule: rule.to_owned(),
            subject: subject.to_owned(),
            severity,
        };
        let by_finding = |finding: &Finding| line(finding.rule.code(), &finding.subject, finding.severity);
        let (what, id, reason) = match change {
            Change::Open(finding) => {
                let (id, severity) = (Uuid::now_v7(), finding.severity);
                let first = first_step(sweep, severity, TurnedBy::Opened, now, Vec::new());
                self.report.opened.push(by_finding(&finding));
                self.opened.push(NewAlert { id, case: case.to_owned(), finding, first });
                (What::AlertOpened, id, severity.code())
            }
            Change::Raise(id, finding) => {
                let severity = finding.severity;
                self.report.escalated.push(by_finding(&finding));
                self.turned.push((id, TurnedBy::Raised, finding));
                (What::AlertRaised, id, severity.code())
            }
            Change::Lower(id, finding) => {
                let severity = finding.severity;
                self.report.lowered.push(by_finding(&finding));
                self.turned.push((id, TurnedBy::Lowered, finding));
                (What::AlertLowered, id, severity.code())
            }
            Change::Keep(id, finding) => return self.kept.push((id, finding)),
            Change::Resolve(id, why) => {
                let resolved = standing.iter().find(|alert| alert.id == id);
                self.report.resolved.extend(resolved.map(|alert| line(&alert.rule, &alert.subject, alert.severity)));
                self.resolved.push(id);
                (What::AlertResolved, id, why.reason())
            }
        };
        let reason = reason.to_owned();
        self.journal.push(ToAdd { what, case: case.to_owned(), alert: Some(id), message: None, recipient: None, reason });
    }

    /// The alerts that stand and are to be changed.
    fn standing(&self) -> Vec<Uuid> {
        let turned = self.turned.iter().map(|(id, ..)| *id);
        self.resolved.iter().copied().chain(self.kept.iter().map(|(id, _)| *id)).chain(turned).collect()
    }

    /// Carries it all out, journals it, and climbs the ladders that begin; returns on how many rungs somebody is told.
    async fn carry_out(&self, connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> anyhow::Result<usize> {
        alerts::hold(connection, &self.standing()).await?;
        alerts::resolve(connection, &self.resolved, now.at).await?;
        alerts::open(connection, &self.opened, now).await?;
        alerts::keep(connection, &self.kept).await?;
        for (id, by, finding) in &self.turned {
            turn(connection, sweep, now, *id, *by, finding).await?;
        }
        journal::add_all(connection, now.at, &self.journal).await?;
        let turned: Vec<Uuid> = self.opened.iter().map(|new| new.id).chain(self.turned.iter().map(|(id, ..)| *id)).collect();
        follow_up::climb_turned(connection, sweep, now, &turned).await
    }
}

async fn turn(
    connection: &mut PgConnection,
    sweep: &Sweep,
    now: Moment,
    id: Uuid,
    by: TurnedBy,
    finding: &Finding,
) -> Result<(), sqlx::Error> {
    let heard = match by {
        TurnedBy::Lowered => ladders::heard(connection, &[id]).await?.remove(&id).unwrap_or_default(),
        _ => Vec::new(),
    };
    let first = first_step(sweep, finding.severity, by, now, heard);
    alerts::turn(connection, id, &Turn { by, finding: Some(finding), first }, now).await?;
    if by == TurnedBy::Raised {
        alerts::end_pauses(connection, &[id], PauseEnd::Raised, now.at).await?;
    }
    Ok(())
}

/// The first rung of the ladder that a turn begins.
fn first_step(sweep: &Sweep, severity: Severity, by: TurnedBy, now: Moment, heard: Vec<Role>) -> Option<Step> {
    Position::at_turn(severity, by, now.today, heard).next(&sweep.policy.alerts, &sweep.policy.calendar)
}

async fn put_off(connection: &mut PgConnection, now: Moment, reference: &str, reason: &str) -> Result<(), sqlx::Error> {
    watch::postpone(connection, now, reference).await?;
    let entry = Entry { case: Some(reference), reason: Some(reason), ..Entry::default() };
    journal::add(connection, now.at, What::CasePostponed, entry).await
}
