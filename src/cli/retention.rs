//! `plo-drift retention`: what has outlived the policy's terms.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Done, Failure, Setting};
use crate::app;
use crate::clock::Moment;
use crate::domain::calendar::Counted;
use crate::domain::retention::RetentionPolicy;
use crate::fields::civil_date;
use crate::jobs::retention::{self, Report};
use crate::policy_file::PolicyDocument;
use crate::store::erasure::Rows;
use crate::store::policies::in_force::{self, Known};

/// Erase what has outlived the terms of `[retention]` in the policy, for good: what `serve` does every night.
#[derive(Debug, Args)]
pub struct Retention {
    /// Print what would go, what is held back and why, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Rehearse by the policy in this file instead of the one in force.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    policy: Option<PathBuf>,
    /// The day as of which terms are counted (YYYY-MM-DD); London's date if left out.
    #[arg(long, value_name = "DATE", value_parser = civil_date)]
    on: Option<Date>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Retention {
    /// Erases, and prints what went.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let clock = setting.clock.now();
        if !self.dry_run && self.on.is_some_and(|day| day > clock.today) {
            return Err(Failure::usage("--on must not be a day to come, unless it is for a --dry-run".to_owned()));
        }
        let configured = app::configured_policy(&setting.config).map_err(Failure::wrong)?;
        let pool = setting.pool().await?;
        let now = clock.as_of(self.on);
        let policy = self.by(&pool, configured, now).await?;
        let sweep = app::sweep_of(&setting.config, &policy);
        let report = if self.dry_run {
            retention::rehearse(&pool, &sweep, now).await
        } else {
            retention::retain(&mut *pool.acquire().await?, &sweep, now, &CancellationToken::new()).await
        };
        let report = report?;
        if self.json {
            println!("{}", serde_json::json!({"on": now.today, "dry_run": self.dry_run, "report": report}));
        } else {
            self.print(now.today, &sweep.policy.retention, &report);
        }
        Ok(if report.failed.is_empty() { Done::Whole } else { Done::WithRefusals })
    }

    /// The policy whose terms count.
    async fn by(&self, pool: &PgPool, configured: PolicyDocument, now: Moment) -> Result<Arc<Known>, Failure> {
        if let Some(file) = &self.policy {
            let document = PolicyDocument::of_file(file).map_err(Failure::wrong)?;
            return Ok(Arc::new(Known::from(&document)));
        }
        let mut connection = pool.acquire().await?;
        Ok(if self.dry_run {
            in_force::would_be(&mut connection, configured).await?
        } else {
            in_force::once_offered(&mut connection, configured, now.at).await?
        })
    }

    fn print(&self, on: Date, terms: &RetentionPolicy, report: &Report) {
        let would = if self.dry_run { "would be " } else { "" };
        for case in &report.erased {
            let rows: i64 = case.rows.values().sum();
            println!("{would}erased: {}  concluded on {}  {}", case.case, case.concluded_on, Counted(rows, "row"));
        }
        for kept in &report.held_back {
            println!("held back: {}  concluded on {}  {}", kept.case, kept.concluded_on, kept.why.reason());
        }
        for case in &report.failed {
            println!("could not be erased: {case}");
        }
        print_rows(&report.rows);
        let counted = |count: usize, what| Counted(i64::try_from(count).unwrap_or(i64::MAX), what);
        println!("As of {on}: {} {would}erased, {} held back.", counted(report.erased.len(), "case"), report.held_back.len());
        if *terms == RetentionPolicy::default() {
            println!("The policy keeps everything for ever: its section [retention] says how to change that.");
        }
    }
}

/// Prints how many rows of each table.
pub(super) fn print_rows(rows: &Rows) {
    for (table, number) in rows.iter().filter(|(_, number)| **number > 0) {
        println!("  {table}: {}", Counted(*number, "row"));
    }
}
