//! The mails of the program, as a mail program finds them in the folder.

use std::path::Path;
use std::time::{Duration, Instant};

use mail_parser::{MessageParser, MimeHeaders as _};

/// A mail as it lies in the folder.
pub struct Letter {
    /// To whom.
    pub to: String,
    /// What a mail program shows.
    pub html: String,
}

impl Letter {
    /// The addresses of its links that are called so.
    pub fn links(&self, name: &str) -> Vec<String> {
        let links = self.html.split("<a ").skip(1).filter_map(|link| link.split_once("</a>"));
        let links = links.filter_map(|(link, _)| link.split_once('>')).filter(|(_, words)| words.starts_with(name));
        links.filter_map(|(attributes, _)| Some(attributes.split_once("href=\"")?.1.split('"').next()?.to_owned())).collect()
    }
}

/// The mails that lie in a folder.
fn letters(folder: &Path) -> Vec<Letter> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let read = |path| {
        let bytes = std::fs::read(path).ok()?;
        let message = MessageParser::default().parse(&bytes)?;
        let to = message.to()?.first()?.address()?.to_owned();
        let html = message.html_bodies().find(|part| part.content_type().is_some()).and_then(|part| part.text_contents())?;
        Some(Letter { to, html: html.to_owned() })
    };
    files.filter_map(read).collect()
}

/// Waits for mail to somebody that tells of an alert.
pub async fn letter_to(folder: &Path, address: &str) -> Letter {
    let give_up = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(letter) =
            letters(folder).into_iter().find(|letter| letter.to == address && letter.html.contains("Acknowledge: "))
        {
            return letter;
        }
        assert!(Instant::now() < give_up, "no mail to {address} came");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
