//! What stands around a page of cases and is the same whatever was asked: the teams to choose from, and when the panel meets.

use jiff::civil::Date;
use sqlx::PgConnection;

use super::ApiState;
use super::auth::Caller;
use super::known::Weighed;
use super::problem::Problem;
use crate::clock::Moment;
use crate::database::readers::Question;
use crate::domain::timetable::next_meeting;
use crate::store::caseload::teams;
use crate::store::tokens::Scope;

/// Around whose pages, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Around {
    /// The cases that exist for the caller.
    pub scope: Scope,
    /// The next meeting is on it or later.
    pub today: Date,
}

/// What stands around a page of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The teams whose cases exist for the caller.
    pub teams: Vec<String>,
    /// When the panel meets next.
    pub meeting_on: Date,
}

impl Weighed for Around {
    fn bytes(&self) -> usize {
        self.scope.bytes()
    }
}

impl Weighed for Surroundings {
    fn bytes(&self) -> usize {
        self.teams.iter().map(String::len).sum()
    }
}

/// What stands around the pages of a caller.
///
/// # Errors
///
/// The database does not answer.
pub async fn ask(state: &ApiState, caller: &Caller, now: Moment) -> Result<Surroundings, Problem> {
    let around = Around { scope: caller.scope.clone(), today: now.today };
    if let Some(known) = state.known.surroundings.find(&around, caller.seen.as_ref()) {
        return Ok(known);
    }
    let teams = state.readers.read(&TeamsOf(&around.scope)).await?.answer;
    let policy = state.policy.read(&mut *state.pool.acquire().await?).await?;
    let surroundings = Surroundings { teams, meeting_on: next_meeting(now.today, &policy.policy.panel) };
    state.known.surroundings.keep(&around, caller.seen.as_ref(), surroundings.clone());
    Ok(surroundings)
}

struct TeamsOf<'s>(&'s Scope);

impl Question for TeamsOf<'_> {
    type Answer = Vec<String>;

    async fn ask(&self, session: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
        teams(session, self.0).await
    }
}
