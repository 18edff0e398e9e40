//! `plo-drift erase`: one case, on request.

use clap::Args;
use sqlx::Connection;

use super::retention::print_rows;
use super::{Done, Failure, Setting};
use crate::domain::retention::HeldBack;
use crate::fields::plain_text;
use crate::jobs::retention::{self, Refused, Request};

/// Erase everything that is kept of a case, for good: on the request of somebody whose data it is, or recorded in error.
///
/// A line stays in `erasures`: when, why, and how many rows of each table. Messages about it that have not left are cancelled; what
/// they tell of other cases is told again.
#[derive(Debug, Args)]
pub struct Erase {
    /// The case.
    #[arg(value_name = "CASE")]
    case: String,
    /// Why, in words that name neither the case nor a person: they are kept.
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Erase it even if it has alerts that are not resolved.
    #[arg(long)]
    although_alerts_are_open: bool,
    /// Print what would go, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    /// Erases it, and prints how much that was.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        self.check_reason()?;
        let pool = setting.pool().await?;
        let now = setting.clock.now();
        let mut connection = pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let request =
            Request { reference: &self.case, reason: &self.reason, although_alerts_are_open: self.although_alerts_are_open };
        let erased = retention::erase(&mut tx, request, now).await?;
        // Ended here whatever comes of it: nothing may hold the case once the program has.
        if self.dry_run || erased.is_err() {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        let rows = erased.map_err(failure)?;
        println!("{}:", if self.dry_run { "Would be erased" } else { "Erased" });
        print_rows(&rows);
        Ok(Done::Whole)
    }

    fn check_reason(&self) -> Result<(), Failure> {
        if self.reason.is_empty() {
            return Err(Failure::usage("--reason must not be empty".to_owned()));
        }
        plain_text(&self.reason).map_err(|reason| Failure::usage(format!("--reason {reason}")))?;
        if self.reason.contains(&self.case) {
            return Err(Failure::usage("--reason must not name the case: it is kept".to_owned()));
        }
        Ok(())
    }
}

fn failure(refused: Refused) -> Failure {
    let why = match refused {
        Refused::NotKept => return Failure::usage("nothing is kept of that case: is its reference right?".to_owned()),
        Refused::HeldBack(why) => why,
    };
    let advice = match why {
        HeldBack::UnresolvedAlert => "put it right, or erase it with --although-alerts-are-open",
        _ => "try again in a few minutes",
    };
    Failure::Failed(anyhow::anyhow!("the case is not erased: {}; {advice}", why.reason()))
}
