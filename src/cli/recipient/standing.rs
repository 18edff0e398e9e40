//! Whom a role reaches after somebody in it was changed, for the operator who has just changed them.

use sqlx::PgConnection;

use crate::cli::{Failure, Setting};
use crate::domain::telling::{About, Person, deputies_go_in_a_circle, reach, stand_in};
use crate::store::recipients;

/// Prints who stands in for a person who cannot be reached, for which teams nobody in the role is left, and what looks wrong.
pub async fn say_how_they_stand(connection: &mut PgConnection, setting: &Setting, id: i64) -> Result<(), Failure> {
    let allowed = &setting.config.mail.allowed_domains;
    let today = setting.clock.now().today;
    let people = recipients::people(connection, today, |address| allowed.may_write_to(address)).await?;
    for line in people.iter().find(|person| person.id == id).map(|person| lines(person, &people)).unwrap_or_default() {
        println!("{line}");
    }
    Ok(())
}

fn lines(person: &Person, people: &[Person]) -> Vec<String> {
    let role = person.role.title();
    let mut lines = Vec::new();
    if !person.reachable {
        lines.push(match stand_in(person, people) {
            Some(deputy) => format!("recipient {} stands in as {role}", deputy.id),
            None => "nobody stands in for them".to_owned(),
        });
        lines.extend(left_to_nobody(person, people));
    }
    if deputies_go_in_a_circle(person, people) {
        lines.push(
            "warning: the deputies stand in for each other in a circle: while all of them are away, nobody is told".into(),
        );
    }
    lines
}

/// The teams of a person, and the restricted cases if they are cleared for those, of which nobody in their role hears any more.
fn left_to_nobody(person: &Person, people: &[Person]) -> Vec<String> {
    let role = person.role.title();
    let mut teams: Vec<Option<&str>> = person.teams.iter().map(|team| Some(team.as_str())).collect();
    if teams.is_empty() {
        teams.push(None);
    }
    let mut lines = Vec::new();
    for team in teams {
        let cases = team.map_or_else(|| "the cases of every team".to_owned(), |team| format!("the cases of {team}"));
        let reaches = |restricted| reach(person.role, About { team, restricted }, people).is_ok();
        if !reaches(false) {
            lines.push(format!("warning: nobody is left to be told as {role} of {cases}: add somebody, or name a deputy"));
        } else if person.may_see_restricted && !reaches(true) {
            lines.push(format!("warning: nobody is left who is cleared, as {role}, for restricted cases among {cases}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Role;

    fn chair(id: i64, teams: &[&str], may_see_restricted: bool) -> Person {
        let teams = teams.iter().map(|&team| team.to_owned()).collect();
        Person { id, role: Role::LegalGatewayChair, teams, may_see_restricted, reachable: true, deputy: None }
    }

    fn away(deputy: Option<i64>, person: Person) -> Person {
        Person { reachable: false, deputy, ..person }
    }

    const CIRCLE: &str =
        "warning: the deputies stand in for each other in a circle: while all of them are away, nobody is told";

    #[rstest::rstest]
    #[case::there(vec![chair(1, &[], true)], &[])]
    #[case::a_deputy(vec![away(Some(2), chair(1, &[], true)), chair(2, &[], true)], &["recipient 2 stands in as legal gateway chair"])]
    #[case::a_colleague(vec![away(None, chair(1, &[], true)), chair(2, &[], true)], &["nobody stands in for them"])]
    #[case::nobody(vec![away(None, chair(1, &[], false))], &["nobody stands in for them",
        "warning: nobody is left to be told as legal gateway chair of the cases of every team: add somebody, or name a deputy"])]
    #[case::nobody_for_one_team(vec![away(None, chair(1, &["North", "South"], false)), chair(2, &["North"], false)],
        &["nobody stands in for them",
        "warning: nobody is left to be told as legal gateway chair of the cases of South: add somebody, or name a deputy"])]
    #[case::nobody_cleared(vec![away(Some(2), chair(1, &[], true)), chair(2, &[], false)],
        &["recipient 2 stands in as legal gateway chair",
        "warning: nobody is left who is cleared, as legal gateway chair, for restricted cases among the cases of every team"])]
    #[case::a_circle(vec![Person { deputy: Some(2), ..chair(1, &[], true) }, Person { deputy: Some(1), ..chair(2, &[], true) }], &[CIRCLE])]
    fn the_operator_hears_who_is_left(#[case] people: Vec<Person>, #[case] expected: &[&str]) {
        assert_eq!(lines(&people[0], &people), expected);
    }
}
