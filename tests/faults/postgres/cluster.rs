//! A PostgreSQL that a test may kill and start again on the same data, durable as in earnest: on a volume of its own if need be.

use std::fs::{self, DirBuilder, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plo_drift::private_postgres::Programs;
use sqlx::{Connection as _, PgConnection};

/// Keeps the server from outliving the test: its standard input closes when the test ends, however it does.
const GUARD: &str = r#"
trap '' HUP INT TERM
"$@" </dev/null >>"$LOG" 2>&1 &
server=$!
echo $server
read -r _
kill -QUIT $server 2>/dev/null
wait $server
"#;

/// A server, with a database `council` of a user `plo_drift` who is no superuser.
pub struct Cluster {
    programs: Programs,
    folder: PathBuf,
    is_mounted: bool,
    /// Of its socket, and of `127.0.0.1` where the settings have it listen there.
    port: u16,
    settings: Vec<String>,
    guard: Option<(Child, u32)>,
}

impl Cluster {
    /// A new one that runs; on a volume of so many MiB of its own where that is asked for and can be had.
    pub async fn new(volume: Option<u32>) -> Self {
        let mut cluster = Self::in_a_folder(volume, 5432, Vec::new());
        let initdb = cluster.programs.path("initdb");
        let data = format!("--pgdata={}", cluster.data().display());
        let how = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"];
        let made = cluster.programs.command(initdb).arg(data).args(how).stdout(Stdio::null()).status();
        assert!(made.expect("initdb starts").success());
        cluster.start().await;
        cluster.run("CREATE ROLE plo_drift LOGIN").await;
        cluster.run("CREATE DATABASE council OWNER plo_drift").await;
        cluster
    }

    /// One that follows this one, as a copy of it.
    pub async fn followed(&self) -> Self {
        let mut standby = Self::in_a_folder(None, port_that_is_free(), self.settings.clone());
        let copy = standby
            .programs
            .command(standby.programs.path("pg_basebackup"))
            .arg(format!("--host={}", self.folder.display()))
            .arg(format!("--port={}", self.port))
            .arg(format!("--pgdata={}", standby.data().display()))
            .args(["--username=postgres", "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"])
            .status();
        assert!(copy.expect("pg_basebackup starts").success());
        standby.start().await;
        standby
    }

    fn in_a_folder(volume: Option<u32>, port: u16, settings: Vec<String>) -> Self {
        let programs = Programs::find().expect("PostgreSQL is installed");
        let folder = PathBuf::from(format!("/tmp/plo-drift-faults-{}", uuid::Uuid::now_v7().simple()));
        DirBuilder::new().mode(0o700).create(&folder).expect("a folder can be made");
        let is_mounted = volume.is_some_and(|size| mount(&folder, size));
        programs.give(&folder).expect("the folder can be given to the server's user");
        Self { programs, folder, is_mounted, port, settings, guard: None }
    }

    /// Starts it again on a port of this machine, with more settings.
    pub async fn listen(&mut self, settings: &[&str]) {
        self.stop();
        self.port = port_that_is_free();
        self.settings = vec!["listen_addresses=127.0.0.1".to_owned()];
        self.settings.extend(settings.iter().map(|&setting| setting.to_owned()));
        self.start().await;
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Writes a file that is for the server alone; its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        self.programs.give(&path).expect("the file can be given to the server's user");
        path
    }

    /// A command, as the user that the server runs as.
    pub fn command(&self, program: &str) -> Command {
        self.programs.command(program)
    }

    /// Whether it has a volume of its own.
    pub fn is_mounted(&self) -> bool {
        self.is_mounted
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's own folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A URL for the service's user, or for the superuser.
    pub fn url(&self, user: &str, database: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{user}@localhost:{}/{database}?host={host}&sslmode=disable", self.port)
    }

    /// Starts it, and waits until it lets people in. What the one before it left may have to end first.
    pub async fn start(&mut self) {
        let give_up = Instant::now() + Duration::from_secs(30);
        loop {
            self.spawn();
            while self.is_running() {
                if PgConnection::connect(&self.url("postgres", "postgres")).await.is_ok() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
                assert!(Instant::now() < give_up, "PostgreSQL does not start: {}", self.log());
            }
            self.guard = None;
            assert!(Instant::now() < give_up, "PostgreSQL does not start: {}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn spawn(&mut self) {
        let log = File::options().append(true).create(true).open(self.log_file()).expect("the log can be opened");
        drop(log);
        self.programs.give(&self.log_file()).expect("the log can be given to the server's user");
        let mut command = self.programs.command("sh");
        command.arg("-c").arg(GUARD).arg("guard").arg(self.programs.path("postgres")).arg("-D").arg(self.data());
        for setting in [
            "listen_addresses=",
            &format!("unix_socket_directories={}", self.folder.display()),
            &format!("port={}", self.port),
            "fsync=on",
            "max_connections=30",
            "timezone=UTC",
            "shared_buffers=16MB",
            "min_wal_size=2MB",
            "max_wal_size=8MB",
        ] {
            command.arg("-c").arg(setting);
        }
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        command.env("LOG", self.log_file()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut guard = command.spawn().expect("a shell starts");
        let mut line = String::new();
        let output = guard.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("the guard names the server");
        self.guard = Some((guard, line.trim().parse().expect("a process")));
    }

    fn is_running(&mut self) -> bool {
        // The guard waits for its input; the server is its child, and a zombie once it has ended.
        let Some((_, server)) = self.guard else { return false };
        let state = fs::read_to_string(format!("/proc/{server}/stat")).unwrap_or_default();
        state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    }

    /// Waits until it has ended by itself; false where it does not.
    pub async fn has_ended_within(&mut self, time: Duration) -> bool {
        let give_up = Instant::now() + time;
        while self.is_running() {
            if Instant::now() >= give_up {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        true
    }

    /// Kills it, without a chance to end anything.
    pub fn kill(&mut self) {
        self.end_by("-KILL");
    }

    /// Ends it in good order, as somebody does who starts it again: whoever is connected is cut off.
    pub fn stop(&mut self) {
        self.end_by("-INT");
    }

    fn end_by(&mut self, signal: &str) {
        let (mut guard, server) = self.guard.take().expect("it runs");
        assert!(Command::new("kill").args([signal, &server.to_string()]).status().expect("kill runs").success());
        while signal != "-KILL" && PathBuf::from(format!("/proc/{server}/exe")).exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(guard.stdin.take());
        guard.wait().expect("the guard ends");
    }

    /// A connection of the superuser to a database.
    pub async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.url("postgres", database)).await.expect("the server answers")
    }

    /// Runs a statement as the superuser.
    pub async fn run(&self, statement: &str) {
        let mut connection = self.connect("postgres").await;
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("the SQL is right");
    }

    fn log_file(&self) -> PathBuf {
        // Not on the volume: it has to be readable when that is full.
        self.folder.with_extension("log")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some((mut guard, _)) = self.guard.take() {
            drop(guard.stdin.take());
            // It ends at once, or has ended.
            let _ = guard.wait();
        }
        if self.is_mounted {
            let _ = Command::new("umount").arg(&self.folder).status();
        }
        // What is left lies in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(self.log_file());
    }
}

/// A port that nobody listens on.
pub fn port_that_is_free() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Mounts a volume there; false where this machine does not allow it.
fn mount(folder: &Path, mebibytes: u32) -> bool {
    let size = format!("size={mebibytes}m");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).stderr(Stdio::null()).status();
    mounted.is_ok_and(|status| status.success())
}
