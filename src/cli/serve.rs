//! `plo-drift serve`: the service.

use anyhow::Context;
use clap::Args;

use super::{Done, Failure, Setting};
use crate::app::{self, Service};
use crate::store::policies::in_force::InForce;
use crate::{database, telemetry};

/// Serve the API, sweep the cases and send the mail, until told to stop (SIGTERM or Ctrl-C).
#[derive(Debug, Args)]
pub struct Serve {
    /// Do not apply the migrations first.
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    /// Serves.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let Setting { config, clock } = setting;
        let policy = app::configured_policy(&config).map_err(Failure::wrong)?;
        let transport = app::transport(&config).map_err(Failure::Wrong)?;
        let identity = app::identity(&config).map_err(Failure::wrong)?;
        let heartbeat = app::heartbeat(&config).map_err(Failure::Wrong)?;
        telemetry::start(&config.log).map_err(Failure::Wrong)?;
        let stop = app::stop_on_signals()?;
        let listener = app::bind(config.http.listen).await.map_err(Failure::Wrong)?;
        let pool = tokio::select! {
            pool = database::connect(&config.database, true) => pool?,
            () = stop.cancelled() => return Ok(Done::Whole),
        };
        if !self.no_migrate {
            database::migrate(&pool).await?;
        }
        let service = Service {
            policy: InForce::or(policy),
            allowed_domains: config.mail.allowed_domains.clone(),
            pool,
            transport,
            door: app::door(&config, identity.as_ref()),
            identity,
            heartbeat,
            clock,
            config,
        };
        service.serve(listener, stop).await.context("the service ended")?;
        Ok(Done::Whole)
    }
}
