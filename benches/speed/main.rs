//! How fast the service is, told as ratios within one run, so that they hold on any machine:
//! `cargo bench --bench speed -- [--open N] [--closed N] [PART ...]`. It ends with 1 where a mark is missed.

mod caseload;
mod list;
mod load;
mod outbox;
mod programs;
mod table;

use std::process::ExitCode;

use jiff::civil::Date;
use plo_drift::app::{self, Sweeps};
use plo_drift::clock::{Clock, Moment};
use plo_drift::config::Config;
use plo_drift::database;
use plo_drift::jobs::sweep::Sweep;
use plo_drift::private_postgres::{self, PrivatePostgres};
use plo_drift::store::policies::in_force::InForce;
use secrecy::SecretString;
use sqlx::PgPool;
use table::Table;

/// A private server with a caseload.
pub struct Bench {
    server: PrivatePostgres,
    config: Config,
    /// Connections to it.
    pub pool: PgPool,
    /// The moment as of which it was filled.
    pub now: Moment,
}

impl Bench {
    /// Fills one.
    pub async fn of(open: usize, closed: usize) -> Self {
        let server = private_postgres::start().expect("PostgreSQL's programs are installed");
        let config = configuration(server.url());
        let pool = database::connect(&config.database, true).await.expect("it answers");
        let now = Clock::of_the_machine().now();
        let filling = table::timed(caseload::fill(&pool, server.url(), now.today, open, closed));
        let (took, ()) = filling.await;
        println!("({open} open and {closed} closed cases were made in {took:.0?})");
        Self { server, config, pool, now }
    }

    /// How a sweep judges and writes, as the service makes one.
    pub async fn sweep(&self) -> Sweep {
        let policy = app::configured_policy(&self.config).expect("the built-in policy is right");
        let sweeps = Sweeps::of(&self.pool, &self.config, &InForce::or(policy));
        sweeps.by_the_policy_in_force(self.now.at).await.expect("the database answers")
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The day as of which it was filled.
    pub fn today(&self) -> Date {
        self.now.today
    }

    /// Ends it.
    pub async fn end(self) {
        self.pool.close().await;
        self.server.stop();
    }
}

/// The built-in configuration, with this database.
fn configuration(url: &str) -> Config {
    let mut config = Config::load(None).expect("the built-in configuration is right");
    config.database.url = Some(SecretString::from(url));
    config
}

fn main() -> ExitCode {
    if let Some(load) = load::Load::of_arguments(std::env::args().skip(1)) {
        println!("{}", load.run());
        return ExitCode::SUCCESS;
    }
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut open, mut closed, mut parts) = (100_000, 1_000_000, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|number| number.parse().ok()).expect("a number follows");
        match argument.as_str() {
            "--open" => open = number(),
            "--closed" => closed = number(),
            _ => parts.push(argument),
        }
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let mut table = Table::default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        if parts.iter().any(|part| part == "hold") {
            let bench = Bench::of(open, closed).await;
            println!("{}", bench.url());
            std::future::pending::<()>().await;
        }
        if wanted("list") {
            list::measure(&mut table, open).await;
        }
        if wanted("outbox") {
            outbox::measure(&mut table).await;
        }
    });
    ExitCode::from(u8::from(table.missed() > 0))
}
