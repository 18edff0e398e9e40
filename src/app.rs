//! The service put together: pool, mail, jobs, router, and how they stop.

mod sweeps;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::api::connections::{self, ConnectionLimits};
use crate::api::door::Door;
use crate::api::gate::{Gate, RequestLimits};
use crate::api::known::KnownAnswers;
use crate::api::site::Site;
use crate::api::{self, ApiState};
use crate::board::{self, sign_in};
use crate::clock::{Clock, Moment};
use crate::config::identity::SignIn;
use crate::config::{AllowedDomains, Config, HttpConfig, JobsConfig, MailTls, MailTransport};
use crate::database::readers::Readers;
use crate::health::HealthLimits;
use crate::identity::sign_in::SignInWithIssuer;
use crate::identity::{Identity, SettingsError};
use crate::jobs::heartbeat::{Heartbeat, Watched};
use crate::jobs::sweep::{self, Sweep};
use crate::jobs::worker::{self, Cause};
use crate::jobs::{deliver, digest, panel, reconcile, retention};
use crate::mailer::file::FileTransport;
use crate::mailer::smtp::{SmtpSettings, SmtpTransport, Tls};
use crate::mailer::transport::Transport;
use crate::metrics::Metrics;
use crate::policy_file::{PolicyDocument, PolicyError};
use crate::store::policies::in_force::InForce;
use crate::store::{jobs, outbox};
pub use sweeps::{Sweeps, previews, sweep_of};

/// How long what is under way may take to end after the service is told to stop.
const DRAIN: Duration = Duration::from_secs(25);

/// The policy that is to be in force, with its text: that of the configured file, or the built-in one.
///
/// # Errors
///
/// The file is wrong; every mistake is named.
pub fn configured_policy(config: &Config) -> Result<PolicyDocument, PolicyError> {
    PolicyDocument::of_file_or_built_in(config.policy.as_deref())
}

/// Mail as configured.
///
/// # Errors
///
/// A certificate authority cannot be read.
pub fn transport(config: &Config) -> anyhow::Result<Transport> {
    transport_within(config, SmtpSettings::DEFAULT_TIMEOUT)
}

/// Mail as configured, but with so much time for each attempt.
///
/// # Errors
///
/// As [`transport`].
pub fn transport_within(config: &Config, timeout: Duration) -> anyhow::Result<Transport> {
    let mail = &config.mail;
    Ok(match mail.transport {
        MailTransport::File => Transport::File(FileTransport { folder: mail.folder.clone() }),
        MailTransport::Smtp => Transport::Smtp(SmtpTransport::new(SmtpSettings {
            tls: match mail.tls {
                MailTls::Starttls => Tls::StartTls,
                MailTls::Implicit => Tls::Implicit,
                MailTls::None => Tls::None,
            },
            credentials: mail.credentials.clone(),
            ca_file: mail.ca_file.clone(),
            hello_name: None,
            timeout,
            host: mail.host.clone(),
            port: mail.port,
        })?),
    })
}

/// The issuer whose tokens count, if one is configured.
///
/// # Errors
///
/// A certificate authority cannot be read.
pub fn identity(config: &Config) -> Result<Option<Arc<Identity>>, SettingsError> {
    match &config.sign_in {
        SignIn::Off => Ok(None),
        SignIn::With(issuer) => Ok(Some(Arc::new(Identity::of(issuer)?))),
    }
}

/// How people sign in to the pages, as configured.
#[must_use]
pub fn door(config: &Config, identity: Option<&Arc<Identity>>) -> Door {
    let client = identity.zip(config.board.client.as_ref());
    client.map_or(Door::Shut, |(identity, client)| {
        let back = format!("{}{}", config.base_url, sign_in::BACK_FROM_ISSUER);
        Door::Issuer(Box::new(SignInWithIssuer::of(identity.clone(), client, back)))
    })
}

/// What is called outside as long as the service does its work, if anything is.
///
/// # Errors
///
/// There is nothing to check the monitor's certificate against.
pub fn heartbeat(config: &Config) -> anyhow::Result<Option<Heartbeat>> {
    config.heartbeat.as_ref().map(Heartbeat::of).transpose()
}

/// Everything that runs, until it is told to stop.
pub struct Service {
    /// The database.
    pub pool: PgPool,
    /// The policy in force.
    pub policy: InForce,
    /// How messages leave.
    pub transport: Transport,
    /// Whose tokens count beside the service's own.
    pub identity: Option<Arc<Identity>>,
    /// How people sign in to the pages.
    pub door: Door,
    /// What is called outside as long as all is well.
    pub heartbeat: Option<Heartbeat>,
    /// The only domains that are written to.
    pub allowed_domains: AllowedDomains,
    /// What time it is.
    pub clock: Clock,
    /// The configuration.
    pub config: Config,
}

