//! The cases that the legal gateway panel has to look at.

pub mod item;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::known;
use super::tokens::Scope;
use crate::domain::pause::PauseKind;
use crate::domain::policy::{Delivery, Role};

/// The references of every case in scope, of one team if it is given, that is in pre-proceedings and was at risk when it was last
/// looked at, worst first.
///
/// # Errors
///
/// The database does not answer.
pub async fn at_risk(connection: &mut PgConnection, scope: &Scope, team: Option<&str>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "-- agenda.at_risk
        SELECT w.case_reference FROM case_watch AS w JOIN cases AS c ON c.reference = w.case_reference
        WHERE w.status IN ('open', 'decided_issue') AND w.rag IN ('amber', 'red')
            AND (cardinality($1::text[]) = 0 OR c.team = ANY ($1))
            AND ($2::boolean OR NOT c.restricted)
            AND ($3::text IS NULL OR c.team = $3)
        ORDER BY w.risk_key",
        &scope.teams,
        scope.may_see_restricted,
        team
    )
    .fetch_all(connection)
    .await
}

/// An alert that is not resolved.
#[derive(Clone, Debug)]
pub struct StandingAlert {
    /// Its identity.
    pub id: Uuid,
    /// The code of its rule.
    pub rule: String,
    /// What it is about, within its rule.
    pub subject: String,
    /// How grave, in its code.
    pub severity: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How somebody has put it aside; absent while it is open.
    pub aside: Option<PutAside>,
}

/// How an alert is put aside.
#[derive(Clone, Copy, Debug)]
pub struct PutAside {
    /// Acknowledged or put off.
    pub kind: PauseKind,
    /// In which role, by a link in a mail; absent where it was done over the API.
    pub by: Option<Role>,
    /// On which day.
    pub made_on: Date,
    /// Until which day.
    pub until_on: Date,
}

/// The alerts of some cases that are not resolved, by case.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn standing(
    connection: &mut PgConnection,
    references: &[String],
) -> Result<BTreeMap<String, Vec<StandingAlert>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- agenda.standing
        SELECT alerts.id, case_reference, rule, subject, severity, opened_at, kind AS "kind?", role AS "role?",
            made_on AS "made_on?", until_on AS "until_on?"
        FROM alerts LEFT JOIN alert_pauses ON alert_id = alerts.id AND ended_at IS NULL
        LEFT JOIN recipients ON recipients.id = recipient_id
        WHERE case_reference = ANY($1) AND state <> 'resolved' ORDER BY case_reference, rule, subject"#,
        references
    );
    let mut standing: BTreeMap<String, Vec<StandingAlert>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let kind = row.kind.map(|kind| known(PauseKind::from_code(&kind), "alert_pauses.kind")).transpose()?;
        let by = row.role.as_deref().and_then(Role::from_code);
        let days = row.made_on.zip(row.until_on).map(|(made_on, until_on)| (made_on.to_jiff(), until_on.to_jiff()));
        standing.entry(row.case_reference).or_default().push(StandingAlert {
            id: row.id,
            rule: row.rule,
            subject: row.subject,
            severity: row.severity,
            opened_at: row.opened_at.to_jiff(),
            aside: kind.zip(days).map(|(kind, (made_on, until_on))| PutAside { kind, by, made_on, until_on }),
        });
    }
    Ok(standing)
}

/// Who has been told of a case's alerts that are not resolved, and who is next.
#[derive(Clone, Debug, Default)]
pub struct FollowUp {
    /// Who has been told: in which role, and by which number.
    pub told: Vec<(Role, i64)>,
    /// The next rung of an open alert: the role, and on which day.
    pub next: Option<(Role, Date, Delivery)>,
}

/// The follow-up so far, by case.
///
/// # Errors
///
/// The database does not answer.
pub async fn follow_up(
    connection: &mut PgConnection,
    references: &[String],
) -> Result<BTreeMap<String, FollowUp>, sqlx::Error> {
    let mut follow_up: BTreeMap<String, FollowUp> = BTreeMap::new();
    let told = sqlx::query!(
        r#"-- agenda.told
        SELECT case_reference, told.role AS "role!", recipient_id
        FROM alerts JOIN message_alerts AS told ON told.alert_id = alerts.id JOIN messages ON messages.id = told.message_id
        WHERE case_reference = ANY($1) AND alerts.state <> 'resolved' AND told.role IS NOT NULL
            AND messages.state NOT IN ('cancelled', 'dead')
        GROUP BY case_reference, told.role, recipient_id ORDER BY case_reference, min(messages.created_at), told.role, recipient_id"#,
        references
    );
    for row in told.fetch_all(&mut *connection).await? {
        let role = known(Role::from_code(&row.role), "message_alerts.role")?;
        follow_up.entry(row.case_reference).or_default().told.push((role, row.recipient_id));
    }
    let next = sqlx::query!(
        r#"-- agenda.next
        SELECT DISTINCT ON (case_reference) case_reference, next_rung_on AS "on!", next_rung_role AS "role!",
            next_rung_deliver AS "deliver!"
        FROM alerts WHERE case_reference = ANY($1) AND state = 'open' AND next_rung_on IS NOT NULL
        ORDER BY case_reference, next_rung_on, id"#,
        references
    );
    for row in next.fetch_all(connection).await? {
        let role = known(Role::from_code(&row.role), "alerts.next_rung_role")?;
        let deliver = known(Delivery::from_code(&row.deliver), "alerts.next_rung_deliver")?;
        follow_up.entry(row.case_reference).or_default().next = Some((role, row.on.to_jiff(), deliver));
    }
    Ok(follow_up)
}
