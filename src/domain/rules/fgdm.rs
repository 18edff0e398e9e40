//! The family was not offered its own meeting (`fgdm_offer_missing`).

use jiff::civil::Date;

use crate::domain::calendar::in_words;
use crate::domain::course::{Course, Status};
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// A letter went out from the day on which the policy requires an offer, and there is neither an offer nor an exemption.
pub fn offer_missing(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    let case = course.case;
    let offered_or_exempt = case.fgdm_offered == Some(true) || case.fgdm_exempt == Some(true);
    let needs_offer = case.lbp_sent_on.filter(|&sent| course.policy.fgdm_required_from.is_some_and(|from| sent >= from));
    if let Some(letter) = needs_offer.filter(|_| !offered_or_exempt) {
        let evidence = Evidence::NoFamilyMeetingOffered { letter };
        steps.raise(Subject::Whole, Severity::Amber, Stretch::from(letter), evidence);
        steps.now_within(course.while_in(&[Status::DecidedIssue]));
        steps.raise(Subject::Whole, Severity::Red, Stretch::from(letter), evidence);
    }
    steps
}

/// Whether an offer is required, and why none is missing.
pub fn quiet(course: &Course, _: Date) -> String {
    let case = course.case;
    match (course.policy.fgdm_required_from, case.lbp_sent_on) {
        (None, _) => "The policy does not set fgdm.required_from".to_owned(),
        (_, None) => "No letter before proceedings is sent".to_owned(),
        (Some(from), Some(sent)) if sent < from => {
            format!("The letter before proceedings was sent before {}, from which an offer is required", in_words(from))
        }
        _ if case.fgdm_offered == Some(true) => "Family group decision-making was offered".to_owned(),
        _ => "The family is exempt from family group decision-making".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::table::said_under;
    use super::offer_missing;
    use crate::domain::policy::Policy;

    #[rstest::rstest]
    #[case::no_offer("start 2026-06-01; letter 2026-06-05; decision 2026-08-03 issue", "amber 2026-06-05, red 2026-08-03")]
    #[case::offered("start 2026-06-01; letter 2026-06-05; fgdm offered", "")]
    #[case::exempt("start 2026-06-01; letter 2026-06-05; fgdm exempt", "")]
    #[case::letter_before_it_was_required("start 2026-06-01; letter 2026-06-01", "")]
    #[case::no_letter("start 2026-06-01", "")]
    fn an_offer_is_required(#[case] facts: &str, #[case] expected: &str) {
        let policy = Policy { fgdm_required_from: Some(date(2026, 6, 2)), ..Policy::default() };
        assert_eq!(said_under(&policy, offer_missing, facts), expected);
    }

    #[test]
    fn a_policy_without_a_day_requires_none() {
        assert_eq!(said_under(&Policy::default(), offer_missing, "start 2026-06-01; letter 2026-06-05"), "");
    }
}
