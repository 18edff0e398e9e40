//! The database is gone for a while: callers are told so, and when it is back, everything goes on by itself.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use plo_drift::private_postgres::{self, PrivatePostgres};
use reqwest::StatusCode;

use crate::served::{Served, until};
use crate::support::program::{file, program};

/// Where the service looks for its database: a link to the folder of whichever server runs.
struct Door {
    folder: tempfile::TempDir,
}

impl Door {
    fn url(&self) -> String {
        let host = self.folder.path().join("server").display().to_string().replace('/', "%2F");
        format!("postgres://postgres@localhost:5432/postgres?host={host}&sslmode=disable")
    }

    fn open_to(&self, server: &PrivatePostgres) {
        let host = server.url().split("host=").nth(1).and_then(|rest| rest.split('&').next()).expect("a folder");
        let link = self.folder.path().join("server");
        let _ = std::fs::remove_file(&link);
        symlink(PathBuf::from(host.replace("%2F", "/")), link).expect("a link");
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = program(arguments).env("DATABASE_URL", self.url()).output().expect("the program starts");
        assert!(output.status.success(), "{}", crate::support::program::in_words(&output));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// A token of a database that has no tables yet.
    fn token(&self) -> String {
        self.done(&["migrate"]);
        self.done(&["token", "create", "--name", "a test", "--role", "reader"])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_it_says_so_and_when_that_is_back_it_goes_on() {
    let postgres = private_postgres::start().expect("a private PostgreSQL starts");
    let door = Door { folder: tempfile::tempdir().expect("a folder") };
    // The server's user goes through it.
    std::fs::set_permissions(door.folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    door.open_to(&postgres);
    let mut token = door.token();
    let mail = file(door.folder.path(), "mail", "");
    let mut command = program(&["serve"]);
    command.env("DATABASE_URL", door.url()).env("PLO_DRIFT__MAIL__TRANSPORT", "file").env("PLO_DRIFT__MAIL__FOLDER", mail);
    let service = Served::by(command, &[("jobs__sweep_every_seconds", "1")]).await;
    let status = async |path: &str, token: &str| {
        let answer = service.get(path).bearer_auth(token).send().await.expect("an answer");
        let retry_after = answer.headers().contains_key("retry-after");
        (answer.status(), retry_after)
    };
    until("it is ready", async || status("/health/ready", "").await.0 == StatusCode::OK).await;
    assert_eq!(status("/api/v1/cases", &token).await, (StatusCode::OK, false));

    postgres.stop();
    assert_eq!(status("/api/v1/cases", &token).await, (StatusCode::SERVICE_UNAVAILABLE, true));
    assert_eq!(status("/health/ready", "").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/health/live", "").await.0, StatusCode::OK);

    // Another, in which nothing is recorded: the service keeps nothing that it would miss.
    let postgres = private_postgres::start().expect("another private PostgreSQL starts");
    door.open_to(&postgres);
    token = door.token();
    until("it answers again", async || status("/api/v1/cases", &token).await.0 == StatusCode::OK).await;
    until("it is ready again", async || status("/health/ready", "").await.0 == StatusCode::OK).await;
    service.tell_to_stop();
    assert_eq!(service.ended().await, Some(0));
    postgres.stop();
}
