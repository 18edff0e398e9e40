//! From facts in the database to a message in a mail server's hands, and what may go wrong on the way.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use jiff::SignedDuration;
use plo_drift::domain::policy::Role;
use plo_drift::jobs::deliver::Delivered;
use plo_drift::jobs::sweep;
use plo_drift::store::journal::What;
use plo_drift::store::outbox;
use support::smtp::Behaviour;
use support::world::{World, open, version};
use tokio_util::sync::CancellationToken;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Started on 5 January 2026 with nothing done: over its limit since 27 April, and red in more ways than one.
const RED_CASE: &str =
    "INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('PP-1', 'North', '2026-01-05', '2026-01-05')";

/// Started with the letter sent on the day, and nothing done since.
fn letter_only(reference: &str, started_on: &str) -> String {
    format!(
        "INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on) VALUES ('{reference}', 'North', '{started_on}', '{started_on}', '{started_on}')"
    )
}

#[tokio::test]
async fn a_case_written_by_plain_sql_has_its_alert_and_its_mail() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;

    let (report, delivered) = world.cycle().await;

    assert_eq!((report.cases, report.messages), (1, 1));
    assert!(report.opened.iter().any(|line| line.rule == "time_limit"));
    assert_eq!(delivered, Delivered { sent: 1, delayed: 0, dead: 0 });
    let received = world.smtp.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].tls, "the message went over TLS");
    assert_eq!(received[0].to, ["chair@council.example"]);
    let letter = open(&received[0]);
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("PP-1"), "{part}");
        assert!(part.contains("The pre-proceedings period ended on 27 April 2026"), "{part}");
    }
    assert!(!letter.subject.contains("PP-1"), "the subject carries counts only");
    let unsaid = "SELECT count(*) FROM alerts WHERE NOT EXISTS (SELECT FROM journal WHERE alert_id = alerts.id AND what = 'alert_opened')";
    assert_eq!(world.ask(unsaid).await, "0", "no alert without its journal");

    let (again, delivered) = world.cycle().await;
    assert_eq!((again.cases, again.messages), (0, 0), "nothing is due again");
    assert_eq!(delivered, Delivered::default());
    world.sql("UPDATE case_watch SET next_look_on = '2000-01-01'").await;
    let (again, _) = world.cycle().await;
    assert_eq!((again.cases, again.opened.len(), again.messages), (1, 0, 0), "looked at again, and nothing to tell");
    assert_eq!(world.smtp.received().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn the_news_of_a_sweep_is_one_message_a_person_worst_case_first() {
    let mut world = World::with_a_chair().await;
    world.add_person(Role::LegalGatewayChair, "deputy", false).await;
    world.add_person(Role::Director, "director", true).await;
    world.sweep.cases_at_a_time = 1;
    world.sql(RED_CASE).await;
    world.sql(letter_only("PP-2", "2026-04-20")).await;
    world.sql(RED_CASE.replace("PP-1", "PP-0").replace("2026-01-05", "2026-02-02")).await;

    world.cycle().await;

    let received = world.smtp.received();
    let mut to: Vec<&str> = received.iter().flat_map(|message| message.to.iter().map(String::as_str)).collect();
    to.sort_unstable();
    assert_eq!(to, ["chair@council.example", "deputy@council.example"]);
    let text = open(&received[0]).text;
    let places: Vec<usize> =
        ["PP-1", "PP-0", "PP-2"].iter().map(|reference| text.find(reference).expect("the case is told")).collect();
    assert!(places.is_sorted(), "{text}");
    world.end().await;
}

#[tokio::test]
async fn an_amber_alert_waits_for_the_digest_and_the_journal_says_so() {
    let world = World::with_a_chair().await;
    world.sql(letter_only("PP-A", "2026-05-11")).await;
    let (report, _) = world.cycle().await;
    assert!(!report.opened.is_empty() && report.opened.iter().all(|line| line.severity.code() == "amber"), "{report:?}");
    assert_eq!(world.smtp.received().len(), 0);
    let silent = world.ask("SELECT string_agg(DISTINCT reason, '; ') FROM journal WHERE what = 'not_told'").await;
    assert_eq!(silent, "legal gateway chair: told in the next digest");
    world.end().await;
}

#[tokio::test]
async fn an_alert_that_turns_red_is_told_once_and_says_so() {
    let world = World::with_a_chair().await;
    world.sql(letter_only("PP-A", "2026-05-11")).await;
    world.cycle().await;
    for _ in 0..30 {
        world.pass(DAY);
        world.cycle().await;
    }
    let raised = "SELECT count(*) FROM journal WHERE what = 'alert_raised'";
    let told = "SELECT count(*) FROM journal WHERE what = 'told'";
    let red = "SELECT count(*) FROM alerts WHERE severity = 'red'";
    assert_ne!(world.ask(raised).await, "0");
    assert_eq!(world.ask(told).await, world.ask(red).await, "each alert that is red was told once");
    let letters: Vec<String> = world.smtp.received().iter().map(|received| open(received).text).collect();
    assert!(letters.iter().any(|text| text.contains("was AMBER")), "{letters:?}");
    world.end().await;
}

#[tokio::test]
async fn a_restricted_case_goes_singly_to_those_who_are_cleared() {
    let world = World::with_a_chair().await;
    world.add_person(Role::LegalGatewayChair, "cleared", true).await;
    world.sql(RED_CASE).await;
    world
        .sql(RED_CASE.replace("PP-1", "SECRET-1").replace("team,", "restricted, team,").replace("'North'", "true, 'North'"))
        .await;

    world.cycle().await;

    let received = world.smtp.received();
    let about = |name: &str| -> Vec<String> {
        received.iter().filter(|message| message.to == [name]).map(|message| open(message).text).collect()
    };
    let to_chair = about("chair@council.example");
    assert!(to_chair.len() == 1 && !to_chair[0].contains("SECRET-1"), "{to_chair:?}");
    let to_cleared = about("cleared@council.example");
    assert_eq!(to_cleared.len(), 2, "one message for the restricted case alone, one for the rest");
    assert!(to_cleared.iter().all(|text| text.contains("SECRET-1") != text.contains("PP-1")));
    world.end().await;
}

#[tokio::test]
async fn what_nobody_could_be_told_of_is_told_as_soon_as_somebody_can() {
    let world = World::new().await;
    world.sql(RED_CASE).await;
    let (report, _) = world.cycle().await;
    assert!(report.unreachable > 0 && report.messages == 0, "{report:?}");
    let silence = world
        .ask("SELECT string_agg(DISTINCT reason, '; ') FROM journal WHERE what = 'not_told' AND reason LIKE '%reached%'")
        .await;
    assert!(silence.contains("legal gateway chair: nobody in this role can be reached for the team"), "{silence}");
    let before = world.ask("SELECT count(*) FROM journal").await;
    world.cycle().await;
    assert_eq!(world.ask("SELECT count(*) FROM journal").await, before, "the silence is on record once");

    world.add_person(Role::LegalGatewayChair, "chair", false).await;
    let (report, delivered) = world.cycle().await;
    assert_eq!((report.unreachable, report.messages, delivered.sent), (0, 1, 1));
    world.end().await;
}

#[tokio::test]
async fn nobody_outside_the_allowed_domains_is_written_to() {
    let mut world = World::with_a_chair().await;
    world.sweep.post.allowed_domains = plo_drift::config::AllowedDomains::of(["elsewhere.example".to_owned()]);
    world.sql(RED_CASE).await;
    let (report, delivered) = world.cycle().await;
    assert_eq!((report.messages, delivered), (0, Delivered::default()));
    assert!(report.unreachable > 0, "{report:?}");

    // Once the domain is allowed, the alerts are told after all.
    world.sweep.post.allowed_domains = plo_drift::config::AllowedDomains::of(["council.example".to_owned()]);
    let (report, _) = world.cycle().await;
    assert_eq!(report.messages, 1);
    world.end().await;
}

#[tokio::test]
async fn a_message_that_was_queued_before_its_domain_was_closed_dies_without_leaving() {
    let mut world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.sweep().await;
    world.sweep.post.allowed_domains = plo_drift::config::AllowedDomains::of(["elsewhere.example".to_owned()]);
    assert_eq!(world.deliver().await.dead, 1);
    assert_eq!(world.smtp.received().len(), 0);
    world.end().await;
}

#[tokio::test]
async fn an_alert_is_resolved_when_the_thing_is_put_right_and_opened_anew_when_it_comes_back() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world
        .sql("INSERT INTO meetings (case_reference, sequence, kind, planned_on) VALUES ('PP-1', 1, 'initial', '2026-05-01')")
        .await;
    world.cycle().await;
    let alerts = "SELECT string_agg(state, ',' ORDER BY opened_at) FROM alerts WHERE rule = 'review_not_held'";
    assert_eq!(world.ask(alerts).await, "open");

    world.sql("UPDATE meetings SET cancelled_on = '2026-06-01'").await;
    let (report, _) = world.cycle().await;
    assert!(report.resolved.iter().any(|line| line.rule == "review_not_held"));
    assert_eq!(world.ask(alerts).await, "resolved");

    world.pass(DAY);
    world.sql("UPDATE meetings SET cancelled_on = NULL").await;
    world.cycle().await;
    assert_eq!(world.ask(alerts).await, "resolved,open");
    world.end().await;
}

