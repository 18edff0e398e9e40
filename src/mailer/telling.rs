//! Carries out the decisions of [`crate::domain::telling`]: gathers an alert into each person's message, and journals each silence.

use jiff::Timestamp;
use sqlx::PgConnection;

use crate::domain::policy::{AlertPolicy, Delivery};
use crate::domain::schedule::Severity;
use crate::domain::telling::{Decision, News, Recipient, decide};
use crate::store::alerts::{self, Untold};
use crate::store::journal::{self, Entry, What};
use crate::store::outbox::{self, Gathered};

/// Tells of alerts that have just opened or turned graver; every silence is journalled with its reason. Returns how many of the
/// alerts somebody is told of at once.
///
/// # Errors
///
/// The database does not answer.
pub async fn tell(
    connection: &mut PgConnection,
    news: &[Untold],
    policy: &AlertPolicy,
    people: &[Recipient],
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let mut told = 0;
    for (alert, decisions) in decided(news, policy, people) {
        for decision in &decisions {
            if let Decision::NotTold(role, silence) = decision {
                let reason = format!("{}: {}", role.title(), silence.reason());
                let entry = Entry { reason: Some(&reason), ..about(alert) };
                journal::add(connection, now, What::NotTold, entry).await?;
            }
        }
        told += usize::from(gather(connection, alert, &decisions, now).await?);
    }
    Ok(told)
}

/// Tells of alerts that nobody could be told of before, where somebody can be now; their silence is on record already.
///
/// # Errors
///
/// The database does not answer.
pub async fn tell_whom_one_can(
    connection: &mut PgConnection,
    news: &[Untold],
    policy: &AlertPolicy,
    people: &[Recipient],
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let mut told = 0;
    for (alert, decisions) in decided(news, policy, people) {
        told += usize::from(gather(connection, alert, &decisions, now).await?);
    }
    Ok(told)
}

/// The severities of which somebody is told at once.
#[must_use]
pub fn severities_told_at_once(policy: &AlertPolicy) -> Vec<String> {
    let at_once = |severity: &&Severity| policy.first_told(**severity).iter().any(|rung| rung.deliver == Delivery::Immediate);
    Severity::ALL.iter().filter(at_once).map(|severity| severity.code().to_owned()).collect()
}

fn decided<'a>(
    news: &'a [Untold],
    policy: &AlertPolicy,
    people: &[Recipient],
) -> impl Iterator<Item = (&'a Untold, Vec<Decision>)> {
    news.iter().map(move |alert| {
        let told = News { severity: alert.severity, team: alert.team.as_deref(), restricted: alert.restricted };
        (alert, decide(&told, policy, people))
    })
}

/// Gathers an alert into the message of each person who is told; true where there is one.
async fn gather(
    connection: &mut PgConnection,
    alert: &Untold,
    decisions: &[Decision],
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let mut any = false;
    for decision in decisions {
        let Decision::Tell(recipient) = *decision else { continue };
        let gathered = Gathered {
            recipient,
            only_case: alert.restricted.then_some(alert.case.as_str()),
            alert: alert.id,
            severity: alert.severity.code(),
            turned: alert.turned,
        };
        let message = outbox::gather(connection, &gathered, now).await?;
        let entry = Entry { message: Some(message), recipient: Some(recipient), ..about(alert) };
        journal::add(connection, now, What::Told, entry).await?;
        any = true;
    }
    if any {
        alerts::note_told(connection, alert.id).await?;
    }
    Ok(any)
}

fn about(alert: &Untold) -> Entry<'_> {
    Entry { case: Some(&alert.case), alert: Some(alert.id), ..Entry::default() }
}
