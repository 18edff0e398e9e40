//! What each role of the database may do: the statements that say so, one file for each purpose.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::domain::case::coded;

coded! {
    /// What a role is for.
    Purpose {
        /// It runs the service and its commands.
        Service = "service",
        /// It writes facts with plain SQL, for a program of the council's.
        Feed = "feed",
    }
}

impl Purpose {
    /// What it may do, for `:"role"` in `:"schema"`. Each table is in a grant, or in a line that begins with `-- nothing:`.
    #[must_use]
    pub fn grants(self) -> &'static str {
        match self {
            Self::Service => include_str!("grants/service.sql"),
            Self::Feed => include_str!("grants/feed.sql"),
        }
    }

    /// The statements that let a role do this and nothing else in a schema, whatever it could do there before.
    #[must_use]
    pub fn statements(self, role: &str, schema: &str) -> String {
        const TAKE_ALL: &str = r#"REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM :"role";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA :"schema" FROM :"role";
REVOKE ALL ON ALL ROUTINES IN SCHEMA :"schema" FROM :"role";
REVOKE ALL ON SCHEMA :"schema" FROM :"role";

"#;
        let statements = [TAKE_ALL, self.grants()].concat();
        statements.replace(r#":"schema""#, &quoted(schema)).replace(r#":"role""#, &quoted(role))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The schema in which the tables are.
///
/// # Errors
///
/// The database does not answer.
pub async fn schema(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- grants.schema
        SELECT current_schema()::text AS "schema!""#
    )
    .fetch_one(connection)
    .await
}

/// Why a role cannot be held to anything; absent where it can. A role that does not exist can.
///
/// # Errors
///
/// The database does not answer, or has no tables yet.
pub async fn not_to_be_held(connection: &mut PgConnection, role: &str) -> Result<Option<String>, sqlx::Error> {
    let reason = sqlx::query_scalar!(
        r#"-- grants.not_to_be_held
        SELECT CASE
            WHEN rolsuper THEN 'it is a superuser'
            WHEN pg_has_role(oid, relowner, 'MEMBER') THEN 'it owns the tables, or is a member of the role that does'
        END
        FROM pg_roles, (SELECT relowner FROM pg_class WHERE oid = 'journal'::regclass) AS tables WHERE rolname = $1"#,
        role
    );
    Ok(reason.fetch_optional(connection).await?.flatten())
}

/// Lets a role do what it is for, and nothing else that can be taken from it here.
///
/// # Errors
///
/// The database does not answer, there is no such role, or whoever asks does not own the tables.
pub async fn grant(connection: &mut PgConnection, purpose: Purpose, role: &str) -> Result<(), sqlx::Error> {
    let statements = purpose.statements(role, &schema(connection).await?);
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(drop)
}

/// What a role may do beyond what it was granted itself: by what everybody may, or by a role that it is a member of.
///
/// # Errors
///
/// The database does not answer.
pub async fn beyond(connection: &mut PgConnection, role: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- grants.beyond
        SELECT what AS "what!" FROM (
            SELECT 'it may make roles' AS what FROM pg_roles WHERE rolname = $1 AND rolcreaterole
            UNION ALL
            SELECT 'it may make databases' FROM pg_roles WHERE rolname = $1 AND rolcreatedb
            UNION ALL
            SELECT 'it may replicate the whole server' FROM pg_roles WHERE rolname = $1 AND rolreplication
            UNION ALL
            SELECT format('it may CREATE in the database %I', current_database())
            WHERE has_database_privilege($1, current_database(), 'CREATE')
            UNION ALL
            SELECT format('it may CREATE in the schema %I', current_schema())
            WHERE has_schema_privilege($1, current_schema(), 'CREATE')
            UNION ALL
            SELECT format('it may %s %I', privilege, relname)
            FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
            WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND has_table_privilege($1, pg_class.oid, privilege)
                AND NOT EXISTS (
                    SELECT FROM aclexplode(relacl) WHERE grantee = $1::regrole AND privilege_type = privilege
                )
        ) AS beyond ORDER BY what"#,
        role
    )
    .fetch_all(connection)
    .await
}
