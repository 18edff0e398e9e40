//! The service put together: pool, mail, jobs, router, and how they stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::digest;
use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::api::{self, ApiState, HealthLimits};
use crate::clock::Clock;
use crate::config::{AllowedDomains, Config, MailTls, MailTransport};
use crate::domain::policy::Policy;
use crate::jobs::deliver;
use crate::jobs::sweep::{self, Sweep};
use crate::jobs::worker::{self, Cause};
use crate::mailer::file::FileTransport;
use crate::mailer::post::Post;
use crate::mailer::smtp::{SmtpSettings, SmtpTransport, Tls};
use crate::mailer::transport::Transport;
use crate::store::{jobs, outbox};
use crate::{hex, policy_file};

/// How long what is under way may take to end after the service is told to stop.
const DRAIN: Duration = Duration::from_secs(25);

/// The rules in force: those of the configured file, or the built-in ones.
///
/// # Errors
///
/// The file is wrong; every mistake is named.
pub fn policy(config: &Config) -> Result<Policy, policy_file::PolicyError> {
    config.policy.as_deref().map_or_else(|| Ok(Policy::default()), policy_file::load)
}

/// A sweep as configured.
#[must_use]
pub fn sweep_of(config: &Config, policy: Policy) -> Sweep {
    Sweep { policy_digest: digest_of(&policy), policy, cases_at_a_time: config.jobs.cases_at_a_time, post: Post::of(config) }
}

/// Tells a policy from others, and this version of the rules from others: after either changed, every case is looked at again.
fn digest_of(policy: &Policy) -> String {
    let spelled_out = format!("{} {policy:?} {:?}", env!("CARGO_PKG_VERSION"), policy.calendar.changes());
    hex::encode(digest::digest(&digest::SHA256, spelled_out.as_bytes()).as_ref())
}

/// Mail as configured.
///
/// # Errors
///
/// A certificate authority cannot be read.
pub fn transport(config: &Config) -> anyhow::Result<Transport> {
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
            timeout: SmtpSettings::DEFAULT_TIMEOUT,
            host: mail.host.clone(),
            port: mail.port,
        })?),
    })
}

/// Everything that runs, until it is told to stop.
pub struct Service {
    /// The database.
    pub pool: PgPool,
    /// What sweeps judge by.
    pub sweep: Sweep,
    /// How messages leave.
    pub transport: Transport,
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
        let (sweep_bell, mail_bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut scheduler = ring_regularly(&self.config, &sweep_bell, &mail_bell).await?;

        tracker.spawn(self.sweeping(sweep_bell, mail_bell.clone(), stop.clone()));
        tracker.spawn(self.delivering(mail_bell.clone(), stop.clone()));
        tracker.spawn(listen_for_mail(self.pool.clone(), mail_bell, stop.clone()));
        let api = api::router(ApiState {
            pool: self.pool.clone(),
            policy: Arc::new(self.sweep.policy.clone()),
            clock: self.clock.clone(),
            limits: HealthLimits { sweep: self.config.health.sweep_late_after, mail: self.config.health.mail_late_after },
        });
        let address = listener.local_addr().context("the socket has no address")?;
        let told_to_stop = stop.clone().cancelled_owned();
        tracker.spawn(async move {
            if let Err(wrong) = axum::serve(listener, api).with_graceful_shutdown(told_to_stop).await {
                warn!("the API ended: {wrong}");
            }
        });
        info!(%address, "serving");

        stop.cancelled().await;
        info!("stopping");
        tracker.close();
        if tokio::time::timeout(DRAIN, tracker.wait()).await.is_err() {
            warn!("something was still under way when the time to stop ran out");
        }
        scheduler.shutdown().await.context("could not stop the scheduler")?;
        Ok(())
    }

    /// Sweeps at the start and at each ring, of several instances one a slot.
    fn sweeping(&self, bell: Arc<Notify>, mail_bell: Arc<Notify>, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let (pool, sweep, clock) = (self.pool.clone(), self.sweep.clone(), self.clock.clone());
        let every = self.config.jobs.sweep_every_seconds;
        let told_to_stop = stop.clone();
        let run = move |cause| {
            let (pool, sweep, clock, mail_bell) = (pool.clone(), sweep.clone(), clock.clone(), mail_bell.clone());
            let told_to_stop = told_to_stop.clone();
            async move {
                let now = clock.now();
                let slot = if cause == Cause::Start { now.at } else { slot_of(now.at, every) };
                if cause == Cause::Rung {
                    let mut connection = pool.acquire().await.context("could not reach the database")?;
                    if !jobs::take_slot(&mut connection, "sweep", slot, now.at).await? {
                        return Ok(());
                    }
                }
                let report = sweep::run(&pool, &sweep, slot, now, &told_to_stop).await?;
                if report.messages > 0 {
                    mail_bell.notify_one();
                }
                Ok(())
            }
        };
        worker::work("sweep", bell, stop, run)
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

/// The scheduler only rings bells, in UTC: what a ring means is the worker's.
async fn ring_regularly(config: &Config, sweep: &Arc<Notify>, mail: &Arc<Notify>) -> anyhow::Result<JobScheduler> {
    let scheduler = JobScheduler::new().await.context("could not make the scheduler")?;
    for (seconds, bell) in [(config.jobs.sweep_every_seconds, sweep), (config.jobs.deliver_every_seconds, mail)] {
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
