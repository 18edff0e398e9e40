//! A council's own programs write the tables with plain SQL, by a database role that may do that and nothing else.

use plo_drift::store::grants::{self, Purpose};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::database::TestDatabase;

/// The blocks of SQL in the documentation.
fn documented() -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import.md")).expect("the page is there");
    page.split("```sql\n").skip(1).filter_map(|block| block.split("```").next()).map(str::to_owned).collect()
}

async fn is_refused(connection: &mut PgConnection, statement: &'static str) {
    let refused = connection.execute(statement).await.expect_err("it is refused");
    let code = refused.as_database_error().and_then(|wrong| wrong.code().map(std::borrow::Cow::into_owned));
    assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refused}");
}

#[tokio::test]
async fn the_role_of_the_documentation_may_do_what_it_says_and_nothing_else() {
    let database = TestDatabase::new().await;
    let role = format!("plo_etl_{}", uuid::Uuid::new_v4().simple());
    let [make, rows] = documented().try_into().expect("two blocks of SQL");
    let mut owner = database.pool.acquire().await.expect("a connection");
    let make = make.replace("plo_etl", &role);
    owner.execute(AssertSqlSafe(make)).await.expect("the documented role can be made");
    grants::grant(&mut owner, Purpose::Feed, &role).await.expect("it can be granted what it is for");
    owner.execute(AssertSqlSafe(format!("GRANT {role} TO CURRENT_USER"))).await.expect("it is granted");

    let mut program = PgConnection::connect(&database.url).await.expect("a connection");
    program.execute(AssertSqlSafe(format!("SET SESSION AUTHORIZATION {role}"))).await.expect("it becomes the role");
    for _ in 0..2 {
        program.execute(AssertSqlSafe(rows.clone())).await.expect("the documented rows can be written");
    }
    program.execute("SET plo_drift.actor = 'token 1'; DELETE FROM meetings").await.expect("it may delete");
    for statement in [
        "SELECT FROM tokens",
        "SELECT FROM recipients",
        "SELECT FROM alerts",
        "SELECT FROM messages",
        "SELECT FROM source_cases",
        "DELETE FROM case_history",
        "INSERT INTO case_history (case_reference, fact_table) VALUES ('PP-2026-014', 'cases')",
        "UPDATE case_watch SET next_look_on = NULL",
        "DELETE FROM journal",
        "TRUNCATE cases CASCADE",
        "CREATE TABLE mine (id int)",
    ] {
        is_refused(&mut program, statement).await;
    }
    program.close().await.expect("it is closed");

    let history: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', fact_table, CASE WHEN old_value IS NULL THEN 'new' WHEN new_value IS NULL THEN 'gone' ELSE 'changed' END,
            changed_by = $1, actor, source) FROM case_history ORDER BY id",
    )
    .bind(&role)
    .fetch_all(&mut *owner)
    .await
    .expect("the history is there");
    let nightly = "case management, nightly";
    let expected = [
        format!("cases new t {nightly}"),
        format!("children new t {nightly}"),
        format!("meetings new t {nightly}"),
        format!("oversight new t {nightly}"),
        format!("oversight new t {nightly}"),
        "meetings gone t".to_owned(),
    ];
    assert_eq!(history, expected, "what is repeated changes nothing, and nobody writes in another's name");
    owner.execute(AssertSqlSafe(format!("DROP OWNED BY {role}; DROP ROLE {role}"))).await.expect("the role goes");
    drop(owner);
    database.close().await;
}
