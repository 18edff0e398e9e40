//! How fast the service is, told as ratios within one run, so that they hold on any machine:
//! `cargo bench --bench speed -- [--open N] [--closed N] [--many N] [PART ...]`. It ends with 1 where a mark is missed.

mod caseload;
mod list;
mod load;
mod memory;
mod outbox;
mod programs;
mod reconcile;
mod rules;
mod sweep;
mod table;

use std::process::ExitCode;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use mimalloc::MiMalloc;
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

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What a server is given that has the largest of the caseloads to itself: its pages then lie in its own memory, not in the system's.
const MEMORY: &str = "shared_buffers=4GB";

/// A private server with a caseload.
pub struct Bench {
    server: Option<PrivatePostgres>,
    config: Config,
    /// Connections to it.
    pub pool: PgPool,
    /// The moment as of which it was filled.
    pub now: Moment,
}

impl Bench {
    /// Fills one.
    pub async fn of(open: usize, closed: usize) -> Self {
        let server = private_postgres::start_with(&[MEMORY]).expect("PostgreSQL's programs are installed");
        let config = configuration(server.url());
        let pool = database::connect(&config.database, true).await.expect("it answers");
        let now = Clock::of_the_machine().now();
        let filling = table::timed(caseload::fill(&pool, server.url(), now.today, open, closed));
        let (took, ()) = filling.await;
        println!("({open} open and {closed} closed cases were made in {took:.0?})");
        Self { server: Some(server), config, pool, now }
    }

    /// One that another process has filled.
    pub async fn there() -> Self {
        let config = Config::load(None).expect("the built-in configuration is right");
        let pool = database::connect(&config.database, true).await.expect("it answers");
        Self { server: None, config, pool, now: Clock::of_the_machine().now() }
    }

    /// Records a contact with a hundredth of the families, others each round; tells how many.
    pub async fn record_a_contact(&self, round: i32) -> usize {
        let recorded = sqlx::query(
            "INSERT INTO engagement (case_reference, \"on\", attended, person)
            SELECT reference, $1, true, 'mother' FROM cases WHERE abs(hashtext(reference)) % 100 = $2",
        );
        let recorded = recorded.bind(self.today().to_sqlx()).bind(round).execute(&self.pool).await.expect("it is right");
        usize::try_from(recorded.rows_affected()).expect("a count")
    }

    /// How a sweep judges and writes, as the service makes one.
    pub async fn sweep(&self) -> Sweep {
        let policy = app::configured_policy(&self.config).expect("the built-in policy is right");
        let sweeps = Sweeps::of(&self.pool, &self.config, &InForce::or(policy));
        sweeps.by_the_policy_in_force(self.now.at).await.expect("the database answers")
    }

    /// Where its own server is.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.as_ref().expect("it has one of its own").url()
    }

    /// The day as of which it was filled.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.today
    }

    /// Ends it.
    pub async fn end(self) {
        self.pool.close().await;
        if let Some(server) = self.server {
            server.stop();
        }
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
    let (mut open, mut closed, mut many, mut parts) = (100_000, 1_000_000, 1_000_000, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|number| number.parse().ok()).expect("a number follows");
        match argument.as_str() {
            "--open" => open = number(),
            "--closed" => closed = number(),
            "--many" => many = number(),
            _ => parts.push(argument),
        }
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if parts == [memory::ALONE] {
        runtime.block_on(async { reconcile::once(&Bench::there().await).await });
        println!("{}", memory::most_here());
        return ExitCode::SUCCESS;
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let mut table = Table::default();
    runtime.block_on(async {
        if wanted("rules") {
            rules::measure(&mut table, Clock::of_the_machine().now().today);
        }
        if wanted("reconcile") {
            let bench = Bench::of(open, 0).await;
            let alone = reconcile::measure(&mut table, &bench, open).await;
            bench.end().await;
            let bench = Bench::of(open, closed).await;
            reconcile::beside_closed(&mut table, &bench, closed, alone).await;
            bench.end().await;
        }
        if wanted("list") {
            list::measure(&mut table, open).await;
        }
        if wanted("outbox") {
            outbox::measure(&mut table).await;
        }
        if wanted("many") {
            let (few_open, small) = (many / 1_000, many / 100);
            let bench = Bench::of(few_open, 0).await;
            let idle_few = sweep::idle(&bench).await;
            bench.end().await;
            let bench = Bench::of(small, 0).await;
            let memory_of_small = memory::of(&bench);
            bench.end().await;
            let bench = Bench::of(many, 0).await;
            sweep::compare_idle(&mut table, (many, sweep::idle(&bench).await), (few_open, idle_few));
            memory::compare(&mut table, (many, memory::of(&bench)), (small, memory_of_small));
            let reconciled = table::timed(reconcile::once(&bench)).await.0;
            sweep::changed(&mut table, &bench, many, reconciled).await;
            bench.end().await;
        }
    });
    ExitCode::from(u8::from(table.missed() > 0))
}
