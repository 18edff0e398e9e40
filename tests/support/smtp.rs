//! A mail server of the test's own, in this process, that behaves as it is told.
//!
//! Speaks SMTP with STARTTLS on a free port of 127.0.0.1, and keeps what it receives. Goes away with its value.

mod session;

use std::future;
use std::io;
use std::net::{Ipv4Addr, TcpListener as BlockingListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::certificates::Certificates;
use session::{Next, Session};

/// What a server does to its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes every message.
    Accept,
    /// Answers MAIL with a code.
    RefuseMailFrom(u16),
    /// Answers every RCPT with a code.
    RefuseRecipient(u16),
    /// Answers the RCPT of one address with a code, and takes the others.
    RefuseAddress {
        /// The address, exactly.
        address: String,
        /// The code.
        code: u16,
    },
    /// Answers a whole message with a code, and does not keep it; the session goes on.
    RefuseData(u16),
    /// Takes connections and never says a word.
    Hang,
    /// Keeps a message and never answers.
    HangAfterData,
    /// Takes every message and never answers QUIT.
    HangAtQuit,
    /// Closes the connection after the first line of a message.
    DropMidData,
    /// Keeps a message and closes the connection instead of answering.
    DropAfterData,
    /// Does not offer STARTTLS.
    NoStartTls,
    /// Shows a certificate of an authority that is not [`SmtpServer::ca_pem`].
    WrongCertificate,
    /// Takes messages over TLS from one user only, by AUTH PLAIN or LOGIN.
    RequireAuth {
        /// The name of the user.
        user: String,
        /// Their password.
        password: String,
    },
}

/// A message that the server kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender on the envelope; empty for a bounce.
    pub from: String,
    /// The recipients on the envelope.
    pub to: Vec<String>,
    /// The message as it was before its dots were stuffed, up to the line of the final dot.
    pub message: Vec<u8>,
    /// Whether it came over TLS.
    pub tls: bool,
}

/// A running server.
#[derive(Debug)]
pub struct SmtpServer {
    port: u16,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    behaviour: Mutex<Behaviour>,
    received: watch::Sender<Vec<Received>>,
    certificates: Certificates,
}

impl SmtpServer {
    /// Starts a server. To be called within a tokio runtime.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = BlockingListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        listener.set_nonblocking(true).expect("a socket can be told not to block");
        let listener = TcpListener::from_std(listener).expect("this is within a runtime");
        let port = listener.local_addr().expect("it is bound").port();

        let (received, _) = watch::channel(Vec::new());
        let state = Arc::new(State { behaviour: Mutex::new(behaviour), received, certificates: Certificates::new() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { port, state, accepting }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that vouches for `localhost` and 127.0.0.1, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.state.certificates.ca_pem()
    }

    /// Changes what happens to the connections from now on; one that is open keeps to what it began with.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        *self.state.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// The messages that were kept, in order.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.borrow().clone()
    }

    /// Waits until at least so many messages were kept, and gives all of them. Panics when it takes too long.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Vec<Received> {
        let mut received = self.state.received.subscribe();
        let Ok(all) = timeout(patience, received.wait_for(|received| received.len() >= count)).await else {
            panic!("{} of {count} messages came within {patience:?}", self.received().len());
        };
        all.expect("the sender is here").clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        // Takes its connections with it.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&state)));
    }
}

/// Serves one connection to its end. A client that breaks it off is part of the test.
async fn serve(stream: TcpStream, state: Arc<State>) -> io::Result<()> {
    let behaviour = state.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if behaviour == Behaviour::Hang {
        future::pending::<()>().await;
    }
    stream.set_nodelay(true)?;
    let mut plain = Session::new(stream, &behaviour, &state.received, false);
    plain.welcome().await?;
    if plain.run().await? == Next::StartTls {
        let certificates = &state.certificates;
        let acceptor = if behaviour == Behaviour::WrongCertificate { certificates.wrong() } else { certificates.right() };
        let stream = acceptor.accept(plain.into_stream()).await?;
        Session::new(stream, &behaviour, &state.received, true).run().await?;
    }
    Ok(())
}
