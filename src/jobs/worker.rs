//! A worker does a job once it is told to, one run at a time, until it is told to stop. A run that fails or panics is logged, and
//! the next one is the retry.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error, info_span};
use uuid::Uuid;

use crate::store::without_values;

/// Why a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The service has just started.
    Start,
    /// Somebody rang.
    Rung,
}

/// What every line in the log about one run of a job carries: whose run it is, and which.
pub fn span_of(name: &'static str) -> Span {
    info_span!("job", job.name = name, job.run = %Uuid::now_v7())
}

/// Does `run` at the start and then each time the bell rings; a run that is under way is finished before it stops.
pub async fn work<Run>(name: &'static str, bell: Arc<Notify>, stop: CancellationToken, run: impl Fn(Cause) -> Run)
where
    Run: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut cause = Cause::Start;
    while !stop.is_cancelled() {
        let span = span_of(name);
        match tokio::spawn(run(cause).instrument(span.clone())).await {
            Ok(Ok(())) => {}
            Ok(Err(wrong)) => span.in_scope(|| {
                error!(reason = without_values(&wrong), "the job failed; the next run tries again");
            }),
            Err(_) => span.in_scope(|| error!("the job panicked; the next run tries again")),
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = bell.notified() => cause = Cause::Rung,
        }
    }
}
