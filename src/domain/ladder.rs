//! The ladder of an alert that nobody acts on: who hears of it next, on which day, and how.
//!
//! A ladder belongs to one turn of its alert. Delays are counted from the turn: it opened, turned graver or less grave, or was
//! opened again after a pause. Nothing here knows whether anybody can be reached; see [`super::telling`].

use jiff::civil::Date;

use super::calendar::{Calendar, Span};
use super::case::coded;
use super::policy::{AlertPolicy, Delivery, Role};
use super::schedule::Severity;

coded! {
    /// What began a turn of an alert.
    TurnedBy {
        /// The alert was opened.
        Opened = "opened",
        /// It turned graver.
        Raised = "raised",
        /// It turned less grave.
        Lowered = "lowered",
        /// A pause ended and the finding still held.
        Reopened = "reopened",
    }
}

/// A rung that the alert has climbed in this turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climbed {
    /// Whose rung.
    pub role: Role,
    /// The day on which it turned out that nobody on it can be told: the next rung is due from then on.
    pub passed_on: Option<Date>,
}

/// Where an alert stands on its ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// How grave it is.
    pub severity: Severity,
    /// What began this turn.
    pub turned_by: TurnedBy,
    /// On which day.
    pub turned_on: Date,
    /// The roles that were told of it in earlier turns.
    pub heard: Vec<Role>,
    /// The rungs of this turn that are behind it.
    pub climbed: Vec<Climbed>,
}

/// A rung that the alert comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who is told.
    pub role: Role,
    /// From which day on.
    pub due_on: Date,
    /// How.
    pub deliver: Delivery,
    /// Whether it is told because nobody before on the ladder has acted.
    pub escalated: bool,
}

impl Position {
    /// Where an alert stands that has just come to a turn.
    #[must_use]
    pub fn at_turn(severity: Severity, turned_by: TurnedBy, turned_on: Date, heard: Vec<Role>) -> Self {
        Self { severity, turned_by, turned_on, heard, climbed: Vec::new() }
    }

    /// The next rung; absent where none is left.
    ///
    /// After a pause, the first rung and everybody who knew of the alert are due at once, whatever their delay and delivery. An
    /// alert that has turned less grave is not told again to roles that know of it as graver.
    #[must_use]
    pub fn next(&self, policy: &AlertPolicy, calendar: &Calendar) -> Option<Step> {
        let ladder = policy.ladder(self.severity);
        let is_reminder =
            |index: usize| self.turned_by == TurnedBy::Reopened && (index == 0 || self.heard.contains(&ladder[index].role));
        let ahead = (0..ladder.len()).filter(|&index| !self.is_behind(ladder[index].role));
        // A role that knows of the alert does not wait for one before it that does not.
        let index = ahead.min_by_key(|&index| !is_reminder(index))?;
        let (rung, is_reminder) = (ladder[index], is_reminder(index));
        let (due_on, deliver) = if is_reminder {
            (self.turned_on, Delivery::Immediate)
        } else {
            (calendar.plus(self.turned_on, Span::WorkingDays(rung.after)), rung.deliver)
        };
        let passed_on = index.checked_sub(1).and_then(|before| self.passed_on(ladder[before].role));
        let due_on = passed_on.map_or(due_on, |passed_on| passed_on.min(due_on));
        Some(Step { role: rung.role, due_on, deliver, escalated: index > 0 && !is_reminder })
    }

    /// The roles on the ladder that are told nothing in this turn, because they know of the alert as graver.
    #[must_use]
    pub fn who_knows_enough(&self, policy: &AlertPolicy) -> Vec<Role> {
        let ladder = policy.ladder(self.severity).iter();
        ladder.map(|rung| rung.role).filter(|&role| self.turned_by == TurnedBy::Lowered && self.heard.contains(&role)).collect()
    }

    fn is_behind(&self, role: Role) -> bool {
        self.climbed.iter().any(|climbed| climbed.role == role)
            || (self.turned_by == TurnedBy::Lowered && self.heard.contains(&role))
    }

