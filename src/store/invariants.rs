//! What must be true of the tables at any time, whatever happened: asked every night, and after every fault test.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::clock::Moment;
use crate::domain::telling::Silence;

/// Something that must not be, and how often it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    /// What, as a sentence.
    pub what: String,
    /// How many rows show it.
    pub rows: i64,
}

/// Everything that is as it must not be. A rung that was due before `overdue_before` and waits is overdue.
///
/// # Errors
///
/// The database does not answer.
pub async fn broken(connection: &mut PgConnection, overdue_before: Date, now: Moment) -> Result<Vec<Broken>, sqlx::Error> {
    sqlx::query_as!(
        Broken,
        r#"-- invariants.broken
        SELECT what AS "what!", rows AS "rows!" FROM (
            SELECT 'an alert that is put aside has no running pause' AS what, count(*) AS rows
            FROM alerts WHERE state IN ('acknowledged', 'snoozed')
                AND NOT EXISTS (SELECT FROM alert_pauses WHERE alert_id = alerts.id AND ended_at IS NULL)
            UNION ALL
            SELECT 'a pause runs for an alert that is not put aside', count(*)
            FROM alert_pauses JOIN alerts ON alerts.id = alert_id
            WHERE ended_at IS NULL AND state NOT IN ('acknowledged', 'snoozed')
            UNION ALL
            SELECT 'a pause has not ended on its day', count(*)
            FROM alert_pauses WHERE ended_at IS NULL AND until_on < $1
            UNION ALL
            SELECT 'an alert has no entry in the journal', count(*)
            FROM alerts WHERE NOT EXISTS (SELECT FROM journal WHERE alert_id = alerts.id AND what = 'alert_opened')
            UNION ALL
            SELECT 'an open alert was told to nobody, and nothing says why', count(*)
            FROM alerts WHERE state = 'open'
                AND NOT EXISTS (SELECT FROM journal WHERE alert_id = alerts.id AND what IN ('told', 'not_told'))
            UNION ALL
            SELECT 'a red rung was due before today and nobody has climbed it', count(*)
            FROM alerts WHERE state = 'open' AND severity = 'red' AND next_rung_deliver = 'immediate' AND next_rung_on < $1
                AND unreachable_since IS NULL
            UNION ALL
            SELECT 'a rung is overdue by more than a working day', count(*)
            FROM alerts WHERE state = 'open' AND next_rung_on < $3 AND unreachable_since IS NULL
            UNION ALL
            SELECT 'a rung told somebody and there is no message', count(*)
            FROM alert_rungs WHERE outcome = 'told' AND NOT EXISTS (
                SELECT FROM message_alerts AS told WHERE told.alert_id = alert_rungs.alert_id
                    AND (told.role IS NULL OR told.role = alert_rungs.role OR alert_rungs.role = ANY(told.also_as))
            )
            UNION ALL
            SELECT 'an open alert has no next rung, and no mail of it has left or will', count(*)
            FROM alerts WHERE state = 'open' AND next_rung_on IS NULL AND unreachable_since IS NULL
                AND EXISTS (SELECT FROM alert_rungs WHERE alert_id = alerts.id)
                AND NOT EXISTS (
                    SELECT FROM message_alerts JOIN messages ON messages.id = message_id
                    WHERE alert_id = alerts.id AND messages.state NOT IN ('cancelled', 'dead')
                )
                AND NOT EXISTS (
                    SELECT FROM journal WHERE alert_id = alerts.id AND what = 'not_told' AND at >= turned_at AND reason = $4
                )
            UNION ALL
            SELECT 'a message has gathered news for more than an hour', count(*)
            FROM messages WHERE state = 'gathering' AND created_at < $2::timestamptz - interval '1 hour'
            UNION ALL
            SELECT 'a message is held by a worker that is lost', count(*)
            FROM messages WHERE state = 'sending' AND leased_until < $2::timestamptz - interval '1 hour'
        ) AS checked
        WHERE rows > 0 ORDER BY what"#,
        now.today.to_sqlx() as _,
        now.at.to_sqlx() as _,
        overdue_before.to_sqlx() as _,
        Silence::NoLadder.reason()
    )
    .fetch_all(connection)
    .await
}
