//! `plo-drift mail`: a look into the outbox.

use std::io::Write;

use anyhow::Context;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use uuid::Uuid;

use super::{Done, Failure, Setting};
use crate::store::outbox;

/// Look at the messages of the outbox.
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
            Self::Show { id } => {
                let Some((body, attempts)) = outbox::show(&mut connection, id).await? else {
                    return Err(Failure::usage(format!("there is no message {id}: see mail list")));
                };
                for attempt in attempts {
                    let outcome = attempt.outcome.as_deref().unwrap_or("under way");
                    let reply = attempt.reply.as_deref().unwrap_or_default();
                    eprintln!("attempt {} at {}: {outcome} {reply}", attempt.attempt, attempt.claimed_at.to_jiff());
                }
                match body {
                    Some(bytes) => std::io::stdout().write_all(&bytes).context("could not write to standard output")?,
                    None => eprintln!("the message still gathers news; the next sweep makes it"),
                }
            }
        }
        Ok(Done::Whole)
    }
}
