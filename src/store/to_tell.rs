//! What a message has gathered, with what a mail may say of it.

use sqlx::PgConnection;
use uuid::Uuid;

/// A gathered alert with what a mail may say of it and of its case.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the tables, by their names")]
pub struct ToTell {
    pub alert: Uuid,
    pub rule: String,
    pub subject: String,
    pub severity: String,
    pub role: Option<String>,
    pub stands_in: bool,
    pub escalated: bool,
    pub turned_by: String,
    pub turned_on: jiff_sqlx::Date,
    pub next_rung_on: Option<jiff_sqlx::Date>,
    pub next_rung_role: Option<String>,
    pub next_rung_deliver: Option<String>,
    pub paused_as: Option<String>,
    pub paused_by: Option<String>,
    pub paused_on: Option<jiff_sqlx::Date>,
    pub paused_until: Option<jiff_sqlx::Date>,
    pub message: String,
    pub gives_a_birth_away: bool,
    pub since_on: jiff_sqlx::Date,
    pub case: String,
    pub team: Option<String>,
    pub started_on: Option<jiff_sqlx::Date>,
    pub status: Option<String>,
    pub end_on: Option<jiff_sqlx::Date>,
    pub end_set_by: Option<String>,
    pub base_end_on: Option<jiff_sqlx::Date>,
    pub next_deadline: Option<String>,
    pub next_deadline_on: Option<jiff_sqlx::Date>,
    pub also_told: Vec<String>,
    pub not_reached: Vec<String>,
}

/// What a message has gathered, cases in risk order, within a case the gravest and oldest first. The pause is the last one that has
/// ended by its day.
///
/// # Errors
///
/// The database does not answer.
pub async fn gathered(connection: &mut PgConnection, message: Uuid) -> Result<Vec<ToTell>, sqlx::Error> {
    sqlx::query_as!(
        ToTell,
        r#"-- to_tell.gathered
        SELECT alerts.id AS alert, rule, alerts.subject, gathered.severity, gathered.role, gathered.stands_in, gathered.escalated,
            turned_by, turned_on, next_rung_on, next_rung_role, next_rung_deliver,
            pause.kind AS "paused_as?", pause.role AS "paused_by?", pause.made_on AS "paused_on?", pause.until_on AS "paused_until?",
            alerts.message, alerts.gives_a_birth_away, alerts.since_on, alerts.case_reference AS "case", team, started_on, status, end_on, end_set_by,
            base_end_on, next_deadline, next_deadline_on,
            ARRAY(
                SELECT DISTINCT coalesce(others.role, recipients.role)
                FROM message_alerts AS others
                JOIN messages ON messages.id = others.message_id
                JOIN recipients ON recipients.id = messages.recipient_id
                WHERE others.alert_id = alerts.id AND messages.state NOT IN ('cancelled', 'dead')
                    AND messages.recipient_id <> this.recipient_id
                ORDER BY 1
            ) AS "also_told!",
            ARRAY(
                SELECT role FROM alert_rungs
                WHERE alert_rungs.alert_id = alerts.id AND alert_rungs.turn = alerts.turn AND outcome = 'unreachable'
                ORDER BY climbed_at, role
            ) AS "not_reached!"
        FROM message_alerts AS gathered
        JOIN messages AS this ON this.id = gathered.message_id
        JOIN alerts ON alerts.id = gathered.alert_id
        JOIN case_watch USING (case_reference)
        JOIN cases ON cases.reference = alerts.case_reference
        LEFT JOIN LATERAL (
            SELECT kind, recipients.role, made_on, until_on
            FROM alert_pauses LEFT JOIN recipients ON recipients.id = alert_pauses.recipient_id
            WHERE alert_pauses.alert_id = alerts.id AND ended_by = 'day' ORDER BY alert_pauses.id DESC LIMIT 1
        ) AS pause ON true
        WHERE gathered.message_id = $1
        ORDER BY risk_key, gathered.severity = 'red' DESC, alerts.since_on, rule, alerts.subject"#,
        message
    )
    .fetch_all(connection)
    .await
}

/// How many alerts, by severity, a person was told of before this message that are open still; restricted cases are not counted.
///
/// # Errors
///
/// The database does not answer.
pub async fn still_open(connection: &mut PgConnection, message: Uuid) -> Result<(i64, i64), sqlx::Error> {
    let counted = sqlx::query!(
        r#"-- to_tell.still_open
        WITH told AS (
            SELECT DISTINCT earlier.alert_id
            FROM messages AS this
            JOIN messages ON messages.recipient_id = this.recipient_id AND messages.id <> this.id AND messages.state <> 'cancelled'
            JOIN message_alerts AS earlier ON earlier.message_id = messages.id
            WHERE this.id = $1
        )
        SELECT count(*) FILTER (WHERE severity = 'red') AS "red!", count(*) FILTER (WHERE severity = 'amber') AS "amber!"
        FROM told JOIN alerts ON alerts.id = told.alert_id JOIN cases ON cases.reference = alerts.case_reference
        WHERE alerts.state = 'open' AND NOT cases.restricted
            AND NOT EXISTS (SELECT FROM message_alerts WHERE message_id = $1 AND message_alerts.alert_id = alerts.id)"#,
        message
    );
    let counted = counted.fetch_one(connection).await?;
    Ok((counted.red, counted.amber))
}
