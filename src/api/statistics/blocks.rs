//! The blocks of which figures are made, each number with its definition.

use serde::Serialize;
use utoipa::ToSchema;

use super::telling::{EstimateView, SpreadView, Telling};
use crate::domain::statistics::count::{BANDS, Band, Count};
use crate::domain::statistics::suppression::Group;

/// Who is in pre-proceedings on the last day: cases that have started and are open or decided to issue, neither issued nor stepped
/// down nor closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenFigures)]
pub struct OpenView {
    /// Cases.
    pub cases: Option<u32>,
    /// Families with such a case. A case for which no family is recorded is a family of its own; a family with cases in two teams is
    /// one in the whole and one in each team.
    pub families: Option<u32>,
    /// Children of these cases, born or expected on the day; not those of a pregnancy that had ended without a birth. A child of two
    /// cases counts in each.
    pub children: Option<u32>,
    /// Whole weeks from the start to the day, of each of these cases.
    pub weeks_open: SpreadView,
    /// The same weeks in bands of four; the last band has no end.
    pub weeks_open_distribution: Vec<BandView>,
    /// Of these cases, those with no decision in effect (status open); the rest is decided to issue.
    pub undecided: Option<u32>,
    /// Of the undecided, those after the end of their period, with extensions and births, as it stands on the day.
    pub past_end: Option<u32>,
    /// Of the undecided, those after the end that the period had without extensions and births.
    pub past_base_end: Option<u32>,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// Cases that are in pre-proceedings for about as long.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WeeksOpenBand)]
pub struct BandView {
    /// For so many whole weeks at least.
    #[schema(example = 16)]
    pub from_weeks: u32,
    /// For less than so many; null in the last band.
    #[schema(example = 20)]
    pub below_weeks: Option<u32>,
    /// Cases.
    pub cases: Option<u32>,
    /// Of them, those that are undecided after the end of their period, as in `past_end` of all.
    pub past_end: Option<u32>,
}

/// Cases that started in the period, followed until the last day of the whole period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StartedFigures)]
pub struct StartedView {
    /// Cases whose start lies in the period, unless they were closed before it.
    pub cases: Option<u32>,
    /// Of them, those that have come to a conclusion since.
    pub concluded: Option<u32>,
    /// Of them, those that have not.
    pub undecided: Option<u32>,
    /// Days from the start to the conclusion. The undecided count as censored on the last day of the whole period; cases that
    /// started earlier are left out, see `weeks_open` for those that are still open.
    pub days_to_conclude: EstimateView,
    /// Of them, those with another episode of the same family that stepped down within the policy's time before the start
    /// (`re_entry.within`, 52 weeks unless changed).
    pub re_entries: Option<u32>,
    /// Re-entries, of a hundred cases that started.
    pub percent_re_entries: Option<f64>,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// Cases that came to a conclusion in the period: on the first day on which a step decision with its outcome (issue, step down,
/// other) was in effect, the application made or the case closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConcludedFigures)]
pub struct ConcludedView {
    /// Cases.
    pub cases: Option<u32>,
    /// Of them, those concluded on or before the end of their period, as it stood on that day with extensions and births. See
    /// `open.past_end` for those that are late and not concluded, of which nothing is in here.
    pub within_end: Option<u32>,
    /// Of them, those concluded later.
    pub after_end: Option<u32>,
    /// Concluded within the limit, of a hundred concluded.
    pub percent_within_end: Option<f64>,
    /// Of them, those concluded on or before the end that the period had without extensions and births.
    pub within_base_end: Option<u32>,
    /// Of them, those concluded later.
    pub after_base_end: Option<u32>,
    /// Concluded within the first limit, of a hundred concluded.
    pub percent_within_base_end: Option<f64>,
    /// Of them, those decided to issue, or with an application and no decision.
    pub to_issue: Option<u32>,
    /// Of them, those that stepped down.
    pub stepped_down: Option<u32>,
    /// Of them, those that ended otherwise: outcome other, or closed without a decision.
    pub otherwise: Option<u32>,
    /// Diversion: stepped down, of a hundred concluded.
    pub percent_stepped_down: Option<f64>,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// From the decision to enter pre-proceedings to the letter before proceedings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LetterFigures)]
pub struct LettersView {
    /// Letters sent in the period, between the start of the case and its conclusion. One that is dated before the start is left out.
    pub sent: Option<u32>,
    /// Days from the start to the letter, of those sent.
    pub days: SpreadView,
    /// Undecided cases without a letter on the last day.
    pub waiting: Option<u32>,
    /// Days from the start to the last day, of those that wait.
    pub days_waiting: SpreadView,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// From the letter before proceedings to the initial meeting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InitialMeetingFigures)]
pub struct InitialMeetingsView {
    /// First initial meetings held in the period, between the start of the case and its conclusion, on the day of the letter or
    /// later. One that was held without a letter or before it is left out.
    pub held: Option<u32>,
    /// Days from the letter to the meeting, of those held.
    pub days: SpreadView,
    /// Undecided cases with a letter and without an initial meeting on the last day.
    pub waiting: Option<u32>,
    /// Days from the letter, or from the start where that is later, to the last day, of those that wait.
    pub days_waiting: SpreadView,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// Reviews and final reviews planned for a day of the period on which the case ran, from its start to its conclusion. What became
/// of them is told as of the last day of the whole period. Left out: those planned for that day and not held yet, and those that a
/// conclusion on the very day made needless.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewFigures)]
pub struct ReviewsView {
    /// All of them.
    pub planned: Option<u32>,
    /// Held on the planned date.
    pub on_the_day: Option<u32>,
    /// Held before it.
    pub early: Option<u32>,
    /// Held after it.
    pub late: Option<u32>,
    /// Cancelled.
    pub cancelled: Option<u32>,
    /// Neither held nor cancelled, their day being over.
    pub not_held: Option<u32>,
    /// Held on the planned date, of a hundred planned, cancelled ones included.
    pub percent_on_the_day: Option<f64>,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// Approved extensions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionFigures)]
pub struct ExtensionsView {
    /// Extensions approved in the period, between the start of the case and its conclusion.
    pub approved: Option<u32>,
    /// Cases in pre-proceedings on the last day with no approved extension by then.
    pub none: Option<u32>,
    /// With one.
    pub one: Option<u32>,
    /// With two.
    pub two: Option<u32>,
    /// With three or more.
    pub three_or_more: Option<u32>,
    /// Approved extensions a case, of the cases in pre-proceedings on the last day: the mean, to two decimals.
    pub a_case: Option<f64>,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// Cases that were decided to issue and whose application is not made on the last day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecidedToIssueFigures)]
pub struct DecidedToIssueView {
    /// Cases.
    pub cases: Option<u32>,
    /// Days from the decision to the last day.
    pub days_waiting: SpreadView,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

/// Alerts opened in the period, and what became of them until the last day of the whole period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertFigures)]
pub struct AlertsView {
    /// Alerts opened, of whatever severity.
    pub opened: Option<u32>,
    /// Of them, those that somebody has acknowledged. To put one off (a snooze) is no acknowledgement.
    pub acknowledged: Option<u32>,
    /// Of them, those resolved before anybody acknowledged them.
    pub resolved_first: Option<u32>,
    /// Of them, those that stand and that nobody has acknowledged.
    pub unacknowledged: Option<u32>,
    /// Working days after the one on which the alert was opened, up to the one on which it was first acknowledged: 0 on the same
    /// day. What nobody has acknowledged counts as censored, on the last day or on the day on which it was resolved.
    pub working_days_to_acknowledge: EstimateView,
    /// Whether any of these numbers is withheld.
    pub suppressed: bool,
}

impl From<&Group> for OpenView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            cases: tell.count(Count::OpenCases),
            families: tell.count(Count::OpenFamilies),
            children: tell.count(Count::OpenChildren),
            weeks_open: SpreadView::of(group, Count::OpenCases, &tell.figures().weeks_open),
            weeks_open_distribution: BANDS.iter().map(|band| BandView::of(band, &mut tell)).collect(),
            undecided: tell.count(Count::Undecided),
            past_end: tell.count(Count::PastEnd),
            past_base_end: tell.count(Count::PastBaseEnd),
            suppressed: tell.suppressed,
        }
    }
}

impl BandView {
    fn of(band: &Band, tell: &mut Telling<'_>) -> Self {
        Self {
            from_weeks: band.from,
            below_weeks: band.below,
            cases: tell.count(band.cases),
            past_end: tell.count(band.past_end),
        }
    }
}

impl From<&Group> for StartedView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        let (began, ended) = (Count::Started, Count::StartedConcluded);
        Self {
            cases: tell.count(began),
            concluded: tell.count(ended),
            undecided: tell.count(Count::StartedUndecided),
            days_to_conclude: EstimateView::of(group, began, ended, &tell.figures().days_to_conclude),
            re_entries: tell.count(Count::ReEntries),
            percent_re_entries: tell.percent(Count::ReEntries, began),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for ConcludedView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            cases: tell.count(Count::Concluded),
            within_end: tell.count(Count::WithinEnd),
            after_end: tell.count(Count::AfterEnd),
            percent_within_end: tell.percent(Count::WithinEnd, Count::Concluded),
            within_base_end: tell.count(Count::WithinBaseEnd),
            after_base_end: tell.count(Count::AfterBaseEnd),
            percent_within_base_end: tell.percent(Count::WithinBaseEnd, Count::Concluded),
            to_issue: tell.count(Count::ToIssue),
            stepped_down: tell.count(Count::SteppedDown),
            otherwise: tell.count(Count::Otherwise),
            percent_stepped_down: tell.percent(Count::SteppedDown, Count::Concluded),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for LettersView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            sent: tell.count(Count::LettersSent),
            days: SpreadView::of(group, Count::LettersSent, &tell.figures().days_to_letter),
            waiting: tell.count(Count::WaitingForLetter),
            days_waiting: SpreadView::of(group, Count::WaitingForLetter, &tell.figures().days_without_letter),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for InitialMeetingsView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            held: tell.count(Count::MeetingsHeld),
            days: SpreadView::of(group, Count::MeetingsHeld, &tell.figures().days_to_meeting),
            waiting: tell.count(Count::WaitingForMeeting),
            days_waiting: SpreadView::of(group, Count::WaitingForMeeting, &tell.figures().days_without_meeting),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for ReviewsView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            planned: tell.count(Count::ReviewsPlanned),
            on_the_day: tell.count(Count::HeldOnTheDay),
            early: tell.count(Count::HeldEarly),
            late: tell.count(Count::HeldLate),
            cancelled: tell.count(Count::Cancelled),
            not_held: tell.count(Count::NotHeld),
            percent_on_the_day: tell.percent(Count::HeldOnTheDay, Count::ReviewsPlanned),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for ExtensionsView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            approved: tell.count(Count::ExtensionsApproved),
            none: tell.count(Count::NotExtended),
            one: tell.count(Count::ExtendedOnce),
            two: tell.count(Count::ExtendedTwice),
            three_or_more: tell.count(Count::ExtendedMore),
            a_case: tell.extensions_a_case(),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for DecidedToIssueView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        Self {
            cases: tell.count(Count::DecidedToIssue),
            days_waiting: SpreadView::of(group, Count::DecidedToIssue, &tell.figures().days_decided_to_issue),
            suppressed: tell.suppressed,
        }
    }
}

impl From<&Group> for AlertsView {
    fn from(group: &Group) -> Self {
        let mut tell = Telling::of(group);
        let (began, ended) = (Count::AlertsOpened, Count::Acknowledged);
        Self {
            opened: tell.count(began),
            acknowledged: tell.count(ended),
            resolved_first: tell.count(Count::ResolvedFirst),
            unacknowledged: tell.count(Count::Unacknowledged),
            working_days_to_acknowledge: EstimateView::of(group, began, ended, &tell.figures().working_days_to_acknowledge),
            suppressed: tell.suppressed,
        }
    }
}
