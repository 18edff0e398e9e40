//! What another policy changes: the alerts that stand, and the dates by which a case is judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use serde::ser::SerializeStruct as _;

use super::case::Case;
use super::course::{Course, Status};
use super::milestone::Milestone;
use super::policy::{Policy, Role};
use super::schedule::Severity;

/// An alert that is not resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct StandingAlert {
    /// The case.
    pub case: String,
    /// The rule's code.
    pub rule: String,
    /// What it is about, within its rule.
    pub subject: String,
    /// How grave.
    pub severity: Severity,
}

/// How the alerts that stand under one policy differ from those that stand under another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlertChanges {
    /// Only the other has it.
    pub opened: Vec<StandingAlert>,
    /// The other has it as graver.
    pub escalated: Vec<StandingAlert>,
    /// The other has it as less grave.
    pub lowered: Vec<StandingAlert>,
    /// The other does not have it.
    pub resolved: Vec<StandingAlert>,
}

/// Compares the alerts that stand under one policy with those under another. Each alert is told as the other policy has it; one that is
/// resolved, as it stood.
#[must_use]
pub fn alert_changes(one: &[StandingAlert], other: &[StandingAlert]) -> AlertChanges {
    let (before, after) = (by_fact(one), by_fact(other));
    let mut changes = AlertChanges::default();
    for (fact, alert) in &after {
        let list = match before.get(fact) {
            None => &mut changes.opened,
            Some(before) if alert.severity > before.severity => &mut changes.escalated,
            Some(before) if alert.severity < before.severity => &mut changes.lowered,
            Some(_) => continue,
        };
        list.push((*alert).clone());
    }
    let resolved = before.iter().filter(|(fact, _)| !after.contains_key(*fact));
    changes.resolved = resolved.map(|(_, alert)| (*alert).clone()).collect();
    changes
}

fn by_fact(alerts: &[StandingAlert]) -> BTreeMap<(&str, &str, &str), &StandingAlert> {
    alerts.iter().map(|alert| ((alert.case.as_str(), alert.rule.as_str(), alert.subject.as_str()), alert)).collect()
}

/// A date of a case that a policy sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dated {
    /// The end of the period without extensions and births.
    BaseEnd,
    /// The end of the period.
    End,
    /// The day by which a milestone that is not met is due.
    Due(Milestone),
}

impl Dated {
    /// What it is called outside.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BaseEnd => "base_end",
            Self::End => "end",
            Self::Due(milestone) => milestone.code(),
        }
    }
}

impl Serialize for Changes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Changes", 6)?;
        fields.serialize_field("on", &self.on)?;
        fields.serialize_field("alerts", &self.alerts)?;
        fields.serialize_field("messages", &self.messages)?;
        fields.serialize_field("dates", &self.dates)?;
        fields.serialize_field("dates_by_kind", &self.dates_by_kind())?;
        fields.serialize_field("postponed", &self.postponed)?;
        fields.end()
    }
}

impl Serialize for Dated {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// A date that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Which.
    pub what: Dated,
    /// Under the one policy; absent where there is no such date.
    pub from: Option<Date>,
    /// Under the other.
    pub to: Option<Date>,
}

/// A date of a case that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedDate {
    /// The case.
    pub case: String,
    /// Which date, from where to where.
    #[serde(flatten)]
    pub moved: Moved,
}

/// The messages that a sweep makes for those in a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// The role.
    pub role: Role,
    /// By the one policy.
    pub from: i64,
    /// By the other.
    pub to: i64,
}

/// Everything that another policy changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The day as of which cases are judged.
    pub on: Date,
    /// Alerts.
    pub alerts: AlertChanges,
    /// For each role, the messages that the next sweep makes; absent for whoever may not know of every case, of which one may tell.
    pub messages: Option<Vec<Messages>>,
    /// Dates.
    pub dates: Vec<MovedDate>,
    /// Cases that could not be judged.
    pub postponed: Vec<String>,
}

