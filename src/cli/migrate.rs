//! `plo-drift migrate`: brings the database's tables up to date.

use clap::Args;

use super::{Done, Failure, Setting};
use crate::database;

/// Apply the migrations that the database does not have yet. Several at once are safe: one does it, the others wait.
#[derive(Debug, Args)]
pub struct Migrate {}

impl Migrate {
    /// Applies them.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let pool = setting.pool().await?;
        database::migrate(&pool).await?;
        println!("The database is up to date.");
        Ok(Done::Whole)
    }
}
