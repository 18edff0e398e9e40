//! Follow-up that cannot be forgotten: the ladder, pauses, the digest and the panel pack, over real days.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use jiff::SignedDuration;
use plo_drift::domain::calendar::Span;
use plo_drift::domain::ladder::Step;
use plo_drift::domain::policy::{Delivery, Role};
use plo_drift::jobs::{reconcile, sweep};
use plo_drift::store::ladders::{self, RungOutcome, ToClimb};
use plo_drift::store::{invariants, outbox};
use support::smtp::Behaviour;
use support::world::{World, open, version};
use tokio_util::sync::CancellationToken;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Decided to issue on 1 May 2026, and nothing filed: due by 18 May, red from 27 May on. One alert, and no other.
const ONE_RED: &str = r#"
    INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on, step_decision_on, outcome)
        VALUES ('PP-1', 'North', '2026-01-05', '2026-01-05', '2026-01-06', '2026-05-01', 'issue');
    INSERT INTO oversight (case_reference, "on", kind, rationale_recorded) VALUES ('PP-1', '2026-05-28', 'panel_review', true)"#;

/// Amber from 25 May 2026 on, and nothing else: recorded and never started.
const ONE_AMBER: &str = "INSERT INTO cases (reference, team, recorded_on) VALUES ('PP-A', 'North', '2026-05-25')";

/// The moments of journal entries of one kind, with their reasons.
async fn journal(world: &World, what: &str) -> String {
    world
        .ask(&format!(
            "SELECT string_agg((at AT TIME ZONE 'Europe/London')::date || ' ' || coalesce(reason, ''), '; ' ORDER BY id)
            FROM journal WHERE what = '{what}'"
        ))
        .await
}

/// Puts the only alert aside, as its chair would.
async fn pause(world: &World, kind: &str, until: &str) {
    let owner = if kind == "acknowledged" { "'the service manager'" } else { "NULL" };
    world
        .sql(format!(
            "BEGIN;
            INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on)
                SELECT alerts.id, '{kind}', '{at}', '{today}', recipients.id, 'Chase Seeded Words', {owner}, '{until}'
                FROM alerts, recipients WHERE state = 'open' AND recipients.role = 'legal_gateway_chair';
            UPDATE alerts SET state = '{kind}' WHERE state = 'open';
            COMMIT",
            at = world.now().at,
            today = world.now().today,
        ))
        .await;
}

/// What a moment brings of alerts alone.
async fn tick_without_a_pack(world: &World) {
    world.sweep().await;
    world.digest().await;
    world.deliver().await;
}

/// Lets days pass, one tick each, and says to whom mail went on which day.
async fn days(world: &World, count: usize) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..count {
        let before = world.addressees().len();
        tick_without_a_pack(world).await;
        told.extend(world.addressees()[before..].iter().map(|name| format!("{name} {}", world.now().today)));
        world.pass(DAY);
    }
    told
}

#[tokio::test]
async fn an_alert_that_nobody_acts_on_goes_up_the_ladder_by_working_days() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    let told = days(&world, 20).await;
    assert_eq!(told, ["chair 2026-06-01", "service 2026-06-03", "head 2026-06-08", "assistant 2026-06-15"]);
    let letter = open(&world.smtp.received()[1]).text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(letter.contains("Nobody has acted on it since 1 June 2026"), "{letter}");
    assert!(letter.contains("the head of service is told on Monday 8 June 2026"), "{letter}");
    assert!(letter.contains("Also told: legal gateway chair"), "{letter}");
    assert!(letter.contains("on record as service manager"), "{letter}");
    world.end().await;
}

