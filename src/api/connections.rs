//! Connections: how many there may be, how long one may keep the service waiting, and how they end.
//!
//! Whoever is slow (half a head of a request, an answer that is not fetched, a connection that is only held open) harms nobody else:
//! each wait has an end, and where all connections are taken, the one that has kept the service waiting longest makes room.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tracing::{info, warn};

use super::gate::Peer;

/// What bounds connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// How many there may be.
    pub at_once: usize,
    /// How long the first head may take to come in.
    pub head: Duration,
    /// How long an answer may take to be fetched, and the head of the next request to come in.
    pub idle: Duration,
    /// How long what is under way may take to end, after the service is told to stop.
    pub drain: Duration,
}

/// How long a half-sent head is waited for, after the service is told to stop.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// How often it is looked whether a wait is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Serves on a socket until told to stop, then lets what is under way end.
pub async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, stop: CancellationToken) {
    let (open, attended, cut_off) = (Arc::new(Open::default()), TaskTracker::new(), CancellationToken::new());
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = stop.cancelled() => break,
        };
        if !open.has_room(limits.at_once) {
            // Every one of them is being served, which ends by itself.
            warn!("a connection is refused: as many as may be are being served");
            continue;
        }
        let connection = Arc::new(Connection::new());
        let number = open.add(connection.clone());
        let attending = attend((stream, peer), router.clone(), connection, limits, stop.clone());
        let (open, cut_off) = (open.clone(), cut_off.clone());
        attended.spawn(async move {
            tokio::select! {
                () = attending => {}
                () = cut_off.cancelled() => {}
            }
            open.remove(number);
        });
    }
    drop(listener);
    attended.close();
    if tokio::time::timeout(limits.drain, attended.wait()).await.is_err() {
        info!("connections were still open when the time to stop ran out");
        cut_off.cancel();
    }
}

/// The next connection. Where the system has none left to give, that passes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(wrong) => {
                warn!(io.kind = %wrong.kind(), "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn attend(
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    connection: Arc<Connection>,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    // An answer leaves at once, however short; without that it would only be later.
    let _ = stream.set_nodelay(true);
    let served = connection.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, served) = (router.clone(), served.clone());
        async move {
            served.waits_for(Awaited::Nothing);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer.ip()));
            request.extensions_mut().insert(served.clone());
            let answer = router.oneshot(request).await;
            served.waits_for(Awaited::Next);
            answer
        }
    });
    let mut http = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = http.as_mut() => return,
        () = connection.waited_in_vain(limits.head, limits.idle) => return,
        () = stop.cancelled() => {}
    }
    http.as_mut().graceful_shutdown();
    tokio::select! {
        _ = http => {}
        () = connection.waited_in_vain(LAST_WAIT, limits.idle) => {}
    }
}

/// What the service waits for the other end to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// It is the other end that waits.
    Nothing,
    /// To send the head of the first request.
    First,
    /// To fetch the answer, and to send the head of the next request.
    Next,
    /// To send the body of a request; the request itself has a limit for it.
    Body,
}

/// A connection, as the service sees it.
#[derive(Debug)]
pub struct Connection {
    awaited: Mutex<(Awaited, Instant)>,
    let_go: CancellationToken,
}

impl Connection {
    fn new() -> Self {
        Self { awaited: Mutex::new((Awaited::First, Instant::now())), let_go: CancellationToken::new() }
    }

    /// Notes what the service waits for from now on.
    pub fn waits_for(&self, awaited: Awaited) {
        *self.awaited.lock().expect("nobody panics while noting") = (awaited, Instant::now());
    }

    fn awaited(&self) -> (Awaited, Instant) {
        *self.awaited.lock().expect("nobody panics while noting")
    }

    /// Ends when the other end has kept the service waiting for too long, or is to make room.
    async fn waited_in_vain(&self, head: Duration, idle: Duration) {
        loop {
            let (awaited, since) = self.awaited();
            let left = match awaited {
                Awaited::Nothing | Awaited::Body => LOOK_EVERY,
                Awaited::First => head.saturating_sub(since.elapsed()),
                Awaited::Next => idle.saturating_sub(since.elapsed()),
            };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = sleep(left.min(LOOK_EVERY)) => {}
                () = self.let_go.cancelled() => return,
            }
        }
    }
}

/// The connections that are open.
#[derive(Debug, Default)]
struct Open(Mutex<(u64, HashMap<u64, Arc<Connection>>)>);

impl Open {
    fn add(&self, connection: Arc<Connection>) -> u64 {
        let mut open = self.0.lock().expect("nobody panics while noting");
        open.0 += 1;
        let number = open.0;
        open.1.insert(number, connection);
        number
    }

    fn remove(&self, number: u64) {
        self.0.lock().expect("nobody panics while noting").1.remove(&number);
    }

    /// Tells whether one more may be opened; where not, lets the one go that has kept the service waiting longest, if one has.
    fn has_room(&self, at_once: usize) -> bool {
        let mut open = self.0.lock().expect("nobody panics while noting");
        if open.1.len() < at_once {
            return true;
        }
        let waiting = open.1.iter().map(|(number, connection)| (connection.awaited(), *number));
        let longest = waiting.filter(|((awaited, _), _)| *awaited != Awaited::Nothing).min_by_key(|((_, since), _)| *since);
        let Some((_, number)) = longest else { return false };
        if let Some(connection) = open.1.remove(&number) {
            connection.let_go.cancel();
        }
        true
    }
}
