//! The databases of the tests are fresh, apart from each other, and cleared away.

#[expect(dead_code, reason = "a test takes what it needs of the support")]
mod support;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support::database::{self, PREFIX, TestDatabase};
use uuid::{NoContext, Timestamp, Uuid};

#[tokio::test]
async fn what_one_test_does_another_does_not_see() {
    let (one, other) = tokio::join!(TestDatabase::new(), TestDatabase::new());
    sqlx::raw_sql("CREATE TABLE mine (id integer)").execute(&one.pool).await.expect("a table can be made");

    let seen: bool =
        sqlx::query_scalar("SELECT to_regclass('mine') IS NOT NULL").fetch_one(&other.pool).await.expect("it answers");
    assert!(!seen);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn the_url_leads_to_the_same_database_as_the_pool() {
    let database = TestDatabase::new().await;
    let name = "SELECT current_database()::text";
    let by_pool: String = sqlx::query_scalar(name).fetch_one(&database.pool).await.expect("it answers");
    let mut connection = PgConnection::connect(&database.url).await.expect("it accepts connections");
    let by_url: String = sqlx::query_scalar(name).fetch_one(&mut connection).await.expect("it answers");
    assert_eq!(by_pool, by_url);
    database.close().await;
    assert!(!exists(&by_url).await, "it is dropped although somebody was connected");
}

#[tokio::test]
async fn every_migration_is_applied() {
    let database = TestDatabase::new().await;
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&database.pool)
        .await
        .expect("the migrations were run");
    let expected =
        sqlx::migrate!("./migrations").iter().filter(|migration| !migration.migration_type.is_down_migration()).count();
    assert_eq!(usize::try_from(applied), Ok(expected));
    database.close().await;
}

#[tokio::test]
async fn what_aborted_runs_left_is_dropped_after_a_day() {
    const HOUR: u64 = 60 * 60;
    let now = Uuid::now_v7().get_timestamp().expect("it tells the time").to_unix().0;
    let named_before = |hours: u64| {
        let id = Uuid::new_v7(Timestamp::from_unix(NoContext, now - hours * HOUR, 0));
        format!("{PREFIX}{}", id.simple())
    };
    let (old, young) = (named_before(25), named_before(23));
    let mut server = PgConnection::connect(database::server_url()).await.expect("it accepts connections");
    for name in [&old, &young] {
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut server).await.expect("one can be made");
    }
    database::drop_leftovers().await;
    assert!(!exists(&old).await);
    assert!(exists(&young).await);
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {young}"))).execute(&mut server).await.expect("it is there");
}

async fn exists(name: &str) -> bool {
    let mut server = PgConnection::connect(database::server_url()).await.expect("it accepts connections");
    let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(name);
    exists.fetch_one(&mut server).await.expect("it answers")
}
