//! `plo-drift recipient`: who is told.

mod change;
mod standing;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, builder::TypedValueParser};
use sqlx::PgConnection;

use self::standing::say_how_they_stand;
use super::{Done, Failure, Setting, plain_name};
use crate::domain::policy::Role;
use crate::store::journal::{self, Entry, What};
use crate::store::recipients::{self, NewPerson, Person};

/// Add, change, list and remove the people who are told.
#[derive(Debug, Subcommand)]
pub enum Recipient {
    Add(Add),
    Change(change::Change),
    /// List everybody, also those who were removed.
    List,
    Remove(Remove),
}

/// Add a person.
#[derive(Debug, Args)]
pub struct Add {
    /// The person's name; it is shown to operators only and never leaves in a mail.
    #[arg(long)]
    name: String,
    /// The address; its domain must be one of `mail.allowed_domains`.
    #[arg(long)]
    email: String,
    /// In which role they are told.
    #[arg(long, value_parser = role())]
    role: Role,
    /// A team they are responsible for; may be given several times, and left out for every team.
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// They may know of restricted cases.
    #[arg(long)]
    restricted: bool,
    /// Who stands in for them while they are away: the number that `recipient list` shows.
    #[arg(long, value_name = "ID")]
    deputy: Option<i64>,
}

/// Tell a person nothing any more; what they were told stays on record. Their deputy, if they have one, stands in from then on.
#[derive(Debug, Args)]
pub struct Remove {
    /// The number that `recipient list` shows.
    id: i64,
    /// Who stands in from now on, where they leave to a successor who is told in another role.
    #[arg(long, value_name = "ID")]
    deputy: Option<i64>,
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.code()))
        .try_map(|code| Role::from_code(&code).ok_or_else(|| "is no role".to_owned()))
}

impl Recipient {
    /// Does it.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        match self {
            Self::Add(add) => add.run(&setting).await,
            Self::Change(change) => change.run(&setting).await,
            Self::List => list(&setting).await,
            Self::Remove(remove) => remove.run(&setting).await,
        }
    }
}

impl Add {
    async fn run(self, setting: &Setting) -> Result<Done, Failure> {
        plain_name(&self.name)?;
        if self.email.parse::<lettre::Address>().is_err() {
            return Err(Failure::usage("--email must be an e-mail address, without a name".into()));
        }
        if !setting.config.mail.allowed_domains.allow(&self.email) {
            return Err(Failure::usage(
                "the address is not of an allowed domain: add its domain to mail.allowed_domains, or use another address"
                    .into(),
            ));
        }
        let Self { name, email, role, teams, restricted, deputy } = self;
        let person = NewPerson { name, email, role, teams, may_see_restricted: restricted, deputy, away_until: None };
        let pool = setting.pool().await?;
        let mut tx = pool.begin().await?;
        if let Some(deputy) = deputy {
            get(&mut tx, deputy).await?;
        }
        let Some(id) = recipients::add(&mut tx, &person).await? else {
            return Err(Failure::usage("that address is told in that role already: see recipient list".into()));
        };
        note(&mut tx, setting, id, &deputy.map_or_else(|| "added".to_owned(), |deputy| format!("added; deputy: {deputy}")))
            .await?;
        tx.commit().await?;
        println!("recipient {id} added as {}", role.title());
        Ok(Done::Whole)
    }
}

impl Remove {
    async fn run(self, setting: &Setting) -> Result<Done, Failure> {
        let Self { id, deputy } = self;
        let pool = setting.pool().await?;
        let mut tx = pool.begin().await?;
        if let Some(deputy) = deputy {
            change::insist_on_another(&mut tx, id, deputy).await?;
            recipients::set_deputy(&mut tx, id, Some(deputy)).await?;
        }
        if !recipients::remove(&mut tx, id).await? {
            return Err(Failure::usage(format!("there is no recipient {id} to remove: see recipient list")));
        }
        let reason = deputy.map_or_else(|| "removed".to_owned(), |deputy| format!("removed; deputy: {deputy}"));
        note(&mut tx, setting, id, &reason).await?;
        println!("recipient {id} removed");
        say_how_they_stand(&mut tx, setting, id).await?;
        tx.commit().await?;
        Ok(Done::Whole)
    }
}

async fn list(setting: &Setting) -> Result<Done, Failure> {
    let pool = setting.pool().await?;
    let today = setting.clock.now().today;
    for person in recipients::list(&mut *pool.acquire().await?).await? {
        let teams = if person.teams.is_empty() { "every team".to_owned() } else { person.teams.join(", ") };
        let restricted = if person.may_see_restricted { "; restricted cases too" } else { "" };
        let deputy = person.deputy.map_or_else(String::new, |deputy| format!("; deputy: {deputy}"));
        let absence = person.away_until.filter(|_| person.is_away(today));
        let absence = absence.map_or_else(String::new, |last| format!("; away until {last}"));
        let removed = if person.active { "" } else { "; removed" };
        let Person { id, name, email, role, .. } = &person;
        println!("{id}  {name} <{email}>  {role}  {teams}{restricted}{deputy}{absence}{removed}");
    }
    Ok(Done::Whole)
}

/// The person of a number.
async fn get(connection: &mut PgConnection, id: i64) -> Result<Person, Failure> {
    let found = recipients::list(connection).await?.into_iter().find(|person| person.id == id);
    found.ok_or_else(|| Failure::usage(format!("there is no recipient {id}: see recipient list")))
}

/// Journals what was done; the reason holds numbers and days, and no names.
async fn note(connection: &mut PgConnection, setting: &Setting, id: i64, reason: &str) -> Result<(), Failure> {
    let entry = Entry { recipient: Some(id), reason: Some(reason), ..Entry::default() };
    Ok(journal::add(connection, setting.clock.now().at, What::RecipientsChanged, entry).await?)
}
