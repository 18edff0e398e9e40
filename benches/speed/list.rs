//! The cases at risk, the worst fifty first, over HTTP: against pgbench, which does nothing with the rows, and a peer in Python; and the
//! same cases as a page, against the same as JSON.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use plo_drift::config::board::SessionTimes;
use plo_drift::store::people;
use plo_drift::store::sessions::{self, NewSession};
use plo_drift::store::tokens::{self, ApiRole, NewToken, Scope};
use serde_json::Value;
use tokio::process::Command;

use crate::Bench;
use crate::load::{CONNECTIONS, Load};
use crate::programs::{self, Served};
use crate::table::{Mark, Table};

const PATH: &str = "/api/v1/cases";
const PAGE: &str = "/cases";
const ROUNDS: usize = 3;
const LASTS: Duration = Duration::from_secs(5);

/// What the service sets for the sessions that read a page.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan";

/// Workers of the peer: one a core of the usual small machine.
const WORKERS: &str = "2";

/// Measures it.
pub async fn measure(table: &mut Table, open: usize) {
    let bench = Bench::of(open, 0).await;
    let tokens = tokens_of(&bench).await;
    let service = Served::by(|address| programs::service(bench.url(), address)).await;
    rest(&bench).await;
    let peer = peer(&bench).await;
    if let Some(peer) = &peer {
        assert_eq!(answer(peer.address, &tokens[0]).await, answer(service.address, &tokens[0]).await, "the peer answers alike");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = script(folder.path());
    let bearers: Vec<String> = tokens.iter().map(|token| format!("Authorization: Bearer {token}")).collect();
    let cookies = cookies_of(&bench).await;
    let load =
        |address, spelled_anew| Load { address, path: PATH.to_owned(), known_by: bearers.clone(), spelled_anew, lasts: LASTS };
    let page = |spelled_anew| Load { path: PAGE.to_owned(), known_by: cookies.clone(), ..load(service.address, spelled_anew) };
    let (mut page_same, mut page_anew) = (Vec::new(), Vec::new());
    let (mut same, mut anew, mut bare, mut python) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(programs::pgbench(bench.url(), &script, CONNECTIONS, SESSION, &["-T", &LASTS.as_secs().to_string()]).await);
        same.push(load(service.address, false).rate().await);
        page_same.push(page(false).rate().await);
        anew.push(load(service.address, true).rate().await);
        page_anew.push(page(true).rate().await);
        if let Some(peer) = &peer {
            python.push(load(peer.address, true).rate().await);
        }
    }
    let (same, anew, bare) = (middle(same), middle(anew), middle(bare));
    let work = format!("GET {PATH}?at_risk=true&limit=50 of {open} cases");
    let figures = |rate: f64, against: f64| format!("{rate:.0} a second against {against:.0}");
    table.line(
        &format!("{work}, nothing changing"),
        "pgbench with the same statement",
        same / bare,
        Mark::AtLeast(1.0),
        &figures(same, bare),
    );
    let computed = format!("{work}, every answer computed");
    table.line(&computed, "pgbench with the same statement", anew / bare, Mark::AtLeast(0.5), &figures(anew, bare));
    if python.is_empty() {
        println!("{computed}\n    not measured against FastAPI: python3 -m venv and pip are needed");
    } else {
        let python = middle(python);
        let against = "FastAPI with asyncpg, two workers";
        table.line(&computed, against, anew / python, Mark::AtLeast(3.0), &figures(anew, python));
    }
    for (what, page, list) in
        [("nothing changing", middle(page_same), same), ("every answer computed", middle(page_anew), anew)]
    {
        let work = format!("GET {PAGE}?at_risk=true&limit=50 as a page of {open} cases, {what}: time of an answer");
        table.line(&work, "the same from the API", list / page, Mark::AtMost(1.5), &figures(page, list));
    }
    service.end().await;
    if let Some(peer) = peer {
        peer.end().await;
    }
    bench.end().await;
}

fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A few callers, who may all see the same.
async fn tokens_of(bench: &Bench) -> Vec<String> {
    let mut connection = bench.pool.acquire().await.expect("a connection is free");
    let mut secrets = Vec::new();
    for number in 1..=4 {
        let name = format!("caller {number}");
        let new = NewToken { name, role: ApiRole::Reader, teams: Vec::new(), may_see_restricted: true, expires_at: None };
        let (_, secret) = tokens::create(&mut connection, &new, bench.now.at).await.expect("a token can be made");
        secrets.push(secret.reveal());
    }
    secrets
}

/// The same people as they look at pages: what their browsers show.
async fn cookies_of(bench: &Bench) -> Vec<String> {
    let mut connection = bench.pool.acquire().await.expect("a connection is free");
    let times = SessionTimes { idle: SignedDuration::from_mins(30), whole: SignedDuration::from_hours(10) };
    let mut cookies = Vec::new();
    for number in 1..=4 {
        let person = people::seen(&mut connection, "https://login.example", &format!("caller {number}"), bench.now.at).await;
        let new = NewSession {
            person: person.expect("it answers"),
            recipients: Vec::new(),
            roles: vec![ApiRole::Reader],
            scope: Scope::EVERYTHING,
        };
        let secret = sessions::begin(&mut connection, &new, times, bench.now.at).await.expect("a session can be begun");
        cookies.push(format!("Cookie: plo-drift-session={}", secret.reveal()));
    }
    cookies
}

/// Waits until the service has done what it does when it starts.
async fn rest(bench: &Bench) {
    let done = "SELECT count(DISTINCT job) FROM job_runs WHERE job IN ('sweep', 'reconcile') AND finished_at IS NOT NULL";
    loop {
        let count: i64 = sqlx::query_scalar(done).fetch_one(&bench.pool).await.expect("it answers");
        if count == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for statement in ["VACUUM ANALYZE case_watch, cases", "CHECKPOINT"] {
        sqlx::raw_sql(statement).execute(&bench.pool).await.expect("it can be done");
    }
}

/// The statement of a page for pgbench, with what the service binds for this query.
fn script(folder: &Path) -> PathBuf {
    let bound = [("$1", ":restricted"), ("$2", ":most"), ("$3", ":after"), ("$4", ":before")];
    let statement = bound.iter().fold(programs::statement("caseload.stretch"), |text, (place, name)| text.replace(place, name));
    let statement = statement.lines().skip(1).collect::<Vec<_>>().join("\n");
    let set = "\\set restricted true\n\\set most 51\n\\set after 0\n\\set before 2\n";
    let path = folder.join("page.sql");
    std::fs::write(&path, format!("{set}{statement};\n")).expect("it is written");
    path
}

/// The peer, where Python can be had.
async fn peer(bench: &Bench) -> Option<Served> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed");
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed-peer");
    let done = async |command: &mut Command| command.output().await.is_ok_and(|output| output.status.success());
    if !home.join("bin/uvicorn").exists() {
        let made = done(Command::new("python3").args(["-m", "venv"]).arg(&home)).await;
        let requirements = here.join("requirements.txt");
        if !made || !done(Command::new(home.join("bin/pip")).args(["install", "-q", "-r"]).arg(requirements)).await {
            return None;
        }
    }
    let serve = |address: SocketAddr| {
        let mut command = Command::new(home.join("bin/uvicorn"));
        command
            .args(["peer:app", "--no-access-log", "--log-level", "warning", "--workers", WORKERS, "--app-dir"])
            .arg(&here)
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
            // The peer's driver takes the folder of a socket only where no other host is named.
            .env("PEER_DATABASE", bench.url().replace("@localhost:5432/", "@/"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("TOKEN_STATEMENT", programs::statement("tokens.find"))
            .env("PAGE_STATEMENT", programs::statement("caseload.stretch"));
        command
    };
    Some(Served::by(serve).await)
}

/// What is answered, as JSON.
async fn answer(address: SocketAddr, token: &str) -> Value {
    let url = format!("http://{address}{PATH}?at_risk=true&limit=50");
    let response = reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("it is answered");
    response.json().await.expect("it is JSON")
}
