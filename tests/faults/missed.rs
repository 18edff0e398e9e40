//! No breach is missed: whatever was down while thresholds passed, one cycle after it is up again every case has its alerts.

use plo_drift::clock::midnight;
use plo_drift::domain::policy::Policy;

use crate::clock::FakeClock;
use crate::running::{PATIENCE, PEOPLE, Service, differences, sql, within};
use crate::support::database::TestDatabase;
use crate::support::smtp::{Behaviour, SmtpServer};

/// Cases that are all as they should be on 1 June 2026.
const CASES: &str = r#"
    INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on) SELECT
        'PP-' || n, 'North', DATE '2026-05-25', DATE '2026-05-25', DATE '2026-05-26' FROM generate_series(1, 40) AS n;
    INSERT INTO meetings (case_reference, kind, sequence, planned_on, held_on)
        SELECT reference, 'initial', 1, '2026-05-29', '2026-05-29' FROM cases;
    INSERT INTO meetings (case_reference, kind, sequence, planned_on)
        SELECT reference, 'review', 2, '2026-06-30' FROM cases;
    INSERT INTO oversight (case_reference, "on", kind, rationale_recorded)
        SELECT reference, '2026-05-29', 'panel_review', true FROM cases;
    INSERT INTO allocations (case_reference, from_on, worker) SELECT reference, '2026-05-25', 'W-1' FROM cases;
    INSERT INTO children (case_reference, reference, date_of_birth) SELECT reference, 'C-1', '2020-05-25' FROM cases"#;

/// Recorded while nobody watches: appointments that were missed, a start that was wrong, a meeting that did not take place, a case.
const MEANWHILE: &str = r#"
    INSERT INTO engagement (case_reference, "on", attended, person) SELECT reference, day, false, 'P-1'
        FROM cases, unnest(ARRAY[DATE '2026-05-28', '2026-05-29', '2026-06-01']) AS day WHERE reference = 'PP-1';
    UPDATE cases SET started_on = '2026-01-05', recorded_on = '2026-01-05' WHERE reference = 'PP-2';
    DELETE FROM meetings WHERE case_reference = 'PP-3';
    INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('PP-41', 'North', '2026-01-05', '2026-01-05');
    INSERT INTO job_runs (job, slot, started_at, finished_at, failures)
        SELECT 'reconcile', slot, slot, slot, 0 FROM unnest(ARRAY['2026-06-01T02:30Z'::timestamptz, '2026-06-22T02:30Z']) AS slot
        ON CONFLICT DO NOTHING"#;

/// What is missed one cycle after the service is up again: on the same day, and three weeks later.
async fn what_is_missed(mutant: &str) -> Vec<String> {
    let database = TestDatabase::new().await;
    let smtp = SmtpServer::start(Behaviour::Accept);
    let clock = FakeClock::at("2026-06-01T08:00:00Z");
    let mut service = clock.worn_by(Service::on(&database.url, &smtp)).set("JOBS__SWEEP_EVERY_SECONDS", "3600");
    sql(&database.pool, PEOPLE).await;
    sql(&database.pool, CASES).await;
    service.start_and_be_ready().await;
    // What is recorded by the API just before it is killed is looked at by nobody.
    let token = service.done(&["token", "create", "--name", "a test", "--role", "recorder"]);
    let missed = r#"{"on": "2026-05-29", "attended": false, "person": "P-2"}"#;
    for _ in 0..3 {
        let request = reqwest::Client::new().post(service.url("/api/v1/cases/PP-4/engagement")).bearer_auth(&token);
        let request =
            request.header("content-type", "application/json").header("idempotency-key", uuid::Uuid::now_v7().to_string());
        let answer = request.body(missed).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.text().await.expect("a text"));
    }
    service.kill();
    sql(&database.pool, mutant).await;
    sql(&database.pool, MEANWHILE).await;

    let mut missed = Vec::new();
    for moment in ["2026-06-01T12:00:00Z", "2026-06-22T08:00:00Z"] {
        clock.goes_to(moment);
        let moment: jiff::Timestamp = moment.parse().expect("a moment");
        service.start().await;
        let swept = async || {
            let swept = "SELECT EXISTS (SELECT FROM job_runs WHERE job = 'sweep' AND finished_at >= $1)";
            let moment = jiff_sqlx::ToSqlx::to_sqlx(moment);
            sqlx::query_scalar::<_, bool>(swept).bind(moment).fetch_one(&database.pool).await.expect("the table is there")
        };
        assert!(within(PATIENCE, swept).await, "no sweep ends");
        let today = plo_drift::clock::Moment::of(moment).today;
        assert!(midnight(today) < moment);
        missed.extend(differences(&database.pool, &Policy::default(), today).await);
        service.kill();
    }
    database.close().await;
    missed
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cycle_after_the_service_is_up_every_case_past_a_threshold_has_its_alerts() {
    let unmarked = "DROP TRIGGER note_fact_change ON engagement";
    let (missed, seen) = tokio::join!(what_is_missed(""), what_is_missed(unmarked));
    assert_eq!(missed, Vec::<String>::new());
    assert!(seen.iter().any(|line| line.contains("PP-1") && line.contains("missed_engagement")), "the mutant lives: {seen:?}");
}
