//! A monitor outside: counts who calls, and answers as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a caller hears.
#[derive(Clone, Copy, Debug, Default)]
pub enum Answer {
    /// That all is well.
    #[default]
    Well,
    /// The line of a status and what follows it.
    Status(&'static str),
    /// Nothing: the connection is closed.
    HangUp,
    /// Nothing, and the connection stays open for as long as the caller lets it.
    Silence,
}

/// A running monitor; goes away with its value.
pub struct Monitor {
    port: u16,
    heard: Arc<Heard>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    calls: AtomicUsize,
    elsewhere: AtomicUsize,
    answer: Mutex<Answer>,
}

impl Monitor {
    /// What makes its address a secret.
    pub const SECRET: &str = "5ac1f7d0";

    /// Starts one. To be called within a tokio runtime.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a socket can be told not to block");
        let port = listener.local_addr().expect("it is bound").port();
        let listener = TcpListener::from_std(listener).expect("this is within a runtime");
        let heard = Arc::<Heard>::default();
        let listening = tokio::spawn(listen(listener, heard.clone()));
        Self { port, heard, listening }
    }

    /// Where it is called.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/ping/{}", self.port, Self::SECRET)
    }

    /// How often it was called there.
    pub fn calls(&self) -> usize {
        self.heard.calls.load(Ordering::SeqCst)
    }

    /// How often it was called anywhere else.
    pub fn calls_elsewhere(&self) -> usize {
        self.heard.elsewhere.load(Ordering::SeqCst)
    }

    /// Answers like this from now on.
    pub fn answer_with(&self, answer: Answer) {
        *self.heard.answer.lock().expect("nobody panics with it") = answer;
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, heard: Arc<Heard>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, heard.clone()));
    }
}

async fn answer(mut stream: TcpStream, heard: Arc<Heard>) {
    let mut request = vec![0; 4_096];
    let Ok(length) = stream.read(&mut request).await else { return };
    let is_right = String::from_utf8_lossy(&request[..length]).starts_with(&format!("GET /ping/{} ", Monitor::SECRET));
    let counter = if is_right { &heard.calls } else { &heard.elsewhere };
    counter.fetch_add(1, Ordering::SeqCst);
    let answer = *heard.answer.lock().expect("nobody panics with it");
    let status = match answer {
        Answer::Well => "200 OK",
        Answer::Status(status) => status,
        Answer::HangUp => return,
        // Whoever gives up closes the connection, and that ends the reading.
        Answer::Silence => return drop(stream.read(&mut request).await),
    };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    // Whoever does not wait for it is none of its business.
    let _ = stream.write_all(answer.as_bytes()).await;
}