#[tokio::test]
async fn a_change_of_facts_is_noticed_and_its_old_value_kept() {
    let world = World::with_a_chair().await;
    world.sql(letter_only("PP-A", "2026-05-25")).await;
    world.cycle().await;
    world.sql("UPDATE cases SET team = 'North'").await;
    assert_eq!(world.sweep().await.cases, 0, "an update that changes nothing is no change");

    world.sql("UPDATE cases SET team = 'South'").await;
    assert_eq!(world.ask("SELECT count(*) FROM case_marks").await, "1");
    assert_eq!(world.sweep().await.cases, 1);
    assert_eq!(world.ask("SELECT count(*) FROM case_marks").await, "0");
    let kept = "SELECT old_value ->> 'team' || ' to ' || (new_value ->> 'team') FROM case_history WHERE old_value IS NOT NULL";
    assert_eq!(world.ask(kept).await, "North to South");

    world.sql("INSERT INTO oversight (case_reference, \"on\", kind, rationale_recorded) VALUES ('PP-A', '2026-05-26', 'panel_review', true)").await;
    assert_eq!(world.sweep().await.cases, 1);
    world.sql("DELETE FROM oversight").await;
    assert_eq!(world.sweep().await.cases, 1);
    assert_eq!(world.ask("SELECT count(*) FROM case_history WHERE fact_table = 'oversight'").await, "2");
    world.end().await;
}

