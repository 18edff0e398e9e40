//! The table of live findings, a function a row: they end when the thing is put right.

use jiff::civil::Date;
use plo_drift::domain::case::{Assessment, AssessmentKind, Extension, ExtensionDecision, Meeting, MeetingKind};
use plo_drift::domain::course::Status::{Issued, Open};
use plo_drift::domain::schedule::Severity::{Amber, Notice, Red};

use super::{OnDay, Said, about, count, whole};

pub(super) fn milestone_missed(on: &OnDay) -> Said {
    let (facts, policy) = (&on.facts, &on.policy.milestones);
    let letter_due = Some(on.plus(on.start(), policy.letter_before_proceedings));
    let initial_due = facts.lbp_sent_on.map(|sent| on.plus(sent, policy.initial_meeting));
    let final_due = Some(on.minus(on.end(), policy.final_review));
    let milestones = [
        ("letter_before_proceedings", letter_due, facts.lbp_sent_on),
        ("initial_meeting", initial_due, on.first_held(&[MeetingKind::Initial])),
        ("final_review", final_due, on.first_held(&[MeetingKind::FinalReview])),
    ];
    let unmet = milestones.into_iter().filter(|(_, _, met)| met.is_none());
    unmet.filter_map(|(code, due, _)| about(code, on.milestone(due?))).collect()
}

pub(super) fn court_application_missed(on: &OnDay) -> Said {
    let decided = on.facts.step_decision_on.expect("it is decided to issue");
    about("court_application", on.milestone(on.plus(decided, on.policy.milestones.court_application))).into_iter().collect()
}

pub(super) fn review_not_held(on: &OnDay) -> Said {
    let meetings = &on.facts.meetings;
    let review = |meeting: &Meeting| {
        let planned = meeting.planned_on?;
        let done = meeting.held_on.is_some() || meeting.cancelled_on.is_some();
        let made_up_for = meetings.iter().any(|other| other.held_on.is_some_and(|held| held >= planned));
        let red_after = on.plus(planned, on.policy.review_not_held_red_after);
        if done || made_up_for { None } else { about(&meeting.sequence, on.overdue(planned, red_after)) }
    };
    meetings.iter().filter_map(review).collect()
}

pub(super) fn review_postponed(on: &OnDay) -> Said {
    let since = on.last_held().map_or(on.start(), |(held, _)| held);
    let cancelled = on.facts.meetings.iter().filter(|meeting| meeting.cancelled_on.is_some_and(|on| on > since));
    whole(count(on.policy.review_postponed, cancelled.count()))
}

pub(super) fn review_gap(on: &OnDay) -> Said {
    let Some((held, false)) = on.last_held() else { return vec![] };
    whole(on.overdue_since(held, on.policy.review_gap))
}

pub(super) fn no_next_review(on: &OnDay) -> Said {
    let Some((held, false)) = on.last_held() else { return vec![] };
    let is_next = |meeting: &Meeting| {
        meeting.held_on.is_none() && meeting.cancelled_on.is_none() && meeting.planned_on.is_some_and(|planned| planned >= held)
    };
    let overdue = on.today > on.plus(held, on.policy.no_next_review_after);
    let planned = on.facts.meetings.iter().any(is_next);
    whole((overdue && !planned).then_some(Amber))
}

pub(super) fn decision_overdue(on: &OnDay) -> Said {
    let Some((held, true)) = on.last_held() else { return vec![] };
    let due = on.plus(held, on.policy.decision_overdue.due);
    whole(on.overdue(due, on.plus(due, on.policy.decision_overdue.red_after)))
}

pub(super) fn time_limit(on: &OnDay) -> Said {
    let noticed = on.today >= on.minus(on.end(), on.policy.time_limit_notice_before);
    whole(if on.today > on.end() { Some(Red) } else { noticed.then_some(Notice) })
}

pub(super) fn forecast_overrun(on: &OnDay) -> Said {
    let (end, forecast) = (on.end(), on.forecast());
    if on.today > end {
        return vec![];
    }
    let far_over = forecast > on.plus(end, on.policy.forecast.amber_after);
    whole(if far_over { Some(Amber) } else { (forecast > end).then_some(Notice) })
}

pub(super) fn extension_pending(on: &OnDay) -> Said {
    let pending = on.facts.extensions.iter().filter(|extension| extension.decision == ExtensionDecision::Pending);
    let waiting = |extension: &Extension| on.overdue_since(extension.requested_on, on.policy.extension_pending);
    pending.filter_map(|extension| about(&extension.sequence, waiting(extension))).collect()
}

pub(super) fn missed_engagement(on: &OnDay) -> Said {
    let mut records: Vec<_> = on.facts.engagement.iter().filter(|appointment| !appointment.excused).collect();
    records.sort_by_key(|appointment| appointment.on);
    let run_of = |person: &str| {
        let theirs = records.iter().rev().filter(|appointment| appointment.person == person);
        theirs.take_while(|appointment| !appointment.attended).count()
    };
    let longest = records.iter().map(|appointment| run_of(&appointment.person)).max();
    whole(count(on.policy.missed_engagement, longest.unwrap_or(0)))
}

