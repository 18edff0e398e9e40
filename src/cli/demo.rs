//! `plo-drift demo`: the whole service on one machine, with a synthetic caseload, gone when it is stopped.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Done, Failure, in_runtime};
use crate::api::door::{Door, Part};
use crate::app::{self, Service, Sweeps};
use crate::clock::Clock;
use crate::config::{AllowedDomains, Config, LogFormat, MailTransport};
use crate::demo::caseload;
use crate::domain::policy::Role;
use crate::domain::timetable::next_meeting;
use crate::exchange::document;
use crate::jobs::{deliver, digest, panel, sweep};
use crate::policy_file::PolicyDocument;
use crate::private_postgres::{self, PrivatePostgres};
use crate::store::policies::in_force::InForce;
use crate::store::recipients::{self, NewPerson};
use crate::store::record::{ToRecord, record};
use crate::store::tokens::{self, ApiRole, NewToken, Scope};
use crate::{database, telemetry};

/// The domain of everybody in the demonstration; nobody has an address there (RFC 2606).
const DOMAIN: &str = "council.example";

const CHAIR: &str = "gateway-chair";
const DEPUTY_CHAIR: &str = "gateway-deputy-chair";
const SERVICE_MANAGER: &str = "service-manager";

/// Try the whole service: a throw-away PostgreSQL, a synthetic caseload of 60 families, mail written to a folder.
///
/// Needs PostgreSQL's programs and nothing else. Ctrl-C removes everything but a mail folder that you named.
#[derive(Debug, Args)]
pub struct Demo {
    /// The port of the pages and the API on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The folder that mail is written to; one that is removed with the rest if left out.
    #[arg(long, value_name = "DIR")]
    mail: Option<PathBuf>,
}

impl Demo {
    /// Shows the service until it is told to stop.
    pub fn run(self, clock: Clock) -> Result<Done, Failure> {
        let missing = |wrong: private_postgres::Error| Failure::Unreachable(wrong.into());
        eprintln!("Starting a private PostgreSQL …");
        let postgres = private_postgres::start().map_err(missing)?;
        let own_folder = self.mail.is_none().then(own_mail_folder).transpose()?;
        let folder = self.mail.clone().or(own_folder.clone()).unwrap_or_default();
        let shown = in_runtime(self.show(&postgres, &folder, clock));
        postgres.stop();
        if let Some(own) = own_folder {
            std::fs::remove_dir_all(own).context("could not remove the mail folder")?;
        }
        eprintln!("Everything is removed.");
        shown
    }

    async fn show(&self, postgres: &PrivatePostgres, folder: &Path, clock: Clock) -> Result<Done, Failure> {
        let stop = app::stop_on_signals()?;
        let listener = app::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await;
        let listener = listener.context("choose another with --port").map_err(Failure::Wrong)?;
        let address = listener.local_addr().context("the socket has no address")?;
        let config = config(postgres, folder, address)?;
        telemetry::start(&config.log)?;
        let transport = app::transport(&config)?;
        let pool = database::connect(&config.database, true).await?;
        let mut service = Service {
            policy: InForce::or(PolicyDocument::built_in()),
            allowed_domains: config.mail.allowed_domains.clone(),
            pool,
            transport,
            identity: None,
            door: Door::default(),
            heartbeat: None,
            clock,
            config,
        };
        tokio::select! {
            prepared = prepare(&service) => {
                let prepared = prepared?;
                print(&prepared, address, folder);
                service.door = Door::Demonstration(prepared.parts);
            }
            () = stop.cancelled() => return Ok(Done::Whole),
        }
        let pool = service.pool.clone();
        service.serve(listener, stop).await?;
        pool.close().await;
        Ok(Done::Whole)
    }
}

fn own_mail_folder() -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("plo-drift-demo-mail-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("could not make a folder for the mail")?;
    Ok(folder)
}

fn config(postgres: &PrivatePostgres, folder: &Path, address: SocketAddr) -> Result<Config, Failure> {
    let mut config = Config::from_layers(None, &BTreeMap::new()).map_err(Failure::wrong)?;
    config.database.url = Some(SecretString::from(postgres.url()));
    config.council = String::from("Demonstration council");
    config.base_url = format!("http://{address}");
    config.board.is_demonstration = true;
    config.http.listen = address;
    config.mail.transport = MailTransport::File;
    config.mail.folder = PathBuf::from(folder);
    config.mail.from = format!("plo-drift@{DOMAIN}");
    config.mail.allowed_domains = AllowedDomains::of([DOMAIN.to_owned()]);
    config.log.format = LogFormat::Text;
    config.log.filter = String::from("warn");
    Ok(config)
}

/// What was made ready.
struct Prepared {
    cases: usize,
    opened: usize,
    mails: usize,
    tokens: Vec<(ApiRole, String)>,
    parts: Vec<Part>,
}