impl Changes {
    /// How many dates of each kind move.
    #[must_use]
    pub fn dates_by_kind(&self) -> BTreeMap<Dated, i64> {
        let mut counts = BTreeMap::new();
        for date in &self.dates {
            *counts.entry(date.moved.what).or_default() += 1;
        }
        counts
    }

    /// Every case that is named in them.
    #[must_use]
    pub fn cases(&self) -> BTreeSet<&str> {
        let AlertChanges { opened, escalated, lowered, resolved } = &self.alerts;
        let alerts = [opened, escalated, lowered, resolved].into_iter().flatten().map(|alert| alert.case.as_str());
        let dates = self.dates.iter().map(|date| date.case.as_str());
        alerts.chain(dates).chain(self.postponed.iter().map(String::as_str)).collect()
    }

    /// As much of them as concerns these cases.
    #[must_use]
    pub fn only_of(mut self, cases: &BTreeSet<String>) -> Self {
        let AlertChanges { opened, escalated, lowered, resolved } = &mut self.alerts;
        for alerts in [opened, escalated, lowered, resolved] {
            alerts.retain(|alert| cases.contains(&alert.case));
        }
        self.dates.retain(|date| cases.contains(&date.case));
        self.postponed.retain(|case| cases.contains(case));
        self.messages = None;
        self
    }
}

/// The dates of a case that differ between two policies; none for a case that is over or has not begun.
#[must_use]
pub fn dates_moved(case: &Case, one: &Policy, other: &Policy, today: Date) -> Vec<Moved> {
    let before = dates(&Course::of(case, one), today);
    let after = dates(&Course::of(case, other), today);
    let moved = before.into_iter().zip(after).map(|((what, from), (_, to))| Moved { what, from, to });
    moved.filter(|moved| moved.from != moved.to).collect()
}

