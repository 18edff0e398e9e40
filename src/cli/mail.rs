//! `plo-drift mail`: the outbox.

use std::collections::BTreeSet;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use sqlx::Connection;
use uuid::Uuid;

use super::{Done, Failure, Setting};
use crate::domain::calendar::Counted;
use crate::store::journal::{self, Entry, What};
use crate::store::outbox;

/// Look at the messages of the outbox, and queue dead ones again.
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// List the newest messages: id, state, role of the recipient, subject, attempts.
    List {
        /// Only those in this state.
        #[arg(long, value_parser = PossibleValuesParser::new(["gathering", "queued", "sending", "sent", "dead", "cancelled"]))]
        state: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
    },
    /// Queue dead messages again, as they are to the byte: after an address or the mail server was put right.
    Replay {
        /// The id that `mail list --state dead` shows; every dead message with --all.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<Uuid>,
        /// Every dead message.
        #[arg(long)]
        all: bool,
    },
    /// After the database was restored from a copy: put on record as sent what the mail server has taken on since, by its log.
    ///
    /// Do it before the service is started. Every Message-ID of ours in the log counts, so give it only lines of mail that was taken
    /// on, from after the copy was made.
    Sent {
        /// The file with the lines of the log; `-` for standard input.
        #[arg(value_name = "LOG")]
        log: PathBuf,
    },
    /// Show a message as it is sent, and what the mail server said to each attempt.
    Show {
        /// The id that `mail list` shows.
        id: Uuid,
    },
}

impl Mail {
    /// Does it.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let pool = setting.pool().await?;
        let mut connection = pool.acquire().await?;
        match self {
            Self::List { state, limit } => {
                for message in outbox::list(&mut connection, state.as_deref(), limit.into()).await? {
                    let attempts = match (message.attempts, message.next_attempt_at) {
                        (0, _) => String::new(),
                        (attempts, Some(next)) if message.state == "queued" => {
                            format!("  {attempts} tried, next {}", next.to_jiff())
                        }
                        (attempts, _) => format!("  {attempts} tried"),
                    };
                    let reason = message.reason.map_or_else(String::new, |reason| format!("  {reason}"));
                    println!(
                        "{}  {}  {}  recipient {} ({})  {}{attempts}{reason}",
                        message.id,
                        message.created_at.to_jiff(),
                        message.state,
                        message.recipient,
                        message.role,
                        message.subject.as_deref().unwrap_or("(gathering)"),
                    );
                }
            }
            Self::Replay { id, .. } => {
                let now = setting.clock.now().at;
                let mut tx = connection.begin().await?;
                let replayed = outbox::replay(&mut tx, id, now).await?;
                for &message in &replayed {
                    let entry = Entry { message: Some(message), reason: Some("by an operator"), ..Entry::default() };
                    journal::add(&mut tx, now, What::MessageReplayed, entry).await?;
                }
                tx.commit().await?;
                if let (Some(id), []) = (id, replayed.as_slice()) {
                    return Err(Failure::usage(format!("there is no dead message {id}: see mail list --state dead")));
                }
                println!("{} queued again", Counted(i64::try_from(replayed.len()).unwrap_or(i64::MAX), "message"));
            }
            Self::Sent { log } => {
                let taken_on = outbox::taken_on(&mut connection, &message_ids(&read(&log)?), setting.clock.now().at).await?;
                let messages = |count: usize| Counted(i64::try_from(count).unwrap_or(i64::MAX), "message");
                println!(
                    "{} put on record as sent, {} on record before",
                    messages(taken_on.settled),
                    messages(taken_on.before)
                );
                if taken_on.unknown > 0 {
                    println!(
                        "{} made after the copy, and not in it: people have them, and what they tell will be told once more",
                        messages(taken_on.unknown)
                    );
                    return Ok(Done::WithRefusals);
                }
            }
            Self::Show { id } => {
                let Some((shown, attempts)) = outbox::show(&mut connection, id).await? else {
                    return Err(Failure::usage(format!("there is no message {id}: see mail list")));
                };
                for attempt in attempts {
                    let outcome = attempt.outcome.as_deref().unwrap_or("under way");
                    let reply = attempt.reply.as_deref().unwrap_or_default();
                    eprintln!("attempt {} at {}: {outcome} {reply}", attempt.attempt, attempt.claimed_at.to_jiff());
                }
                match (shown.body, shown.erased_at) {
                    (Some(bytes), _) => std::io::stdout().write_all(&bytes).context("could not write to standard output")?,
                    (None, Some(at)) => eprintln!("what the message said was erased at {}", at.to_jiff()),
                    (None, None) => eprintln!("the message still gathers news; the next sweep makes it"),
                }
            }
        }
        Ok(Done::Whole)
    }
}

fn read(log: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if log.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(log).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|wrong| Failure::usage(format!("{} cannot be read: {wrong}", log.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The messages whose Message-IDs are in a text, each once.
fn message_ids(text: &str) -> Vec<Uuid> {
    const LENGTH: usize = 36;
    let before_at = text.match_indices('@').filter_map(|(at, _)| text.get(at.checked_sub(LENGTH)?..at));
    before_at.filter_map(|id| id.parse().ok()).collect::<BTreeSet<Uuid>>().into_iter().collect()
}
