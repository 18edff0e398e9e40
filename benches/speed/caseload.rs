//! A caseload of any size: some dozens of families told in full and judged by the program itself, then copied with everything that the
//! service keeps of them.
//!
//! Each case has 6 meetings, 2 assessments, up to 4 extensions and 12 events; a quarter of the open ones drift.

use std::fmt::Write as _;
use std::process::Command;

use jiff::civil::Date;
use plo_drift::domain::calendar::shift;
use plo_drift::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};
use plo_drift::domain::evaluation::Evaluation;
use plo_drift::domain::policy::Policy;
use plo_drift::domain::risk::Rag;
use plo_drift::exchange::document;
use sqlx::{AssertSqlSafe, PgPool};

/// Families that are told in full, of each kind.
pub const TOLD: usize = 40;

/// Days of a period.
const PERIOD: i64 = 112;

/// What a told family's reference begins with.
const OPEN: &str = "O";
const CLOSED: &str = "X";

/// Families in pre-proceedings on a day, a quarter of which drift.
#[must_use]
pub fn open(today: Date) -> Vec<Case> {
    let drifting = told(today, TOLD / 4, |number| 60 + number * 11 % 120, true);
    let on_course = told(today, TOLD - TOLD / 4, |number| 12 + number * 7 % 90, false);
    drifting.into_iter().chain(on_course).enumerate().map(|(number, case)| renamed(case, OPEN, number)).collect()
}

/// Families whose episodes are long over.
#[must_use]
pub fn closed(today: Date) -> Vec<Case> {
    let over = |case: Case| {
        let ended_on = case.started_on.map(|start| shift(start, PERIOD + 20));
        Case { step_decision_on: ended_on, outcome: Some(Outcome::StepDown), closed_on: ended_on, ..case }
    };
    let cases = (0..TOLD).map(|number| over(family(today, 300 + 35 * days(number), number % 5)));
    cases.enumerate().map(|(number, case)| renamed(case, CLOSED, number)).collect()
}

/// The first families of that age that drift, or do not.
fn told(today: Date, wanted: usize, age: impl Fn(i64) -> i64, drifts: bool) -> Vec<Case> {
    let policy = Policy::default();
    let candidates =
        (0..1_000).map(|number| family(today, age(number), if drifts { 2 + wrapped(number, 3) } else { wrapped(number, 2) }));
    let as_wanted = candidates.filter(|case| (Evaluation::of(case, &policy, today).risk.rag != Rag::Green) == drifts);
    let cases: Vec<Case> = as_wanted.take(wanted).collect();
    assert_eq!(cases.len(), wanted, "enough of the families that are tried drift, and enough do not");
    cases
}

fn wrapped(number: i64, below: i64) -> usize {
    usize::try_from(number % below).expect("it is not negative")
}

fn days(number: usize) -> i64 {
    i64::try_from(number).expect("a small number")
}

fn renamed(case: Case, kind: &str, number: usize) -> Case {
    Case { reference: format!("{kind}{number:02}"), family_reference: Some(format!("F{kind}{number:02}")), ..case }
}

/// A family that has been in pre-proceedings for so many days, with so many extensions.
fn family(today: Date, age: i64, extensions: usize) -> Case {
    let start = shift(today, -age);
    let on = |day: i64| shift(start, day);
    let past = |day: i64| (day <= age).then(|| on(day));
    let meeting = |(sequence, (day, kind)): (u32, (i64, MeetingKind))| Meeting {
        sequence,
        kind,
        planned_on: Some(on(day)),
        held_on: past(day),
        cancelled_on: None,
    };
    let meetings = [
        (10, MeetingKind::Initial),
        (29, MeetingKind::Review),
        (48, MeetingKind::Review),
        (67, MeetingKind::Review),
        (86, MeetingKind::Review),
        (100, MeetingKind::FinalReview),
    ];
    let assessment = |sequence, kind, asked, due| Assessment {
        sequence,
        kind,
        commissioned_on: past(asked),
        due_on: Some(on(due)),
        received_on: past(due - 2),
    };
    let extension = |number: i64| Extension {
        sequence: u32::try_from(number + 1).expect("a small number"),
        requested_on: on(5 + number),
        decision: ExtensionDecision::Approved,
        decided_on: Some(on(6 + number)),
        new_end_on: Some(on(PERIOD + 14 * (number + 1))),
        approved_by_grade: Some("service_manager".to_owned()),
        rationale_recorded: true,
    };
    Case {
        team: Some(format!("Team {}", age % 10)),
        started_on: Some(start),
        lbp_sent_on: past(3),
        fgdm_offered: Some(true),
        children: vec![Child {
            reference: "c1".to_owned(),
            date_of_birth: Some(on(-1_500)),
            expected_delivery_on: None,
            pregnancy_ended_on: None,
        }],
        meetings: (1..).zip(meetings).map(meeting).collect(),
        assessments: vec![
            assessment(1, AssessmentKind::Parenting, 7, 84),
            assessment(2, AssessmentKind::ConnectedPersons, 12, 60),
        ],
        extensions: (0..days(extensions)).map(extension).collect(),
        engagement: (0..7).map(|number| came(on(number * age / 8 + 1))).collect(),
        oversight: (0..4).map(|number| looked_at(on(number * age / 4 + 1))).collect(),
        allocations: vec![Allocation { from_on: start, worker: "w1".to_owned() }],
        ..Case::new("", start)
    }
}

fn came(on: Date) -> Engagement {
    Engagement { on, attended: true, person: "mother".to_owned(), kind: Some("assessment session".to_owned()), excused: false }
}

fn looked_at(on: Date) -> Oversight {
    Oversight { on, kind: OversightKind::ManagementOversight, rationale_recorded: true }
}