impl Service {
    /// Serves on a bound socket until `stop` is cancelled, then lets what is under way end.
    ///
    /// # Errors
    ///
    /// The scheduler cannot be started.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        let tracker = TaskTracker::new();
        let metrics = Metrics::default();
        let bells = Bells::default();
        let scheduler = ring_regularly(self.config.jobs, &bells).await?;
        let ringing = keep_ringing(scheduler, self.config.jobs, bells.clone(), self.clock.clone(), stop.clone());
        let ringing = tracker.spawn(ringing);

        let mail_bell = bells.mail;
        tracker.spawn(self.sweeping(bells.sweep, mail_bell.clone(), metrics.clone(), stop.clone()));
        let digest = |pool: PgPool, sweep: Sweep, now, _| async move { Ok(digest::run(&pool, &sweep, now).await?.is_some()) };
        let panel = |pool: PgPool, sweep: Sweep, now, _| async move { Ok(panel::run(&pool, &sweep, now).await?.is_some()) };
        let reconcile = |pool: PgPool, sweep: Sweep, now, stop: CancellationToken| async move {
            Ok(reconcile::run(&pool, &sweep, now, &stop).await?.is_some())
        };
        let retention = |pool: PgPool, sweep: Sweep, now, stop: CancellationToken| async move {
            retention::run(&pool, &sweep, now, &stop).await?;
            Ok(false)
        };
        tracker.spawn(self.timely("digest", bells.digest, mail_bell.clone(), stop.clone(), digest));
        tracker.spawn(self.timely("panel", bells.panel, mail_bell.clone(), stop.clone(), panel));
        tracker.spawn(self.timely("reconcile", bells.reconcile, mail_bell.clone(), stop.clone(), reconcile));
        tracker.spawn(self.timely("retention", bells.retention, mail_bell.clone(), stop.clone(), retention));
        tracker.spawn(self.delivering(mail_bell.clone(), stop.clone()));
        tracker.spawn(listen_for_mail(self.pool.clone(), mail_bell, stop.clone()));
        if let Some(identity) = self.identity.clone() {
            let now = self.clock.now().at;
            tracker.spawn(async move { identity.prepare(now).await });
        }
        let limits = self.health_limits();
        if let Some(heartbeat) = self.heartbeat.clone() {
            let (pool, clock, metrics) = (self.pool.clone(), self.clock.clone(), metrics.clone());
            tracker.spawn(heartbeat.beat(Watched { pool, limits, clock, metrics }, stop.clone()));
        }
        let state = Arc::new(ApiState {
            pool: self.pool.clone(),
            readers: self.readers(),
            known: KnownAnswers::default(),
            policy: self.policy.clone(),
            import_place: api::imports::ImportPlace::default(),
            preview: previews(&self.pool, &self.config, &self.policy),
            identity: self.identity.clone(),
            door: self.door,
            sessions: self.config.board.sessions,
            clock: self.clock.clone(),
            limits,
            gate: Arc::new(Gate::of(request_limits(&self.config.http))),
            metrics: metrics.clone(),
            metrics_apart: self.config.http.metrics_listen.is_some(),
            site: Site::of(&self.config),
        });
        if let Some(address) = self.config.http.metrics_listen {
            let listener = bind(address).await?;
            let router = api::metrics::router(state.clone());
            tracker.spawn(connections::serve(listener, router, connection_limits(&self.config.http), stop.clone()));
        }
        let api = board::router(state);
        let address = listener.local_addr().context("the socket has no address")?;
        tracker.spawn(connections::serve(listener, api, connection_limits(&self.config.http), stop.clone()));
        info!(%address, "serving");