#[tokio::test]
async fn amber_goes_up_in_the_digest_at_eight_in_london_in_summer_and_in_winter() {
    let world = World::with_a_ladder().await;
    world.at("2026-10-23T10:00:00Z");
    world.tick().await;
    world.sql(ONE_AMBER).await;
    world.tick().await;
    assert_eq!(world.addressees(), Vec::<String>::new());
    assert_eq!(journal(&world, "not_told").await, "2026-10-23 legal gateway chair: told in the next digest");

    // The clocks go back on Sunday: on Monday eight in London is eight UTC, and no longer seven.
    world.at("2026-10-24T10:00:00Z");
    world.tick().await;
    world.at("2026-10-26T07:59:00Z");
    world.tick().await;
    assert_eq!(world.addressees(), Vec::<String>::new(), "not at the weekend, and not before eight");
    world.at("2026-10-26T08:00:00Z");
    world.tick().await;
    world.tick().await;
    assert_eq!(world.addressees(), ["chair"]);
    let letter = open(&world.smtp.received()[0]);
    assert!(letter.subject.contains("digest") && letter.subject.contains("1 amber"), "{}", letter.subject);

    // Five working days after the Friday is the next Friday; the ten are over on 6 November.
    let told = days(&world, 14).await;
    assert_eq!(told, ["service 2026-10-30", "head 2026-11-06"]);
    // Good Friday; Easter Monday is no working day either, and on Tuesday it is summer time.
    world.at("2027-03-26T08:00:00Z");
    world.sql(ONE_AMBER.replace("PP-A", "PP-B")).await;
    for (moment, expected) in
        [("2027-03-26T08:00:00Z", 0), ("2027-03-29T08:00:00Z", 0), ("2027-03-30T06:59:00Z", 0), ("2027-03-30T07:00:00Z", 1)]
    {
        let before = world.addressees().len();
        world.at(moment);
        tick_without_a_pack(&world).await;
        assert_eq!(world.addressees().len(), before + expected, "{moment}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_digest_is_made_once_however_many_try_and_however_long_nobody_did() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_AMBER).await;
    world.tick().await;
    world.at("2026-06-16T09:00:00Z");
    world.sweep().await;
    let makers: Vec<_> = (0..8)
        .map(|_| {
            let (pool, sweep, now) = (world.pool().clone(), world.sweep.clone(), world.now());
            tokio::spawn(async move { plo_drift::jobs::digest::run(&pool, &sweep, now).await })
        })
        .collect();
    let mut made = 0;
    for maker in makers {
        made += usize::from(maker.await.expect("nobody panics").is_ok_and(|made| made.is_some()));
    }
    assert_eq!(made, 1);
    world.deliver().await;
    let mut addressees = world.addressees();
    addressees.sort_unstable();
    assert_eq!(addressees, ["chair", "head", "service"], "the rungs of a fortnight, each once");
    world.pass(DAY);
    assert_eq!(days(&world, 1).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn working_days_without_a_digest_are_on_record() {
    let world = World::with_a_ladder().await;
    world.tick().await;
    world.at("2026-06-04T09:00:00Z");
    world.tick().await;
    let missed = journal(&world, "mail_missed").await;
    assert!(missed.contains("digest of 2 June 2026: the service did not run"), "{missed}");
    assert!(missed.contains("digest of 3 June 2026") && !missed.contains("digest of 4 June"), "{missed}");
    world.end().await;
}

#[tokio::test]
async fn an_acknowledged_alert_is_quiet_and_its_silences_are_on_record() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    pause(&world, "acknowledged", "2026-06-12").await;
    assert_eq!(days(&world, 10).await, Vec::<String>::new());
    let silences = journal(&world, "not_told").await;
    assert_eq!(
        silences,
        "2026-06-03 service manager: the alert is acknowledged; 2026-06-08 head of service: the alert is acknowledged"
    );

    // The day has come: whoever knew is told at once, who put it aside and until when, and not the typed reason.
    let told = days(&world, 12).await;
    assert_eq!(told, ["chair 2026-06-12", "service 2026-06-16", "head 2026-06-19"]);
    let letter = open(&world.smtp.received()[1]).text;
    assert!(letter.contains("legal gateway chair on 2 June 2026"), "{letter}");
    assert!(!letter.contains("Seeded"), "{letter}");
    assert_eq!(world.ask("SELECT ended_by FROM alert_pauses").await, "day");
    for forbidden in [
        "UPDATE alert_pauses SET reason = 'another'",
        "UPDATE alert_pauses SET ended_by = 'raised'",
        "DELETE FROM alert_pauses",
    ] {
        assert!(world.try_sql(forbidden).await.is_err(), "{forbidden}");
    }
    assert!(journal(&world, "alert_reopened").await.contains("acknowledged on 2 June 2026 until 12 June 2026"));
    world.end().await;
}

#[tokio::test]
async fn a_snoozed_alert_that_turns_red_is_open_again_at_once() {
    let world = World::with_a_ladder().await;
    world.at("2026-05-19T09:00:00Z");
    world.sql(ONE_RED.replace(", '2026-05-28', 'panel_review'", ", '2026-05-18', 'panel_review'")).await;
    days(&world, 1).await;
    pause(&world, "snoozed", "2026-06-10").await;
    assert_eq!(days(&world, 8).await, ["chair 2026-05-27"], "the milestone turns red on 27 May");
    assert_eq!(world.ask("SELECT ended_by FROM alert_pauses").await, "raised");
    assert_eq!(world.ask("SELECT state || ' ' || turned_by FROM alerts").await, "open raised");
    world.end().await;
}

#[tokio::test]
async fn a_paused_alert_that_is_put_right_is_resolved_and_its_pause_with_it() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    pause(&world, "acknowledged", "2026-06-12").await;
    world.sql("UPDATE cases SET court_application_on = '2026-06-02'").await;
    assert_eq!(days(&world, 15).await, Vec::<String>::new());
    assert_eq!(world.ask("SELECT ended_by || ' ' || (SELECT state FROM alerts) FROM alert_pauses").await, "resolved resolved");
    world.end().await;
}

#[tokio::test]
async fn a_message_that_is_refused_passes_the_alert_on() {
    let world = World::with_a_ladder().await;
    world.smtp.set_behaviour(Behaviour::RefuseAddress { address: "chair@council.example".to_owned(), code: 550 });
    world.sql(ONE_RED).await;
    assert_eq!(days(&world, 1).await, Vec::<String>::new());
    assert_eq!(days(&world, 1).await, ["service 2026-06-02"], "a day before the service manager's own");
    let letter = open(&world.smtp.received()[0]).text;
    assert!(letter.contains("Could not be reached: legal gateway chair"), "{letter}");
    assert_eq!(days(&world, 7).await, ["head 2026-06-08"], "the rest keep their days");

    world.smtp.set_behaviour(Behaviour::Accept);
    let mut connection = world.pool().acquire().await.expect("a connection");
    let replayed = outbox::replay(&mut connection, None, world.now().at).await.expect("the database answers");
    assert_eq!(replayed.len(), 1);
    drop(connection);
    world.deliver().await;
    assert_eq!(world.addressees(), ["service", "head", "chair"]);
    world.end().await;
}

#[tokio::test]
async fn whoever_is_away_has_a_deputy_and_whoever_has_none_is_passed_over_aloud() {
    let world = World::with_a_ladder().await;
    world.sql("UPDATE recipients SET active = false WHERE role = 'legal_gateway_chair'").await;
    world
        .sql("UPDATE recipients SET away_until = '2026-06-05', deputy_id = (SELECT id FROM recipients WHERE role = 'head_of_service') WHERE role = 'service_manager'")
        .await;
    world.sql(ONE_RED).await;
    assert_eq!(days(&world, 1).await, ["head 2026-06-01"]);
    let letter = open(&world.smtp.received()[0]).text;
    assert!(letter.contains("you stand in for the service manager"), "{letter}");
    assert!(letter.contains("Could not be reached: legal gateway chair"), "{letter}");
    let silence = journal(&world, "not_told").await;
    assert_eq!(
        silence,
        "2026-06-01 legal gateway chair: whoever has this role for the team is away or has left, and nobody stands in"
    );
    world.end().await;
}

#[tokio::test]
async fn a_restricted_case_is_in_no_digest_and_goes_singly_when_the_digest_does() {
    let world = World::with_a_ladder().await;
    world.add_person(Role::LegalGatewayChair, "cleared", true).await;
    world.sql(ONE_AMBER).await;
    world
        .sql(ONE_AMBER.replace("PP-A", "SECRET-1").replace("team,", "restricted, team,").replace("'North'", "true, 'North'"))
        .await;
    world.sweep().await;
    world.pass(DAY);
    assert_eq!(days(&world, 1).await.len(), 3);
    for received in world.smtp.received() {
        let letter = open(&received);
        let is_single = received.to == ["cleared@council.example"] && letter.text.contains("SECRET-1");
        assert!(is_single || !letter.text.contains("SECRET-1"), "{}", letter.text);
        assert_eq!(letter.subject.contains("digest"), !is_single, "{}", letter.subject);
        assert!(!(is_single && letter.text.contains("PP-A")));
    }
    world.end().await;
}

#[tokio::test]
async fn an_alert_that_turns_less_grave_is_told_to_nobody_who_knows_it_as_graver() {
    let world = World::with_a_ladder().await;
    // Three appointments missed in a row, the last of them yesterday; nothing else can drift in a case that has just begun.
    world
        .sql(
            r#"INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on) VALUES ('PP-E', 'North', '2026-05-18', '2026-05-18', '2026-05-28');
            INSERT INTO engagement (case_reference, "on", attended) VALUES ('PP-E', '2026-05-19', false), ('PP-E', '2026-05-26', false), ('PP-E', '2026-05-29', false)"#,
        )
        .await;
    days(&world, 1).await;
    world.sql("UPDATE engagement SET excused = true WHERE \"on\" = '2026-05-19'").await;
    let told = days(&world, 2).await;
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(world.ask("SELECT turned_by FROM alerts WHERE rule = 'missed_engagement'").await, "lowered");
    assert!(journal(&world, "not_told").await.contains("legal gateway chair: knows of the alert as graver than it is now"));
    world.end().await;
}

#[tokio::test]
async fn another_policy_moves_the_next_rung_of_a_standing_alert_and_no_closed_one() {
    let mut world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    world.sweep.policy.alerts.red[1].after = 1;
    world.sweep.policy_version = version("another policy");
    assert_eq!(days(&world, 7).await, ["service 2026-06-02", "head 2026-06-08"]);
    world.sql("UPDATE cases SET court_application_on = '2026-06-08'").await;
    days(&world, 1).await;
    let closed = world.ask("SELECT alerts::text FROM alerts").await;
    world.sweep.policy.alerts.red.truncate(1);
    world.sweep.policy_version = version("a third");
    days(&world, 2).await;
    assert_eq!(world.ask("SELECT alerts::text FROM alerts").await, closed);
    world.end().await;
}

#[tokio::test]
async fn a_panel_pack_goes_out_on_the_working_day_before_the_meeting_once() {
    let world = World::with_a_ladder().await;
    world.add_person(Role::LegalGatewayChair, "cleared", true).await;
    world.sql(ONE_RED).await;
    world.sql(ONE_AMBER.replace("PP-A", "PP-NOT-STARTED")).await;
    world
        .sql(ONE_RED.replace("PP-1", "SECRET-1").replace("team,", "restricted, team,").replace("'North'", "true, 'North'"))
        .await;
    world.tick().await;
    let before = world.addressees().len();
    world.at("2026-06-02T06:59:00Z");
    world.tick().await;
    assert_eq!(world.addressees().len(), before, "not before eight");
    world.at("2026-06-02T07:00:00Z");
    world.sweep().await;
    let made = world.pack().await.expect("the pack of Wednesday is due");
    assert_eq!((made.meeting_on.to_string().as_str(), made.cases, made.messages), ("2026-06-03", 2, 3));
    assert_eq!(world.pack().await, None);
    world.deliver().await;
    let packs: Vec<_> =
        world.smtp.received().split_off(before).into_iter().map(|received| (received.to.join(","), open(&received))).collect();
    for (to, letter) in &packs {
        assert!(letter.subject.starts_with("Panel pack for Wednesday 3 June 2026"), "{}", letter.subject);
        assert!(!letter.text.contains("PP-NOT-STARTED"));
        assert!(letter.text.contains("why is the application not made"), "{}", letter.text);
        assert!(!letter.text.contains("SECRET-1") || (to == "cleared@council.example" && !letter.text.contains("PP-1\n")));
    }
    assert_eq!(packs.len(), 3);

    // On the day of the meeting it is too late for none; the day after, the next meeting's is not due.
    world.at("2026-06-17T09:00:00Z");
    world.sweep().await;
    assert_eq!(world.pack().await.map(|made| made.meeting_on.to_string()).as_deref(), Some("2026-06-17"));
    assert!(journal(&world, "mail_missed").await.contains("panel pack for 10 June 2026: the service did not run"));
    world.end().await;
}

#[tokio::test]
async fn every_case_at_risk_stands_in_the_panel_pack_and_is_journalled_as_told() {
    let world = World::with_a_chair().await;
    for number in 1..=23 {
        world.sql(ONE_RED.replace("PP-1", &format!("PP-{number:02}"))).await;
    }
    world.at("2026-06-02T07:00:00Z");
    world.sweep().await;
    world.pack().await.expect("the pack of Wednesday is due");
    let told =
        "SELECT count(DISTINCT case_reference) FROM journal WHERE what = 'told' AND reason = 'legal gateway chair: panel pack'";
    assert_eq!(world.ask(told).await, "23");
    world.deliver().await;
    let letters: Vec<_> = world.smtp.received().iter().map(open).collect();
    let pack = letters.iter().find(|letter| letter.subject.starts_with("Panel pack")).expect("there is one");
    assert!(pack.text.contains("3 further cases at risk, in brief: 3 red drift alerts"), "{}", pack.text);
    for number in 1..=23 {
        assert!(pack.text.contains(&format!("\nPP-{number:02}")), "PP-{number:02} is not in\n{}", pack.text);
    }
    assert_eq!(pack.text.matches("why is the application not made").count(), 23);
    world.end().await;
}

#[tokio::test]
async fn an_acknowledgement_that_has_committed_is_seen_by_every_claim() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    world.pass(DAY);
    // The rung of the service manager is due; the acknowledgement holds the alert when a sweep comes by, and commits while it waits.
    let mut acknowledging = world.pool().begin().await.expect("a transaction");
    sqlx::raw_sql(
        "UPDATE alerts SET state = 'acknowledged';
        INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on)
            SELECT alerts.id, 'acknowledged', now(), '2026-06-03', 1, 'a reason', 'an owner', '2026-06-12' FROM alerts",
    )
    .execute(&mut *acknowledging)
    .await
    .expect("it is acknowledged");
    let (pool, sweep, now) = (world.pool().clone(), world.sweep.clone(), world.now());
    let sweeping =
        tokio::spawn(async move { sweep::run(&pool, &sweep, now.at, now, &CancellationToken::new()).await.map(drop) });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while world.ask(waits).await == "0" {
        assert!(!sweeping.is_finished(), "the sweep comes to the alert while it is acknowledged");
        tokio::task::yield_now().await;
    }
    acknowledging.commit().await.expect("it is on record");
    sweeping.await.expect("nobody panics").expect("the sweep goes through");
    world.deliver().await;
    assert_eq!(days(&world, 3).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn a_hint_that_was_set_wrong_by_hand_is_found_and_repaired() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    assert!(world.reconcile().await.is_clean());
    world.sql("UPDATE case_watch SET next_look_on = NULL, rag = 'green', reds = 0").await;
    world.sql("DELETE FROM case_marks").await;
    let found = world.reconcile().await;
    assert_eq!((found.repaired.join(","), found.is_clean()), ("PP-1".to_owned(), false));
    assert_eq!(world.ask("SELECT rag FROM case_watch").await, "red");
    assert!(world.reconcile().await.is_clean());
    assert_eq!(world.ask("SELECT case_reference FROM journal WHERE what = 'hint_repaired'").await, "PP-1");
    world.end().await;
}

#[tokio::test]
async fn a_case_that_stands_as_it_did_was_looked_at_that_night() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    world.sweep().await;
    world.pass(DAY);
    world.sweep().await;
    assert_eq!(world.ask("SELECT looked_on::text FROM case_watch").await, "2026-06-01", "it was not due");
    assert!(world.reconcile().await.is_clean());
    assert_eq!(world.ask("SELECT looked_on::text FROM case_watch").await, "2026-06-02");
    world.end().await;
}

