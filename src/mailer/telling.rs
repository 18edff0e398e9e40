//! Carries out the decisions of [`crate::domain::telling`]: gathers an alert into each person's message, and journals each silence.

use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::policy::{AlertPolicy, Delivery};
use crate::domain::schedule::Severity;
use crate::domain::telling::{Decision, News, Recipient, decide};
use crate::store::alerts::{self, Untold};
use crate::store::journal::{self, Entry, What};
use crate::store::outbox::{self, Gathered};

/// What is to be done about alerts whose silence is on record already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silences {
    /// The alerts have just opened or turned graver: each silence is journalled with its reason.
    Journal,
    /// Nobody could be told of them before: their silence is on record.
    OnRecord,
}

/// Tells of alerts whoever is to be told at once. Returns how many of the alerts somebody is told of.
///
/// # Errors
///
/// The database does not answer.
pub async fn tell(
    connection: &mut PgConnection,
    news: &[Untold],
    policy: &AlertPolicy,
    people: &[Recipient],
    silences: Silences,
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let mut told: Vec<(i64, &Untold)> = Vec::new();
    for alert in news {
        let what = News { severity: alert.severity, team: alert.team.as_deref(), restricted: alert.restricted };
        for decision in decide(&what, policy, people) {
            match decision {
                Decision::Tell(recipient) => told.push((recipient, alert)),
                Decision::NotTold(role, silence) if silences == Silences::Journal => {
                    let reason = format!("{}: {}", role.title(), silence.reason());
                    let entry = Entry { reason: Some(&reason), ..about(alert) };
                    journal::add(connection, now, What::NotTold, entry).await?;
                }
                Decision::NotTold(..) => {}
            }
        }
    }
    // In one order everywhere, so that two sweeps that write to the same people never wait for each other in a circle.
    told.sort_by_key(|(recipient, alert)| (*recipient, only_case(alert).map(str::to_owned), alert.id));
    for (recipient, alert) in &told {
        gather(connection, *recipient, alert, now).await?;
    }
    let mut alerts: Vec<Uuid> = told.iter().map(|(_, alert)| alert.id).collect();
    alerts.sort_unstable();
    alerts.dedup();
    alerts::note_told(connection, &alerts).await?;
    Ok(alerts.len())
}

/// The severities of which somebody is told at once.
#[must_use]
pub fn severities_told_at_once(policy: &AlertPolicy) -> Vec<String> {
    let at_once = |severity: &&Severity| policy.first_told(**severity).iter().any(|rung| rung.deliver == Delivery::Immediate);
    Severity::ALL.iter().filter(at_once).map(|severity| severity.code().to_owned()).collect()
}

/// A restricted case goes singly.
fn only_case(alert: &Untold) -> Option<&str> {
    alert.restricted.then_some(alert.case.as_str())
}

/// Gathers an alert into the message for a person, and journals it.
async fn gather(connection: &mut PgConnection, recipient: i64, alert: &Untold, now: Timestamp) -> Result<(), sqlx::Error> {
    let gathered = Gathered {
        recipient,
        only_case: only_case(alert),
        alert: alert.id,
        severity: alert.severity.code(),
        turned: alert.turned,
    };
    let message = outbox::gather(connection, &gathered, now).await?;
    let entry = Entry { message: Some(message), recipient: Some(recipient), ..about(alert) };
    journal::add(connection, now, What::Told, entry).await
}

fn about(alert: &Untold) -> Entry<'_> {
    Entry { case: Some(&alert.case), alert: Some(alert.id), ..Entry::default() }
}