pub(super) fn oversight_gap(on: &OnDay) -> Said {
    let seen = on.facts.oversight.iter().map(|oversight| oversight.on).filter(|&seen| seen >= on.start()).max();
    whole(on.overdue_since(seen.unwrap_or(on.start()), on.policy.oversight_gap))
}

pub(super) fn no_recorded_work(on: &OnDay) -> Said {
    let facts = &on.facts;
    let mut work = vec![facts.started_on, facts.lbp_sent_on];
    work.extend(facts.meetings.iter().map(|meeting| meeting.held_on));
    work.extend(facts.assessments.iter().flat_map(|assessment| [assessment.commissioned_on, assessment.received_on]));
    work.extend(facts.engagement.iter().map(|appointment| appointment.attended.then_some(appointment.on)));
    whole(work.into_iter().max().flatten().and_then(|latest| on.overdue_since(latest, on.policy.no_recorded_work)))
}

pub(super) fn assessment_late(on: &OnDay) -> Said {
    let late = |assessment: &Assessment| {
        let due = assessment.due_on.filter(|_| assessment.received_on.is_none())?;
        about(&assessment.sequence, on.overdue(due, on.plus(due, on.policy.assessments.late_red_after)))
    };
    on.facts.assessments.iter().filter_map(late).collect()
}

pub(super) fn assessment_not_commissioned(on: &OnDay) -> Said {
    let policy = &on.policy.assessments;
    let done = |assessment: &Assessment| assessment.commissioned_on.is_some() || assessment.received_on.is_some();
    let is_done = |kind: AssessmentKind| on.facts.assessments.iter().any(|one| one.kind == kind && done(one));
    let missing = policy.required.iter().filter(|required| !is_done(required.kind));
    let severity = |due: Date| on.overdue(due, on.plus(due, policy.not_commissioned_red_after));
    missing.filter_map(|required| about(&required.kind, severity(on.plus(on.clock_start(), required.within)))).collect()
}

pub(super) fn fgdm_offer_missing(on: &OnDay) -> Said {
    let (Some(required_from), Some(sent)) = (on.policy.fgdm_required_from, on.facts.lbp_sent_on) else { return vec![] };
    let settled = on.facts.fgdm_offered == Some(true) || on.facts.fgdm_exempt == Some(true);
    let severity = if on.status() == Open { Amber } else { Red };
    whole((sent >= required_from && !settled).then_some(severity))
}

pub(super) fn start_missing(on: &OnDay) -> Said {
    let missing = on.recorded.started_on.is_none() && on.today >= on.recorded.recorded_on;
    about("started_on", missing.then_some(Amber)).into_iter().collect()
}

pub(super) fn missing_data(on: &OnDay) -> Said {
    let (facts, issued) = (&on.facts, on.status() == Issued);
    let outcome = facts.step_decision_on.is_some() && facts.outcome.is_none();
    let letter = on.last_held().is_some() && facts.lbp_sent_on.is_none();
    let undated = |one: &Assessment| one.commissioned_on.is_some() && one.received_on.is_none() && one.due_on.is_none();
    let assessments = facts.assessments.iter().any(undated);
    // A date is "given" by being recorded at all: only this field does not ask whether it is in effect.
    let mut recorded = on.recorded.children.iter();
    let children = recorded.any(|child| child.date_of_birth.is_none() && child.expected_delivery_on.is_none());
    let birth = facts.children.iter().any(|child| {
        let expected = child.expected_delivery_on.is_some_and(|expected| expected < on.today);
        expected && child.date_of_birth.is_none() && child.pregnancy_ended_on.is_none()
    });
    let fields = [
        ("outcome", !issued && outcome),
        ("lbp_sent_on", !issued && letter),
        ("assessments", !issued && assessments),
        ("children", !issued && children),
        ("birth", !issued && birth),
        ("step_decision_on", issued && facts.step_decision_on.is_none()),
    ];
    fields.into_iter().filter_map(|(field, missing)| about(field, missing.then_some(Amber))).collect()
}

pub(super) fn dates_out_of_order(on: &OnDay) -> Said {
    let before_start = |day: Option<Date>| day.is_some_and(|day| day < on.start());
    let fields = [
        ("lbp_sent_on", before_start(on.facts.lbp_sent_on)),
        ("meetings", on.facts.meetings.iter().any(|meeting| before_start(meeting.held_on))),
        ("step_decision_on", before_start(on.facts.step_decision_on)),
    ];
    fields.into_iter().filter_map(|(field, wrong)| about(field, wrong.then_some(Amber))).collect()
}

pub(super) fn application_out_of_order(on: &OnDay) -> Said {
    let wrong = on.facts.step_decision_on.is_some_and(|decided| on.facts.court_application_on < Some(decided));
    about("court_application_on", wrong.then_some(Amber)).into_iter().collect()
}
