//! `plo-drift link-key`: what the acknowledge links of mails are signed with.

use clap::Subcommand;
use sqlx::Connection;

use super::{Done, Failure, Setting};
use crate::store::link_keys;

/// Replace the key that signs the acknowledge links of mails.
#[derive(Debug, Subcommand)]
pub enum LinkKey {
    /// Make a new key, which signs from now on. Links that were sent before work until their day, unless they are ended.
    Rotate {
        /// End every link that was sent before, as after somebody has read the old key.
        #[arg(long)]
        end_old_links: bool,
    },
}

impl LinkKey {
    /// Does it.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let Self::Rotate { end_old_links } = self;
        let pool = setting.pool().await?;
        let mut connection = pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let key = link_keys::make(&mut tx, setting.clock.now().at).await?;
        let ended = if end_old_links { Some(link_keys::end_all_but(&mut tx, key.id).await?) } else { None };
        tx.commit().await?;
        println!("link key {} signs from now on", key.id);
        match ended {
            Some(count) => println!("{count} older: their links no longer work, also in mails that have not left yet"),
            None => println!("links that were sent before work until their day"),
        }
        Ok(Done::Whole)
    }
}
