//! Whether everybody whom a policy wants told of something can be told.

use super::policy::{Policy, Role};
use super::schedule::Severity;
use super::telling::{About, Person, Silence, reach};

/// Where a policy names a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the ladder of this severity.
    Ladder(Severity),
    /// Among those who get the panel's pack.
    Panel,
}

/// A role that reaches nobody for some teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap<'a> {
    /// The role.
    pub role: Role,
    /// Where the policy names it.
    pub places: Vec<Place>,
    /// Why nobody is reached.
    pub why: Silence,
    /// For the cases of which teams; none stands for the cases that no team owns.
    pub teams: Vec<Option<&'a str>>,
}

/// Every role that a policy tells of something and that reaches nobody for some of these cases: one gap for each role and reason.
#[must_use]
pub fn gaps<'a>(policy: &Policy, cases: &[About<'a>], people: &[Person]) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap> = Vec::new();
    for (role, places) in told(policy) {
        for about in cases {
            let Err(why) = reach(role, *about, people) else { continue };
            match gaps.iter_mut().find(|gap| gap.role == role && gap.why == why) {
                Some(gap) if gap.teams.contains(&about.team) => {}
                Some(gap) => gap.teams.push(about.team),
                None => gaps.push(Gap { role, places: places.clone(), why, teams: vec![about.team] }),
            }
        }
    }
    gaps
}

/// Each role that a policy tells of something, with the places where it names it.
fn told(policy: &Policy) -> Vec<(Role, Vec<Place>)> {
    let ladders = Severity::ALL
        .iter()
        .filter(|&&severity| severity >= policy.alerts.alert_from)
        .flat_map(|&severity| policy.alerts.ladder(severity).iter().map(move |rung| (rung.role, Place::Ladder(severity))));
    let named: Vec<(Role, Place)> = ladders.chain(policy.panel.roles.iter().map(|&role| (role, Place::Panel))).collect();
    let places = |role: Role| named.iter().filter(|(named, _)| *named == role).map(|(_, place)| *place).collect();
    let told = Role::ALL.iter().map(|&role| (role, places(role)));
    told.filter(|(_, places): &(Role, Vec<Place>)| !places.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::policy::{AlertPolicy, Delivery, PanelPolicy, Rung};
    use super::*;

    /// One rung on each ladder: the chair hears of amber, the director of red, and the chair gets the pack.
    fn policy() -> Policy {
        let usual = Policy::default();
        let rung = |role| vec![Rung { role, after: 0, deliver: Delivery::Immediate }];
        let alerts = AlertPolicy { amber: rung(Role::LegalGatewayChair), red: rung(Role::Director), ..usual.alerts };
        Policy { alerts, panel: PanelPolicy { roles: vec![Role::LegalGatewayChair], ..usual.panel }, ..usual }
    }

    fn person(id: i64, role: Role, teams: &[&str], may_see_restricted: bool) -> Person {
        let teams = teams.iter().map(|&team| team.to_owned()).collect();
        Person { id, role, teams, may_see_restricted, reachable: true, deputy: None }
    }

    fn in_words(people: &[Person]) -> Vec<String> {
        let about = |team, restricted| About { team, restricted };
        let cases = [about(Some("North"), false), about(Some("North"), true), about(Some("South"), false), about(None, false)];
        let line = |gap: &Gap| format!("{} {:?} {:?} {:?}", gap.role, gap.places, gap.why, gap.teams);
        gaps(&policy(), &cases, people).iter().map(line).collect()
    }

    const CHAIRS: &str = "legal_gateway_chair [Ladder(Amber), Panel]";

    #[rstest::rstest]
    #[case::everybody_there(vec![person(1, Role::LegalGatewayChair, &[], true)], vec![])]
    #[case::nobody(vec![], vec![format!("{CHAIRS} NobodyResponsible [Some(\"North\"), Some(\"South\"), None]")])]
    #[case::for_one_team(vec![person(1, Role::LegalGatewayChair, &["North"], true)],
        vec![format!("{CHAIRS} NobodyResponsible [Some(\"South\"), None]")])]
    #[case::not_cleared(vec![person(1, Role::LegalGatewayChair, &[], false)],
        vec![format!("{CHAIRS} NobodyCleared [Some(\"North\")]")])]
    #[case::away(vec![Person { reachable: false, ..person(1, Role::LegalGatewayChair, &[], true) }],
        vec![format!("{CHAIRS} NobodyThere [Some(\"North\"), Some(\"South\"), None]")])]
    fn a_role_that_reaches_nobody_is_named_once_with_its_teams(#[case] mut people: Vec<Person>, #[case] expected: Vec<String>) {
        people.push(person(9, Role::Director, &[], true));
        assert_eq!(in_words(&people), expected);
    }

    #[test]
    fn a_ladder_that_no_alert_climbs_needs_nobody() {
        let mut policy = policy();
        policy.alerts.alert_from = Severity::Red;
        policy.panel.roles = vec![];
        let roles: Vec<Role> =
            gaps(&policy, &[About { team: None, restricted: false }], &[]).iter().map(|gap| gap.role).collect();
        assert_eq!(roles, [Role::Director]);
    }
}