/// Each thing that must never be, and how the tables come to show it.
const BREACHES: [(&str, &str); 11] = [
    ("an alert that is put aside has no running pause", "UPDATE alerts SET state = 'acknowledged'"),
    (
        "a pause runs for an alert that is not put aside",
        "INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, until_on)
            SELECT id, 'snoozed', now(), '2026-06-01', 1, 'a reason', '2026-06-12' FROM alerts",
    ),
    (
        "a pause has not ended on its day",
        "INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, until_on)
            SELECT id, 'snoozed', now(), '2026-05-11', 1, 'a reason', '2026-06-01' FROM alerts;
        UPDATE alerts SET state = 'snoozed'",
    ),
    (
        "an alert has no entry in the journal",
        "INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on, opened_at, turned_at, resolved_at)
            VALUES (gen_random_uuid(), 'PP-1', 'a rule', '', 'red', 'resolved', 'x', '2026-06-01', '2026-06-01', now(), now(), now())",
    ),
    (
        "an open alert was told to nobody, and nothing says why",
        "INSERT INTO alerts (id, case_reference, rule, subject, severity, message, since_on, severity_since_on, opened_at, turned_at)
            VALUES (gen_random_uuid(), 'PP-1', 'a rule', '', 'red', 'x', '2026-06-01', '2026-06-01', now(), now());
        INSERT INTO journal (at, what, alert_id) SELECT now(), 'alert_opened', id FROM alerts",
    ),
    ("a red rung was due before today and nobody has climbed it", "UPDATE alerts SET next_rung_on = '2026-06-01'"),
    (
        "a rung is overdue by more than a working day",
        "UPDATE alerts SET severity = 'amber', next_rung_on = '2026-05-31', next_rung_deliver = 'digest'",
    ),
    ("a rung told somebody and there is no message", "DELETE FROM message_alerts"),
    (
        "an open alert has no next rung, and no mail of it has left or will",
        "UPDATE alerts SET next_rung_on = NULL, next_rung_role = NULL, next_rung_deliver = NULL;
        UPDATE messages SET state = 'dead', reason = 'a reason'",
    ),
    (
        "a message has gathered news for more than an hour",
        "INSERT INTO messages (id, kind, recipient_id, created_at) VALUES (gen_random_uuid(), 'alert', 1, '2026-06-02T06:59:00Z')",
    ),
    (
        "a message is held by a worker that is lost",
        "UPDATE messages SET state = 'sending', leased_until = '2026-06-02T06:59:00Z'",
    ),
];

