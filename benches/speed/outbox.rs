//! Messages through the outbox: begun and sealed, claimed, settled, by four workers, against pgbench with the same statements.
//!
//! Nothing is rendered and no mail server is spoken to: what is measured is what the outbox costs. Filling and emptying are timed
//! apart, so that no worker waits for messages.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plo_drift::clock::Clock;
use plo_drift::jobs::deliver::{self, Kept};
use plo_drift::mailer::transport::Outcome;
use plo_drift::store::gathering::{self, Addressed, MessageKind, Sealed};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::Bench;
use crate::programs;
use crate::table::{Mark, Table};

const WORKERS: usize = 4;

/// Messages that a worker queues in one transaction: one a person.
const BATCH: usize = 20;

/// Messages that a worker claims at a time, as the service does.
const CLAIMED: usize = 4;

/// Batches that each worker queues in a round, and in all empties again.
const BATCHES: usize = 150;

const ROUNDS: usize = 5;

/// As large as a message with some cases in it.
const BODY: usize = 10_000;

const FROM: &str = "drift@council.example";
const TO: &str = "person@council.example";
const REPLY: &str = "250 2.0.0 Ok: queued";

/// Measures it.
pub async fn measure(table: &mut Table) {
    let bench = Bench::of(0, 0).await;
    add_people(&bench.pool).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (filling, emptying) = (filling(folder.path()), emptying(folder.path()));
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let fill = pgbench(&bench, &filling, BATCHES, BATCH).await;
        bare.push(fill + pgbench(&bench, &emptying, BATCHES * BATCH / CLAIMED, CLAIMED).await);
        ours.push(by_all(&bench.pool, fill_one).await + by_all(&bench.pool, empty_one).await);
    }
    let messages = u32::try_from(WORKERS * BATCHES * BATCH).expect("a small number");
    let rate = |took: Vec<Duration>| f64::from(messages) / crate::table::median(took).as_secs_f64();
    let (ours, bare) = (rate(ours), rate(bare));
    table.line(
        "enqueue, claim and settle, 4 workers",
        "pgbench with the same statements",
        ours / bare,
        Mark::AtLeast(0.9),
        &format!("{ours:.0} messages a second against {bare:.0}"),
    );
    bench.end().await;
}

/// A person for each message that is begun at the same time.
async fn add_people(pool: &PgPool) {
    let people = "INSERT INTO recipients (name, email, role)
        SELECT 'Person', 'person' || number || '@council.example', 'director' FROM generate_series(1, $1) AS number";
    let many = i64::try_from(2 * WORKERS * BATCH).expect("a small number");
    sqlx::query(people).bind(many).execute(pool).await.expect("they are added");
}

/// How long all workers take to do their share at the same time.
async fn by_all<Work: Future<Output = ()> + Send + 'static>(pool: &PgPool, work: fn(PgPool, usize) -> Work) -> Duration {
    let started = Instant::now();
    let mut working = JoinSet::new();
    for worker in 0..WORKERS {
        working.spawn(work(pool.clone(), worker));
    }
    working.join_all().await;
    started.elapsed()
}

/// The first of the people that a worker writes to; pgbench's workers write to the second half.
fn first_person(worker: usize) -> usize {
    1 + worker * BATCH
}

async fn fill_one(pool: PgPool, worker: usize) {
    let clock = Clock::of_the_machine();
    let body = vec![b'x'; BODY];
    let addressed: BTreeSet<Addressed> = (first_person(worker)..first_person(worker + 1))
        .map(|person| Addressed {
            recipient: i64::try_from(person).expect("a small number"),
            kind: MessageKind::Alert,
            only_case: None,
        })
        .collect();
    for _ in 0..BATCHES {
        let now = clock.now();
        let mut tx = pool.begin().await.expect("it begins");
        let begun = gathering::begin(&mut tx, &addressed, now.today, now.at).await.expect("they are begun");
        for id in begun.into_values() {
            let sealed = Sealed { id, from: FROM, to: TO, subject: "1 red", bytes: &body };
            gathering::seal(&mut tx, &sealed, now.at).await.expect("it is sealed");
        }
        tx.commit().await.expect("it is done");
    }
}

