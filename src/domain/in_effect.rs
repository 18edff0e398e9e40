//! What of a case counts on a day: a fact counts from its own date on; plans and undated facts always do.
//!
//! The rules need none of this, because a schedule knows every date. It is for telling what could be known on a day.

use jiff::civil::Date;

use super::case::{Assessment, Case, Child, Extension, ExtensionDecision, Meeting};

/// A case without what is dated after a day. The rules say of it on that day what they say of the whole case.
///
/// Two dates stay wherever they lie, because it matters that they are given at all: the start, and the date of birth of a child
/// without an expected one.
#[must_use]
pub fn in_effect_on(case: &Case, day: Date) -> Case {
    let mut facts = case.clone();
    for on in [
        &mut facts.lbp_sent_on,
        &mut facts.step_decision_on,
        &mut facts.court_application_on,
        &mut facts.letter_of_issue_on,
        &mut facts.closed_on,
    ] {
        *on = on.filter(|&on| on <= day);
    }
    facts.children.iter_mut().for_each(|child| forget_of_child(child, day));
    facts.meetings.iter_mut().for_each(|meeting| forget_of_meeting(meeting, day));
    facts.meetings.retain(|meeting| meeting.planned_on.is_some() || meeting.held_on.is_some());
    facts.assessments.iter_mut().for_each(|assessment| forget_of_assessment(assessment, day));
    facts.extensions.iter_mut().for_each(|extension| forget_of_extension(extension, day));
    facts.extensions.retain(|extension| extension.decided_on.is_some() || extension.requested_on <= day);
    facts.engagement.retain(|appointment| appointment.on <= day);
    facts.oversight.retain(|oversight| oversight.on <= day);
    facts.allocations.retain(|allocation| allocation.from_on <= day);
    facts
}

fn forget_of_child(child: &mut Child, day: Date) {
    if child.expected_delivery_on.is_some() {
        child.date_of_birth = child.date_of_birth.filter(|&born| born <= day);
    }
    child.pregnancy_ended_on = child.pregnancy_ended_on.filter(|&ended| ended <= day);
}

fn forget_of_meeting(meeting: &mut Meeting, day: Date) {
    meeting.held_on = meeting.held_on.filter(|&held| held <= day);
    meeting.cancelled_on = meeting.cancelled_on.filter(|&cancelled| cancelled <= day);
}

fn forget_of_assessment(assessment: &mut Assessment, day: Date) {
    assessment.commissioned_on = assessment.commissioned_on.filter(|&commissioned| commissioned <= day);
    assessment.received_on = assessment.received_on.filter(|&received| received <= day);
}

/// A decision that is not made yet takes with it what it decided.
fn forget_of_extension(extension: &mut Extension, day: Date) {
    if extension.decided_on.is_some_and(|decided| decided > day) {
        *extension = Extension {
            decision: ExtensionDecision::Pending,
            decided_on: None,
            new_end_on: None,
            approved_by_grade: None,
            rationale_recorded: false,
            ..*extension
        };
    }
}
