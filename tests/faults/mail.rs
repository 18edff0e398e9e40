//! A mail server that misbehaves in every way, before the service as it runs: mail is late, and never lost; nobody suffers for another's
//! address.

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::count::Council;
use crate::running::until;
use crate::support::smtp::Behaviour;
use crate::support::world::open;

/// What delays mail, and whether the server has got the message by then, so that its answer is lost.
fn delays() -> [(Behaviour, bool); 12] {
    let auth = Behaviour::RequireAuth { user: "drift".to_owned(), password: "a secret".to_owned() };
    [
        (Behaviour::RefuseMailFrom(451), false),
        (Behaviour::RefuseMailFrom(550), false),
        (Behaviour::RefuseRecipient(450), false),
        (Behaviour::RefuseData(452), false),
        (Behaviour::RefuseData(421), false),
        (Behaviour::Hang, false),
        (Behaviour::HangAfterData, true),
        (Behaviour::DropMidData, false),
        (Behaviour::DropAfterData, true),
        (Behaviour::NoStartTls, false),
        (Behaviour::WrongCertificate, false),
        (auth, false),
    ]
}

/// Lets mail fail once, then lets the server come to itself; what is wrong then. Where the server is silent, the service that waits for
/// it is killed.
async fn delayed(behaviour: Behaviour, answer_is_lost: bool, mutant: &str) -> Vec<String> {
    let council = Council::with_cases(2).await;
    council.sql(mutant).await;
    council.world.smtp.set_behaviour(behaviour.clone());
    let mut service = council.service();
    service.start().await;
    let is_silent = matches!(behaviour, Behaviour::Hang | Behaviour::HangAfterData);
    let tried = if is_silent { "outcome IS NULL" } else { "outcome IS NOT NULL" };
    let tried = format!("SELECT count(*) FROM message_attempts WHERE {tried}");
    until("an attempt was made", async || council.count(&tried).await > 0).await;
    if behaviour == Behaviour::HangAfterData {
        until("the server has the message", async || !council.world.smtp.received().is_empty()).await;
    }
    let given_up = "SELECT state FROM messages WHERE state IN ('dead', 'cancelled', 'sent')";
    let mut wrong: Vec<String> =
        council.texts(given_up).await.iter().map(|state| format!("it is not tried again: {state}")).collect();
    if is_silent {
        service.kill();
        council.let_leases_run_out().await;
    }
    council.world.smtp.set_behaviour(Behaviour::Accept);
    if is_silent {
        service.start().await;
    }
    council.until_settled().await;

    wrong.extend(council.wrong().await);
    let unknown = "SELECT count(*) FROM journal WHERE what = 'message_outcome_unknown'";
    let lost = council.count(unknown).await > 0;
    if answer_is_lost && !(lost && council.repeated() > 0) {
        wrong.push(format!("the answer was lost: {} are repeated, {lost}", council.repeated()));
    }
    if !answer_is_lost && council.repeated() > 0 {
        wrong.push("nothing was accepted, and yet a message came twice".to_owned());
    }
    service.kill();
    council.end().await;
    wrong.into_iter().map(|wrong| format!("{behaviour:?}: {wrong}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_mail_server_does_mail_is_late_and_comes_once_it_is_itself_again() {
    let here = Handle::current();
    let (mut left, mut under_way, mut wrong) = (delays().into_iter(), JoinSet::new(), Vec::new());
    loop {
        while under_way.len() < 4
            && let Some((behaviour, answer_is_lost)) = left.next()
        {
            let here = here.clone();
            under_way.spawn_blocking(move || here.block_on(delayed(behaviour, answer_is_lost, "")));
        }
        let Some(delayed) = under_way.join_next().await else { break };
        wrong.extend(delayed.expect("it came to its end"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Changes a message whenever a worker takes it: the trigger that keeps its bytes is gone.
const BYTES_CHANGE: &str = "DROP TRIGGER messages_keep_their_bytes ON messages;
    CREATE FUNCTION change_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body := 'X-Attempt: 2\r\n'::bytea || NEW.body; RETURN NEW; END $$;
    CREATE TRIGGER change_it BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.attempts = 2 AND NEW.state = 'sending' AND OLD.attempts = 1)
        EXECUTE FUNCTION change_it()";

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_with_other_bytes_would_be_seen() {
    let wrong = delayed(Behaviour::DropAfterData, true, BYTES_CHANGE).await;
    assert!(wrong.iter().any(|wrong| wrong.contains("with other bytes")), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_address_harms_nobody_else_and_the_next_rung_hears_of_it() {
    let council = Council::with_cases(2).await;
    let refused = Behaviour::RefuseAddress { address: "chair@council.example".to_owned(), code: 550 };
    council.world.smtp.set_behaviour(refused);
    let mut service = council.service();
    service.start().await;
    let next_rung = "SELECT count(*) FROM alerts WHERE severity = 'red' AND NOT EXISTS (
        SELECT FROM message_alerts JOIN messages ON messages.id = message_id WHERE alert_id = alerts.id AND messages.state = 'sent'
            AND role = 'service_manager')";
    let dead = "SELECT count(*) FROM messages WHERE state = 'dead'";
    until("the letter is dead", async || council.count(dead).await == 1).await;
    until("the next rung has heard", async || council.count(next_rung).await == 0).await;
    council.until_settled().await;

    assert_eq!(council.wrong().await, [""; 0]);
    let to: Vec<String> = council.world.addressees();
    assert!(!to.is_empty() && to.iter().all(|to| to == "service"), "{to:?}");
    let listed = service.done(&["mail", "list", "--state", "dead"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert_eq!(council.count("SELECT count(*) FROM journal WHERE what = 'message_dead' AND reason LIKE '550%'").await, 1);

    council.world.smtp.set_behaviour(Behaviour::Accept);
    service.done(&["mail", "replay", "--all"]);
    council.until_settled().await;
    assert_eq!(council.wrong().await, [""; 0]);
    assert_eq!(council.world.addressees().iter().filter(|to| *to == "chair").count(), 1, "the letter comes once");
    assert_eq!(council.repeated(), 0);
    let letters = council.world.smtp.received();
    assert!(letters.iter().all(|letter| open(letter).text.contains("PP-1")));
    assert!(service.terminate().await.success());
    council.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_server_refuses_everybody_the_ladder_begins_again_on_another_day_and_every_alert_is_told() {
    let council = Council::with_cases(2).await;
    council.world.smtp.set_behaviour(Behaviour::RefuseData(554));
    let mut service = council.service();
    service.start().await;
    let dead = "SELECT count(DISTINCT recipient_id) FROM messages WHERE state = 'dead'";
    until("everybody was tried", async || council.count(dead).await == 4).await;
    council.world.smtp.set_behaviour(Behaviour::Accept);
    council
        .sql(
            "SET session_replication_role = replica;
            UPDATE alert_rungs SET climbed_at = climbed_at - interval '7 days';
            UPDATE alerts SET next_rung_on = current_date WHERE next_rung_on > current_date;
            SET session_replication_role = origin",
        )
        .await;
    council.until_settled().await;
    assert_eq!(council.wrong().await, [""; 0]);
    assert!(service.terminate().await.success());
    council.end().await;
}
