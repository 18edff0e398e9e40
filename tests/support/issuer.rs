//! An issuer of tokens in this process that a good provider would never be: it signs whatever it is told to, publishes what it is
//! told to, and counts how often it is asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A key to sign with, and its name.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its name.
    pub id: String,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    /// An RSA key; all of one test program that are asked for by this number are one.
    pub fn rsa(number: usize) -> Self {
        static KEYS: LazyLock<[EncodingKey; 2]> = LazyLock::new(|| [rsa(), rsa()]);
        Self { id: format!("rsa-{number}"), algorithm: Algorithm::RS256, key: KEYS[number].clone() }
    }

    /// A new key on the curve P-256.
    pub fn elliptic() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        Self { id: "elliptic".to_owned(), algorithm: Algorithm::ES256, key: EncodingKey::from_ec_der(&key.serialize_der()) }
    }

    /// The same key by another name.
    pub fn named(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// As an issuer publishes it.
    pub fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("it has a public half");
        jwk.common.key_id = Some(self.id.clone());
        serde_json::to_value(jwk).expect("it can be written")
    }

    /// The head of a token that this key signs.
    pub fn header(&self) -> Header {
        Header { kid: Some(self.id.clone()), ..Header::new(self.algorithm) }
    }

    /// A token of these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    /// A token of these claims, under a head of one's own.
    pub fn sign_as(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).expect("a token can be signed")
    }
}

fn rsa() -> EncodingKey {
    /// What PKCS #8 puts before a key of 2048 bits.
    const WRAPPING: usize = 26;
    let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
    let wrapped: Pkcs8V1Der<'_> = key.as_der().expect("a key can be written");
    EncodingKey::from_rsa_der(&wrapped.as_ref()[WRAPPING..])
}

/// How an issuer answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With this JSON.
    Json(Value),
    /// With this text.
    Text(String),
    /// With a status.
    Status(u16),
    /// By sending the client elsewhere.
    Redirect(String),
    /// Never.
    Never,
}

#[derive(Debug)]
struct Answers {
    discovery: Mutex<Answer>,
    keys: Mutex<Answer>,
    token: Mutex<Answer>,
    asked_for_keys: AtomicUsize,
}

/// A running issuer; it goes away with the runtime of its test.
#[derive(Debug)]
pub struct Issuer {
    /// What it calls itself.
    pub url: String,
    answers: Arc<Answers>,
}

impl Issuer {
    /// One that publishes these keys.
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        Self::serve(listener, format!("http://127.0.0.1:{port}"), keys)
    }

    /// The same over TLS.
    pub async fn start_with_tls(keys: &[&SigningKey], tls: TlsAcceptor) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        Self::serve(TlsListener { listener, tls }, format!("https://127.0.0.1:{port}"), keys)
    }

    fn serve(listener: impl Listener<Addr = SocketAddr>, url: String, keys: &[&SigningKey]) -> Self {
        // What would be right in either place, if it were there.
        let mut elsewhere = discovery(&url, &format!("{url}/keys"));
        elsewhere["keys"] = keys.iter().map(|key| key.public()).collect();
        let answers = Arc::new(Answers {
            discovery: Mutex::new(Answer::Json(discovery(&url, &format!("{url}/keys")))),
            keys: Mutex::new(published(keys)),
            token: Mutex::new(Answer::Status(400)),
            asked_for_keys: AtomicUsize::new(0),
        });
        let routes = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async |State(answers): State<Arc<Answers>>| answer(&answers.discovery).await),
            )
            .route("/keys", get(keys_of))
            .route("/token", post(async |State(answers): State<Arc<Answers>>| answer(&answers.token).await))
            .route("/elsewhere", get(async move || Json(elsewhere)))
            .with_state(answers.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url, answers }
    }

    /// Publishes other keys from now on.
    pub fn publish(&self, keys: &[&SigningKey]) {
        self.answer_keys(published(keys));
    }

    /// Answers otherwise when it is asked for its keys.
    pub fn answer_keys(&self, answer: Answer) {
        *self.answers.keys.lock().expect("nothing panics while it holds it") = answer;
    }

    /// Gives this ID token for every code.
    pub fn answer_codes(&self, id_token: &str) {
        let answer = Answer::Json(json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token}));
        *self.answers.token.lock().expect("nothing panics while it holds it") = answer;
    }

    /// Answers otherwise when it is asked what it is.
    pub fn answer_discovery(&self, answer: Answer) {
        *self.answers.discovery.lock().expect("nothing panics while it holds it") = answer;
    }

    /// How often it was asked for its keys.
    pub fn asked_for_keys(&self) -> usize {
        self.answers.asked_for_keys.load(Ordering::SeqCst)
    }
}

/// What an issuer says that it is.
pub fn discovery(issuer: &str, keys: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": keys, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token")})
}

fn published(keys: &[&SigningKey]) -> Answer {
    Answer::Json(json!({"keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>()}))
}

async fn keys_of(State(answers): State<Arc<Answers>>) -> Response {
    answers.asked_for_keys.fetch_add(1, Ordering::SeqCst);
    answer(&answers.keys).await
}

async fn answer(answer: &Mutex<Answer>) -> Response {
    let answer = answer.lock().expect("nothing panics while it holds it").clone();
    match answer {
        Answer::Json(body) => ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response(),
        Answer::Text(body) => body.into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).expect("it is a status").into_response(),
        Answer::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Answer::Never => std::future::pending().await,
    }
}

struct TlsListener {
    listener: TcpListener,
    tls: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.expect("a connection can be taken");
            // A client that does not trust the certificate goes away.
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
