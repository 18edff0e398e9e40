//! Where imports are tried: a database, and trackers written as text.

use plo_drift::clock::Clock;
use plo_drift::exchange::incoming::mapping::Mapping;
use plo_drift::exchange::incoming::sheet::Sheet;
use plo_drift::exchange::incoming::tracker::{self, Tracker};
use plo_drift::exchange::incoming::{Line, columns};
use plo_drift::intake::{Import, Report, bring_in};
use plo_drift::store::tokens::Scope;
use sqlx::Connection;

use crate::support::database::TestDatabase;

/// A database with a source that is imported again and again.
pub struct Place {
    pub database: TestDatabase,
    pub scope: Scope,
    pub is_dry_run: bool,
    pub source: &'static str,
}

impl Place {
    pub async fn new() -> Self {
        Self { database: TestDatabase::new().await, scope: Scope::EVERYTHING, is_dry_run: false, source: "north" }
    }

    /// Imports sheets, each by the name of its file: those of lists are called like them.
    pub async fn import(&self, files: &[(&str, &str)]) -> Report {
        let mut tracker = Tracker::default();
        for (name, text) in files {
            let sheet = Sheet::separated(&(*name).into(), text.as_bytes().to_vec(), 1).expect("a sheet");
            match columns::list(name) {
                Some(list) => tracker.lists.push((list, sheet)),
                None => tracker.main.push(sheet),
            }
        }
        self.import_tracker(&tracker).await
    }

    pub async fn import_tracker(&self, tracker: &Tracker) -> Report {
        let now = Clock::of_the_machine().now();
        let mapping = Mapping::default();
        let incoming = tracker::read(tracker, &mapping, now.today).expect("the headers are right");
        let import = Import {
            source: self.source,
            label: "import north: t.csv",
            caller: None,
            scope: &self.scope,
            is_dry_run: self.is_dry_run,
            now,
        };
        let mut connection = self.database.pool.acquire().await.expect("a connection");
        bring_in(&mut connection, &import, incoming, &mut ()).await.expect("the import ends")
    }

    /// Writes the tables by SQL, as a person's hand or a council's program would.
    pub async fn sql(&self, statements: &'static str) {
        let mut connection = self.database.pool.acquire().await.expect("a connection");
        let mut tx = connection.begin().await.expect("a transaction");
        sqlx::raw_sql(statements).execute(&mut *tx).await.expect("the statements are right");
        tx.commit().await.expect("they are committed");
    }

    /// The answer to a query that gives one text.
    pub async fn ask(&self, query: &'static str) -> String {
        let answer: Option<String> = sqlx::query_scalar(query).fetch_one(&self.database.pool).await.expect("an answer");
        answer.unwrap_or_default()
    }

    /// Everything that is recorded of cases and sources, and how much history there is.
    pub async fn everything(&self) -> String {
        self.ask(
            "SELECT concat_ws(E'\n',
                (SELECT string_agg(cases::text, E'\n' ORDER BY reference) FROM cases),
                (SELECT string_agg(meetings::text, E'\n' ORDER BY case_reference, sequence) FROM meetings),
                (SELECT string_agg(allocations::text, E'\n' ORDER BY id) FROM allocations),
                (SELECT string_agg(source_cases::text, E'\n' ORDER BY source, case_reference) FROM source_cases),
                (SELECT count(*)::text FROM case_history))",
        )
        .await
    }
}

/// The lines of a report, as people read them.
pub fn lines(report: &Report) -> Vec<String> {
    report.lines.iter().map(Line::to_string).collect()
}
