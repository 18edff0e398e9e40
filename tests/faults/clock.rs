//! Clocks that jump: both clock changes, a leap day, a step back of an hour, a fortnight's outage. The process runs under libfaketime.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use plo_drift::clock::Clock;
use plo_drift::domain::policy::Policy;
use sqlx::PgPool;
use tempfile::TempDir;

use crate::count::told_twice;
use crate::running::{PATIENCE, PEOPLE, Service, broken, count, differences, sql, until, within};
use crate::support::database::TestDatabase;
use crate::support::smtp::{Behaviour, SmtpServer};
use crate::support::world::open;

/// Where Debian and its children put it.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// A clock that processes wear and the test moves; it runs on from wherever it is put.
pub struct FakeClock {
    folder: TempDir,
}

impl FakeClock {
    /// One that shows this moment.
    pub fn at(moment: &str) -> Self {
        let clock = Self { folder: tempfile::tempdir().expect("a folder") };
        clock.goes_to(moment);
        clock
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    /// Puts it to a moment, and gives that.
    pub fn goes_to(&self, moment: &str) -> Timestamp {
        let moment: Timestamp = moment.parse().expect("a moment");
        let offset = moment.as_second() - Clock::of_the_machine().now().at.as_second();
        // Whoever reads the time meanwhile finds the old offset or the new one.
        let new = self.folder.path().join("new");
        std::fs::write(&new, format!("{offset:+}\n")).expect("a file");
        std::fs::rename(new, self.file()).expect("it takes the place of the old one");
        moment
    }

    /// Makes a service wear it.
    pub fn worn_by(&self, service: Service) -> Service {
        let library = LIBRARIES.into_iter().find(|library| Path::new(library).is_file());
        let library = library.expect("libfaketime is installed: apt-get install faketime, as .ci/prerequisites does");
        service
            .with("LD_PRELOAD", library)
            .with("FAKETIME_TIMESTAMP_FILE", self.file().to_str().expect("a plain path"))
            .with("FAKETIME_NO_CACHE", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

/// A service whose clock the test moves.
pub struct Moved {
    /// The clock.
    pub clock: FakeClock,
    database: TestDatabase,
    /// The mail server.
    pub smtp: SmtpServer,
    /// The service.
    pub service: Service,
}

impl Moved {
    /// One that is not started yet, at this moment.
    pub async fn to(moment: &str, mutant: &str) -> Self {
        let database = TestDatabase::new().await;
        let smtp = SmtpServer::start(Behaviour::Accept);
        let clock = FakeClock::at(moment);
        let service = clock.worn_by(Service::on(&database.url, &smtp));
        sql(&database.pool, PEOPLE).await;
        sql(&database.pool, mutant).await;
        Self { clock, database, smtp, service }
    }

    /// Its database.
    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// Puts the clock to a moment, and waits until the service has swept. Jobs that find out for themselves whether their hour has come
    /// do so at each full minute, and now.
    async fn goes_to(&self, moment: &str) -> Timestamp {
        let moment = self.clock.goes_to(moment);
        assert!(self.has_swept_since(moment).await, "no sweep since {moment}");
        moment
    }

    async fn has_swept_since(&self, moment: Timestamp) -> bool {
        let swept = "SELECT EXISTS (SELECT FROM job_runs WHERE job = 'sweep' AND started_at >= $1 AND finished_at IS NOT NULL
            AND started_at < $1 + interval '10 minutes')";
        let moment = jiff_sqlx::ToSqlx::to_sqlx(moment);
        let asked = async || sqlx::query_scalar::<_, bool>(swept).bind(moment).fetch_one(self.pool()).await.expect("an answer");
        within(PATIENCE, asked).await
    }

    /// How many digests there are for a day.
    async fn digests_of(&self, day: Date) -> i64 {
        let made = "SELECT count(*) FROM job_runs WHERE job = 'digest' AND slot = $1";
        let slot = jiff_sqlx::ToSqlx::to_sqlx(plo_drift::clock::midnight(day));
        sqlx::query_scalar(made).bind(slot).fetch_one(self.pool()).await.expect("the table is there")
    }

    /// Ends it.
    pub async fn end(mut self) {
        self.service.kill();
        self.database.close().await;
    }
}

/// An amber case on a day: its letter is late by some working days. The digest tells of it.
pub fn late_letter(reference: &str, started_on: Date) -> String {
    format!(
        "INSERT INTO cases (reference, team, recorded_on, started_on) VALUES ('{reference}', 'North', '{started_on}', '{started_on}')"
    )
}

/// A weekend and the working day after it, from Friday evening: what was made on each day, and where the digest is mailed.
async fn over_a_weekend(friday: Date, ready_at: [&str; 6]) {
    let moved = Moved::to(ready_at[0], "").await;
    let started_on = friday.checked_sub(jiff::Span::new().days(9)).expect("a day");
    sql(moved.pool(), late_letter("PP-1", started_on)).await;
    let mut moved = moved;
    moved.service.start_and_be_ready().await;
    // Just before and after eight by London's clocks, on Saturday, Sunday and Monday.
    let day = |days: i64| friday.checked_add(jiff::Span::new().days(days)).expect("a day");
    for (moment, digests) in ready_at[1..].iter().zip([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 1]]) {
        moved.goes_to(moment).await;
        if digests[2] == 1 {
            until("Monday's digest", async || moved.digests_of(day(3)).await == 1).await;
        }
        for (ahead, expected) in (1..).zip(digests) {
            assert_eq!(moved.digests_of(day(ahead)).await, expected, "day {ahead} at {moment}");
        }
    }
    let digests = "SELECT count(*) FROM messages WHERE kind = 'digest' AND recipient_id = 1";
    assert_eq!(count(moved.pool(), digests).await, 1, "once");
    moved.end().await;
}

/// London's clocks go forward at 01:00 UTC on Sunday 29 March 2026: on Monday, eight is 07:00 UTC. They go back at 01:00 UTC on Sunday
/// 25 October: on Monday, eight is 08:00 UTC again.
#[tokio::test(flavor = "multi_thread")]
async fn the_digest_comes_once_at_eight_over_both_changes_of_the_clocks() {
    let forward = over_a_weekend(
        date(2026, 3, 27),
        [
            "2026-03-27T18:00:00Z",
            "2026-03-28T09:00:57Z",
            "2026-03-29T09:00:57Z",
            "2026-03-30T06:58:57Z",
            "2026-03-30T07:00:57Z",
            "2026-03-30T08:00:57Z",
        ],
    );
    let back = over_a_weekend(
        date(2026, 10, 23),
        [
            "2026-10-23T18:00:00Z",
            "2026-10-24T09:00:57Z",
            "2026-10-25T09:00:57Z",
            "2026-10-26T07:58:57Z",
            "2026-10-26T08:00:57Z",
            "2026-10-26T09:00:57Z",
        ],
    );
    tokio::join!(forward, back);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leap_day_is_a_day_like_any_other() {
    let mut moved = Moved::to("2028-02-28T11:50:30Z", "").await;
    // The period of sixteen weeks ends on 29 February 2028.
    sql(moved.pool(), late_letter("PP-1", date(2027, 11, 9))).await;
    moved.service.start_and_be_ready().await;
    let over = "SELECT count(*) FROM alerts WHERE rule = 'time_limit' AND severity = 'red' AND state <> 'resolved'";
    for (moment, day, expected) in [
        ("2028-02-28T12:00:57Z", date(2028, 2, 28), 0),
        ("2028-02-29T12:00:57Z", date(2028, 2, 29), 0),
        ("2028-03-01T12:00:57Z", date(2028, 3, 1), 1),
    ] {
        moved.goes_to(moment).await;
        assert_eq!(count(moved.pool(), over).await, expected, "whether the period is over on {day}");
        assert_eq!(differences(moved.pool(), &Policy::default(), day).await, Vec::<String>::new(), "{day}");
        until(moment, async || moved.digests_of(day).await == 1).await;
    }
    moved.end().await;
}

/// What is told twice, or not at all, where the clock is put back by an hour just after the digest, to a minute in which it swept before.
async fn what_a_step_back_does(mutant: &str) -> Vec<String> {
    let mut moved = Moved::to("2026-06-02T06:20:30Z", mutant).await;
    // So long that nobody is told meanwhile where a slot that was taken before is not taken again.
    moved.service.will_have("PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS", "60");
    sql(moved.pool(), late_letter("PP-1", date(2026, 5, 22))).await;
    sql(moved.pool(), late_letter("PP-2", date(2026, 1, 5))).await;
    moved.service.start_and_be_ready().await;
    moved.goes_to("2026-06-02T06:29:57Z").await;
    until("the slot after the moment to step back to is taken", async || {
        let taken =
            "SELECT count(*) FROM job_runs WHERE job = 'sweep' AND slot = '2026-06-02T06:30:00Z' AND finished_at IS NOT NULL";
        count(moved.pool(), taken).await == 1
    })
    .await;
    moved.goes_to("2026-06-02T07:20:30Z").await;
    moved.goes_to("2026-06-02T07:30:30Z").await;
    until("the digest of the day", async || {
        count(moved.pool(), "SELECT count(*) FROM job_runs WHERE job = 'digest'").await > 0
    })
    .await;
    moved.smtp.wait_for(2, PATIENCE).await;

    moved.clock.goes_to("2026-06-02T06:29:30Z");
    // Sweeps go on at once, not when the clock has come again to where it was, nor to a slot that nobody has taken.
    sql(moved.pool(), late_letter("PP-3", date(2026, 1, 5))).await;
    let told =
        within(PATIENCE, async || moved.smtp.received().iter().any(|received| open(received).text.contains("PP-3"))).await;
    moved.goes_to("2026-06-02T07:32:30Z").await;
    let mut wrong = Vec::new();
    if !told {
        wrong.push("stuck: nobody is told".to_owned());
    }
    // Asked once a minute, whether the hour has come.
    within(Duration::from_secs(3), async || {
        count(moved.pool(), "SELECT count(*) FROM job_runs WHERE job = 'digest'").await > 1
    })
    .await;
    if count(moved.pool(), "SELECT count(*) FROM job_runs WHERE job = 'digest'").await > 1 {
        wrong.push("twice: the digest of the day".to_owned());
    }
    wrong.extend(told_twice(moved.pool(), &moved.smtp).await);
    wrong.extend(differences(moved.pool(), &Policy::default(), date(2026, 6, 2)).await);
    moved.end().await;
    wrong
}

/// Lets a digest be made whenever one is asked for, and every mail leave once more.
const TOLD_AGAIN: &str = "CREATE FUNCTION blur() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.slot := NEW.slot + random() * interval '1 hour'; RETURN NEW; END $$;
    CREATE TRIGGER blur BEFORE INSERT ON job_runs FOR EACH ROW WHEN (NEW.job = 'digest') EXECUTE FUNCTION blur();
    CREATE FUNCTION leave_again() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.state := 'queued'; NEW.settled_at := NULL; RETURN NEW; END $$;
    CREATE TRIGGER leave_again BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.state = 'sent' AND NEW.attempts = 1)
        EXECUTE FUNCTION leave_again()";

/// Lets the outbox hold a second message with the same news.
const HELD_AGAIN: &str =
    "CREATE FUNCTION hold_again() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE copy uuid := gen_random_uuid(); BEGIN
        INSERT INTO messages SELECT (jsonb_populate_record(message, jsonb_build_object('id', copy, 'state', 'sent'))).*
            FROM messages AS message WHERE id = NEW.id;
        INSERT INTO message_alerts SELECT (jsonb_populate_record(telling, jsonb_build_object('message_id', copy))).*
            FROM message_alerts AS telling WHERE message_id = NEW.id;
        RETURN NULL; END $$;
    CREATE TRIGGER hold_again AFTER UPDATE ON messages FOR EACH ROW
        WHEN (NEW.kind = 'alert' AND OLD.state = 'gathering' AND NEW.state = 'queued') EXECUTE FUNCTION hold_again();";

#[tokio::test(flavor = "multi_thread")]
async fn a_step_back_of_an_hour_tells_nothing_twice_and_stops_nothing() {
    let mutant = [HELD_AGAIN, TOLD_AGAIN].concat();
    let (wrong, seen) = tokio::join!(what_a_step_back_does(""), what_a_step_back_does(&mutant));
    assert_eq!(wrong, Vec::<String>::new());
    for expected in
        ["twice: the digest of the day", "a person is told twice of a rung", "a mail came twice", "an alert came twice to"]
    {
        assert!(seen.iter().any(|line| line.starts_with(expected)), "the mutant lives: {expected}: {seen:?}");
    }
}

/// Everything that came to its day while nobody ran is told once, and the days without a digest are on record.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_fortnight_everything_late_is_told_once() {
    let mut moved = Moved::to("2026-06-01T11:50:30Z", "").await;
    for case in 1..=20 {
        sql(moved.pool(), late_letter(&format!("PP-{case}"), date(2026, 5, 26))).await;
    }
    moved.service.start_and_be_ready().await;
    moved.goes_to("2026-06-01T12:00:30Z").await;
    until("a digest", async || moved.digests_of(date(2026, 6, 1)).await == 1).await;
    moved.service.kill();
    let back = moved.clock.goes_to("2026-06-15T11:50:30Z");
    moved.service.start_and_be_ready().await;
    assert!(moved.has_swept_since(back).await);
    moved.goes_to("2026-06-15T12:00:30Z").await;
    until("the digest", async || moved.digests_of(date(2026, 6, 15)).await == 1).await;
    assert_eq!(differences(moved.pool(), &Policy::default(), date(2026, 6, 15)).await, Vec::<String>::new());
    assert_eq!(broken(moved.pool(), back).await, Vec::<String>::new());
    until("all mail has left", async || count(moved.pool(), "SELECT count(*) FROM messages WHERE state <> 'sent'").await == 0)
        .await;
    assert_eq!(told_twice(moved.pool(), &moved.smtp).await, Vec::<String>::new());
    let missed = count(moved.pool(), "SELECT count(*) FROM journal WHERE what = 'mail_missed'").await;
    assert_eq!(missed, 9, "2 to 12 June are nine working days");
    let sent = usize::try_from(count(moved.pool(), "SELECT count(*) FROM messages").await).expect("a number");
    assert_eq!(moved.smtp.received().len(), sent, "each once");
    moved.end().await;
}
