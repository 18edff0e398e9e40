//! One climb on a ladder: every rung that is due is taken, up to one that has to wait.

use jiff::civil::Date;

use super::calendar::{Calendar, Span};
use super::ladder::{Climbed, Position, Step};
use super::pause::PauseKind;
use super::policy::{AlertPolicy, Delivery, Role};
use super::schedule::Severity;
use super::telling::{About, Person, Silence, Told, reach};

/// An alert whose ladder is climbed.
#[derive(Clone, Debug)]
pub struct Climber<'a> {
    /// Where it stands.
    pub position: Position,
    /// What decides who may be told of it.
    pub about: About<'a>,
    /// Whether somebody has put it aside.
    pub paused: Option<PauseKind>,
}

/// The occasion of a climb.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// London's date.
    pub today: Date,
    /// Whether the digest of the day is being made; else its rungs wait for it.
    pub is_digest: bool,
}

/// What the rules and the people are.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The ladders.
    pub policy: &'a AlertPolicy,
    /// Working days.
    pub calendar: &'a Calendar,
    /// Everybody on record.
    pub people: &'a [Person],
}

/// A rung that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub step: Step,
    /// Who is told on it, or why nobody is.
    pub told: Result<Vec<Told>, Silence>,
}

/// What came of a climb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Climb {
    /// The rungs that were taken, in order.
    pub taken: Vec<Taken>,
    /// The next rung.
    pub next: Option<Step>,
    /// Why the next rung is due and not taken yet.
    pub waits: Option<(Role, Silence)>,
    /// Nobody on the whole ladder can be told: the rungs that were tried stay to be tried again.
    pub reaches_nobody: bool,
    /// The rungs that were climbed in vain before are forgotten, and the ladder was climbed from its beginning.
    pub begins_again: bool,
}

/// Climbs as far as the day allows. A rung that reaches nobody passes on to the next; while an alert is paused its rungs pass by in
/// silence. Where nobody is left and the mail of everybody before was refused, the ladder begins again on the next working day.
#[must_use]
pub fn climb(climber: &Climber, occasion: Occasion, around: Around) -> Climb {
    let climb = climb_from(climber.position.clone(), climber, occasion, around);
    let last_tried_on = climber.position.climbed.iter().filter_map(|climbed| climbed.passed_on).max();
    let Some(last_tried_on) = last_tried_on.filter(|_| climb.reaches_nobody) else { return climb };
    let again_on = around.calendar.plus(last_tried_on, Span::WorkingDays(1));
    let from_the_beginning = Position { climbed: Vec::new(), ..climber.position.clone() };
    if occasion.today >= again_on {
        return Climb { begins_again: true, ..climb_from(from_the_beginning, climber, occasion, around) };
    }
    let first = || from_the_beginning.next(around.policy, around.calendar);
    let next = climb.next.or_else(|| first().map(|first| Step { due_on: again_on.max(first.due_on), ..first }));
    Climb { next, ..climb }
}