#[tokio::test]
async fn a_step_down_in_one_episode_is_noticed_in_the_familys_other_episodes() {
    let world = World::with_a_chair().await;
    world.sql("INSERT INTO cases (reference, family_reference, started_on) VALUES ('NEW', 'F-1', '2026-05-26'), ('OLD', 'F-1', '2025-06-02')").await;
    world.cycle().await;
    world.sql("UPDATE cases SET step_decision_on = '2025-12-01', outcome = 'step_down' WHERE reference = 'OLD'").await;
    let (report, _) = world.cycle().await;
    assert_eq!(report.cases, 2);
    let line = report.opened.iter().find(|line| line.rule == "re_entry").expect("the family is back");
    assert_eq!(line.case, "NEW");
    world.end().await;
}

#[tokio::test]
async fn a_case_is_looked_at_when_its_day_comes_and_not_before() {
    let world = World::with_a_chair().await;
    world.sql(letter_only("PP-A", "2026-05-25")).await;
    world.cycle().await;
    let next_look = world.ask("SELECT next_look_on FROM case_watch").await;
    for _ in 0..40 {
        world.pass(DAY);
        let looked_at = world.sweep().await.cases == 1;
        assert_eq!(looked_at, world.now().today.to_string() == next_look, "on {}", world.now().today);
        if looked_at {
            return world.end().await;
        }
    }
    panic!("a case with nothing done drifts within 40 days");
}

