//! How the alerts of one case stood on a day: their severity, their state, who had put them aside, and who had been told.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::alert_list::AlertState;
use super::known;
use super::told::Moments;
use crate::domain::pause::PauseKind;

/// An alert as it stood when a day ended.
#[derive(Clone, Debug)]
pub struct Stood {
    /// Its identity.
    pub id: Uuid,
    /// The code of the rule.
    pub rule: String,
    /// What within the rule; empty for the case as a whole.
    pub subject: String,
    /// How grave, in its code.
    pub severity: String,
    /// What had become of it.
    pub state: AlertState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was resolved, if it was by then.
    pub resolved_at: Option<Timestamp>,
    /// Who had put it aside for some of the day.
    pub pauses: Vec<Pause>,
    /// Who had been told of it by then.
    pub told: Vec<Told>,
    /// Each decision by then to tell somebody nothing of it.
    pub silences: Vec<Silence>,
}

/// An alert put aside.
#[derive(Clone, Debug)]
pub struct Pause {
    alert: Uuid,
    /// How.
    pub kind: PauseKind,
    /// When.
    pub made_at: Timestamp,
    /// By the person of this number, with the code of the role, who followed a link.
    pub recipient: Option<(i64, String)>,
    /// By the bearer of the token of this number.
    pub token: Option<i64>,
    /// By the person of this number, who signed in.
    pub person: Option<i64>,
    /// The action to be taken, or why it must wait, as typed.
    pub reason: String,
    /// Who will take it, as typed.
    pub owner: Option<String>,
    /// Until which day.
    pub until_on: Date,
    /// When it ended, if it had by then.
    pub ended_at: Option<Timestamp>,
    /// Why it ended, in its code.
    pub ended_by: Option<String>,
}

/// A person told of an alert.
#[derive(Clone, Debug)]
pub struct Told {
    alert: Uuid,
    /// When it was decided.
    pub at: Timestamp,
    /// The number of the person.
    pub recipient: Option<i64>,
    /// The code of the role as which the person was told.
    pub role: Option<String>,
    /// Whether the person stood in for somebody in the role.
    pub stands_in: bool,
    /// Whether the person was told because nobody before on the ladder had acted.
    pub escalated: bool,
    /// By which message.
    pub message: Option<Uuid>,
    /// When the mail server accepted it, be it later.
    pub accepted_at: Option<Timestamp>,
}

/// A decision to tell somebody nothing of an alert.
#[derive(Clone, Debug)]
pub struct Silence {
    alert: Uuid,
    /// When.
    pub at: Timestamp,
    /// To whom, and why not.
    pub reason: Option<String>,
}

/// The alerts of a case that stood at some moment of a day, in the order in which they were opened.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn alerts(connection: &mut PgConnection, case: &str, day: Moments) -> Result<Vec<Stood>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- stood.alerts
        SELECT id, rule, subject, opened_at, CASE WHEN resolved_at < $3 THEN resolved_at END AS resolved_at, coalesce((
            SELECT reason FROM journal
            WHERE alert_id = alerts.id AND what IN ('alert_opened', 'alert_raised', 'alert_lowered') AND at < $3
                AND reason IN ('notice', 'amber', 'red')
            ORDER BY id DESC LIMIT 1
        ), severity) AS "severity!"
        FROM alerts WHERE case_reference = $1 AND opened_at < $3 AND (resolved_at IS NULL OR resolved_at >= $2)
        ORDER BY opened_at, id"#,
        case,
        day.from.to_sqlx() as _,
        day.until.to_sqlx() as _
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let pauses = pauses(connection, &ids, day).await?;
    let told = told(connection, &ids, day).await?;
    let silences = silences(connection, &ids, day).await?;
    let alert = |row: Row| {
        let resolved_at = row.resolved_at.map(jiff_sqlx::Timestamp::to_jiff);
        let pauses: Vec<Pause> = pauses.iter().filter(|pause| pause.alert == row.id).cloned().collect();
        Stood {
            state: state(resolved_at.is_some(), &pauses),
            pauses,
            told: told.iter().filter(|told| told.alert == row.id).cloned().collect(),
            silences: silences.iter().filter(|silence| silence.alert == row.id).cloned().collect(),
            id: row.id,
            rule: row.rule,
            subject: row.subject,
            severity: row.severity,
            opened_at: row.opened_at.to_jiff(),
            resolved_at,
        }
    };
    Ok(rows.into_iter().map(alert).collect())
}

