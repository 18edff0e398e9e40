//! Programs that are measured or measured against: the service itself, pgbench, and a peer in Python.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A program that serves.
pub struct Served {
    /// Where.
    pub address: SocketAddr,
    child: Child,
}

impl Served {
    /// Starts a program, once its address is known; waits until it accepts connections.
    pub async fn by(command: impl FnOnce(SocketAddr) -> Command) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = free.local_addr().expect("it has an address");
        drop(free);
        let mut command = command(address);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().expect("it starts");
        for _ in 0..1_000 {
            if TcpStream::connect(address).await.is_ok() {
                return Self { address, child };
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("nothing is served at {address}");
    }

    /// Asks it to end, with all that it has started, and waits until it has.
    pub async fn end(mut self) {
        let id = self.child.id().expect("it has not ended yet").to_string();
        Command::new("kill").args(["-TERM", &id]).status().await.expect("it can be asked");
        self.child.wait().await.expect("it ends");
    }
}

/// The service as it is run, with limits that are not reached and jobs that rest after their first run.
pub fn service(url: &str, address: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plo-drift"));
    command
        .arg("serve")
        .current_dir(std::env::temp_dir())
        .env_remove("PLO_DRIFT_CONFIG")
        .env("DATABASE_URL", url)
        .env("PLO_DRIFT__HTTP__LISTEN", address.to_string())
        .env("PLO_DRIFT__HTTP__REQUESTS_A_MINUTE", "1000000")
        .env("PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS", "3600")
        .env("PLO_DRIFT__MAIL__TRANSPORT", "file")
        .env("PLO_DRIFT__MAIL__FOLDER", std::env::temp_dir().join("plo-drift-speed-mail"))
        .env("PLO_DRIFT__MAIL__ALLOWED_DOMAINS", "council.example");
    command
}

/// The text of a statement of the service, which it calls by this name: what was checked at compile time, so that what is measured
/// against is always what runs.
pub fn statement(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let texts = std::fs::read_dir(folder).expect("the descriptions of queries").map(|file| {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("it is text");
        let described: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        described["query"].as_str().expect("it has a query").to_owned()
    });
    let called = format!("-- {name}\n");
    let mut found: Vec<String> = texts.filter(|text| text.starts_with(&called)).collect();
    assert_eq!(found.len(), 1, "one statement is called {name}");
    found.remove(0)
}

/// The program of that name beside PostgreSQL's.
fn of_postgresql(name: &str) -> PathBuf {
    let given = std::env::var_os("PG_BIN").map(PathBuf::from);
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    given.into_iter().chain(versions).map(|folder| folder.join(name)).find(|program| program.exists()).expect("it is installed")
}

/// Runs a script with pgbench, prepared, over so many connections; how many transactions there were a second.
pub async fn pgbench(url: &str, script: &Path, clients: usize, options: &str, how_long: &[&str]) -> f64 {
    let mut command = Command::new(of_postgresql("pgbench"));
    command.args(["-M", "prepared", "-n", "-j", "2", "-c", &clients.to_string()]).args(how_long);
    command.env("PGOPTIONS", options).arg("-f").arg(script).arg(url);
    let output = command.output().await.expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}
