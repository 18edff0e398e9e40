//! What a case comes to: how appointments were kept, and how much more time was given.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendance::{self, Attendance};
use crate::domain::case::{Case, Grade};
use crate::domain::course::Course;
use crate::domain::more_time::{Given, MoreTime};
use crate::domain::policy::Policy;

/// How the family has kept its appointments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngagementSummary)]
pub struct EngagementView {
    /// The appointments of everybody together.
    #[serde(flatten)]
    pub all: AttendanceView,
    /// The same for each person.
    pub by_person: Vec<PersonView>,
}

/// How one person has kept their appointments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonSummary)]
pub struct PersonView {
    /// Their role, such as `mother`; empty where it is not known.
    pub person: String,
    /// Their appointments.
    #[serde(flatten)]
    pub attendance: AttendanceView,
}

/// Appointments, counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attendance)]
pub struct AttendanceView {
    /// Appointments kept.
    pub attended: usize,
    /// Appointments missed without excuse.
    pub missed: usize,
    /// Appointments missed with an excuse.
    pub excused: usize,
    /// How many were missed in a row up to today, without those that are excused; of the family, the longest run of anybody.
    pub missed_in_a_row: usize,
}

/// How much more time was asked for and given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionsSummary)]
pub struct ExtensionsView {
    /// Requests made.
    pub requested: usize,
    /// Requests that wait for a decision.
    pub pending: usize,
    /// Requests refused.
    pub refused: usize,
    /// Approvals, in the order in which they were given.
    pub approved: Vec<GivenView>,
    /// By how many days extensions move the end, altogether.
    pub days: i64,
    /// What the policy in force bears.
    pub limit: LimitView,
}

/// An extension that was approved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionGiven)]
pub struct GivenView {
    /// Its number.
    pub sequence: u32,
    /// When it was approved.
    pub on: Date,
    /// The grade of the person who approved it, as recorded.
    pub by: Option<String>,
    /// The end it moved the period to.
    pub new_end_on: Date,
}

/// What the policy in force bears.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionsLimit)]
pub struct LimitView {
    /// More days than this are amber.
    pub amber_over_days: u32,
    /// More days than this are red.
    pub red_over_days: u32,
    /// So many approvals are amber.
    pub amber_from: u32,
    /// So many approvals are red.
    pub red_from: u32,
    /// The lowest grade that may approve.
    pub minimum_grade: Grade,
}

impl EngagementView {
    /// Counts the appointments up to a day.
    pub(super) fn of(case: &Case, day: Date) -> Self {
        let people = attendance::by_person(case, day);
        Self {
            all: attendance::altogether(people.values()).into(),
            by_person: people
                .into_iter()
                .map(|(person, attendance)| PersonView { person: person.to_owned(), attendance: attendance.into() })
                .collect(),
        }
    }
}

impl From<Attendance> for AttendanceView {
    fn from(attendance: Attendance) -> Self {
        let Attendance { attended, missed, excused, missed_in_a_row } = attendance;
        Self { attended, missed, excused, missed_in_a_row }
    }
}

impl ExtensionsView {
    /// Adds the extensions up to a day up.
    pub(super) fn of(course: &Course, policy: &Policy, day: Date) -> Self {
        let MoreTime { requested, pending, refused, approved, days } = MoreTime::of(course, day);
        let (total, repeated) = (policy.extension_total, policy.repeated_extensions);
        Self {
            requested,
            pending,
            refused,
            approved: approved.into_iter().map(GivenView::from).collect(),
            days,
            limit: LimitView {
                amber_over_days: total.amber_over_days,
                red_over_days: total.red_over_days,
                amber_from: repeated.amber_from,
                red_from: repeated.red_from,
                minimum_grade: policy.extension_minimum_grade,
            },
        }
    }
}

impl From<Given> for GivenView {
    fn from(given: Given) -> Self {
        Self { sequence: given.sequence, on: given.on, by: given.by, new_end_on: given.new_end_on }
    }
}
