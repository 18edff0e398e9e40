//! A year of two hundred families, tick by tick: everything that the service does is what a plain book-keeping of the same year says,
//! and it does each thing once.
//!
//! The year runs from October 2026 to September 2027, over both changes of London's clocks, Christmas and Easter. Nothing runs for
//! the fourteen days over Christmas and New Year, nor on one day in March. A chair leaves and has a successor only weeks later, people
//! are away, facts are recorded late, and alerts are put aside. The plain book-keeping is [`model`].

mod chance;
mod facts;
mod families;
mod model;
mod people;
mod record;
mod staff;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use chance::Chance;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use model::{Log, Model, Paused, Tick};
use plo_drift::domain::calendar::shift;
use plo_drift::domain::case::Case;
use plo_drift::domain::pause::PauseKind;
use plo_drift::domain::policy::Policy;
use plo_drift::links::verify;
use plo_drift::store::{cases, link_keys};
use support::world::{Pause, World, open};
use uuid::Uuid;

/// Another year of the same kind for another seed.
const SEED: u64 = 2026;
const FIRST_DAY: Date = date(2026, 10, 1);
const LAST_DAY: Date = date(2027, 9, 30);

/// UTC: eight in London has come in summer, in winter too, and in summer another day has begun.
const TICKS: [&str; 3] = ["07:01:00Z", "08:01:00Z", "23:15:00Z"];

/// Nothing runs on these days.
fn is_out(day: Date) -> bool {
    (day >= date(2026, 12, 22) && day <= date(2027, 1, 4)) || day == date(2027, 3, 9)
}

/// London's clocks go back on 25 October 2026 and forward on 28 March 2027, both at one in the morning, UTC.
fn tick(day: Date, index: usize) -> Tick {
    let at: Timestamp = format!("{day}T{}", TICKS[index]).parse().expect("a moment");
    let is_winter =
        at >= "2026-10-25T01:00:00Z".parse().expect("a moment") && at < "2027-03-28T01:00:00Z".parse().expect("a moment");
    let is_tomorrow = index == 2 && !is_winter;
    let is_from_eight = !is_tomorrow && (index > 0 || !is_winter);
    Tick { at, today: if is_tomorrow { shift(day, 1) } else { day }, is_from_eight }
}

#[tokio::test]
async fn a_year_of_two_hundred_families_goes_as_a_plain_book_keeping_says() {
    let (cases, later) = families::caseload(SEED, FIRST_DAY);
    let (world, mut model) = begin(&cases).await;
    let mut later = later.into_iter().peekable();
    let mut staff = staff::changes().into_iter().peekable();
    let mut chance = Chance::of(SEED + 1);
    let mut pauses = 0;
    let (mut recorded, mut compared) = (Log::new(), Timestamp::UNIX_EPOCH);
    let days = std::iter::successors(Some(FIRST_DAY), |&day| Some(shift(day, 1))).take_while(|&day| day <= LAST_DAY);
    for (number, day) in days.enumerate() {
        while let Some((_, change)) = staff.next_if(|(on, _)| *on <= day) {
            world.sql(change.sql()).await;
            change.apply(&mut model.people);
        }
        for index in 0..TICKS.len() {
            while let Some(later) = later.next_if(|later| (later.on, later.before_tick) <= (day, index)) {
                world.sql(later.change.sql(&later.case)).await;
                model.change(&later.case, &later.change);
            }
            if is_out(day) {
                continue;
            }
            let tick = tick(day, index);
            world.at(&tick.at.to_string());
            world.tick().await;
            model.tick(tick);
            let is_last = (day, index) == (LAST_DAY, 2);
            if is_last || (number % 28 == 27 && index == 1) {
                reconcile(&world).await;
            }
            if is_last || (number % 7 == 6 && index == 1) {
                recorded.extend(record::log(world.pool(), compared).await);
                compare(model.log(), &recorded, compared);
                compared = tick.at;
            }
            if chance.is(25) {
                pauses += usize::from(put_aside(&world, &mut model, &mut chance, tick).await);
            }
        }
    }
    assert_eq!(record::alerts(world.pool()).await, model.alerts(), "alerts at the end");
    facts_are_known(&world, &model).await;
    each_message_left_once(&world, &recorded, &model).await;
    what_is_on_record_as_told_is_in_the_mail(&world).await;
    a_year_has_it_all(&counts(&recorded), pauses);
    world.end().await;
}

/// A world and a book-keeping that know the same cases and people.
async fn begin(cases: &[Case]) -> (World, Model) {
    let world = World::without_encryption().await;
    let mut model = Model::new(Policy::default(), cases);
    for page in cases.chunks(20) {
        world.sql(page.iter().map(facts::insert).collect::<Vec<_>>().join(";\n")).await;
    }
    model.people = staff::at_the_beginning();
    for person in &model.people {
        world.sql(staff::insert(person)).await;
    }
    (world, model)
}

