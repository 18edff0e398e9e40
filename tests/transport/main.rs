//! One message and a mail server: whatever the server does, the outcome says what may and must be done next.

mod script;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use plo_drift::mailer::smtp::{SmtpSettings, SmtpTransport, Tls};
use plo_drift::mailer::transport::{Envelope, Outcome, ProbeError, Transport};
use script::{Certificate, HANG_UP, SILENCE, Script, Step};
use support::smtp::{Behaviour, SmtpServer};
use uuid::Uuid;

const MESSAGE: &[u8] = b"Subject: two alerts\r\n\r\n.\r\n..two\r\n.three\r\nfour.\r\n";

/// Long enough for a busy machine, short enough to wait for.
const SHORT: Duration = Duration::from_millis(800);

fn envelope(bytes: &[u8]) -> Envelope<'_> {
    Envelope { id: Uuid::from_u128(7), from: "alerts@example.org", to: "chair@example.org", bytes }
}

fn settings(port: u16, tls: Tls) -> SmtpSettings {
    let (host, timeout) = ("localhost".to_owned(), SmtpSettings::DEFAULT_TIMEOUT);
    SmtpSettings { host, port, tls, credentials: None, ca_file: None, hello_name: None, timeout }
}

fn transport(settings: SmtpSettings) -> Transport {
    Transport::Smtp(SmtpTransport::new(settings).expect("settings that can work"))
}

/// A transport that trusts one certificate authority more.
fn trusting(pem: &str, settings: SmtpSettings) -> Transport {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, pem).expect("a file");
    transport(SmtpSettings { ca_file: Some(path), ..settings })
}

fn to(server: &SmtpServer) -> Transport {
    trusting(server.ca_pem(), settings(server.port(), Tls::StartTls))
}

fn signing_in(server: &SmtpServer, password: &str) -> Transport {
    let credentials = Some(("drift".to_owned(), password.into()));
    trusting(server.ca_pem(), SmtpSettings { credentials, ..settings(server.port(), Tls::StartTls) })
}

fn accepted(reply: &str) -> Outcome {
    Outcome::Accepted { reply: reply.to_owned() }
}

fn temporary(reply: &str) -> Outcome {
    Outcome::Temporary { reply: reply.to_owned() }
}

fn refused(reply: &str) -> Outcome {
    Outcome::Refused { reply: reply.to_owned() }
}

fn misconfigured(reason: &str) -> Outcome {
    Outcome::Misconfigured { reason: reason.to_owned() }
}

#[rstest::rstest]
#[case::dots_at_the_start_of_lines(MESSAGE, MESSAGE)]
#[case::a_lone_dot_at_the_end(b"Subject: a\r\n\r\n.\r\n", b"Subject: a\r\n\r\n.\r\n")]
#[case::a_blank_line_at_the_end(b"Subject: a\r\n\r\nb\r\n\r\n", b"Subject: a\r\n\r\nb\r\n\r\n")]
#[case::no_line_end(b"Subject: a\r\n\r\nb", b"Subject: a\r\n\r\nb\r\n")]
#[case::beyond_ascii("Subject: a\r\n\r\né\r\n".as_bytes(), "Subject: a\r\n\r\né\r\n".as_bytes())]
#[tokio::test]
async fn the_server_gets_the_stored_bytes_over_tls(#[case] stored: &[u8], #[case] expected: &[u8]) {
    let server = SmtpServer::start(Behaviour::Accept);
    assert_eq!(to(&server).send(&envelope(stored)).await, accepted("250 OK"));
    let [received] = server.received().try_into().expect("one message");
    assert_eq!(String::from_utf8_lossy(&received.message), String::from_utf8_lossy(expected));
    assert_eq!(
        (received.from.as_str(), received.to, received.tls),
        ("alerts@example.org", vec!["chair@example.org".to_owned()], true)
    );
}

#[rstest::rstest]
#[case(Behaviour::RefuseMailFrom(451), temporary("451 Not from you"))]
#[case(Behaviour::RefuseMailFrom(553), misconfigured("553 Not from you"))]
#[case(Behaviour::RefuseMailFrom(552), refused("552 Not from you"))]
#[case(Behaviour::RefuseMailFrom(530), misconfigured("530 Not from you"))]
#[case(Behaviour::RefuseRecipient(450), temporary("450 Not to them"))]
#[case(Behaviour::RefuseRecipient(550), refused("550 Not to them"))]
#[case(Behaviour::RefuseData(452), temporary("452 Not this message"))]
#[case(Behaviour::RefuseData(554), refused("554 Not this message"))]
#[case(Behaviour::NoStartTls, misconfigured("the mail server does not offer STARTTLS"))]
#[tokio::test]
async fn a_refusal_is_kept_in_the_servers_words(#[case] behaviour: Behaviour, #[case] expected: Outcome) {
    let server = SmtpServer::start(behaviour);
    assert_eq!(to(&server).send(&envelope(MESSAGE)).await, expected);
    assert!(server.received().is_empty());
}

