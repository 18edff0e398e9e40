//! A full reconciliation that finds nothing new.

use std::time::Duration;

use jiff_sqlx::ToSqlx as _;
use plo_drift::jobs::reconcile::{self, Found};
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use tokio_util::sync::CancellationToken;

use crate::Bench;
use crate::table::{Mark, Table, median, ratio, timed};

/// Measures reconciliations of so many open cases; gives how long one took.
pub async fn measure(table: &mut Table, bench: &Bench, open: usize) -> Duration {
    let (mut reconciled, mut copied, mut by_sql) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        copied.push(timed(copy(&bench.pool)).await.0);
        reconciled.push(timed(once(bench)).await.0);
        by_sql.push(timed(set_based(bench)).await.0);
    }
    let (reconciled, copied, by_sql) = (median(reconciled), median(copied), median(by_sql));
    table.line(
        &format!("full reconciliation of {open} open cases, nothing new"),
        "COPY of the same columns, binary, to nowhere",
        ratio(reconciled, copied),
        Mark::AtMost(1.6),
        &format!("{reconciled:.2?} against {copied:.2?}"),
    );
    table.line(
        "the same",
        "one set-based SQL statement that computes and reconciles a comparable set of rules",
        ratio(reconciled, by_sql),
        Mark::AtMost(1.0),
        &format!("{reconciled:.2?} against {by_sql:.2?}"),
    );
    reconciled
}

/// Measures the same with closed cases beside the open ones.
pub async fn beside_closed(table: &mut Table, bench: &Bench, closed: usize, alone: Duration) {
    let mut took = Vec::new();
    for _ in 0..TIMES {
        took.push(timed(once(bench)).await.0);
    }
    let took = median(took);
    table.line(
        &format!("the same, with {closed} closed cases beside them"),
        "itself without them",
        ratio(took, alone),
        Mark::AtMost(1.3),
        &format!("{took:.2?} against {alone:.2?}"),
    );
}

/// How often each is repeated; the middle counts.
const TIMES: usize = 3;

/// Reconciles once, which must find nothing.
pub async fn once(bench: &Bench) -> Found {
    let sweep = bench.sweep().await;
    let stop = CancellationToken::new();
    let found = reconcile::reconcile(&bench.pool, &sweep, bench.now, &stop).await.expect("the database answers");
    assert!(found.is_clean() && found.missed.opened.is_empty(), "{found:?}");
    found
}

async fn set_based(bench: &Bench) {
    let counted = sqlx::query(include_str!("set_based.sql")).bind(bench.today().to_sqlx());
    let counted = counted.fetch_one(&bench.pool).await.expect("it is right");
    assert!(counted.get::<i64, _>(2) > 0, "it finds something");
}

/// Copies what a reconciliation reads.
async fn copy(pool: &PgPool) {
    for columns in READ {
        let statement = format!("COPY (SELECT {columns}) TO '/dev/null' (FORMAT binary)");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await.expect("the server may write to nowhere");
    }
}

/// What a reconciliation reads: facts, what is kept of each case, and the alerts that stand.
const READ: [&str; 10] = [
    "reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered, fgdm_facilitated, fgdm_exempt,
        step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on FROM cases",
    "case_reference, reference, date_of_birth, expected_delivery_on, pregnancy_ended_on FROM children",
    "case_reference, sequence, kind, planned_on, held_on, cancelled_on FROM meetings",
    "case_reference, sequence, kind, commissioned_on, due_on, received_on FROM assessments",
    "case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded FROM extensions",
    "case_reference, id, \"on\", attended, person, kind, excused FROM engagement",
    "case_reference, id, \"on\", kind, rationale_recorded FROM oversight",
    "case_reference, id, from_on, worker FROM allocations",
    "case_reference, next_look_on, status, rag, reds, ambers, since_on, end_on, end_set_by, base_end_on, rules, drifts,
        next_deadline, next_deadline_on FROM case_watch",
    "id, case_reference, rule, subject, severity, message, since_on, severity_since_on, gives_a_birth_away FROM alerts
        WHERE state <> 'resolved'",
];
