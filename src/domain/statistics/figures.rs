//! The figures of some cases and some alerts in a period: each definition in code.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::answer::{Answer, Fate};
use super::count::{Band, Count, Counts};
use super::episode::Episode;
use super::spread::Spread;
use super::survival::{Stay, Stays};
use super::{Period, days};
use crate::domain::case::{Meeting, Outcome};

/// What is counted and measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many.
    pub counts: Counts,
    /// Whole weeks since the start of each case in pre-proceedings.
    pub weeks_open: Spread,
    /// Days for which cases have been decided to issue.
    pub days_decided_to_issue: Spread,
    /// Days from the start to the letter, of each letter sent.
    pub days_to_letter: Spread,
    /// Days since the start, of each case that waits for its letter.
    pub days_without_letter: Spread,
    /// Days from the letter to the initial meeting, of each one held.
    pub days_to_meeting: Spread,
    /// Days since the letter, of each case that waits for its initial meeting.
    pub days_without_meeting: Spread,
    /// Approved extensions of all cases in pre-proceedings together.
    pub extensions: u32,
    /// Days from the start to the conclusion, of each case that started.
    pub days_to_conclude: Stays,
    /// Working days from the opening to the acknowledgement, of each alert.
    pub working_days_to_acknowledge: Stays,
}

impl Figures {
    /// Counts and measures. What stands on a day is told of the last day of the period; what happened within the period, by what
    /// became of it until `as_of`.
    #[must_use]
    pub fn of(episodes: &[&Episode], answers: &[&Answer], period: Period, as_of: Date) -> Self {
        let mut figures = Self::default();
        figures.count_standing(episodes, period.to);
        figures.count_waiting(episodes, period.to);
        for episode in episodes {
            figures.count_start(episode, period, as_of);
            figures.count_conclusion(episode, period);
            figures.count_work(episode, period);
            let reviews = episode.reviews.iter().filter_map(|review| what_became(review, episode, period, as_of));
            for kept in reviews {
                figures.counts.add(Count::ReviewsPlanned);
                figures.counts.add(kept);
            }
        }
        figures.count_answers(answers, period);
        let of_days = |days: fn(&Episode, Period) -> Option<u32>| episodes.iter().filter_map(|one| days(one, period)).collect();
        Self {
            days_to_letter: of_days(days_to_letter),
            days_to_meeting: of_days(days_to_meeting),
            days_to_conclude: episodes
                .iter()
                .filter(|episode| period.holds(episode.started_on))
                .filter_map(|episode| length(episode, as_of))
                .collect(),
            ..figures
        }
    }

    fn count_standing(&mut self, episodes: &[&Episode], day: Date) {
        let open: Vec<&Episode> = episodes.iter().copied().filter(|episode| episode.open.holds(day)).collect();
        let counts = &mut self.counts;
        counts[Count::OpenFamilies] = number(open.iter().map(|episode| &episode.family).collect::<BTreeSet<_>>().len());
        for episode in &open {
            let is_undecided = episode.undecided.holds(day);
            let is_late = is_undecided && episode.is_past_end(day);
            let extensions = episode.extensions_by(day);
            let band = Band::of(weeks(episode, day));
            counts.add(Count::OpenCases);
            counts.add(band.cases);
            counts.add_if(is_late, band.past_end);
            counts[Count::OpenChildren] += number(episode.children_on(day));
            counts.add(if is_undecided { Count::Undecided } else { Count::DecidedToIssue });
            counts.add_if(is_late, Count::PastEnd);
            counts.add_if(is_undecided && episode.is_past_base_end(day), Count::PastBaseEnd);
            counts.add(match extensions {
                0 => Count::NotExtended,
                1 => Count::ExtendedOnce,
                2 => Count::ExtendedTwice,
                _ => Count::ExtendedMore,
            });
            self.extensions += number(extensions);
        }
        self.weeks_open = open.iter().map(|episode| weeks(episode, day)).collect();
        let decided = open.iter().filter(|episode| !episode.undecided.holds(day));
        self.days_decided_to_issue = decided.filter_map(|episode| days(episode.conclusion?.on, day)).collect();
    }

    fn count_waiting(&mut self, episodes: &[&Episode], day: Date) {
        let has_come = |date: Option<Date>| date.is_some_and(|date| date <= day);
        let undecided = episodes.iter().filter(|episode| episode.undecided.holds(day));
        let (with_letter, without): (Vec<&Episode>, Vec<&Episode>) = undecided.partition(|episode| has_come(episode.letter_on));
        self.days_without_letter = without.iter().filter_map(|episode| days(episode.started_on, day)).collect();
        let unmet = with_letter.iter().filter(|episode| !has_come(episode.first_meeting_on));
        let since = |episode: &Episode| episode.letter_on.map(|sent| sent.max(episode.started_on));
        self.days_without_meeting = unmet.filter_map(|episode| days(since(episode)?, day)).collect();
        self.counts[Count::WaitingForLetter] = number(self.days_without_letter.len());
        self.counts[Count::WaitingForMeeting] = number(self.days_without_meeting.len());
    }

