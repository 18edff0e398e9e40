//! Whether the service does its work: one look at everything that speaks for or against it, for whoever asks and for the heartbeat
//! outside. What it says holds no case.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use tokio::time::timeout;
use tracing::error;
use utoipa::ToSchema;

use crate::store::readiness::{self, Migrations, Sweeps};
use crate::store::{MIGRATOR, measures, without_values};

/// A database that has not answered by then does not count as answering.
const PATIENCE: Duration = Duration::from_secs(2);

/// How old the signs of work may be while the service counts as ready.
#[derive(Clone, Copy, Debug)]
pub struct HealthLimits {
    /// The last finished sweep.
    pub sweep: SignedDuration,
    /// The oldest message that waits to be sent.
    pub mail: SignedDuration,
    /// The last clean reconciliation.
    pub reconciliation: SignedDuration,
}

/// What speaks for or against the service doing its work.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Checks {
    /// Whether the database answers.
    database: DatabaseCheck,
    /// Whether it has the tables of this program, and of no newer one.
    migrations: MigrationsCheck,
    /// Whether cases are looked at.
    sweep: SweepCheck,
    /// Whether mail leaves.
    mail: MailCheck,
    reconciliation: ReconciliationCheck,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct DatabaseCheck {
    /// Whether all is well.
    ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct MigrationsCheck {
    /// Whether all is well.
    ok: bool,
    /// How many are applied; null where the database does not answer.
    applied: Option<usize>,
    /// How many this program knows.
    expected: usize,
    /// How many are applied that this program does not know: those of a newer one. Null where the database does not answer.
    unknown: Option<usize>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct SweepCheck {
    /// Whether all is well.
    ok: bool,
    /// When the last sweep ended.
    last_finished_at: Option<Timestamp>,
    /// When the last one ended that passed no case over because somebody else held it.
    last_complete_at: Option<Timestamp>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct MailCheck {
    /// Whether all is well.
    ok: bool,
    /// Since when the oldest message waits.
    oldest_unsent_at: Option<Timestamp>,
    /// How many messages wait.
    waiting: Option<i64>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct ReconciliationCheck {
    /// Whether all is well.
    ok: bool,
    /// When a nightly reconciliation last found nothing wrong.
    last_clean_at: Option<Timestamp>,
}

impl Checks {
    /// The names of what speaks against it; none where all is well.
    #[must_use]
    pub fn unwell(&self) -> Vec<&'static str> {
        let checks = [
            ("database", self.database.ok),
            ("migrations", self.migrations.ok),
            ("sweep", self.sweep.ok),
            ("mail", self.mail.ok),
            ("reconciliation", self.reconciliation.ok),
        ];
        checks.into_iter().filter(|(_, ok)| !ok).map(|(name, _)| name).collect()
    }
}

/// Looks at everything; what has not answered within two seconds does not count as well.
pub async fn look(pool: &PgPool, limits: HealthLimits, now: Timestamp) -> Checks {
    timeout(PATIENCE, look_patiently(pool, limits, now)).await.unwrap_or_default()
}

async fn look_patiently(pool: &PgPool, limits: HealthLimits, now: Timestamp) -> Checks {
    let Some(mut connection) = answered(pool.acquire().await) else { return Checks::default() };
    Checks {
        database: DatabaseCheck { ok: true },
        migrations: MigrationsCheck::of(answered(readiness::migrations(&mut connection, &MIGRATOR).await)),
        sweep: sweep(&mut connection, limits.sweep, now).await,
        mail: mail(&mut connection, limits.mail, now).await,
        reconciliation: reconciliation(&mut connection, limits.reconciliation, now).await,
    }
}

async fn sweep(connection: &mut PgConnection, limit: SignedDuration, now: Timestamp) -> SweepCheck {
    let Some(Sweeps { last_finished_at, last_complete_at }) = answered(readiness::sweeps(connection, now).await) else {
        return SweepCheck::default();
    };
    let ok = last_complete_at.is_some_and(|at| now.duration_since(at) < limit);
    SweepCheck { ok, last_finished_at, last_complete_at }
}

async fn mail(connection: &mut PgConnection, limit: SignedDuration, now: Timestamp) -> MailCheck {
    let Some(unsent) = answered(readiness::unsent_mail(connection).await) else { return MailCheck::default() };
    let ok = unsent.oldest_at.is_none_or(|sealed_at| now.duration_since(sealed_at) < limit);
    MailCheck { ok, oldest_unsent_at: unsent.oldest_at, waiting: Some(unsent.waiting) }
}

/// Until the first night, there is none: it counts from when the service first did anything here.
async fn reconciliation(connection: &mut PgConnection, limit: SignedDuration, now: Timestamp) -> ReconciliationCheck {
    let Some((last_clean_at, first_at)) = answered(measures::reconciled(connection, now).await) else {
        return ReconciliationCheck::default();
    };
    let ok = last_clean_at.or(first_at).is_none_or(|since| now.duration_since(since) < limit);
    ReconciliationCheck { ok, last_clean_at }
}

/// What the database answered; why it did not is logged.
fn answered<T>(result: Result<T, sqlx::Error>) -> Option<T> {
    let log = |wrong: &anyhow::Error| error!(reason = without_values(wrong), "the health of the service cannot be looked at");
    result.map_err(anyhow::Error::from).inspect_err(log).ok()
}

impl MigrationsCheck {
    fn of(found: Option<Migrations>) -> Self {
        let expected = MIGRATOR.iter().count();
        let (applied, unknown) = (found.map(|found| found.applied), found.map(|found| found.unknown));
        Self { ok: found == Some(Migrations { applied: expected, unknown: 0 }), applied, expected, unknown }
    }
}

impl Default for MigrationsCheck {
    fn default() -> Self {
        Self::of(None)
    }
}
