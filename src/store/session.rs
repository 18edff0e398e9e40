//! What a session with the database is: where, as whom, how protected, and what it may do.

use sqlx::PgConnection;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The version of the server.
    pub server_version: String,
    /// The database.
    pub database: String,
    /// The role.
    pub role: String,
    /// Whether the role is a superuser.
    pub is_superuser: bool,
    /// The version of TLS, as the server sees it; absent where nothing is encrypted.
    pub tls: Option<String>,
    /// Whether it reaches the server over the network.
    pub is_remote: bool,
    /// Whether the role may make tables, as migrations do.
    pub may_migrate: bool,
}

/// The session of this connection.
///
/// # Errors
///
/// The database does not answer.
pub async fn look(connection: &mut PgConnection) -> Result<Session, sqlx::Error> {
    sqlx::query_as!(
        Session,
        r#"-- session.look
        SELECT current_setting('server_version') AS "server_version!", current_database()::text AS "database!",
            current_user::text AS "role!",
            coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false) AS "is_superuser!",
            (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls,
            coalesce(NOT inet_client_addr() <<= ANY ('{127.0.0.0/8,::1}'::inet[]), false) AS "is_remote!",
            coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "may_migrate!""#
    )
    .fetch_one(connection)
    .await
}

/// What the role may not do of that which the service does all the time: to read every table, and to write those that every case goes
/// through.
///
/// # Errors
///
/// The database does not answer.
pub async fn missing_rights(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- session.missing_rights
        WITH own AS (
            SELECT oid, relname::text AS name FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        ), wanted AS (
            SELECT oid, name, 'SELECT' AS privilege FROM own
            UNION ALL SELECT oid, name, 'INSERT' FROM own
            WHERE name IN ('alerts', 'cases', 'job_runs', 'journal', 'messages', 'message_alerts', 'tokens')
            UNION ALL SELECT oid, name, 'UPDATE' FROM own
            WHERE name IN ('alerts', 'case_watch', 'cases', 'job_runs', 'messages', 'tokens')
        )
        SELECT privilege || ' ON ' || name AS "missing!" FROM wanted
        WHERE NOT has_any_column_privilege(oid, privilege) ORDER BY name, privilege"#
    )
    .fetch_all(connection)
    .await
}