#[tokio::test]
async fn a_broken_case_is_put_off_and_stops_nobody() {
    let world = World::with_a_chair().await;
    for number in 1..=5 {
        world.sql(RED_CASE.replace("PP-1", &format!("PP-{number}"))).await;
    }
    world
        .sql(
            "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = 'P0001'; END $$;
            CREATE TRIGGER break BEFORE INSERT ON alerts FOR EACH ROW WHEN (NEW.case_reference = 'PP-3') EXECUTE FUNCTION break()",
        )
        .await;
    let (report, _) = world.cycle().await;
    assert_eq!(report.postponed, ["PP-3"]);
    assert_eq!(report.cases, 4);
    assert_eq!(world.ask("SELECT count(DISTINCT case_reference) FROM alerts").await, "4");
    assert_eq!(world.ask("SELECT reason FROM journal WHERE what = 'case_postponed'").await, "the database refused it (P0001)");
    assert_eq!(world.sweep().await.cases, 0, "it waits");

    world.sql("DROP TRIGGER break ON alerts").await;
    world.pass(SignedDuration::from_hours(2));
    assert_eq!(world.sweep().await.cases, 1, "and has its turn again");
    assert_eq!(world.ask("SELECT count(DISTINCT case_reference) FROM alerts").await, "5");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_sweeps_at_once_make_one_alert_a_fact_and_one_mail_a_person() {
    let mut world = World::with_a_chair().await;
    world.sweep.cases_at_a_time = 3;
    for number in 1..=40 {
        world.sql(RED_CASE.replace("PP-1", &format!("PP-{number}"))).await;
    }
    world.put_in_force().await.expect("the policy is put in force");
    let mut sweeps = tokio::task::JoinSet::new();
    for offset in 0..64 {
        let (pool, sweep, now) = (world.pool().clone(), world.sweep.clone(), world.now());
        let slot = now.at + SignedDuration::from_secs(offset);
        sweeps.spawn(async move { sweep::run(&pool, &sweep, slot, now, &CancellationToken::new()).await });
    }
    let mut opened = 0;
    while let Some(report) = sweeps.join_next().await {
        // A sweep that found no free connection within its patience is one that did not run.
        opened += report.expect("no sweep panics").map_or(0, |report| report.opened.len());
    }
    // A message names no more than twenty cases: the rest is told by the next.
    for _ in 0..4 {
        world.cycle().await;
    }
    let facts = "SELECT count(DISTINCT (case_reference, rule, subject)) FROM alerts";
    assert_eq!(world.ask("SELECT count(*) FROM alerts").await, world.ask(facts).await);
    assert_eq!(world.ask("SELECT count(DISTINCT case_reference) FROM alerts").await, "40");
    assert!(opened > 0);
    let told_twice =
        "SELECT count(*) FROM (SELECT alert_id FROM message_alerts GROUP BY alert_id HAVING count(*) > 1) AS twice";
    assert_eq!(world.ask(told_twice).await, "0");
    let untold = "SELECT count(*) FROM alerts WHERE severity = 'red' AND NOT EXISTS (SELECT FROM alert_rungs WHERE alert_id = id AND outcome = 'told')";
    assert_eq!(world.ask(untold).await, "0");
    world.end().await;
}

#[tokio::test]
async fn a_sweep_that_dies_before_its_messages_are_made_loses_none() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world
        .sql(
            "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
            CREATE TRIGGER break BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION break()",
        )
        .await;
    world.try_sweep().await.expect_err("the sweep dies on the way");
    let gathered = "SELECT count(*) FROM alerts WHERE severity = 'red' AND NOT EXISTS (SELECT FROM message_alerts WHERE alert_id = alerts.id)";
    assert_eq!(world.ask(gathered).await, "0", "no red alert without its message");

    world.sql("DROP TRIGGER break ON messages").await;
    world.cycle().await;
    assert_eq!(world.smtp.received().len(), 1);
    world.cycle().await;
    assert_eq!(world.smtp.received().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_page_that_cannot_keep_its_journal_keeps_no_alert() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world
        .sql(
            "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
            CREATE TRIGGER break BEFORE INSERT ON journal FOR EACH ROW WHEN (NEW.what = 'alert_opened') EXECUTE FUNCTION break()",
        )
        .await;
    let report = world.sweep().await;
    assert_eq!(report.postponed, ["PP-1"]);
    assert_eq!(world.ask("SELECT count(*) FROM alerts").await, "0");
    world.end().await;
}

#[tokio::test]
async fn a_worker_that_dies_with_a_message_in_hand_is_taken_over_from() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.sweep().await;
    let lost = claim(&world).await;
    assert_eq!(lost.len(), 1);

    assert_eq!(world.deliver().await, Delivered::default(), "the lease still runs");
    world.pass(outbox::LEASE);
    assert_eq!(world.deliver().await.sent, 1);
    let attempts = "SELECT string_agg(attempt || ' ' || outcome, ', ' ORDER BY attempt) FROM message_attempts";
    assert_eq!(world.ask(attempts).await, "1 unknown, 2 accepted");

    // The lost worker comes back and may not settle what another has settled.
    let mut connection = world.pool().acquire().await.expect("a connection");
    let late = outbox::Ended {
        outcome: outbox::AttemptOutcome::Temporary,
        reply: "late",
        what: What::MessageDelayed,
        fate: outbox::Fate::TryAgain(world.now().at),
    };
    let holds = outbox::settle(&mut connection, &lost[0], &late, world.now().at).await;
    assert!(!holds.expect("the database answers"));
    drop(connection);
    assert_eq!(world.deliver().await, Delivered::default());
    assert_eq!(world.smtp.received().len(), 1);
    world.end().await;
}

/// Claims what is due, as a worker does that is lost afterwards.
async fn claim(world: &World) -> Vec<outbox::Claimed> {
    let mut connection = world.pool().acquire().await.expect("a connection");
    let due = outbox::hold_due(&mut connection, world.now().at, 10).await.expect("the database answers");
    outbox::claim(&mut connection, &due, world.now().at).await.expect("the database answers")
}

#[tokio::test]
async fn a_worker_that_was_lost_settles_nothing_that_another_holds() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.sweep().await;
    let first = claim(&world).await;
    world.pass(outbox::LEASE);
    let second = claim(&world).await;
    assert_eq!((first[0].attempt, second[0].attempt), (1, 2));
    let mut connection = world.pool().acquire().await.expect("a connection");
    for (held, expected) in [(&first[0], false), (&second[0], true)] {
        let taken = outbox::Ended {
            outcome: outbox::AttemptOutcome::Accepted,
            reply: "taken",
            what: What::MessageAccepted,
            fate: outbox::Fate::Sent,
        };
        let holds = outbox::settle(&mut connection, held, &taken, world.now().at).await;
        assert_eq!(holds.expect("the database answers"), expected, "attempt {}", held.attempt);
    }
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn a_lost_answer_is_on_record_and_the_repeat_is_the_same_to_the_byte() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.smtp.set_behaviour(Behaviour::DropAfterData);
    let (_, delivered) = world.cycle().await;
    assert_eq!(delivered.delayed, 1);
    world.smtp.set_behaviour(Behaviour::Accept);
    assert_eq!(world.deliver().await, Delivered::default(), "not before its time");
    world.pass(SignedDuration::from_secs(45));
    assert_eq!(world.deliver().await.sent, 1);
    let received = world.smtp.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].message, received[1].message);
    assert_eq!(open(&received[0]).message_id, open(&received[1]).message_id);
    assert_eq!(world.ask("SELECT outcome FROM message_attempts WHERE attempt = 1").await, "unknown");
    world.end().await;
}

