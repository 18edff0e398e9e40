//! Whether mail leaves as the configuration says.

use std::time::Duration;

use uuid::Uuid;

use crate::app;
use crate::cli::{Failure, Setting};
use crate::config::{Config, MailTransport};
use crate::mailer::transport::{Envelope, Outcome, ProbeError, Transport};
use crate::mailer::trial::{self, Trial};
use crate::store::recipients::{self, Person};

/// Somebody waits at a terminal: a server that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Connects, encrypts and signs in, or tries the folder; sends nothing.
pub async fn check(config: &Config) -> Result<(), Failure> {
    match transport(config)?.probe().await {
        Ok(()) => {
            println!("mail: {}", as_found(config));
            Ok(())
        }
        Err(wrong @ ProbeError::Misconfigured(..)) => Err(Failure::wrong(wrong)),
        Err(wrong @ ProbeError::Unavailable(..)) => Err(Failure::Unreachable(wrong.into())),
    }
}

fn transport(config: &Config) -> Result<Transport, Failure> {
    app::transport_within(config, PATIENCE).map_err(Failure::Wrong)
}

fn as_found(config: &Config) -> &'static str {
    match (config.mail.transport, &config.mail.credentials) {
        (MailTransport::File, _) => "the folder can be written to",
        (MailTransport::Smtp, Some(_)) => "the mail server answers, and lets the service in",
        (MailTransport::Smtp, None) => "the mail server answers; whether it takes mail without a sign-in, only --send-to tells",
    }
}

/// Sends a test mail to a recipient on record. It is kept nowhere.
pub async fn send_to(setting: &Setting, wanted: &str) -> Result<(), Failure> {
    let config = &setting.config;
    let pool = setting.pool().await?;
    let person = find(recipients::list(&mut *pool.acquire().await?).await?, wanted)?;
    if !config.mail.allowed_domains.may_write_to(&person.email) {
        return Err(Failure::usage(format!(
            "nothing was sent: the address of recipient {} is not one that may be written to: add its domain to mail.allowed_domains",
            person.id
        )));
    }
    let transport = transport(config)?;
    let (id, from) = (Uuid::now_v7(), config.mail.from.as_str());
    let trial = Trial { council: &config.council, base_url: &config.base_url, from, to: &person.email };
    let bytes = trial::bytes(id, &trial, setting.clock.now().at)?;
    let outcome = transport.send(&Envelope { id, from, to: &person.email, bytes: &bytes }).await;
    match outcome {
        Outcome::Accepted { reply } => {
            println!("mail: a test mail to recipient {} was taken ({reply}); whether it arrives, only they can say", person.id);
            Ok(())
        }
        outcome => Err(not_sent(person.id, outcome)),
    }
}

/// The one person who is meant, by number or by name.
fn find(everybody: Vec<Person>, wanted: &str) -> Result<Person, Failure> {
    let number = wanted.parse::<i64>().ok();
    let is_meant =
        |person: &Person| number.map_or_else(|| person.name.to_lowercase() == wanted.to_lowercase(), |id| person.id == id);
    let mut meant: Vec<Person> = everybody.into_iter().filter(|person| person.active && is_meant(person)).collect();
    match meant.len() {
        0 => Err(Failure::usage(
            "nothing was sent: there is no such recipient who is told anything: see recipient list".to_owned(),
        )),
        1 => Ok(meant.remove(0)),
        _ => {
            let numbers: Vec<String> = meant.iter().map(|person| person.id.to_string()).collect();
            Err(Failure::usage(format!("nothing was sent: recipients {} have that name: give a number", numbers.join(", "))))
        }
    }
}

fn not_sent(id: i64, outcome: Outcome) -> Failure {
    let (reason, remedy) = match outcome {
        Outcome::Accepted { reply } | Outcome::Refused { reply } => {
            (reply, "correct their address, or ask whoever runs the mail server")
        }
        Outcome::Misconfigured { reason } => (reason, "config check --mail says more; else ask whoever runs the mail server"),
        Outcome::Temporary { reply: reason } | Outcome::Unknown { reason } => {
            let words = format!("a test mail to recipient {id} was not taken this time ({reason}): try again in a while");
            return Failure::Unreachable(anyhow::Error::msg(words));
        }
    };
    Failure::usage(format!("a test mail to recipient {id} was refused ({reason}): {remedy}"))
}
