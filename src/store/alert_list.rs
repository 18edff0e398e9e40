//! Alerts as they are read: the list, those of one case, and one alone.

mod pages;

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tokens::Scope;
use crate::domain::case::coded;
pub use pages::{AlertSort, Filter, Place, page};

coded! {
    /// What has become of an alert.
    AlertState {
        /// Nobody has answered it.
        Open = "open",
        /// Somebody has said what will be done.
        Acknowledged = "acknowledged",
        /// Somebody has put it off.
        Snoozed = "snoozed",
        /// What it was about is put right.
        Resolved = "resolved",
    }
}

/// One alert of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its identity.
    pub id: Uuid,
    /// The case it is about.
    pub case_reference: String,
    /// The team that owns the case.
    pub team: Option<String>,
    /// The code of the rule.
    pub rule: String,
    /// What within the rule; empty for the case as a whole.
    pub subject: String,
    /// How grave, in its code.
    pub severity: String,
    /// What has become of it, in its code.
    pub state: String,
    /// A plain sentence of evidence.
    pub message: String,
    /// Since when the finding is at amber or above.
    pub since_on: Date,
    /// Since when it is at this severity.
    pub severity_since_on: Date,
    /// When the alert was opened.
    pub opened_at: Timestamp,
    /// When it came to its severity.
    pub turned_at: Timestamp,
    /// The turn that it is in, from 1.
    pub turn: i32,
    /// When what it is about was put right.
    pub resolved_at: Option<Timestamp>,
    /// Whether a birth could be worked out from its days.
    pub gives_a_birth_away: bool,
    /// Its rank among all: open before put aside before resolved, in each the gravest first.
    urgency: i32,
}

/// All alerts of one case, newest first.
///
/// # Errors
///
/// The database does not answer.
pub async fn of_case(connection: &mut PgConnection, reference: &str) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- alert_list.of_case
        SELECT a.id, a.case_reference, c.team, a.rule, a.subject, a.severity, a.state, a.message, a.since_on,
            a.severity_since_on, a.opened_at, a.turned_at, a.turn, a.resolved_at, a.gives_a_birth_away,
            alert_urgency(a.state, a.severity) AS "urgency!"
        FROM alerts AS a JOIN cases AS c ON c.reference = a.case_reference
        WHERE a.case_reference = $1
        ORDER BY a.opened_at DESC, a.id DESC"#,
        reference
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}

/// One alert, if its case exists for whoever asks.
///
/// # Errors
///
/// The database does not answer.
pub async fn find(connection: &mut PgConnection, scope: &Scope, id: Uuid) -> Result<Option<Listed>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"-- alert_list.find
        SELECT a.id, a.case_reference, c.team, a.rule, a.subject, a.severity, a.state, a.message, a.since_on,
            a.severity_since_on, a.opened_at, a.turned_at, a.turn, a.resolved_at, a.gives_a_birth_away,
            alert_urgency(a.state, a.severity) AS "urgency!"
        FROM alerts AS a JOIN cases AS c ON c.reference = a.case_reference
        WHERE a.id = $1 AND (cardinality($2::text[]) = 0 OR c.team = ANY ($2)) AND ($3::boolean OR NOT c.restricted)"#,
        id,
        &scope.teams,
        scope.may_see_restricted
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Listed::from))
}

struct Row {
    id: Uuid,
    case_reference: String,
    team: Option<String>,
    rule: String,
    subject: String,
    severity: String,
    state: String,
    message: String,
    since_on: jiff_sqlx::Date,
    severity_since_on: jiff_sqlx::Date,
    opened_at: jiff_sqlx::Timestamp,
    turned_at: jiff_sqlx::Timestamp,
    turn: i32,
    resolved_at: Option<jiff_sqlx::Timestamp>,
    gives_a_birth_away: bool,
    urgency: i32,
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_reference: row.case_reference,
            team: row.team,
            rule: row.rule,
            subject: row.subject,
            severity: row.severity,
            state: row.state,
            message: row.message,
            since_on: row.since_on.to_jiff(),
            severity_since_on: row.severity_since_on.to_jiff(),
            opened_at: row.opened_at.to_jiff(),
            turned_at: row.turned_at.to_jiff(),
            turn: row.turn,
            resolved_at: row.resolved_at.map(jiff_sqlx::Timestamp::to_jiff),
            gives_a_birth_away: row.gives_a_birth_away,
            urgency: row.urgency,
        }
    }
}