#[tokio::test]
async fn a_mail_outage_delays_and_never_drops() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.smtp.set_behaviour(Behaviour::RefuseRecipient(451));
    world.cycle().await;
    for _ in 0..60 {
        world.pass(SignedDuration::from_hours(1));
        world.deliver().await;
    }
    assert_eq!(world.ask("SELECT state FROM messages").await, "queued");
    world.smtp.set_behaviour(Behaviour::Accept);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.deliver().await.sent, 1);
    world.end().await;
}

#[tokio::test]
async fn a_message_is_given_up_after_three_days_and_says_why() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.smtp.set_behaviour(Behaviour::RefuseRecipient(451));
    world.cycle().await;
    for _ in 0..80 {
        world.pass(SignedDuration::from_hours(1));
        world.deliver().await;
    }
    assert_eq!(world.ask("SELECT state || ': ' || reason FROM messages").await, "dead: not delivered for three days");
    assert_eq!(world.ask("SELECT count(*) FROM journal WHERE what = 'message_dead'").await, "1");
    world.end().await;
}

#[tokio::test]
async fn one_bad_address_harms_nobody_elses_mail() {
    let world = World::with_a_chair().await;
    world.add_person(Role::LegalGatewayChair, "gone", false).await;
    world.sql(RED_CASE).await;
    world.smtp.set_behaviour(Behaviour::RefuseAddress { address: "gone@council.example".to_owned(), code: 550 });
    let (_, delivered) = world.cycle().await;
    assert_eq!(delivered, Delivered { sent: 1, delayed: 0, dead: 1 });
    assert_eq!(world.smtp.received()[0].to, ["chair@council.example"]);
    world.end().await;
}

#[tokio::test]
async fn a_fault_in_how_mail_is_set_up_never_kills_a_message() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.smtp.set_behaviour(Behaviour::WrongCertificate);
    world.cycle().await;
    for _ in 0..100 {
        world.pass(SignedDuration::from_hours(1));
        world.deliver().await;
    }
    assert_eq!(world.ask("SELECT state FROM messages").await, "queued");
    world.smtp.set_behaviour(Behaviour::Accept);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.deliver().await.sent, 1);
    world.end().await;
}

#[tokio::test]
async fn another_policy_has_every_case_looked_at_and_is_journalled() {
    let mut world = World::with_a_chair().await;
    world.sql(letter_only("PP-A", "2026-05-25")).await;
    world.cycle().await;
    assert_eq!(world.sweep().await.cases, 0);
    world.sweep.policy.time_limit_notice_before = plo_drift::domain::calendar::Span::Weeks(3);
    world.sweep.policy_version = version("another policy");
    assert_eq!(world.sweep().await.cases, 1);
    assert_eq!(world.ask("SELECT count(*) FROM journal WHERE what = 'policy_changed'").await, "2");
    world.end().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_over_midnight_has_every_case_looked_at() {
    let world = World::with_a_chair().await;
    world.sql(letter_only("PP-A", "2026-05-25")).await;
    world.pass(DAY);
    world.cycle().await;
    world.pass(-DAY);
    assert_eq!(world.sweep().await.cases, 1);
    world.end().await;
}

#[tokio::test]
async fn a_rehearsal_says_what_a_sweep_would_do_and_changes_nothing() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    let rehearsed = sweep::rehearse(world.pool(), &world.sweep, world.now()).await.expect("a rehearsal");
    assert_eq!(world.ask("SELECT count(*) FROM alerts").await, "0");
    assert_eq!(world.ask("SELECT count(*) FROM case_marks").await, "1");
    let swept = world.sweep().await;
    assert_eq!((rehearsed.opened, rehearsed.messages), (swept.opened, swept.messages));
    world.end().await;
}

#[tokio::test]
async fn an_outage_of_a_fortnight_is_made_up_for_in_one_sweep() {
    let world = World::with_a_chair().await;
    for week in 1..=12 {
        world.sql(letter_only(&format!("PP-{week}"), &(world.now().today - jiff::Span::new().weeks(week)).to_string())).await;
    }
    world.cycle().await;
    world.pass(DAY * 14);
    world.cycle().await;
    let as_it_should_be = "SELECT string_agg(case_reference || rule || subject || severity, ' ' ORDER BY case_reference, rule, subject) FROM alerts WHERE state <> 'resolved'";
    let after_the_outage = world.ask(as_it_should_be).await;
    world.sql("UPDATE case_watch SET next_look_on = '2000-01-01'").await;
    let full = world.sweep().await;
    assert_eq!((full.cases, full.opened.len(), full.escalated.len(), full.resolved.len()), (12, 0, 0, 0));
    assert_eq!(world.ask(as_it_should_be).await, after_the_outage);
    world.end().await;
}