/// Fills an empty database with so many open and closed cases, swept and told of, with nothing left to do.
pub async fn fill(pool: &PgPool, url: &str, today: Date, open_cases: usize, closed_cases: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let cases: Vec<_> = open(today).iter().chain(&closed(today)).map(document::write).collect();
    let path = folder.path().join("cases.json");
    std::fs::write(&path, serde_json::to_vec(&cases).expect("documents are JSON")).expect("it is written");
    let path = path.to_str().expect("a plain path");
    program(url, &["migrate"]);
    run(pool, RECIPIENTS).await;
    program(url, &["import", path]);
    program(url, &["check"]);
    run(pool, SENT).await;
    for (kind, wanted) in [(OPEN, open_cases), (CLOSED, closed_cases)] {
        run(pool, &copies(kind, wanted / TOLD)).await;
    }
    run(pool, TOLD_LEAVE).await;
    run(pool, "VACUUM ANALYZE").await;
}

const RECIPIENTS: &str = "INSERT INTO recipients (name, email, role, may_see_restricted) VALUES
    ('Chair', 'chair@council.example', 'legal_gateway_chair', true),
    ('Service manager', 'service@council.example', 'service_manager', true),
    ('Head of service', 'head@council.example', 'head_of_service', true),
    ('Assistant director', 'assistant@council.example', 'assistant_director', true)";

/// The told families' messages have left.
const SENT: &str = "UPDATE messages SET state = 'sent', settled_at = now(), reason = NULL WHERE state = 'queued'";

/// The told families themselves go once they are copied.
const TOLD_LEAVE: &str = "SET session_replication_role = replica;
    DELETE FROM message_alerts WHERE alert_id IN (SELECT id FROM alerts WHERE length(case_reference) = 3);
    DELETE FROM alert_rungs WHERE alert_id IN (SELECT id FROM alerts WHERE length(case_reference) = 3);
    DELETE FROM alerts WHERE length(case_reference) = 3;
    DELETE FROM case_watch WHERE length(case_reference) = 3;
    DELETE FROM children WHERE length(case_reference) = 3;
    DELETE FROM meetings WHERE length(case_reference) = 3;
    DELETE FROM assessments WHERE length(case_reference) = 3;
    DELETE FROM extensions WHERE length(case_reference) = 3;
    DELETE FROM engagement WHERE length(case_reference) = 3;
    DELETE FROM oversight WHERE length(case_reference) = 3;
    DELETE FROM allocations WHERE length(case_reference) = 3;
    DELETE FROM cases WHERE length(reference) = 3;
    TRUNCATE case_marks;
    SET session_replication_role = origin";

/// The tables that are copied: each with the columns that name a case or an alert, and those that the database fills in.
const COPIED: [(&str, &str, &[&str]); 13] = [
    ("cases", "reference", &[]),
    ("children", "case_reference", &[]),
    ("meetings", "case_reference", &[]),
    ("assessments", "case_reference", &[]),
    ("extensions", "case_reference", &[]),
    ("engagement", "case_reference", &["id"]),
    ("oversight", "case_reference", &["id"]),
    ("allocations", "case_reference", &["id"]),
    ("case_watch", "case_reference", &["risk_key"]),
    ("alerts", "case_reference", &[]),
    ("alert_rungs", "alert_id", &[]),
    ("message_alerts", "alert_id", &[]),
    ("journal", "case_reference", &["id"]),
];

/// Copies every told family of a kind so many times. Triggers and foreign keys rest: what is copied keeps to them.
fn copies(kind: &str, times: usize) -> String {
    let mut sql = String::from("SET session_replication_role = replica;\n");
    for (table, key, filled_in) in COPIED {
        let filled_in: Vec<String> = filled_in.iter().map(|column| format!("'{column}'")).collect();
        let filled_in = if filled_in.is_empty() { "''".to_owned() } else { filled_in.join(", ") };
        let of_kind = match key {
            "alert_id" => format!("alert_id IN (SELECT id FROM alerts WHERE case_reference LIKE '{kind}__')"),
            _ => format!("{key} LIKE '{kind}__'"),
        };
        let _ = writeln!(
            sql,
            "DO $$ DECLARE columns text; copied text; BEGIN
                SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position), string_agg(CASE
                    WHEN column_name IN ('reference', 'case_reference') AND ('{table}', column_name) <> ('children', 'reference')
                        THEN format('lpad(k::text, 6, ''0'') || %I', column_name)
                    WHEN column_name = 'family_reference' THEN 'family_reference || k'
                    WHEN data_type = 'uuid' AND column_name <> 'message_id' THEN format('md5(%I::text || k)::uuid', column_name)
                    ELSE quote_ident(column_name) END, ', ' ORDER BY ordinal_position)
                INTO columns, copied FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = '{table}' AND column_name NOT IN ({filled_in});
                EXECUTE format('INSERT INTO {table} (%s) SELECT %s FROM (SELECT * FROM {table} WHERE {of_kind} ORDER BY {key}) AS told
                    CROSS JOIN generate_series(1, {times}) AS k ORDER BY k, {key}', columns, copied);
            END $$;",
            of_kind = of_kind.replace('\'', "''")
        );
    }
    sql + "SET session_replication_role = origin"
}

async fn run(pool: &PgPool, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(pool).await;
    done.unwrap_or_else(|error| panic!("{error}: {}", &statements[..statements.len().min(200)]));
}

/// Runs the program to its good end.
pub fn program(url: &str, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_plo-drift"))
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_remove("PLO_DRIFT_CONFIG")
        .env("DATABASE_URL", url)
        .env("PLO_DRIFT__MAIL__ALLOWED_DOMAINS", "council.example")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