        stop.cancelled().await;
        info!("stopping");
        tracker.close();
        if tokio::time::timeout(DRAIN, tracker.wait()).await.is_err() {
            warn!("something was still under way when the time to stop ran out");
        }
        ringing.await.context("the scheduler panicked")?
    }

    fn health_limits(&self) -> HealthLimits {
        let health = self.config.health;
        HealthLimits {
            sweep: health.sweep_late_after,
            mail: health.mail_late_after,
            reconciliation: health.reconciliation_late_after,
        }
    }

    /// Half as many sessions for reading as there are connections for everything.
    fn readers(&self) -> Readers {
        Readers::of(&self.pool, self.config.database.max_connections.div_ceil(2) as usize)
    }

    fn sweeps(&self) -> Sweeps {
        Sweeps::of(&self.pool, &self.config, &self.policy)
    }

    /// Sweeps at the start and at each ring, of several instances one a slot.
    fn sweeping(
        &self,
        bell: Arc<Notify>,
        mail_bell: Arc<Notify>,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let (pool, sweeps, clock) = (self.pool.clone(), self.sweeps(), self.clock.clone());
        let every = self.config.jobs.sweep_every_seconds;
        let told_to_stop = stop.clone();
        let run = move |cause| {
            let (pool, sweeps, clock, mail_bell) = (pool.clone(), sweeps.clone(), clock.clone(), mail_bell.clone());
            let (told_to_stop, metrics) = (told_to_stop.clone(), metrics.clone());
            async move {
                let now = clock.now();
                let slot = if cause == Cause::Start { now.at } else { slot_of(now.at, every) };
                if cause == Cause::Rung && !is_ours(&pool, slot, now.at).await? {
                    return Ok(());
                }
                loop {
                    let sweep = sweeps.by_the_policy_in_force(now.at).await?;
                    let started = Instant::now();
                    let swept = sweep::run(&pool, &sweep, slot, now, &told_to_stop).await;
                    let report = swept.inspect_err(|_| metrics.sweep_failed())?;
                    metrics.swept(report.cases, report.postponed.len(), started.elapsed());
                    if report.messages > 0 {
                        mail_bell.notify_one();
                    }
                    if !report.overtaken {
                        return Ok(());
                    }
                }
            }
        };
        worker::work("sweep", bell, stop, run)
    }

    /// Does a job that finds out for itself whether its hour has come; where it did something, there may be mail.
    fn timely<Run>(
        &self,
        name: &'static str,
        bell: Arc<Notify>,
        mail_bell: Arc<Notify>,
        stop: CancellationToken,
        job: fn(PgPool, Sweep, Moment, CancellationToken) -> Run,
    ) -> impl Future<Output = ()> + use<Run>
    where
        Run: Future<Output = anyhow::Result<bool>> + Send + 'static,
    {
        let (pool, sweeps, clock) = (self.pool.clone(), self.sweeps(), self.clock.clone());
        let told_to_stop = stop.clone();
        let run = move |_| {
            let (pool, sweeps, now, told_to_stop) = (pool.clone(), sweeps.clone(), clock.now(), told_to_stop.clone());
            let mail_bell = mail_bell.clone();
            async move {
                let sweep = sweeps.by_the_policy_in_force(now.at).await?;
                if job(pool, sweep, now, told_to_stop).await? {
                    mail_bell.notify_one();
                }
                Ok(())
            }
        };
        worker::work(name, bell, stop, run)
    }

    /// Sends what is due at the start and at each ring.
    fn delivering(&self, bell: Arc<Notify>, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let (pool, transport, clock) = (self.pool.clone(), self.transport.clone(), self.clock.clone());
        let allowed = self.allowed_domains.clone();
        let told_to_stop = stop.clone();
        let run = move |_| {
            let told_to_stop = told_to_stop.clone();
            let (pool, transport, allowed, clock) = (pool.clone(), transport.clone(), allowed.clone(), clock.clone());
            async move { deliver::run(&pool, &transport, &allowed, &clock, &told_to_stop).await.map(drop) }
        };
        worker::work("deliver", bell, stop, run)
    }
}

/// Tells whether the sweep of a slot is to be made here. Where sweeps are on record that are still to come, the clock has been put back
/// into slots that were swept, as it seems on time; they are swept again, perhaps by every instance, so that no case is left unseen
/// until the clock has come again to where it was.
async fn is_ours(pool: &PgPool, slot: Timestamp, now: Timestamp) -> anyhow::Result<bool> {
    const CLOCKS_DIFFER_BY: SignedDuration = SignedDuration::from_mins(1);
    let mut connection = pool.acquire().await.context("could not reach the database")?;
    let to_come = now.saturating_add(CLOCKS_DIFFER_BY).unwrap_or(now);
    Ok(jobs::take_sweep(&mut connection, slot, now).await? || jobs::has_swept_since(&mut connection, to_come).await?)
}

/// What bounds requests, as configured.
fn request_limits(http: &HttpConfig) -> RequestLimits {
    RequestLimits {
        at_once: http.max_requests,
        answer: http.answer,
        body: http.body,
        body_bytes: http.max_body_bytes,
        import_answer: http.import,
        import_bytes: http.max_import_bytes,
        a_minute: http.requests_a_minute,
        failures_a_minute: http.failures_a_minute,
        trusted_proxies: http.trusted_proxies.clone(),
    }
}

/// What bounds connections, as configured.
fn connection_limits(http: &HttpConfig) -> ConnectionLimits {
    ConnectionLimits { at_once: http.max_connections, head: http.head, idle: http.idle, drain: http.drain }
}

