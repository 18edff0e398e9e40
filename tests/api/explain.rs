//! Why a case was or was not alerted on a day, as it was recorded then, and whom that was told to.

use axum::http::StatusCode;
use jiff::Timestamp;
use plo_drift::exchange::document;
use plo_drift::store::cases;
use plo_drift::store::history::case_as_recorded_at;
use plo_drift::store::record::{ToRecord, record};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sqlx::Acquire as _;

use crate::fixture::{Api, Watched};
use crate::support::any_case::any_case;

/// Writes facts as if at another moment.
async fn at(api: &Api, moment: &str, statements: &str) {
    api.sql(&format!("BEGIN; SELECT set_config('plo_drift.now', '{moment}', true); {statements}; COMMIT")).await;
}

async fn explain(api: &Api, on: &str) -> Value {
    let token = api.token().await;
    let answer = api.get(&token, &format!("/api/v1/cases/C-1/explain?on={on}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body
}

/// What one rule says in one of the lists: its findings as `subject severity`, or why there is none.
fn said(body: &Value, list: &str, rule: &str) -> String {
    let rules = body[list].as_array().expect("a list of rules");
    let Some(said) = rules.iter().find(|said| said["rule"] == rule) else { return "not listed".to_owned() };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let findings = said["findings"].as_array().expect("a list of findings").iter();
    let findings: Vec<String> =
        findings.map(|found| format!("{} {}", text(&found["subject"]), text(&found["severity"])).trim().to_owned()).collect();
    if findings.is_empty() { text(&said["why_none"]) } else { findings.join(", ") }
}

const START: &str = "INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on, fgdm_offered)
    VALUES ('C-1', 'east', '2026-05-04', '2026-05-04', '2026-05-08', true);
    INSERT INTO children (case_reference, reference, date_of_birth) VALUES ('C-1', 'K-1', '2020-03-17');
    INSERT INTO meetings (case_reference, sequence, kind, planned_on, held_on) VALUES ('C-1', 1, 'initial', '2026-05-18', '2026-05-18');
    INSERT INTO assessments (case_reference, sequence, kind, commissioned_on, due_on)
    VALUES ('C-1', 1, 'parenting', '2026-05-20', '2026-07-31')";

/// An alert that opened on 2 June, of which the chair was told, and on the 12th the head of service in vain; later that day it was
/// snoozed, and on the 14th it turned red. Another was resolved on the 12th, and one long before.
pub async fn a_day_of_alerts(api: &Api) {
    at(api, "2026-05-04T10:00Z", START).await;
    at(
        api,
        "2026-05-22T10:00Z",
        "INSERT INTO allocations (case_reference, from_on, worker) VALUES ('C-1', '2026-05-04', 'W-1')",
    )
    .await;
    api.add(&[Watched::new("C-2")]).await;
    api.sql(
        "INSERT INTO policies (in_force_from, digest) VALUES ('2026-01-01T00:00Z', 'one');
        INSERT INTO tokens (name, role, token_hash, created_at) VALUES ('the chair', 'chair', sha256('x'), '2026-01-01T00:00Z');
        INSERT INTO recipients (name, email, role) VALUES
            ('Jane Doe', 'jane.doe@council.example', 'legal_gateway_chair'), ('John Roe', 'john@council.example', 'head_of_service');
        INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on, opened_at, turned_at, resolved_at)
        VALUES
            ('00000000-0000-0000-0000-0000000000a1', 'C-1', 'oversight_gap', '', 'red', 'open', 'x', '2026-06-02', '2026-06-02', '2026-06-02T05:00Z', '2026-06-14T05:00Z', NULL),
            ('00000000-0000-0000-0000-0000000000a2', 'C-1', 'no_next_review', '', 'amber', 'resolved', 'x', '2026-05-27', '2026-05-27', '2026-05-27T05:00Z', '2026-05-27T05:00Z', '2026-06-12T12:00Z'),
            ('00000000-0000-0000-0000-0000000000a3', 'C-1', 'missing_data', 'children', 'amber', 'resolved', 'x', '2026-05-05', '2026-05-05', '2026-05-05T05:00Z', '2026-05-05T05:00Z', '2026-05-06T05:00Z'),
            ('00000000-0000-0000-0000-0000000000b1', 'C-2', 'oversight_gap', '', 'amber', 'open', 'x', '2026-06-12', '2026-06-12', '2026-06-12T05:00Z', '2026-06-12T05:00Z', NULL);
        INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on, ended_at, ended_by)
        VALUES ('00000000-0000-0000-0000-0000000000a2', 'acknowledged', '2026-06-01T09:00Z', '2026-06-01', 1, 'Book a review', 'The worker', '2026-06-19', '2026-06-12T12:00Z', 'resolved');
        INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, token_id, reason, until_on, ended_at, ended_by)
        VALUES ('00000000-0000-0000-0000-0000000000a1', 'snoozed', '2026-06-12T15:00Z', '2026-06-12', 1, 'The panel meets', '2026-06-17', '2026-06-14T05:00Z', 'raised');
        INSERT INTO messages (id, kind, recipient_id, state, created_at, sealed_at, from_address, to_address, subject, body, attempts, next_attempt_at, give_up_at, reason)
        VALUES
            ('00000000-0000-0000-0000-0000000000c1', 'alert', 1, 'sent', '2026-06-02T05:00Z', '2026-06-02T05:00Z', 'a@b', 'jane.doe@council.example', 's', '', 1, '2026-06-02T05:00Z', '2026-06-05T05:00Z', NULL),
            ('00000000-0000-0000-0000-0000000000c2', 'alert', 2, 'dead', '2026-06-12T05:00Z', '2026-06-12T05:00Z', 'a@b', 'john@council.example', 's', '', 2, '2026-06-12T05:00Z', '2026-06-15T05:00Z', '550 5.1.1 <john@council.example>: unknown');
        INSERT INTO message_alerts (message_id, alert_id, severity, role, escalated)
        VALUES
            ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', 'amber', 'legal_gateway_chair', false),
            ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a1', 'amber', 'head_of_service', true),
            ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000b1', 'amber', 'head_of_service', true);
        INSERT INTO message_attempts (message_id, attempt, claimed_at, settled_at, outcome, reply)
        VALUES
            ('00000000-0000-0000-0000-0000000000c1', 1, '2026-06-02T05:00:01Z', '2026-06-02T05:00:02Z', 'accepted', '250 2.0.0 Ok: queued'),
            ('00000000-0000-0000-0000-0000000000c2', 1, '2026-06-12T05:00:01Z', '2026-06-12T05:00:02Z', 'temporary', '451 greylisted john, come back, Mr Roe'),
            ('00000000-0000-0000-0000-0000000000c2', 2, '2026-06-12T05:30:01Z', '2026-06-12T05:30:02Z', 'refused', '550 5.1.1 <john@council.example>: unknown');
        INSERT INTO job_runs (job, slot, started_at, finished_at) VALUES
            ('sweep', '2026-06-12T22:55Z', '2026-06-12T22:55Z', '2026-06-12T22:56Z'), ('sweep', '2026-06-12T23:00Z', '2026-06-12T23:00Z', '2026-06-12T23:01Z');
        INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason)
        VALUES
            ('2026-06-02T05:00Z', 'alert_opened', 'C-1', '00000000-0000-0000-0000-0000000000a1', NULL, NULL, 'amber'),
            ('2026-06-02T05:00Z', 'told', 'C-1', '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000c1', 1, 'legal gateway chair'),
            ('2026-06-11T22:59Z', 'not_told', 'C-1', '00000000-0000-0000-0000-0000000000a1', NULL, NULL, 'service manager: told in the next digest'),
            ('2026-06-11T23:00Z', 'not_told', 'C-1', '00000000-0000-0000-0000-0000000000a1', NULL, NULL, 'service manager: nobody in this role can be reached for the team'),
            ('2026-06-12T05:00Z', 'told', 'C-1', '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000c2', 2, 'head of service'),
            ('2026-06-12T05:00Z', 'told', 'C-2', '00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000c2', 2, 'head of service'),
            ('2026-06-12T05:00Z', 'message_delayed', NULL, NULL, '00000000-0000-0000-0000-0000000000c2', NULL, '451 greylisted john, come back'),
            ('2026-06-12T05:30Z', 'message_dead', NULL, NULL, '00000000-0000-0000-0000-0000000000c2', NULL, '550 5.1.1 <john@council.example>: unknown'),
            ('2026-06-12T12:00Z', 'alert_resolved', 'C-1', '00000000-0000-0000-0000-0000000000a2', NULL, NULL, 'the finding holds no more'),
            ('2026-06-14T05:00Z', 'alert_raised', 'C-1', '00000000-0000-0000-0000-0000000000a1', NULL, NULL, 'red')",
    )
    .await;
}

