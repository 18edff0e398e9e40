//! The mail server of the tests does what it is told, and the client library reports what the service counts on.

#[expect(dead_code, reason = "a test takes what it needs of the support")]
mod support;

use std::pin::pin;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use support::smtp::{Behaviour, SmtpServer};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);
const MESSAGE: &[u8] = b".begins with a dot\r\n..two\r\n.\r\n\r\nbare\n.\nends";

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// How `send` ended.
#[derive(Debug, PartialEq)]
enum Outcome {
    Sent,
    /// Try again, by its code.
    Transient(u16),
    /// Do not try again, by its code.
    Permanent(u16),
    /// This client refuses.
    Client,
    /// What came was no answer.
    Response,
    /// The connection failed, and no flag says so.
    Unflagged,
    /// Nothing came in time.
    Silence,
}

#[rstest::rstest]
#[case::accept(Behaviour::Accept, Outcome::Sent, 1)]
#[case::sender_for_now(Behaviour::RefuseMailFrom(451), Outcome::Transient(451), 0)]
#[case::sender_for_good(Behaviour::RefuseMailFrom(550), Outcome::Permanent(550), 0)]
#[case::recipient_for_now(Behaviour::RefuseRecipient(450), Outcome::Transient(450), 0)]
#[case::recipient_for_good(Behaviour::RefuseRecipient(550), Outcome::Permanent(550), 0)]
#[case::closing_down(Behaviour::RefuseRecipient(421), Outcome::Transient(421), 0)]
#[case::their_address(Behaviour::RefuseAddress { address: "two@example.org".into(), code: 550 }, Outcome::Permanent(550), 0)]
#[case::other_address(Behaviour::RefuseAddress { address: "six@example.org".into(), code: 550 }, Outcome::Sent, 1)]
#[case::message_for_now(Behaviour::RefuseData(452), Outcome::Transient(452), 0)]
#[case::message_for_good(Behaviour::RefuseData(554), Outcome::Permanent(554), 0)]
#[case::hang(Behaviour::Hang, Outcome::Silence, 0)]
#[case::hang_after_data(Behaviour::HangAfterData, Outcome::Silence, 1)]
#[case::drop_mid_data(Behaviour::DropMidData, Outcome::Unflagged, 0)]
#[case::drop_after_data(Behaviour::DropAfterData, Outcome::Unflagged, 1)]
#[case::no_starttls(Behaviour::NoStartTls, Outcome::Client, 0)]
#[case::wrong_certificate(Behaviour::WrongCertificate, Outcome::Unflagged, 0)]
#[case::nobody_let_in(auth(), Outcome::Permanent(530), 0)]
#[tokio::test]
async fn a_client_is_told(#[case] behaviour: Behaviour, #[case] expected: Outcome, #[case] kept: usize) {
    let server = SmtpServer::start(behaviour);
    let client = client(&server, None);
    let outcome = if expected == Outcome::Silence { send_in_vain(&client, &server, kept).await } else { send(&client).await };
    assert_eq!(outcome, expected);
    assert_eq!(server.received().len(), kept);
}

#[tokio::test]
async fn a_message_arrives_byte_by_byte_over_tls() {
    let server = SmtpServer::start(Behaviour::Accept);
    assert_eq!(send(&client(&server, None)).await, Outcome::Sent);
    let [received] = server.received().try_into().expect("it is one");
    assert_eq!((received.from.as_str(), received.tls), ("from@example.org", true));
    assert_eq!(received.to, ["one@example.org", "two@example.org"]);
    // The client ends the last line of a message, whether it has an end or not.
    assert_eq!(String::from_utf8_lossy(&received.message), String::from_utf8_lossy(&[MESSAGE, b"\r\n"].concat()));
}

