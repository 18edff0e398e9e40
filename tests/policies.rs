//! The policy in the database: which was in force when, and what another would change.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use jiff::SignedDuration;
use plo_drift::domain::calendar::Span;
use plo_drift::domain::policy::Role;
use plo_drift::domain::preview::{AlertChanges, MovedDate, alert_changes};
use plo_drift::jobs::preview::{Aftermath, aftermath, moved_dates};
use plo_drift::jobs::sweep;
use plo_drift::policy_file::PolicyDocument;
use plo_drift::store::policies::in_force::{InForce, Known, offer};
use plo_drift::store::policies::{self, Account, Origin, Version};
use support::world::{World, version};
use tokio_util::sync::CancellationToken;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Every table that a sweep writes, by its rows; the journal to the letter.
const EVERYTHING: &str = "SELECT concat_ws(' ',
    (SELECT md5(string_agg(journal::text, '' ORDER BY id)) FROM journal),
    (SELECT md5(string_agg(alerts::text, '' ORDER BY id)) FROM alerts),
    (SELECT md5(string_agg(messages::text, '' ORDER BY id)) FROM messages),
    (SELECT md5(string_agg(case_watch::text, '' ORDER BY case_reference)) FROM case_watch),
    (SELECT count(*) FROM policies), (SELECT count(*) FROM case_marks), (SELECT count(*) FROM message_alerts),
    (SELECT count(*) FROM job_runs))";

/// Started on a day, with the letter sent on the next.
fn started(reference: &str, started_on: &str) -> String {
    format!(
        "INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on)
        VALUES ('{reference}', 'North', '{started_on}', '{started_on}', DATE '{started_on}' + 1)"
    )
}

/// An instance starts with this file.
async fn put(world: &World, text: &str) -> bool {
    let mut connection = world.pool().acquire().await.expect("a connection");
    offer(&mut connection, &file(text), world.now().at).await.expect("it is offered")
}

async fn at(world: &World, before: SignedDuration) -> Option<Version> {
    let mut connection = world.pool().acquire().await.expect("a connection");
    policies::find_in_force_before(&mut connection, world.now().at - before + SignedDuration::from_secs(1))
        .await
        .expect("an answer")
}

#[tokio::test]
async fn each_policy_is_kept_with_its_text_and_journalled_by_its_number() {
    let world = World::new().await;
    assert!(put(&world, TWELVE).await && !put(&world, TWELVE).await);
    world.pass(HOUR);
    assert!(put(&world, TWENTY).await);
    world.pass(HOUR);
    assert!(put(&world, TWELVE).await, "a policy may come back");

    assert_eq!(at(&world, HOUR * 3).await, None);
    assert_eq!(at(&world, HOUR).await.and_then(|version| version.document).as_deref(), Some(TWENTY));
    let mut connection = world.pool().acquire().await.expect("a connection");
    let in_force = policies::in_force(&mut connection).await.expect("an answer").expect("a policy is in force");
    assert_eq!((in_force.digest, in_force.in_force_from), (file(TWELVE).digest(), world.now().at));
    drop(connection);
    let reasons = world.ask("SELECT string_agg(reason, '; ' ORDER BY id) FROM journal WHERE what = 'policy_changed'").await;
    assert_eq!(
        reasons,
        "version 1 is the first; version 2 takes the place of version 1; version 3 takes the place of version 2"
    );
    world.end().await;
}

#[tokio::test]
async fn instances_that_start_at_once_put_a_policy_in_force_once() {
    let world = World::new().await;
    let (mut first, mut second) =
        (world.pool().begin().await.expect("a transaction"), world.pool().begin().await.expect("another transaction"));
    let now = world.now().at;
    assert!(offer(&mut first, &file(TWELVE), now).await.expect("the first puts it in force"));
    let waiting = tokio::spawn(async move {
        let put = offer(&mut second, &file(TWELVE), now).await.expect("the second is answered");
        second.commit().await.expect("it commits");
        put
    });
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while world.ask(waits).await == "0" {
        assert!(!waiting.is_finished(), "the second does not wait for the first");
        tokio::task::yield_now().await;
    }
    first.commit().await.expect("it commits");
    assert!(!waiting.await.expect("it ends"), "it was in force already");
    assert_eq!(world.ask("SELECT count(*) FROM policies").await, "1");
    assert_eq!(world.ask("SELECT count(*) FROM journal WHERE what = 'policy_changed'").await, "1");
    world.end().await;
}

