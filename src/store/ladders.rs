//! Where alerts stand on their ladders: the rungs that are due, those that were climbed, and the next one.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{day, known};
use crate::clock::Moment;
use crate::domain::case::coded;
use crate::domain::ladder::{Climbed, Position, Step, TurnedBy};
use crate::domain::pause::PauseKind;
use crate::domain::policy::{Delivery, Role};
use crate::domain::schedule::Severity;

coded! {
    /// What became of a rung.
    RungOutcome {
        /// Somebody is told.
        Told = "told",
        /// Nobody on it can be told: it has passed on to the next.
        Unreachable = "unreachable",
        /// It has passed by while the alert was paused.
        Silent = "silent",
    }
}

/// An alert that is not resolved, held until the transaction ends.
#[derive(Clone, Debug)]
pub struct Held {
    /// Which alert.
    pub id: Uuid,
    /// Its case.
    pub case: String,
    /// The team that owns the case.
    pub team: Option<String>,
    /// Whether only cleared people may know of the case.
    pub restricted: bool,
    /// Whether somebody has put it aside.
    pub paused: Option<PauseKind>,
    /// Which turn of the alert this is.
    pub turn: i32,
    /// Whether it is on record already that nobody on the whole ladder can be told.
    pub is_unreachable: bool,
    /// When its next rung is due, if there is one.
    pub next_rung_on: Option<Date>,
    /// Where it stands on its ladder.
    pub position: Position,
}

/// One query for each way of holding alerts; all of them read alike.
macro_rules! hold {
    ($connection:ident, $name:literal, $condition:literal, $($argument:expr),+) => {{
        let rows = sqlx::query_as!(
            Row,
            "-- ladders." + $name + "
            SELECT alerts.id, case_reference, team, restricted, severity, state, turn, turned_by, turned_on, next_rung_on,
                unreachable_since IS NOT NULL AS \"is_unreachable!\"
            FROM alerts JOIN cases ON cases.reference = alerts.case_reference
            WHERE state <> 'resolved' AND " + $condition,
            $($argument),+
        );
        let rows = rows.fetch_all(&mut *$connection).await?;
        with_rungs($connection, rows).await
    }};
}

/// These alerts, as far as they are not resolved, held until the transaction ends.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn hold(connection: &mut PgConnection, alerts: &[Uuid]) -> Result<Vec<Held>, sqlx::Error> {
    hold!(connection, "hold", "alerts.id = ANY($1) ORDER BY alerts.id FOR UPDATE OF alerts", alerts)
}

/// The next alerts with a rung that is due and need not wait for a digest or a working day, those whose rung has waited longest first,
/// held until the transaction ends. Those that somebody else holds are passed over: they are due still the next time.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn hold_due(
    connection: &mut PgConnection,
    now: Moment,
    is_working_day: bool,
    after: (Date, Uuid),
    at_most: i64,
) -> Result<Vec<Held>, sqlx::Error> {
    hold!(
        connection,
        "hold_due",
        "next_rung_on <= $1 AND (next_rung_on, alerts.id) > ($2, $3)
                AND (state <> 'open' OR (next_rung_deliver = 'immediate' AND (severity = 'red' OR $4::boolean)))
            ORDER BY next_rung_on, alerts.id LIMIT $5 FOR UPDATE OF alerts SKIP LOCKED",
        now.today.to_sqlx() as _,
        after.0.to_sqlx() as _,
        after.1,
        is_working_day,
        at_most
    )
}

/// Every open alert with a rung that is due and has waited for the digest, held until the transaction ends. Whoever holds one of
/// them is waited for: a digest is made once a day.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn hold_for_digest(connection: &mut PgConnection, now: Moment) -> Result<Vec<Held>, sqlx::Error> {
    hold!(
        connection,
        "hold_for_digest",
        "state = 'open' AND next_rung_on <= $1 AND next_rung_deliver = 'digest' ORDER BY alerts.id FOR UPDATE OF alerts",
        now.today.to_sqlx() as _
    )
}

/// The next alerts that are not resolved, in the order of their ids, held until the transaction ends.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn hold_unresolved(connection: &mut PgConnection, after: Uuid, at_most: i64) -> Result<Vec<Held>, sqlx::Error> {
    hold!(connection, "hold_unresolved", "alerts.id > $1 ORDER BY alerts.id LIMIT $2 FOR UPDATE OF alerts", after, at_most)
}

