//! What the service has put on record, as lines that name the tick, the case and the person.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, PgPool};

use super::model::Log;

/// Decisions and their reasons; what the mail server said is counted elsewhere.
const JOURNAL: &str = "
    SELECT at, format('%s %s %s/%s: %s%s', what, coalesce(journal.case_reference, '-'), coalesce(rule, '-'), coalesce(alerts.subject, ''),
        journal.reason, CASE WHEN journal.recipient_id IS NOT NULL THEN format(' -> %s by %s%s', journal.recipient_id, messages.kind,
            CASE WHEN only_case IS NOT NULL THEN ', singly' END) END)
    FROM journal LEFT JOIN alerts ON alerts.id = alert_id LEFT JOIN messages ON messages.id = message_id
    WHERE at > $1 AND what IN ('alert_opened', 'alert_raised', 'alert_lowered', 'alert_resolved', 'alert_reopened', 'told', 'not_told',
        'mail_missed', 'case_postponed', 'hint_repaired', 'message_delayed', 'message_outcome_unknown', 'message_dead',
        'message_cancelled')";

const MESSAGES: &str = "
    SELECT created_at, format('mail %s%s to %s%s: %s', kind, ' of ' || for_day, recipient_id, ' only of ' || only_case,
        CASE kind WHEN 'panel' THEN (
            SELECT string_agg(journal.case_reference, ', ' ORDER BY journal.id) FROM journal WHERE message_id = messages.id AND what = 'told'
        ) ELSE (
            SELECT string_agg(format('%s %s/%s', case_reference, rule, alerts.subject), ', '
                ORDER BY format('%s %s/%s', case_reference, rule, alerts.subject) COLLATE \"C\")
            FROM message_alerts JOIN alerts ON alerts.id = alert_id WHERE message_id = messages.id
        ) END)
    FROM messages WHERE created_at > $1";

const RUNGS: &str = "
    SELECT climbed_at, format('rung %s %s/%s turn %s: %s due %s %s', case_reference, rule, subject, alert_rungs.turn, role, due_on, outcome)
    FROM alert_rungs JOIN alerts ON alerts.id = alert_id WHERE climbed_at > $1";

const PAUSES: &str = "
    SELECT ended_at, format('pause of %s %s/%s until %s ended by %s', case_reference, rule, subject, until_on, ended_by)
    FROM alert_pauses JOIN alerts ON alerts.id = alert_id WHERE ended_at > $1";

const ALERTS: &str = "
    SELECT opened_at, format('%s %s/%s opened %s %s %s turn %s%s', case_reference, rule, subject,
        to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), severity, state, turn,
        to_char(resolved_at AT TIME ZONE 'UTC', '\" \"YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))
    FROM alerts WHERE opened_at > $1";

/// What has happened at each tick after this moment.
pub async fn log(pool: &PgPool, after: Timestamp) -> Log {
    let mut log = Log::new();
    for query in [JOURNAL, MESSAGES, RUNGS, PAUSES] {
        for (at, line) in lines(pool, query, after).await {
            log.entry(at.to_jiff()).or_default().push(line);
        }
    }
    log
}

/// Every alert as it stands, in order.
pub async fn alerts(pool: &PgPool) -> Vec<String> {
    let mut alerts: Vec<String> = lines(pool, ALERTS, Timestamp::UNIX_EPOCH).await.into_iter().map(|(_, line)| line).collect();
    alerts.sort();
    alerts
}

async fn lines(pool: &PgPool, query: &str, after: Timestamp) -> Vec<(jiff_sqlx::Timestamp, String)> {
    sqlx::query_as(AssertSqlSafe(query.to_owned())).bind(after.to_sqlx()).fetch_all(pool).await.expect("the query is right")
}
