//! Who is on record to be told in the course of the year.

use jiff::civil::{Date, date};
use plo_drift::domain::policy::Role;

use super::people::Person;
use super::support::world::DOMAIN;

const fn person(id: i64, role: Role, teams: &'static [&'static str], is_cleared: bool) -> Person {
    Person { id, role, teams, is_cleared, is_active: true, is_allowed: true, away_until: None, deputy: None }
}

/// Everybody at the beginning. The chair of the north is not cleared, the one of the south is; both sit for Riverside. Nobody above
/// the southern service manager is cleared, so that restricted cases of the north reach nobody at all.
pub fn at_the_beginning() -> Vec<Person> {
    vec![
        person(1, Role::LegalGatewayChair, &["North", "Harbour", "Riverside"], false),
        person(2, Role::LegalGatewayChair, &["Riverside", "Hillside", "South"], true),
        person(3, Role::ServiceManager, &["North", "Harbour"], false),
        person(4, Role::ServiceManager, &["Riverside", "Hillside", "South"], true),
        person(5, Role::HeadOfService, &[], false),
        person(6, Role::AssistantDirector, &[], false),
        person(7, Role::TeamManager, &["North"], false),
        Person { is_allowed: false, deputy: Some(5), ..person(8, Role::Director, &[], true) },
    ]
}

/// Somebody comes, goes, or changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// Is added to those who are told.
    Joins(Person),
    /// Is taken from them.
    Leaves(i64),
    /// Is away until this day, and somebody stands in.
    Away(i64, Date, i64),
    /// May see restricted cases from now on.
    Cleared(i64),
}

/// What changes on which day.
pub fn changes() -> Vec<(Date, Change)> {
    vec![
        // The deputy of somebody whose deputy cannot be written to: the deputy's deputy.
        (date(2026, 11, 9), Change::Away(6, date(2026, 11, 20), 8)),
        // For good, with nobody to stand in, until a successor is found five weeks later.
        (date(2027, 2, 8), Change::Leaves(1)),
        (date(2027, 3, 15), Change::Joins(person(9, Role::LegalGatewayChair, &["North", "Harbour"], true))),
        (date(2027, 5, 10), Change::Away(3, date(2027, 5, 23), 7)),
        (date(2027, 6, 1), Change::Cleared(5)),
    ]
}

impl Change {
    /// Makes it to the test's own list.
    pub fn apply(&self, people: &mut Vec<Person>) {
        if let Self::Joins(newcomer) = self {
            people.push(newcomer.clone());
        }
        for person in people {
            match self {
                Self::Leaves(id) if *id == person.id => person.is_active = false,
                Self::Away(id, until, deputy) if *id == person.id => {
                    (person.away_until, person.deputy) = (Some(*until), Some(*deputy));
                }
                Self::Cleared(id) if *id == person.id => person.is_cleared = true,
                _ => {}
            }
        }
    }

    /// The same in SQL.
    pub fn sql(&self) -> String {
        match self {
            Self::Joins(person) => insert(person),
            Self::Leaves(id) => format!("UPDATE recipients SET active = false WHERE id = {id}"),
            Self::Away(id, until, deputy) => {
                format!("UPDATE recipients SET away_until = '{until}', deputy_id = {deputy} WHERE id = {id}")
            }
            Self::Cleared(id) => format!("UPDATE recipients SET may_see_restricted = true WHERE id = {id}"),
        }
    }
}

/// A person in SQL; whoever is first gets the number 1.
pub fn insert(person: &Person) -> String {
    let Person { id, role, teams, is_cleared, deputy, .. } = person;
    let (domain, teams) = (if person.is_allowed { DOMAIN } else { "elsewhere.example" }, teams.join(","));
    let deputy = deputy.map_or("NULL".to_owned(), |deputy| deputy.to_string());
    format!(
        "INSERT INTO recipients (name, email, role, teams, may_see_restricted, deputy_id)
        VALUES ('person {id}', 'person-{id}@{domain}', '{role}', '{{{teams}}}', {is_cleared}, {deputy})"
    )
}
