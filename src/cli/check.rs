//! `plo-drift check`: one sweep, by hand.

use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Done, Failure, Setting};
use crate::app;
use crate::clock::Moment;
use crate::domain::calendar::Counted;
use crate::fields::civil_date;
use crate::jobs::sweep::{self, Line, Report};
use crate::policy_file::PolicyDocument;
use crate::store::policies::in_force::{self, Known};

/// Sweep once: look at every case that is due, and let its alerts follow. `serve` sends the messages that are made.
#[derive(Debug, Args)]
pub struct Check {
    /// The day to judge as of (YYYY-MM-DD); London's date if left out.
    #[arg(long, value_name = "DATE", value_parser = civil_date)]
    on: Option<Date>,
    /// Print what would be opened, escalated, resolved and sent, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Sweeps, and prints what was done.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let policy = app::configured_policy(&setting.config).map_err(Failure::wrong)?;
        let pool = setting.pool().await?;
        let now = setting.clock.now().as_of(self.on);
        let in_force = self.in_force(&pool, policy, now).await?;
        let sweep = app::sweep_of(&setting.config, &in_force);
        let report = if self.dry_run {
            sweep::rehearse(&pool, &sweep, now).await
        } else {
            sweep::run(&pool, &sweep, now.at, now, &CancellationToken::new()).await
        };
        let report = report?;
        if report.overtaken {
            return Err(Failure::Failed(anyhow::anyhow!("another policy has been put in force meanwhile: check again")));
        }
        if self.json {
            let printed = serde_json::json!({"on": now.today, "dry_run": self.dry_run, "report": report});
            println!("{printed}");
        } else {
            self.print(now.today, &report);
        }
        Ok(if report.postponed.is_empty() { Done::Whole } else { Done::WithRefusals })
    }

    /// The policy in force, once the configured one is offered.
    async fn in_force(&self, pool: &PgPool, configured: PolicyDocument, now: Moment) -> anyhow::Result<Arc<Known>> {
        let mut connection = pool.acquire().await?;
        Ok(if self.dry_run {
            in_force::would_be(&mut connection, configured).await?
        } else {
            in_force::once_offered(&mut connection, configured, now.at).await?
        })
    }

    fn print(&self, on: Date, report: &Report) {
        let would = if self.dry_run { "would be " } else { "" };
        for (done, lines) in [
            ("opened", &report.opened),
            ("escalated", &report.escalated),
            ("lowered", &report.lowered),
            ("resolved", &report.resolved),
            ("opened again", &report.reopened),
        ] {
            for Line { case, rule, subject, severity } in lines {
                println!("{would}{done}: {case}  {rule}{}{subject}  {severity}", if subject.is_empty() { "" } else { " " });
            }
        }
        for case in &report.postponed {
            println!("{would}put off, because it could not be judged: {case}");
        }
        let counted = |count: usize, what| Counted(i64::try_from(count).unwrap_or(i64::MAX), what);
        println!(
            "As of {on}: {} looked at; {} {would}opened, {} escalated, {} lowered, {} resolved, {} opened again; {} {would}made.",
            counted(report.cases, "case"),
            counted(report.opened.len(), "alert"),
            report.escalated.len(),
            report.lowered.len(),
            report.resolved.len(),
            report.reopened.len(),
            counted(report.messages, "message"),
        );
        if report.unreachable > 0 {
            println!(
                "{} of which nobody on the ladder can be told: add a recipient with plo-drift recipient add.",
                Counted(report.unreachable, "open alert"),
            );
        }
    }
}
