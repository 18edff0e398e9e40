//! What the roles of the database may do: all that the program asks for, nothing that it does not, and nothing to what is history.

use std::collections::BTreeSet;

use plo_drift::store::grants::{self, Purpose};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::database::TestDatabase;
use crate::support::program::{Place, in_words};

/// Refused for want of a right, and not by a trigger that says the same with words of ours.
fn is_refused(result: &Result<(), sqlx::Error>) -> bool {
    let refused = result.as_ref().err().and_then(sqlx::Error::as_database_error);
    refused.is_some_and(|refused| {
        let by_the_server = ["permission denied", "must be owner"].iter().any(|words| refused.message().starts_with(words));
        by_the_server && refused.code().as_deref() == Some("42501")
    })
}

async fn run(connection: &mut PgConnection, statement: impl Into<String>) -> Result<(), sqlx::Error> {
    connection.execute(AssertSqlSafe(statement.into())).await.map(drop)
}

/// A statement of the program, and how many parameters it takes.
struct Statement {
    name: String,
    text: String,
    parameters: usize,
}

/// Every statement of the program that is checked at compile time.
fn statements() -> Vec<Statement> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let read = |path| -> Value { serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON") };
    let described = std::fs::read_dir(folder).expect("a folder").map(|entry| read(entry.expect("an entry").path()));
    described
        .map(|described| {
            let text = described["query"].as_str().expect("a query").to_owned();
            let parameters = described["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len);
            Statement { name: text.lines().next().expect("its name").to_owned(), text, parameters }
        })
        .collect()
}

impl Statement {
    /// Asks the database whether a session may run it: a plan is only shown to whoever may. The statement is prepared.
    async fn may_run(&self, session: &mut PgConnection) -> bool {
        let nulls = vec!["NULL"; self.parameters].join(", ");
        let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        let planned = run(session, format!("EXPLAIN EXECUTE \"{}\" {arguments}", self.name)).await;
        let may = !is_refused(&planned);
        assert!(!may || planned.is_ok(), "{}: {planned:?}", self.name);
        may
    }

    fn mentions(&self, table: &str) -> bool {
        self.text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == table)
    }
}

/// Each single right on a table that is granted: the statement without it, such as `UPDATE (state)` on `alerts`.
fn rights(grants: &str) -> Vec<(String, String)> {
    let lines = grants.lines().filter_map(|line| line.strip_prefix("GRANT ")?.strip_suffix(" TO :\"role\";"));
    let mut rights = Vec::new();
    for (what, table) in lines.filter_map(|line| line.rsplit_once(" ON ")) {
        if what == "USAGE" || what == "EXECUTE" {
            continue;
        }
        let (columns, others) = match (what.find('('), what.find(')')) {
            (Some(from), Some(to)) => (&what[from + 1..to], what.replace(&what[from - "UPDATE ".len()..=to], "")),
            _ => ("", what.to_owned()),
        };
        let columns = columns.split(", ").filter(|column| !column.is_empty()).map(|column| format!("UPDATE ({column})"));
        let others = others.split(", ").map(str::trim).filter(|right| !right.is_empty()).map(str::to_owned);
        rights.extend(columns.chain(others).map(|right| (right, table.to_owned())));
    }
    rights
}

#[tokio::test]
async fn each_table_is_spoken_of_in_what_each_role_may_do() {
    let database = TestDatabase::new().await;
    let tables = "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = current_schema()::regnamespace";
    let tables: BTreeSet<String> =
        sqlx::query_scalar(tables).fetch_all(&database.pool).await.expect("the tables").into_iter().collect();
    assert!(tables.len() > 20, "{tables:?}");
    for purpose in Purpose::ALL {
        let granted = rights(purpose.grants()).into_iter().map(|(_, table)| table);
        let nothing = purpose.grants().lines().filter_map(|line| line.strip_prefix("-- nothing: "));
        let named: BTreeSet<String> = granted.chain(nothing.flat_map(|tables| tables.split(", ").map(str::to_owned))).collect();
        assert_eq!(named, tables, "src/store/grants says of each table what the {purpose} may do with it");
    }
    database.close().await;
}

#[tokio::test]
async fn the_service_may_run_each_of_its_statements_and_has_no_right_that_none_of_them_needs() {
    let database = TestDatabase::new().await;
    let role = database.role("plo_statements").await;
    let mut owner = database.pool.acquire().await.expect("a connection");
    grants::grant(&mut owner, Purpose::Service, &role.name).await.expect("it is granted");
    let mut session = PgConnection::connect(&role.url).await.expect("the role logs in");
    // What only the owner asks: who may do what.
    let statements: Vec<Statement> = statements().into_iter().filter(|one| !one.name.starts_with("-- grants.")).collect();
    assert!(statements.len() > 150);
    let mut refused = Vec::new();
    for statement in &statements {
        run(&mut session, format!("PREPARE \"{}\" AS {}", statement.name, statement.text)).await.expect("it can be prepared");
        if !statement.may_run(&mut session).await {
            refused.push(&statement.name);
        }
    }
    assert_eq!(refused, [""; 0], "src/store/grants/service.sql gives the service what it needs");

    let mut needless = Vec::new();
    for (right, table) in rights(Purpose::Service.grants()) {
        run(&mut owner, format!("REVOKE {right} ON {table} FROM {}", role.name)).await.expect("it can be taken away");
        let mut is_needed = false;
        for statement in statements.iter().filter(|statement| statement.mentions(&table)) {
            is_needed = is_needed || !statement.may_run(&mut session).await;
        }
        run(&mut owner, format!("GRANT {right} ON {table} TO {}", role.name)).await.expect("it can be given back");
        // Read by a statement that is not checked at compile time, because the migrator makes the table.
        if !is_needed && table != "_sqlx_migrations" {
            needless.push(format!("{right} ON {table}"));
        }
    }
    assert_eq!(needless, [""; 0], "no statement of the service needs it");
    session.close().await.expect("it ends");
    drop(owner);
    database.drop_role(role).await;
    database.close().await;
}