/// One bell for each job.
#[derive(Clone, Default)]
struct Bells {
    sweep: Arc<Notify>,
    mail: Arc<Notify>,
    digest: Arc<Notify>,
    panel: Arc<Notify>,
    reconcile: Arc<Notify>,
    retention: Arc<Notify>,
}

/// How often the jobs are rung that find out for themselves whether their hour has come.
const ASK_EVERY_SECONDS: u32 = 60;

/// Rings until it is told to stop. The scheduler rings at instants that it has fixed before: where the clock is put back, it would be
/// silent until the clock has come again to where it was, so another takes its place.
/// Nothing goes on without it.
async fn keep_ringing(
    mut scheduler: JobScheduler,
    jobs: JobsConfig,
    bells: Bells,
    clock: Clock,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    const LOOK_EVERY: Duration = Duration::from_secs(1);
    let _stop_the_rest = stop.clone().drop_guard();
    let mut before = clock.now().at;
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        let now = clock.now().at;
        if now < before {
            warn!(%before, %now, "the clock was put back");
            scheduler.shutdown().await.context("could not stop the scheduler")?;
            scheduler = ring_regularly(jobs, &bells).await?;
        }
        before = now;
    }
    scheduler.shutdown().await.context("could not stop the scheduler")
}

/// The scheduler only rings bells, in UTC: what a ring means is the worker's.
async fn ring_regularly(jobs: JobsConfig, bells: &Bells) -> anyhow::Result<JobScheduler> {
    let scheduler = JobScheduler::new().await.context("could not make the scheduler")?;
    for (seconds, bell) in [
        (jobs.sweep_every_seconds, &bells.sweep),
        (jobs.deliver_every_seconds, &bells.mail),
        (ASK_EVERY_SECONDS, &bells.digest),
        (ASK_EVERY_SECONDS, &bells.panel),
        (ASK_EVERY_SECONDS, &bells.reconcile),
        (ASK_EVERY_SECONDS, &bells.retention),
    ] {
        let bell = bell.clone();
        let job = Job::new(cron(seconds).as_str(), move |_, _| bell.notify_one()).context("could not make a job")?;
        scheduler.add(job).await.context("could not schedule a job")?;
    }
    scheduler.start().await.context("could not start the scheduler")?;
    Ok(scheduler)
}

/// So many seconds as a cron expression of six fields; they divide a minute, or are whole minutes that divide an hour.
fn cron(seconds: u32) -> String {
    match seconds {
        60.. => format!("0 0/{} * * * *", seconds / 60),
        _ => format!("0/{seconds} * * * * *"),
    }
}

/// The slot that a moment falls in.
fn slot_of(at: Timestamp, every_seconds: u32) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(i64::from(every_seconds))).unwrap_or(at)
}

/// Rings when another instance queues a message. What is missed while the connection is down, the regular ring makes up for.
async fn listen_for_mail(pool: PgPool, bell: Arc<Notify>, stop: CancellationToken) {
    const PAUSE: Duration = Duration::from_secs(5);
    let listening = async {
        loop {
            if let Ok(mut listener) = PgListener::connect_with(&pool).await
                && listener.listen(outbox::CHANNEL).await.is_ok()
            {
                while listener.recv().await.is_ok() {
                    bell.notify_one();
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = listening => {}
    }
}

/// Binds the API's socket.
///
/// # Errors
///
/// The address is taken, or not this machine's.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let could_not = || format!("could not listen on {address}: is something else running there?");
    TcpListener::bind(address).await.with_context(could_not)
}

/// Is cancelled when the process is asked to stop (SIGTERM, or Ctrl-C).
///
/// # Errors
///
/// Signals cannot be heard.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("could not listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("could not listen for SIGINT")?;
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopper.cancel();
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(300, "0 0/5 * * * *")]
    #[case(3_600, "0 0/60 * * * *")]
    #[case(60, "0 0/1 * * * *")]
    #[case(10, "0/10 * * * * *")]
    #[case(1, "0/1 * * * * *")]
    fn seconds_become_cron(#[case] seconds: u32, #[case] expected: &str) {
        assert_eq!(cron(seconds), expected);
        assert!(Job::new(expected, |_, _| ()).is_ok());
    }

    #[test]
    fn moments_fall_into_slots_of_the_same_beginning_on_every_machine() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
        assert_eq!(slot_of(at("2026-06-01T12:04:59Z"), 300), at("2026-06-01T12:00:00Z"));
        assert_eq!(slot_of(at("2026-06-01T12:05:00.5Z"), 300), at("2026-06-01T12:05:00Z"));
    }
}