async fn empty_one(pool: PgPool, _worker: usize) {
    let clock = Clock::of_the_machine();
    let accepted = Outcome::Accepted { reply: REPLY.to_owned() };
    let mut connection = pool.acquire().await.expect("one is free");
    loop {
        let claimed = deliver::claim(&mut connection, clock.now()).await.expect("it answers");
        if claimed.is_empty() {
            break;
        }
        for message in claimed {
            let kept = deliver::settle(&mut connection, &clock, &message, &accepted).await.expect("it answers");
            assert_eq!(kept, Kept::Sent);
        }
    }
}

/// How long pgbench takes for as many messages.
async fn pgbench(bench: &Bench, script: &Path, times: usize, messages: usize) -> Duration {
    let body = format!("body=\\x{}", "78".repeat(BODY));
    let rate = programs::pgbench(bench.url(), script, WORKERS, "", &["-D", &body, "-t", &times.to_string()]).await;
    let total = u32::try_from(WORKERS * times).expect("a small number");
    assert_eq!(times * messages, BATCHES * BATCH);
    Duration::from_secs_f64(f64::from(total) / rate)
}

/// A statement of the service with what is bound to it, in order.
fn bound(name: &str, arguments: &[&str]) -> String {
    let text = programs::statement(name);
    let numbered = arguments.iter().enumerate().rev();
    let text = numbered.fold(text, |text, (index, argument)| text.replace(&format!("${}", index + 1), argument));
    assert!(!text.contains('$'), "{name} takes another number of arguments");
    text.lines().skip(1).collect::<Vec<_>>().join("\n")
}

fn elements(array: &str, of: usize) -> String {
    (1..=of).map(|number| format!("({array})[{number}] AS m{number}")).collect::<Vec<_>>().join(", ")
}

/// What [`fill_one`] does.
fn filling(folder: &Path) -> PathBuf {
    let half = WORKERS * BATCH;
    let addressed =
        ["array_agg(gen_random_uuid())", "array_agg('alert'::text)", "array_agg(number::bigint)", "array_agg(NULL::text)"];
    let mut script = format!("\\set first {half} + :client_id * {BATCH}\nBEGIN;\n");
    // What the service makes in its own memory is made before.
    let _ = writeln!(
        script,
        "SELECT {} AS ids, {} AS kinds, {} AS people, {} AS only_cases, now() AS at FROM generate_series(:first + 1, :first + {BATCH}) AS number \\gset",
        addressed[0], addressed[1], addressed[2], addressed[3]
    );
    let begin = bound("gathering.begin", &[":ids", ":kinds", ":people", ":only_cases", "current_date", ":at"]);
    let _ = writeln!(script, "{begin};\nSELECT {} FROM (SELECT :ids::uuid[] AS ids) AS begun \\gset", elements("ids", BATCH));
    for number in 1..=BATCH {
        let id = format!(":m{number}");
        let arguments = [
            &id,
            ":at",
            &format!("'{FROM}'"),
            &format!("'{TO}'"),
            "'1 red'",
            ":body",
            ":at::timestamptz + interval '72 hours'",
            "'plo_drift_outbox'",
        ];
        let _ = writeln!(script, "{};", bound("gathering.seal", &arguments));
    }
    script += "COMMIT;\n";
    written(folder, "filling.sql", &script)
}

/// What [`empty_one`] does.
fn emptying(folder: &Path) -> PathBuf {
    let held = bound("outbox.hold_due", &["now()", &CLAIMED.to_string(), "now()"]).replace("id!", "id");
    let mut script = format!(
        "BEGIN;\nSELECT ids, {}, now() AS at FROM (SELECT array_agg(id) AS ids FROM ({held}) AS held) AS due \\gset\n",
        elements("ids", CLAIMED)
    );
    let _ = writeln!(script, "{};", bound("outbox.to_withdraw", &[":ids"]));
    let _ =
        writeln!(script, "{};\nCOMMIT;", bound("outbox.claim", &[":at", ":ids", ":at::timestamptz + interval '3 minutes'"]));
    for number in 1..=CLAIMED {
        let id = format!(":m{number}");
        let reply = format!("'{REPLY}'");
        let arguments = [&id, "1", ":at", "'accepted'", &reply, "'message_accepted'", "'sent'", "NULL", "NULL"];
        let _ = writeln!(script, "{};", bound("outbox.settle", &arguments));
    }
    written(folder, "emptying.sql", &script)
}

fn written(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, script).expect("it is written");
    path
}