#[tokio::test]
async fn what_must_never_be_is_reported() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    assert!(world.reconcile().await.is_clean());
    for (what, breach) in BREACHES {
        let mut tx = world.pool().begin().await.expect("a transaction");
        sqlx::raw_sql(breach).execute(&mut *tx).await.expect("the SQL is right");
        let now = world.now();
        let before = world.sweep.policy.calendar.minus(now.today, Span::WorkingDays(1));
        let broken = invariants::broken(&mut tx, before, now).await.expect("the database answers");
        let broken: Vec<&str> = broken.iter().map(|broken| broken.what.as_str()).collect();
        assert_eq!(broken, [what]);
        tx.rollback().await.expect("it is taken back");
    }
    let asked = include_str!("../src/store/invariants.rs").matches("UNION ALL").count() + 1;
    assert_eq!(asked, BREACHES.len(), "each is broken here once");
    world.end().await;
}

#[tokio::test]
async fn a_digest_that_is_never_made_is_noticed() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_AMBER).await;
    world.sweep().await;
    world.pass(DAY);
    assert!(world.reconcile().await.is_clean(), "it may come today");
    world.pass(DAY);
    let found = world.reconcile().await;
    assert_eq!(found.broken.first().map(|broken| broken.what.as_str()), Some("a rung is overdue by more than a working day"));
    world.digest().await;
    assert!(world.reconcile().await.is_clean());
    world.end().await;
}