/// The full reconciliation finds nothing to do.
async fn reconcile(world: &World) {
    let found = world.reconcile().await;
    let missed = &found.missed;
    let changed = missed.opened.len() + missed.escalated.len() + missed.lowered.len() + missed.resolved.len() + missed.told;
    assert!(found.is_clean() && changed == 0, "{}: {found:#?}", world.now().at);
}

/// Somebody who was told of an open alert puts it aside.
async fn put_aside(world: &World, model: &mut Model, chance: &mut Chance, tick: Tick) -> bool {
    let open = model.told_and_open();
    if open.is_empty() {
        return false;
    }
    let (fact, by) = &open[chance.index(open.len())];
    let (case, rule, subject) = fact;
    let kind = chance.one_of(PauseKind::ALL);
    let until_on = chance.after(tick.today, 1, 28);
    let alert = world
        .ask(&format!("SELECT id FROM alerts WHERE case_reference = '{case}' AND rule = '{rule}' AND subject = '{subject}' AND state <> 'resolved'"))
        .await;
    let owner = (kind == PauseKind::Acknowledged).then_some("team manager");
    let alert = alert.parse().expect("the alert is there");
    let pause = Pause { alert, kind, by: *by, reason: "it is seen to", owner, until_on };
    assert!(world.pause(&pause).await, "{fact:?} is open");
    model.pause(fact, Paused { kind: kind.code(), made_on: tick.today, until_on });
    true
}

/// Names the first tick at which the two differ, and how.
fn compare(expected: &Log, recorded: &Log, after: Timestamp) {
    let ticks: BTreeSet<&Timestamp> = expected.keys().chain(recorded.keys()).filter(|at| **at > after).collect();
    for at in ticks {
        let count = |log: &Log| -> BTreeMap<String, i64> {
            let mut counted = BTreeMap::new();
            log.get(at).into_iter().flatten().for_each(|line| *counted.entry(line.clone()).or_default() += 1);
            counted
        };
        let (must, is) = (count(expected), count(recorded));
        let beyond = |a: &BTreeMap<String, i64>, b: &BTreeMap<String, i64>| -> Vec<String> {
            a.iter()
                .filter(|(line, count)| b.get(*line).is_none_or(|other| other < *count))
                .map(|(line, _)| line.clone())
                .collect()
        };
        let (missing, unexpected) = (beyond(&must, &is), beyond(&is, &must));
        if let Some(first) = missing.iter().chain(&unexpected).find(|line| !line.starts_with("mail ")).or(missing.first()) {
            let case = first.split_whitespace().find(|word| word.starts_with("PP-")).unwrap_or("PP-");
            let story = recorded.range(..at).flat_map(|(at, lines)| lines.iter().map(move |line| format!("{at} {line}")));
            let story: Vec<String> = story.filter(|line| line.contains(case) && !line.contains(" mail ")).collect();
            let story = story[story.len().saturating_sub(30)..].join("\n  ");
            panic!(
                "at {at}, {} lines are missing and {} must not be.\nMissing:\n  {}\nMust not be:\n  {}\nBefore that, of {case}:\n  {story}",
                missing.len(),
                unexpected.len(),
                missing.iter().take(12).cloned().collect::<Vec<_>>().join("\n  "),
                unexpected.iter().take(12).cloned().collect::<Vec<_>>().join("\n  "),
            );
        }
        assert!(unexpected.is_empty(), "at {at} there must not be {unexpected:#?}");
    }
}

/// The test's own copy of the facts is what the database holds.
async fn facts_are_known(world: &World, model: &Model) {
    let references: Vec<String> = model.cases().map(|case| case.reference.clone()).collect();
    let mut connection = world.pool().acquire().await.expect("a connection");
    let loaded = cases::load(&mut connection, &references).await.expect("the cases are loaded");
    assert_eq!(loaded.len(), references.len());
    for ((_, loaded), known) in loaded.into_iter().zip(model.cases()) {
        let (mut loaded, mut known) = (loaded.expect("its words are known"), known.clone());
        loaded.family_step_downs.sort_unstable();
        known.family_step_downs.sort_unstable();
        assert_eq!(loaded, known);
    }
}

/// The mail server has each message once, and nobody got what is not for them.
async fn each_message_left_once(world: &World, recorded: &Log, model: &Model) {
    let made = recorded.values().flatten().filter(|line| line.starts_with("mail ")).count();
    let received = world.smtp.received();
    assert_eq!(received.len(), made, "messages received and made");
    assert_eq!(world.ask("SELECT count(*) FROM messages WHERE state <> 'sent' OR attempts <> 1").await, "0");
    let ids: BTreeSet<&[u8]> = received.iter().filter_map(|received| message_id(&received.message)).collect();
    assert_eq!(ids.len(), made, "each once");
    // A case whose access was restricted at some time may be named in a mail of another time.
    let never_open: Vec<&String> = families::always_restricted(SEED, FIRST_DAY, model.cases());
    let uncleared: Vec<String> = [1, 3, 6, 7].iter().map(|id| format!("person-{id}@{}", support::world::DOMAIN)).collect();
    for received in received.iter().filter(|received| received.to.iter().any(|to| uncleared.contains(to))) {
        let letter = open(received);
        let named = never_open.iter().find(|reference| letter.text.contains(reference.as_str()));
        assert!(named.is_none(), "{named:?} is told to {:?}", received.to);
    }
}

