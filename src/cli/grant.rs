//! `plo-drift grant`: what a role of the database may do.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use sqlx::Connection;

use super::{Done, Failure, Setting};
use crate::store::grants::{self, Purpose};

/// Let a role of the database do what it is for, and nothing else. Run it as the owner of the tables, after every `migrate`.
///
/// What the role could do before is taken away first. Whatever it may do all the same, as everybody may or as a member of another role,
/// is named, and the exit code is 1.
#[derive(Debug, Args)]
pub struct Grant {
    /// The role. It must exist.
    #[arg(long = "to", value_name = "ROLE")]
    role: String,
    /// What it is for: the service with all its commands but `migrate` and `grant`, or a program that feeds facts in with plain SQL.
    #[arg(long = "for", value_name = "PURPOSE", value_parser = purpose())]
    purpose: Purpose,
    /// Print the statements for somebody else to run, and change nothing.
    #[arg(long)]
    print: bool,
}

fn purpose() -> impl TypedValueParser<Value = Purpose> {
    PossibleValuesParser::new(Purpose::ALL.iter().map(|purpose| purpose.code()))
        .try_map(|code| Purpose::from_code(&code).ok_or_else(|| "is no purpose".to_owned()))
}

impl Grant {
    /// Grants it, or prints how.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let pool = setting.pool().await?;
        let mut connection = pool.acquire().await?;
        if self.print {
            let schema = grants::schema(&mut connection).await?;
            print!("BEGIN;\n{}COMMIT;\n", self.purpose.statements(&self.role, &schema));
            return Ok(Done::Whole);
        }
        if let Some(reason) = grants::not_to_be_held(&mut connection, &self.role).await? {
            return Err(Failure::usage(format!("{} cannot be held to anything: {reason}. Take another role", self.role)));
        }
        let mut tx = connection.begin().await?;
        grants::grant(&mut tx, self.purpose, &self.role).await.map_err(|wrong| self.explained(wrong))?;
        tx.commit().await?;
        let beyond = grants::beyond(&mut connection, &self.role).await?;
        println!("{} may do what is needed for: {}", self.role, self.purpose);
        for more in &beyond {
            println!("{} can do more than that: {more}", self.role);
        }
        Ok(if beyond.is_empty() { Done::Whole } else { Done::WithRefusals })
    }

    fn explained(&self, wrong: sqlx::Error) -> Failure {
        let refused = wrong.as_database_error();
        match refused.and_then(sqlx::error::DatabaseError::code).as_deref() {
            Some("42704") => Failure::usage(format!("there is no role {role}: CREATE ROLE {role} LOGIN", role = self.role)),
            Some("42501") => {
                Failure::usage("only the owner of the tables can grant: it is whoever runs plo-drift migrate".to_owned())
            }
            _ => wrong.into(),
        }
    }
}