/// Lets days pass in which the mail server does not take anything, four ticks each.
async fn days_without_mail(world: &World, count: usize) {
    world.smtp.set_behaviour(Behaviour::RefuseRecipient(451));
    for _ in 0..4 * count {
        tick_without_a_pack(world).await;
        world.pass(SignedDuration::from_hours(6));
    }
    assert!(world.reconcile().await.is_clean());
    world.smtp.set_behaviour(Behaviour::Accept);
}

#[tokio::test]
async fn an_outage_that_outlasts_the_mail_of_the_only_one_to_tell_loses_no_alert() {
    let world = World::with_a_chair().await;
    world.sql(ONE_RED).await;
    days_without_mail(&world, 5).await;
    assert_eq!(world.ask("SELECT string_agg(state, ', ' ORDER BY created_at) FROM messages").await, "dead, queued");
    let silences = journal(&world, "not_told").await;
    let last = "2026-06-04 nobody is left to tell, and no mail was delivered: the ladder begins again";
    assert!(silences.contains(last), "{silences}");
    assert_eq!(days(&world, 20).await, ["chair 2026-06-06"]);
    assert_eq!(world.sweep().await.unreachable, 0);
    assert!(world.reconcile().await.is_clean());
    world.end().await;
}

#[tokio::test]
async fn an_outage_that_outlasts_the_whole_ladder_tells_each_once_when_it_ends() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days_without_mail(&world, 20).await;
    days(&world, 3).await;
    let mut told = world.addressees();
    told.sort_unstable();
    assert_eq!(told, ["assistant", "chair", "head", "service"]);
    assert!(world.reconcile().await.is_clean());
    world.end().await;
}