struct Row {
    id: Uuid,
    case_reference: String,
    team: Option<String>,
    restricted: bool,
    severity: String,
    state: String,
    turn: i32,
    turned_by: String,
    turned_on: jiff_sqlx::Date,
    next_rung_on: Option<jiff_sqlx::Date>,
    is_unreachable: bool,
}

async fn with_rungs(connection: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<Held>, sqlx::Error> {
    let mut held = rows.into_iter().map(Held::try_from).collect::<Result<Vec<_>, _>>()?;
    held.sort_unstable_by_key(|held| held.id);
    let ids: Vec<Uuid> = held.iter().map(|held| held.id).collect();
    let rungs = sqlx::query!(
        "-- ladders.rungs
        SELECT alert_id, turn, role, outcome, (climbed_at AT TIME ZONE 'Europe/London')::date AS \"climbed_on!: jiff_sqlx::Date\"
        FROM alert_rungs WHERE alert_id = ANY($1) ORDER BY alert_id, climbed_at, role",
        &ids
    );
    for rung in rungs.fetch_all(connection).await? {
        let Ok(index) = held.binary_search_by_key(&rung.alert_id, |held| held.id) else { continue };
        let alert = &mut held[index];
        let role = known(Role::from_code(&rung.role), "alert_rungs.role")?;
        let outcome = known(RungOutcome::from_code(&rung.outcome), "alert_rungs.outcome")?;
        if rung.turn == alert.turn {
            let passed_on = (outcome == RungOutcome::Unreachable).then(|| rung.climbed_on.to_jiff());
            alert.position.climbed.push(Climbed { role, passed_on });
        } else if outcome == RungOutcome::Told && !alert.position.heard.contains(&role) {
            alert.position.heard.push(role);
        }
    }
    Ok(held)
}

impl TryFrom<Row> for Held {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let severity = known(Severity::from_code(&row.severity), "alerts.severity")?;
        let turned_by = known(TurnedBy::from_code(&row.turned_by), "alerts.turned_by")?;
        Ok(Self {
            id: row.id,
            case: row.case_reference,
            team: row.team,
            restricted: row.restricted,
            paused: PauseKind::from_code(&row.state),
            turn: row.turn,
            is_unreachable: row.is_unreachable,
            next_rung_on: day(row.next_rung_on),
            position: Position::at_turn(severity, turned_by, row.turned_on.to_jiff(), Vec::new()),
        })
    }
}

/// The roles that have been told of each of some alerts, in whichever turn.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn heard(connection: &mut PgConnection, alerts: &[Uuid]) -> Result<HashMap<Uuid, Vec<Role>>, sqlx::Error> {
    let rows = sqlx::query!(
        "-- ladders.heard
        SELECT DISTINCT alert_id, role FROM alert_rungs WHERE alert_id = ANY($1) AND outcome = 'told'",
        alerts
    );
    let mut heard: HashMap<Uuid, Vec<Role>> = HashMap::new();
    for row in rows.fetch_all(connection).await? {
        let role = known(Role::from_code(&row.role), "alert_rungs.role")?;
        heard.entry(row.alert_id).or_default().push(role);
    }
    Ok(heard)
}

/// A rung to be put on record as climbed.
#[derive(Clone, Copy, Debug)]
pub struct ToClimb {
    /// Of which alert.
    pub alert: Uuid,
    /// In which turn.
    pub turn: i32,
    /// The rung.
    pub step: Step,
    /// What became of it.
    pub outcome: RungOutcome,
}

/// Claims rungs: each goes on record if its alert is in that turn still, is open (or passes its rungs in silence) and has not
/// climbed the rung. Returns those that did.
///
/// # Errors
///
/// The database does not answer.
pub async fn claim(connection: &mut PgConnection, rungs: &[ToClimb], now: Timestamp) -> Result<Vec<(Uuid, Role)>, sqlx::Error> {
    if rungs.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Value = rungs
        .iter()
        .map(|rung| {
            json!({"alert": rung.alert, "turn": rung.turn, "role": rung.step.role, "due_on": rung.step.due_on, "outcome": rung.outcome})
        })
        .collect();
    let claimed = sqlx::query!(
        "-- ladders.claim
        INSERT INTO alert_rungs (alert_id, turn, role, due_on, climbed_at, outcome)
        SELECT alerts.id, alerts.turn, rung.role, rung.due_on, $2, rung.outcome
        FROM jsonb_to_recordset($1) AS rung (alert uuid, turn integer, role text, due_on date, outcome text)
        JOIN alerts ON alerts.id = rung.alert AND alerts.turn = rung.turn
        WHERE alerts.state = 'open' OR (alerts.state IN ('acknowledged', 'snoozed') AND rung.outcome = 'silent')
        FOR UPDATE OF alerts
        ON CONFLICT DO NOTHING
        RETURNING alert_id, role",
        rows,
        now.to_sqlx() as _
    );
    let claimed = claimed.fetch_all(connection).await?.into_iter();
    claimed.map(|row| Ok((row.alert_id, known(Role::from_code(&row.role), "alert_rungs.role")?))).collect()
}