/// A trap: the server has the message, and said so, before the client waits for its good-bye.
#[tokio::test]
async fn a_client_that_waits_for_the_end_of_the_session_does_not_learn_that_its_message_was_taken() {
    let server = SmtpServer::start(Behaviour::HangAtQuit);
    assert_eq!(send_in_vain(&client(&server, None), &server, 1).await, Outcome::Silence);
}

#[rstest::rstest]
#[case::plain(Mechanism::Plain, "right", Outcome::Sent)]
#[case::plain_wrong(Mechanism::Plain, "wrong", Outcome::Permanent(535))]
#[case::login(Mechanism::Login, "right", Outcome::Sent)]
#[case::login_wrong(Mechanism::Login, "wrong", Outcome::Permanent(535))]
#[tokio::test]
async fn a_user_is_let_in_by_password(#[case] mechanism: Mechanism, #[case] password: &str, #[case] expected: Outcome) {
    let server = SmtpServer::start(auth());
    let user = Some((mechanism, Credentials::new("user".into(), password.into())));
    assert_eq!(send(&client(&server, user)).await, expected);
}

#[tokio::test]
async fn a_change_of_behaviour_holds_for_the_next_connection() {
    let server = SmtpServer::start(Behaviour::RefuseData(451));
    let client = client(&server, None);
    assert_eq!(send(&client).await, Outcome::Transient(451));
    server.set_behaviour(Behaviour::Accept);
    assert_eq!(send(&client).await, Outcome::Sent);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn waiting_ends_with_the_message_waited_for() {
    let server = SmtpServer::start(Behaviour::Accept);
    let client = client(&server, None);
    let sending = async {
        send(&client).await;
        send(&client).await;
    };
    let (received, ()) = tokio::join!(server.wait_for(2, PATIENCE), sending);
    assert_eq!(received.len(), 2);
}

#[tokio::test]
#[should_panic(expected = "0 of 1 messages came")]
async fn waiting_in_vain_says_what_came() {
    SmtpServer::start(Behaviour::Accept).wait_for(1, SHORT).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_takes_its_connections_along() {
    let server = SmtpServer::start(Behaviour::Hang);
    let mut session = Dialogue::open(&server).await;
    drop(server);
    assert_eq!(session.line().await, "");
}

#[tokio::test]
async fn a_session_goes_on_after_its_message_was_refused() {
    let server = SmtpServer::start(Behaviour::RefuseData(451));
    let mut session = Dialogue::open(&server).await;
    session.expect(&["220 localhost ESMTP"]).await;
    session.say("HELO me").await.expect(&["250 localhost"]).await;
    for _ in 0..2 {
        session.say("MAIL FROM:<>").await.expect(&["250 OK"]).await;
        session.say("RCPT TO:<one@example.org>").await.expect(&["250 OK"]).await;
        session.say("DATA").await.expect(&["354 Go ahead, end with a dot"]).await;
        session.say("a line\r\n.").await.expect(&["451 Not this message"]).await;
        session.say("DATA").await.expect(&["503 Bad sequence of commands"]).await;
    }
    session.say("QUIT").await.expect(&["221 Bye", ""]).await;
}

#[tokio::test]
async fn commands_may_come_many_at_a_time() {
    let server = SmtpServer::start(Behaviour::Accept);
    let mut session = Dialogue::open(&server).await;
    session.expect(&["220 localhost ESMTP"]).await;
    session.say("ehlo me").await;
    session.expect(&["250-localhost", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250 STARTTLS"]).await;
    session.say("mail from:<a@example.org> BODY=8BITMIME\r\nRSET\r\nNOOP\r\nRCPT TO:<b@example.org>").await;
    session.expect(&["250 OK", "250 OK", "250 OK", "503 Bad sequence of commands"]).await;
    session.say("MAIL FROM: <a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<>\r\nDATA").await;
    session.expect(&["250 OK", "250 OK", "501 Syntax error in the argument", "354 Go ahead, end with a dot"]).await;
    session.say("..\r\n...\r\n.x\r\n.\r\nNOPE\r\nMAIL to:<a@example.org>\r\nQUIT").await;
    session.expect(&["250 OK", "502 Command not implemented", "501 Syntax error in the argument", "221 Bye", ""]).await;

    let [received] = server.received().try_into().expect("it is one");
    assert_eq!(received.message, b".\r\n..\r\nx\r\n");
    assert_eq!((received.from.as_str(), received.to), ("a@example.org", vec!["b@example.org".to_owned()]));
    assert!(!received.tls);
}

#[tokio::test]
async fn what_is_sent_ahead_of_tls_is_refused() {
    let server = SmtpServer::start(auth());
    let mut session = Dialogue::open(&server).await;
    session.expect(&["220 localhost ESMTP"]).await;
    session.say("HELO me").await.expect(&["250 localhost"]).await;
    session.say("AUTH PLAIN AHVzZXIAcmlnaHQ=").await.expect(&["538 Only over TLS"]).await;
    session.say("STARTTLS\r\nNOOP").await.expect(&["503 Bad sequence of commands", "250 OK"]).await;
}

fn auth() -> Behaviour {
    Behaviour::RequireAuth { user: "user".into(), password: "right".into() }
}

fn client(server: &SmtpServer, user: Option<(Mechanism, Credentials)>) -> Transport {
    let authority = Certificate::from_pem(server.ca_pem().as_bytes()).expect("it is a certificate");
    let tls = TlsParameters::builder("localhost".into())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(authority)
        .build()
        .expect("there is a provider");
    let builder = Transport::starttls_relay("localhost").expect("it is a name").port(server.port()).tls(Tls::Required(tls));
    match user {
        Some((mechanism, credentials)) => builder.authentication(vec![mechanism]).credentials(credentials).build(),
        None => builder.build(),
    }
}

/// Gives the client a short time from when the server has kept so many messages.
async fn send_in_vain(client: &Transport, server: &SmtpServer, kept: usize) -> Outcome {
    let mut sending = pin!(send(client));
    tokio::select! {
        outcome = &mut sending => outcome,
        _ = server.wait_for(kept, PATIENCE) => timeout(SHORT, sending).await.unwrap_or(Outcome::Silence),
    }
}

async fn send(client: &Transport) -> Outcome {
    let address = |text: &str| text.parse().expect("it is an address");
    let to = vec![address("one@example.org"), address("two@example.org")];
    let envelope = Envelope::new(Some(address("from@example.org")), to).expect("there are recipients");
    match timeout(PATIENCE, client.send_raw(&envelope, MESSAGE)).await {
        Err(_) => Outcome::Silence,
        Ok(Ok(_)) => Outcome::Sent,
        Ok(Err(error)) => outcome(&error),
    }
}

fn outcome(error: &Error) -> Outcome {
    let code = error.status().map(u16::from);
    match code {
        Some(code) if error.is_transient() => Outcome::Transient(code),
        Some(code) if error.is_permanent() => Outcome::Permanent(code),
        _ if error.is_client() => Outcome::Client,
        _ if error.is_response() => Outcome::Response,
        _ => Outcome::Unflagged,
    }
}

/// A client that says anything.
struct Dialogue(BufReader<TcpStream>);

impl Dialogue {
    async fn open(server: &SmtpServer) -> Self {
        Self(BufReader::new(TcpStream::connect(("127.0.0.1", server.port())).await.expect("it accepts connections")))
    }

    async fn say(&mut self, lines: &str) -> &mut Self {
        self.0.write_all(format!("{lines}\r\n").as_bytes()).await.expect("it listens");
        self
    }

    async fn expect(&mut self, lines: &[&str]) {
        for expected in lines {
            assert_eq!(self.line().await, *expected);
        }
    }

    /// The next line; empty at the end.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("it answers in time");
        // Whether an end comes as a reset depends on what was still on its way.
        read.unwrap_or_default();
        line.trim_end().to_owned()
    }
}
