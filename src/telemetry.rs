//! Logs: to standard error, JSON or text. They hold references and ids, never names, addresses or bodies.

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Sends logs where the configuration says, from now on.
///
/// # Errors
///
/// The filter cannot be read.
pub fn start(log: &LogConfig) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&log.filter).context("log.filter cannot be read: it is written like info or plo_drift=debug")?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Logs that are set up already stay as they are: a test may run several services in one process.
    let _ = match log.format {
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
        LogFormat::Text => logs.try_init(),
    };
    Ok(())
}