fn climb_from(mut position: Position, climber: &Climber, occasion: Occasion, around: Around) -> Climb {
    let Around { policy, calendar, people } = around;
    let is_quiet = climber.position.severity < Severity::Red && !calendar.is_working_day(occasion.today);
    let mut taken: Vec<Taken> = Vec::new();
    let (next, waits) = loop {
        let Some(step) = position.next(policy, calendar) else { break (None, None) };
        if step.due_on > occasion.today {
            break (Some(step), None);
        }
        let told = match climber.paused {
            Some(PauseKind::Acknowledged) => Err(Silence::Acknowledged),
            Some(PauseKind::Snoozed) => Err(Silence::Snoozed),
            None if is_quiet => break (Some(step), Some((step.role, Silence::QuietDay))),
            None if step.deliver == Delivery::Digest && !occasion.is_digest => {
                break (Some(step), Some((step.role, Silence::DigestLater)));
            }
            None => reach(step.role, climber.about, people),
        };
        let passed_on = (told.is_err() && climber.paused.is_none()).then_some(occasion.today);
        position.climbed.push(Climbed { role: step.role, passed_on });
        taken.push(Taken { step, told });
    };
    let in_vain = position.climbed.iter().all(|climbed| climbed.passed_on.is_some());
    let reaches_nobody = next.is_none() && climber.paused.is_none() && !position.climbed.is_empty() && in_vain;
    let next = if reaches_nobody { taken.first().map(|first| first.step) } else { next };
    Climb { taken, next, waits, reaches_nobody, begins_again: false }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::ladder::TurnedBy;
    use super::super::policy::Policy;
    use super::*;

    /// A Friday.
    const OPENED: Date = date(2026, 6, 5);

    fn person(id: i64, role: Role) -> Person {
        Person { id, role, teams: Vec::new(), may_see_restricted: false, reachable: true, deputy: None }
    }

    fn everybody() -> Vec<Person> {
        (1..).zip(Role::ALL).map(|(id, &role)| person(id, role)).collect()
    }

    fn climber(severity: Severity) -> Climber<'static> {
        Climber {
            position: Position::at_turn(severity, TurnedBy::Opened, OPENED, vec![]),
            about: About { team: Some("North"), restricted: false },
            paused: None,
        }
    }

    /// A climb in words: each rung with who is told or why not, what waits, and the next rung.
    fn in_words(climber: &Climber, today: Date, is_digest: bool, people: &[Person]) -> Vec<String> {
        let policy = Policy::default();
        let around = Around { policy: &policy.alerts, calendar: &policy.calendar, people };
        let climb = climb(climber, Occasion { today, is_digest }, around);
        let told = |told: &Result<Vec<Told>, Silence>| match told {
            Ok(told) => format!("tells {}", told.iter().map(|told| told.recipient.to_string()).collect::<Vec<_>>().join(",")),
            Err(silence) => format!("{silence:?}"),
        };
        let taken = climb.taken.iter().map(|taken| format!("{} {}", taken.step.role, told(&taken.told)));
        let waits = climb.waits.iter().map(|(role, silence)| format!("{role} waits: {silence:?}"));
        let next = climb.next.iter().map(|step| format!("next {} {}", step.role, step.due_on));
        let nobody = climb.reaches_nobody.then(|| "reaches nobody".to_owned());
        taken.chain(waits).chain(next).chain(nobody).collect()
    }

    #[test]
    fn red_is_told_at_once_and_on_any_day() {
        let expected = ["legal_gateway_chair tells 4", "next service_manager 2026-06-09"];
        assert_eq!(in_words(&climber(Severity::Red), OPENED, false, &everybody()), expected);
        let saturday = Climber {
            position: Position { turned_on: date(2026, 6, 6), ..climber(Severity::Red).position },
            ..climber(Severity::Red)
        };
        assert_eq!(in_words(&saturday, date(2026, 6, 6), false, &everybody()), expected);
    }

    #[test]
    fn amber_waits_for_the_digest() {
        let amber = climber(Severity::Amber);
        let waiting = ["legal_gateway_chair waits: DigestLater", "next legal_gateway_chair 2026-06-05"];
        assert_eq!(in_words(&amber, OPENED, false, &everybody()), waiting);
        let told = ["legal_gateway_chair tells 4", "next service_manager 2026-06-12"];
        assert_eq!(in_words(&amber, date(2026, 6, 8), true, &everybody()), told);
    }

    #[test]
    fn after_an_outage_every_rung_that_is_late_is_taken() {
        let expected = [
            "legal_gateway_chair tells 4",
            "service_manager tells 2",
            "head_of_service tells 5",
            "next assistant_director 2026-06-19",
        ];
        assert_eq!(in_words(&climber(Severity::Red), date(2026, 6, 18), false, &everybody()), expected);
    }

    #[test]
    fn a_reminder_of_an_amber_alert_waits_for_a_working_day() {
        let reopened = Climber {
            position: Position::at_turn(Severity::Amber, TurnedBy::Reopened, date(2026, 6, 6), vec![]),
            ..climber(Severity::Amber)
        };
        let waiting = ["legal_gateway_chair waits: QuietDay", "next legal_gateway_chair 2026-06-06"];
        assert_eq!(in_words(&reopened, date(2026, 6, 6), false, &everybody()), waiting);
        assert_eq!(in_words(&reopened, date(2026, 6, 8), false, &everybody())[0], "legal_gateway_chair tells 4");
    }

    #[test]
    fn a_paused_alert_passes_its_rungs_in_silence_on_their_days() {
        let paused = Climber { paused: Some(PauseKind::Acknowledged), ..climber(Severity::Red) };
        let expected = ["legal_gateway_chair Acknowledged", "service_manager Acknowledged", "next head_of_service 2026-06-12"];
        assert_eq!(in_words(&paused, date(2026, 6, 9), false, &everybody()), expected);
    }

    #[test]
    fn a_rung_that_reaches_nobody_passes_on_at_once() {
        let people = [person(1, Role::ServiceManager)];
        let expected = ["legal_gateway_chair NobodyResponsible", "service_manager tells 1", "next head_of_service 2026-06-12"];
        assert_eq!(in_words(&climber(Severity::Red), OPENED, false, &people), expected);
    }

    #[test]
    fn a_ladder_that_reaches_nobody_is_tried_again_from_where_it_was() {
        let expected = [
            "legal_gateway_chair NobodyResponsible",
            "service_manager NobodyResponsible",
            "head_of_service NobodyResponsible",
            "assistant_director NobodyResponsible",
            "next legal_gateway_chair 2026-06-05",
            "reaches nobody",
        ];
        assert_eq!(in_words(&climber(Severity::Red), OPENED, false, &[]), expected);
    }

    #[test]
    fn a_ladder_that_was_refused_to_its_end_begins_again_on_the_next_working_day() {
        let refused = |role| Climbed { role, passed_on: Some(OPENED) };
        let all = Policy::default().alerts.red.iter().map(|rung| refused(rung.role)).collect();
        let position = Position { climbed: all, ..climber(Severity::Red).position };
        let refused_to_the_end = Climber { position, ..climber(Severity::Red) };
        let waits = ["next legal_gateway_chair 2026-06-08", "reaches nobody"];
        assert_eq!(in_words(&refused_to_the_end, OPENED, false, &everybody()), waits);
        assert_eq!(in_words(&refused_to_the_end, date(2026, 6, 7), false, &everybody()), waits, "not at the weekend");
        let again = ["legal_gateway_chair tells 4", "next service_manager 2026-06-09"];
        assert_eq!(in_words(&refused_to_the_end, date(2026, 6, 8), false, &everybody()), again);
    }

    #[test]
    fn who_was_refused_is_tried_again_where_nobody_else_is_there() {
        let chair = [person(1, Role::LegalGatewayChair)];
        let climbed = vec![Climbed { role: Role::LegalGatewayChair, passed_on: Some(OPENED) }];
        let refused = Climber { position: Position { climbed, ..climber(Severity::Red).position }, ..climber(Severity::Red) };
        let today = in_words(&refused, OPENED, false, &chair);
        assert_eq!(today[3..], ["next service_manager 2026-06-05", "reaches nobody"], "whoever comes is told at once");
        assert_eq!(in_words(&refused, date(2026, 6, 8), false, &chair)[0], "legal_gateway_chair tells 1");
    }

    #[test]
    fn a_ladder_whose_end_reaches_nobody_has_told_somebody_before() {
        let people = [person(1, Role::LegalGatewayChair)];
        let words = in_words(&climber(Severity::Red), date(2026, 6, 30), false, &people);
        assert_eq!(words.last().map(String::as_str), Some("assistant_director NobodyResponsible"));
    }
}
