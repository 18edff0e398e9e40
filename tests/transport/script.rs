//! A server that says what it was told to, line by line, whatever it hears: for words that no proper server would say.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What is being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Connection,
    Ehlo,
    SignIn,
    Mail,
    Recipient,
    Data,
    Message,
}

/// Never answers.
pub const SILENCE: &str = "silence";
/// Closes the connection instead of answering.
pub const HANG_UP: &str = "hang up";

/// What is said in each step, in order.
#[derive(Clone, Debug)]
pub struct Script(Vec<(Step, &'static str)>);

impl Script {
    /// Everything is fine.
    pub fn kind() -> Self {
        Self(vec![
            (Step::Connection, "220 localhost"),
            (Step::Ehlo, "250-localhost\r\n250 8BITMIME"),
            (Step::Mail, "250 yes"),
            (Step::Recipient, "250 yes"),
            (Step::Data, "354 go on"),
            (Step::Message, "250 taken"),
        ])
    }

    /// Something else in one step.
    pub fn but(mut self, step: Step, said: &'static str) -> Self {
        self.0.iter_mut().filter(|line| line.0 == step).for_each(|line| line.1 = said);
        self
    }

    /// With a sign-in by LOGIN, and what is said in its course.
    pub fn asking_who(mut self, said: &[&'static str]) -> Self {
        self = self.but(Step::Ehlo, "250-localhost\r\n250 AUTH LOGIN");
        self.0.splice(2..2, said.iter().map(|said| (Step::SignIn, *said)));
        self
    }

    /// From the first greeting after TLS has begun.
    fn after_starttls(mut self) -> Self {
        self.0.remove(0);
        self
    }
}

/// Plays a script to one client, without TLS. Gives the port, and what was heard once the client has gone.
pub async fn play(script: Script) -> (u16, JoinHandle<Vec<String>>) {
    let (listener, port) = listen().await;
    (port, tokio::spawn(async move { perform(client(&listener).await, script).await }))
}

/// Plays a script to one client over TLS from the first byte.
pub async fn play_over_tls(script: Script, certificate: &Certificate) -> u16 {
    let (listener, port) = listen().await;
    let acceptor = certificate.acceptor.clone();
    tokio::spawn(async move {
        if let Ok(stream) = acceptor.accept(client(&listener).await).await {
            perform(stream, script).await;
        }
    });
    port
}

/// Offers STARTTLS and answers it with more than one line at once, then plays the script over TLS.
pub async fn play_with_words_slipped_in(slipped_in: &'static str, script: Script, certificate: &Certificate) -> u16 {
    let (listener, port) = listen().await;
    let acceptor = certificate.acceptor.clone();
    tokio::spawn(async move {
        let mut stream = BufReader::new(client(&listener).await);
        for said in ["220 localhost", "250-localhost\r\n250 STARTTLS"] {
            stream.write_all(format!("{said}\r\n").as_bytes()).await.expect("a client");
            stream.read_line(&mut String::new()).await.expect("a line");
        }
        stream.write_all(format!("{slipped_in}\r\n").as_bytes()).await.expect("a client");
        if let Ok(stream) = acceptor.accept(stream.into_inner()).await {
            perform(stream, script.after_starttls()).await;
        }
    });
    port
}

/// A certificate that vouches for itself.
pub struct Certificate {
    pub pem: String,
    acceptor: TlsAcceptor,
}

impl Certificate {
    /// For one host.
    pub fn of(host: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("the key fits");
        Self { pem: made.cert.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

async fn client(listener: &TcpListener) -> TcpStream {
    listener.accept().await.expect("a client").0
}

/// Says each line of the script and hears what the client answers; the last one is followed by whatever it says on leaving.
async fn perform(stream: impl AsyncRead + AsyncWrite + Unpin, script: Script) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let mut heard = Vec::new();
    for (step, said) in script.0 {
        match said {
            SILENCE => std::future::pending().await,
            HANG_UP => return heard,
            _ => stream.write_all(format!("{said}\r\n").as_bytes()).await.expect("a client"),
        }
        stream.flush().await.expect("a client");
        let takes_message = step == Step::Data && said.starts_with("354");
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return heard;
            }
            heard.push(line.trim_end().to_owned());
            match line.as_str() {
                "QUIT\r\n" => return heard,
                ".\r\n" => break,
                _ if !takes_message => break,
                _ => {}
            }
        }
    }
    heard
}