struct Row {
    id: Uuid,
    rule: String,
    subject: String,
    severity: String,
    opened_at: jiff_sqlx::Timestamp,
    resolved_at: Option<jiff_sqlx::Timestamp>,
}

/// What had become of an alert: the pause that still holds when the day ends, if one does.
fn state(resolved: bool, pauses: &[Pause]) -> AlertState {
    match pauses.iter().rev().find(|pause| pause.ended_at.is_none()) {
        _ if resolved => AlertState::Resolved,
        None => AlertState::Open,
        Some(Pause { kind: PauseKind::Acknowledged, .. }) => AlertState::Acknowledged,
        Some(Pause { kind: PauseKind::Snoozed, .. }) => AlertState::Snoozed,
    }
}

async fn pauses(connection: &mut PgConnection, alerts: &[Uuid], day: Moments) -> Result<Vec<Pause>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- stood.pauses
        SELECT alert_id, kind, made_at, recipient_id, recipients.role AS "role?", token_id, person_id, reason, owner, until_on,
            CASE WHEN ended_at < $3 THEN ended_at END AS ended_at, CASE WHEN ended_at < $3 THEN ended_by END AS ended_by
        FROM alert_pauses LEFT JOIN recipients ON recipients.id = recipient_id
        WHERE alert_id = ANY($1) AND made_at < $3 AND (ended_at IS NULL OR ended_at >= $2)
        ORDER BY alert_pauses.id"#,
        alerts,
        day.from.to_sqlx() as _,
        day.until.to_sqlx() as _
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        Ok(Pause {
            alert: row.alert_id,
            kind: known(PauseKind::from_code(&row.kind), "alert_pauses.kind")?,
            made_at: row.made_at.to_jiff(),
            recipient: row.recipient_id.zip(row.role),
            token: row.token_id,
            person: row.person_id,
            reason: row.reason,
            owner: row.owner,
            until_on: row.until_on.to_jiff(),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            ended_by: row.ended_by,
        })
    })
    .collect()
}

async fn told(connection: &mut PgConnection, alerts: &[Uuid], day: Moments) -> Result<Vec<Told>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- stood.told
        SELECT journal.alert_id AS "alert_id!", journal.at, journal.recipient_id, journal.message_id,
            coalesce(told_as.role, recipients.role) AS role, coalesce(told_as.stands_in, false) AS "stands_in!",
            coalesce(told_as.escalated, false) AS "escalated!", (
                SELECT min(settled_at) FROM message_attempts
                WHERE message_attempts.message_id = journal.message_id AND outcome = 'accepted'
            ) AS accepted_at
        FROM journal
        LEFT JOIN message_alerts AS told_as ON (told_as.message_id, told_as.alert_id) = (journal.message_id, journal.alert_id)
        LEFT JOIN recipients ON recipients.id = journal.recipient_id
        WHERE journal.alert_id = ANY($1) AND journal.what = 'told' AND journal.at < $2 AND NOT EXISTS (
            SELECT FROM journal AS taken_back
            WHERE (taken_back.alert_id, taken_back.message_id) = (journal.alert_id, journal.message_id)
                AND taken_back.what = 'not_told' AND taken_back.recipient_id = journal.recipient_id AND taken_back.at < $2
        )
        ORDER BY journal.id"#,
        alerts,
        day.until.to_sqlx() as _
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows
        .map(|row| Told {
            alert: row.alert_id,
            at: row.at.to_jiff(),
            recipient: row.recipient_id,
            role: row.role,
            stands_in: row.stands_in,
            escalated: row.escalated,
            message: row.message_id,
            accepted_at: row.accepted_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

async fn silences(connection: &mut PgConnection, alerts: &[Uuid], day: Moments) -> Result<Vec<Silence>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"-- stood.silences
        SELECT alert_id AS "alert_id!", at, reason FROM journal
        WHERE alert_id = ANY($1) AND what = 'not_told' AND at < $2 ORDER BY id"#,
        alerts,
        day.until.to_sqlx() as _
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows.map(|row| Silence { alert: row.alert_id, at: row.at.to_jiff(), reason: row.reason }).collect())
}