/// Whatever a message is recorded to tell of is in its bytes, and nothing else: each alert with its link, each case of a pack.
async fn what_is_on_record_as_told_is_in_the_mail(world: &World) {
    let mut connection = world.pool().acquire().await.expect("a connection");
    let keys = link_keys::all(&mut connection).await.expect("the database answers");
    let told = "SELECT DISTINCT journal.message_id, coalesce(journal.alert_id::text, journal.case_reference)
        FROM journal WHERE what = 'told' AND NOT EXISTS (
            SELECT FROM journal AS taken_back WHERE taken_back.what = 'not_told' AND taken_back.message_id = journal.message_id
                AND taken_back.alert_id = journal.alert_id
        )";
    let told: Vec<(Uuid, String)> = sqlx::query_as(told).fetch_all(&mut *connection).await.expect("the query is right");
    let mut recorded: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for (message, what) in told {
        recorded.entry(message).or_default().insert(what);
    }
    for received in world.smtp.received() {
        let letter = open(&received);
        let id: Uuid = letter.message_id.split('@').next().and_then(|id| id.parse().ok()).expect("our Message-ID");
        let recorded = recorded.remove(&id).unwrap_or_default();
        if letter.subject.starts_with("Panel pack") {
            let missing: Vec<_> = recorded.iter().filter(|reference| !letter.text.contains(reference.as_str())).collect();
            assert!(missing.is_empty(), "{missing:?} in {}", letter.text);
            continue;
        }
        let tokens = letter.text.split_whitespace().filter_map(|word| word.split_once("/acknowledge/"));
        let links = tokens.map(|(_, token)| verify(&keys, token, FIRST_DAY).expect("a link of ours").alert.to_string());
        assert_eq!(links.collect::<BTreeSet<_>>(), recorded, "{}", letter.text);
    }
    assert_eq!(recorded.len(), 0, "told by messages that nobody got");
}

fn message_id(message: &[u8]) -> Option<&[u8]> {
    message.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"Message-ID:"))
}

/// How often each kind of thing has happened.
fn counts(recorded: &Log) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in recorded.values().flatten() {
        let what = line.split_once(' ').map_or(line.as_str(), |(what, _)| what);
        let kind = match what {
            "mail" => line.split_whitespace().take(2).collect::<Vec<_>>().join(" "),
            "pause" => format!("pause {}", line.rsplit(' ').next().unwrap_or_default()),
            "not_told" => {
                let reason = line.rsplit(": ").next().unwrap_or_default();
                format!("not_told: {}", reason.split(" -> ").next().unwrap_or_default())
            }
            "told" => format!("told{}", line.rsplit(" by ").next().map(|by| format!(" by {by}")).unwrap_or_default()),
            "rung" => format!("rung {}", line.rsplit(' ').next().unwrap_or_default()),
            _ => what.to_owned(),
        };
        *counts.entry(kind).or_default() += 1;
        if line.contains(": stands in") {
            *counts.entry("stands in".to_owned()).or_default() += 1;
        }
    }
    counts
}

/// What must have happened in a year, or it would prove nothing of it.
const ALL_OF_IT: [&str; 30] = [
    "alert_opened",
    "alert_raised",
    "alert_lowered",
    "alert_reopened",
    "alert_resolved",
    "mail alert",
    "mail digest",
    "mail panel",
    "mail_missed",
    "not_told: told in the next mail",
    "not_told: knows of the alert as graver than it is now",
    "not_told: nobody in this role can be reached for the team",
    "not_told: only red is told today",
    "not_told: the alert is acknowledged",
    "not_told: the alert is snoozed",
    "not_told: the case is restricted and nobody in this role is cleared",
    "not_told: told in the next digest",
    "not_told: whoever has this role for the team is away or has left, and nobody stands in",
    "pause day",
    "pause raised",
    "pause resolved",
    "rung silent",
    "rung told",
    "rung unreachable",
    "stands in",
    "told by alert",
    "told by alert, singly",
    "told by digest",
    "told by panel",
    "told by panel, singly",
];

fn a_year_has_it_all(counts: &BTreeMap<String, usize>, pauses: usize) {
    println!("{pauses} pauses, {counts:#?}");
    let never: Vec<_> = ALL_OF_IT.iter().filter(|what| !counts.contains_key(**what)).collect();
    assert!(never.is_empty() && pauses > 100, "{never:?} never happened, and {pauses} pauses");
    let ended = ["pause day", "pause raised", "pause resolved"].map(|why| counts[why]).iter().sum::<usize>();
    assert!(ended <= pauses, "{ended} of {pauses} pauses ended");
}
