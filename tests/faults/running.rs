//! The program as it serves, in a process of its own; what it says of itself; and what should be true of its alerts.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use plo_drift::domain::evaluation::Evaluation;
use plo_drift::domain::policy::Policy;
use plo_drift::store::cases;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;

use crate::support::program::{file, program, program_at};
use crate::support::smtp::SmtpServer;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// People for the first rungs of both ladders.
pub const PEOPLE: &str = "INSERT INTO recipients (name, email, role) VALUES
    ('The chair', 'chair@council.example', 'legal_gateway_chair'),
    ('The service manager', 'service@council.example', 'service_manager')";

/// A service that may run, stop and run again with the same settings.
pub struct Service {
    /// Where another build of the program lies that is run instead.
    build: Option<PathBuf>,
    serve: &'static [&'static str],
    environment: BTreeMap<String, String>,
    folder: TempDir,
    /// How much of the log is of processes that ran before.
    log_of_before: usize,
    child: Option<Child>,
}

impl Service {
    /// One that is not started yet: on this database, sending to this server, quick to notice what is late.
    pub fn on(database: &str, smtp: &SmtpServer) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ca_file = file(folder.path(), "ca.pem", smtp.ca_pem());
        let service =
            Self { build: None, serve: &["serve"], environment: BTreeMap::new(), folder, log_of_before: 0, child: None };
        service
            .with("DATABASE_URL", database)
            .set("HTTP__LISTEN", "127.0.0.1:0")
            .set("MAIL__PORT", &smtp.port().to_string())
            .set("MAIL__CA_FILE", &ca_file)
            .set("MAIL__ALLOWED_DOMAINS", "council.example")
            .set("JOBS__SWEEP_EVERY_SECONDS", "1")
            .set("JOBS__DELIVER_EVERY_SECONDS", "1")
            .set("HEALTH__SWEEP_LATE_AFTER_SECONDS", "4")
            .set("HEALTH__MAIL_LATE_AFTER_SECONDS", "4")
    }

    /// The same with a setting, such as `JOBS__SWEEP_EVERY_SECONDS`.
    pub fn set(self, key: &str, value: &str) -> Self {
        self.with(&format!("PLO_DRIFT__{key}"), value)
    }

    /// The same with a variable in its environment.
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.will_have(variable, value);
        self
    }

    /// The same by another build of the program.
    pub fn by(mut self, build: PathBuf) -> Self {
        self.build = Some(build);
        self
    }

    /// The same that leaves the tables as they are.
    pub fn without_migrating(mut self) -> Self {
        self.serve = &["serve", "--no-migrate"];
        self
    }

    /// Puts a variable into its environment, for when it is started again.
    pub fn will_have(&mut self, variable: &str, value: &str) {
        self.environment.insert(variable.to_owned(), value.to_owned());
    }

    /// Takes a variable out of its environment again.
    pub fn forget(&mut self, variable: &str) {
        self.environment.remove(variable);
    }

    /// A command of the program in the same place.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.build.as_ref().map_or_else(|| program(arguments), |build| program_at(build, arguments));
        command.envs(&self.environment);
        command
    }

    /// What a command printed that must end well.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the program starts");
        assert!(output.status.success(), "{arguments:?}: {}", crate::support::program::in_words(&output));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts it, whatever becomes of it.
    pub fn begin(&mut self) {
        self.log_of_before = self.log().len();
        let log = File::options().append(true).create(true).open(self.log_file()).expect("the log can be opened");
        let mut command = self.command(self.serve);
        self.child = Some(command.stdout(Stdio::null()).stderr(log).spawn().expect("the program starts"));
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&mut self) {
        self.begin();
        until("the service lives", async || self.status("/health/live").await == Some(StatusCode::OK)).await;
    }

    /// Starts it, and waits until it is ready.
    pub async fn start_and_be_ready(&mut self) {
        self.start().await;
        self.until_ready().await;
    }

    /// Kills it, without a chance to end anything.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it was killed");
        }
    }

    /// Freezes it in the midst of what it does.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after a pause.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it was started").id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().expect("kill runs").success());
    }

    /// Asks it to stop, and waits for its end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    /// How it has ended; absent while it runs.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().expect("it was started").try_wait().expect("the child is ours")
    }

    /// Waits for its end, and how it ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.has_ended() {
                self.child = None;
                return status;
            }
            assert!(Instant::now() < give_up, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Where the process listens that runs now, once it says so.
    fn address(&self) -> Option<SocketAddr> {
        let log = self.log();
        let serving = |line: &str| serde_json::from_str(line).ok().filter(|line: &Value| line["message"] == "serving");
        log.get(self.log_of_before..)?.lines().find_map(serving)?["address"].as_str()?.parse().ok()
    }

    /// Whether it has come so far that it answers.
    pub fn serves(&self) -> bool {
        self.address().is_some()
    }

    /// The port that it serves on.
    pub fn port(&self) -> u16 {
        self.address().expect("it serves").port()
    }

    /// The address of something that it serves.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address().expect("it serves"))
    }

    async fn status(&self, path: &str) -> Option<StatusCode> {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        let url = format!("http://{}{path}", self.address()?);
        client.get(url).send().await.ok().map(|answer| answer.status())
    }

    /// What a path answers to somebody with a token.
    pub async fn ask(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let request = reqwest::Client::new().get(self.url(path)).bearer_auth(token).timeout(PATIENCE);
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    /// What a path answers, as text.
    pub async fn get(&self, path: &str) -> String {
        let answer = reqwest::Client::new().get(self.url(path)).timeout(PATIENCE).send().await.expect("an answer");
        answer.text().await.expect("a text")
    }

    /// The names of what speaks against it being ready; none where it is.
    pub async fn unwell(&self) -> Vec<String> {
        let answer = reqwest::Client::new().get(self.url("/health/ready")).timeout(PATIENCE).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let readiness: Value = answer.json().await.expect("JSON");
        let checks = readiness["checks"].as_object().expect("checks");
        let unwell: Vec<String> =
            checks.iter().filter(|(_, check)| check["ok"] == false).map(|(name, _)| name.clone()).collect();
        assert_eq!(status == StatusCode::OK, unwell.is_empty(), "{readiness}");
        unwell
    }

    /// Waits until it is ready.
    pub async fn until_ready(&self) {
        let ready = within(PATIENCE, async || self.unwell().await.is_empty()).await;
        assert!(ready, "waited in vain: the service is not ready for its {:?}", self.unwell().await);
    }

    /// Waits until something speaks against it being ready.
    pub async fn until_unwell(&self, check: &str) {
        until(check, async || self.unwell().await.iter().any(|unwell| unwell == check)).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let telling = log.lines().rev().filter(|line| !line.contains(r#""message":"answered""#)).take(40);
            eprintln!("the last that the service said:\n{}", telling.collect::<Vec<_>>().join("\n"));
        }
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    assert!(within(PATIENCE, holds).await, "waited in vain: {what}");
}

/// Tells whether something comes to hold within a time.
pub async fn within(time: Duration, holds: impl AsyncFn() -> bool) -> bool {
    let give_up = Instant::now() + time;
    while !holds().await {
        if Instant::now() >= give_up {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Runs SQL as a council's own program would.
pub async fn sql(pool: &PgPool, statements: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(statements.into())).execute(pool).await.expect("the SQL is right");
}

/// Counts.
pub async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.expect("the query is right")
}

/// How the alerts that stand differ from what the rules say of each case's facts on a day, by a look at all of them.
pub async fn differences(pool: &PgPool, policy: &Policy, today: Date) -> Vec<String> {
    let mut connection = pool.acquire().await.expect("a connection");
    let references: Vec<String> =
        sqlx::query_scalar("SELECT reference FROM cases").fetch_all(&mut *connection).await.expect("cases");
    let loaded = cases::load(&mut connection, &references).await.expect("the database answers");
    let standing: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT case_reference, rule, subject, severity FROM alerts WHERE state <> 'resolved'")
            .fetch_all(&mut *connection)
            .await
            .expect("alerts");
    let mut expected = Vec::new();
    for (reference, case) in loaded {
        let evaluation = Evaluation::of(&case.expect("the case can be read"), policy, today);
        for finding in evaluation.findings.iter().filter(|finding| finding.severity >= policy.alerts.alert_from) {
            let (rule, severity) = (finding.rule.code().to_owned(), finding.severity.code().to_owned());
            expected.push((reference.clone(), rule, finding.subject.clone(), severity));
        }
    }
    assert!(references.is_empty() || !expected.is_empty(), "a caseload without a finding proves nothing");
    let missing = expected.iter().filter(|one| !standing.contains(one)).map(|one| format!("missing: {one:?}"));
    let extra = standing.iter().filter(|one| !expected.contains(one)).map(|one| format!("not due: {one:?}"));
    missing.chain(extra).collect()
}

/// What must not be, by the service's own list of it.
pub async fn broken(pool: &PgPool, now: Timestamp) -> Vec<String> {
    let mut connection = pool.acquire().await.expect("a connection");
    let now = plo_drift::clock::Moment::of(now);
    let broken = plo_drift::store::invariants::broken(&mut connection, now.today, now).await.expect("the database answers");
    broken.into_iter().map(|broken| format!("{} ({})", broken.what, broken.rows)).collect()
}