#[tokio::test]
async fn an_address_that_is_refused_for_good_is_tried_once_a_working_day() {
    let world = World::with_a_chair().await;
    world.smtp.set_behaviour(Behaviour::RefuseAddress { address: "chair@council.example".to_owned(), code: 550 });
    world.sql(ONE_RED).await;
    for _ in 0..14 {
        for _ in 0..3 {
            tick_without_a_pack(&world).await;
        }
        assert_eq!(world.sweep().await.unreachable, 1, "{}", world.now().today);
        world.pass(DAY);
    }
    assert_eq!(world.ask("SELECT count(*) FROM messages WHERE state = 'dead'").await, "10");
    assert!(world.reconcile().await.is_clean());
    world.end().await;
}

#[tokio::test]
async fn one_person_on_two_rungs_who_is_refused_passes_both_on() {
    let mut world = World::with_a_ladder().await;
    world.sweep.policy.alerts.red[1].after = 0;
    world.sql("UPDATE recipients SET away_until = '2026-06-30', deputy_id = 2 WHERE role = 'legal_gateway_chair'").await;
    world.smtp.set_behaviour(Behaviour::RefuseAddress { address: "service@council.example".to_owned(), code: 550 });
    world.sql(ONE_RED).await;
    assert_eq!(days(&world, 1).await, Vec::<String>::new());
    let rungs = "SELECT string_agg(role || ' ' || outcome, ', ' ORDER BY role) FROM alert_rungs";
    assert_eq!(world.ask(rungs).await, "legal_gateway_chair unreachable, service_manager unreachable");
    assert_eq!(days(&world, 1).await, ["head 2026-06-02"]);
    world.end().await;
}