    fn count_start(&mut self, episode: &Episode, period: Period, as_of: Date) {
        if !period.holds(episode.started_on) {
            return;
        }
        let has_concluded = episode.concluded_by(as_of).is_some();
        self.counts.add(Count::Started);
        self.counts.add(if has_concluded { Count::StartedConcluded } else { Count::StartedUndecided });
        self.counts.add_if(episode.is_re_entry, Count::ReEntries);
    }

    fn count_conclusion(&mut self, episode: &Episode, period: Period) {
        let Some(conclusion) = episode.conclusion.filter(|conclusion| period.holds(conclusion.on)) else { return };
        self.counts.add(Count::Concluded);
        self.counts.add(if conclusion.is_within_end { Count::WithinEnd } else { Count::AfterEnd });
        self.counts.add(if conclusion.is_within_base_end { Count::WithinBaseEnd } else { Count::AfterBaseEnd });
        self.counts.add(match conclusion.to {
            Outcome::Issue => Count::ToIssue,
            Outcome::StepDown => Count::SteppedDown,
            Outcome::Other => Count::Otherwise,
        });
    }

    fn count_work(&mut self, episode: &Episode, period: Period) {
        self.counts.add_if(days_to_letter(episode, period).is_some(), Count::LettersSent);
        self.counts.add_if(days_to_meeting(episode, period).is_some(), Count::MeetingsHeld);
        let approvals = episode.approvals.iter().filter(|&&on| period.holds(on) && episode.runs_on(on));
        self.counts[Count::ExtensionsApproved] += number(approvals.count());
    }

    fn count_answers(&mut self, answers: &[&Answer], period: Period) {
        let opened = answers.iter().filter(|answer| period.holds(answer.opened_on));
        for answer in opened.clone() {
            self.counts.add(Count::AlertsOpened);
            self.counts.add(match answer.fate {
                Fate::Acknowledged => Count::Acknowledged,
                Fate::ResolvedFirst => Count::ResolvedFirst,
                Fate::Waiting => Count::Unacknowledged,
            });
        }
        self.working_days_to_acknowledge = opened.map(|answer| answer.stay()).collect();
    }
}

/// Whole weeks since the start, of a case that has started.
fn weeks(episode: &Episode, day: Date) -> u32 {
    days(episode.started_on, day).unwrap_or_default() / 7
}

/// From the start to the letter, where it was sent in the period and while the case ran.
fn days_to_letter(episode: &Episode, period: Period) -> Option<u32> {
    let sent_on = episode.letter_on.filter(|&sent| period.holds(sent) && episode.runs_on(sent))?;
    days(episode.started_on, sent_on)
}

/// From the letter to the first initial meeting, where it was held in the period, while the case ran and not before the letter.
fn days_to_meeting(episode: &Episode, period: Period) -> Option<u32> {
    let held_on = episode.first_meeting_on.filter(|&held| period.holds(held) && episode.runs_on(held))?;
    days(episode.letter_on?, held_on)
}

/// How long the case lasted, or has lasted so far; absent where it has not started by then.
fn length(episode: &Episode, as_of: Date) -> Option<Stay> {
    let conclusion = episode.concluded_by(as_of);
    let until = conclusion.map_or(as_of, |conclusion| conclusion.on);
    Some(Stay { length: days(episode.started_on, until)?, has_ended: conclusion.is_some() })
}

/// What became of a review that was planned for a day in the period on which the case ran; absent where it does not count.
fn what_became(review: &Meeting, episode: &Episode, period: Period, as_of: Date) -> Option<Count> {
    let by_then = |day: Option<Date>| day.filter(|&day| day <= as_of);
    let planned_on = review.planned_on.filter(|&planned| period.holds(planned) && episode.runs_on(planned))?;
    if let Some(held_on) = by_then(review.held_on) {
        return Some(match held_on.cmp(&planned_on) {
            std::cmp::Ordering::Less => Count::HeldEarly,
            std::cmp::Ordering::Equal => Count::HeldOnTheDay,
            std::cmp::Ordering::Greater => Count::HeldLate,
        });
    }
    // A decision on the day itself makes the review needless, and one that is planned for today may still be held.
    if episode.conclusion.is_some_and(|conclusion| conclusion.on == planned_on) {
        return None;
    }
    if by_then(review.cancelled_on).is_some() {
        return Some(Count::Cancelled);
    }
    (planned_on < as_of).then_some(Count::NotHeld)
}

fn number(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}
