//! How long it takes to bring in a tracker of 100,000 cases by the command, and how much memory, beside what `COPY` of the same file
//! into a bare table takes: `cargo bench --bench import`. It ends with 1 where it takes a minute or 200 MiB.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use plo_drift::private_postgres;
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{Executor as _, PgPool};

const CASES: u32 = 100_000;
const LONGEST: Duration = Duration::from_mins(1);
const MOST_MIB: u64 = 200;
const COLUMNS: &str = "reference,family_reference,team,restricted,started_on,lbp_sent_on,fgdm_offered,step_decision_on,outcome";

fn tracker() -> String {
    let mut text = format!("{COLUMNS}\n");
    for number in 0..CASES {
        let (year, month, day) = (2020 + number % 6, number % 12 + 1, number % 28 + 1);
        let ended = if number % 2 == 0 { format!("{}-{month:02}-{day:02},step_down", year + 1) } else { ",".to_owned() };
        let restricted = if number % 50 == 0 { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "PP-{number:06},F-{:06},Team {},{restricted},{year}-{month:02}-{day:02},{year}-{month:02}-{day:02},yes,{ended}",
            number / 2,
            number % 20
        );
    }
    text
}

/// Runs the program; tells how long it took, and the most memory that it had, in MiB.
fn run(url: &str, arguments: &[&str]) -> (Duration, u64) {
    let started = Instant::now();
    let mut program =
        Command::new(env!("CARGO_BIN_EXE_plo-drift")).args(arguments).env("DATABASE_URL", url).spawn().expect("it starts");
    let mut most = 0;
    let status = loop {
        let told = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap_or_default();
        let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or_default() / 1024);
        if let Some(status) = program.try_wait().expect("it is ours") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{arguments:?} ended with {status}");
    (started.elapsed(), most)
}

async fn copy(url: &str, text: &str) -> Duration {
    let pool = PgPool::connect(url).await.expect("the database answers");
    let bare =
        "CREATE TABLE bare (reference text PRIMARY KEY, family_reference text, team text, restricted boolean, started_on date,
        lbp_sent_on date, fgdm_offered boolean, step_decision_on date, outcome text)";
    pool.execute(bare).await.expect("the table is made");
    let started = Instant::now();
    let mut into = pool.copy_in_raw("COPY bare FROM STDIN (FORMAT csv, HEADER)").await.expect("it begins");
    into.send(text.as_bytes()).await.expect("it is sent");
    into.finish().await.expect("it ends");
    started.elapsed()
}

fn main() -> ExitCode {
    let database = private_postgres::start().expect("PostgreSQL's programs are installed");
    let url = database.url();
    let folder = tempfile::tempdir().expect("a folder");
    let path: &Path = &folder.path().join("tracker.csv");
    let text = tracker();
    std::fs::write(path, &text).expect("it is written");
    let path = path.to_str().expect("a path");
    run(url, &["migrate"]);
    let floor = tokio::runtime::Runtime::new().expect("a runtime").block_on(copy(url, &text));
    let mut is_within = true;
    for (what, arguments) in [
        ("rehearsed", &["import", "--dry-run", path][..]),
        ("brought in", &["import", path]),
        ("brought in again", &["import", path]),
    ] {
        let (took, most) = run(url, arguments);
        let ratio = took.as_secs_f64() / floor.as_secs_f64();
        println!(
            "{CASES} cases {what}: {:.1} s, {ratio:.0} x COPY ({:.2} s), {most} MiB",
            took.as_secs_f64(),
            floor.as_secs_f64()
        );
        is_within &= took < LONGEST && most < MOST_MIB;
    }
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
