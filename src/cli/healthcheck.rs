//! `plo-drift healthcheck`: is the service on this machine ready?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::{Done, Failure, Setting};

/// Ask the service on this machine whether it is ready; exit 0 if it is. For the container's health check.
#[derive(Debug, Args)]
pub struct Healthcheck {}

impl Healthcheck {
    /// Asks.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let mut address = setting.config.http.listen;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        // No certificate is looked at: a machine may have no authorities to trust.
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().tls_certs_only([]);
        let client = client.build().context("no HTTP client")?;
        let answer = client.get(format!("http://{address}/health/ready")).send().await;
        let answer = answer.with_context(|| format!("nothing answers on {address}")).map_err(Failure::Unreachable)?;
        if answer.status().is_success() {
            return Ok(Done::Whole);
        }
        let reasons = answer.text().await.unwrap_or_default();
        Err(Failure::Failed(anyhow::anyhow!("the service is not ready: {reasons}")))
    }
}
