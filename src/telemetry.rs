//! Logs: to standard error, JSON or text, panics too. They hold references and ids, never names, addresses or bodies.

use std::panic::{self, PanicHookInfo};

use anyhow::Context;
use tracing::error;
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// What is written, as configured.
///
/// # Errors
///
/// The filter cannot be read.
pub fn filter(log: &LogConfig) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(&log.filter).context("log.filter cannot be read: it is written like info or plo_drift=debug")
}

/// Sends logs where the configuration says, from now on.
///
/// # Errors
///
/// The filter cannot be read.
pub fn start(log: &LogConfig) -> anyhow::Result<()> {
    let logs = tracing_subscriber::fmt().with_env_filter(filter(log)?).with_writer(std::io::stderr);
    // Logs that are set up already stay as they are: a test may run several services in one process.
    let is_first = match log.format {
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
        LogFormat::Text => logs.try_init(),
    };
    if is_first.is_ok() {
        panic::set_hook(Box::new(log_a_panic));
    }
    Ok(())
}

/// Says where, within whichever request or run it was. What else there is to say may hold a value.
fn log_a_panic(panicked: &PanicHookInfo) {
    let place = panicked.location().map(ToString::to_string);
    error!(panic.location = place, "the program made a mistake: report where it was");
}
