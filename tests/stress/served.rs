//! The program as it serves, and clients of every kind: patient, slow, and gone.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::program::Place;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A service that runs.
pub struct Served {
    pub address: SocketAddr,
    child: Child,
}

impl Served {
    /// Starts the program there with these settings, and waits until it answers.
    pub async fn start(place: &Place, settings: &[(&str, &str)]) -> Self {
        Self::by(place.command(&["serve"]), settings).await
    }

    /// Starts it by a command.
    pub async fn by(mut command: Command, settings: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        for (key, value) in settings {
            command.env(format!("PLO_DRIFT__{}", key.to_uppercase()), value);
        }
        command.env("PLO_DRIFT__HTTP__LISTEN", address.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let served = Self { address, child: command.spawn().expect("the program starts") };
        let live = async || served.get("/health/live").send().await.is_ok_and(|answer| answer.status() == StatusCode::OK);
        until("the service lives", live).await;
        served
    }

    /// A request on a connection of its own.
    pub fn get(&self, path: &str) -> RequestBuilder {
        reqwest::Client::new().get(format!("http://{}{path}", self.address)).timeout(PATIENCE)
    }

    /// A connection over which so much has been sent.
    pub async fn sent(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        stream.write_all(text.as_bytes()).await.expect("it is sent");
        stream
    }

    /// Asks it to stop.
    pub fn tell_to_stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    }

    /// Waits for its end, and how it ended.
    pub async fn ended(mut self) -> Option<i32> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return status.code();
            }
            assert!(Instant::now() < give_up, "the service does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended, as a rule.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < give_up, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The first head that comes over a connection.
pub async fn answered(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(timeout(PATIENCE, stream.read_u8()).await.expect("an answer comes").expect("a byte comes"));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Everything that comes over a connection until the other end closes it.
pub async fn all_of(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut off is closed, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the other end closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The token that the program makes.
pub fn token(place: &Place, role: &str) -> String {
    place.done(&["token", "create", "--name", "a test", "--role", role, "--restricted"]).trim().to_owned()
}
