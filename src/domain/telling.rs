//! Whom a rung of the ladder reaches, and why it reaches nobody.

use super::policy::Role;

/// Somebody who is on record to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the caller knows the person by.
    pub id: i64,
    /// In which role.
    pub role: Role,
    /// For which teams; none means all.
    pub teams: Vec<String>,
    /// Whether they may see restricted cases.
    pub may_see_restricted: bool,
    /// Whether a message can reach them today: on record still, not away, at an address that may be written to.
    pub reachable: bool,
    /// Who stands in for them while they cannot be reached.
    pub deputy: Option<i64>,
}

/// What decides who may be told of a case.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The team that owns the case.
    pub team: Option<&'a str>,
    /// Whether only cleared people may know of the case.
    pub restricted: bool,
}

/// Somebody who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub recipient: i64,
    /// Whether they stand in for somebody else in the role.
    pub stands_in: bool,
}

/// Why somebody is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The digest will tell.
    DigestLater,
    /// Only red is told on a day on which nobody works.
    QuietDay,
    /// Nobody in the role is responsible for the team.
    NobodyResponsible,
    /// Whoever is responsible is away or has left, and nobody stands in.
    NobodyThere,
    /// The case is restricted and nobody in the role is cleared.
    NobodyCleared,
    /// Somebody has said what will be done.
    Acknowledged,
    /// Somebody has put the alert off.
    Snoozed,
    /// The alert has turned less grave, and the role knows of it as graver.
    KnowsOfItAsGraver,
    /// The policy tells nobody of alerts of this severity.
    NoLadder,
}

impl Silence {
    /// The reason that the journal keeps.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::DigestLater => "told in the next digest",
            Self::QuietDay => "told on the next working day: only red is told today",
            Self::NobodyResponsible => "nobody in this role can be reached for the team",
            Self::NobodyThere => "whoever has this role for the team is away or has left, and nobody stands in",
            Self::NobodyCleared => "the case is restricted and nobody in this role is cleared",
            Self::Acknowledged => "the alert is acknowledged",
            Self::Snoozed => "the alert is snoozed",
            Self::KnowsOfItAsGraver => "knows of the alert as graver than it is now",
            Self::NoLadder => "the policy tells nobody of alerts of this severity",
        }
    }
}

/// Whom a role reaches for a case: everybody in it who is responsible for the team, and for those who cannot be reached whoever
/// stands in for them. Of a restricted case only cleared people hear, deputies too.
///
/// # Errors
///
/// Why nobody is reached.
pub fn reach(role: Role, about: About, people: &[Person]) -> Result<Vec<Told>, Silence> {
    let responsible: Vec<&Person> =
        people.iter().filter(|person| person.role == role && is_responsible(person, about.team)).collect();
    if responsible.is_empty() {
        return Err(Silence::NobodyResponsible);
    }
    let there: Vec<(&Person, bool)> = responsible.iter().filter_map(|person| whoever_is_there(person, people)).collect();
    if there.is_empty() {
        return Err(Silence::NobodyThere);
    }
    let cleared = there.iter().filter(|(person, _)| !about.restricted || person.may_see_restricted);
    let mut told: Vec<Told> = cleared.map(|(person, stands_in)| Told { recipient: person.id, stands_in: *stands_in }).collect();
    told.sort_by_key(|told| (told.recipient, told.stands_in));
    told.dedup_by_key(|told| told.recipient);
    if told.is_empty() { Err(Silence::NobodyCleared) } else { Ok(told) }
}

/// Whether the line of a person's deputies comes back to somebody who is in it already.
#[must_use]
pub fn deputies_go_in_a_circle(person: &Person, people: &[Person]) -> bool {
    let next = |id: i64| people.iter().find(|other| other.id == id).and_then(|other| other.deputy);
    let line = std::iter::successors(person.deputy, |&id| next(id));
    line.take(people.len() + 1).count() > people.len()
}

fn is_responsible(person: &Person, team: Option<&str>) -> bool {
    person.teams.is_empty() || team.is_some_and(|team| person.teams.iter().any(|own| own == team))
}

/// The person, or whoever stands in for them; with whether it is a deputy.
fn whoever_is_there<'p>(person: &'p Person, people: &'p [Person]) -> Option<(&'p Person, bool)> {
    if person.reachable { Some((person, false)) } else { stand_in(person, people).map(|deputy| (deputy, true)) }
}

