//! Everything that is counted, and which counts add up to which.

mod bands;
mod partitions;

use std::ops::{Index, IndexMut};

use crate::domain::case::coded;
pub use bands::{BANDS, Band};
pub use partitions::{PARTITIONS, Partition};

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
        /// Such cases in pre-proceedings for 0 to 3 weeks.
        Open0 = "open_0",
        /// Such cases in pre-proceedings for 4 to 7 weeks.
        Open4 = "open_4",
        /// Such cases in pre-proceedings for 8 to 11 weeks.
        Open8 = "open_8",
        /// Such cases in pre-proceedings for 12 to 15 weeks.
        Open12 = "open_12",
        /// Such cases in pre-proceedings for 16 to 19 weeks.
        Open16 = "open_16",
        /// Such cases in pre-proceedings for 20 to 23 weeks.
        Open20 = "open_20",
        /// Such cases in pre-proceedings for 24 to 27 weeks.
        Open24 = "open_24",
        /// Such cases in pre-proceedings for 28 to 31 weeks.
        Open28 = "open_28",
        /// Such cases in pre-proceedings for 32 to 35 weeks.
        Open32 = "open_32",
        /// Such cases in pre-proceedings for 36 to 39 weeks.
        Open36 = "open_36",
        /// Such cases in pre-proceedings for 40 to 43 weeks.
        Open40 = "open_40",
        /// Such cases in pre-proceedings for 44 to 47 weeks.
        Open44 = "open_44",
        /// Such cases in pre-proceedings for 48 to 51 weeks.
        Open48 = "open_48",
        /// Such cases in pre-proceedings for 52 weeks or longer.
        Open52 = "open_52",
        /// Undecided after the end of their period, in pre-proceedings for 0 to 3 weeks.
        Late0 = "late_0",
        /// Undecided after the end of their period, in pre-proceedings for 4 to 7 weeks.
        Late4 = "late_4",
        /// Undecided after the end of their period, in pre-proceedings for 8 to 11 weeks.
        Late8 = "late_8",
        /// Undecided after the end of their period, in pre-proceedings for 12 to 15 weeks.
        Late12 = "late_12",
        /// Undecided after the end of their period, in pre-proceedings for 16 to 19 weeks.
        Late16 = "late_16",
        /// Undecided after the end of their period, in pre-proceedings for 20 to 23 weeks.
        Late20 = "late_20",
        /// Undecided after the end of their period, in pre-proceedings for 24 to 27 weeks.
        Late24 = "late_24",
        /// Undecided after the end of their period, in pre-proceedings for 28 to 31 weeks.
        Late28 = "late_28",
        /// Undecided after the end of their period, in pre-proceedings for 32 to 35 weeks.
        Late32 = "late_32",
        /// Undecided after the end of their period, in pre-proceedings for 36 to 39 weeks.
        Late36 = "late_36",
        /// Undecided after the end of their period, in pre-proceedings for 40 to 43 weeks.
        Late40 = "late_40",
        /// Undecided after the end of their period, in pre-proceedings for 44 to 47 weeks.
        Late44 = "late_44",
        /// Undecided after the end of their period, in pre-proceedings for 48 to 51 weeks.
        Late48 = "late_48",
        /// Undecided after the end of their period, in pre-proceedings for 52 weeks or longer.
        Late52 = "late_52",
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