/// Who is told of these alerts already, or will be by a message on its way: in which turn, and as what.
///
/// # Errors
///
/// The database does not answer, or holds a word that is not known here.
pub async fn told(connection: &mut PgConnection, alerts: &[Uuid]) -> Result<HashSet<(Uuid, i32, Role, i64)>, sqlx::Error> {
    if alerts.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query!(
        r#"-- ladders.told
        SELECT alert_id, turn, told_as AS "told_as!", recipient_id
        FROM message_alerts JOIN messages ON messages.id = message_id, unnest(array_append(also_as, role)) AS told_as
        WHERE alert_id = ANY($1) AND told_as IS NOT NULL AND state NOT IN ('cancelled', 'dead')"#,
        alerts
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let told = rows.map(|row| {
        let role = known(Role::from_code(&row.told_as), "message_alerts.role")?;
        Ok((row.alert_id, row.turn, role, row.recipient_id))
    });
    told.collect()
}

/// Lets the ladders of alerts begin again in their turn, after everybody on them was tried in vain.
///
/// # Errors
///
/// The database does not answer.
pub async fn begin_again(connection: &mut PgConnection, alerts: &[Uuid]) -> Result<(), sqlx::Error> {
    if alerts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "-- ladders.begin_again
        DELETE FROM alert_rungs USING alerts
        WHERE alerts.id = ANY($1) AND alert_id = alerts.id AND alert_rungs.turn = alerts.turn AND outcome = 'unreachable'
            AND state = 'open'",
        alerts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The next rung of an alert, for keeping.
#[derive(Clone, Copy, Debug)]
pub struct NextRung {
    /// Of which alert.
    pub alert: Uuid,
    /// The rung; absent where none is left.
    pub step: Option<Step>,
    /// Whether nobody on the whole ladder can be told.
    pub reaches_nobody: bool,
}

/// Keeps the next rung of some alerts.
///
/// # Errors
///
/// The database does not answer.
pub async fn keep_next(connection: &mut PgConnection, rungs: &[NextRung], now: Timestamp) -> Result<(), sqlx::Error> {
    if rungs.is_empty() {
        return Ok(());
    }
    let rows: Value = rungs
        .iter()
        .map(|next| {
            let (on, role, deliver) = columns(next.step);
            json!({"alert": next.alert, "on": on, "role": role, "deliver": deliver, "nobody": next.reaches_nobody})
        })
        .collect();
    sqlx::query!(
        "-- ladders.keep_next
        UPDATE alerts SET next_rung_on = rung.on, next_rung_role = rung.role, next_rung_deliver = rung.deliver,
            unreachable_since = CASE WHEN rung.nobody THEN coalesce(unreachable_since, $2) END
        FROM jsonb_to_recordset($1) AS rung (alert uuid, \"on\" date, role text, deliver text, nobody boolean)
        WHERE alerts.id = rung.alert AND alerts.state <> 'resolved'",
        rows,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A rung as the columns of an alert have it.
pub(super) fn columns(step: Option<Step>) -> (Option<jiff::civil::Date>, Option<Role>, Option<Delivery>) {
    (step.map(|step| step.due_on), step.map(|step| step.role), step.map(|step| step.deliver))
}

/// How many open alerts can be told to nobody on their whole ladder.
///
/// # Errors
///
/// The database does not answer.
pub async fn count_unreachable(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "-- ladders.count_unreachable
        SELECT count(*) AS \"count!\" FROM alerts WHERE state = 'open' AND unreachable_since IS NOT NULL"
    )
    .fetch_one(connection)
    .await
}
