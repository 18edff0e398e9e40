//! The program as it is run, and where it finds what it needs.

use std::path::Path;
use std::process::{Command, Output};

use super::database::TestDatabase;

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
