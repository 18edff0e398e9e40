//! Who read and changed what over the API. It is only ever added to.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tokens::Scope;

/// A request that was answered as it was meant.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Who asked: `token 3`, `person 7`, `recipient 5`.
    pub actor: &'a str,
    /// The method.
    pub method: &'a str,
    /// The pattern of the path.
    pub route: &'a str,
    /// The cases that it showed or changed; none where it was about no case in particular.
    pub cases: &'a [String],
    /// The alert that it showed or changed; its case counts as shown.
    pub alert: Option<Uuid>,
    /// The status code of the answer.
    pub status: u16,
}

/// Keeps a request, once for each of its cases.
///
/// # Errors
///
/// The database does not answer.
pub async fn add(connection: &mut PgConnection, request: &Request<'_>, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"-- audit.add
        INSERT INTO api_audit (at, actor, method, route, case_reference, alert_id, status)
        SELECT $1, $2, $3, $4, about.reference, $5, $6
        FROM (
            SELECT reference FROM unnest($7::text[]) AS shown (reference)
            UNION ALL
            SELECT (SELECT case_reference FROM alerts WHERE id = $5) WHERE cardinality($7::text[]) = 0
        ) AS about"#,
        at.to_sqlx(),
        request.actor,
        request.method,
        request.route,
        request.alert,
        i16::try_from(request.status).unwrap_or(i16::MAX),
        request.cases
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What narrows the list; what is not given narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Who asked.
    pub actor: Option<String>,
    /// The case that was shown or changed.
    pub case: Option<String>,
    /// The alert that was shown or changed.
    pub alert: Option<Uuid>,
    /// Asked then or later.
    pub since: Option<Timestamp>,
}

/// A request as it is kept.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, by their names")]
pub struct Kept {
    pub id: i64,
    pub at: jiff_sqlx::Timestamp,
    pub actor: String,
    pub method: String,
    pub route: String,
    pub case_reference: Option<String>,
    pub alert_id: Option<Uuid>,
    pub status: i16,
}

/// At most `limit` requests before one, newest first. A request about a case that does not exist for the reader is left out; of a
/// case that is gone, only those read who may see every case.
///
/// # Errors
///
/// The database does not answer.
pub async fn page(
    connection: &mut PgConnection,
    scope: &Scope,
    filter: &Filter,
    before: i64,
    limit: u32,
) -> Result<Vec<Kept>, sqlx::Error> {
    sqlx::query_as!(
        Kept,
        r#"-- audit.page
        SELECT id, at, actor, method, route, case_reference, alert_id, status
        FROM api_audit LEFT JOIN cases AS c ON c.reference = case_reference
        WHERE id < $1
            AND (
                case_reference IS NULL
                OR (cardinality($2::text[]) = 0 AND $3::boolean)
                OR ((cardinality($2::text[]) = 0 OR c.team = ANY ($2)) AND ($3::boolean OR NOT c.restricted))
            )
            AND ($4::text IS NULL OR actor = $4)
            AND ($5::text IS NULL OR case_reference = $5)
            AND ($6::uuid IS NULL OR alert_id = $6)
            AND at >= $7
        ORDER BY id DESC
        LIMIT $8"#,
        before,
        &scope.teams,
        scope.may_see_restricted,
        filter.actor,
        filter.case,
        filter.alert,
        filter.since.unwrap_or(Timestamp::UNIX_EPOCH).to_sqlx(),
        i64::from(limit)
    )
    .fetch_all(connection)
    .await
}
