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
    #[serde(flatten)]
    all: AttendanceView,
    /// The same for each person.
    by_person: Vec<PersonView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonSummary)]
struct PersonView {
    /// Their role, such as `mother`; empty where it is not known.
    person: String,
    #[serde(flatten)]
    attendance: AttendanceView,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attendance)]
struct AttendanceView {
    /// Appointments kept.
    attended: usize,
    /// Appointments missed without excuse.
    missed: usize,
    /// Appointments missed with an excuse.
    excused: usize,
    /// How many were missed in a row up to today, without those that are excused; of the family, the longest run of anybody.
    missed_in_a_row: usize,
}

/// How much more time was asked for and given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionsSummary)]
pub struct ExtensionsView {
    /// Requests made.
    requested: usize,
    /// Requests that wait for a decision.
    pending: usize,
    /// Requests refused.
    refused: usize,
    /// Approvals, in the order in which they were given.
    approved: Vec<GivenView>,
    /// By how many days extensions move the end, altogether.
    days: i64,
    /// What the policy in force bears.
    limit: LimitView,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionGiven)]
struct GivenView {
    /// Its number.
    sequence: u32,
    /// When it was approved.
    on: Date,
    /// The grade of the person who approved it, as recorded.
    by: Option<String>,
    /// The end it moved the period to.
    new_end_on: Date,
}

/// What the policy in force bears.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionsLimit)]
struct LimitView {
    /// More days than this are amber.
    amber_over_days: u32,
    /// More days than this are red.
    red_over_days: u32,
    /// So many approvals are amber.
    amber_from: u32,
    /// So many approvals are red.
    red_from: u32,
    /// The lowest grade that may approve.
    minimum_grade: Grade,
}

impl EngagementView {
    /// Counts the appointments up to a day.
    pub fn of(case: &Case, day: Date) -> Self {
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
    pub fn of(course: &Course, policy: &Policy, day: Date) -> Self {
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
