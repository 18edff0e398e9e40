use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::*;

/// Makes the test that it names start a server and hold it, until it is killed.
const HOLD: &str = "PLO_DRIFT_TEST_HOLDS_A_SERVER";

#[tokio::test]
async fn a_server_answers_and_leaves_nothing_behind() {
    let server = start_with(&["shared_buffers=17MB"]).expect("it starts");
    let folder = server.folder.clone();
    let mode = fs::metadata(&folder).expect("it has a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let mut connection = PgConnection::connect(server.url()).await.expect("it accepts connections");
    for (setting, expected) in [
        ("listen_addresses", ""),
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("max_connections", "200"),
        ("shared_buffers", "17MB"),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
    ] {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut connection).await.expect(setting);
        assert_eq!(value, expected, "{setting}");
    }

    let process = process(&folder);
    assert!(process.exists());
    server.stop();
    assert!(!process.exists(), "the server runs on");
    assert!(!folder.exists(), "the folder is still there");
    connection.ping().await.expect_err("there is no server any more");
}

#[test]
fn a_server_ends_with_a_process_that_is_killed() {
    if env::var_os(HOLD).is_some() {
        let server = start().expect("it starts");
        println!("\n{HOLD}={}", server.folder.display());
        loop {
            thread::park();
        }
    }
    let mut holder = Command::new(env::current_exe().expect("this is a program"))
        .args(["--exact", "--nocapture", "private_postgres::tests::a_server_ends_with_a_process_that_is_killed"])
        .env(HOLD, "yes")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program can be run again");
    let mut lines = BufReader::new(holder.stdout.take().expect("it is a pipe")).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.strip_prefix(HOLD)?.strip_prefix('=').map(PathBuf::from));
    let folder = folder.expect("the other process starts a server");
    let process = process(&folder);
    assert!(process.exists());

    holder.kill().expect("it can be killed");
    holder.wait().expect("it was killed");
    let deadline = Instant::now() + LONGEST_START;
    while process.exists() || folder.exists() {
        assert!(Instant::now() < deadline, "the server outlives its owner");
        thread::sleep(POLL_INTERVAL);
    }
}

#[test]
fn a_server_that_ends_early_is_told_with_the_last_lines_of_its_log() {
    let bin = tempfile::tempdir().expect("a folder can be made");
    fs::set_permissions(bin.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let initdb = bin.path().join("initdb");
    fs::write(&initdb, "#!/bin/sh\necho one thing\necho 'and another' >&2\nexit 3\n").expect("a file can be made");
    fs::set_permissions(&initdb, fs::Permissions::from_mode(0o755)).expect("it is ours");

    let account = account::unprivileged().expect("there is a user");
    let programs = Programs { folder: bin.path().to_owned(), account };
    let folder = create_folder(&programs).expect("there is room");
    let (guard, log) = spawn_guard(&programs, &folder, &[]).expect("there is a shell");
    let mut server = PrivatePostgres { guard, folder: folder.clone(), log, url: String::new() };
    let error = server.wait_until_ready().expect_err("it cannot start").to_string();
    assert_eq!(error, "PostgreSQL ended while starting; the last it said: one thing | and another");
    drop(server);
    assert!(!folder.exists());
}

#[test]
fn any_folder_fits_into_the_url() {
    let folder = Path::new("/tmp/a folder & 100 % é");
    let url = format!("postgres://postgres@localhost:5432/postgres?host={}&sslmode=disable", percent_encoded(folder));
    let options = PgConnectOptions::from_str(&url).expect("it is a URL");
    assert_eq!(options.get_socket().map(PathBuf::as_path), Some(folder));
    assert_eq!(options.get_database(), Some("postgres"));
    assert_eq!(options.to_url_lossy().port(), Some(5432));
}

fn process(folder: &Path) -> PathBuf {
    let note = fs::read_to_string(folder.join("data/postmaster.pid")).expect("the server runs");
    Path::new("/proc").join(note.lines().next().expect("it begins with the number of the process"))
}
