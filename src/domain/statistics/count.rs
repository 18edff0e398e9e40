//! Everything that is counted, and which counts add up to which.

use std::ops::{Index, IndexMut};

use crate::domain::case::coded;

coded! {
    /// Something that is counted.
    Count {
        /// Cases in pre-proceedings: open, or decided to issue.
        OpenCases = "open_cases",
        /// Families with such a case.
        OpenFamilies = "open_families",
        /// Children of such cases.
        OpenChildren = "open_children",
        /// Of such cases, those about which nothing is decided.
        Undecided = "undecided",
        /// Undecided after the end of their period.
        PastEnd = "past_end",
        /// Undecided after the end that the period had without extensions and births.
        PastBaseEnd = "past_base_end",
        /// Decided to issue, the application not made.
        DecidedToIssue = "decided_to_issue",
        /// Open cases without an approved extension.
        NotExtended = "not_extended",
        /// Open cases with one.
        ExtendedOnce = "extended_once",
        /// Open cases with two.
        ExtendedTwice = "extended_twice",
        /// Open cases with three or more.
        ExtendedMore = "extended_more",
        /// Undecided cases whose letter is not sent.
        WaitingForLetter = "waiting_for_letter",
        /// Undecided cases with a letter whose initial meeting is not held.
        WaitingForMeeting = "waiting_for_meeting",
        /// Cases that started.
        Started = "started",
        /// Of them, those that came to a conclusion.
        StartedConcluded = "started_concluded",
        /// Of them, those that did not.
        StartedUndecided = "started_undecided",
        /// Of them, those of families that had stepped down not long before.
        ReEntries = "re_entries",
        /// Cases that came to a conclusion.
        Concluded = "concluded",
        /// Of them, by the end of their period.
        WithinEnd = "within_end",
        /// Of them, after it.
        AfterEnd = "after_end",
        /// Of them, by the end without extensions and births.
        WithinBaseEnd = "within_base_end",
        /// Of them, after that.
        AfterBaseEnd = "after_base_end",
        /// Of them, to go to court.
        ToIssue = "to_issue",
        /// Of them, to step down.
        SteppedDown = "stepped_down",
        /// Of them, otherwise.
        Otherwise = "otherwise",
        /// Letters before proceedings sent.
        LettersSent = "letters_sent",
        /// Initial meetings held after a letter.
        MeetingsHeld = "meetings_held",
        /// Extensions approved.
        ExtensionsApproved = "extensions_approved",
        /// Reviews planned.
        ReviewsPlanned = "reviews_planned",
        /// Of them, held on the day.
        HeldOnTheDay = "held_on_the_day",
        /// Of them, held before it.
        HeldEarly = "held_early",
        /// Of them, held after it.
        HeldLate = "held_late",
        /// Of them, cancelled.
        Cancelled = "cancelled",
        /// Of them, neither held nor cancelled.
        NotHeld = "not_held",
        /// Alerts opened.
        AlertsOpened = "alerts_opened",
        /// Of them, acknowledged.
        Acknowledged = "acknowledged",
        /// Of them, resolved before anybody acknowledged them.
        ResolvedFirst = "resolved_first",
        /// Of them, standing and not acknowledged.
        Unacknowledged = "unacknowledged",
    }
}

impl Count {
    /// Tells whether the months of a period add up to the whole: so it is with what happens on a day, and not with what stands on
    /// one.
    #[must_use]
    pub fn adds_up_over_months(self) -> bool {
        self >= Self::Started
    }
}

/// A count, and others of which each counts some of the same and no two the same.
pub struct Partition {
    /// What is parted.
    pub total: Count,
    /// The parts; what they leave is not counted by itself.
    pub parts: &'static [Count],
}

const fn partition(total: Count, parts: &'static [Count]) -> Partition {
    Partition { total, parts }
}

/// Which counts add up to which.
pub const PARTITIONS: &[Partition] = &[
    partition(Count::OpenCases, &[Count::Undecided, Count::DecidedToIssue]),
    partition(Count::OpenCases, &[Count::NotExtended, Count::ExtendedOnce, Count::ExtendedTwice, Count::ExtendedMore]),
    partition(Count::Undecided, &[Count::PastEnd]),
    partition(Count::Undecided, &[Count::PastBaseEnd]),
    partition(Count::Undecided, &[Count::WaitingForLetter, Count::WaitingForMeeting]),
    partition(Count::Started, &[Count::StartedConcluded, Count::StartedUndecided]),
    partition(Count::Started, &[Count::ReEntries]),
    partition(Count::Concluded, &[Count::WithinEnd, Count::AfterEnd]),
    partition(Count::Concluded, &[Count::WithinBaseEnd, Count::AfterBaseEnd]),
    partition(Count::Concluded, &[Count::ToIssue, Count::SteppedDown, Count::Otherwise]),
    partition(
        Count::ReviewsPlanned,
        &[Count::HeldOnTheDay, Count::HeldEarly, Count::HeldLate, Count::Cancelled, Count::NotHeld],
    ),
    partition(Count::AlertsOpened, &[Count::Acknowledged, Count::ResolvedFirst, Count::Unacknowledged]),
];

/// How many there are of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts([u32; Count::ALL.len()]);

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, count: Count) {
        self[count] += 1;
    }

    /// Counts one more where it is so.
    pub fn add_if(&mut self, is_so: bool, count: Count) {
        self[count] += u32::from(is_so);
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self([0; Count::ALL.len()])
    }
}

impl Index<Count> for Counts {
    type Output = u32;

    fn index(&self, count: Count) -> &u32 {
        &self.0[count as usize]
    }
}

impl IndexMut<Count> for Counts {
    fn index_mut(&mut self, count: Count) -> &mut u32 {
        &mut self.0[count as usize]
    }
}
