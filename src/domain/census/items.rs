//! What module 5 asks for: the one table of its items and their checks.
//!
//! **The names, numbers and checks come from the sector's open validator for the 2026-27 census, whose branch for pre-proceedings is
//! marked as not reviewed, and not from the specification of the Department for Education itself.** A correction is one line of
//! [`ITEMS`]; one that counts from a later census ends the old line with the year before and adds a new one beneath it.

use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::year::Year;
use crate::domain::case::{Case, Meeting, MeetingKind, coded};

/// An item of module 5.
#[derive(Debug)]
pub struct Item {
    /// Its number in the census.
    pub number: &'static str,
    /// The element that holds it.
    pub element: &'static str,
    /// The census years that ask for it, by the calendar year in which they begin.
    pub(super) years: RangeInclusive<i16>,
    /// Where its value comes from.
    pub(super) source: Source,
    /// Each check with the code by which the validator knows it. A `Q` is a query: it may be right as it is.
    pub(super) checks: &'static [(&'static str, Check)],
}

/// Where the value of an item comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A day.
    Day(fn(&Case) -> Option<Date>),
    /// Yes or no.
    Flag(fn(&Case) -> Option<bool>),
    /// How many meetings were held after the first initial one.
    Reviews,
    /// The outcome, in the council's code.
    Outcome,
}

/// What must hold of an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The day is one of the year. One of another year is left out of the block.
    InTheYear,
    /// The day does not lie before that of another item.
    NotBefore(&'static str),
    /// It is given wherever another item is.
    GivenWith(&'static str),
    /// It is given wherever another item is yes.
    GivenIfYes(&'static str),
    /// It is one of the codes; [`OutcomeCode`] can be no other.
    InCodeSet,
}

use Check::{GivenIfYes, GivenWith, InCodeSet, InTheYear, NotBefore};
use Source::{Day, Flag, Outcome, Reviews};

/// The end of a line that is in force: the last year there can be.
pub(super) const OPEN: i16 = 2099;

/// Every item, in the order of the elements.
#[rustfmt::skip]
pub const ITEMS: &[Item] = &[
    Item { number: "N00826", element: "PPStartDate", years: 2026..=OPEN, source: Day(|case| case.started_on), checks: &[("9005", InTheYear)] },
    Item { number: "N00827", element: "LBPSentDate", years: 2026..=OPEN, source: Day(|case| case.lbp_sent_on), checks: &[("9006", InTheYear), ("9006", NotBefore("N00826"))] },
    Item { number: "N00828", element: "FGDMMeetingOffer", years: 2026..=OPEN, source: Flag(|case| case.fgdm_offered), checks: &[("9007", GivenWith("N00827"))] },
    Item { number: "N00829", element: "FGDMMeetingFac", years: 2026..=OPEN, source: Flag(|case| case.fgdm_facilitated), checks: &[("9010Q", GivenIfYes("N00828"))] },
    Item { number: "N00830", element: "InitialPPMeetingDate", years: 2026..=OPEN, source: Day(initial_meeting_on), checks: &[("9008", InTheYear)] },
    Item { number: "N00831", element: "ReviewMeetingsCount", years: 2026..=OPEN, source: Reviews, checks: &[("9015Q", GivenWith("N00830"))] },
    Item { number: "N00832", element: "StepDecisionDate", years: 2026..=OPEN, source: Day(|case| case.step_decision_on), checks: &[("9009", InTheYear), ("9009", NotBefore("N00826"))] },
    Item { number: "N00833", element: "PPOutcome", years: 2026..=OPEN, source: Outcome, checks: &[("9011", InCodeSet)] },
    Item { number: "N00834", element: "CourtAppDate", years: 2026..=OPEN, source: Day(|case| case.court_application_on), checks: &[("9012", InTheYear), ("9012", NotBefore("N00832"))] },
    Item { number: "N00835", element: "LetterInitCPDate", years: 2026..=OPEN, source: Day(|case| case.letter_of_issue_on), checks: &[("9013", InTheYear), ("9013", NotBefore("N00834"))] },
];

coded! {
    /// The codes that an outcome can have: code set CS131. What each means was not published where it could be read, so that the
    /// council says which of its outcomes has which.
    OutcomeCode {
        /// A.
        A = "A",
        /// B.
        B = "B",
        /// C.
        C = "C",
    }
}

/// What an item says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A day.
    Day(Date),
    /// Yes or no.
    Flag(bool),
    /// How many.
    Count(usize),
    /// A code.
    Code(OutcomeCode),
}

impl Item {
    /// The day of this item, of whichever year; absent where it is no day, or none is recorded.
    pub(super) fn day(&self, case: &Case) -> Option<Date> {
        match self.source {
            Day(day) => day(case),
            Flag(_) | Reviews | Outcome => None,
        }
    }

    /// Tells whether a day of another year stays in the block.
    pub(super) fn may_lie_outside(&self) -> bool {
        !self.checks.iter().any(|(_, check)| *check == InTheYear)
    }
}

/// The items that the census of a year asks for, in order.
pub(super) fn asked_for(year: Year) -> impl Iterator<Item = &'static Item> {
    ITEMS.iter().filter(move |item| item.years.contains(&year.begins()))
}

/// The day of the first initial meeting held.
fn initial_meeting_on(case: &Case) -> Option<Date> {
    first_initial_meeting(case).map(|(held_on, _)| held_on)
}

/// How many meetings of any kind were held in a year after the first initial one; absent where that was not held by its end.
pub(super) fn reviews(case: &Case, year: Year) -> Option<usize> {
    let initial = first_initial_meeting(case).filter(|(held_on, _)| *held_on <= year.to())?;
    let later = case.meetings.iter().filter_map(held).filter(|meeting| *meeting > initial);
    Some(later.filter(|(held_on, _)| year.holds(*held_on)).count())
}

fn first_initial_meeting(case: &Case) -> Option<(Date, u32)> {
    case.meetings.iter().filter(|meeting| meeting.kind == MeetingKind::Initial).filter_map(held).min()
}

/// The place of a meeting in the order in which they were held.
fn held(meeting: &Meeting) -> Option<(Date, u32)> {
    meeting.held_on.map(|held_on| (held_on, meeting.sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_that_a_check_names_is_in_the_table() {
        for (item, (_, check)) in ITEMS.iter().flat_map(|item| item.checks.iter().map(move |check| (item, check))) {
            let (InTheYear | InCodeSet | NotBefore(_) | GivenWith(_) | GivenIfYes(_)) = check;
            if let NotBefore(other) | GivenWith(other) | GivenIfYes(other) = check {
                assert!(ITEMS.iter().any(|item| item.number == *other), "{} names {other}", item.number);
            }
        }
    }
}
