//! What the claims of a token mean here. Its signature and its audience have been checked.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{Person, Unidentified};
use crate::config::identity::{ClaimsConfig, IdentityConfig};
use crate::fields::plain_text;
use crate::store::tokens::{ApiRole, Scope};

/// OpenID Connect allows a subject no more.
const LONGEST_SUBJECT: usize = 255;

/// How claims are read.
#[derive(Debug)]
pub struct ClaimRules {
    issuer: String,
    leeway: SignedDuration,
    claims: ClaimsConfig,
}

impl ClaimRules {
    /// As configured.
    pub fn of(config: &IdentityConfig) -> Self {
        Self { issuer: config.issuer.clone(), leeway: config.clock_leeway, claims: config.claims.clone() }
    }

    /// Reads who an access token was made for.
    ///
    /// # Errors
    ///
    /// It does not count now, names nobody, or gives them nothing to do here.
    pub fn person(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<Person, Unidentified> {
        // An ID token may have the same audience, but it is for the program that signs somebody in, and travels through browsers.
        if ["nonce", "at_hash", "c_hash"].iter().any(|claim| claims.contains_key(*claim)) {
            return Err(Unidentified::Refused("it is an ID token"));
        }
        if claims.contains_key("cnf") {
            return Err(Unidentified::Refused("it counts only with a proof of a key"));
        }
        self.whoever(claims, now)
    }

    /// Reads who signed in, from an ID token that was asked for by a client with a number that is used once.
    ///
    /// # Errors
    ///
    /// It is not the answer to that; otherwise as [`ClaimRules::person`].
    pub fn signed_in(
        &self,
        claims: &Map<String, Value>,
        client: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Person, Unidentified> {
        if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
            return Err(Unidentified::Refused("it answers another sign-in"));
        }
        if claims.get("azp").is_some_and(|party| party.as_str() != Some(client)) {
            return Err(Unidentified::Refused("it was made for another client"));
        }
        self.whoever(claims, now)
    }

    fn whoever(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<Person, Unidentified> {
        self.check_times(claims, now).map_err(Unidentified::Refused)?;
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(Unidentified::Refused("it is of another issuer"));
        }
        let subject = self.subject(claims).ok_or(Unidentified::Refused("it names nobody"))?.to_owned();
        let given = texts(claims, &self.claims.roles);
        let holds = |values: &[String]| values.iter().any(|value| given.contains(&value.as_str()));
        let roles: Vec<ApiRole> = ApiRole::ALL.iter().copied().filter(|&role| holds(self.values_of(role))).collect();
        if roles.is_empty() {
            return Err(Unidentified::NoRole);
        }
        let teams = match &self.claims.teams {
            Some(claim) if !holds(&self.claims.every_team) => teams(claims, claim)?,
            _ => Vec::new(),
        };
        let scope = Scope { teams, may_see_restricted: holds(&self.claims.restricted) };
        Ok(Person { issuer: self.issuer.clone(), subject, roles, scope })
    }

    fn values_of(&self, role: ApiRole) -> &[String] {
        match role {
            ApiRole::Reader => &self.claims.reader,
            ApiRole::Recorder => &self.claims.recorder,
            ApiRole::Chair => &self.claims.chair,
            ApiRole::Admin => &self.claims.admin,
        }
    }

    fn check_times(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), &'static str> {
        let (now, leeway) = (now.as_duration().as_secs_f64(), self.leeway.as_secs_f64());
        let time = |name| claims.get(name).map(|time| time.as_f64().ok_or("a time in it is none")).transpose();
        let expires = time("exp")?.ok_or("it does not say when it expires")?;
        if now >= expires + leeway {
            return Err("it has expired");
        }
        if time("nbf")?.is_some_and(|from| now < from - leeway) {
            return Err("it does not count yet");
        }
        Ok(())
    }

    fn subject<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c str> {
        let subject = claims.get(&self.claims.subject)?.as_str()?;
        let is_one = !subject.trim().is_empty()
            && subject.chars().nth(LONGEST_SUBJECT).is_none()
            && !subject.chars().any(char::is_control);
        is_one.then_some(subject)
    }
}

/// The texts of a claim that holds one or a list of them.
fn texts<'c>(claims: &'c Map<String, Value>, name: &str) -> Vec<&'c str> {
    match claims.get(name) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The teams that a claim names. None would show every team, so there must be one.
fn teams(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, Unidentified> {
    let named = texts(claims, name).into_iter().filter(|team| !team.is_empty() && plain_text(team).is_ok());
    let teams: Vec<String> = named.map(str::to_owned).collect();
    if teams.is_empty() { Err(Unidentified::NoTeam) } else { Ok(teams) }
}