#[tokio::test]
async fn a_message_that_waits_reaches_nobody_who_may_not_know_any_more() {
    for (change, told) in [
        ("UPDATE recipients SET active = false WHERE name = 'chair'", vec!["service"]),
        ("UPDATE recipients SET teams = '{South}' WHERE name = 'chair'", vec!["service"]),
        ("UPDATE recipients SET role = 'director' WHERE name = 'chair'", vec!["service"]),
        ("UPDATE cases SET restricted = true", vec!["director"]),
        ("UPDATE recipients SET away_until = '2026-06-30' WHERE name = 'chair'", vec!["chair"]),
    ] {
        let mut world = World::with_a_ladder().await;
        world.add_person(Role::Director, "director", true).await;
        world.sweep.policy.alerts.red[2].role = Role::Director;
        world.sql(ONE_RED).await;
        world.smtp.set_behaviour(Behaviour::RefuseRecipient(451));
        tick_without_a_pack(&world).await;
        world.sql(change).await;
        world.smtp.set_behaviour(Behaviour::Accept);
        world.pass(SignedDuration::from_hours(6));
        world.deliver().await;
        tick_without_a_pack(&world).await;
        assert_eq!(world.addressees(), told, "{change}");
        assert_eq!(
            world.ask("SELECT count(*) FROM messages WHERE state = 'cancelled'").await == "0",
            told == ["chair"],
            "{change}"
        );
        assert!(world.reconcile().await.is_clean(), "{change}");
        world.end().await;
    }
}

