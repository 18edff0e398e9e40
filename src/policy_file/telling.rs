//! Reads who is told: the ladders of alerts, and the panel.

use std::collections::BTreeSet;

use jiff::civil::Weekday;

use crate::domain::calendar::Span;
use crate::domain::policy::{AlertPolicy, Delivery, PanelPolicy, Role, Rung};
use crate::domain::schedule::Severity;
use crate::fields::{Fields, one_of};

/// What becomes of findings, with the ladders.
pub(super) fn alerts(fields: &mut Fields, usual: &AlertPolicy) -> AlertPolicy {
    let (amber, red) = (ladder(fields, "amber", &usual.amber), ladder(fields, "red", &usual.red));
    if red.is_empty() {
        fields.mistake::<()>("red", "must name at least one role: a red alert that nobody is told of is lost");
    }
    let mut at_least_a_day = |name, usual| {
        let span = fields.span(name).unwrap_or(usual);
        if matches!(span, Span::WorkingDays(0) | Span::Weeks(0) | Span::Days(0)) {
            fields.mistake::<()>(name, "must be at least a day");
        }
        span
    };
    AlertPolicy {
        pause_at_most: at_least_a_day("pause_at_most", usual.pause_at_most),
        link_valid: at_least_a_day("link_valid", usual.link_valid),
        alert_from: fields.word("alert_from", Severity::ALL, Severity::code).unwrap_or(usual.alert_from),
        amber,
        red,
    }
}

/// The rungs of one severity: delays in working days that do not go back, and each role once.
fn ladder(fields: &mut Fields, name: &'static str, usual: &[Rung]) -> Vec<Rung> {
    if !fields.has(name) {
        return usual.to_vec();
    }
    let rungs = fields.objects(name, |fields| {
        let role = fields.word("role", Role::ALL, Role::code);
        let role = fields.required("role", role);
        let deliver = fields.word("deliver", Delivery::ALL, Delivery::code);
        let deliver = fields.required("deliver", deliver);
        let after = match fields.span("after") {
            None => 0,
            Some(Span::WorkingDays(days)) => days,
            Some(_) => fields.mistake("after", "must be in working days")?,
        };
        Some(Rung { role: role?, after, deliver: deliver? })
    });
    if rungs.windows(2).any(|pair| pair[1].after < pair[0].after) {
        fields.mistake::<()>(name, "must be in the order of the delays");
    }
    let roles: BTreeSet<Role> = rungs.iter().map(|rung| rung.role).collect();
    if roles.len() < rungs.len() {
        fields.mistake::<()>(name, "must not name a role twice");
    }
    rungs
}

/// The meetings of the panel.
pub(super) fn panel(fields: &mut Fields, usual: &PanelPolicy) -> PanelPolicy {
    let weekday = fields.word("weekday", &WEEKDAYS, weekday_code).unwrap_or(usual.weekday);
    let every_weeks = fields.number("every_weeks", 1..=26).and_then(|weeks| u16::try_from(weeks).ok());
    let every_weeks = every_weeks.unwrap_or(usual.every_weeks);
    let counted_from = fields.date("counted_from");
    if counted_from.is_some_and(|day| day.weekday() != weekday) {
        fields.mistake::<()>("counted_from", "must be the day of a meeting: it is another day of the week");
    }
    if every_weeks > 1 && !fields.has("counted_from") {
        fields.mistake::<()>("counted_from", "must be the day of one meeting, where the panel does not meet every week");
    }
    let role = |text: &str| Role::from_code(text).ok_or_else(|| one_of(Role::ALL, Role::code));
    let roles = fields.texts("roles", role).unwrap_or_else(|| usual.roles.clone());
    PanelPolicy { weekday, every_weeks, counted_from, at: fields.time("at").unwrap_or(usual.at), roles }
}

const WEEKDAYS: [Weekday; 5] = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

fn weekday_code(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}
