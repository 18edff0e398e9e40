//! A service without its scheduler: a database, a mail server and a clock that the test moves, and the jobs called by hand.

use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mail_parser::MessageParser;
use plo_drift::clock::{Clock, Moment};
use plo_drift::config::AllowedDomains;
use plo_drift::domain::pause::PauseKind;
use plo_drift::domain::policy::{Policy, Role};
use plo_drift::jobs::deliver::{self, Delivered};
use plo_drift::jobs::sweep::{self, Report, Sweep};
use plo_drift::jobs::{digest, panel, reconcile};
use plo_drift::mailer::post::Post;
use plo_drift::mailer::smtp::{SmtpSettings, SmtpTransport, Tls};
use plo_drift::mailer::transport::Transport;
use plo_drift::store::pauses::{self, By, NewPause, Paused};
use plo_drift::store::policies::{self, Account, PolicyVersion};
use plo_drift::store::recipients::{self, NewPerson};
use sqlx::{AssertSqlSafe, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::database::TestDatabase;
use super::smtp::{Behaviour, Received, SmtpServer};

/// The domain that the test's people are at.
pub const DOMAIN: &str = "council.example";

/// Everything that a flow needs.
pub struct World {
    /// The database.
    pub database: TestDatabase,
    /// The mail server.
    pub smtp: SmtpServer,
    /// What sweeps judge by.
    pub sweep: Sweep,
    transport: Transport,
    now: Arc<Mutex<Timestamp>>,
}

impl World {
    /// A new one, at nine in the morning in London on Monday 1 June 2026, in which nobody is told of anything yet.
    pub async fn new() -> Self {
        Self::sending(Tls::StartTls).await
    }

    /// A new one whose mail leaves in the clear: for many messages, where what the server says of them is not the question.
    pub async fn without_encryption() -> Self {
        Self::sending(Tls::None).await
    }

    async fn sending(tls: Tls) -> Self {
        let smtp = SmtpServer::start(Behaviour::Accept);
        let folder = tempfile::tempdir().expect("a folder for the certificate");
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, smtp.ca_pem()).expect("the certificate is written");
        let settings = SmtpSettings {
            host: "localhost".to_owned(),
            port: smtp.port(),
            tls,
            credentials: None,
            ca_file: Some(ca_file),
            hello_name: None,
            timeout: SmtpSettings::DEFAULT_TIMEOUT,
        };
        let transport = Transport::Smtp(SmtpTransport::new(settings).expect("the settings are right"));
        let sweep = Sweep {
            policy: Policy::default(),
            policy_version: version("the policy of the test"),
            cases_at_a_time: 500,
            post: Post {
                has_pages: false,
                council: "Test council".to_owned(),
                base_url: "https://drift.council.example".to_owned(),
                from: format!("plo-drift@{DOMAIN}"),
                allowed_domains: AllowedDomains::of([DOMAIN.to_owned()]),
                link_valid: Policy::default().alerts.link_valid,
                calendar: Policy::default().calendar,
            },
        };
        let now = Arc::new(Mutex::new("2026-06-01T08:00:00Z".parse().expect("a timestamp")));
        Self { database: TestDatabase::new().await, smtp, sweep, transport, now }
    }

    /// One with a chair who is told of every team's cases but not of restricted ones.
    pub async fn with_a_chair() -> Self {
        let world = Self::new().await;
        world.add_person(Role::LegalGatewayChair, "chair", false).await;
        world
    }

    /// One with somebody for each rung of the usual ladders, at `chair@`, `service@`, `head@` and `assistant@council.example`.
    pub async fn with_a_ladder() -> Self {
        let world = Self::with_a_chair().await;
        for (role, name) in
            [(Role::ServiceManager, "service"), (Role::HeadOfService, "head"), (Role::AssistantDirector, "assistant")]
        {
            world.add_person(role, name, false).await;
        }
        world
    }

    /// The pool.
    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// The clock of this world.
    pub fn clock(&self) -> Clock {
        let now = self.now.clone();
        Clock::told_by(move || *now.lock().expect("nobody panics with the clock in hand"))
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        self.clock().now()
    }

    /// Lets time pass.
    pub fn pass(&self, time: SignedDuration) {
        let mut now = self.now.lock().expect("nobody panics with the clock in hand");
        *now += time;
    }

    /// Adds somebody who is told, at `NAME@council.example`.
    pub async fn add_person(&self, role: Role, name: &str, may_see_restricted: bool) -> i64 {
        let person = NewPerson {
            name: name.to_owned(),
            email: format!("{name}@{DOMAIN}"),
            role,
            teams: Vec::new(),
            may_see_restricted,
            deputy: None,
            away_until: None,
        };
        let mut connection = self.pool().acquire().await.expect("a connection");
        recipients::add(&mut connection, &person).await.expect("the person is added").expect("the person is new")
    }

    /// Runs plain SQL, as a council's own program would.
    pub async fn sql(&self, statements: impl Into<String>) {
        self.try_sql(statements).await.expect("the SQL is right");
    }

    /// Runs plain SQL that may be refused.
    pub async fn try_sql(&self, statements: impl Into<String>) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(statements.into())).execute(self.pool()).await.map(drop)
    }

    /// Reads one text from the database; empty where there is none.
    pub async fn ask(&self, query: &str) -> String {
        let answer: Option<Option<String>> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT ({query})::text")))
            .fetch_optional(self.pool())
            .await
            .expect("the query is right");
        answer.flatten().unwrap_or_default()
    }

    /// Sweeps once.
    pub async fn sweep(&self) -> Report {
        self.try_sweep().await.expect("the sweep goes through")
    }

    /// Sweeps once, perhaps in vain.
    pub async fn try_sweep(&self) -> anyhow::Result<Report> {
        let now = self.now();
        self.put_in_force().await?;
        sweep::run(self.pool(), &self.sweep, now.at, now, &CancellationToken::new()).await
    }

    /// Puts the policy in force that sweeps judge by, as whoever changes it does.
    pub async fn put_in_force(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.pool().begin().await?;
        policies::alone(&mut tx).await?;
        let (wanted, before) = (&self.sweep.policy_version, policies::in_force(&mut tx).await?);
        if before.is_none_or(|before| before.digest != wanted.digest) {
            policies::add(&mut tx, wanted, &Account::File, self.now().at).await?;
        }
        tx.commit().await
    }

    /// Sends what is due.
    pub async fn deliver(&self) -> Delivered {
        let allowed = self.sweep.post.allowed_domains.clone();
        deliver::run(self.pool(), &self.transport, &allowed, &self.clock(), &CancellationToken::new())
            .await
            .expect("delivery goes through")
    }

    /// Makes the digest, if its hour has come.
    pub async fn digest(&self) -> Option<digest::Made> {
        digest::run(self.pool(), &self.sweep, self.now()).await.expect("the digest is made")
    }

    /// Makes the panel pack, if its hour has come.
    pub async fn pack(&self) -> Option<panel::Made> {
        panel::run(self.pool(), &self.sweep, self.now()).await.expect("the pack is made")
    }

    /// Everything that the service would do at this moment, but the nightly reconciliation.
    pub async fn tick(&self) {
        self.sweep().await;
        self.digest().await;
        self.pack().await;
        self.deliver().await;
    }

    /// Judges every case and asks what must be true.
    pub async fn reconcile(&self) -> reconcile::Found {
        self.put_in_force().await.expect("the policy is put in force");
        let found = reconcile::reconcile(self.pool(), &self.sweep, self.now(), &CancellationToken::new()).await;
        found.expect("the reconciliation goes through")
    }

    /// Lets time pass until this moment (RFC 3339).
    pub fn at(&self, moment: &str) {
        *self.now.lock().expect("nobody panics with the clock in hand") = moment.parse().expect("a moment");
    }

    /// Puts an alert aside; false where it is not open.
    pub async fn pause(&self, pause: &Pause<'_>) -> bool {
        let new = NewPause {
            alert: pause.alert,
            kind: pause.kind,
            by: By::Recipient(pause.by),
            reason: pause.reason.to_owned(),
            owner: pause.owner.map(str::to_owned),
            until_on: pause.until_on,
            turn: None,
        };
        let mut tx = self.pool().begin().await.expect("a transaction");
        let paused = pauses::pause(&mut tx, &new, self.now()).await.expect("the database answers");
        tx.commit().await.expect("the pause is kept");
        paused == Paused::Done
    }

    /// To whom each received message went, in order, without the domain.
    pub fn addressees(&self) -> Vec<String> {
        let received = self.smtp.received();
        let name = |address: &String| address.trim_end_matches(&format!("@{DOMAIN}")).to_owned();
        received.iter().flat_map(|message| message.to.iter().map(name)).collect()
    }

    /// Sweeps and sends once.
    pub async fn cycle(&self) -> (Report, Delivered) {
        (self.sweep().await, self.deliver().await)
    }

    /// Ends it.
    pub async fn end(self) {
        self.database.close().await;
    }
}

/// A version of the policy that is told from others by its digest.
pub fn version(digest: &str) -> PolicyVersion {
    PolicyVersion { digest: digest.to_owned(), document: format!("# {digest}") }
}

/// How an alert is put aside.
#[derive(Clone, Copy, Debug)]
pub struct Pause<'a> {
    /// Which alert.
    pub alert: Uuid,
    /// How.
    pub kind: PauseKind,
    /// By whom.
    pub by: i64,
    /// The action to be taken, or the reason to wait.
    pub reason: &'a str,
    /// Who takes the action; given where it is acknowledged.
    pub owner: Option<&'a str>,
    /// Until which day.
    pub until_on: Date,
}

/// A received message, as its reader sees it.
pub struct Letter {
    /// Subject.
    pub subject: String,
    /// Message-ID.
    pub message_id: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Opens a received message.
pub fn open(received: &Received) -> Letter {
    let message = MessageParser::default().parse(&received.message).expect("the message can be read");
    Letter {
        subject: message.subject().expect("a subject").to_owned(),
        message_id: message.message_id().expect("a Message-ID").to_owned(),
        text: message.body_text(0).expect("a text part").into_owned(),
        html: message.body_html(0).expect("an HTML part").into_owned(),
    }
}
