//! `plo-drift config check`: every mistake in the configuration, and whether the database and the mail server are as it says.

use clap::Args;

use super::{database, mail, summary};
use crate::app;
use crate::cli::{Done, Failure, Setting};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::policy_file::PolicyDocument;
use crate::telemetry;

/// Check the whole configuration: every mistake is named, and what was found is told in short, without any secret.
///
/// Exit codes: 0 all is well, 1 the tables are not up to date, 2 something in the configuration must change, 3 something does not answer.
#[derive(Debug, Args)]
pub struct Check {
    /// Try the database, too: connection, role, tables and rights.
    #[arg(long)]
    database: bool,
    /// Try the mail server, too: connection, certificate and sign-in. Nothing is sent.
    #[arg(long)]
    mail: bool,
    /// Send a test mail to this recipient: the number that `recipient list` shows, or the name. It says that nothing is to be done.
    #[arg(long, value_name = "RECIPIENT")]
    send_to: Option<String>,
}

impl Check {
    /// Checks it, and tries everything that is asked for, whatever came of the rest.
    pub async fn run(self, loaded: Result<Config, ConfigError>, clock: &Clock) -> Result<Done, Failure> {
        let (config, policy) = configured(loaded)?;
        println!("The configuration is right.");
        for line in summary::of(&config, &policy) {
            println!("{line}");
        }
        let setting = Setting { config, clock: clock.clone() };
        let mut failures = Vec::new();
        if self.database {
            failures.extend(database::check(&setting.config.database).await.err());
        }
        if self.mail {
            failures.extend(mail::check(&setting.config).await.err());
        }
        if let Some(recipient) = self.send_to {
            failures.extend(mail::send_to(&setting, &recipient).await.err());
        }
        as_one(&failures)
    }
}

/// What is configured, if all of it is right: what can be seen of one setting alone, of the policy, and of the files that are named.
fn configured(loaded: Result<Config, ConfigError>) -> Result<(Config, PolicyDocument), Failure> {
    let config = loaded.map_err(|wrong| {
        let ConfigError::Wrong { policy: Some(policy), .. } = &wrong else { return Failure::wrong(wrong) };
        let policy = PolicyDocument::of_file(policy).err().map_or_else(String::new, |mistakes| format!("\n{mistakes}"));
        Failure::usage(format!("{wrong}{policy}"))
    })?;
    let policy = app::configured_policy(&config);
    let mistakes = [
        policy.as_ref().err().map(ToString::to_string),
        app::transport(&config).err().map(|wrong| format!("mail: {wrong:#}")),
        app::identity(&config).err().map(|wrong| wrong.to_string()),
        app::heartbeat(&config).err().map(|wrong| format!("heartbeat: {wrong:#}")),
        telemetry::filter(&config.log).err().map(|wrong| format!("{wrong:#}")),
    ];
    let mistakes: Vec<String> = mistakes.into_iter().flatten().collect();
    match policy {
        Ok(policy) if mistakes.is_empty() => Ok((config, policy)),
        _ => Err(Failure::usage(mistakes.join("\n"))),
    }
}

/// Everything that went wrong, each on a line; what must be changed counts for more than what may pass.
fn as_one(failures: &[Failure]) -> Result<Done, Failure> {
    let words = failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let words = || anyhow::Error::msg(words.clone());
    if failures.is_empty() {
        Ok(Done::Whole)
    } else if failures.iter().any(|failure| matches!(failure, Failure::Wrong(_))) {
        Err(Failure::Wrong(words()))
    } else if failures.iter().any(|failure| matches!(failure, Failure::Unreachable(_))) {
        Err(Failure::Unreachable(words()))
    } else {
        Err(Failure::Failed(words()))
    }
}
