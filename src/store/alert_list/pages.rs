//! The list of alerts, a page at a time, in one of two orders.
//!
//! A page begins after a [`Place`], the key of the last alert of the page before. In the order of urgency an alert moves when somebody
//! puts it aside or it turns: whoever pages on meanwhile may miss it or see it again.

use std::ops::Range;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AlertState, Listed, Row};
use crate::domain::case::coded;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::tokens::Scope;

coded! {
    /// The order of the list of alerts.
    AlertSort {
        /// The one that was opened last first.
        Newest = "newest",
        /// Open before put aside before resolved, in each the gravest first, then the one that has waited longest.
        Urgency = "urgency",
    }
}

/// What narrows the list; what is not given narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What has become of it.
    pub state: Option<AlertState>,
    /// Whether it is yet to be resolved.
    pub standing: Option<bool>,
    /// How grave it is now.
    pub severity: Option<Severity>,
    /// Of this rule.
    pub rule: Option<Rule>,
    /// The team that owns the case.
    pub team: Option<String>,
    /// Opened at this moment or later.
    pub opened_since: Option<Timestamp>,
    /// People on the list of recipients of whom one is, or is to be, told of it by a message; none is anybody.
    pub recipients: Vec<i64>,
}

/// A place in the list: right after an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the alert that was opened then, which its identity tells from those that were opened at once.
    Newest(Timestamp, Uuid),
    /// After the alert of this urgency (0 to 8) that turned then.
    Urgency(i32, Timestamp, Uuid),
}

impl Place {
    /// Before the first alert.
    #[must_use]
    pub fn start(sort: AlertSort) -> Self {
        match sort {
            AlertSort::Newest => Self::Newest(Timestamp::MAX, Uuid::max()),
            AlertSort::Urgency => Self::Urgency(0, Timestamp::UNIX_EPOCH, Uuid::nil()),
        }
    }

    /// The order in which this is a place.
    #[must_use]
    pub fn sort(&self) -> AlertSort {
        match self {
            Self::Newest(..) => AlertSort::Newest,
            Self::Urgency(..) => AlertSort::Urgency,
        }
    }
}

impl Listed {
    /// The place right after this alert.
    #[must_use]
    pub fn place(&self, sort: AlertSort) -> Place {
        match sort {
            AlertSort::Newest => Place::Newest(self.opened_at, self.id),
            AlertSort::Urgency => Place::Urgency(self.urgency, self.turned_at, self.id),
        }
    }
}

impl Filter {
    /// The urgencies that an alert can have which the filter takes.
    fn urgencies(&self) -> Range<i32> {
        let of_state = match self.state {
            None => 0..9,
            Some(AlertState::Open) => 0..3,
            Some(AlertState::Acknowledged | AlertState::Snoozed) => 3..6,
            Some(AlertState::Resolved) => 6..9,
        };
        let of_standing = self.standing.map_or(0..9, |standing| if standing { 0..6 } else { 6..9 });
        of_state.start.max(of_standing.start)..of_state.end.min(of_standing.end)
    }
}

/// One query a sort; both filter alike. The arguments after the filters are the place.
macro_rules! filtered {
    ($name:tt, $after:tt, $order:tt, $connection:ident, $scope:ident, $filter:ident, $limit:ident, $($key:expr),+) => {
        sqlx::query_as!(
            Row,
            $name + r#"
            SELECT a.id, a.case_reference, c.team, a.rule, a.subject, a.severity, a.state, a.message, a.since_on,
                a.severity_since_on, a.opened_at, a.turned_at, a.turn, a.resolved_at, a.gives_a_birth_away,
            alert_urgency(a.state, a.severity) AS "urgency!"
            FROM alerts AS a JOIN cases AS c ON c.reference = a.case_reference
            WHERE (cardinality($1::text[]) = 0 OR c.team = ANY ($1))
                AND ($2::boolean OR NOT c.restricted)
                AND ($3::text IS NULL OR a.state = $3)
                AND ($4::boolean IS NULL OR (a.state <> 'resolved') = $4)
                AND ($5::text IS NULL OR a.severity = $5)
                AND ($6::text IS NULL OR a.rule = $6)
                AND ($7::text IS NULL OR c.team = $7)
                AND a.opened_at >= $8
                AND (cardinality($9::bigint[]) = 0 OR EXISTS (
                    SELECT FROM message_alerts AS told JOIN messages AS m ON m.id = told.message_id
                    WHERE told.alert_id = a.id AND m.recipient_id = ANY ($9) AND m.state NOT IN ('cancelled', 'dead')
                ))
                AND "# + $after + r#"
            ORDER BY "# + $order + r#"
            LIMIT $10"#,
            &$scope.teams,
            $scope.may_see_restricted,
            $filter.state.map(AlertState::code),
            $filter.standing,
            $filter.severity.map(Severity::code),
            $filter.rule.map(Rule::code),
            $filter.team,
            $filter.opened_since.unwrap_or(Timestamp::UNIX_EPOCH).to_sqlx(),
            &$filter.recipients,
            i64::from($limit),
            $($key),+
        )
        .fetch_all($connection)
        .await?
    };
}

/// At most `limit` alerts after a place.
///
/// # Errors
///
/// The database does not answer.
pub async fn page(
    connection: &mut PgConnection,
    scope: &Scope,
    filter: &Filter,
    after: Place,
    limit: u32,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = match after {
        Place::Newest(opened_at, id) => filtered!(
            "-- alert_list.newest",
            "(a.opened_at, a.id) < ($11, $12)",
            "a.opened_at DESC, a.id DESC",
            connection,
            scope,
            filter,
            limit,
            opened_at.to_sqlx(),
            id
        ),
        Place::Urgency(urgency, turned_at, id) => {
            let within = filter.urgencies();
            filtered!(
                "-- alert_list.by_urgency",
                "alert_urgency(a.state, a.severity) >= $11 AND alert_urgency(a.state, a.severity) < $12
                    AND (alert_urgency(a.state, a.severity), a.turned_at, a.id) > ($13, $14, $15)",
                "alert_urgency(a.state, a.severity), a.turned_at, a.id",
                connection,
                scope,
                filter,
                limit,
                within.start,
                within.end,
                urgency,
                turned_at.to_sqlx(),
                id
            )
        }
    };
    Ok(rows.into_iter().map(Listed::from).collect())
}
