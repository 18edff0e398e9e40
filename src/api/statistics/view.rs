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
    from: Date,
    /// The last day of the period.
    to: Date,
    /// The team to which the figures are held; null for every team that the token shows, and cases without one.
    team: Option<String>,
    /// Every number from 1 up to, but not including, this one is withheld, and with it what rests on it and what would give it back
    /// by one subtraction; null where everything is told.
    ///
    /// A count is null only where it is withheld. What is withheld can still be narrowed down by solving several sums together, by
    /// taking answers for other periods, teams or limits from one another, or by knowing one of the families.
    suppress_below: Option<u32>,
    /// Everything together.
    whole: FiguresView,
    /// Each team with a case or an alert that counts, by name.
    by_team: Vec<TeamView>,
    /// Each calendar month of the period, in order.
    by_month: Vec<MonthView>,
}

/// The figures of a team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamFigures)]
struct TeamView {
    /// The team; null for cases without one.
    team: Option<String>,
    /// Its figures.
    #[serde(flatten)]
    figures: FiguresView,
}

/// The figures of a calendar month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthFigures)]
struct MonthView {
    /// The month, `YYYY-MM`.
    #[schema(example = "2026-03")]
    month: String,
    /// Its first day within the period.
    from: Date,
    /// Its last day within the period.
    to: Date,
    /// Its figures.
    #[serde(flatten)]
    figures: FiguresView,
}

/// All figures of the whole, a team or a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Figures)]
struct FiguresView {
    /// Who is in pre-proceedings, and for how long.
    open: OpenView,
    /// Who came in, and how long it takes.
    started: StartedView,
    /// What was concluded, how, and whether in time.
    concluded: ConcludedView,
    /// From the decision to the letter.
    letters: LettersView,
    /// From the letter to the initial meeting.
    initial_meetings: InitialMeetingsView,
    /// Whether reviews are held when they are planned.
    reviews: ReviewsView,
    /// Extensions, and how many a case.
    extensions: ExtensionsView,
    /// The backlog of applications.
    decided_to_issue: DecidedToIssueView,
    /// How long alerts wait for somebody.
    alerts: AlertsView,
}

impl StatisticsView {
    /// Figures of a period, with what was asked for.
    pub fn of(statistics: &Statistics, period: Period, team: Option<String>, suppress_below: Option<u32>) -> Self {
        let team_view = |(team, group): &(Option<String>, Group)| TeamView { team: team.clone(), figures: group.into() };
        Self {
            from: period.from,
            to: period.to,
            team,
            suppress_below,
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
