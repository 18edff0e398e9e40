//! One session: the commands of RFC 5321 with PIPELINING, 8BITMIME, SMTPUTF8 and AUTH, on a plain or a TLS stream.

use std::future;
use std::io;

use mail_parser::decoders::base64::base64_decode;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::watch;

use super::{Behaviour, Received};

/// What becomes of a connection after a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is over.
    Close,
    /// The client begins TLS on it.
    StartTls,
}

type Reply = (u16, &'static str);

const OK: Reply = (250, "OK");
const BAD_ORDER: Reply = (503, "Bad sequence of commands");
const BAD_ARGUMENT: Reply = (501, "Syntax error in the argument");
const UNKNOWN: Reply = (502, "Command not implemented");

pub struct Session<'s, S> {
    stream: BufReader<S>,
    behaviour: &'s Behaviour,
    received: &'s watch::Sender<Vec<Received>>,
    on_tls: bool,
    greeted: bool,
    authenticated: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Session<'s, S> {
    pub fn new(stream: S, behaviour: &'s Behaviour, received: &'s watch::Sender<Vec<Received>>, on_tls: bool) -> Self {
        let stream = BufReader::new(stream);
        Self { stream, behaviour, received, on_tls, greeted: false, authenticated: false, from: None, to: Vec::new() }
    }

    pub async fn welcome(&mut self) -> io::Result<()> {
        self.reply((220, "localhost ESMTP")).await
    }

    /// Answers one command after the other.
    pub async fn run(&mut self) -> io::Result<Next> {
        while let Some(line) = self.line().await? {
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let reply = match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    self.introduce().await?;
                    continue;
                }
                "HELO" => self.greet((250, "localhost")),
                // What was sent ahead in the clear must not count as sent over TLS.
                "STARTTLS" if self.offers_tls() && self.stream.buffer().is_empty() => {
                    self.reply((220, "Go ahead")).await?;
                    return Ok(Next::StartTls);
                }
                "STARTTLS" if self.offers_tls() || self.on_tls => BAD_ORDER,
                "AUTH" => self.authenticate(argument).await?,
                "MAIL" => self.mail(argument),
                "RCPT" => self.recipient(argument),
                "DATA" if self.to.is_empty() => BAD_ORDER,
                "DATA" => match self.data().await? {
                    Some(reply) => reply,
                    None => return Ok(Next::Close),
                },
                "RSET" => self.reset(),
                "NOOP" => OK,
                "VRFY" => (252, "Send it and see"),
                "QUIT" if *self.behaviour == Behaviour::HangAtQuit => future::pending().await,
                "QUIT" => (221, "Bye"),
                _ => UNKNOWN,
            };
            self.reply(reply).await?;
            if matches!(reply.0, 221 | 421) {
                return Ok(Next::Close);
            }
        }
        Ok(Next::Close)
    }

    pub fn into_stream(self) -> S {
        self.stream.into_inner()
    }

    async fn introduce(&mut self) -> io::Result<()> {
        self.greet(OK);
        let mut lines = vec!["localhost", "PIPELINING", "8BITMIME", "SMTPUTF8"];
        if self.offers_tls() {
            lines.push("STARTTLS");
        }
        if self.on_tls && matches!(self.behaviour, Behaviour::RequireAuth { .. }) {
            lines.push("AUTH PLAIN LOGIN");
        }
        let last = lines.pop().unwrap_or_default();
        let text = format!("250-{}\r\n250 {last}\r\n", lines.join("\r\n250-"));
        self.write(&text).await
    }

    fn offers_tls(&self) -> bool {
        !self.on_tls && *self.behaviour != Behaviour::NoStartTls
    }

    fn greet(&mut self, reply: Reply) -> Reply {
        self.greeted = true;
        self.reset();
        reply
    }

    fn reset(&mut self) -> Reply {
        self.from = None;
        self.to.clear();
        OK
    }

    fn mail(&mut self, argument: &str) -> Reply {
        if !self.greeted || self.from.is_some() {
            return BAD_ORDER;
        }
        match self.behaviour {
            Behaviour::RequireAuth { .. } if !self.authenticated => return (530, "Authentication required"),
            Behaviour::RefuseMailFrom(code) => return (*code, "Not from you"),
            _ => {}
        }
        self.from = path(argument, "FROM:").map(str::to_owned);
        if self.from.is_some() { OK } else { BAD_ARGUMENT }
    }

    fn recipient(&mut self, argument: &str) -> Reply {
        if self.from.is_none() {
            return BAD_ORDER;
        }
        let Some(to) = path(argument, "TO:").filter(|to| !to.is_empty()) else {
            return BAD_ARGUMENT;
        };
        match self.behaviour {
            Behaviour::RefuseRecipient(code) => return (*code, "Not to them"),
            Behaviour::RefuseAddress { address, code } if address == to => return (*code, "Not to them"),
            _ => {}
        }
        self.to.push(to.to_owned());
        OK
    }

    /// Takes a message; absent where the connection ends instead.
    async fn data(&mut self) -> io::Result<Option<Reply>> {
        self.reply((354, "Go ahead, end with a dot")).await?;
        if *self.behaviour == Behaviour::DropMidData {
            self.line().await?;
            return Ok(None);
        }
        let Some(message) = self.message().await? else {
            return Ok(None);
        };
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        if let Behaviour::RefuseData(code) = self.behaviour {
            return Ok(Some((*code, "Not this message")));
        }
        let tls = self.on_tls;
        self.received.send_modify(|received| received.push(Received { from, to, message, tls }));
        match self.behaviour {
            Behaviour::HangAfterData => future::pending().await,
            Behaviour::DropAfterData => Ok(None),
            _ => Ok(Some(OK)),
        }
    }

    /// Reads up to the final dot; absent where the client goes away before.
    async fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            // A lone line feed ends no line here, so a dot after it is no stuffing and no end.
            let begins_line = message.is_empty() || message.ends_with(b"\r\n");
            match line.strip_prefix(b".").filter(|_| begins_line) {
                Some(b"\r\n") => return Ok(Some(message)),
                Some(unstuffed) => message.extend_from_slice(unstuffed),
                None => message.extend_from_slice(&line),
            }
        }
    }

    async fn authenticate(&mut self, argument: &str) -> io::Result<Reply> {
        let Behaviour::RequireAuth { user, password } = self.behaviour else {
            return Ok(UNKNOWN);
        };
        if !self.greeted || self.authenticated || self.from.is_some() {
            return Ok(BAD_ORDER);
        }
        if !self.on_tls {
            return Ok((538, "Only over TLS"));
        }
        let (mechanism, initial) = argument.split_once(' ').map_or((argument, None), |(name, rest)| (name, Some(rest)));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => self.response(initial, "").await?.and_then(|response| {
                let mut parts = response.split('\0').skip(1).map(str::to_owned);
                parts.next().zip(parts.next())
            }),
            "LOGIN" => {
                let user = self.response(initial, "VXNlcm5hbWU6").await?;
                let password = if user.is_some() { self.response(None, "UGFzc3dvcmQ6").await? } else { None };
                user.zip(password)
            }
            _ => return Ok((504, "Unknown mechanism")),
        };
        let Some((given_user, given_password)) = given else {
            return Ok(BAD_ARGUMENT);
        };
        self.authenticated = given_user == *user && given_password == *password;
        Ok(if self.authenticated { (235, "Welcome") } else { (535, "Wrong user or password") })
    }

    /// What the client says to a challenge, unless it came with the command; absent where it gives up or cannot be read.
    async fn response(&mut self, initial: Option<&str>, challenge: &str) -> io::Result<Option<String>> {
        let encoded = if let Some(initial) = initial {
            Some(initial.to_owned())
        } else {
            self.write(&format!("334 {challenge}\r\n")).await?;
            self.line().await?
        };
        let decoded = encoded.filter(|text| text != "*").and_then(|text| base64_decode(text.as_bytes()));
        Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// One command; absent where the client is gone.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).await?;
        let is_whole = line.ends_with(b"\n");
        Ok(is_whole.then(|| String::from_utf8_lossy(line.trim_ascii_end()).into_owned()))
    }

    async fn reply(&mut self, (code, text): Reply) -> io::Result<()> {
        self.write(&format!("{code} {text}\r\n")).await
    }

    async fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }
}

/// The address in `FROM:<address> PARAMETERS`.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = argument.split_at_checked(keyword.len())?;
    let bracketed = rest.trim_start().strip_prefix('<')?;
    start.eq_ignore_ascii_case(keyword).then_some(())?;
    bracketed.split_once('>').map(|(address, _)| address)
}
