//! `plo-drift policy preview`: what a policy would change on the live caseload.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;
use sqlx::PgPool;

use crate::app;
use crate::cli::progress::{Progress, begin};
use crate::cli::{Done, Failure, Setting};
use crate::domain::calendar::Counted;
use crate::domain::preview::{AlertChanges, Changes, Messages, MovedDate, StandingAlert};
use crate::fields::civil_date;
use crate::jobs::preview::{aftermath, changes, moved_dates};
use crate::jobs::sweep::Sweep;
use crate::policy_file::PolicyDocument;
use crate::store::policies::in_force::{InForce, Known};
use crate::store::preview;

/// Say what a policy would change on the live caseload: alerts, messages and dates. Changes nothing.
///
/// It is compared with the policy that is in force. What a sweep by that one would do anyway is not counted.
#[derive(Debug, Args)]
pub struct Preview {
    /// The policy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The day to judge as of (YYYY-MM-DD); London's date if left out.
    #[arg(long, value_name = "DATE", value_parser = civil_date)]
    on: Option<Date>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Preview {
    /// Prints what would change.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let of_file = PolicyDocument::of_file(&self.file).map_err(Failure::wrong)?;
        let configured = app::configured_policy(&setting.config).map_err(Failure::wrong)?;
        let pool = setting.pool().await?;
        let in_force = InForce::or(configured).read(&mut *pool.acquire().await?).await?;
        let that = app::sweep_of(&setting.config, &Known::from(&of_file));
        let this = app::sweep_of(&setting.config, &in_force);
        let now = setting.clock.now().as_of(self.on);
        begin("Rehearsing a sweep by the policy in force");
        let by_this = aftermath(&pool, &this, now).await?;
        begin("Rehearsing a sweep by this one");
        let by_that = aftermath(&pool, &that, now).await?;
        let dates = dates(&pool, &this, &that, now.today).await?;
        let changes = changes(now.today, &by_this, by_that, dates);
        if self.json {
            println!("{}", serde_json::to_string(&changes).context("could not write JSON")?);
        } else {
            print(&changes);
        }
        Ok(if changes.postponed.is_empty() { Done::Whole } else { Done::WithRefusals })
    }
}

async fn dates(pool: &PgPool, this: &Sweep, that: &Sweep, today: Date) -> Result<Vec<MovedDate>, Failure> {
    let of = preview::count_cases(&mut *pool.acquire().await?).await?;
    let progress = Progress::of(usize::try_from(of).unwrap_or(usize::MAX));
    let policies = (&this.policy, &that.policy);
    let moved = moved_dates(pool, policies, today, this.cases_at_a_time, |done| progress.show(done)).await;
    progress.clear();
    Ok(moved?)
}

fn alerts_by_change(changes: &Changes) -> [(&'static str, &Vec<StandingAlert>); 4] {
    let AlertChanges { opened, escalated, lowered, resolved } = &changes.alerts;
    [("opened", opened), ("escalated", escalated), ("lowered", lowered), ("resolved", resolved)]
}

fn print(changes: &Changes) {
    for (change, alerts) in alerts_by_change(changes) {
        for StandingAlert { case, rule, subject, severity } in alerts {
            println!("would be {change}: {case}  {rule}{}{subject}  {severity}", if subject.is_empty() { "" } else { " " });
        }
    }
    let day = |date: Option<Date>| date.map_or_else(|| "none".to_owned(), |date| date.to_string());
    for MovedDate { case, moved } in &changes.dates {
        println!("would move: {case}  {}  {} -> {}", moved.what.code(), day(moved.from), day(moved.to));
    }
    for case in &changes.postponed {
        println!("could not be judged: {case}");
    }
    print_summary(changes);
}

fn print_summary(changes: &Changes) {
    let alerts: Vec<String> =
        alerts_by_change(changes).iter().map(|(change, alerts)| format!("{} {change}", alerts.len())).collect();
    println!("As of {}, beyond what the policy in force does: alerts {}.", changes.on, alerts.join(", "));
    for Messages { role, from, to } in changes.messages.iter().flatten() {
        println!("The next sweep would send {} to the role {role}; by the policy in force {from}.", Counted(*to, "message"));
    }
    let kinds: Vec<String> = changes.dates_by_kind().iter().map(|(what, count)| format!("{count} {}", what.code())).collect();
    println!("Dates that move: {}.", if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") });
}
