//! The dialogue with a mail server, step by step.

use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::letter::Letter;
use super::unhurried::Unhurried;
use super::verdict::{Fault, Stage, said};
use super::{Channel, SmtpTransport};

/// The ways to sign in, best first.
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// How long a server is given to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

impl SmtpTransport {
    /// Connects, greets, encrypts and signs in.
    pub(super) async fn open(&self) -> Result<AsyncSmtpConnection, Fault> {
        let server = (self.settings.host.as_str(), self.settings.port);
        let mut connection = match &self.channel {
            Channel::Plain => AsyncSmtpConnection::connect_with_transport(Box::new(self.dial().await?), &self.hello).await?,
            Channel::Implicit(tls) => {
                let tls = Some(tls.clone());
                AsyncSmtpConnection::connect_tokio1(server, Some(self.patience()), &self.hello, tls, None).await?
            }
            Channel::StartTls(tls) => {
                let stream = Unhurried(self.dial().await?);
                let mut plain = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await?;
                if !plain.can_starttls() {
                    return Err(Fault::Setting("the mail server does not offer STARTTLS".to_owned()));
                }
                plain.starttls(tls.clone(), &self.hello).await?;
                plain
            }
        };
        self.sign_in(&mut connection).await?;
        Ok(connection)
    }

    /// Signs in, if there is anything to sign in with.
    async fn sign_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Fault> {
        let Some((name, password)) = &self.settings.credentials else { return Ok(()) };
        if connection.server_info().get_auth_mechanism(MECHANISMS).is_none() {
            return Err(Fault::Setting("the mail server does not offer to sign in by PLAIN or LOGIN".to_owned()));
        }
        let credentials = Credentials::new(name.clone(), password.expose_secret().to_owned());
        connection.auth(MECHANISMS, &credentials).await?;
        Ok(())
    }

    /// Connects to the first of the host's addresses that answers.
    async fn dial(&self) -> Result<TcpStream, Fault> {
        let host = (self.settings.host.as_str(), self.settings.port);
        let addresses = lookup_host(host).await.map_err(|error| unreachable(&error))?;
        let mut last = Fault::Lost("the mail server's name has no address".to_owned());
        for address in addresses {
            match timeout(self.patience(), TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Message and final dot are two small writes: without this each message waits 40 ms for the first's receipt.
                    stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = unreachable(&error),
                Err(late) => last = unreachable(&late),
            }
        }
        Err(last)
    }

    /// How long one address may take to answer: a dead one must leave time for the next.
    fn patience(&self) -> Duration {
        self.settings.timeout / 4
    }
}

fn unreachable(error: &dyn std::fmt::Display) -> Fault {
    Fault::Lost(format!("the mail server cannot be reached: {error}"))
}

/// Announces the message and hands it over. The server's words if it took the message; else what failed and how far it was.
pub(super) async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter<'_>,
    deadline: Instant,
) -> Result<String, (Stage, Fault)> {
    within(deadline, introduce(connection, letter)).await.map_err(|fault| (Stage::Sender, fault))?;
    within(deadline, announce(connection, letter)).await.map_err(|fault| (Stage::Envelope, fault))?;
    let answer = within(deadline, connection.message(letter.bytes())).await;
    let taken = answer.and_then(|reply| expect(&reply, 250..=250).map(|()| said(&reply)));
    taken.map_err(|fault| (Stage::Message, fault))
}

/// Names the sender.
async fn introduce(connection: &mut AsyncSmtpConnection, letter: &Letter<'_>) -> Result<(), Fault> {
    let parameters = letter.parameters(connection.server_info())?;
    expect(&connection.command(Mail::new(Some(letter.from.clone()), parameters)).await?, 250..=250)
}

/// Names the recipient and has the server ask for the message.
async fn announce(connection: &mut AsyncSmtpConnection, letter: &Letter<'_>) -> Result<(), Fault> {
    expect(&connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await?, 250..=251)?;
    expect(&connection.command(Data).await?, 354..=354)
}

/// Holds a reply to the codes that mean yes: the client takes any 2xx and 3xx for one.
fn expect(reply: &Response, codes: std::ops::RangeInclusive<u16>) -> Result<(), Fault> {
    if codes.contains(&reply.code().into()) { Ok(()) } else { Err(Fault::reply(reply)) }
}

/// Says goodbye behind the caller's back: what has been answered is settled, and nobody waits for manners.
pub(super) fn leave(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move { timeout(GOODBYE, connection.quit()).await });
}

/// Takes a step, but no longer than until the deadline.
pub(super) async fn within<T, E: Into<Fault>>(deadline: Instant, step: impl Future<Output = Result<T, E>>) -> Result<T, Fault> {
    match timeout_at(deadline, step).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(Fault::Lost("the mail server did not answer in time".to_owned())),
    }
}