#[tokio::test]
async fn a_case_that_becomes_restricted_leaves_in_no_message_of_several() {
    let world = World::with_a_chair().await;
    world.add_person(Role::LegalGatewayChair, "cleared", true).await;
    world.sql(ONE_RED).await;
    world.sql(ONE_RED.replace("PP-1", "PP-2")).await;
    world.smtp.set_behaviour(Behaviour::RefuseRecipient(451));
    world.tick().await;
    world.at("2026-06-02T07:30:00Z");
    world.sweep().await;
    assert_eq!(world.pack().await.expect("the pack is due").messages, 2);
    world.sql("UPDATE cases SET restricted = true WHERE reference = 'PP-1'").await;
    world.smtp.set_behaviour(Behaviour::Accept);
    world.pass(SignedDuration::from_hours(2));
    for _ in 0..3 {
        world.deliver().await;
        world.sweep().await;
    }
    let mut got: Vec<String> = world
        .smtp
        .received()
        .iter()
        .map(|received| {
            let text = open(received).text;
            let named: Vec<&str> = ["PP-1", "PP-2"].into_iter().filter(|case| text.contains(case)).collect();
            format!("{} {}", received.to.join(","), named.join(" "))
        })
        .collect();
    got.sort_unstable();
    assert_eq!(got, ["chair@council.example PP-2", "cleared@council.example PP-1", "cleared@council.example PP-2"]);
    let why = "SELECT string_agg(DISTINCT kind || ': ' || reason, '; ') FROM messages WHERE state = 'cancelled'";
    assert_eq!(world.ask(why).await, "alert: the case has become restricted; panel: the case has become restricted");
    let silences = journal(&world, "not_told").await;
    assert!(silences.contains("legal gateway chair: the case has become restricted"), "{silences}");
    world.end().await;
}

#[tokio::test]
async fn no_rung_of_an_alert_that_is_put_aside_is_claimed() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    let alert = world.ask("SELECT id FROM alerts").await.parse().expect("an id");
    let step = Step { role: Role::ServiceManager, due_on: world.now().today, deliver: Delivery::Immediate, escalated: true };
    let rung = ToClimb { alert, turn: 1, step, outcome: RungOutcome::Told };
    pause(&world, "acknowledged", "2026-06-12").await;
    let mut connection = world.pool().acquire().await.expect("a connection");
    for (state, expected) in [("acknowledged", 0), ("snoozed", 0), ("open", 1)] {
        world.sql(format!("UPDATE alerts SET state = '{state}'")).await;
        let claimed = ladders::claim(&mut connection, &[rung], world.now().at).await.expect("the database answers");
        assert_eq!(claimed.len(), expected, "{state}");
    }
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn a_pause_is_never_rewritten_and_ends_once() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    days(&world, 1).await;
    pause(&world, "acknowledged", "2026-06-12").await;
    let refused = async |statement: &str| assert!(world.try_sql(statement).await.is_err(), "{statement}");
    for change in [
        "kind = 'snoozed', owner = NULL",
        "made_at = now()",
        "made_on = '2026-05-30'",
        "recipient_id = 2",
        "reason = 'another'",
        "owner = 'another'",
        "until_on = '2027-06-12'",
    ] {
        refused(&format!("UPDATE alert_pauses SET {change}")).await;
        refused(&format!("UPDATE alert_pauses SET {change}, ended_at = now(), ended_by = 'day'")).await;
    }
    for statement in ["DELETE FROM alert_pauses", "TRUNCATE alert_pauses"] {
        refused(statement).await;
    }
    world.sql("UPDATE alert_pauses SET ended_at = now(), ended_by = 'day'").await;
    for change in ["ended_by = 'raised'", "ended_at = now() + interval '1 day'", "ended_at = NULL, ended_by = NULL"] {
        refused(&format!("UPDATE alert_pauses SET {change}")).await;
    }
    world.end().await;
}

#[tokio::test]
async fn the_night_is_reconciled_once() {
    let world = World::with_a_ladder().await;
    world.sql(ONE_RED).await;
    world.put_in_force().await.expect("the policy is put in force");
    let stop = CancellationToken::new();
    let run = async || reconcile::run(world.pool(), &world.sweep, world.now(), &stop).await.expect("it goes through").is_some();
    assert!(run().await, "last night's is not done");
    assert!(!run().await);
    world.pass(DAY);
    assert!(run().await);
    world.end().await;
}