/// The dates of a case on a day, always in the same order; none for a case that is over or has not begun.
fn dates(course: &Course, today: Date) -> Vec<(Dated, Option<Date>)> {
    if !matches!(course.status_on(today), Status::Open | Status::DecidedIssue) {
        return Vec::new();
    }
    let end = course.end_on(today).map(|end| end.on);
    let due = Milestone::ALL.iter().map(|&milestone| {
        let standing = milestone.standing_on(course, today);
        let is_expected = standing.met_on.is_none() && standing.working_days.is_some();
        (Dated::Due(milestone), standing.due_on.filter(|_| is_expected))
    });
    [(Dated::BaseEnd, course.base_end_on(today)), (Dated::End, end)].into_iter().chain(due).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::calendar::Span;
    use super::super::case::{Extension, ExtensionDecision, Outcome};
    use super::*;

    fn alert(rule: &str, severity: Severity) -> StandingAlert {
        StandingAlert { case: "C-1".into(), rule: rule.into(), subject: String::new(), severity }
    }

    #[test]
    fn alerts_are_compared_by_what_they_are_about() {
        use Severity::{Amber, Red};
        let one = [alert("kept", Red), alert("raised", Amber), alert("lowered", Red), alert("gone", Amber)];
        let other = [alert("kept", Red), alert("raised", Red), alert("lowered", Amber), alert("new", Amber)];
        let expected = AlertChanges {
            opened: vec![alert("new", Amber)],
            escalated: vec![alert("raised", Red)],
            lowered: vec![alert("lowered", Amber)],
            resolved: vec![alert("gone", Amber)],
        };
        assert_eq!(alert_changes(&one, &other), expected);
        assert_eq!(alert_changes(&one, &one), AlertChanges::default());
    }

    #[test]
    fn only_some_cases_are_told_of() {
        let of = |case: &str| StandingAlert { case: case.into(), ..alert("time_limit", Severity::Red) };
        let both = vec![of("C-1"), of("C-2")];
        let (from, to) = (Some(date(2026, 9, 21)), Some(date(2026, 8, 24)));
        let moved = |case: &str| MovedDate { case: case.into(), moved: Moved { what: Dated::BaseEnd, from, to } };
        let changes = Changes {
            on: date(2026, 6, 15),
            alerts: AlertChanges { opened: both.clone(), escalated: both.clone(), lowered: both.clone(), resolved: both },
            messages: Some(Vec::new()),
            dates: vec![moved("C-1"), moved("C-2")],
            postponed: vec!["C-1".into(), "C-2".into()],
        };
        let told = changes.only_of(&BTreeSet::from(["C-2".to_owned()]));
        let one = vec![of("C-2")];
        let alerts = AlertChanges { opened: one.clone(), escalated: one.clone(), lowered: one.clone(), resolved: one };
        assert_eq!((told.alerts, told.dates, told.postponed), (alerts, vec![moved("C-2")], vec!["C-2".to_owned()]));
        assert!(told.messages.is_none(), "a message may tell of another case");
    }

    /// Started on Monday 1 June 2026: sixteen weeks end on 21 September, twelve on 24 August; the letter is due on 8 June.
    fn open() -> Case {
        Case { started_on: Some(date(2026, 6, 1)), ..Case::new("C-1", date(2026, 6, 1)) }
    }

    fn moved(case: &Case, change: fn(&mut Policy), today: Date) -> Vec<String> {
        let mut other = Policy::default();
        change(&mut other);
        let word = |date: Option<Date>| date.map_or_else(|| "none".to_owned(), |date| date.to_string());
        let moved = dates_moved(case, &Policy::default(), &other, today);
        moved.iter().map(|moved| format!("{} {} {}", moved.what.code(), word(moved.from), word(moved.to))).collect()
    }

    const TWELVE_WEEKS: fn(&mut Policy) = |policy| policy.clock.length = Span::Weeks(12);
    const LETTER_IN_TWO_DAYS: fn(&mut Policy) = |policy| policy.milestones.letter_before_proceedings = Span::WorkingDays(2);

    #[rstest::rstest]
    #[case::the_same(|_: &mut Policy| (), &[])]
    #[case::a_shorter_period(TWELVE_WEEKS,
        &["base_end 2026-09-21 2026-08-24", "end 2026-09-21 2026-08-24", "final_review 2026-09-14 2026-08-17"])]
    #[case::an_earlier_letter(LETTER_IN_TWO_DAYS,
        &["letter_before_proceedings 2026-06-08 2026-06-03"])]
    fn dates_that_move_are_named(#[case] change: fn(&mut Policy), #[case] expected: &[&str]) {
        assert_eq!(moved(&open(), change, date(2026, 6, 2)), expected);
    }

    #[test]
    fn what_is_met_is_due_no_more() {
        let case = Case { lbp_sent_on: Some(date(2026, 6, 2)), ..open() };
        assert!(moved(&case, LETTER_IN_TWO_DAYS, date(2026, 6, 2)).is_empty());
    }

    #[test]
    fn an_extended_case_keeps_its_end() {
        let extension = Extension {
            sequence: 1,
            requested_on: date(2026, 8, 3),
            decision: ExtensionDecision::Approved,
            decided_on: Some(date(2026, 8, 3)),
            new_end_on: Some(date(2026, 10, 19)),
            approved_by_grade: None,
            rationale_recorded: true,
        };
        let case = Case { extensions: vec![extension], ..open() };
        assert_eq!(moved(&case, TWELVE_WEEKS, date(2026, 9, 1)), ["base_end 2026-09-21 2026-08-24"]);
    }

    #[test]
    fn a_case_that_is_over_or_has_not_begun_has_no_dates() {
        let over = Case { step_decision_on: Some(date(2026, 7, 1)), outcome: Some(Outcome::StepDown), ..open() };
        assert!(moved(&over, TWELVE_WEEKS, date(2026, 7, 2)).is_empty());
        assert!(moved(&open(), TWELVE_WEEKS, date(2026, 5, 1)).is_empty());
    }
}
