//! The table of record findings, a function a row: they cannot be put right, and stand until the panel has looked again.

use jiff::civil::Date;
use plo_drift::domain::calendar::days_between;
use plo_drift::domain::case::{Extension, Grade};
use plo_drift::domain::schedule::Severity::{self, Amber, Red};

use super::{OnDay, Said, about, count, new_end, whole};

pub(super) fn repeated_extensions(on: &OnDay) -> Said {
    let approved = on.approved();
    let severity = count(on.policy.repeated_extensions, approved.len());
    let Some(&(decided, _)) = approved.last() else { return vec![] };
    about(&approved.len(), severity.map(|severity| on.record(decided, severity))).into_iter().collect()
}

pub(super) fn extension_total(on: &OnDay) -> Said {
    let Some(&(decided, _)) = on.approved().last() else { return vec![] };
    let total = days_between(on.base_end(), on.extended_end());
    let over = |days: u32| total > i64::from(days);
    let policy = on.policy.extension_total;
    let severity = if over(policy.red_over_days) { Some(Red) } else { over(policy.amber_over_days).then_some(Amber) };
    whole(severity.map(|severity| on.record(decided, severity)))
}

/// Of the approved extensions, the wrong ones, each at a severity from the day it was decided.
fn wrongly_approved(on: &OnDay, severity: Severity, wrong: impl Fn(Date, &Extension) -> bool) -> Said {
    let wrong = on.approved().into_iter().filter(|&(decided, extension)| wrong(decided, extension));
    wrong.map(|(decided, extension)| (extension.sequence.to_string(), on.record(decided, severity))).collect()
}

pub(super) fn extension_not_authorised(on: &OnDay) -> Said {
    wrongly_approved(on, Red, |_, extension| {
        let grade = extension.approved_by_grade.as_deref().and_then(Grade::from_code);
        grade.is_none_or(|grade| grade < on.policy.extension_minimum_grade)
    })
}

pub(super) fn extension_retrospective(on: &OnDay) -> Said {
    let approved = on.approved();
    wrongly_approved(on, Amber, |decided, extension| {
        let before = approved.iter().take_while(|(_, other)| other.sequence != extension.sequence).last();
        decided > before.map_or(on.base_end(), |&(_, before)| new_end(before))
    })
}

pub(super) fn extension_without_rationale(on: &OnDay) -> Said {
    wrongly_approved(on, Amber, |_, extension| !extension.rationale_recorded)
}

pub(super) fn extension_after_missed_engagement(on: &OnDay) -> Said {
    let policy = on.policy.repeated_opportunity;
    let missed = on.facts.engagement.iter().filter(|appointment| !appointment.attended && !appointment.excused);
    let missed: Vec<Date> = missed.map(|appointment| appointment.on).collect();
    wrongly_approved(on, Red, |decided, _| {
        let looked_at = on.minus(decided, policy.within)..=decided;
        missed.iter().filter(|day| looked_at.contains(day)).count() >= policy.missed as usize
    })
}

pub(super) fn re_entry(on: &OnDay) -> Said {
    let looked_at = on.minus(on.start(), on.policy.re_entry.within)..=on.start();
    let stepped_down = on.facts.family_step_downs.iter().filter(|day| looked_at.contains(day)).count();
    whole(count(on.policy.re_entry.counts, stepped_down).map(|severity| on.record(on.start(), severity)))
}

pub(super) fn worker_change(on: &OnDay) -> Said {
    let mut allocations = on.facts.allocations.clone();
    allocations.sort_by_key(|allocation| allocation.from_on);
    let pairs = allocations.windows(2).map(|pair| (&pair[0], &pair[1]));
    let changes: Vec<_> = pairs.filter(|(before, next)| next.from_on > on.start() && next.worker != before.worker).collect();
    let severity = count(on.policy.worker_change, changes.len());
    let Some((_, nth)) = changes.last() else { return vec![] };
    about(&changes.len(), severity.map(|severity| on.record(nth.from_on, severity))).into_iter().collect()
}