#[tokio::test]
async fn the_journal_is_only_ever_added_to_and_messages_keep_their_bytes() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.cycle().await;
    for forbidden in [
        "UPDATE journal SET reason = 'another'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "UPDATE messages SET body = 'another'",
        "UPDATE messages SET to_address = 'someone@council.example'",
        "DELETE FROM messages",
        "TRUNCATE messages CASCADE",
        "UPDATE case_history SET old_value = NULL",
        "DELETE FROM case_history",
        "TRUNCATE case_history",
        "UPDATE policies SET document = 'another'",
        "DELETE FROM policies",
        "TRUNCATE policies",
        "UPDATE message_attempts SET outcome = 'refused'",
        "UPDATE message_attempts SET reply = 'another'",
        "DELETE FROM message_attempts",
        "DELETE FROM cases",
    ] {
        assert!(world.try_sql(forbidden).await.is_err(), "{forbidden}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_database_refuses_what_cannot_be() {
    let world = World::new().await;
    world.sql("INSERT INTO cases (reference) VALUES ('PP-1')").await;
    assert_ne!(world.ask("SELECT recorded_on FROM cases").await, "", "the day of record is filled in");
    world
        .sql("INSERT INTO meetings (case_reference, sequence, kind, held_on) VALUES ('PP-1', 1, 'review', '2026-05-01')")
        .await;
    for forbidden in [
        "INSERT INTO cases (reference) VALUES ('PP-1')",
        "INSERT INTO cases (reference) VALUES ('')",
        "INSERT INTO cases (reference) VALUES (' A')",
        "INSERT INTO cases (reference) VALUES (E'A\\nB')",
        "INSERT INTO cases (reference, started_on) VALUES ('A', '1999-12-31')",
        "INSERT INTO cases (reference, started_on) VALUES ('A', 'infinity')",
        "INSERT INTO cases (reference, outcome) VALUES ('A', 'undecided')",
        "INSERT INTO children (case_reference, reference) VALUES ('NONE', 'C')",
        "INSERT INTO children (case_reference, reference, date_of_birth) VALUES ('PP-1', 'C', '2200-01-01')",
        "INSERT INTO meetings (case_reference, sequence, kind, held_on) VALUES ('PP-1', 1, 'review', '2026-05-02')",
        "INSERT INTO meetings (case_reference, sequence, kind, held_on) VALUES ('PP-1', 0, 'review', '2026-05-02')",
        "INSERT INTO meetings (case_reference, sequence, kind, held_on) VALUES ('PP-1', 2, 'chat', '2026-05-02')",
        "INSERT INTO meetings (case_reference, sequence, kind) VALUES ('PP-1', 2, 'review')",
        "UPDATE meetings SET cancelled_on = '2026-05-01'",
        "TRUNCATE meetings",
        "INSERT INTO assessments (case_reference, sequence, kind) VALUES ('PP-1', 1, 'astrological')",
        "INSERT INTO extensions (case_reference, sequence, requested_on, decision) VALUES ('PP-1', 1, '2026-05-01', 'approved')",
        "INSERT INTO extensions (case_reference, sequence, requested_on, decision, decided_on) VALUES ('PP-1', 1, '2026-05-01', 'approved', '2026-05-02')",
        "INSERT INTO extensions (case_reference, sequence, requested_on, decided_on) VALUES ('PP-1', 1, '2026-05-01', '2026-05-02')",
        "INSERT INTO engagement (case_reference, \"on\", attended, excused) VALUES ('PP-1', '2026-05-01', true, true)",
        "INSERT INTO oversight (case_reference, \"on\", kind) VALUES ('PP-1', '2026-05-01', 'glance')",
        "INSERT INTO allocations (case_reference, from_on, worker) VALUES ('PP-1', '2026-05-01', '')",
        "INSERT INTO recipients (name, email, role) VALUES ('A', 'not an address', 'director')",
        "INSERT INTO tokens (name, role, token_hash, created_at) VALUES ('A', 'reader', 'short', now())",
    ] {
        assert!(world.try_sql(forbidden).await.is_err(), "{forbidden}");
    }
    world.end().await;
}

#[tokio::test]
async fn somebody_who_cannot_be_written_to_has_nobody_else_told_twice() {
    let world = World::with_a_chair().await;
    world
        .sql(
            "INSERT INTO recipients (name, email, role) VALUES
                ('A', 'a@elsewhere.example', 'legal_gateway_chair'), ('B', '.b..b@council.example', 'legal_gateway_chair')",
        )
        .await;
    world.sql(RED_CASE).await;
    for _ in 0..4 {
        world.cycle().await;
        world.pass(SignedDuration::from_mins(5));
    }
    let received = world.smtp.received();
    assert_eq!(received.iter().map(|message| message.to.join(",")).collect::<Vec<_>>(), ["chair@council.example"]);
    world.end().await;
}

#[tokio::test]
async fn a_person_removed_before_the_message_is_made_has_nobody_else_told_twice() {
    let world = World::with_a_chair().await;
    let gone = world.add_person(Role::LegalGatewayChair, "gone", false).await;
    world.sql(RED_CASE).await;
    world.sql(BREAK_SEALING).await;
    world.try_sweep().await.expect_err("the sweep dies on the way");
    world.sql("DROP TRIGGER break ON messages").await;
    world.sql(format!("UPDATE recipients SET active = false WHERE id = {gone}")).await;
    for _ in 0..3 {
        world.cycle().await;
    }
    assert_eq!(world.smtp.received().len(), 1);
    assert_eq!(world.ask("SELECT reason FROM messages WHERE state = 'cancelled'").await, "the person is told nothing any more");
    world.end().await;
}

/// Makes a sweep die when it queues a message.
const BREAK_SEALING: &str =
    "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
    CREATE TRIGGER break BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION break()";

#[tokio::test]
async fn what_became_restricted_or_right_before_the_message_is_made_is_held_back() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.sql(RED_CASE.replace("PP-1", "PP-2")).await;
    world.sql(BREAK_SEALING).await;
    world.try_sweep().await.expect_err("the sweep dies on the way");
    world.sql("DROP TRIGGER break ON messages").await;
    world.sql("UPDATE cases SET restricted = true WHERE reference = 'PP-1'").await;
    world.sql("UPDATE cases SET closed_on = '2026-06-01' WHERE reference = 'PP-2'").await;
    world.cycle().await;
    let (report, _) = world.cycle().await;
    assert_eq!(world.smtp.received().len(), 0);
    assert!(report.unreachable > 0, "nobody is cleared for it");
    let held_back = world
        .ask("SELECT string_agg(DISTINCT case_reference || ' ' || journal.reason, '; ') FROM journal JOIN messages ON messages.id = message_id
            WHERE what = 'not_told' AND journal.recipient_id = messages.recipient_id")
        .await;
    assert_eq!(
        held_back,
        "PP-1 legal gateway chair: the case has become restricted; PP-2 legal gateway chair: the alert is not open any more"
    );

    world.add_person(Role::LegalGatewayChair, "cleared", true).await;
    world.cycle().await;
    let received = world.smtp.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["cleared@council.example"]);
    world.end().await;
}

