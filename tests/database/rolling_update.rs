//! An update while the service runs: programs of two versions on the tables of the newer one, under load.

use std::path::PathBuf;
use std::time::Duration;

use crate::count::Council;
use crate::running::{PATIENCE, until, within};
use crate::support::world::World;

/// Another build of the program that is the old one, as `.ci/rolling-update` gives it; else the two are the same build, and the newer
/// one's migration is made up.
fn old_build() -> Option<PathBuf> {
    std::env::var_os("PLO_DRIFT_OLD").map(PathBuf::from)
}

/// What a newer program might add to tables that the old one reads and writes all the time.
const EXPAND: &str = "ALTER TABLE cases ADD COLUMN newer text; ALTER TABLE alerts ADD COLUMN newer text;
    ALTER TABLE messages ADD COLUMN newer text DEFAULT 'newer'; ALTER TABLE case_watch ADD COLUMN newer integer NOT NULL DEFAULT 0;
    CREATE TABLE newer (id bigint PRIMARY KEY);
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (29990101000000, 'newer', true, '', 0)";

#[tokio::test(flavor = "multi_thread")]
async fn an_old_program_and_a_new_one_work_together_while_the_tables_are_brought_up_to_date() {
    let council = Council { world: World::new().await };
    council.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    let service = || council.service().set("JOBS__CASES_AT_A_TIME", "5");
    let from = |service: crate::running::Service| match old_build() {
        Some(build) => service.by(build),
        None => service,
    };
    let mut olds = [from(service()), from(service())];
    olds[0].done(&["migrate"]);
    council
        .sql(
            "INSERT INTO recipients (name, email, role) VALUES ('chair', 'chair@council.example', 'legal_gateway_chair'),
            ('service', 'service@council.example', 'service_manager'), ('head', 'head@council.example', 'head_of_service'),
            ('assistant', 'assistant@council.example', 'assistant_director')",
        )
        .await;
    for old in &mut olds {
        old.start_and_be_ready().await;
    }
    let mut batch = 0;
    let mut load = async |batches: usize| {
        for _ in 0..batches {
            batch += 1;
            council.record_cases(&format!("LOAD-{batch}"), 3).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };

    load(8).await;
    let mut new = if old_build().is_some() {
        service().done(&["migrate"]);
        service()
    } else {
        // Under the load, so it may have to wait for locks; a migration is given ten seconds for them.
        council.sql(EXPAND).await;
        service().without_migrating()
    };
    load(4).await;
    new.start().await;
    load(12).await;
    for old in &olds {
        let knows = async || old.unwell().await == ["migrations"];
        assert!(within(PATIENCE, knows).await, "the old one works, and says that it is old: {:?}", old.unwell().await);
    }
    for old in &mut olds {
        assert!(old.terminate().await.success());
        load(4).await;
    }
    until("the new one works alone", async || {
        let unwell = new.unwell().await;
        if old_build().is_some() { unwell.is_empty() } else { unwell == ["migrations"] }
    })
    .await;
    council.until_settled().await;

    assert_eq!(council.wrong().await, [""; 0]);
    assert_eq!(council.repeated(), 0, "no answer was lost");
    assert_eq!(council.count("SELECT count(DISTINCT case_reference) FROM alerts").await, 32 * 3);
    for (which, log) in [("the first old one", olds[0].log()), ("the second", olds[1].log()), ("the new one", new.log())] {
        let failed: Vec<&str> = log.lines().filter(|line| line.contains(r#""level":"ERROR""#)).collect();
        assert_eq!(failed, [""; 0], "{which}");
        assert!(log.contains(r#""message":"swept""#), "{which} swept");
    }
    assert!(new.terminate().await.success());
    council.end().await;
}