#[rstest::rstest]
#[case(Behaviour::DropMidData, 0)]
#[case(Behaviour::DropAfterData, 1)]
#[tokio::test]
async fn a_connection_lost_from_the_first_byte_on_leaves_it_unknown(#[case] behaviour: Behaviour, #[case] kept: usize) {
    let server = SmtpServer::start(behaviour);
    let outcome = to(&server).send(&envelope(MESSAGE)).await;
    let Outcome::Unknown { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("no answer from the mail server"), "{reason}");
    assert_eq!(server.received().len(), kept);
}

#[rstest::rstest]
#[case(Behaviour::Hang, temporary("the mail server did not answer in time"))]
#[case(Behaviour::HangAfterData, Outcome::Unknown { reason: "the mail server did not answer in time".to_owned() })]
#[tokio::test]
async fn a_silent_server_is_waited_for_so_long_and_no_longer(#[case] behaviour: Behaviour, #[case] expected: Outcome) {
    let server = SmtpServer::start(behaviour);
    let impatient = transport(SmtpSettings { timeout: SHORT, ..settings(server.port(), Tls::None) });
    let begun = Instant::now();
    assert_eq!(impatient.send(&envelope(MESSAGE)).await, expected);
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < SHORT * 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_acceptance_does_not_wait_for_the_goodbye() {
    let server = SmtpServer::start(Behaviour::HangAtQuit);
    let transport = transport(settings(server.port(), Tls::None));
    let begun = Instant::now();
    assert_eq!(transport.send(&envelope(MESSAGE)).await, accepted("250 OK"));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_wrong_certificate_gets_no_mail() {
    let server = SmtpServer::start(Behaviour::WrongCertificate);
    let transport = to(&server);
    let outcome = transport.send(&envelope(MESSAGE)).await;
    let Outcome::Misconfigured { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("certificate"), "{reason}");
    assert!(matches!(transport.probe().await, Err(ProbeError::Misconfigured(why, _)) if why == reason));
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_not_trusted() {
    let server = SmtpServer::start(Behaviour::Accept);
    let outcome = transport(settings(server.port(), Tls::StartTls)).send(&envelope(MESSAGE)).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_wants_a_password_gets_the_right_one() {
    let server = SmtpServer::start(Behaviour::RequireAuth { user: "drift".to_owned(), password: "hunter2".to_owned() });
    assert_eq!(to(&server).send(&envelope(MESSAGE)).await, misconfigured("530 Authentication required"));
    assert_eq!(signing_in(&server, "hunter1").send(&envelope(MESSAGE)).await, misconfigured("535 Wrong user or password"));
    let probed = signing_in(&server, "hunter1").probe().await;
    assert!(matches!(probed, Err(ProbeError::Misconfigured(why, _)) if why == "535 Wrong user or password"));
    assert!(server.received().is_empty());
    assert_eq!(signing_in(&server, "hunter2").send(&envelope(MESSAGE)).await, accepted("250 OK"));
    signing_in(&server, "hunter2").probe().await.expect("the right password");
    assert_eq!(server.received().len(), 1, "a probe sends nothing");
}

#[tokio::test]
async fn a_server_that_only_knows_login_is_told_name_and_password() {
    let credentials = Some(("drift".to_owned(), "hunter2".into()));
    let asked = Script::kind().asking_who(&["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome"]);
    let (port, heard) = script::play(asked).await;
    let transport = transport(SmtpSettings { credentials, ..settings(port, Tls::None) });
    assert_eq!(transport.send(&envelope(MESSAGE)).await, accepted("250 taken"));
    assert_eq!(heard.await.expect("a server")[1..4], ["AUTH LOGIN", "ZHJpZnQ=", "aHVudGVyMg=="]);
}

#[rstest::rstest]
#[case("454 try later", temporary("454 try later"))]
#[case("534 too weak", misconfigured("534 too weak"))]
#[case("504 unknown", misconfigured("504 unknown"))]
#[case(
    "334 cGV0Pw==",
    misconfigured("the mail server asks for something that is not understood: internal client error: Unrecognized challenge")
)]
#[tokio::test]
async fn a_sign_in_may_fail_for_now_or_for_good(#[case] said: &'static str, #[case] expected: Outcome) {
    let (port, _) = script::play(Script::kind().asking_who(&[said])).await;
    let credentials = Some(("drift".to_owned(), "hunter2".into()));
    let transport = transport(SmtpSettings { credentials, ..settings(port, Tls::None) });
    assert_eq!(transport.send(&envelope(MESSAGE)).await, expected);
}

#[tokio::test]
async fn a_server_without_a_sign_in_is_not_signed_in_to() {
    let server = SmtpServer::start(Behaviour::Accept);
    let outcome = signing_in(&server, "hunter2").send(&envelope(MESSAGE)).await;
    assert_eq!(outcome, misconfigured("the mail server does not offer to sign in by PLAIN or LOGIN"));
}

#[rstest::rstest]
#[case(Tls::StartTls)]
#[case(Tls::Implicit)]
#[case(Tls::None)]
#[tokio::test]
async fn a_server_that_is_down_is_tried_again(#[case] tls: Tls) {
    let server = SmtpServer::start(Behaviour::Accept);
    let transport = transport(settings(server.port(), tls));
    drop(server);
    tokio::task::yield_now().await;
    let outcome = transport.send(&envelope(MESSAGE)).await;
    let Outcome::Temporary { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.contains("refused"), "{reply}");
    assert!(matches!(transport.probe().await, Err(ProbeError::Unavailable(why, _)) if why == reply));
}

#[rstest::rstest]
#[case(Step::Connection, "421 busy", temporary("421 busy"))]
#[case(Step::Connection, "554 no service", misconfigured("554 no service"))]
#[case(Step::Connection, HANG_UP, temporary("no answer from the mail server: response error: incomplete response"))]
#[case(Step::Ehlo, "421 busy", temporary("421 busy"))]
#[case(Step::Ehlo, "550 who are you", misconfigured("550 who are you"))]
#[case(Step::Mail, HANG_UP, temporary("no answer from the mail server: response error: incomplete response"))]
#[case(Step::Mail, "251 odd", temporary("251 odd"))]
#[case(Step::Recipient, "251 forwarded", accepted("250 taken"))]
#[case(Step::Recipient, "354 odd", temporary("354 odd"))]
#[case(Step::Data, "451 later", temporary("451 later"))]
#[case(Step::Data, "554 no valid recipients", refused("554 no valid recipients"))]
#[case(Step::Data, "250 taken already", temporary("250 taken already"))]
#[case(Step::Message, "250-one\r\n250-two\r\n250 three", accepted("250 one two three"))]
#[case(Step::Message, "421 closing", temporary("421 closing"))]
#[case(Step::Message, "535 sign in", misconfigured("535 sign in"))]
#[case(Step::Message, "550-5.7.1 no\tthank\r\n550 5.7.1 \u{1b}[1myou", refused("550 5.7.1 no thank [1myou"))]
#[case(Step::Message, "251 perhaps", Outcome::Unknown { reason: "251 perhaps".to_owned() })]
#[case(Step::Message, "354 more", Outcome::Unknown { reason: "354 more".to_owned() })]
#[tokio::test]
async fn words_mean_by_the_step_they_answer(#[case] step: Step, #[case] said: &'static str, #[case] expected: Outcome) {
    let (port, _) = script::play(Script::kind().but(step, said)).await;
    assert_eq!(transport(settings(port, Tls::None)).send(&envelope(MESSAGE)).await, expected);
}

#[rstest::rstest]
#[case("what message?")]
#[case("250")]
#[case("999 fine")]
#[tokio::test]
async fn an_answer_to_the_message_that_is_not_smtp_leaves_it_unknown(#[case] said: &'static str) {
    let (port, _) = script::play(Script::kind().but(Step::Message, said)).await;
    let outcome = transport(SmtpSettings { timeout: SHORT, ..settings(port, Tls::None) }).send(&envelope(MESSAGE)).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
}

#[rstest::rstest]
#[case(Step::Ehlo)]
#[case(Step::Mail)]
#[case(Step::Recipient)]
#[case(Step::Data)]
#[tokio::test]
async fn silence_before_the_message_is_only_a_delay(#[case] step: Step) {
    let (port, _) = script::play(Script::kind().but(step, SILENCE)).await;
    let outcome = transport(SmtpSettings { timeout: SHORT, ..settings(port, Tls::None) }).send(&envelope(MESSAGE)).await;
    assert_eq!(outcome, temporary("the mail server did not answer in time"));
}

#[tokio::test]
async fn what_is_said_is_one_envelope_and_a_goodbye() {
    let (port, heard) = script::play(Script::kind()).await;
    let named = SmtpSettings { hello_name: Some("drift.example.org".to_owned()), ..settings(port, Tls::None) };
    transport(named).send(&envelope(b"Subject: a\r\n\r\n.\r\n")).await;
    assert_eq!(
        heard.await.expect("a server"),
        [
            "EHLO drift.example.org",
            "MAIL FROM:<alerts@example.org>",
            "RCPT TO:<chair@example.org>",
            "DATA",
            "Subject: a",
            "",
            "..",
            ".",
            "QUIT"
        ]
    );
}

#[tokio::test]
async fn a_server_that_does_not_ask_for_the_message_does_not_get_it() {
    let (port, heard) = script::play(Script::kind().but(Step::Data, "250 taken already")).await;
    transport(settings(port, Tls::None)).send(&envelope(MESSAGE)).await;
    assert_eq!(heard.await.expect("a server").last().map(String::as_str), Some("QUIT"));
}

#[rstest::rstest]
#[case(b"Subject: a\r\n\r\nb\n.\nMAIL FROM:<x@example.org>\r\n", "chair@example.org")]
#[case(MESSAGE, "chair@example.org>\r\nRCPT TO:<other@example.org")]
#[tokio::test]
async fn what_smtp_would_garble_is_refused_here(#[case] bytes: &[u8], #[case] to: &str) {
    let server = SmtpServer::start(Behaviour::Accept);
    let outcome = transport(settings(server.port(), Tls::None)).send(&Envelope { to, ..envelope(bytes) }).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_carry_the_bytes_is_not_given_them() {
    let (port, _) = script::play(Script::kind().but(Step::Ehlo, "250 localhost")).await;
    let outcome = transport(settings(port, Tls::None)).send(&envelope("é\r\n".as_bytes())).await;
    assert_eq!(outcome, refused("not sent: the mail server takes no messages beyond ASCII"));
}

#[tokio::test]
async fn a_server_that_can_carry_the_bytes_is_told_what_they_are() {
    let (port, heard) = script::play(Script::kind()).await;
    assert_eq!(transport(settings(port, Tls::None)).send(&envelope("é\r\n".as_bytes())).await, accepted("250 taken"));
    assert_eq!(heard.await.expect("a server")[1], "MAIL FROM:<alerts@example.org> BODY=8BITMIME");
}

#[tokio::test]
async fn implicit_tls_works_for_the_host_on_the_certificate_only() {
    let certificate = Certificate::of("localhost");
    let port = script::play_over_tls(Script::kind(), &certificate).await;
    let sent = trusting(&certificate.pem, settings(port, Tls::Implicit)).send(&envelope(MESSAGE)).await;
    assert_eq!(sent, accepted("250 taken"));

    let port = script::play_over_tls(Script::kind(), &certificate).await;
    let elsewhere = SmtpSettings { host: "127.0.0.1".to_owned(), ..settings(port, Tls::Implicit) };
    let outcome = trusting(&certificate.pem, elsewhere).send(&envelope(MESSAGE)).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
}

#[tokio::test]
async fn tls_to_a_port_that_speaks_none_is_a_wrong_setting() {
    let (port, _) = script::play(Script::kind()).await;
    let outcome = transport(settings(port, Tls::Implicit)).send(&envelope(MESSAGE)).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
}

#[tokio::test]
async fn starttls_may_be_refused_for_now_or_for_good() {
    let certificate = Certificate::of("localhost");
    for (said, expected) in [("454 not now", temporary("454 not now")), ("554 never", misconfigured("554 never"))] {
        let port = script::play_with_words_slipped_in(said, Script::kind(), &certificate).await;
        let outcome = trusting(&certificate.pem, settings(port, Tls::StartTls)).send(&envelope(MESSAGE)).await;
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn words_slipped_in_before_tls_are_not_taken_for_the_servers() {
    let certificate = Certificate::of("localhost");
    let forged = "220 go on\r\n250 localhost\r\n250 yes\r\n250 yes\r\n354 go on\r\n250 taken";
    let refusing = Script::kind().but(Step::Recipient, "550 nobody here");
    let port = script::play_with_words_slipped_in(forged, refusing, &certificate).await;
    let outcome = trusting(&certificate.pem, settings(port, Tls::StartTls)).send(&envelope(MESSAGE)).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");

    let port = script::play_with_words_slipped_in("220 go on", Script::kind(), &certificate).await;
    let outcome = trusting(&certificate.pem, settings(port, Tls::StartTls)).send(&envelope(MESSAGE)).await;
    assert_eq!(outcome, accepted("250 taken"), "the same server without them");
}