/// Red on one count, as many times as asked, from PP-11 on.
fn red_on_one_count(cases: usize, team: &str, first: usize) -> String {
    let case = |number| {
        format!(
            r#"INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on, step_decision_on, outcome)
                VALUES ('PP-{number}', '{team}', '2026-01-05', '2026-01-05', '2026-01-06', '2026-05-01', 'issue');
            INSERT INTO oversight (case_reference, "on", kind, rationale_recorded) VALUES ('PP-{number}', '2026-05-28', 'panel_review', true);"#
        )
    };
    (first..first + cases).map(case).collect()
}

/// How many of the alerts that are on record as told by each message are named in its text, and how many are on record.
async fn told_and_named(world: &World) -> Vec<(usize, usize)> {
    let mut counts = Vec::new();
    for received in world.smtp.received() {
        let letter = open(&received);
        let id = letter.message_id.split('@').next().expect("an id").to_owned();
        let told = world.ask(&format!("SELECT count(*) FROM message_alerts WHERE message_id = '{id}'")).await;
        counts.push((letter.text.matches("/acknowledge/").count(), told.parse().expect("a count")));
    }
    counts
}

#[tokio::test]
async fn what_one_mail_does_not_name_is_told_by_the_next() {
    let world = World::with_a_chair().await;
    world.add_person(Role::LegalGatewayChair, "north", false).await;
    world.sql("UPDATE recipients SET teams = '{North}' WHERE name = 'north'").await;
    world.sql(red_on_one_count(20, "South", 11)).await;
    world.sql(red_on_one_count(5, "North", 31)).await;

    world.cycle().await;
    let first = world.smtp.received();
    assert_eq!(world.addressees().len(), 2);
    let to_chair = first.iter().find(|received| received.to == ["chair@council.example"]).expect("the chair is told");
    let said = open(to_chair).text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("5 further cases at risk are not shown here and follow in the next mail: 5 red drift alerts."),
        "{said}"
    );
    let silence = "SELECT count(*) || ' ' || min(journal.reason) FROM journal JOIN messages ON messages.id = message_id
        WHERE what = 'not_told' AND journal.recipient_id = messages.recipient_id";
    assert_eq!(world.ask(silence).await, "5 legal gateway chair: beyond what one mail names: told in the next mail");

    world.cycle().await;
    assert_eq!(world.addressees()[2..], ["chair"], "who was told already is not told twice");
    for _ in 0..3 {
        world.cycle().await;
    }
    let mut counts = told_and_named(&world).await;
    counts.sort_unstable();
    assert_eq!(counts, [(5, 5), (5, 5), (20, 20)]);
    assert_eq!(world.ask("SELECT count(*) FROM alert_rungs WHERE outcome = 'told'").await, "25");
    world.end().await;
}

