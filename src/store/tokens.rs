//! Who may call the API. A token is shown once, when it is made; only its SHA-256 is kept.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, rand};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::known;
use crate::domain::case::coded;
use crate::hex;

coded! {
    /// What the bearer of a token may do.
    ApiRole {
        /// Reads.
        Reader = "reader",
        /// Reads, and records facts.
        Recorder = "recorder",
        /// Reads, and answers alerts.
        Chair = "chair",
        /// Everything.
        Admin = "admin",
    }
}

impl ApiRole {
    /// Tells whether this role may do what another is for: everybody may read, and an admin may do everything.
    #[must_use]
    pub fn may(self, needed: Self) -> bool {
        self == needed || self == Self::Admin || needed == Self::Reader
    }
}

/// The cases that a token lets its bearer know of. The others do not exist for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The teams whose cases it shows; none means every team, and cases without one.
    pub teams: Vec<String>,
    /// Whether it shows restricted cases.
    pub may_see_restricted: bool,
}

impl Scope {
    /// Every case: for what the service does by itself.
    pub const EVERYTHING: Self = Self { teams: Vec::new(), may_see_restricted: true };

    /// Tells whether a case of this team exists for the bearer.
    #[must_use]
    pub fn shows(&self, team: Option<&str>, restricted: bool) -> bool {
        let team_is_shown = self.teams.is_empty() || team.is_some_and(|team| self.teams.iter().any(|shown| shown == team));
        team_is_shown && (self.may_see_restricted || !restricted)
    }
}

/// The secret that a bearer shows. Kept nowhere; never printed but by [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

const PREFIX: &str = "plo_";

/// Who calls is noted no more often than this, so that not every request writes.
pub const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

impl Secret {
    /// A new one, that nobody can guess.
    ///
    /// # Panics
    ///
    /// Never: the system has randomness to give.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).expect("the system has randomness to give");
        Self(bytes)
    }

    /// Reads a secret as it was revealed: `plo_` and 64 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.strip_prefix(PREFIX)?)?;
        bytes.try_into().ok().map(Self)
    }

    /// The secret as its bearer is to show it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", hex::encode(&self.0))
    }

    /// The SHA-256 by which it is kept. It needs no salt: 32 random bytes cannot be guessed.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.0).as_ref().to_vec()
    }

    /// What only whoever holds the secret can work out, for a purpose: 64 hexadecimal digits, from which the secret does not follow.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> String {
        hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes()).as_ref())
    }

    /// Tells whether this is the secret that is kept as a hash, in a time that does not depend on where the two differ.
    pub(super) fn is_kept_as(&self, hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.hash(), hash).is_ok()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Who or what it is for, in plain words.
    pub name: String,
    /// What its bearer may do.
    pub role: ApiRole,
    /// The teams whose cases it shows; none means every team.
    pub teams: Vec<String>,
    /// Whether it shows restricted cases.
    pub may_see_restricted: bool,
    /// From when on it counts no more.
    pub expires_at: Option<Timestamp>,
}

/// A token as it is kept, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Names it in logs and commands.
    pub id: i64,
    /// Who or what it is for.
    pub name: String,
    /// What its bearer may do.
    pub role: ApiRole,
    /// Which cases it shows.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// Tells whether it counts at a moment.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Tells whether it is to be noted that it is used: not if that was noted a moment ago.
    #[must_use]
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now.duration_since(last) >= SEEN_EVERY)
    }
}

/// Makes a token; its secret can be had only here.
///
/// # Errors
///
/// The database does not answer, or refuses the name.
pub async fn create(connection: &mut PgConnection, new: &NewToken, now: Timestamp) -> Result<(i64, Secret), sqlx::Error> {
    let secret = Secret::generate();
    let id = sqlx::query_scalar!(
        r#"-- tokens.create
        INSERT INTO tokens (name, role, token_hash, teams, may_see_restricted, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id"#,
        new.name,
        new.role.code(),
        secret.hash(),
        &new.teams,
        new.may_see_restricted,
        now.to_sqlx(),
        new.expires_at.map(Timestamp::to_sqlx)
    )
    .fetch_one(connection)
    .await?;
    Ok((id, secret))
}

/// Every token, revoked ones too, in the order they were made.
///
/// # Errors
///
/// The database does not answer.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Token>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- tokens.list
        SELECT id, name, role, teams, may_see_restricted, created_at, expires_at, revoked_at, last_used_at FROM tokens ORDER BY id"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Token::try_from).collect()
}