    fn passed_on(&self, role: Role) -> Option<Date> {
        self.climbed.iter().find(|climbed| climbed.role == role).and_then(|climbed| climbed.passed_on)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::policy::Policy;
    use super::*;

    /// Friday before a bank holiday: 25 May 2026 is one.
    const FRIDAY: Date = date(2026, 5, 22);

    /// Every step of a ladder that reaches everybody, in words.
    fn steps(mut position: Position) -> Vec<String> {
        let policy = Policy::default();
        let mut steps = Vec::new();
        while let Some(step) = position.next(&policy.alerts, &policy.calendar) {
            let escalated = if step.escalated { ", escalated" } else { "" };
            steps.push(format!("{} {} {}{escalated}", step.role, step.due_on, step.deliver));
            position.climbed.push(Climbed { role: step.role, passed_on: None });
        }
        steps
    }

    #[test]
    fn red_climbs_by_working_days() {
        let red = Position::at_turn(Severity::Red, TurnedBy::Opened, FRIDAY, vec![]);
        assert_eq!(
            steps(red),
            [
                "legal_gateway_chair 2026-05-22 immediate",
                "service_manager 2026-05-27 immediate, escalated",
                "head_of_service 2026-06-01 immediate, escalated",
                "assistant_director 2026-06-08 immediate, escalated",
            ]
        );
    }

    #[test]
    fn amber_begins_in_the_digest() {
        let amber = Position::at_turn(Severity::Amber, TurnedBy::Opened, FRIDAY, vec![]);
        assert_eq!(
            steps(amber),
            [
                "legal_gateway_chair 2026-05-22 digest",
                "service_manager 2026-06-01 digest, escalated",
                "head_of_service 2026-06-08 immediate, escalated",
            ]
        );
    }

    #[test]
    fn an_alert_that_turns_red_is_told_to_everybody_anew() {
        let heard = vec![Role::LegalGatewayChair, Role::ServiceManager];
        let raised = Position::at_turn(Severity::Red, TurnedBy::Raised, FRIDAY, heard);
        assert_eq!(steps(raised)[1], "service_manager 2026-05-27 immediate, escalated");
    }

    #[test]
    fn after_a_pause_whoever_knew_is_told_at_once_and_the_rest_by_their_delays() {
        let heard = vec![Role::LegalGatewayChair, Role::ServiceManager];
        let reopened = Position::at_turn(Severity::Amber, TurnedBy::Reopened, FRIDAY, heard);
        assert_eq!(
            steps(reopened),
            [
                "legal_gateway_chair 2026-05-22 immediate",
                "service_manager 2026-05-22 immediate",
                "head_of_service 2026-06-08 immediate, escalated",
            ]
        );
        let passed_over = Position::at_turn(Severity::Amber, TurnedBy::Reopened, FRIDAY, vec![Role::HeadOfService]);
        assert_eq!(
            steps(passed_over),
            [
                "legal_gateway_chair 2026-05-22 immediate",
                "head_of_service 2026-05-22 immediate",
                "service_manager 2026-06-01 digest, escalated",
            ],
            "nobody who knew waits for somebody who did not"
        );
        let unheard = Position::at_turn(Severity::Amber, TurnedBy::Reopened, FRIDAY, vec![]);
        assert_eq!(steps(unheard)[0], "legal_gateway_chair 2026-05-22 immediate", "the first rung in any case");
    }

    #[test]
    fn an_alert_that_turns_less_grave_is_told_to_nobody_again() {
        let heard = vec![Role::LegalGatewayChair, Role::ServiceManager];
        let lowered = Position::at_turn(Severity::Amber, TurnedBy::Lowered, FRIDAY, heard.clone());
        assert_eq!(lowered.who_knows_enough(&Policy::default().alerts), heard);
        assert_eq!(steps(lowered), ["head_of_service 2026-06-08 immediate, escalated"]);
    }

    #[test]
    fn a_rung_that_reaches_nobody_passes_on_on_the_same_day() {
        let passed_on = Climbed { role: Role::LegalGatewayChair, passed_on: Some(FRIDAY) };
        let red = Position::at_turn(Severity::Red, TurnedBy::Opened, FRIDAY, vec![]);
        let next = |climbed: Vec<Climbed>| {
            let policy = Policy::default();
            let position = Position { climbed, ..red.clone() };
            position.next(&policy.alerts, &policy.calendar).map(|step| (step.role, step.due_on))
        };
        assert_eq!(next(vec![passed_on]), Some((Role::ServiceManager, FRIDAY)));
        let later = Climbed { passed_on: Some(date(2026, 6, 30)), ..passed_on };
        assert_eq!(next(vec![later]), Some((Role::ServiceManager, date(2026, 5, 27))), "never later than its own day");
        let both = vec![passed_on, Climbed { role: Role::ServiceManager, passed_on: None }];
        assert_eq!(next(both), Some((Role::HeadOfService, date(2026, 6, 1))), "who is told ends the passing on");
    }

    #[test]
    fn a_severity_without_a_ladder_has_no_step() {
        assert_eq!(steps(Position::at_turn(Severity::Notice, TurnedBy::Opened, FRIDAY, vec![])), Vec::<String>::new());
    }
}
