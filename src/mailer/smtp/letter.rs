//! A message that SMTP can carry as it is.

use lettre::Address;
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter, ServerInfo};

use super::verdict::Fault;
use crate::mailer::transport::Envelope;

/// A message whose addresses can be said and whose bytes arrive unchanged.
pub(super) struct Letter<'a> {
    pub(super) from: Address,
    pub(super) to: Address,
    bytes: &'a [u8],
}

impl<'a> Letter<'a> {
    /// Checks a stored message.
    pub(super) fn of(envelope: &Envelope<'a>) -> Result<Self, Fault> {
        let from = envelope.from.parse().map_err(|_| Fault::Setting("the sender's address is not one".to_owned()))?;
        let to = envelope.to.parse().map_err(|_| Fault::Unfit("the recipient's address is not one"))?;
        if !lines_end_by_crlf(envelope.bytes) {
            return Err(Fault::Unfit("the message has a line that is not ended by CRLF"));
        }
        Ok(Self { from, to, bytes: envelope.bytes })
    }

    /// The bytes without their last CRLF, which the client adds itself before the final dot.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes.strip_suffix(b"\r\n").unwrap_or(self.bytes)
    }

    /// What MAIL FROM has to say besides the sender, if the server can take it.
    pub(super) fn parameters(&self, server: &ServerInfo) -> Result<Vec<MailParameter>, Fault> {
        let mut parameters = Vec::new();
        let addresses: [&str; 2] = [self.from.as_ref(), self.to.as_ref()];
        if !addresses.iter().all(|address| address.is_ascii()) {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(Fault::Unfit("the mail server takes no addresses beyond ASCII"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !self.bytes.is_ascii() {
            if !server.supports_feature(Extension::EightBitMime) {
                return Err(Fault::Unfit("the mail server takes no messages beyond ASCII"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }
}

/// Whether CR and LF only ever come as a pair: servers differ over a lone one, and one could pass for the end of the message.
fn lines_end_by_crlf(bytes: &[u8]) -> bool {
    let paired = bytes.iter().fold((true, 0), |(fine, previous), &byte| (fine && (byte == b'\n') == (previous == b'\r'), byte));
    matches!(paired, (true, last) if last != b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(b"", true)]
    #[case(b"Subject: a\r\n\r\nb", true)]
    #[case(b"Subject: a\r\n\r\nb\r\n\r\n", true)]
    #[case(b"a\nb\r\n", false)]
    #[case(b"\na", false)]
    #[case(b"a\r\n.\nb\r\n", false)]
    #[case(b"a\rb\r\n", false)]
    #[case(b"a\r\r\n", false)]
    #[case(b"a\r", false)]
    fn a_lone_cr_or_lf_is_seen(#[case] bytes: &[u8], #[case] fine: bool) {
        assert_eq!(lines_end_by_crlf(bytes), fine);
    }

    #[rstest::rstest]
    #[case("alerts@example.org", "nobody", Fault::Unfit("the recipient's address is not one"))]
    #[case(
        "alerts@example.org",
        "a@example.org>\r\nRCPT TO:<b@example.org",
        Fault::Unfit("the recipient's address is not one")
    )]
    #[case("alerts", "chair@example.org", Fault::Setting("the sender's address is not one".to_owned()))]
    fn an_address_that_is_none_is_never_said(#[case] from: &str, #[case] to: &str, #[case] expected: Fault) {
        let envelope = Envelope { id: uuid::Uuid::nil(), from, to, bytes: b"" };
        assert_eq!(Letter::of(&envelope).err(), Some(expected));
    }
}