/// Makes a token with the rights and the name of one that counts, and has that one end at a moment, if it does not end before; absent
/// where there is none that counts. The new one ends when the old one was to end, unless another end is given.
///
/// # Errors
///
/// The database does not answer.
pub async fn rotate(
    connection: &mut PgConnection,
    old: i64,
    old_ends_at: Timestamp,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<(i64, Secret)>, sqlx::Error> {
    let secret = Secret::generate();
    let id = sqlx::query_scalar!(
        r#"-- tokens.rotate
        INSERT INTO tokens (name, role, token_hash, teams, may_see_restricted, created_at, expires_at)
        SELECT name, role, $2, teams, may_see_restricted, $3, coalesce($4, expires_at) FROM tokens
        WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3) FOR UPDATE
        RETURNING id"#,
        old,
        secret.hash(),
        now.to_sqlx(),
        expires_at.map(Timestamp::to_sqlx) as _
    );
    let Some(id) = id.fetch_optional(&mut *connection).await? else { return Ok(None) };
    sqlx::query!(
        "-- tokens.end\nUPDATE tokens SET expires_at = least(expires_at, $2) WHERE id = $1",
        old,
        old_ends_at.to_sqlx()
    )
    .execute(connection)
    .await?;
    Ok(Some((id, secret)))
}

/// Takes a token back; tells whether there was one to take back.
///
/// # Errors
///
/// The database does not answer.
pub async fn revoke(connection: &mut PgConnection, id: i64, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "-- tokens.revoke\nUPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id,
        now.to_sqlx()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A token as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The token.
    pub token: Token,
    /// The state of the database in which it was found, where that has a name.
    pub version: Option<String>,
}

/// The token of a secret, whether or not it still counts.
///
/// # Errors
///
/// The database does not answer.
pub async fn find(connection: &mut PgConnection, secret: &Secret) -> Result<Option<Found>, sqlx::Error> {
    let row = sqlx::query!(
        r#"-- tokens.find
        SELECT id, name, role, teams, may_see_restricted, created_at, expires_at, revoked_at, last_used_at, token_hash,
            database_version() AS version
        FROM tokens WHERE token_hash = $1"#,
        secret.hash()
    );
    // The index finds the row; whether it is the one is not left to it.
    let row = row.fetch_optional(connection).await?.filter(|row| secret.is_kept_as(&row.token_hash));
    let Some(row) = row else { return Ok(None) };
    let version = row.version;
    let token = Row {
        id: row.id,
        name: row.name,
        role: row.role,
        teams: row.teams,
        may_see_restricted: row.may_see_restricted,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
    };
    Ok(Some(Found { token: token.try_into()?, version }))
}

/// Notes that a token was used.
///
/// # Errors
///
/// The database does not answer.
pub async fn used(connection: &mut PgConnection, token: &Token, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- tokens.used\nUPDATE tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        token.id,
        now.to_sqlx()
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    id: i64,
    name: String,
    role: String,
    teams: Vec<String>,
    may_see_restricted: bool,
    created_at: jiff_sqlx::Timestamp,
    expires_at: Option<jiff_sqlx::Timestamp>,
    revoked_at: Option<jiff_sqlx::Timestamp>,
    last_used_at: Option<jiff_sqlx::Timestamp>,
}

impl TryFrom<Row> for Token {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            role: known(ApiRole::from_code(&row.role), "tokens.role")?,
            scope: Scope { teams: row.teams, may_see_restricted: row.may_see_restricted },
            created_at: row.created_at.to_jiff(),
            expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
            revoked_at: row.revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
            last_used_at: row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
            id: row.id,
            name: row.name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(ApiRole::Reader, "reader")]
    #[case(ApiRole::Recorder, "reader recorder")]
    #[case(ApiRole::Chair, "reader chair")]
    #[case(ApiRole::Admin, "reader recorder chair admin")]
    fn everybody_reads_and_an_admin_may_do_everything(#[case] role: ApiRole, #[case] expected: &str) {
        let may: Vec<&str> = ApiRole::ALL.iter().filter(|&&needed| role.may(needed)).map(|needed| needed.code()).collect();
        assert_eq!(may.join(" "), expected);
    }

    #[rstest::rstest]
    #[case(&[], false, None, false, true)]
    #[case(&[], false, Some("east"), true, false)]
    #[case(&[], true, Some("east"), true, true)]
    #[case(&["east", "west"], false, Some("west"), false, true)]
    #[case(&["east"], true, Some("west"), false, false)]
    #[case(&["east"], true, None, false, false)]
    fn a_scope_shows_its_teams(
        #[case] teams: &[&str],
        #[case] may_see_restricted: bool,
        #[case] team: Option<&str>,
        #[case] restricted: bool,
        #[case] expected: bool,
    ) {
        let scope = Scope { teams: teams.iter().map(|&team| team.to_owned()).collect(), may_see_restricted };
        assert_eq!(scope.shows(team, restricted), expected);
    }

    #[test]
    fn a_secret_is_read_back_and_not_printed() {
        let secret = Secret::generate();
        let shown = secret.reveal();
        assert_eq!(shown.len(), 68);
        assert_eq!(Secret::parse(&shown).as_ref(), Some(&secret));
        assert_eq!(Secret::parse(&shown[4..]), None);
        assert_eq!(Secret::parse(&shown[..66]), None);
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn only_the_whole_hash_of_a_secret_is_its_hash() {
        let secret = Secret::generate();
        let hash = secret.hash();
        assert!(secret.is_kept_as(&hash));
        for index in 0..hash.len() {
            let mut other = hash.clone();
            other[index] ^= 1;
            assert!(!secret.is_kept_as(&other) && !secret.is_kept_as(&hash[..index]), "{index}");
        }
    }
}