#[tokio::test]
async fn a_day_is_explained_from_the_rules_to_the_mail_servers_words() {
    let api = Api::new().await;
    a_day_of_alerts(&api).await;
    at(
        &api,
        "2026-06-12T11:00Z",
        "INSERT INTO meetings (case_reference, sequence, kind, planned_on) VALUES ('C-1', 2, 'review', '2026-06-22')",
    )
    .await;
    at(&api, "2026-06-13T08:00Z", "INSERT INTO oversight (case_reference, \"on\", kind, rationale_recorded) VALUES ('C-1', '2026-06-11', 'panel_review', true)").await;
    let body = explain(&api, "2026-06-12").await;
    let text = body.to_string();
    for secret in ["@", "john", "Jane", "Roe", "C-2", "2020"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    insta::assert_json_snapshot!(body);
    api.close().await;
}

#[tokio::test]
async fn without_a_day_it_is_today_and_nothing_was_recorded_later() {
    let api = Api::new().await;
    a_day_of_alerts(&api).await;
    let token = api.token().await;
    let today = api.get(&token, "/api/v1/cases/C-1/explain").await.body;
    assert_eq!(today, explain(&api, "2026-06-15").await);
    assert_eq!((&today["on"], &today["recorded_later"]), (&Value::from("2026-06-15"), &Value::from(false)));
    assert_eq!(today["as_recorded"].as_array().map(Vec::len), Some(25));
    assert_eq!(today["now_known"], Value::Array(vec![]));
    assert_eq!(said(&today, "as_recorded", "oversight_gap"), "amber");
    let alerts: Vec<String> = ["state", "severity"].map(|field| today["alerts"][0][field].to_string()).to_vec();
    assert_eq!(alerts, ["\"open\"", "\"red\""], "the pause has ended and the alert turned red since");
    api.close().await;
}

#[tokio::test]
async fn what_is_recorded_later_is_told_apart_from_what_was_known() {
    let api = Api::new().await;
    at(&api, "2026-05-04T10:00Z", START).await;
    assert_eq!(explain(&api, "2026-06-08").await["recorded_later"], false);
    // Of the two facts, only the first counts for the eighth.
    at(
        &api,
        "2026-06-09T10:00Z",
        "INSERT INTO oversight (case_reference, \"on\", kind, rationale_recorded)
        VALUES ('C-1', '2026-06-01', 'panel_review', true), ('C-1', '2026-06-09', 'panel_review', true)",
    )
    .await;

    let body = explain(&api, "2026-06-08").await;
    assert_eq!(body["recorded_later"], true);
    assert_eq!(said(&body, "as_recorded", "oversight_gap"), "amber");
    assert_eq!(
        said(&body, "now_known", "oversight_gap"),
        "The last oversight with a recorded rationale was on 1 June 2026; it is amber from 30 June 2026 if nothing changes"
    );
    assert_eq!(body["now_known"].as_array().map(Vec::len), Some(1));
    assert_eq!(explain(&api, "2026-06-09").await["recorded_later"], false);
    assert_eq!(explain(&api, "2026-05-20").await["recorded_later"], false, "nothing that counts for that day");

    at(
        &api,
        "2026-06-10T10:00Z",
        "DELETE FROM oversight; UPDATE cases SET step_decision_on = '2026-05-25', outcome = 'step_down'",
    )
    .await;
    let body = explain(&api, "2026-06-09").await;
    assert_eq!((&body["status"], &body["recorded_later"]), (&Value::from("open"), &Value::from(true)));
    assert_eq!(
        said(&body, "now_known", "oversight_gap"),
        "Applies only while the case is open or decided for court; on this day it was stepped down"
    );
    api.close().await;
}

#[tokio::test]
async fn what_is_recorded_later_and_is_not_judged_makes_no_difference() {
    let api = Api::new().await;
    at(&api, "2026-05-04T10:00Z", START).await;
    at(
        &api,
        "2026-05-05T10:00Z",
        "UPDATE cases SET family_reference = 'F-1';
        INSERT INTO engagement (case_reference, \"on\", attended, person) VALUES ('C-1', '2026-05-05', true, 'mother')",
    )
    .await;
    // One day before the 52 weeks that count, and one day after the start.
    at(
        &api,
        "2026-06-10T10:00Z",
        "INSERT INTO cases (reference, family_reference, step_decision_on, outcome)
        VALUES ('C-8', 'F-1', '2025-05-04', 'step_down'), ('C-9', 'F-1', '2026-05-05', 'step_down');
        UPDATE engagement SET kind = 'home visit'",
    )
    .await;
    let body = explain(&api, "2026-06-08").await;
    assert_eq!((&body["recorded_later"], &body["now_known"]), (&Value::from(false), &Value::Array(vec![])));
    at(&api, "2026-06-11T10:00Z", "UPDATE cases SET step_decision_on = '2025-05-05' WHERE reference = 'C-8'").await;
    let body = explain(&api, "2026-06-08").await;
    assert_eq!((&body["recorded_later"], said(&body, "now_known", "re_entry").as_str()), (&Value::from(true), "amber"));
    api.close().await;
}

#[tokio::test]
async fn a_case_that_was_not_recorded_yet_could_not_be_judged() {
    let api = Api::new().await;
    // Twenty past midnight in London, on the third.
    at(&api, "2026-06-02T23:20Z", START).await;
    let before = explain(&api, "2026-06-02").await;
    assert_eq!(before["first_recorded_at"], "2026-06-02T23:20:00Z");
    assert_eq!((&before["status"], &before["as_recorded"]), (&Value::Null, &Value::Array(vec![])));
    assert_eq!((&before["recorded_later"], before["now_known"].as_array().map(Vec::len)), (&Value::from(true), Some(25)));
    assert_eq!(said(&before, "now_known", "oversight_gap"), "amber");
    assert_eq!(explain(&api, "2026-06-03").await["as_recorded"].as_array().map(Vec::len), Some(25));
    let long_before = explain(&api, "2026-05-01").await;
    assert_eq!((&long_before["recorded_later"], &long_before["now_known"]), (&Value::from(false), &Value::Array(vec![])));
    api.close().await;
}

#[tokio::test]
async fn a_day_is_judged_by_the_policy_that_was_in_force_when_it_ended() {
    let api = Api::new().await;
    at(&api, "2026-05-04T10:00Z", START).await;
    assert_eq!(explain(&api, "2026-06-15").await["policy"]["version"], Value::Null, "no sweep has put one in force");
    api.sql(
        "INSERT INTO policies (in_force_from, digest, document) VALUES
        ('2026-05-01T08:00Z', 'old', NULL),
        ('2026-05-11T22:59Z', 'strict', '[oversight_gap]' || chr(10) || 'amber_after = \"1 week\"' || chr(10) || 'red_after = \"2 weeks\"'),
        ('2026-06-01T08:00Z', 'unreadable', 'no_such_rule = 1'),
        ('2026-06-05T08:00Z', 'now', NULL)",
    )
    .await;
    for (on, version, is_current, substituted, oversight) in [
        (
            "2026-05-11",
            2,
            false,
            false,
            "No oversight with a recorded rationale since the start; the days count from there; it is amber from 12 May 2026 if nothing changes",
        ),
        ("2026-05-12", 2, false, false, "amber"),
        ("2026-05-31", 2, false, false, "red"),
        (
            "2026-06-01",
            3,
            false,
            true,
            "No oversight with a recorded rationale since the start; the days count from there; it is amber from 2 June 2026 if nothing changes",
        ),
        ("2026-06-05", 4, true, false, "amber"),
    ] {
        let body = explain(&api, on).await;
        let policy = &body["policy"];
        assert_eq!(
            (&policy["version"], &policy["is_current"], &policy["substituted"]),
            (&version.into(), &is_current.into(), &substituted.into()),
            "{on}"
        );
        assert_eq!(said(&body, "as_recorded", "oversight_gap"), oversight, "{on}");
    }
    assert_eq!(explain(&api, "2026-05-10").await["policy"]["substituted"], true);
    api.close().await;
}

#[tokio::test]
async fn no_day_gives_a_birth_away() {
    let api = Api::new().await;
    at(&api, "2026-05-04T10:00Z", START).await;
    at(
        &api,
        "2026-05-04T11:00Z",
        "INSERT INTO children (case_reference, reference, expected_delivery_on) VALUES ('C-1', 'K-2', '2026-06-10')",
    )
    .await;
    at(&api, "2026-06-14T11:00Z", "UPDATE children SET date_of_birth = '2026-06-07' WHERE reference = 'K-2'").await;
    for on in ["2026-05-12", "2026-06-09", "2026-06-12", "2026-06-15"] {
        let body = explain(&api, on).await;
        assert_eq!(body["recorded_later"], on == "2026-06-09" || on == "2026-06-12");
        let rules = format!("{}{}", body["as_recorded"], body["now_known"]);
        // The birth, the expected one, four weeks before it, the review before that, and the notices.
        for day in [
            "2026-06-07",
            "2026-06-08",
            "2026-06-10",
            "2026-06-11",
            "2026-05-13",
            "2026-05-14",
            "2026-05-06",
            "2026-04-29",
            "2026-04-28",
        ] {
            assert!(!rules.contains(day), "{day} on {on}: {rules}");
        }
        for day in ["7 June", "8 June", "10 June", "11 June", "13 May", "14 May", "6 May", "29 April", "28 April"] {
            assert!(!rules.contains(&format!(" {day} 2026")), "{day} on {on}: {rules}");
        }
    }
    assert_eq!(said(&explain(&api, "2026-06-12").await, "as_recorded", "missing_data"), "birth amber");
    api.close().await;
}

#[tokio::test]
async fn a_family_is_seen_as_it_was_recorded_then() {
    let api = Api::new().await;
    at(&api, "2026-05-04T10:00Z", START).await;
    at(&api, "2026-05-05T10:00Z", "UPDATE cases SET family_reference = 'F-1'").await;
    at(
        &api,
        "2026-05-06T10:00Z",
        "INSERT INTO cases (reference, family_reference, step_decision_on, outcome)
        VALUES ('C-0', 'F-1', '2026-01-05', 'step_down'), ('C-9', 'F-9', '2026-01-05', 'step_down')",
    )
    .await;
    at(&api, "2026-05-07T10:00Z", "UPDATE cases SET family_reference = 'F-1' WHERE reference = 'C-9'").await;
    at(&api, "2026-05-08T10:00Z", "UPDATE cases SET outcome = 'other' WHERE reference = 'C-9'").await;
    at(&api, "2026-05-11T10:00Z", "DELETE FROM cases WHERE reference = 'C-0'").await;
    let none = "No step down of the family's other episodes in the 52 weeks before the start";
    for (on, expected) in [("05", none), ("06", "amber"), ("07", "red"), ("08", "amber"), ("11", none)] {
        assert_eq!(said(&explain(&api, &format!("2026-05-{on}")).await, "as_recorded", "re_entry"), expected, "{on}");
    }
    api.close().await;
}

#[tokio::test]
async fn whatever_is_written_a_case_comes_back_as_it_was() {
    let api = Api::new().await;
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    let mut runner = TestRunner::deterministic();
    let mut kept = Vec::new();
    for day in 1..=20 {
        let case = any_case().new_tree(&mut runner).expect("nothing is filtered out").current();
        let moment: Timestamp = format!("2026-06-{day:02}T12:00:00Z").parse().expect("it is a moment");
        let mut transaction = connection.begin().await.expect("a transaction");
        let now = sqlx::query("SELECT set_config('plo_drift.now', $1, true)").bind(moment.to_string());
        now.execute(&mut *transaction).await.expect("it is set");
        let to_record = ToRecord { case: &case, document: &document::write(&case), source: "a test" };
        record(&mut transaction, &to_record).await.expect("the case can be recorded");
        kept.push((moment, cases::find(&mut transaction, "F-1").await.expect("it can be read")));
        transaction.commit().await.expect("it can be committed");
    }
    for (moment, case) in kept {
        let before = case_as_recorded_at(&mut connection, "F-1", moment).await;
        assert_ne!(before.expect("it can be read"), case, "{moment}");
        let then = case_as_recorded_at(&mut connection, "F-1", moment + jiff::SignedDuration::from_secs(1)).await;
        assert_eq!(then.expect("it can be read"), case, "{moment}");
    }
    drop(connection);
    api.close().await;
}

#[tokio::test]
async fn facts_that_change_their_number_or_their_case_leave_where_they_were() {
    let api = Api::new().await;
    at(&api, "2026-05-04T10:00Z", START).await;
    at(&api, "2026-05-05T10:00Z", "INSERT INTO cases (reference, started_on) VALUES ('C-5', '2026-05-04')").await;
    at(&api, "2026-05-06T10:00Z", "UPDATE meetings SET sequence = 7").await;
    at(&api, "2026-05-07T10:00Z", "UPDATE meetings SET case_reference = 'C-5'").await;
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    let mut meetings = Vec::new();
    for (reference, day) in [("C-1", 5), ("C-1", 6), ("C-1", 7), ("C-5", 6), ("C-5", 7)] {
        let moment = format!("2026-05-0{day}T12:00:00Z").parse().expect("it is a moment");
        let case =
            case_as_recorded_at(&mut connection, reference, moment).await.expect("it can be read").expect("it is recorded");
        meetings.push(case.meetings.iter().map(|meeting| meeting.sequence).collect::<Vec<_>>());
    }
    assert_eq!(meetings, [vec![1], vec![7], vec![], vec![], vec![7]]);
    drop(connection);
    api.close().await;
}

#[tokio::test]
async fn only_the_owner_of_the_tables_says_what_time_it_is() {
    let api = Api::new().await;
    api.sql(
        "BEGIN; SET LOCAL SESSION AUTHORIZATION pg_write_all_data; SELECT set_config('plo_drift.now', '2020-01-01T00:00Z', true);
        INSERT INTO cases (reference) VALUES ('C-1'); COMMIT",
    )
    .await;
    let first = explain(&api, "2026-06-14").await["first_recorded_at"].to_string();
    assert!(!first.starts_with("\"2020"), "{first}");
    api.close().await;
}

#[tokio::test]
async fn a_case_that_the_token_may_not_see_is_not_explained() {
    let api = Api::new().await;
    let restricted = Watched { restricted: true, ..Watched::new("C-2") };
    api.add(&[Watched::new("C-1"), restricted, Watched { team: None, ..Watched::new("C-3") }]).await;
    for (teams, may_see_restricted, expected) in [
        (&[] as &[&str], true, [200, 200, 200, 404]),
        (&[], false, [200, 404, 200, 404]),
        (&["east"], true, [200, 200, 404, 404]),
        (&["west"], true, [404, 404, 404, 404]),
    ] {
        let token = api.token_for(teams, may_see_restricted).await;
        for (reference, expected) in ["C-1", "C-2", "C-3", "C-4"].iter().zip(expected) {
            let answer = api.get(&token, &format!("/api/v1/cases/{reference}/explain?on=2026-06-01")).await;
            assert_eq!(answer.status, expected, "{reference} {teams:?} {may_see_restricted}");
        }
    }
    api.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_case_is_not_told_to_whoever_may_not_know_of_it() {
    let api = Api::new().await;
    api.add(&[Watched { restricted: true, ..Watched::new("C-1") }]).await;
    api.sql("ALTER TABLE cases DROP CONSTRAINT cases_outcome_is_known; UPDATE cases SET outcome = 'unreadable'").await;
    for (may_see_restricted, expected) in [(true, StatusCode::INTERNAL_SERVER_ERROR), (false, StatusCode::NOT_FOUND)] {
        let token = api.token_for(&[], may_see_restricted).await;
        for uri in ["/api/v1/cases/C-1", "/api/v1/cases/C-1/explain"] {
            assert_eq!(api.get(&token, uri).await.status, expected, "{uri}");
        }
    }
    api.close().await;
}

#[rstest::rstest]
#[case("on=2026-06-16", "on")]
#[case("on=1999-12-31", "on")]
#[case("on=2026-02-30", "on")]
#[case("on=hostile%00", "on")]
#[case("on=", "on")]
#[case("on=2026-06-01&on=2026-06-01", "on")]
#[case("to=2026-06-01", "to")]
#[tokio::test]
async fn a_day_that_is_none_or_lies_in_the_future_is_refused(#[case] query: &str, #[case] parameter: &str) {
    let api = Api::new().await;
    let token = api.token().await;
    let answer = api.get(&token, &format!("/api/v1/cases/C-1/explain?{query}")).await;
    assert_eq!(answer.wrong_parameters(), [parameter]);
    assert!(!answer.body.to_string().contains("hostile"));
    api.close().await;
}
