//! How the work goes as a whole: what is counted and measured of many cases, by team and by month.
//!
//! Owns the definition of each figure. Facts go in ([`Episode`], [`Answer`]) and figures come out; whose cases count is the
//! caller's. A case that is still open is never taken for one that was short: how long cases take is estimated from those that
//! have ended and those that go on ([`survival`]), and beside each share of what was in time stands what is late and not over.

pub mod answer;
pub mod count;
pub mod episode;
pub mod figures;
pub mod spread;
pub mod suppression;
pub mod survival;

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::calendar::days_between;
use answer::Answer;
use episode::Episode;
use figures::Figures;
use suppression::Group;

/// The days from one to another, both of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// Tells whether a day lies in it.
    #[must_use]
    pub fn holds(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// The calendar months that it touches, cut at its ends, in order.
    pub fn months(self) -> impl Iterator<Item = Self> {
        let first = (self.from <= self.to).then_some(self.from);
        let starts = std::iter::successors(first, |from| from.last_of_month().tomorrow().ok());
        starts.take_while(move |&from| from <= self.to).map(move |from| Self { from, to: from.last_of_month().min(self.to) })
    }
}

/// The figures of a period.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Of everything together.
    pub whole: Group,
    /// Of each team, by name; cases without a team come last.
    pub by_team: Vec<(Option<String>, Group)>,
    /// Of each calendar month, cut at the ends of the period.
    pub by_month: Vec<(Period, Group)>,
}

impl Statistics {
    /// Works the figures out. What was counted within a part of the period is judged by what became of it until the period's last
    /// day; how many are open is told as of the last day of each part.
    #[must_use]
    pub fn of(episodes: &[Episode], answers: &[Answer], period: Period) -> Self {
        let all = (episodes.iter().collect::<Vec<_>>(), answers.iter().collect::<Vec<_>>());
        let figures = |(episodes, answers): &(Vec<&Episode>, Vec<&Answer>), part| {
            Group::of(Figures::of(episodes, answers, part, period.to))
        };
        let teams = episodes.iter().map(|episode| &episode.team).chain(answers.iter().map(|answer| &answer.team));
        let teams: BTreeSet<(bool, &Option<String>)> = teams.map(|team| (team.is_none(), team)).collect();
        let of_team = |(_, team): (bool, &Option<String>)| {
            let episodes = episodes.iter().filter(|episode| episode.team == *team).collect();
            let answers = answers.iter().filter(|answer| answer.team == *team).collect();
            (team.clone(), figures(&(episodes, answers), period))
        };
        Self {
            whole: figures(&all, period),
            by_team: teams.into_iter().map(of_team).collect(),
            by_month: period.months().map(|month| (month, figures(&all, month))).collect(),
        }
    }
}

/// The days from one to another; absent where the other is earlier.
fn days(from: Date, to: Date) -> Option<u32> {
    u32::try_from(days_between(from, to)).ok()
}

#[cfg(test)]
mod tests;
