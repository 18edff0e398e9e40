//! One message on its way out, and what became of it.
//!
//! An attempt ends in exactly one [`Outcome`], and the outcome alone says what the outbox does next. Nothing here logs
//! an address, a body or a server's reply.

use std::fmt;

use uuid::Uuid;

use super::file::FileTransport;
use super::smtp::SmtpTransport;

/// The longest reply that is kept, in characters.
const REPLY_LENGTH: usize = 300;

/// One message as it is stored: an envelope and the bytes that will be sent.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    /// The outbox row.
    pub id: Uuid,
    /// The sender's address, alone.
    pub from: &'a str,
    /// The recipient's address, alone.
    pub to: &'a str,
    /// Headers and body, every line ended by CRLF.
    pub bytes: &'a [u8],
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What became of one attempt.
///
/// Replies and reasons are a single line of at most 300 characters. They may repeat an address: they are for the
/// database, not for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took the message: reply code 250 to the message itself, and nothing else.
    Accepted {
        /// What it said.
        reply: String,
    },
    /// The message was not taken this time: try again.
    Temporary {
        /// What the server said, or why it could not be asked.
        reply: String,
    },
    /// The message or its recipient was refused for good: a dead letter.
    Refused {
        /// What the server said, or why the message was not offered to it.
        reply: String,
    },
    /// The message was, or may have been, handed over and the answer was lost: try again, recorded as unknown.
    Unknown {
        /// How it was lost.
        reason: String,
    },
    /// Sending does not work as it is set up. It is not this message's fault and does not use up its tries.
    Misconfigured {
        /// What is wrong, in the server's words or ours.
        reason: String,
    },
}

/// Why messages cannot leave now, as found by [`Transport::probe`], and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// It may pass by itself.
    #[error("mail cannot be sent now: {0}: {1}")]
    Unavailable(String, &'static str),
    /// Somebody has to change a setting, here or on the mail server.
    #[error("mail cannot be sent as it is set up: {0}: {1}")]
    Misconfigured(String, &'static str),
}

/// How messages leave.
#[derive(Clone, Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(SmtpTransport),
    /// Into a folder, one file a message.
    File(FileTransport),
}

impl Transport {
    /// Makes one attempt to send a message.
    pub async fn send(&self, envelope: &Envelope<'_>) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(envelope).await,
            Self::File(folder) => folder.send(envelope).await,
        }
    }

    /// Goes as far as one can without a message: connects, encrypts and signs in, or tries the folder.
    ///
    /// # Errors
    ///
    /// Says whether waiting may help or a setting has to change.
    pub async fn probe(&self) -> Result<(), ProbeError> {
        match self {
            Self::Smtp(smtp) => smtp.probe().await,
            Self::File(folder) => folder.probe().await,
        }
    }
}

/// A reply as it is kept: one line, no control characters, not too long.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(REPLY_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("250 2.0.0 Ok: queued as 4FQ", "250 2.0.0 Ok: queued as 4FQ")]
    #[case("550 no\r\nsuch\0user\u{1b}[31m\u{85}here\t", "550 no such user [31m here")]
    #[case("", "")]
    fn a_kept_reply_is_one_clean_line(#[case] said: &str, #[case] kept: &str) {
        assert_eq!(one_line(said), kept);
    }

    #[test]
    fn a_kept_reply_has_at_most_300_characters() {
        assert_eq!(one_line(&"é".repeat(301)), "é".repeat(300));
    }

    #[test]
    fn an_envelope_shows_no_address_and_no_body() {
        let envelope = Envelope { id: Uuid::nil(), from: "a@example.org", to: "b@example.org", bytes: b"Subject: c" };
        assert_eq!(format!("{envelope:?}"), "Envelope { id: 00000000-0000-0000-0000-000000000000, .. }");
    }
}