/// Whoever stands in for a person: the first in the line of their deputies who can be reached.
#[must_use]
pub fn stand_in<'p>(person: &Person, people: &'p [Person]) -> Option<&'p Person> {
    let find = |id: i64| people.iter().find(|other| other.id == id);
    let line = std::iter::successors(person.deputy.and_then(find), |asked| asked.deputy.and_then(find));
    // A line of deputies that comes back to somebody ends after everybody was asked.
    line.take(people.len()).find(|asked| asked.reachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chair(id: i64, teams: &[&str], may_see_restricted: bool) -> Person {
        let teams = teams.iter().map(|&team| team.to_owned()).collect();
        Person { id, role: Role::LegalGatewayChair, teams, may_see_restricted, reachable: true, deputy: None }
    }

    fn away(deputy: Option<i64>, person: Person) -> Person {
        Person { reachable: false, deputy, ..person }
    }

    fn told(ids: &[i64]) -> Vec<Told> {
        ids.iter().map(|&recipient| Told { recipient, stands_in: false }).collect()
    }

    #[rstest::rstest]
    #[case::everybody_responsible(Some("North"), false, Ok(told(&[1, 2])))]
    #[case::another_team(Some("South"), false, Ok(told(&[1])))]
    #[case::no_team(None, false, Ok(told(&[1])))]
    #[case::restricted(Some("North"), true, Ok(told(&[2])))]
    #[case::restricted_and_nobody_cleared(Some("South"), true, Err(Silence::NobodyCleared))]
    fn a_role_reaches_who_is_responsible_and_may_know(
        #[case] team: Option<&str>,
        #[case] restricted: bool,
        #[case] expected: Result<Vec<Told>, Silence>,
    ) {
        let people = [chair(1, &[], false), chair(2, &["North"], true), Person { role: Role::Director, ..chair(3, &[], true) }];
        assert_eq!(reach(Role::LegalGatewayChair, About { team, restricted }, &people), expected);
    }

    #[rstest::rstest]
    #[case::nobody_in_the_role(vec![], Err(Silence::NobodyResponsible))]
    #[case::nobody_for_the_team(vec![chair(1, &["South"], true)], Err(Silence::NobodyResponsible))]
    #[case::away(vec![away(None, chair(1, &[], true))], Err(Silence::NobodyThere))]
    #[case::away_with_somebody_else_there(vec![away(None, chair(1, &[], true)), chair(2, &[], true)], Ok(told(&[2])))]
    #[case::a_deputy(vec![away(Some(9), chair(1, &[], true)), Person { role: Role::Director, ..chair(9, &["South"], true) }],
        Ok(vec![Told { recipient: 9, stands_in: true }]))]
    #[case::a_deputys_deputy(vec![away(Some(2), chair(1, &[], true)), away(Some(9), Person { role: Role::Director, ..chair(2, &[], true) }),
        Person { role: Role::HeadOfService, ..chair(9, &[], true) }], Ok(vec![Told { recipient: 9, stands_in: true }]))]
    #[case::deputies_in_a_circle(vec![away(Some(2), chair(1, &[], true)), away(Some(1), chair(2, &[], true))], Err(Silence::NobodyThere))]
    #[case::a_deputy_who_is_told_anyway(vec![away(Some(2), chair(1, &[], true)), chair(2, &[], true)], Ok(told(&[2])))]
    fn who_is_away_has_a_deputy_or_the_rung_reaches_nobody(
        #[case] people: Vec<Person>,
        #[case] expected: Result<Vec<Told>, Silence>,
    ) {
        assert_eq!(reach(Role::LegalGatewayChair, About { team: Some("North"), restricted: false }, &people), expected);
    }

    #[test]
    fn a_deputy_hears_of_a_restricted_case_only_if_cleared() {
        let people = [away(Some(2), chair(1, &[], true)), Person { role: Role::Director, ..chair(2, &[], false) }];
        let about = About { team: None, restricted: true };
        assert_eq!(reach(Role::LegalGatewayChair, about, &people), Err(Silence::NobodyCleared));
    }

    #[rstest::rstest]
    #[case::none(&[None, None], false)]
    #[case::a_line(&[Some(2), Some(3), None], false)]
    #[case::each_other(&[Some(2), Some(1)], true)]
    #[case::into_a_circle(&[Some(2), Some(3), Some(2)], true)]
    fn deputies_that_stand_in_for_each_other_are_noticed(#[case] deputies: &[Option<i64>], #[case] expected: bool) {
        let people: Vec<Person> = (1..).zip(deputies).map(|(id, &deputy)| Person { deputy, ..chair(id, &[], false) }).collect();
        assert_eq!(deputies_go_in_a_circle(&people[0], &people), expected);
    }
}
