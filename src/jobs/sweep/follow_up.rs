//! What becomes of alerts that stand: ladders are climbed, and pauses end.

use jiff::civil::date;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Line, Report, Sweep};
use crate::clock::Moment;
use crate::domain::calendar::in_words;
use crate::domain::ladder::{Position, TurnedBy};
use crate::domain::pause::PauseEnd;
use crate::domain::policy::{Policy, Role};
use crate::domain::telling::Person;
use crate::failpoints::failpoint;
use crate::mailer::telling::{Telling, Turned, climb_all};
use crate::store::alerts::{self, EndedPause, Turn};
use crate::store::journal::{self, ToAdd, What};
use crate::store::ladders::{self, Held, NextRung};
use crate::store::recipients;

/// Alerts that are held and committed together.
const AT_A_TIME: i64 = 500;

/// Ends the pauses whose day has come, and climbs every rung that is due.
pub async fn all(connection: &mut PgConnection, sweep: &Sweep, now: Moment, report: &mut Report) -> anyhow::Result<()> {
    end_pauses(connection, sweep, now, report).await?;
    climb_due(connection, sweep, now, report).await?;
    report.unreachable = ladders::count_unreachable(connection).await?;
    Ok(())
}

/// Climbs the ladders of alerts that have just come to a turn; returns on how many rungs somebody is told.
pub async fn climb_turned(connection: &mut PgConnection, sweep: &Sweep, now: Moment, turned: &[Uuid]) -> anyhow::Result<usize> {
    if turned.is_empty() {
        return Ok(0);
    }
    let held = ladders::hold(connection, turned).await?;
    climb(connection, sweep, now, &held, Turned::JustNow).await
}

/// Opens the alerts again whose pause has come to its day, and tells of them at once.
async fn end_pauses(connection: &mut PgConnection, sweep: &Sweep, now: Moment, report: &mut Report) -> anyhow::Result<()> {
    let mut after = Uuid::nil();
    loop {
        let mut tx = connection.begin().await?;
        let ended = alerts::hold_ended_pauses(&mut tx, now.today, after, AT_A_TIME).await?;
        let Some(last) = ended.last() else { break };
        after = last.alert;
        let ids: Vec<Uuid> = ended.iter().map(|pause| pause.alert).collect();
        let mut heard = ladders::heard(&mut tx, &ids).await?;
        for pause in &ended {
            let heard = heard.remove(&pause.alert).unwrap_or_default();
            reopen(&mut tx, &sweep.policy, now, pause, heard).await?;
        }
        journal::add_all(&mut tx, now.at, &ended.iter().map(reopened).collect::<Vec<_>>()).await?;
        report.told += climb_turned(&mut tx, sweep, now, &ids).await?;
        failpoint("pauses.before_commit");
        tx.commit().await?;
        failpoint("pauses.after_commit");
        report.reopened.extend(ended.into_iter().map(Line::from));
    }
    Ok(())
}

async fn reopen(
    connection: &mut PgConnection,
    policy: &Policy,
    now: Moment,
    pause: &EndedPause,
    heard: Vec<Role>,
) -> Result<(), sqlx::Error> {
    let position = Position::at_turn(pause.severity, TurnedBy::Reopened, now.today, heard);
    let first = position.next(&policy.alerts, &policy.calendar);
    alerts::turn(connection, pause.alert, &Turn { by: TurnedBy::Reopened, finding: None, first }, now).await?;
    alerts::end_pauses(connection, &[pause.alert], PauseEnd::Day, now.at).await
}

fn reopened(pause: &EndedPause) -> ToAdd {
    let (made_on, until_on) = (in_words(pause.made_on), in_words(pause.until_on));
    ToAdd {
        what: What::AlertReopened,
        case: pause.case.clone(),
        alert: Some(pause.alert),
        message: None,
        recipient: None,
        reason: format!("{} on {made_on} until {until_on}: the day has come and the finding holds", pause.kind),
    }
}

impl From<EndedPause> for Line {
    fn from(pause: EndedPause) -> Self {
        Self { case: pause.case, rule: pause.rule, subject: pause.subject, severity: pause.severity }
    }
}

async fn climb_due(connection: &mut PgConnection, sweep: &Sweep, now: Moment, report: &mut Report) -> anyhow::Result<()> {
    let is_working_day = sweep.policy.calendar.is_working_day(now.today);
    let mut after = (date(1, 1, 1), Uuid::nil());
    loop {
        let mut tx = connection.begin().await?;
        let held = ladders::hold_due(&mut tx, now, is_working_day, after, AT_A_TIME).await?;
        let Some(last) = held.iter().filter_map(|held| Some((held.next_rung_on?, held.id))).max() else { break };
        after = last;
        report.told += climb(&mut tx, sweep, now, &held, Turned::Before).await?;
        failpoint("ladder.before_commit");
        tx.commit().await?;
        failpoint("ladder.after_commit");
    }
    Ok(())
}

async fn climb(
    connection: &mut PgConnection,
    sweep: &Sweep,
    now: Moment,
    held: &[Held],
    turned: Turned,
) -> anyhow::Result<usize> {
    let people: Vec<Person> =
        recipients::people(connection, now.today, |address| sweep.post.allowed_domains.may_write_to(address)).await?;
    let telling = Telling { policy: &sweep.policy, people: &people, now, is_digest: false };
    Ok(climb_all(connection, held, turned, &telling).await?.rungs)
}

/// Works every ladder's next rung out anew, after the policy has changed. What was climbed stays climbed.
pub async fn lay_ladders_anew(connection: &mut PgConnection, policy: &Policy, now: Moment) -> Result<(), sqlx::Error> {
    let mut after = Uuid::nil();
    loop {
        let held = ladders::hold_unresolved(connection, after, AT_A_TIME).await?;
        let Some(last) = held.last() else { break };
        after = last.id;
        let next = |alert: &Held| NextRung {
            alert: alert.id,
            step: alert.position.next(&policy.alerts, &policy.calendar),
            reaches_nobody: alert.is_unreachable,
        };
        let next: Vec<NextRung> = held.iter().map(next).collect();
        ladders::keep_next(connection, &next, now.at).await?;
    }
    Ok(())
}
