//! The figures as callers read them.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::blocks::{
    AlertsView, ConcludedView, DecidedToIssueView, ExtensionsView, InitialMeetingsView, LettersView, OpenView, ReviewsView,
    StartedView,
};
use crate::domain::statistics::suppression::Group;
use crate::domain::statistics::{Period, Statistics};

/// The figures of a period, from the facts as they are recorded now and the teams that own the cases now.
///
/// What stands on a day (who is open or waits, extensions a case, the backlog) is told as of the last day of the period, of a month
/// as of its last day; the months do not add up to the whole. What happens on a day is counted in the month in which it lies and by
/// what became of it until the last day of the whole period; the months, and always the teams, add up to the whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statistics)]
pub struct StatisticsView {
    /// The first day of the period.
    pub from: Date,
    /// The last day of the period.
    pub to: Date,
    /// The team to which the figures are held; null for every team that the token shows, and cases without one.
    pub team: Option<String>,
    /// Every number from 1 up to, but not including, this one is withheld, and with it what rests on it and what would give it back
    /// by one subtraction; null where everything is told.
    ///
    /// A count is null only where it is withheld. What is withheld can still be narrowed down by solving several sums together, by
    /// taking answers for other periods, teams or limits from one another, or by knowing one of the families.
    pub suppress_below: Option<u32>,
    /// The length of the period without extensions and births, by the policy in force: in whole weeks, of five working days where it
    /// is made of those, rounded down.
    pub limit_weeks: u16,
    /// Everything together.
    pub whole: FiguresView,
    /// Each team with a case or an alert that counts, by name.
    pub by_team: Vec<TeamView>,
    /// Each calendar month of the period, in order.
    pub by_month: Vec<MonthView>,
}

/// The figures of a team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamFigures)]
pub struct TeamView {
    /// The team; null for cases without one.
    pub team: Option<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: FiguresView,
}

/// The figures of a calendar month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthFigures)]
pub struct MonthView {
    /// The month, `YYYY-MM`.
    #[schema(example = "2026-03")]
    pub month: String,
    /// Its first day within the period.
    pub from: Date,
    /// Its last day within the period.
    pub to: Date,
    /// Its figures.
    #[serde(flatten)]
    pub figures: FiguresView,
}

/// All figures of the whole, a team or a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Figures)]
pub struct FiguresView {
    /// Who is in pre-proceedings, and for how long.
    pub open: OpenView,
    /// Who came in, and how long it takes.
    pub started: StartedView,
    /// What was concluded, how, and whether in time.
    pub concluded: ConcludedView,
    /// From the decision to the letter.
    pub letters: LettersView,
    /// From the letter to the initial meeting.
    pub initial_meetings: InitialMeetingsView,
    /// Whether reviews are held when they are planned.
    pub reviews: ReviewsView,
    /// Extensions, and how many a case.
    pub extensions: ExtensionsView,
    /// The backlog of applications.
    pub decided_to_issue: DecidedToIssueView,
    /// How long alerts wait for somebody.
    pub alerts: AlertsView,
}

impl StatisticsView {
    /// Figures of a period, with what was asked for.
    pub(super) fn of(
        statistics: &Statistics,
        period: Period,
        team: Option<String>,
        suppress_below: Option<u32>,
        limit_weeks: u16,
    ) -> Self {
        let team_view = |(team, group): &(Option<String>, Group)| TeamView { team: team.clone(), figures: group.into() };
        Self {
            from: period.from,
            to: period.to,
            team,
            suppress_below,
            limit_weeks,
            whole: (&statistics.whole).into(),
            by_team: statistics.by_team.iter().map(team_view).collect(),
            by_month: statistics.by_month.iter().map(|(month, group)| MonthView::of(*month, group)).collect(),
        }
    }
}

impl MonthView {
    fn of(month: Period, group: &Group) -> Self {
        Self { month: month.from.strftime("%Y-%m").to_string(), from: month.from, to: month.to, figures: group.into() }
    }
}

impl From<&Group> for FiguresView {
    fn from(group: &Group) -> Self {
        Self {
            open: group.into(),
            started: group.into(),
            concluded: group.into(),
            letters: group.into(),
            initial_meetings: group.into(),
            reviews: group.into(),
            extensions: group.into(),
            decided_to_issue: group.into(),
            alerts: group.into(),
        }
    }
}
