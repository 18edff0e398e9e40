//! How extensions were approved: by whom, when, why, and after what (`extension_not_authorised`, `extension_retrospective`,
//! `extension_without_rationale`, `extension_after_missed_engagement`). None of it can be put right.

use jiff::civil::Date;

use super::extensions::NONE_APPROVED;
use crate::domain::calendar::Counted;
use crate::domain::case::Grade;
use crate::domain::course::{Approved, Course};
use crate::domain::evidence::Evidence;
use crate::domain::schedule::{Severity, Steps, Subject};
use crate::domain::timeline::Stretch;

/// The grade of the approver is missing, unknown or too low.
pub fn not_authorised(course: &Course) -> Steps {
    each_approved(course, Severity::Red, |_, approved| {
        let grade = approved.extension.approved_by_grade.as_deref().and_then(Grade::from_code);
        let may_approve = grade.is_some_and(|grade| grade >= course.policy.extension_minimum_grade);
        let sequence = approved.extension.sequence;
        (!may_approve).then_some(Evidence::ApprovedWithoutAuthority { sequence, on: approved.on })
    })
}

/// No rationale is recorded for the approval.
pub fn without_rationale(course: &Course) -> Steps {
    each_approved(course, Severity::Amber, |_, approved| {
        let sequence = approved.extension.sequence;
        (!approved.extension.rationale_recorded).then_some(Evidence::ApprovedWithoutRationale { sequence, on: approved.on })
    })
}

/// More time in spite of missed appointments, whoever missed them: the *repeated opportunities* that inspectors describe.
pub fn after_missed_engagement(course: &Course) -> Steps {
    let limits = course.policy.repeated_opportunity;
    each_approved(course, Severity::Red, |_, approved| {
        let from = course.calendar().minus(approved.on, limits.within);
        let missed = (course.case.engagement.iter())
            .filter(|appointment| !appointment.attended && !appointment.excused)
            .filter(|appointment| from <= appointment.on && appointment.on <= approved.on)
            .count();
        let enough = u32::try_from(missed).is_ok_and(|missed| missed >= limits.missed);
        let (sequence, on, within) = (approved.extension.sequence, approved.on, limits.within);
        enough.then_some(Evidence::ApprovedAfterMissed { sequence, on, missed, within })
    })
}

/// Approved after the end that it extends: the one before it, or the end without extensions as it stood on the day.
pub fn retrospective(course: &Course) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for (index, approved) in course.approved.iter().enumerate() {
        let mut raise = |end, days| {
            if approved.on > end {
                let sequence = approved.extension.sequence;
                let evidence = Evidence::ApprovedAfterTheEnd { sequence, on: approved.on, end };
                steps.record(Subject::Number(sequence), Severity::Amber, approved.on, days, course, evidence);
            }
        };
        let from_then_on = Stretch::from(approved.on);
        match index.checked_sub(1).map(|before| course.approved[before].new_end_on) {
            Some(end_before) => raise(end_before, from_then_on),
            None => course.base_ends().runs().for_each(|(days, &base_end)| raise(base_end, from_then_on.and(days))),
        }
    }
    steps
}

fn each_approved(course: &Course, severity: Severity, wrong: impl Fn(usize, &Approved) -> Option<Evidence>) -> Steps {
    let mut steps = Steps::within(course.while_open());
    for (index, approved) in course.approved.iter().enumerate() {
        if let Some(evidence) = wrong(index, approved) {
            let subject = Subject::Number(approved.extension.sequence);
            steps.record(subject, severity, approved.on, Stretch::from(approved.on), course, evidence);
        }
    }
    steps
}

/// Whether there is an approval, and a grade on each.
pub fn quiet_about_authority(course: &Course, _: Date) -> String {
    let minimum = course.policy.extension_minimum_grade.code().replace('_', " ");
    of_each_approved(course, &format!("Every approved extension was approved by a {minimum} or above"))
}

/// Whether there is an approval, and each came in time.
pub fn quiet_about_time(course: &Course, _: Date) -> String {
    of_each_approved(course, "Every approved extension was approved by the end that it extends")
}

/// Whether there is an approval, and a rationale for each.
pub fn quiet_about_rationale(course: &Course, _: Date) -> String {
    of_each_approved(course, "Every approved extension has a recorded rationale")
}

/// Whether there is an approval, and what was missed before.
pub fn quiet_about_missed(course: &Course, _: Date) -> String {
    let limits = course.policy.repeated_opportunity;
    let missed = Counted(limits.missed.into(), "appointment");
    let enough = format!("{missed} or more missed and not excused in the {} before", limits.within);
    of_each_approved(course, &format!("No extension was approved with {enough}"))
}

fn of_each_approved(course: &Course, right: &str) -> String {
    if course.approved.is_empty() { NONE_APPROVED } else { right }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::table::said;
    use super::{after_missed_engagement, not_authorised, retrospective, without_rationale};

    #[rstest::rstest]
    #[case("by service_manager", "")]
    #[case("by director", "")]
    #[case("by team_manager", "4 red 2026-09-02")]
    #[case("by Head_of_Service", "4 red 2026-09-02")]
    #[case("", "4 red 2026-09-02")]
    fn somebody_with_authority_approves(#[case] grade: &str, #[case] expected: &str) {
        let facts = format!("start 2026-06-01; extension 4 requested 2026-09-01 approved 2026-09-02 to 2026-10-17 {grade}");
        assert_eq!(said(not_authorised, &facts), expected);
    }

    #[rstest::rstest]
    #[case("because", "")]
    #[case("", "1 amber 2026-09-02, notice 2026-09-09")]
    fn a_rationale_is_recorded(#[case] rationale: &str, #[case] expected: &str) {
        let facts = format!(
            "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-10-17 {rationale}; panel 2026-09-09"
        );
        assert_eq!(said(without_rationale, &facts), expected);
    }

    #[rstest::rstest]
    #[case::on_the_last_day("start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-21 to 2026-10-17", "")]
    #[case::a_day_late(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-22 to 2026-10-17",
        "1 amber 2026-09-22"
    )]
    #[case::after_the_end_of_the_one_before(
        "start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-10-01; \
         extension 2 requested 2026-10-01 approved 2026-10-02 to 2026-10-17",
        "2 amber 2026-10-02"
    )]
    fn approval_comes_before_the_end(#[case] facts: &str, #[case] expected: &str) {
        assert_eq!(said(retrospective, facts), expected);
    }

    // Six weeks before 2 September 2026 is 22 July.
    #[rstest::rstest]
    #[case::two_missed("missed 2026-07-22 mother; missed 2026-09-02 father", "1 red 2026-09-02")]
    #[case::one_too_long_ago("missed 2026-07-21 mother; missed 2026-09-02 mother", "")]
    #[case::one_too_late("missed 2026-07-22 mother; missed 2026-09-03 mother", "")]
    #[case::one_excused("missed 2026-07-22 mother; excused 2026-08-02 mother", "")]
    #[case::attended_between(
        "missed 2026-07-22 mother; attended 2026-08-02 mother; missed 2026-08-20 mother",
        "1 red 2026-09-02"
    )]
    fn no_more_time_after_missed_appointments(#[case] engagement: &str, #[case] expected: &str) {
        let facts =
            format!("start 2026-06-01; extension 1 requested 2026-09-01 approved 2026-09-02 to 2026-10-17; {engagement}");
        assert_eq!(said(after_missed_engagement, &facts), expected);
    }
}
