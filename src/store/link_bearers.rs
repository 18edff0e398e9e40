//! The people who come by the link of a mail, and which cases they may know of.

use sqlx::PgConnection;

use super::known;
use super::tokens::Scope;
use crate::domain::policy::Role;

/// Somebody who is told of alerts, as a link names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// In which role.
    pub role: Role,
    /// The cases that they may know of: of their own teams, and of the teams of those for whom they stand in.
    pub scope: Scope,
}

/// A person who is still on record to be told; absent where there is no such person, or not any more.
///
/// # Errors
///
/// The database does not answer, or holds a role that is not known here.
pub async fn find(connection: &mut PgConnection, id: i64) -> Result<Option<Bearer>, sqlx::Error> {
    // A line of deputies may come back to somebody: UNION takes each person once.
    let row = sqlx::query!(
        r#"-- link_bearers.find
        WITH RECURSIVE stood_in_for AS (
            SELECT id, teams FROM recipients WHERE id = $1 AND active
            UNION
            SELECT recipients.id, recipients.teams FROM recipients JOIN stood_in_for ON deputy_id = stood_in_for.id
        )
        SELECT role, may_see_restricted,
            EXISTS (SELECT FROM stood_in_for WHERE teams = '{}') AS "every_team!",
            ARRAY(SELECT DISTINCT unnest(teams) FROM stood_in_for) AS "teams!"
        FROM recipients WHERE id = $1 AND active"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let teams = if row.every_team { Vec::new() } else { row.teams };
    Ok(Some(Bearer {
        role: known(Role::from_code(&row.role), "recipients.role")?,
        scope: Scope { teams, may_see_restricted: row.may_see_restricted },
    }))
}
