//! What went wrong in a dialogue with a mail server, and what that means for the message.

use std::error::Error;
use std::io;

use lettre::transport::smtp;
use lettre::transport::smtp::response::Response;

use crate::mailer::transport::{Outcome, one_line};

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Up to and including the sign-in: nothing about any message has been said.
    Opening,
    /// The sender: a refusal is about how this service is set up, not about one message.
    Sender,
    /// The recipient and the wish to send: the server has no message yet.
    Envelope,
    /// From the first byte of the message on: the server may have it.
    Message,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server said something other than what was hoped for.
    Reply { code: u16, text: String },
    /// No answer: the connection could not be made, broke, went silent, or carried something that is not SMTP.
    Lost(String),
    /// Encryption failed, the certificate included.
    Tls(String),
    /// A setting cannot be met.
    Setting(String),
    /// The message cannot be carried by this server, or by any.
    Unfit(&'static str),
}

impl Fault {
    /// A reply that is not an error by itself.
    pub(super) fn reply(response: &Response) -> Self {
        Self::Reply { code: response.code().into(), text: said(response) }
    }

    /// What whoever runs this service can do about it before any message is sent.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Reply { code: 530 | 534 | 535 | 538, .. } => {
                "correct mail.username and mail.password, or have the mail server let this user in"
            }
            Self::Reply { code: 400..=499, .. } => "try again in a while",
            Self::Reply { .. } | Self::Unfit(_) => "ask whoever runs the mail server what it wants of this machine",
            Self::Lost(_) => {
                "see that mail.host and mail.port are right, that the mail server runs, and that no firewall is between"
            }
            Self::Tls(_) => {
                "mail.host must be a name in the mail server's certificate, and mail.ca_file the authority that signed it where this \
                machine does not know that; see that mail.tls suits mail.port"
            }
            Self::Setting(_) => {
                "change mail.port and mail.tls to what the mail server offers, or have it offer what is missing"
            }
        }
    }

    /// What the fault means for the message, given how far the attempt had come.
    pub(super) fn at(self, stage: Stage) -> Outcome {
        match (self, stage) {
            (Self::Unfit(reason), _) => Outcome::Refused { reply: format!("not sent: {reason}") },
            (Self::Setting(reason), _) | (Self::Tls(reason), Stage::Opening) => {
                Outcome::Misconfigured { reason: one_line(&reason) }
            }
            (Self::Tls(reason) | Self::Lost(reason), Stage::Message) => Outcome::Unknown { reason: one_line(&reason) },
            (Self::Tls(reason) | Self::Lost(reason), _) => Outcome::Temporary { reply: one_line(&reason) },
            (Self::Reply { code, text }, stage) => judge(code, one_line(&text), stage),
        }
    }
}

/// What a reply means that is not the hoped for one.
fn judge(code: u16, text: String, stage: Stage) -> Outcome {
    match (code, stage) {
        // Authentication or encryption is wanted first (530, 538), too weak (534) or wrong (535), whenever that is said.
        // Nothing but the size (552), which goes with the sender, is one message's own before a recipient is named.
        (530 | 534 | 535 | 538, _) | (500..=599, Stage::Opening) | (500..=551 | 553..=599, Stage::Sender) => {
            Outcome::Misconfigured { reason: text }
        }
        (500..=599, _) => Outcome::Refused { reply: text },
        (400..=499, _) | (_, Stage::Opening | Stage::Sender | Stage::Envelope) => Outcome::Temporary { reply: text },
        (_, Stage::Message) => Outcome::Unknown { reason: text },
    }
}

impl From<smtp::Error> for Fault {
    fn from(error: smtp::Error) -> Self {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return Self::Reply { code: code.into(), text: format!("{code} {text}") };
        }
        if let Some(refusal) = tls_error(&error) {
            return Self::Tls(format!("the encrypted connection to the mail server failed: {refusal}"));
        }
        if error.is_client() {
            return Self::Setting(format!("the mail server asks for something that is not understood: {error}"));
        }
        Self::Lost(format!("no answer from the mail server: {error}"))
    }
}

/// What was said, code first, in one line.
pub(super) fn said(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    one_line(&format!("{} {}", response.code(), lines.join(" ")))
}

/// The TLS library's own error, however deep it is wrapped.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    std::iter::successors(Some(error), |&outer| outer.source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        // An I/O error's source is its content's source, not its content.
        .find_map(|cause| cause.get_ref()?.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::Stage::{Envelope, Message, Opening};
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    enum Kind {
        Temporary,
        Refused,
        Unknown,
        Misconfigured,
    }
    use Kind::{Misconfigured, Refused, Temporary, Unknown};

    fn kind(outcome: &Outcome) -> Kind {
        match outcome {
            Outcome::Temporary { .. } => Temporary,
            Outcome::Refused { .. } => Refused,
            Outcome::Unknown { .. } => Unknown,
            Outcome::Misconfigured { .. } => Misconfigured,
            Outcome::Accepted { .. } => panic!("a fault is never acceptance"),
        }
    }

    #[rstest::rstest]
    #[case(421, [Temporary, Temporary, Temporary])]
    #[case(454, [Temporary, Temporary, Temporary])]
    #[case(550, [Misconfigured, Refused, Refused])]
    #[case(554, [Misconfigured, Refused, Refused])]
    #[case(530, [Misconfigured, Misconfigured, Misconfigured])]
    #[case(534, [Misconfigured, Misconfigured, Misconfigured])]
    #[case(535, [Misconfigured, Misconfigured, Misconfigured])]
    #[case(538, [Misconfigured, Misconfigured, Misconfigured])]
    #[case(250, [Temporary, Temporary, Unknown])]
    #[case(251, [Temporary, Temporary, Unknown])]
    #[case(354, [Temporary, Temporary, Unknown])]
    fn a_reply_means_by_code_and_stage(#[case] code: u16, #[case] meant: [Kind; 3]) {
        let at = |stage| kind(&Fault::Reply { code, text: format!("{code} said") }.at(stage));
        assert_eq!([Opening, Envelope, Message].map(at), meant);
    }

    #[rstest::rstest]
    #[case(Fault::Lost("gone".to_owned()), [Temporary, Temporary, Unknown])]
    #[case(Fault::Tls("bad record".to_owned()), [Misconfigured, Temporary, Unknown])]
    #[case(Fault::Setting("no STARTTLS".to_owned()), [Misconfigured, Misconfigured, Misconfigured])]
    #[case(Fault::Unfit("bare LF"), [Refused, Refused, Refused])]
    fn any_other_fault_means_by_stage(#[case] fault: Fault, #[case] meant: [Kind; 3]) {
        let at = |stage| kind(&fault.clone().at(stage));
        assert_eq!([Opening, Envelope, Message].map(at), meant);
    }
}
