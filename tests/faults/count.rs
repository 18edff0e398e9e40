//! A council whose cases drift, and what became of its alerts and mails: what is lost, made twice, or not as it was.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plo_drift::clock::{Clock, Moment};
use plo_drift::domain::pause::PauseKind;
use plo_drift::domain::policy::Policy;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::running::{Service, broken, differences, sql, until};
use crate::support::smtp::SmtpServer;
use crate::support::world::{Pause, World, open};

/// A council with people on the ladder, cases, a mail server, and services that may be started for it.
pub struct Council {
    /// Its database and mail server, with the jobs called by hand and a clock that the test moves.
    pub world: World,
}

impl Council {
    /// One with somebody for each rung, and so many cases, each long over its limit and red.
    pub async fn with_cases(number: usize) -> Self {
        let council = Self { world: World::with_a_ladder().await };
        council.record_cases("PP", number).await;
        council
    }

    /// Records more cases.
    pub async fn record_cases(&self, prefix: &str, number: usize) {
        let cases = format!(
            "INSERT INTO cases (reference, team, recorded_on, started_on)
            SELECT '{prefix}-' || number, 'North', DATE '2026-01-05', DATE '2026-01-05' + number FROM generate_series(1, {number}) AS number"
        );
        self.sql(cases).await;
    }

    /// The pool.
    pub fn pool(&self) -> &PgPool {
        self.world.pool()
    }

    /// A service for it that is not started yet.
    pub fn service(&self) -> Service {
        Service::on(&self.world.database.url, &self.world.smtp)
            .set("DATABASE__MAX_CONNECTIONS", "5")
            .set("LOG__FILTER", "plo_drift=info")
    }

    /// Runs SQL as a council's own program would.
    pub async fn sql(&self, statements: impl Into<String>) {
        sql(self.pool(), statements).await;
    }

    /// Counts.
    pub async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(self.pool()).await.expect("the query is right")
    }

    /// Makes due at once what waits for its next attempt, as if that time had passed.
    pub async fn let_mail_be_due(&self) {
        self.sql("UPDATE messages SET next_attempt_at = now() WHERE state = 'queued' AND next_attempt_at > now()").await;
    }

    /// Takes every message from the worker that holds it, as if the time of its lease had passed.
    pub async fn let_leases_run_out(&self) {
        self.sql("UPDATE messages SET leased_until = now() WHERE state = 'sending'").await;
    }

    /// Waits until a whole sweep that began from now on has ended, no red rung is due, and all mail has come to its end; mail that waits
    /// for its time is tried at once.
    pub async fn until_settled(&self) {
        let from: Timestamp = now().at;
        let swept =
            format!("SELECT count(*) FROM job_runs WHERE job = 'sweep' AND finished_at IS NOT NULL AND slot >= '{from}'");
        until("a sweep has ended", async || self.count(&swept).await > 0).await;
        let under_way = "SELECT (SELECT count(*) FROM messages WHERE state NOT IN ('sent', 'dead', 'cancelled'))
            + (SELECT count(*) FROM alerts WHERE state = 'open' AND severity = 'red' AND next_rung_on <= current_date)";
        until("everything is told", async || {
            self.let_mail_be_due().await;
            self.count(under_way).await == 0
        })
        .await;
    }

    /// Everything that is not as it must be once nothing is under way.
    pub async fn wrong(&self) -> Vec<String> {
        wrong(self.pool(), &self.world.smtp).await
    }

    /// How many messages the server got more than once.
    pub fn repeated(&self) -> usize {
        let received = self.world.smtp.received();
        let ids: BTreeSet<String> = received.iter().map(|received| open(received).message_id).collect();
        received.len() - ids.len()
    }

    /// The alerts of which something holds.
    pub async fn alerts(&self, condition: &str) -> Vec<Uuid> {
        let query = format!("SELECT id FROM alerts WHERE {condition} ORDER BY id");
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(self.pool()).await.expect("the condition is right")
    }

    /// The first columns of some rows.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        texts(self.pool(), query).await
    }

    /// Ends it.
    pub async fn end(self) {
        self.world.end().await;
    }
}

/// Everything that is not as it must be once nothing is under way: alerts missing or double, not journalled, mails lost, made
/// twice, or repeated without need or with other bytes, and what the service's own list of such things finds.
pub async fn wrong(pool: &PgPool, smtp: &SmtpServer) -> Vec<String> {
    let mut wrong = differences(pool, &Policy::default(), now().today).await;
    wrong.extend(broken(pool, now().at).await);
    for (what, rows) in WRONG {
        wrong.extend(texts(pool, rows).await.into_iter().map(|row| format!("{what}: {row}")));
    }
    wrong.extend(wrong_with_mail(pool, smtp).await);
    wrong
}

