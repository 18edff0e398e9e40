//! A worker does a job once it is told to, one run at a time, until it is told to stop. A run that fails or panics is logged, and
//! the next one is the retry.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info_span};

use crate::store::without_values;

/// Why a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The service has just started.
    Start,
    /// Somebody rang.
    Rung,
}

/// Does `run` at the start and then each time the bell rings; a run that is under way is finished before it stops.
pub async fn work<Run>(name: &'static str, bell: Arc<Notify>, stop: CancellationToken, run: impl Fn(Cause) -> Run)
where
    Run: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut cause = Cause::Start;
    while !stop.is_cancelled() {
        let span = info_span!("job", job.name = name);
        match tokio::spawn(run(cause).instrument(span)).await {
            Ok(Ok(())) => {}
            Ok(Err(wrong)) => {
                error!(job.name = name, reason = without_values(&wrong), "the job failed; the next run tries again");
            }
            Err(_) => error!(job.name = name, "the job panicked; the next run tries again"),
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = bell.notified() => cause = Cause::Rung,
        }
    }
}