#[tokio::test]
async fn the_service_may_not_change_tables_nor_what_is_history() {
    let database = TestDatabase::new().await;
    let role = database.role("plo_forbidden").await;
    let mut owner = database.pool.acquire().await.expect("a connection");
    grants::grant(&mut owner, Purpose::Service, &role.name).await.expect("it is granted");
    let mut session = PgConnection::connect(&role.url).await.expect("the role logs in");
    let mut forbidden: Vec<String> = [
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER TABLE journal ADD COLUMN mine int",
        "ALTER TABLE journal DISABLE TRIGGER USER",
        "DROP TABLE erasing",
        "DROP TRIGGER journal_is_append_only ON journal",
        "CREATE INDEX mine ON journal (at)",
        "SET session_replication_role = replica",
        "INSERT INTO erasing VALUES (pg_current_xact_id())",
        "INSERT INTO erasures (erased_at, cause, erased_rows, policy_version) VALUES (now(), 'policy', '{}', 1)",
        "INSERT INTO case_history (case_reference, fact_table) VALUES ('PP-1', 'cases')",
        "SELECT FROM erasures",
        "DELETE FROM cases",
        "DELETE FROM alerts",
        "DELETE FROM messages",
        "DELETE FROM alert_pauses",
        "DELETE FROM message_attempts",
        "DELETE FROM recipients",
        "DELETE FROM tokens",
        "UPDATE tokens SET role = 'admin'",
        "UPDATE recipients SET email = 'somebody@else.example'",
        "UPDATE alerts SET case_reference = 'PP-2'",
        "UPDATE alert_pauses SET reason = 'another'",
        "UPDATE messages SET recipient_id = 2",
        "UPDATE _sqlx_migrations SET success = true",
        "UPDATE link_keys SET key = key",
    ]
    .map(str::to_owned)
    .into();
    for table in ["journal", "case_history", "api_audit", "policies", "policies_taken_up", "erasures"] {
        forbidden.push(format!("DELETE FROM {table}"));
        forbidden.push(format!("TRUNCATE {table} CASCADE"));
        let column = if table == "policies_taken_up" { "version" } else { "id" };
        forbidden.push(format!("UPDATE {table} SET {column} = DEFAULT"));
    }
    for statement in forbidden {
        let result = run(&mut session, statement.clone()).await;
        assert!(is_refused(&result), "{statement}: {result:?}");
    }
    run(&mut session, "SELECT FROM journal").await.expect("what it may do it can");
    session.close().await.expect("it ends");
    drop(owner);
    database.drop_role(role).await;
    database.close().await;
}

#[tokio::test]
async fn grant_gives_what_is_needed_takes_the_rest_away_and_says_what_it_cannot_take() {
    let place = Place::new().await;
    let role = place.database.role("plo_granted").await;
    let grant = ["grant", "--to", &role.name, "--for", "service"];
    let mut owner = place.database.pool.acquire().await.expect("a connection");
    run(&mut owner, format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}", role.name)).await.expect("it is granted");
    assert_eq!(place.done(&grant), format!("{} may do what is needed for: service\n", role.name));
    let mut session = PgConnection::connect(&role.url).await.expect("the role logs in");
    assert!(is_refused(&run(&mut session, "DELETE FROM alerts").await), "what it could do before is taken away");

    run(&mut owner, format!("GRANT pg_write_all_data TO {}", role.name)).await.expect("it becomes a member");
    let output = place.run(&grant);
    assert_eq!(output.status.code(), Some(1), "{}", in_words(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains(&format!("{} can do more than that: it may DELETE journal", role.name)), "{said}");
    run(&mut owner, format!("REVOKE pg_write_all_data FROM {}", role.name)).await.expect("it leaves");

    // Somebody else may run what it prints.
    let printed = place.done(&["grant", "--to", &role.name, "--for", "feed", "--print"]);
    run(&mut owner, printed).await.expect("it is SQL");
    assert!(is_refused(&run(&mut session, "SELECT FROM alerts").await));
    run(&mut session, "SELECT FROM cases").await.expect("a feed may read facts");

    for (to, url, reason) in [
        ("nobody_at_all", &place.database.url, "CREATE ROLE nobody_at_all LOGIN"),
        ("CURRENT_USER", &place.database.url, "there is no role CURRENT_USER"),
        (&role.name, &role.url, "only the owner of the tables can grant"),
    ] {
        let output = place.command(&["grant", "--to", to, "--for", "feed"]).env("DATABASE_URL", url).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{}", in_words(&output));
        assert!(in_words(&output).contains(reason), "{}", in_words(&output));
    }
    let myself: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *owner).await.expect("a name");
    let output = place.run(&["grant", "--to", &myself, "--for", "service"]);
    assert!(in_words(&output).contains("cannot be held to anything"), "{}", in_words(&output));
    session.close().await.expect("it ends");
    drop(owner);
    place.database.drop_role(role).await;
    place.database.close().await;
}