/// What is wrong between the messages that the database knows and those that the server got.
async fn wrong_with_mail(pool: &PgPool, smtp: &SmtpServer) -> Vec<String> {
    let mut copies: BTreeMap<Uuid, Vec<Vec<u8>>> = BTreeMap::new();
    for received in smtp.received() {
        copies.entry(message_of(&open(&received).message_id)).or_default().push(received.message);
    }
    let rows: Vec<(Uuid, String, Vec<u8>, i64, i64)> = sqlx::query_as(
        "SELECT id, state, body, count(attempt) FILTER (WHERE outcome = 'accepted'), count(attempt) FILTER (WHERE outcome = 'unknown')
        FROM messages LEFT JOIN message_attempts ON message_id = id WHERE body IS NOT NULL GROUP BY id",
    )
    .fetch_all(pool)
    .await
    .expect("the query is right");
    let mut wrong = Vec::new();
    for (id, state, body, accepted, unknown) in rows {
        let copies = copies.remove(&id).unwrap_or_default();
        let came = i64::try_from(copies.len()).expect("not that many");
        if state == "sent" && (came == 0 || accepted == 0) {
            wrong.push(format!("a message is sent, came {came} times, and was accepted {accepted} times: {id}"));
        }
        if came > accepted + unknown {
            wrong.push(format!("a message came {came} times, {accepted} accepted and {unknown} unknown: {id}"));
        }
        // The server gets them with a line ending of its own after the last.
        if copies.iter().any(|copy| copy.trim_ascii_end() != body.trim_ascii_end())
            || copies.iter().any(|copy| *copy != copies[0])
        {
            wrong.push(format!("a message came with other bytes than were stored: {id}"));
        }
    }
    wrong.extend(copies.keys().map(|id| format!("a message came that is in no outbox: {id}")));
    wrong
}

/// What the outbox must not hold, whatever clocks do.
const TOLD_TWICE: (&str, &str) = (
    "a person is told twice of a rung",
    "SELECT concat_ws(' ', recipient_id, alert_id, turn, role)
    FROM message_alerts JOIN messages ON messages.id = message_id WHERE state NOT IN ('cancelled', 'dead') AND kind <> 'panel'
    GROUP BY recipient_id, alert_id, turn, role HAVING count(*) > 1",
);

/// What must not be of alerts that nobody has acted on, and the rows that show it.
const WRONG: [(&str, &str); 6] = [
    (
        "a fact has several alerts",
        "SELECT concat_ws(' ', case_reference, rule, subject) FROM alerts GROUP BY case_reference, rule, subject HAVING count(*) > 1",
    ),
    (
        "an alert is not journalled once",
        "SELECT alerts.id::text FROM alerts LEFT JOIN journal ON alert_id = alerts.id AND what = 'alert_opened'
        GROUP BY alerts.id HAVING count(journal.id) <> 1",
    ),
    (
        "a red alert is in no message that has left",
        "SELECT id::text FROM alerts WHERE severity = 'red' AND NOT EXISTS (
            SELECT FROM message_alerts JOIN messages ON messages.id = message_id
            WHERE alert_id = alerts.id AND message_alerts.turn = alerts.turn AND messages.state = 'sent')",
    ),
    TOLD_TWICE,
    (
        "a telling is not journalled once",
        "SELECT concat_ws(' ', message_id, told.alert_id)
        FROM message_alerts AS told LEFT JOIN journal USING (message_id, alert_id) WHERE journal.what = 'told' OR journal.what IS NULL
        GROUP BY message_id, told.alert_id HAVING count(journal.id) <> 1",
    ),
    (
        "an attempt has no outcome, though nothing is under way",
        "SELECT concat_ws(' ', message_id, attempt) FROM message_attempts WHERE outcome IS NULL",
    ),
];

/// What was told twice: a rung by the outbox, a mail or an alert of one turn by what came to people. The pack of the panel tells again
/// of what is open, and that is what it is for.
pub async fn told_twice(pool: &PgPool, smtp: &SmtpServer) -> Vec<String> {
    let (what, rows) = TOLD_TWICE;
    let mut twice: Vec<String> = texts(pool, rows).await.into_iter().map(|row| format!("{what}: {row}")).collect();
    let tellings: Vec<(Uuid, Uuid, i32)> = sqlx::query_as(
        "SELECT message_id, alert_id, turn FROM message_alerts JOIN messages ON messages.id = message_id WHERE kind <> 'panel'",
    )
    .fetch_all(pool)
    .await
    .expect("the query is right");
    let (mut came, mut told) = (BTreeSet::new(), BTreeSet::new());
    for received in smtp.received() {
        let message = message_of(&open(&received).message_id);
        if !came.insert(message) {
            twice.push(format!("a mail came twice: {message}"));
        }
        for (_, alert, turn) in tellings.iter().filter(|(telling, ..)| *telling == message) {
            if !told.insert((received.to.clone(), *alert, *turn)) {
                twice.push(format!("an alert came twice to {:?} in turn {turn}: {alert}", received.to));
            }
        }
    }
    twice
}

/// The first columns of some rows.
async fn texts(pool: &PgPool, query: &str) -> Vec<String> {
    let rows = sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(pool).await;
    rows.expect("the query is right")
}

/// A council in which ten days ago the chair was told of some cases, and snoozed the alerts of half of them until a day.
pub async fn with_a_past(until_on: Date) -> Council {
    let council = Council::with_cases(8).await;
    let ten_days_ago = now().at - SignedDuration::from_hours(24 * 10);
    council.world.at(&ten_days_ago.to_string());
    council.world.cycle().await;
    let chair = council.count("SELECT id FROM recipients WHERE role = 'legal_gateway_chair'").await;
    for alert in council.alerts("case_reference <= 'PP-4'").await {
        let reason = "an assessment is awaited";
        let pause = Pause { alert, kind: PauseKind::Snoozed, by: chair, reason, owner: None, until_on };
        assert!(council.world.pause(&pause).await, "it was open");
    }
    council.sql("UPDATE alerts SET next_rung_on = current_date + 9 WHERE next_rung_on IS NOT NULL").await;
    council
}

/// What time it is.
pub fn now() -> Moment {
    Clock::of_the_machine().now()
}

/// The message that a Message-ID belongs to.
pub fn message_of(message_id: &str) -> Uuid {
    message_id.split('@').next().and_then(|id| id.parse().ok()).expect("the Message-ID names the message")
}
