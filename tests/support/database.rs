//! A fresh, migrated database for each test: on the server that `DATABASE_URL` names, else on a private one of this process.
//!
//! Every database is a copy of a template, which is migrated once. Names end with a UUID that tells the time (version 7), so
//! that a later run finds what an aborted one left on somebody's server.

use std::env;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use plo_drift::private_postgres::{self, PrivatePostgres};
use plo_drift::store::MIGRATOR;
use plo_drift::store::grants::{self, Purpose};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use uuid::Uuid;

/// The role that may do in each of the databases what the service may.
pub const SERVICE: &str = "plo_test_service";

/// What every database begins with here.
pub const PREFIX: &str = "plo_test_";
const LEFTOVER_AFTER: Duration = Duration::from_hours(24);
/// Well before it is a leftover, so that no run loses its template.
const TEMPLATE_FOR: Duration = Duration::from_hours(12);
const PATIENCE: Duration = Duration::from_secs(5);

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database of one test.
#[derive(Debug)]
pub struct TestDatabase {
    /// A few connections to it.
    pub pool: PgPool,
    /// Where it is, for a program that connects by itself.
    pub url: String,
    name: String,
}

/// A role that may log in.
#[derive(Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Where the database is, for this role.
    pub url: String,
}

impl TestDatabase {
    /// Creates a database that holds what the migrations made, and nothing else.
    pub async fn new() -> Self {
        let template = TEMPLATE.get_or_init(prepare).await;
        let name = fresh_name();
        let mut server = connect(server_url()).await;
        run(&mut server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        server.close().await.expect("a connection can be closed");

        let url = url_of(&name);
        let options = PgPoolOptions::new().max_connections(5).acquire_timeout(PATIENCE).test_before_acquire(false);
        let pool = options.connect(&url).await.expect("a new database accepts connections");
        Self { pool, url, name }
    }

    /// A session of a role that logs in, made for this and dropped with the database; what it may do is not said yet.
    pub async fn role(&self, name: &str) -> Role {
        let name = format!("{name}_{}", Uuid::now_v7().simple());
        let password = Uuid::new_v4().simple().to_string();
        let create = format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&self.pool).await.expect("a role can be made");
        let (start, rest) = self.url.split_once("://").expect("it is a URL");
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        Role { url: format!("{start}://{name}:{password}@{rest}"), name }
    }

    /// Drops a role, and what it was granted.
    pub async fn drop_role(&self, role: Role) {
        let drop = format!("DROP OWNED BY {0}; DROP ROLE {0}", role.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&self.pool).await.expect("the role can be dropped");
    }

    /// Drops the database, and cuts off whoever still uses it. A test that fails before leaves it to a later run.
    pub async fn close(self) {
        // Something that the test has started may hold a connection for ever.
        let _ = timeout(PATIENCE, self.pool.close()).await;
        run(&mut connect(server_url()).await, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

/// The URL of the server, with a database that is nobody's test. Blocks while the first caller starts a private one.
pub fn server_url() -> &'static str {
    static GIVEN: LazyLock<Option<String>> = LazyLock::new(|| env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()));
    // Never dropped: it ends by itself when this process does.
    static PRIVATE: OnceLock<PrivatePostgres> = OnceLock::new();
    match &*GIVEN {
        Some(url) => url,
        None => PRIVATE.get_or_init(|| private_postgres::start().expect("a private PostgreSQL starts")).url(),
    }
}

/// Drops the databases that aborted runs left a day ago or earlier. One that cannot be dropped is left for the next time.
pub async fn drop_leftovers() {
    let mut server = connect(server_url()).await;
    for name in names(&mut server, PREFIX).await {
        if age(&name).is_some_and(|age| age >= LEFTOVER_AFTER) {
            let drop = format!("DROP DATABASE IF EXISTS {name}");
            let _ = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut server).await;
        }
    }
}

/// Finds a template with these migrations and grants, or makes one.
async fn prepare() -> String {
    drop_leftovers().await;
    let mut server = connect(server_url()).await;
    let prefix = format!("{PREFIX}of_{:016x}_", contents());
    let templates = names(&mut server, &prefix).await;
    if let Some(template) = templates.into_iter().find(|name| age(name).is_some_and(|age| age < TEMPLATE_FOR)) {
        return template;
    }
    // Gets its name when it is complete, because another process may look for it.
    let name = fresh_name();
    run(&mut server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    let mut database = connect(&url_of(&name)).await;
    MIGRATOR.run(&mut database).await.expect("the migrations apply to an empty database");
    let known =
        "DO $$ BEGIN CREATE ROLE plo_test_service; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
    run(&mut database, known.to_owned()).await;
    grants::grant(&mut database, Purpose::Service, SERVICE).await.expect("the service's role can be granted what it needs");
    database.close().await.expect("a connection can be closed");
    let template = format!("{prefix}{}", Uuid::now_v7().simple());
    run(&mut server, format!("ALTER DATABASE {name} RENAME TO {template}")).await;
    template
}

fn contents() -> u64 {
    let mut hasher = DefaultHasher::new();
    MIGRATOR.iter().for_each(|migration| (migration.version, &migration.checksum).hash(&mut hasher));
    Purpose::Service.grants().hash(&mut hasher);
    hasher.finish()
}

fn fresh_name() -> String {
    format!("{PREFIX}{}", Uuid::now_v7().simple())
}

/// How long ago a database was named; absent where its name does not tell.
fn age(name: &str) -> Option<Duration> {
    let named_at = |id: Uuid| id.get_timestamp().map(|at| Duration::from_secs(at.to_unix().0));
    let id = Uuid::try_parse(name.rsplit('_').next()?).ok()?;
    Some(named_at(Uuid::now_v7())?.saturating_sub(named_at(id)?))
}

async fn names(server: &mut PgConnection, prefix: &str) -> Vec<String> {
    let names = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1)");
    names.bind(prefix).fetch_all(server).await.expect("the databases can be listed")
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("the server accepts connections")
}

async fn run(server: &mut PgConnection, statement: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(server).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// The server's URL with another database.
fn url_of(name: &str) -> String {
    let server = server_url();
    let (place, parameters) = server.split_at(server.find('?').unwrap_or(server.len()));
    let authority = place.find("://").expect("it is a URL") + "://".len();
    let end = place[authority..].find('/').map_or(place.len(), |slash| authority + slash);
    format!("{}/{name}{parameters}", &place[..end])
}