#[tokio::test]
async fn what_one_digest_does_not_name_is_told_by_the_next_digest() {
    let world = World::with_a_chair().await;
    for number in 11..34 {
        world
            .sql(format!("INSERT INTO cases (reference, team, recorded_on) VALUES ('PP-{number}', 'North', '2026-05-25')"))
            .await;
    }
    world.tick().await;
    world.tick().await;
    world.pass(SignedDuration::from_hours(4));
    world.tick().await;
    assert_eq!(told_and_named(&world).await, [(20, 20)]);
    world.pass(DAY);
    world.tick().await;
    // The panel pack of that day names none, and comes before or after the digest.
    let mut counts = told_and_named(&world).await;
    counts.sort_unstable();
    assert_eq!(counts, [(0, 0), (3, 3), (20, 20)]);
    world.end().await;
}

#[tokio::test]
async fn days_that_once_gave_a_birth_away_stay_hidden() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.cycle().await;
    world.sql("UPDATE alerts SET gives_a_birth_away = true WHERE rule = 'time_limit'").await;
    world.pass(DAY);
    world.sql("UPDATE cases SET team = 'South'").await;
    world.cycle().await;
    let kept = world.ask("SELECT gives_a_birth_away || ': ' || message FROM alerts WHERE rule = 'time_limit'").await;
    assert_eq!(kept, "true: The pre-proceedings period ended on 27 April 2026; 24 working days over");
    world.end().await;
}

#[tokio::test]
async fn trouble_with_the_database_puts_no_case_off() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world
        .sql(
            "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no memory' USING ERRCODE = '53200'; END $$;
            CREATE TRIGGER break BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION break()",
        )
        .await;
    world.try_sweep().await.expect_err("the sweep ends");
    world.sql("DROP TRIGGER break ON alerts").await;
    assert_eq!(world.sweep().await.cases, 1, "the case is due still");
    world.end().await;
}

#[tokio::test]
async fn an_open_transaction_of_somebody_elses_holds_no_other_case_up() {
    let world = World::with_a_chair().await;
    world.sql("INSERT INTO cases (reference, family_reference, started_on) VALUES ('A', 'F', '2026-05-25'), ('B', 'F', '2026-05-25')").await;
    world.cycle().await;
    let mut elsewhere = world.pool().begin().await.expect("a transaction");
    sqlx::query("DELETE FROM cases WHERE reference = 'B'").execute(&mut *elsewhere).await.expect("it goes, until the commit");
    world.sql("UPDATE cases SET family_reference = 'G' WHERE reference = 'A'").await;
    world.sql(RED_CASE).await;
    let report = world.sweep().await;
    assert_eq!(report.cases, 2, "A, which was changed, and the new case");
    elsewhere.rollback().await.expect("taken back");
    assert_eq!(world.sweep().await.cases, 1, "and B, which was its family");
    world.end().await;
}

#[tokio::test]
async fn a_case_may_be_taken_out_and_brought_back_in_one_transaction() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.cycle().await;
    world.sql(format!("BEGIN; DELETE FROM cases WHERE reference = 'PP-1'; {RED_CASE}; COMMIT")).await;
    let (report, _) = world.cycle().await;
    assert_eq!((report.cases, report.opened.len(), report.resolved.len()), (1, 0, 0), "its alerts stand as they stood");
    world.end().await;
}

#[tokio::test]
async fn temporary_tables_cannot_stand_in_for_the_history() {
    let world = World::new().await;
    world.sql(RED_CASE).await;
    let before = world.ask("SELECT count(*) FROM case_history").await;
    world
        .sql(
            "BEGIN; CREATE TEMP TABLE case_history (LIKE public.case_history INCLUDING ALL) ON COMMIT DROP;
            UPDATE cases SET team = 'South'; COMMIT",
        )
        .await;
    assert_ne!(world.ask("SELECT count(*) FROM case_history").await, before);
    world.end().await;
}

#[tokio::test]
async fn a_sentence_that_has_changed_is_kept_with_the_alert() {
    let world = World::with_a_chair().await;
    world.sql(RED_CASE).await;
    world.cycle().await;
    world.pass(DAY);
    world.sql("UPDATE cases SET team = 'South'").await;
    world.cycle().await;
    let said = world.ask("SELECT message FROM alerts WHERE rule = 'time_limit'").await;
    assert_eq!(said, "The pre-proceedings period ended on 27 April 2026; 24 working days over");
    world.end().await;
}