async fn prepare(service: &Service) -> Result<Prepared, Failure> {
    let Service { pool, policy, transport, allowed_domains, clock, config, .. } = service;
    database::migrate(pool).await?;
    let now = clock.now();
    let sweep = Sweeps::of(pool, config, policy).by_the_policy_in_force(now.at).await?;
    let cases = caseload::cases(now.today, &sweep.policy.calendar);
    eprintln!("Recording {} synthetic cases …", cases.len());
    let mut tx = pool.begin().await?;
    for case in &cases {
        let document = document::write(case);
        record(&mut tx, &ToRecord { case, document: &document, source: "demo" }).await?;
    }
    tx.commit().await?;
    let people = add_people(pool).await?;
    let tokens = create_tokens(pool, now.at).await?;
    let report = sweep::run(pool, &sweep, now.at, now, &CancellationToken::new()).await?;
    // Whatever the hour: a digest and a panel pack are there to be read.
    let mut connection = pool.acquire().await?;
    digest::make(&mut connection, &sweep, now).await?;
    panel::make(&mut connection, &sweep, next_meeting(now.today, &sweep.policy.panel), now).await?;
    drop(connection);
    let delivered = deliver::run(pool, transport, allowed_domains, clock, &CancellationToken::new()).await?;
    Ok(Prepared { cases: cases.len(), opened: report.opened.len(), mails: delivered.sent, tokens, parts: parts(&people) })
}

/// The people who are told by mail: address, and the number under which they are.
async fn add_people(pool: &PgPool) -> Result<Vec<(&'static str, i64)>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut people = Vec::new();
    for (role, address, may_see_restricted) in [
        (Role::LegalGatewayChair, CHAIR, false),
        (Role::LegalGatewayChair, DEPUTY_CHAIR, true),
        (Role::ServiceManager, SERVICE_MANAGER, true),
        (Role::HeadOfService, "head-of-service", true),
        (Role::AssistantDirector, "assistant-director", true),
    ] {
        let person = NewPerson {
            name: role.title().to_owned(),
            email: format!("{address}@{DOMAIN}"),
            role,
            teams: Vec::new(),
            may_see_restricted,
            deputy: None,
            away_until: None,
        };
        people.extend(recipients::add(&mut connection, &person).await?.map(|id| (address, id)));
    }
    Ok(people)
}

/// Who one can be on the pages.
fn parts(people: &[(&str, i64)]) -> Vec<Part> {
    let told_as = |address| people.iter().filter(|(known, _)| *known == address).map(|&(_, id)| id).collect();
    let every_team = |may_see_restricted| Scope { teams: Vec::new(), may_see_restricted };
    vec![
        Part {
            code: "chair",
            title: "Legal gateway chair",
            about: "Sees every team's cases but restricted ones, is mailed of alerts at once, and answers them.",
            roles: vec![ApiRole::Chair],
            scope: every_team(false),
            recipients: told_as(CHAIR),
        },
        Part {
            code: "deputy-chair",
            title: "Legal gateway chair, cleared for restricted cases",
            about: "As above, and sees restricted cases, too.",
            roles: vec![ApiRole::Chair],
            scope: every_team(true),
            recipients: told_as(DEPUTY_CHAIR),
        },
        Part {
            code: "service-manager",
            title: "Service manager",
            about: "Sees every case, and is mailed of what nobody has answered. Does not answer alerts here.",
            roles: vec![ApiRole::Reader],
            scope: every_team(true),
            recipients: told_as(SERVICE_MANAGER),
        },
        Part {
            code: "team-manager",
            title: "Team manager, North",
            about: "Sees the cases of the team North but restricted ones.",
            roles: vec![ApiRole::Reader],
            scope: Scope { teams: vec!["North".to_owned()], may_see_restricted: false },
            recipients: Vec::new(),
        },
    ]
}

async fn create_tokens(pool: &PgPool, now: jiff::Timestamp) -> Result<Vec<(ApiRole, String)>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut tokens = Vec::new();
    for role in ApiRole::ALL.iter().copied() {
        // Of the four, the chair is cleared for restricted cases, so that the difference can be seen.
        let may_see_restricted = role == ApiRole::Chair;
        let new = NewToken { name: format!("demo {role}"), role, teams: Vec::new(), may_see_restricted, expires_at: None };
        let (_, secret) = tokens::create(&mut connection, &new, now).await?;
        tokens.push((role, secret.reveal()));
    }
    Ok(tokens)
}

fn print(prepared: &Prepared, address: SocketAddr, folder: &Path) {
    let Prepared { cases, opened, mails, tokens, .. } = prepared;
    println!("plo-drift is running on http://{address} with {cases} synthetic cases and {opened} alerts.");
    println!("{mails} mails were written to {}", folder.display());
    println!();
    for (role, token) in tokens {
        println!("token {role} {token}");
    }
    let reader = tokens.first().map(|(_, token)| token.as_str()).unwrap_or_default();
    println!();
    println!("Try:");
    println!("  curl -H 'Authorization: Bearer {reader}' 'http://{address}/api/v1/cases?at_risk=true&limit=3'");
    println!("  curl -H 'Authorization: Bearer {reader}' 'http://{address}/api/v1/alerts?severity=red&limit=3'");
    println!("  curl http://{address}/health/ready");
    println!("  a browser on http://{address} for the pages, and on http://{address}/docs for the API");
    println!("  ls {}", folder.display());
    println!("Ctrl-C stops it and removes everything.");
}
