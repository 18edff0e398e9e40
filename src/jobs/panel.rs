//! The panel pack: on the working day before each meeting of the legal gateway panel, every case at risk with the question that the
//! panel must decide, to each person who gets it. Restricted cases go singly, to those who are cleared.
//!
//! Slot, messages and journal commit in one transaction, as a digest does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use jiff::civil::Date;
use sqlx::{Connection, PgConnection, PgPool};
use tracing::{info, warn};
use uuid::Uuid;

use super::sweep::Sweep;
use crate::clock::{Moment, london, midnight};
use crate::domain::calendar::in_words;
use crate::domain::policy::Role;
use crate::domain::telling::{About, Person, Told, reach};
use crate::domain::timetable::{pack_due, packs_missed};
use crate::failpoints::failpoint;
use crate::mailer::post::{self, Agenda};
use crate::mailer::render::Because;
use crate::store::agenda::item::{self, Item};
use crate::store::gathering::{self, Addressed, MessageKind};
use crate::store::journal::{self, Entry, ToAdd, What};
use crate::store::tokens::Scope;
use crate::store::{agenda, jobs, recipients};

const JOB: &str = "panel";

/// What was made for a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The day of the meeting.
    pub meeting_on: Date,
    /// Cases on its agenda.
    pub cases: usize,
    /// Messages queued.
    pub messages: usize,
}

/// Makes the pack of the next meeting if its hour has come and it is not made.
///
/// # Errors
///
/// The database does not answer; nothing is made, and the next run tries again.
pub async fn run(pool: &PgPool, sweep: &Sweep, now: Moment) -> anyhow::Result<Option<Made>> {
    let policy = &sweep.policy;
    let Some(meeting_on) = pack_due(now.in_london(), &policy.panel, &policy.calendar) else { return Ok(None) };
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    if jobs::is_taken(&mut connection, JOB, midnight(meeting_on)).await?
        || !jobs::has_swept_since(&mut connection, midnight(now.today)).await?
    {
        return Ok(None);
    }
    make(&mut connection, sweep, meeting_on, now).await
}

/// Makes the pack of a meeting, unless it is made.
///
/// # Errors
///
/// The database does not answer; nothing is made.
pub async fn make(connection: &mut PgConnection, sweep: &Sweep, meeting_on: Date, now: Moment) -> anyhow::Result<Option<Made>> {
    let slot = midnight(meeting_on);
    let mut tx = connection.begin().await?;
    if !jobs::take_slot(&mut tx, JOB, slot, now.at).await? {
        return Ok(None);
    }
    journal_missed(&mut tx, sweep, meeting_on, now).await?;
    let items = items(&mut tx, sweep, now).await?;
    let people = recipients::people(&mut tx, now.today, |address| sweep.post.allowed_domains.may_write_to(address)).await?;
    let (packs, mut journal) = hand_out(&items, &sweep.policy.panel.roles, &people);
    let addressed: BTreeSet<Addressed> = packs.keys().cloned().collect();
    let messages = gathering::begin(&mut tx, &addressed, meeting_on, now.at).await?;
    let is_working_day = sweep.policy.calendar.is_working_day(meeting_on);
    for (addressed, pack) in &packs {
        let message = messages[addressed];
        let items: Vec<&Item> = pack.items.iter().map(|&index| &items[index]).collect();
        let agenda = Agenda { meeting_on, is_working_day, items: &items, because: &pack.because };
        post::seal_pack(&mut tx, message, &agenda, &sweep.post, now).await?;
        journal.extend(items.iter().map(|item| told(item, message, addressed.recipient, pack)));
    }
    journal::add_all(&mut tx, now.at, &journal).await?;
    jobs::finish(&mut tx, JOB, slot, now.at, 0).await?;
    failpoint("panel.before_commit");
    tx.commit().await?;
    failpoint("panel.after_commit");
    info!(job.name = JOB, cases = items.len(), messages = packs.len(), "made");
    Ok(Some(Made { meeting_on, cases: items.len(), messages: packs.len() }))
}

/// A person's pack: which of the items, and as what the person gets it.
#[derive(Clone, Debug, Default)]
struct Pack {
    items: Vec<usize>,
    because: Vec<Because>,
}

impl Pack {
    fn add(&mut self, because: Because) {
        if !self.because.contains(&because) {
            self.because.push(because);
        }
    }
}

/// Every case at risk, worst first, as it stands today.
async fn items(connection: &mut PgConnection, sweep: &Sweep, now: Moment) -> Result<Vec<Item>, sqlx::Error> {
    let references = agenda::at_risk(connection, &Scope::EVERYTHING, None).await?;
    let (items, unreadable) = item::load(connection, &references, &sweep.policy, now.today).await?;
    for (reference, wrong) in unreadable {
        warn!(job.name = JOB, case.reference = reference, "a case is left out of the pack: {wrong}");
    }
    Ok(items)
}

/// Decides who gets which case, and why nobody in a role does. Whoever gets the pack and has no case in it is told so.
fn hand_out(items: &[Item], roles: &[Role], people: &[Person]) -> (BTreeMap<Addressed, Pack>, Vec<ToAdd>) {
    let addressed = |recipient, only_case| Addressed { recipient, kind: MessageKind::Panel, only_case };
    let mut packs: BTreeMap<Addressed, Pack> = BTreeMap::new();
    let mut silences = Vec::new();
    for person in people.iter().filter(|person| person.reachable && roles.contains(&person.role)) {
        packs.entry(addressed(person.id, None)).or_default().add(Because { role: person.role, stands_in: false });
    }
    for (index, Item { case, .. }) in items.iter().enumerate() {
        let about = About { team: case.team.as_deref(), restricted: case.restricted };
        for &role in roles {
            match reach(role, about, people) {
                Ok(told) => {
                    for Told { recipient, stands_in } in told {
                        let only_case = case.restricted.then(|| case.reference.clone());
                        let pack = packs.entry(addressed(recipient, only_case)).or_default();
                        pack.add(Because { role, stands_in });
                        if pack.items.last() != Some(&index) {
                            pack.items.push(index);
                        }
                    }
                }
                Err(silence) => silences.push(ToAdd {
                    what: What::NotTold,
                    case: case.reference.clone(),
                    alert: None,
                    message: None,
                    recipient: None,
                    reason: format!("{}: panel pack: {}", role.title(), silence.reason()),
                }),
            }
        }
    }
    (packs, silences)
}

fn told(item: &Item, message: Uuid, recipient: i64, pack: &Pack) -> ToAdd {
    let role = pack.because.first().map_or("", |because| because.role.title());
    ToAdd {
        what: What::Told,
        case: item.case.reference.clone(),
        alert: None,
        message: Some(message),
        recipient: Some(recipient),
        reason: format!("{role}: panel pack"),
    }
}

/// Puts the meetings on record for which no pack was made.
async fn journal_missed(
    connection: &mut PgConnection,
    sweep: &Sweep,
    meeting_on: Date,
    now: Moment,
) -> Result<(), sqlx::Error> {
    let Some(last) = jobs::slot_before(connection, JOB, midnight(meeting_on)).await? else { return Ok(()) };
    for meeting in packs_missed(last.to_zoned(london()).date(), meeting_on, &sweep.policy.panel) {
        warn!(job.name = JOB, %meeting, "no pack was made for a panel meeting");
        let reason = format!("panel pack for {}: the service did not run", in_words(meeting));
        journal::add(connection, now.at, What::MailMissed, Entry { reason: Some(&reason), ..Entry::default() }).await?;
    }
    Ok(())
}
