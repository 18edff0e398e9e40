//! `plo-drift recipient change`: somebody goes on leave, comes back, or has another deputy.

use clap::Args;
use jiff::civil::Date;
use sqlx::PgConnection;

use super::standing::say_how_they_stand;
use super::{get, note};
use crate::cli::{Done, Failure, Setting};
use crate::fields::civil_date;
use crate::store::recipients::{self, Person};

/// Say who stands in for a person, that they are away or back, or that they are told again after they were removed.
#[derive(Debug, Args)]
pub struct Change {
    /// The number that `recipient list` shows.
    id: i64,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Who stands in for them while they are away, and once they are removed.
    #[arg(long, value_name = "ID")]
    deputy: Option<i64>,
    /// Nobody stands in for them.
    #[arg(long, conflicts_with = "deputy")]
    no_deputy: bool,
    /// They are away from today until this day, that day included (YYYY-MM-DD).
    #[arg(long, value_name = "DATE", value_parser = civil_date)]
    away_until: Option<Date>,
    /// They are back.
    #[arg(long, conflicts_with = "away_until")]
    back: bool,
    /// They are told again, after they were removed.
    #[arg(long)]
    restore: bool,
}

impl Change {
    /// Does it, and says whom the role reaches then.
    pub async fn run(self, setting: &Setting) -> Result<Done, Failure> {
        let Self { id, changes } = self;
        let pool = setting.pool().await?;
        let mut tx = pool.begin().await?;
        let person = get(&mut tx, id).await?;
        let mut done = changes.change_deputy(&mut tx, id).await?;
        done.extend(changes.change_absence(&mut tx, id, setting.clock.now().today).await?);
        done.extend(changes.restore(&mut tx, &person).await?);
        note(&mut tx, setting, id, &done.join("; ")).await?;
        println!("recipient {id}: {}", done.join("; "));
        say_how_they_stand(&mut tx, setting, id).await?;
        tx.commit().await?;
        Ok(Done::Whole)
    }
}

impl Changes {
    async fn change_deputy(&self, connection: &mut PgConnection, id: i64) -> Result<Vec<String>, Failure> {
        if let Some(deputy) = self.deputy {
            insist_on_another(connection, id, deputy).await?;
            recipients::set_deputy(connection, id, Some(deputy)).await?;
            return Ok(vec![format!("deputy: {deputy}")]);
        }
        if self.no_deputy {
            recipients::set_deputy(connection, id, None).await?;
            return Ok(vec!["no deputy".to_owned()]);
        }
        Ok(Vec::new())
    }

    async fn change_absence(&self, connection: &mut PgConnection, id: i64, today: Date) -> Result<Vec<String>, Failure> {
        if let Some(last) = self.away_until {
            if last < today {
                return Err(Failure::usage("--away-until must not lie in the past: it is the last day of the absence".into()));
            }
            recipients::set_absence(connection, id, Some(last)).await?;
            return Ok(vec![format!("away until {last}")]);
        }
        if self.back {
            recipients::set_absence(connection, id, None).await?;
            return Ok(vec!["back".to_owned()]);
        }
        Ok(Vec::new())
    }

    async fn restore(&self, connection: &mut PgConnection, person: &Person) -> Result<Vec<String>, Failure> {
        if !self.restore {
            return Ok(Vec::new());
        }
        if person.active {
            return Err(Failure::usage(format!("recipient {} was not removed", person.id)));
        }
        if !recipients::restore(connection, person.id).await? {
            return Err(Failure::usage(
                "that address is told in that role already, by another number: see recipient list".into(),
            ));
        }
        Ok(vec!["told again".to_owned()])
    }
}

/// Insists that a deputy is somebody on record, and somebody else.
pub async fn insist_on_another(connection: &mut PgConnection, id: i64, deputy: i64) -> Result<(), Failure> {
    if id == deputy {
        return Err(Failure::usage("--deputy must be somebody else: nobody stands in for themselves".into()));
    }
    get(connection, deputy).await.map(drop)
}
