//! Which counts add up to which: so that a small one that is not told is not given back by the others.

use super::Count;

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
    partition(
        Count::OpenCases,
        &[
            Count::Open0,
            Count::Open4,
            Count::Open8,
            Count::Open12,
            Count::Open16,
            Count::Open20,
            Count::Open24,
            Count::Open28,
            Count::Open32,
            Count::Open36,
            Count::Open40,
            Count::Open44,
            Count::Open48,
            Count::Open52,
        ],
    ),
    partition(
        Count::PastEnd,
        &[
            Count::Late0,
            Count::Late4,
            Count::Late8,
            Count::Late12,
            Count::Late16,
            Count::Late20,
            Count::Late24,
            Count::Late28,
            Count::Late32,
            Count::Late36,
            Count::Late40,
            Count::Late44,
            Count::Late48,
            Count::Late52,
        ],
    ),
    partition(Count::Open0, &[Count::Late0]),
    partition(Count::Open4, &[Count::Late4]),
    partition(Count::Open8, &[Count::Late8]),
    partition(Count::Open12, &[Count::Late12]),
    partition(Count::Open16, &[Count::Late16]),
    partition(Count::Open20, &[Count::Late20]),
    partition(Count::Open24, &[Count::Late24]),
    partition(Count::Open28, &[Count::Late28]),
    partition(Count::Open32, &[Count::Late32]),
    partition(Count::Open36, &[Count::Late36]),
    partition(Count::Open40, &[Count::Late40]),
    partition(Count::Open44, &[Count::Late44]),
    partition(Count::Open48, &[Count::Late48]),
    partition(Count::Open52, &[Count::Late52]),
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
