//! Who is told: everybody in the role for the team, or whoever stands in for them; of a restricted case only who is cleared.

use jiff::civil::Date;
use plo_drift::domain::policy::Role;

/// Somebody on record.
#[derive(Clone, Debug)]
pub struct Person {
    /// What the database knows the person by.
    pub id: i64,
    /// In which role.
    pub role: Role,
    /// For which teams; none means all.
    pub teams: &'static [&'static str],
    /// Whether they may see restricted cases.
    pub is_cleared: bool,
    /// Whether they have not left.
    pub is_active: bool,
    /// Whether their address may be written to.
    pub is_allowed: bool,
    /// The last day of an absence.
    pub away_until: Option<Date>,
    /// Who stands in.
    pub deputy: Option<i64>,
}

impl Person {
    /// Whether a message can reach them.
    pub fn is_there(&self, today: Date) -> bool {
        self.is_active && self.is_allowed && self.away_until.is_none_or(|last| last < today)
    }
}

/// Whom a role reaches, and whether as somebody who stands in; else why nobody.
pub fn reach(
    people: &[Person],
    role: Role,
    team: Option<&str>,
    restricted: bool,
    today: Date,
) -> Result<Vec<(i64, bool)>, &'static str> {
    let mut responsible = 0;
    let mut there: Vec<(&Person, bool)> = Vec::new();
    for person in people {
        if person.role != role || !(person.teams.is_empty() || team.is_some_and(|team| person.teams.contains(&team))) {
            continue;
        }
        responsible += 1;
        let (mut asked, mut stands_in) = (person, false);
        let found = loop {
            if asked.is_there(today) {
                break Some(asked);
            }
            let Some(deputy) = asked.deputy else { break None };
            asked = people.iter().find(|other| other.id == deputy).expect("a deputy is on record");
            stands_in = true;
        };
        let Some(found) = found else { continue };
        match there.iter_mut().find(|(told, _)| told.id == found.id) {
            Some((_, as_deputy)) => *as_deputy &= stands_in,
            None => there.push((found, stands_in)),
        }
    }
    let may_know = there.iter().filter(|(person, _)| !restricted || person.is_cleared);
    let told: Vec<(i64, bool)> = may_know.map(|(person, stands_in)| (person.id, *stands_in)).collect();
    match (responsible, there.len(), told.len()) {
        (0, ..) => Err("nobody in this role can be reached for the team"),
        (_, 0, _) => Err("whoever has this role for the team is away or has left, and nobody stands in"),
        (_, _, 0) => Err("the case is restricted and nobody in this role is cleared"),
        _ => Ok(told),
    }
}
