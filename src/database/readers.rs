//! Sessions with the database in which one statement at a time is read, and nothing else is ever done.
//!
//! The pool asks a connection how it is before each use and twice after it, because whoever had it may have been cancelled in the
//! middle of something. A reader gives its session back only once the answer is whole: whoever is cancelled, or gets none, drops it,
//! and it is closed. So nothing need be asked, and reading is one journey. The server itself refuses writes in these sessions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::LIMITS;

/// What each session keeps to beside the limits. A statement here is made for one way through the tables, which the plan for any values takes, too.
const SETTINGS: &str = "SET default_transaction_read_only = on; SET plan_cache_mode = force_generic_plan";

/// How long a read waits for a session, whether one becomes free or is opened, and for its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A session that was not used for so long may have been cut off on the way without a word.
const IDLE: Duration = Duration::from_secs(30);

/// How old a session becomes, as those of the pool do.
const AGE: Duration = Duration::from_mins(30);

/// Sessions beside those of the pool, opened when they are needed.
#[derive(Clone, Debug)]
pub struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Tells where the database is, and whether it is still to be asked.
    pool: PgPool,
    places: Semaphore,
    /// The one that was used last is at the end.
    idle: Mutex<Vec<Session>>,
    opened: AtomicU64,
}

#[derive(Debug)]
struct Session {
    connection: PgConnection,
    number: SessionNumber,
    opened_at: Instant,
    used_at: Instant,
}

/// Which session it is: the later it was opened, the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionNumber(pub u64);

/// Something that is read with one statement.
pub trait Question: Sync {
    /// What is read.
    type Answer: Send;

    /// Reads it.
    fn ask(&self, session: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, sqlx::Error>> + Send;
}

/// What was read.
#[derive(Clone, Copy, Debug)]
pub struct Read<T> {
    /// The answer.
    pub answer: T,
    /// The session that gave it.
    pub by: SessionNumber,
    /// The newest session that was open before it was given.
    pub newest: SessionNumber,
}

impl Readers {
    /// As many sessions as are needed, but no more than this, with the database of a pool.
    #[must_use]
    pub fn of(pool: &PgPool, at_most: usize) -> Self {
        let places = Semaphore::new(at_most);
        Self(Arc::new(Shared { pool: pool.clone(), places, idle: Mutex::default(), opened: AtomicU64::new(0) }))
    }

    /// Reads with one statement, which sees what others committed before. Where a session has broken since it was last used, the
    /// statement is repeated in a new one: it only reads.
    ///
    /// # Errors
    ///
    /// The database does not answer, or no session becomes free in time.
    pub async fn read<Q: Question>(&self, question: &Q) -> Result<Read<Q::Answer>, sqlx::Error> {
        let place = async { Ok(self.0.places.acquire().await.expect("the places are never closed")) };
        let _place = in_time(place).await?;
        if let Some(session) = self.idle()? {
            match self.read_in(session, question).await {
                Err(wrong) if is_of_the_session(&wrong) => {}
                read => return read,
            }
        }
        let session = in_time(self.open()).await?;
        self.read_in(session, question).await
    }

    async fn read_in<Q: Question>(&self, mut session: Session, question: &Q) -> Result<Read<Q::Answer>, sqlx::Error> {
        let newest = SessionNumber(self.0.opened.load(Ordering::SeqCst));
        let answer = in_time(question.ask(&mut session.connection)).await?;
        let by = session.number;
        session.used_at = Instant::now();
        held(&self.0.idle).push(session);
        Ok(Read { answer, by, newest })
    }

    fn idle(&self) -> Result<Option<Session>, sqlx::Error> {
        let mut idle = held(&self.0.idle);
        if self.0.pool.is_closed() {
            idle.clear();
            return Err(sqlx::Error::PoolClosed);
        }
        idle.retain(|session| session.used_at.elapsed() < IDLE && session.opened_at.elapsed() < AGE);
        Ok(idle.pop())
    }

    async fn open(&self) -> Result<Session, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.0.pool.connect_options()).await?;
        connection.execute(LIMITS).await?;
        connection.execute(SETTINGS).await?;
        let now = Instant::now();
        // Counted once it is there, so that it was there before whatever is given while it is the newest.
        let number = SessionNumber(self.0.opened.fetch_add(1, Ordering::SeqCst) + 1);
        Ok(Session { connection, number, opened_at: now, used_at: now })
    }
}

/// Tells whether what is wrong may be the session and not the statement: the connection broke, the server went, or what the server
/// remembers of the statement is out of date.
fn is_of_the_session(wrong: &sqlx::Error) -> bool {
    match wrong {
        sqlx::Error::Database(refused) => refused.code().is_some_and(|code| code.starts_with("57P") || code == "0A000"),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut => true,
        _ => false,
    }
}

async fn in_time<T>(done: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(PATIENCE, done).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding the sessions")
}