const TWELVE: &str = "[clock]\nlength = \"12 weeks\"\n";
const TWENTY: &str = "[clock]\nlength = \"20 weeks\"\n";

fn file(text: &str) -> PolicyDocument {
    PolicyDocument::of_text("a test", text).expect("a policy")
}

/// Puts a policy in force as the API does.
async fn put_over_the_api(world: &World, text: &str) {
    let mut connection = world.pool().acquire().await.expect("a connection");
    let version = Known::from(&file(text)).version;
    policies::add(&mut connection, &version, &Account::Api("token 1".to_owned()), world.now().at).await.expect("it is added");
}

/// An instance starts with a file, or without one; the length of the clock in the text that is in force then, and where that is from.
async fn in_force_after(world: &World, configured: PolicyDocument) -> (String, Origin) {
    let mut connection = world.pool().acquire().await.expect("a connection");
    offer(&mut connection, &configured, world.now().at).await.expect("it is offered");
    let version = policies::in_force(&mut connection).await.expect("an answer").expect("a policy");
    let known = InForce::or(configured).read(&mut connection).await.expect("it can be read");
    assert_eq!((known.number, &known.version.digest), (Some(version.id), &version.digest));
    (known.policy.clock.length.to_string(), version.origin)
}

#[tokio::test]
async fn a_policy_put_over_the_api_is_in_force_until_the_file_changes() {
    let world = World::new().await;
    let is = |length: &str, origin| (length.to_owned(), origin);
    assert_eq!(in_force_after(&world, PolicyDocument::built_in()).await, is("16 weeks", Origin::BuiltIn));
    assert_eq!(in_force_after(&world, file(TWENTY)).await, is("20 weeks", Origin::File));
    put_over_the_api(&world, TWELVE).await;
    assert_eq!(in_force_after(&world, file(TWENTY)).await, is("12 weeks", Origin::Api), "a restart changes nothing");
    let reworded = format!("# twenty\n{TWENTY}");
    assert_eq!(in_force_after(&world, file(&reworded)).await, is("12 weeks", Origin::Api), "nor does a comment");
    assert_eq!(in_force_after(&world, PolicyDocument::built_in()).await, is("12 weeks", Origin::Api), "nor no file");
    assert_eq!(in_force_after(&world, file("")).await, is("16 weeks", Origin::File), "another file does");
    put_over_the_api(&world, TWELVE).await;
    assert_eq!(
        in_force_after(&world, file(TWELVE)).await,
        is("12 weeks", Origin::File),
        "one that says the same is the file's"
    );
    put_over_the_api(&world, TWENTY).await;
    assert_eq!(in_force_after(&world, file(TWELVE)).await, is("20 weeks", Origin::Api));
    assert_eq!(
        world.ask("SELECT string_agg(concat_ws(' ', id, origin, actor), ', ' ORDER BY id) FROM policies").await,
        "1 built_in, 2 file, 3 api token 1, 4 file, 5 api token 1, 6 file, 7 api token 1"
    );
    assert_eq!(
        world.ask("SELECT reason FROM journal WHERE what = 'policy_changed' ORDER BY id DESC LIMIT 1").await,
        "version 7 takes the place of version 6; put in force over the API by token 1"
    );
    world.end().await;
}

