//! Every pause ends on its day, in the service as it runs, and the mail says whose it was and that its day has come.

use crate::count::{now, with_a_past};
use crate::support::world::open;

/// Lets the day of some pauses come; what is wrong then.
async fn the_day_comes(mutant: &str) -> Vec<String> {
    let council = with_a_past(now().today).await;
    council.sql(mutant).await;
    let paused = council.count("SELECT count(*) FROM alert_pauses").await;
    let mut service = council.service();
    service.start().await;
    council.until_settled().await;

    let mut wrong = council.wrong().await;
    for (what, count) in [
        ("pauses ended on their day", "SELECT count(*) FROM alert_pauses WHERE ended_by = 'day'"),
        (
            "alerts are open again, and it is on record why",
            "SELECT count(DISTINCT alerts.id) FROM alerts JOIN journal ON alert_id = alerts.id
            WHERE state = 'open' AND what = 'alert_reopened' AND reason LIKE 'snoozed on % until %: the day has come%'",
        ),
        (
            "alerts are told again, to the one who was first on the ladder",
            "SELECT count(DISTINCT alert_id) FROM message_alerts JOIN messages ON messages.id = message_id
            WHERE turn = 2 AND role = 'legal_gateway_chair' AND state = 'sent'",
        ),
    ] {
        let counted = council.count(count).await;
        if counted != paused {
            wrong.push(format!("{counted} of {paused} {what}"));
        }
    }
    let letters = council.world.smtp.received();
    if !letters.iter().any(|letter| open(letter).text.contains("Snoozed by the legal gateway chair on")) {
        wrong.push("no mail says who paused it".to_owned());
    }
    let token = service.done(&["token", "create", "--name", "an audit", "--role", "reader"]);
    let (_, explained) = service.ask("/api/v1/cases/PP-1/explain", &token).await;
    let pause = &explained["alerts"][0]["pauses"][0];
    if (&pause["reason"], &pause["ended_by"], &pause["by"]["role"])
        != (&"an assessment is awaited".into(), &"day".into(), &"legal_gateway_chair".into())
    {
        wrong.push(format!("it is not said who paused it, why, and what ended that: {pause}"));
    }
    service.kill();
    council.end().await;
    wrong
}

/// What it asks is seen to fail below.
#[tokio::test(flavor = "multi_thread")]
async fn every_pause_ends_on_its_day_with_a_name_and_a_reason() {
    assert_eq!(the_day_comes("").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_never_ends_would_be_seen() {
    let mutant = "CREATE FUNCTION go_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER go_on BEFORE UPDATE ON alert_pauses FOR EACH ROW WHEN (NEW.ended_by = 'day') EXECUTE FUNCTION go_on()";
    let wrong = the_day_comes(mutant).await;
    assert!(wrong.iter().any(|wrong| wrong.contains("pauses ended on their day")), "{wrong:?}");
}
