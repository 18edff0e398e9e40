//! Sweeps, and what is rehearsed for the API, by the policy in force at the moment.

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use sqlx::PgPool;

use crate::api::policy::preview::Preview;
use crate::clock::Moment;
use crate::config::Config;
use crate::domain::preview::Changes;
use crate::jobs::preview::{aftermath_soon, changes, moved_dates};
use crate::jobs::sweep::Sweep;
use crate::mailer::post::Post;
use crate::policy_file::PolicyDocument;
use crate::store::policies::in_force::{InForce, Known};

/// A sweep as configured, by a policy.
#[must_use]
pub fn sweep_of(config: &Config, known: &Known) -> Sweep {
    Sweep {
        policy_version: known.version.clone(),
        cases_at_a_time: config.jobs.cases_at_a_time,
        post: Post::of(config, &known.policy),
        policy: known.policy.clone(),
    }
}

/// Makes sweeps by the policy that is in force when they begin.
#[derive(Clone, Debug)]
pub struct Sweeps {
    pool: PgPool,
    config: Arc<Config>,
    policy: InForce,
}

impl Sweeps {
    /// As configured.
    #[must_use]
    pub fn of(pool: &PgPool, config: &Config, policy: &InForce) -> Self {
        Self { pool: pool.clone(), config: Arc::new(config.clone()), policy: policy.clone() }
    }

    /// A sweep by the policy in force, which the configured one is if its file has changed.
    ///
    /// # Errors
    ///
    /// The database does not answer, or holds a policy that cannot be read.
    pub async fn by_the_policy_in_force(&self, now: Timestamp) -> anyhow::Result<Sweep> {
        let mut connection = self.pool.acquire().await.context("could not reach the database")?;
        self.policy.offer_once(&mut connection, now).await?;
        Ok(sweep_of(&self.config, &*self.policy.read(&mut connection).await?))
    }

    /// What a policy would change, beyond what the one in force does.
    async fn changes(self, document: PolicyDocument, now: Moment) -> anyhow::Result<Changes> {
        let this = sweep_of(&self.config, &*self.policy.read(&mut *self.pool.acquire().await?).await?);
        let that = sweep_of(&self.config, &Known::from(&document));
        let by_this = aftermath_soon(&self.pool, &this, now).await?;
        let by_that = aftermath_soon(&self.pool, &that, now).await?;
        let policies = (&this.policy, &that.policy);
        let dates = moved_dates(&self.pool, policies, now.today, this.cases_at_a_time, |_| ()).await?;
        Ok(changes(now.today, &by_this, by_that, dates))
    }
}

/// Rehearses for the API what a policy would change.
#[must_use]
pub fn previews(pool: &PgPool, config: &Config, policy: &InForce) -> Preview {
    let sweeps = Sweeps::of(pool, config, policy);
    Preview::by(move |document, now| Box::pin(sweeps.clone().changes(document, now)))
}
