//! `plo-drift token`: who may call the API.

use anyhow::Context;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sqlx::Connection;

use super::{Done, Failure, Setting, plain_name};
use crate::clock::midnight;
use crate::fields::civil_date;
use crate::store::tokens::{self, ApiRole, NewToken};

/// Create, replace, list and revoke the tokens of the API.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Create a token. It is shown once, and stored as a hash.
    Create {
        /// What it is for, such as the program that will hold it.
        #[arg(long)]
        name: String,
        /// What it may do; every role may read.
        #[arg(long, value_parser = role())]
        role: ApiRole,
        /// A team whose cases it may see; may be given several times, and left out for every team.
        #[arg(long = "team", value_name = "TEAM")]
        teams: Vec<String>,
        /// It may see restricted cases.
        #[arg(long)]
        restricted: bool,
        /// The first day on which it is no longer valid (YYYY-MM-DD); valid until it is revoked if left out.
        #[arg(long, value_name = "DATE", value_parser = civil_date)]
        expires: Option<Date>,
    },
    /// Make a new token with the rights of an old one, which ends a while later: time to put the new one in its place.
    Rotate {
        /// The number of the old one, which `token list` shows.
        id: i64,
        /// How long the old one still counts, such as 24h or 30m; 0s ends it at once.
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = overlap)]
        keep_old_for: SignedDuration,
        /// The first day on which the new one is no longer valid (YYYY-MM-DD); that of the old one if left out.
        #[arg(long, value_name = "DATE", value_parser = civil_date)]
        expires: Option<Date>,
    },
    /// List all tokens.
    List,
    /// Revoke a token.
    Revoke {
        /// The number that `token list` shows.
        id: i64,
    },
}

fn role() -> impl TypedValueParser<Value = ApiRole> {
    PossibleValuesParser::new(ApiRole::ALL.iter().map(|role| role.code()))
        .try_map(|code| ApiRole::from_code(&code).ok_or_else(|| "is no role".to_owned()))
}

/// An overlap is for putting another token in place, not for having two.
fn overlap(text: &str) -> Result<SignedDuration, &'static str> {
    const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);
    let time = text.parse().ok().filter(|time| (SignedDuration::ZERO..=LONGEST).contains(time));
    time.ok_or("must be a time such as 24h, 30m or 0s, and at most 720h")
}

impl Token {
    /// Does it.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let pool = setting.pool().await?;
        let mut connection = pool.acquire().await?;
        let now = setting.clock.now().at;
        match self {
            Self::Create { name, role, teams, restricted, expires } => {
                plain_name(&name)?;
                let expires_at = expires.map(midnight);
                let new = NewToken { name, role, teams, may_see_restricted: restricted, expires_at };
                let (id, secret) = tokens::create(&mut connection, &new, now).await?;
                eprintln!("token {id} created; it is shown only now:");
                println!("{}", secret.reveal());
            }
            Self::Rotate { id, keep_old_for, expires } => {
                let old_ends_at = now.saturating_add(keep_old_for).context("the overlap is too long")?;
                let mut tx = connection.begin().await?;
                let rotated = tokens::rotate(&mut tx, id, old_ends_at, expires.map(midnight), now).await?;
                let Some((new, secret)) = rotated else { return Err(no_valid_token(id)) };
                tx.commit().await?;
                eprintln!(
                    "token {new} created, and token {id} ends at {old_ends_at} if not before; the new one is shown only now:"
                );
                println!("{}", secret.reveal());
            }
            Self::List => {
                for token in tokens::list(&mut connection).await? {
                    println!("{}", in_a_line(&token, now));
                }
            }
            Self::Revoke { id } => {
                if !tokens::revoke(&mut connection, id, now).await? {
                    return Err(no_valid_token(id));
                }
                println!("token {id} revoked");
            }
        }
        Ok(Done::Whole)
    }
}

fn no_valid_token(id: i64) -> Failure {
    Failure::usage(format!("there is no valid token {id}: see token list"))
}

/// A token with all that it lets its bearer do, until when, and when it was last used.
fn in_a_line(token: &tokens::Token, now: Timestamp) -> String {
    let tokens::Token { id, name, role, scope, .. } = token;
    let teams = if scope.teams.is_empty() { "every team".to_owned() } else { scope.teams.join(", ") };
    let restricted = if scope.may_see_restricted { "restricted cases too" } else { "no restricted cases" };
    let state = match (token.revoked_at, token.expires_at) {
        (Some(revoked), _) => format!("revoked {revoked}"),
        (None, Some(expires)) if expires <= now => format!("expired {expires}"),
        (None, Some(expires)) => format!("valid until {expires}"),
        (None, None) => "valid".to_owned(),
    };
    let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |used| format!("last used {used}"));
    format!("{id}  {name}  {role}  {teams}  {restricted}  {state}  {used}")
}
