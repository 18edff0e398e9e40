//! The header `Idempotency-Key`: a request that comes again under the same key is answered as before, and does nothing again.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sqlx::PgConnection;

use crate::api::etag;
use crate::api::problem::{Problem, WrongParameter};
use crate::clock::Moment;
use crate::store::kept_answers::{self, Claim, KeptAnswer, Repeatable};

/// Its name.
pub const NAME: &str = "idempotency-key";

/// The longest key.
const LONGEST: usize = 200;

/// The key of a request, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(NAME).iter();
        let Some(value) = given.next() else { return Ok(Self(None)) };
        let is_key = |key: &&str| (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if let (Some(key), None) = (value.to_str().ok().filter(is_key), given.next()) {
            return Ok(Self(Some(key.to_owned())));
        }
        let reason = format!("must be given once, as 1 to {LONGEST} visible ASCII characters");
        Err(Problem::WrongParameters(vec![WrongParameter { parameter: "Idempotency-Key".to_owned(), reason }]))
    }
}

/// A request that may come again, with its key.
pub struct Repetition {
    actor: String,
    key: Option<String>,
    fingerprint: String,
}

impl Repetition {
    /// The request of a caller, told from others by all that it says.
    #[must_use]
    pub fn of(actor: String, IdempotencyKey(key): &IdempotencyKey, says: &[&str]) -> Self {
        Self { actor, key: key.clone(), fingerprint: etag::hash(says.join("\n").as_bytes()) }
    }

    /// What was answered to it before, if anything was; claims its key otherwise.
    ///
    /// # Errors
    ///
    /// The key was used for another request, or is being worked on; the database does not answer.
    pub async fn answered(&self, connection: &mut PgConnection, now: Moment) -> Result<Option<KeptAnswer>, Problem> {
        let Some(request) = self.repeatable() else { return Ok(None) };
        match kept_answers::claim(connection, request, now.at).await? {
            Claim::New => Ok(None),
            Claim::Answered(answer) => Ok(Some(answer)),
            Claim::OfAnotherRequest => Err(Problem::KeyReused),
            Claim::UnderWay => {
                let why = "A request with this Idempotency-Key is being worked on. Try again in a moment.";
                Err(Problem::Conflict(why.to_owned()))
            }
        }
    }

    /// Keeps what is answered to it about a case, if it has a key.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn keep(
        &self,
        connection: &mut PgConnection,
        case: &str,
        answer: &KeptAnswer,
        now: Moment,
    ) -> Result<(), Problem> {
        if let Some(request) = self.repeatable() {
            kept_answers::keep(connection, request, case, answer, now.at).await?;
        }
        Ok(())
    }

    fn repeatable(&self) -> Option<Repeatable<'_>> {
        let key = self.key.as_deref()?;
        Some(Repeatable { actor: &self.actor, key, fingerprint: self.fingerprint.as_bytes() })
    }
}
