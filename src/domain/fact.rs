//! One fact of a list of a case, on its own.

use super::case::{Assessment, Case, Engagement, Extension, Meeting, Oversight, coded};

coded! {
    /// A list of a case to which facts are added one by one.
    FactList {
        /// Meetings planned and held.
        Meetings = "meetings",
        /// Assessments.
        Assessments = "assessments",
        /// Requests for more time.
        Extensions = "extensions",
        /// Appointments kept and missed.
        Engagement = "engagement",
        /// Looks from above.
        Oversight = "oversight",
    }
}

/// The largest number that an entry of a list may have: what the database holds.
pub const LARGEST_SEQUENCE: u32 = i32::MAX.unsigned_abs();

/// One fact of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Of the meetings.
    Meeting(Meeting),
    /// Of the assessments.
    Assessment(Assessment),
    /// Of the extensions.
    Extension(Extension),
    /// Of the appointments.
    Engagement(Engagement),
    /// Of the oversight.
    Oversight(Oversight),
}

impl FactList {
    /// The numbers that are taken in this list of a case; none where its entries have no number.
    #[must_use]
    pub fn taken(self, case: &Case) -> Vec<u32> {
        match self {
            Self::Meetings => case.meetings.iter().map(|meeting| meeting.sequence).collect(),
            Self::Assessments => case.assessments.iter().map(|assessment| assessment.sequence).collect(),
            Self::Extensions => case.extensions.iter().map(|extension| extension.sequence).collect(),
            Self::Engagement | Self::Oversight => Vec::new(),
        }
    }

    /// The number after the last that is taken; absent where that is the largest there may be.
    #[must_use]
    pub fn next(self, case: &Case) -> Option<u32> {
        let last = self.taken(case).into_iter().max().unwrap_or_default();
        (last < LARGEST_SEQUENCE).then_some(last + 1)
    }
}

impl Fact {
    /// Its number within its list, if its list has numbers.
    #[must_use]
    pub fn sequence(&self) -> Option<u32> {
        match self {
            Self::Meeting(meeting) => Some(meeting.sequence),
            Self::Assessment(assessment) => Some(assessment.sequence),
            Self::Extension(extension) => Some(extension.sequence),
            Self::Engagement(_) | Self::Oversight(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::case::MeetingKind;

    #[rstest::rstest]
    #[case::none(&[], Some(1))]
    #[case::gaps_stay(&[1, 4], Some(5))]
    #[case::out_of_order(&[4, 2], Some(5))]
    #[case::no_more(&[LARGEST_SEQUENCE], None)]
    fn the_next_number_comes_after_the_last(#[case] taken: &[u32], #[case] expected: Option<u32>) {
        let mut case = Case::new("C-1", date(2026, 6, 1));
        for &sequence in taken {
            let kind = MeetingKind::Review;
            case.meetings.push(Meeting { sequence, kind, planned_on: None, held_on: None, cancelled_on: None });
        }
        assert_eq!(FactList::Meetings.next(&case), expected);
        assert_eq!(FactList::Extensions.next(&case), Some(1));
    }
}