#[tokio::test]
async fn another_version_of_the_program_puts_the_same_policy_in_force_anew_and_takes_nobodys_place() {
    let world = World::new().await;
    in_force_after(&world, file(TWENTY)).await;
    // As another program would have told it from others.
    world
        .sql(format!(
            "INSERT INTO policies (in_force_from, digest, document, origin, actor) VALUES (now(), 'x', '{TWELVE}', 'api', 'a')"
        ))
        .await;
    assert_eq!(in_force_after(&world, file(TWENTY)).await, ("12 weeks".to_owned(), Origin::Api));
    assert_eq!(world.ask("SELECT concat_ws(' ', id, actor) FROM policies ORDER BY id DESC LIMIT 1").await, "3 a");
    in_force_after(&world, file(TWENTY)).await;
    assert_eq!(world.ask("SELECT max(id) FROM policies").await, "3", "once");
    // A program of long ago kept no text: it judged by its file.
    world.sql("INSERT INTO policies (in_force_from, digest) VALUES (now(), 'long ago')").await;
    assert_eq!(in_force_after(&world, file(TWENTY)).await, ("20 weeks".to_owned(), Origin::File));
    world.end().await;
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_is_said_to_be_so() {
    let world = World::new().await;
    world.sql("INSERT INTO policies (in_force_from, digest, document) VALUES (now(), 'x', '[clock]\nlength = 16')").await;
    let mut connection = world.pool().acquire().await.expect("a connection");
    let wrong = InForce::or(file(TWENTY)).read(&mut connection).await.expect_err("it is none").to_string();
    assert!(wrong.starts_with("version 1 of the policy is in force and cannot be read"), "{wrong}");
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn a_sweep_by_a_policy_that_is_no_longer_in_force_does_nothing() {
    let world = World::with_a_chair().await;
    world.sql(started("PP-1", "2026-01-05")).await;
    assert!(put(&world, TWENTY).await);
    let (now, stop) = (world.now(), CancellationToken::new());
    let report = sweep::run(world.pool(), &world.sweep, now.at, now, &stop).await.expect("it is not an error");
    assert!(report.overtaken && report.cases == 0 && report.opened.is_empty());
    assert_eq!(world.ask("SELECT count(*) FROM alerts").await, "0");
    let report = world.sweep().await;
    assert!(!report.overtaken && !report.opened.is_empty(), "once it is in force again");
    world.end().await;
}

/// By the world's own policy, and by one under which the period lasts twelve weeks.
async fn by_both(world: &World) -> (Aftermath, Aftermath, Vec<MovedDate>) {
    let mut other = world.sweep.clone();
    other.policy.clock.length = Span::Weeks(12);
    other.policy_version = version("twelve weeks");
    let this = aftermath(world.pool(), &world.sweep, world.now()).await.expect("a rehearsal by this policy");
    let that = aftermath(world.pool(), &other, world.now()).await.expect("a rehearsal by the other");
    let policies = (&world.sweep.policy, &other.policy);
    let moved = moved_dates(world.pool(), policies, world.now().today, 1, |_| ()).await.expect("the dates");
    (this, that, moved)
}

#[tokio::test]
async fn a_preview_tells_what_a_policy_changes_and_changes_nothing() {
    let world = World::with_a_chair().await;
    // Thirteen weeks old: over twelve weeks and not over sixteen.
    world.sql(started("PP-1", "2026-03-02")).await;
    world.cycle().await;
    world.pass(HOUR);
    // Due in any case: what a sweep would open of it now is nobody's change.
    world.sql(started("PP-2", "2026-01-05")).await;
    world.sql(started("PP-3", "2026-01-05")).await;
    // Another policy has every case looked at; that one of them was overlooked is not its doing either.
    world.sql("DELETE FROM case_marks; UPDATE case_watch SET next_look_on = NULL WHERE case_reference = 'PP-3'").await;
    let before = world.ask(EVERYTHING).await;

    let (this, that, moved) = by_both(&world).await;

    let AlertChanges { opened, escalated, .. } = alert_changes(&this.alerts, &that.alerts);
    assert!(opened.iter().any(|alert| alert.case == "PP-1" && alert.rule == "time_limit"), "{opened:?}");
    assert!(opened.iter().chain(&escalated).all(|alert| alert.case == "PP-1"), "{opened:?} {escalated:?}");
    assert!(this.alerts.iter().any(|alert| alert.case == "PP-2"), "a sweep would have opened it");
    assert_eq!(
        (this.messages.get(&Role::LegalGatewayChair), that.messages.get(&Role::LegalGatewayChair)),
        (Some(&1), Some(&1))
    );
    let words: Vec<String> = moved.iter().map(|date| format!("{} {}", date.case, date.moved.what.code())).collect();
    assert!(words.contains(&"PP-1 base_end".to_owned()) && words.contains(&"PP-2 end".to_owned()), "{words:?}");
    assert_eq!(world.ask(EVERYTHING).await, before);
    world.end().await;
}

#[tokio::test]
async fn messages_that_only_the_other_policy_makes_are_told_by_role() {
    let world = World::with_a_chair().await;
    world.sql(started("PP-1", "2026-03-02")).await;
    world.cycle().await;
    world.pass(HOUR);
    let (this, that, _) = by_both(&world).await;
    assert_eq!(this.messages.len(), 0);
    assert_eq!(that.messages.into_iter().collect::<Vec<_>>(), [(Role::LegalGatewayChair, 1)]);
    world.end().await;
}

#[tokio::test]
async fn the_same_policy_changes_nothing() {
    let world = World::with_a_chair().await;
    world.sql(started("PP-1", "2026-03-02")).await;
    let mut same = world.sweep.clone();
    same.policy_version = version("the same by another name");
    let this = aftermath(world.pool(), &world.sweep, world.now()).await.expect("a rehearsal");
    let that = aftermath(world.pool(), &same, world.now()).await.expect("a rehearsal");
    assert!(!this.alerts.is_empty());
    assert_eq!(alert_changes(&this.alerts, &that.alerts), AlertChanges::default());
    assert_eq!(this.messages, that.messages);
    world.end().await;
}

#[tokio::test]
async fn who_is_away_or_gone_is_on_record_and_cannot_be_reached() {
    use plo_drift::store::recipients;

    let world = World::new().await;
    for name in ["there", "away", "back", "gone", "elsewhere"] {
        world.add_person(Role::Director, name, false).await;
    }
    world.sql("UPDATE recipients SET away_until = '2026-06-01', deputy_id = 1 WHERE name = 'away'").await;
    world.sql("UPDATE recipients SET away_until = '2026-05-31' WHERE name = 'back'").await;
    world.sql("UPDATE recipients SET active = false WHERE name = 'gone'").await;
    let mut connection = world.pool().acquire().await.expect("a connection");
    let may_write_to = |address: &str| !address.starts_with("elsewhere");
    let mut people =
        recipients::people(&mut connection, world.now().today, may_write_to).await.expect("everybody is on record");
    people.sort_by_key(|person| person.id);
    let found: Vec<(i64, bool, Option<i64>)> =
        people.iter().map(|person| (person.id, person.reachable, person.deputy)).collect();
    assert_eq!(found, [(1, true, None), (2, false, Some(1)), (3, true, None), (4, false, None), (5, false, None)]);
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn another_policy_leaves_resolved_alerts_as_they_are() {
    let mut world = World::with_a_chair().await;
    let red =
        "INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('PP-1', 'North', '2026-01-05', '2026-01-05')";
    world.sql(red).await;
    world.sql(started("PP-2", "2026-03-02")).await;
    world.cycle().await;
    world.sql("UPDATE cases SET closed_on = '2026-05-29' WHERE reference = 'PP-1'").await;
    world.cycle().await;
    let resolved = "SELECT string_agg(alerts::text, ' ' ORDER BY id) FROM alerts WHERE case_reference = 'PP-1'";
    let before = world.ask(resolved).await;
    assert!(before.contains("resolved") && !before.contains("open,"), "{before}");
    let time_limit = "SELECT count(*) FROM alerts WHERE case_reference = 'PP-2' AND rule = 'time_limit'";
    assert_eq!(world.ask(time_limit).await, "0");

    let twelve = Known::from(&file(TWELVE));
    (world.sweep.policy, world.sweep.policy_version) = (twelve.policy, twelve.version);
    world.cycle().await;
    assert_eq!(world.ask(time_limit).await, "1", "the other policy judges");
    assert_eq!(world.ask(resolved).await, before);
    world.end().await;
}
