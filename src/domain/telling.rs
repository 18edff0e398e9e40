//! Who is told of an alert as soon as it opens or turns graver, and why somebody is not.

use super::policy::{AlertPolicy, Delivery, Role, Rung};
use super::schedule::Severity;

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// What the caller knows the person by.
    pub id: i64,
    /// In which role.
    pub role: Role,
    /// For which teams; none means all.
    pub teams: Vec<String>,
    /// Whether they may see restricted cases.
    pub may_see_restricted: bool,
}

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// How grave it is.
    pub severity: Severity,
    /// The team that owns the case.
    pub team: Option<&'a str>,
    /// Whether only cleared people may know of the case.
    pub restricted: bool,
}

/// A decision to tell somebody, or not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This person is told at once.
    Tell(i64),
    /// Nobody is told at once by this rung, for this reason.
    NotTold(Role, Silence),
}

/// Why nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The digest will tell.
    DigestLater,
    /// Nobody in the role is responsible for the team.
    NobodyReachable,
    /// The case is restricted and nobody in the role is cleared.
    NobodyCleared,
}

impl Silence {
    /// The reason that the journal keeps.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::DigestLater => "told in the next digest",
            Self::NobodyReachable => "nobody in this role can be reached for the team",
            Self::NobodyCleared => "the case is restricted and nobody in this role is cleared",
        }
    }
}

/// Decides for each rung of the severity who is told at once. Everybody in the role is told who is responsible for the team; of a
/// restricted case, only those cleared.
#[must_use]
pub fn decide(news: &News, policy: &AlertPolicy, recipients: &[Recipient]) -> Vec<Decision> {
    policy.first_told(news.severity).iter().flat_map(|rung| of_rung(*rung, news, recipients)).collect()
}

fn of_rung(rung: Rung, news: &News, recipients: &[Recipient]) -> Vec<Decision> {
    if rung.deliver == Delivery::Digest {
        return vec![Decision::NotTold(rung.role, Silence::DigestLater)];
    }
    let responsible = |person: &&Recipient| {
        person.role == rung.role
            && (person.teams.is_empty() || news.team.is_some_and(|team| person.teams.iter().any(|own| own == team)))
    };
    let in_role: Vec<&Recipient> = recipients.iter().filter(responsible).collect();
    let cleared: Vec<Decision> = (in_role.iter())
        .filter(|person| !news.restricted || person.may_see_restricted)
        .map(|person| Decision::Tell(person.id))
        .collect();
    match (in_role.is_empty(), cleared.is_empty()) {
        (_, false) => cleared,
        (true, true) => vec![Decision::NotTold(rung.role, Silence::NobodyReachable)],
        (false, true) => vec![Decision::NotTold(rung.role, Silence::NobodyCleared)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::Policy;
    use super::*;

    fn chair(id: i64, teams: &[&str], may_see_restricted: bool) -> Recipient {
        let teams = teams.iter().map(|&team| team.to_owned()).collect();
        Recipient { id, role: Role::LegalGatewayChair, teams, may_see_restricted }
    }

    fn decided(severity: Severity, team: Option<&str>, restricted: bool, recipients: &[Recipient]) -> Vec<Decision> {
        decide(&News { severity, team, restricted }, &Policy::default().alerts, recipients)
    }

    #[rstest::rstest]
    #[case::red_is_told_at_once(Severity::Red, Some("North"), false, vec![Decision::Tell(1), Decision::Tell(2)])]
    #[case::amber_waits_for_the_digest(Severity::Amber, Some("North"), false, vec![Decision::NotTold(Role::LegalGatewayChair, Silence::DigestLater)])]
    #[case::a_notice_tells_nobody(Severity::Notice, Some("North"), false, vec![])]
    #[case::another_team(Severity::Red, Some("South"), false, vec![Decision::Tell(1)])]
    #[case::no_team(Severity::Red, None, false, vec![Decision::Tell(1)])]
    #[case::restricted(Severity::Red, Some("North"), true, vec![Decision::Tell(2)])]
    #[case::restricted_and_nobody_cleared(Severity::Red, Some("South"), true, vec![Decision::NotTold(Role::LegalGatewayChair, Silence::NobodyCleared)])]
    fn the_policy_says_who_is_told(
        #[case] severity: Severity,
        #[case] team: Option<&str>,
        #[case] restricted: bool,
        #[case] expected: Vec<Decision>,
    ) {
        let recipients =
            [chair(1, &[], false), chair(2, &["North"], true), Recipient { role: Role::Director, ..chair(3, &[], true) }];
        assert_eq!(decided(severity, team, restricted, &recipients), expected);
    }

    #[test]
    fn nobody_to_tell_is_said_aloud() {
        let nobody = Decision::NotTold(Role::LegalGatewayChair, Silence::NobodyReachable);
        assert_eq!(decided(Severity::Red, Some("North"), false, &[chair(1, &["South"], true)]), [nobody]);
    }
}
