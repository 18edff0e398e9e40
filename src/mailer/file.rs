//! Messages as files in a folder: for trials, and for a mail system that picks them up.
//!
//! A file appears under its final name whole or not at all; a second attempt replaces it by the same bytes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::transport::{Envelope, Outcome, ProbeError, one_line};

/// Writes each message to `<id>.eml` in a folder.
#[derive(Clone, Debug)]
pub struct FileTransport {
    /// The folder; made when it is first needed.
    pub folder: PathBuf,
}

impl FileTransport {
    /// Writes one message.
    pub async fn send(&self, envelope: &Envelope<'_>) -> Outcome {
        let name = format!("{}.eml", envelope.id);
        let bytes = envelope.bytes.to_vec();
        match self.in_folder(move |folder| place(folder, &name, &bytes).map(|()| name)).await {
            Ok(name) => Outcome::Accepted { reply: format!("written to {name}") },
            Err(reason) => Outcome::Misconfigured { reason },
        }
    }

    /// Writes a file and removes it.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or written to.
    pub async fn probe(&self) -> Result<(), ProbeError> {
        let tried = self.in_folder(|folder| {
            let trial = write_aside(folder, b"")?;
            fs::remove_file(trial)
        });
        tried.await.map_err(|reason| ProbeError::Misconfigured(reason, "let mail.folder be one that this user may write to"))
    }

    /// Runs blocking work where it holds nobody up; once begun it is finished, even if nobody waits for it any more.
    async fn in_folder<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let folder = self.folder.clone();
        let done = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&folder)?;
            work(&folder)
        });
        done.await
            .unwrap_or_else(|lost| Err(io::Error::other(lost)))
            .map_err(|error| one_line(&format!("the mail folder {} cannot be written to: {error}", self.folder.display())))
    }
}

/// Puts a whole file into a folder under its name, on the disk when this returns.
fn place(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let aside = write_aside(folder, bytes)?;
    fs::rename(&aside, folder.join(name)).inspect_err(|_| _ = fs::remove_file(&aside))?;
    File::open(folder)?.sync_all()
}

/// Writes a file under a name of its own that no reader of `*.eml` looks at.
fn write_aside(folder: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = folder.join(format!(".{}.part", Uuid::new_v4()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.inspect_err(|_| _ = fs::remove_file(&path))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(bytes: &[u8]) -> Envelope<'_> {
        Envelope { id: Uuid::from_u128(7), from: "alerts@example.org", to: "chair@example.org", bytes }
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[tokio::test]
    async fn the_same_message_twice_is_one_file() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("not/yet/there");
        let transport = FileTransport { folder: folder.clone() };
        for _ in 0..2 {
            let sent = transport.send(&envelope(b"Subject: one\r\n\r\n.\r\n")).await;
            assert_eq!(sent, Outcome::Accepted { reply: "written to 00000000-0000-0000-0000-000000000007.eml".to_owned() });
        }
        assert_eq!(names_in(&folder), ["00000000-0000-0000-0000-000000000007.eml"]);
        let written = fs::read(folder.join("00000000-0000-0000-0000-000000000007.eml")).expect("a file");
        assert_eq!(written, b"Subject: one\r\n\r\n.\r\n");
    }

    #[tokio::test]
    async fn many_at_once_leave_one_whole_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let transport = FileTransport { folder: folder.path().to_owned() };
        let bytes: &'static [u8] = Box::leak(vec![b'x'; 200_000].into_boxed_slice());
        let attempts: Vec<_> = (0..8)
            .map(|_| {
                let transport = transport.clone();
                tokio::spawn(async move { transport.send(&envelope(bytes)).await })
            })
            .collect();
        for attempt in attempts {
            assert!(matches!(attempt.await.expect("no panic"), Outcome::Accepted { .. }));
        }
        assert_eq!(names_in(folder.path()).len(), 1);
        assert_eq!(fs::metadata(folder.path().join(&names_in(folder.path())[0])).expect("a file").len(), 200_000);
    }

    #[tokio::test]
    async fn a_file_that_cannot_get_its_name_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("00000000-0000-0000-0000-000000000007.eml")).expect("a folder in the way");
        let transport = FileTransport { folder: folder.path().to_owned() };
        assert!(matches!(transport.send(&envelope(b"whole")).await, Outcome::Misconfigured { .. }));
        assert_eq!(names_in(folder.path()).len(), 1, "only the folder that was in the way");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_nobodys_fault_but_the_settings() {
        let home = tempfile::tempdir().expect("a folder");
        let in_the_way = home.path().join("file");
        fs::write(&in_the_way, "").expect("a file in the way");
        let transport = FileTransport { folder: in_the_way };
        let Outcome::Misconfigured { reason } = transport.send(&envelope(b"")).await else { panic!("it was written") };
        assert!(reason.starts_with("the mail folder "), "{reason}");
        assert!(matches!(transport.probe().await, Err(ProbeError::Misconfigured(why, _)) if why == reason));
    }

    #[tokio::test]
    async fn a_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        FileTransport { folder: folder.path().to_owned() }.probe().await.expect("it can be written to");
        assert_eq!(names_in(folder.path()), Vec::<String>::new());
    }
}
