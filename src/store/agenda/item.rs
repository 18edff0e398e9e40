//! What the panel is told of each case: by mail and over HTTP.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::PgConnection;

use super::{FollowUp, PutAside, StandingAlert, follow_up, standing};
use crate::domain::case::Case;
use crate::domain::evaluation::Evaluation;
use crate::domain::policy::Policy;
use crate::domain::question::Question;
use crate::domain::schedule::{Finding, Severity};
use crate::store::{UnknownWord, cases};

/// Cases that are loaded together.
const AT_A_TIME: usize = 500;

/// A case on the panel's agenda.
#[derive(Clone, Debug)]
pub struct Item {
    /// The case.
    pub case: Case,
    /// How it stands.
    pub evaluation: Evaluation,
    /// What the panel must decide.
    pub question: Question,
    /// Its alerts that are not resolved.
    pub alerts: Vec<StandingAlert>,
    /// Who has been told of its alerts, and who is next.
    pub follow_up: FollowUp,
}

impl Item {
    /// What puts the case at risk: red before amber, then what has lasted longest.
    #[must_use]
    pub fn drifting(&self) -> Vec<&Finding> {
        let findings = self.evaluation.findings.iter();
        let mut drifting: Vec<&Finding> = findings.filter(|finding| finding.severity.is_at_risk()).collect();
        drifting.sort_by_key(|finding| (finding.severity != Severity::Red, finding.since_on));
        drifting
    }

    /// How somebody has put the alert of a finding aside.
    #[must_use]
    pub fn aside(&self, finding: &Finding) -> Option<PutAside> {
        let is_about = |alert: &&StandingAlert| alert.rule == finding.rule.code() && alert.subject == finding.subject;
        self.alerts.iter().find(is_about).and_then(|alert| alert.aside)
    }
}

/// Some cases as they stand on a day, in their order, each with the question that the panel must decide of it; those of which there
/// is none are left out. Beside them, the cases that hold a word that is not known here.
///
/// # Errors
///
/// The database does not answer.
pub async fn load(
    connection: &mut PgConnection,
    references: &[String],
    policy: &Policy,
    day: Date,
) -> Result<(Vec<Item>, Vec<(String, UnknownWord)>), sqlx::Error> {
    let (mut items, mut unreadable) = (Vec::new(), Vec::new());
    for page in references.chunks(AT_A_TIME) {
        let mut cases: BTreeMap<String, Case> = BTreeMap::new();
        for (reference, case) in cases::load(connection, page).await? {
            match case {
                Ok(case) => drop(cases.insert(reference, case)),
                Err(wrong) => unreadable.push((reference, wrong)),
            }
        }
        let mut alerts = standing(connection, page).await?;
        let mut follow_up = follow_up(connection, page).await?;
        for case in page.iter().filter_map(|reference| cases.remove(reference)) {
            let evaluation = Evaluation::of(&case, policy, day);
            let Some(question) = Question::of(evaluation.status, &evaluation.findings) else { continue };
            let alerts = alerts.remove(&case.reference).unwrap_or_default();
            let follow_up = follow_up.remove(&case.reference).unwrap_or_default();
            items.push(Item { case, evaluation, question, alerts, follow_up });
        }
    }
    Ok((items, unreadable))
}
