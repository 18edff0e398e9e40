//! The program as it is run, and where it finds what it needs.

use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use super::database::TestDatabase;

const PATIENCE: Duration = Duration::from_mins(1);

/// A database, and the environment in which the program finds it.
pub struct Place {
    /// The database.
    pub database: TestDatabase,
    /// A folder of its own.
    pub folder: tempfile::TempDir,
}

impl Place {
    /// A new one, in which nothing is recorded.
    pub async fn new() -> Self {
        Self { database: TestDatabase::new().await, folder: tempfile::tempdir().expect("a folder") }
    }

    /// The program, about to be started there.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .env("DATABASE_URL", &self.database.url)
            .env("PLO_DRIFT__MAIL__ALLOWED_DOMAINS", "council.example")
            .env("PLO_DRIFT__MAIL__TRANSPORT", "file")
            .env("PLO_DRIFT__MAIL__FOLDER", self.folder.path().join("mail"));
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs it to its end, which must be a good one; what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", in_words(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Counts in the database.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.database.pool).await.expect("the query is right")
    }
}

/// The program with nothing in its environment that the test did not put there, away from the project's own configuration.
pub fn program(arguments: &[&str]) -> Command {
    program_at(Path::new(env!("CARGO_BIN_EXE_plo-drift")), arguments)
}

/// The same for a build of it that lies somewhere else.
pub fn program_at(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(arguments).current_dir(std::env::temp_dir()).env_remove("DATABASE_URL").env_remove("PLO_DRIFT_CONFIG");
    command
}

/// How it ended, and what it printed, for the one who reads a failed test.
pub fn in_words(output: &Output) -> String {
    format!(
        "{:?}\n{}\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Writes a file into a folder and gives its path.
pub fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the file is written");
    path.to_str().expect("a plain path").to_owned()
}

/// A port on 127.0.0.1 that nothing listens on.
pub fn port_that_is_free() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Waits until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asks a running program to stop, and waits for its end.
pub fn terminate(mut child: Child) -> Option<i32> {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    let mut code = None;
    wait_until("the program stops", || {
        code = child.try_wait().expect("the child is ours").map(|status| status.code());
        code.is_some()
    });
    code.flatten()
}
