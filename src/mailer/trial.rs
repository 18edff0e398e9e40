//! A mail that only tries whether mail reaches somebody.

use askama::Template;
use jiff::Timestamp;
use uuid::Uuid;

use super::plain::wrapped;
use super::post;
use super::render::Rendered;

#[derive(Template)]
#[template(path = "trial.txt", config = "src/mailer/templates/askama.toml")]
struct TextPart<'a> {
    council: &'a str,
    base_url: &'a str,
}

#[derive(Template)]
#[template(path = "trial.html", config = "src/mailer/templates/askama.toml")]
struct HtmlPart<'a> {
    subject: &'a str,
    council: &'a str,
    base_url: &'a str,
}

/// Who tries, and whom.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The service's name at the head of each mail; may be empty.
    pub council: &'a str,
    /// What the links of mails begin with.
    pub base_url: &'a str,
    /// The sender's address.
    pub from: &'a str,
    /// The recipient's address.
    pub to: &'a str,
}

/// The bytes of a mail that says that it is a test, of which service, and that nothing is to be done.
///
/// # Errors
///
/// An address is not one.
///
/// # Panics
///
/// Never: writing to a string does not fail.
pub fn bytes(id: Uuid, trial: &Trial, now: Timestamp) -> anyhow::Result<Vec<u8>> {
    const INFALLIBLE: &str = "writing to a string does not fail";
    let Trial { council, base_url, from, to } = *trial;
    let subject = "Test of mail from plo-drift: nothing is to be done".to_owned();
    let rendered = Rendered {
        text: wrapped(&TextPart { council, base_url }.render().expect(INFALLIBLE)),
        html: HtmlPart { subject: &subject, council, base_url }.render().expect(INFALLIBLE),
        subject,
    };
    post::bytes(id, from, to, &rendered, now)
}
