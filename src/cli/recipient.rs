//! `plo-drift recipient`: who is told.

use clap::builder::PossibleValuesParser;
use clap::{Subcommand, builder::TypedValueParser};

use super::{Done, Failure, Setting, plain_name};
use crate::domain::policy::Role;
use crate::store::journal::{self, Entry, What};
use crate::store::recipients::{self, NewPerson};

/// Add, list and remove the people who are told.
#[derive(Debug, Subcommand)]
pub enum Recipient {
    /// Add a person.
    Add {
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
    },
    /// List everybody, also those who were removed.
    List,
    /// Tell a person nothing any more; what they were told stays on record.
    Remove {
        /// The number that `recipient list` shows.
        id: i64,
    },
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.code()))
        .try_map(|code| Role::from_code(&code).ok_or_else(|| "is no role".to_owned()))
}

impl Recipient {
    /// Does it.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        match self {
            Self::Add { name, email, role, teams, restricted } => {
                let person = NewPerson { name, email, role, teams, may_see_restricted: restricted };
                add(&setting, &person).await
            }
            Self::List => list(&setting).await,
            Self::Remove { id } => remove(&setting, id).await,
        }
    }
}

async fn add(setting: &Setting, person: &NewPerson) -> Result<Done, Failure> {
    plain_name(&person.name)?;
    if person.email.parse::<lettre::Address>().is_err() {
        return Err(Failure::usage("--email must be an e-mail address, without a name".into()));
    }
    if !setting.config.mail.allowed_domains.allow(&person.email) {
        return Err(Failure::usage(
            "the address is not of an allowed domain: add its domain to mail.allowed_domains, or use another address".into(),
        ));
    }
    let pool = setting.pool().await?;
    let mut tx = pool.begin().await?;
    let Some(id) = recipients::add(&mut tx, person).await? else {
        return Err(Failure::usage("that address is told in that role already: see recipient list".into()));
    };
    let entry = Entry { recipient: Some(id), reason: Some("added"), ..Entry::default() };
    journal::add(&mut tx, setting.clock.now().at, What::RecipientsChanged, entry).await?;
    tx.commit().await?;
    println!("recipient {id} added as {}", person.role.title());
    Ok(Done::Whole)
}

async fn list(setting: &Setting) -> Result<Done, Failure> {
    let pool = setting.pool().await?;
    let people = recipients::list(&mut *pool.acquire().await?).await?;
    for person in people {
        let teams = if person.teams.is_empty() { "every team".to_owned() } else { person.teams.join(", ") };
        let restricted = if person.may_see_restricted { "; restricted cases too" } else { "" };
        let removed = if person.active { "" } else { "; removed" };
        println!("{}  {} <{}>  {}  {teams}{restricted}{removed}", person.id, person.name, person.email, person.role);
    }
    Ok(Done::Whole)
}

async fn remove(setting: &Setting, id: i64) -> Result<Done, Failure> {
    let pool = setting.pool().await?;
    let mut tx = pool.begin().await?;
    if !recipients::remove(&mut tx, id).await? {
        return Err(Failure::usage(format!("there is no recipient {id} to remove: see recipient list")));
    }
    let entry = Entry { recipient: Some(id), reason: Some("removed"), ..Entry::default() };
    journal::add(&mut tx, setting.clock.now().at, What::RecipientsChanged, entry).await?;
    tx.commit().await?;
    println!("recipient {id} removed");
    Ok(Done::Whole)
}
